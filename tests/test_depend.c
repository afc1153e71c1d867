#include "learning/scriptgen/depend.h"

#include <stdio.h>

#include "models/vocab.h"
#include "tests/negotiate.h"
#include "tests/pooled.h"

/* Answers to requests of one length, all bytes free. */
struct pairs {
	struct label request, answer;
	struct span **asked, **said;
	int64_t *time_s;	/* NULL: not known */
	uint32_t n, room;
};

static void
all_free(struct label *l, struct pool *pool, struct span message)
{
	label_of_message(l, pool, message, ALIGN_MAX);
	for (uint32_t i = 0; i < message.n; i++)
		label_free(l, 0, i);
}

static void
pairs_add(struct pairs *p, struct pool *pool, struct span asked, struct span said)
{
	if (p->n == 0) {
		all_free(&p->request, pool, asked);
		all_free(&p->answer, pool, said);
		p->asked = pool_array(pool, p->room, sizeof *p->asked);
		p->said = pool_array(pool, p->room, sizeof *p->said);
	}
	p->asked[p->n] = pool_copy(pool, &asked, sizeof asked);
	p->said[p->n++] = pool_copy(pool, &said, sizeof said);
}

static struct links
links_of(struct pool *pool, const struct pairs *p, const struct habit *habit, uint32_t nhabits)
{
	struct antecedent from = { &p->request, p->asked };
	struct links l;

	depend_find(&l, pool, &(struct depend_input){ .answer = &p->answer, .value = p->said,
		.origin = &from, .norigins = 1, .samples = p->n, .time_s = p->time_s, .habit = habit, .nhabits = nhabits });
	return l;
}

/* The link that explains a byte of the answer, or NULL. */
static const struct link *
link_at(const struct links *l, uint32_t offset)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (offset >= l->link[i].to_offset && offset < l->link[i].to_offset + l->link[i].n)
			return &l->link[i];
	return NULL;
}

/*
 * SG06 needs about 50 samples. With chunks that are extended three do; and the challenge and the time
 * are never taken for an echo.
 */
POOLED(depend, identifiers_are_found_with_three_samples)
{
	static const uint32_t samples[] = { 3, 5, 10, 20, 32 };

	for (size_t k = 0; k < ARRAY_LEN(samples); k++)
		for (uint32_t seed = 1; seed <= 40; seed++) {
			struct pool_mark mark = pool_mark(pool);
			struct pairs p = { .room = 64 };
			uint32_t state = seed * 77;
			struct links l;

			for (uint32_t i = 0; i < samples[k]; i++) {
				struct span asked = negotiate_request(pool, &state, 0);

				pairs_add(&p, pool, asked, negotiate_answer(pool, &state, asked, 1000000 + 3 * i));
			}
			l = links_of(pool, &p, NULL, 0);
			for (uint32_t b = NEGOTIATE_PID; b < NEGOTIATE_MID + 2; b++) {
				const struct link *one = link_at(&l, b);

				cr_assert(one != NULL && one->kind == LINK_COPY && one->offset - one->to_offset == 0,
				    "seed %u, %u samples: byte %u", seed, samples[k], b);
			}
			for (uint32_t b = 60; b < 64; b++)
				cr_assert(link_at(&l, b) == NULL || link_at(&l, b)->kind != LINK_COPY);
			for (uint32_t b = 73; b < 81; b++)
				cr_assert(link_at(&l, b) == NULL || link_at(&l, b)->kind != LINK_COPY);
			pool_release(pool, &mark);
		}
}

/* A small number in four bytes: the three that were always zero belong to it. */
POOLED(depend, a_chunk_takes_its_neighbours_that_always_agree)
{
	struct pairs p = { .room = 8 };
	struct links l;

	for (uint32_t i = 1; i <= 3; i++) {
		uint8_t asked[] = { 'Q', (uint8_t)(16 * i), 0, 0, 0, 0, 'x' };
		uint8_t said[] = { 'A', (uint8_t)(16 * i), 0, 0, 0, 0, 'y' };

		pairs_add(&p, pool, span_of(pool_copy(pool, asked, 7), 7), span_of(pool_copy(pool, said, 7), 7));
	}
	l = links_of(pool, &p, NULL, 0);
	cr_assert_eq(l.n, 1);
	cr_assert(l.link[0].to_offset == 1 && l.link[0].n == 4 && l.link[0].offset == 1,
	    "one and three more, not the fifth");
}

POOLED(depend, numbers_and_lengths)
{
	struct pairs p = { .room = 8 };
	struct links l;

	for (uint32_t i = 0; i < 6; i++) {
		uint8_t asked[] = { 0, (uint8_t)(250 + i * 3), 7 };
		uint8_t said[] = { 0, 0, 'k', 0 };
		uint32_t next = load_be16(asked) + 9u;

		said[0] = (uint8_t)(next >> 8);
		said[1] = (uint8_t)next;
		said[3] = (uint8_t)(100 + i * i);
		pairs_add(&p, pool, span_of(pool_copy(pool, asked, 3), 3), span_of(pool_copy(pool, said, 4), 4));
	}
	l = links_of(pool, &p, NULL, 0);
	cr_assert_not_null(link_at(&l, 1));
	cr_assert_eq(link_at(&l, 1)->kind, LINK_ADD);
	cr_assert_eq(link_at(&l, 1)->delta, 9);
	cr_assert_eq(link_at(&l, 1)->format, FMT_BE);
	cr_assert_null(link_at(&l, 3), "squares follow from nothing, and one byte is no random one");
}

