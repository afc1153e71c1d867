#include "learning/scriptgen/simplify.h"

#include <stdio.h>

#include "tests/pooled.h"

struct set {
	struct intern messages;
	struct kinds_member member[512];
	uint32_t n;
	struct kinds_memo *memo;
};

static void
set_init(struct set *s, struct pool *pool)
{
	*s = (struct set){ .n = 0 };
	intern_init(&s->messages, pool);
	s->memo = kinds_memo_create(pool, pool, &s->messages);
}

static void
set_add(struct set *s, struct pool *pool, const char *message, uint32_t answer)
{
	struct kinds_member *m = &s->member[s->n++];

	m->message = intern_add(&s->messages, span_str(message));
	m->weight = 1;
	m->next = (struct tally){ pool_copy(pool, &answer, sizeof answer),
		pool_copy(pool, &(uint32_t){ 1 }, sizeof(uint32_t)), 1 };
}

/* Labels, one after the other, in their order. */
static const char *
print(struct pool *pool, const struct kinds *k)
{
	char *to = pool_alloc(pool, 65536);
	size_t at = 0;

	for (uint32_t l = 0; l < k->n; l++)
		at += (size_t)sprintf(to + at, "%s|", label_print(pool, &k->label[l]));
	return to;
}

static void
add_requests(struct set *s, struct pool *pool, uint32_t from, uint32_t to, bool backwards)
{
	for (uint32_t k = from; k < to; k++) {
		uint32_t i = backwards ? to - 1 - (k - from) : k;
		char *get = pool_alloc(pool, 64), *put = pool_alloc(pool, 64);

		sprintf(get, "GET /%u/index\r\n", i * 7919 % 10007);
		sprintf(put, "PUT /%u/index\r\n", i * 104729 % 10007);
		set_add(s, pool, get, 1);
		set_add(s, pool, put, 2);
	}
}

POOLED(kinds, verbs_that_are_answered_differently_have_labels)
{
	struct kinds_params p = kinds_params(true);
	struct kinds k;
	struct set s;

	set_init(&s, pool);
	add_requests(&s, pool, 1, 40, false);
	set_add(&s, pool, "QUIT\r\n", 3);
	s.member[s.n - 1].weight = 9;
	kinds_find(&k, s.memo, s.member, s.n, &p);
	cr_assert_str_eq(print(pool, &k), "GET /[1..]/index\\r\\n|PUT /[1..]/index\\r\\n|QUIT\\r\\n|");
	for (uint32_t i = 0; i < s.n; i++)
		cr_assert_eq(k.of[i], s.member[i].next.what[0] - 1);
}

/* More messages than are aligned at a time; the memo's answer, and that of another order, are the same. */
POOLED(kinds, the_result_is_a_function_of_the_set)
{
	struct kinds_params p = kinds_params(true);
	struct kinds grown, whole, backwards;
	struct set a, b, c;

	set_init(&a, pool);
	for (uint32_t step = 0; step < 10; step++) {
		add_requests(&a, pool, 1 + step * 20, 21 + step * 20, false);
		kinds_find(&grown, a.memo, a.member, a.n, &p);
	}
	set_init(&b, pool);
	add_requests(&b, pool, 1, 201, false);
	kinds_find(&whole, b.memo, b.member, b.n, &p);
	set_init(&c, pool);
	add_requests(&c, pool, 1, 201, true);
	kinds_find(&backwards, c.memo, c.member, c.n, &p);
	cr_assert_eq(a.n, 400);
	cr_assert_str_eq(print(pool, &grown), print(pool, &whole));
	cr_assert_str_eq(print(pool, &backwards), print(pool, &whole));
}

/* Random bytes behind a head: as a whole no two are alike, their beginnings are. */
POOLED(kinds, what_resembles_nothing_is_known_by_its_beginning)
{
	struct kinds_params p = kinds_params(false);
	struct kinds k;
	struct set s;
	uint32_t seed = 7;

	set_init(&s, pool);
	for (uint32_t i = 0; i < 30; i++) {
		char *m = pool_alloc(pool, 301);

		for (uint32_t c = 0; c < 300; c++) {
			seed = seed * 1664525 + 1013904223;
			m[c] = (char)(1 + (seed >> 24) % 255);
		}
		memcpy(m, "WRITE-REQUEST-TO-THE-FILE-OF-THE-NUMBER-THAT-FOLLOWS:", 53);
		set_add(&s, pool, m, 1);
	}
	kinds_find(&k, s.memo, s.member, s.n, &p);
	cr_assert_eq(k.n, 1, "%s", print(pool, &k));
	cr_assert_str_eq(label_print(pool, &k.label[0]),
	    "WRITE-REQUEST-TO-THE-FILE-OF-THE-NUMBER-THAT-FOLLOWS:...........[..]");
}

/* "NOOP\r\n" and "NO" with anything behind it. */
static uint32_t
labels_left(struct pool *pool, uint32_t answer, uint32_t other)
{
	struct kinds k = { .label = pool_array(pool, 2, sizeof(struct label)), .n = 2 };
	struct set s;

	set_init(&s, pool);
	set_add(&s, pool, "NOOP\r\n", answer);
	set_add(&s, pool, "NOOP 1\r\n", other);
	label_of_message(&k.label[0], pool, span_str("NOOP\r\n"), 1024);
	label_of_message(&k.label[1], pool, span_str("NOOP"), 2);
	kinds_assign(&k, s.memo, s.member, s.n);
	cr_assert(k.n == 2 && k.of[0] == 0 && k.of[1] == 1, "the more specific label comes first");
	simplify_kinds(&k, kinds_matches(s.memo), s.member, s.n);
	return k.n;
}

POOLED(kinds, a_label_that_tells_nothing_is_none)
{
	cr_assert_eq(labels_left(pool, 1, 1), 1);
	cr_assert_eq(labels_left(pool, 1, 2), 2);
}
