#include "learning/kin.h"
#include "tests/learned.h"
#include "tests/pooled.h"

enum { FILES = 40 };

/*
 * A library: of each file one visitor asks the size, another one fetches it. Every third does not exist. The last
 * few are only measured. shown: what there is can be fetched; otherwise who fetches gets what chance gives.
 */
static struct handmade
library(struct pool *pool, bool shown)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	for (unsigned i = 0; i < FILES; i++) {
		bool there = i % 3 != 0, fetched = shown ? there : i * 7 % 5 < 2;

		handmade_talk(&h, "<ready\r\n", handmade_line(&h, ">SIZE file%u\r\n", i * 37),
		    there ? handmade_line(&h, "<213 %u\r\n", i * i + 5) : "<550 no size\r\n", NULL);
		if (i < FILES - 6)
			handmade_talk(&h, "<ready\r\n", handmade_line(&h, ">FETCH file%u\r\n", i * 37),
			    fetched ? "<150 here it comes\r\n" : "<551 no file\r\n", NULL);
		handmade_talk(&h, "<ready\r\n", handmade_line(&h, ">FETCH nothing%u\r\n", i), "<551 no file\r\n", NULL);
	}
	return h;
}

/* The node of FETCH in no state, after kin were added to it; NULL: there are none. */
static const struct choice *
kin_of_fetch(struct pool *pool, bool shown)
{
	struct handmade h = library(pool, shown);
	struct learned *l = learned_from(&h, false);
	static const struct latches none;
	struct symbols symbols = symbols_of_templates(pool, l);
	uint32_t *before = pool_array(pool, l->x.n, sizeof *before);
	uint32_t fetch = template_named(pool, &l->client, LEVEL_FULL, "FETCH _;");
	const struct node *nd;
	struct decisions *d = pool_alloc(pool, sizeof *d);
	struct memory m;

	cr_assert_neq(fetch, NO_TEMPLATE, "%s", template_list(pool, &l->client));
	memory_build(&m, pool, &l->x, &l->client, &l->server, &symbols, &none, 1, before);
	decide(d, pool, &l->rules, &m, before, pool_array(pool, l->x.n, sizeof(bool)));
	nd = decisions_find(d, memory_find(&m, NULL, 0), fetch);
	cr_assert_not_null(nd);
	for (uint32_t i = 0; i < nd->nchoices; i++)
		if (nd->choice[i].by != NULL)
			return &nd->choice[i];
	return NULL;
}

static bool
has(const struct choice *c, const char *value)
{
	for (uint32_t i = 0; i < c->nvalues; i++)
		if (span_eq(c->value[i], span_str(value)))
			return true;
	return false;
}

POOLED(kin, a_file_that_was_measured_can_be_fetched_and_one_that_is_not_there_cannot)
{
	const struct choice *c = kin_of_fetch(pool, true);

	cr_assert_not_null(c);
	cr_expect(c->guarded);
	cr_expect_not_null(c->answer);
	for (unsigned i = FILES - 6; i < FILES; i++) {
		char name[16];

		snprintf(name, sizeof name, "file%u", i * 37);
		cr_expect_eq(has(c, name), i % 3 != 0, "%s", name);
	}
	cr_expect_not(has(c, "file37"), "what was said to it is known");
}

POOLED(kin, are_strangers_where_one_question_tells_nothing_of_the_other)
{
	cr_expect_null(kin_of_fetch(pool, false));
}