POOLED(depend, a_length_counts_what_comes_behind)
{
	struct pairs p = { .room = 8 };
	struct links l;

	for (uint32_t i = 0; i < 4; i++) {
		char *said = pool_alloc(pool, 64);

		memset(said, 'x', 64);
		said[0] = 'L';
		said[1] = (char)(i * 5 + 2);
		pairs_add(&p, pool, span_str("?"), span_of(said, 2));
		p.said[i] = pool_array(pool, 2, sizeof(struct span));
		p.said[i][0] = span_of(said, 2);
		p.said[i][1] = span_of(said + 2, i * 5);
	}
	p.answer.segment = pool_grow(pool, p.answer.segment, 1, 2, sizeof *p.answer.segment);
	p.answer.segment[1].tail = true;
	p.answer.n = 2;
	l = links_of(pool, &p, NULL, 0);
	cr_assert_eq(l.n, 1);
	cr_assert(l.link[0].kind == LINK_LENGTH && l.link[0].to_offset == 1 && l.link[0].delta == 2);
}

/* One sample cannot show it, but others did. */
POOLED(depend, habits_are_believed_where_nothing_speaks_against_them)
{
	struct habit habit = { 1, 2, 2 };
	struct pairs p = { .room = 8 }, other = { .room = 8 };
	struct links l;

	pairs_add(&p, pool, span_str("Qabc"), span_str("A.ab"));
	l = links_of(pool, &p, &habit, 1);
	cr_assert(l.n == 1 && l.link[0].offset == 1 && l.link[0].to_offset == 2 && l.link[0].n == 2);
	pairs_add(&other, pool, span_str("Qabc"), span_str("A.xy"));
	cr_assert_eq(links_of(pool, &other, &habit, 1).n, 0);
}

POOLED(depend, words_come_back_whole)
{
	const char *const names[] = { "a", "bob", "carol", "dora" };
	struct segment *s = pool_array(pool, 2, sizeof *s);
	struct label line = { s, 1, 0 };
	struct span *asked[4], *said[4];
	struct antecedent from = { &line, asked };
	struct links l;

	memset(s[0].class, 0xff, 32);
	for (uint32_t i = 0; i < 4; i++) {
		asked[i] = pool_alloc(pool, sizeof(struct span));
		said[i] = pool_alloc(pool, sizeof(struct span));
		*asked[i] = *said[i] = span_str(names[i]);
	}
	depend_find(&l, pool, &(struct depend_input){ .answer = &line, .value = said, .origin = &from,
		.norigins = 1, .samples = 4 });
	cr_assert(l.n == 1 && l.link[0].whole && l.link[0].kind == LINK_COPY);
}

/* Answers of eight bytes: four that say the second they are said in, from another year on, and a counter of them. */
static struct links
links_of_clocks(struct pool *pool, uint32_t samples, uint32_t apart, uint32_t slack, uint8_t format)
{
	struct pairs p = { .room = 64, .time_s = pool_array(pool, 64, sizeof(int64_t)) };

	for (uint32_t i = 0; i < samples; i++) {
		uint8_t *asked = pool_alloc(pool, 4), *said = pool_alloc(pool, 8);
		uint32_t at = 1700000000 + i * apart, tells = at + 2208988 + i * slack;

		memset(asked, 'a', 4);
		for (uint32_t k = 0; k < 4; k++)
			said[k] = (uint8_t)(tells >> 8 * (format == FMT_BE ? 3 - k : k));
		said[7] = (uint8_t)(i + 1);
		p.time_s[i] = at;
		pairs_add(&p, pool, span_of(asked, 4), span_of(said, 8));
	}
	return links_of(pool, &p, NULL, 0);
}

POOLED(depend, the_time_is_told_from_a_counter_once_samples_are_far_enough_apart)
{
	static const uint8_t formats[] = { FMT_BE, FMT_LE };
	struct links l;

	for (size_t k = 0; k < ARRAY_LEN(formats); k++) {
		l = links_of_clocks(pool, 20, 7, 0, formats[k]);
		cr_assert(link_at(&l, 0) != NULL && link_at(&l, 0)->kind == LINK_TIME);
		cr_expect_eq(link_at(&l, 0)->delta, 2208988);
		cr_expect_eq(link_at(&l, 0)->format, formats[k]);
		cr_expect(link_at(&l, 7) == NULL || link_at(&l, 7)->kind != LINK_TIME);
		l = links_of_clocks(pool, 20, 7, 3, formats[k]);	/* a clock that goes wrong is none */
		cr_expect(link_at(&l, 0) == NULL || link_at(&l, 0)->kind != LINK_TIME);
	}
	l = links_of_clocks(pool, 7, 7, 0, FMT_BE);		/* too few */
	cr_expect(link_at(&l, 0) == NULL || link_at(&l, 0)->kind != LINK_TIME);
}
