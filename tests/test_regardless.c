#include "learning/regardless.h"
#include "tests/learned.h"
#include "tests/pooled.h"

enum { TALKS = 60, WORDS = 14 };

/*
 * "Hold" and most that is said is only noted, "free" and it is done. RARE is never heard between,
 * SELDOM nearly always.
 */
static struct handmade
secretary(struct pool *pool, unsigned noted)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	for (unsigned i = 0; i < TALKS; i++) {
		handmade_open(&h);
		for (unsigned k = 0; k < 8; k++) {
			unsigned w = (i * 5 + k * 3) % WORDS;

			if (k == 2 || k == 6) {
				handmade_say(&h, SIDE_CLIENT, span_str(k == 2 ? "HOLD\r\n" : "FREE\r\n"));
				handmade_say(&h, SIDE_SERVER, span_str(k == 2 ? "100 held\r\n" : "102 done\r\n"));
			}
			if (noted == WORDS && (k == 4 || (k == 7 && i % 6 == 0))) {
				handmade_say(&h, SIDE_CLIENT, span_str("SELDOM\r\n"));
				handmade_say(&h, SIDE_SERVER, span_str(k == 4 ? "101 noted\r\n" : "260 seldom\r\n"));
			}
			handmade_say(&h, SIDE_CLIENT, span_str(handmade_line(&h, "W%c\r\n", 'a' + w)));
			handmade_say(&h, SIDE_SERVER, span_str(k >= 2 && k < 6 && w < noted ? "101 noted\r\n"
			    : handmade_line(&h, "2%02u %c\r\n", w, 'a' + w)));
		}
		handmade_say(&h, SIDE_CLIENT, span_str("RARE\r\n"));
		handmade_say(&h, SIDE_SERVER, span_str("250 rare\r\n"));
	}
	return h;
}

struct office {
	struct learned *l;
	struct latches latches;
	struct manners manners;
	struct held free, held;
};

static struct office
office_of(struct pool *pool, unsigned noted)
{
	struct handmade h = secretary(pool, noted);
	struct office k = { .l = learned_from(&h, false) };

	latches_learn(&k.latches, pool, &k.l->x, &k.l->client, &k.l->server);
	regardless_learn(&k.manners, pool, &k.l->rules, &k.latches);
	k.held = latches_after(&k.latches, k.free,
	    template_named(pool, &k.l->client, LEVEL_FULL, "HOLD;"),
	    template_named(pool, &k.l->server, LEVEL_FULL, "100 held;"));
	return k;
}

POOLED(regardless, what_most_questions_get_while_something_is_held)
{
	struct office k = office_of(pool, WORDS);
	const struct answer *a;

	cr_assert_gt(k.latches.n, 0);
	cr_assert_eq(k.manners.n, 1);
	a = regardless_answer(&k.manners, &k.held);
	cr_assert_not_null(a);
	cr_expect_str_eq(template_words(pool, &k.l->server.t[a->server]), "101 noted;");
	cr_expect_null(regardless_answer(&k.manners, &k.free));
}

POOLED(regardless, a_question_never_heard_there_has_it_too_and_one_answered_otherwise_has_not)
{
	struct office k = office_of(pool, WORDS);
	struct symbols symbols = symbols_of_templates(pool, k.l);
	uint32_t *before = pool_array(pool, k.l->x.n, sizeof *before), tuple[MEMORY_MAX], state;
	uint32_t rare = template_named(pool, &k.l->client, LEVEL_FULL, "RARE;");
	uint32_t release = template_named(pool, &k.l->client, LEVEL_FULL, "FREE;");
	struct history h = { .held = k.held };
	const struct node *nd;
	struct decisions d;
	struct memory m;

	memory_build(&m, pool, &k.l->x, &k.l->client, &k.l->server, &symbols, &k.latches, 1, before);
	decide(&d, pool, &k.l->rules, &m, before, k.manners.explained);
	memory_tuple(&m, &h, tuple);
	state = memory_find(&m, tuple + m.order, m.full - m.order);
	cr_assert_neq(state, MEMORY_NONE);
	cr_expect_null(decisions_find(&d, state, rare));
	regardless_decide(&d, pool, &k.l->rules, &m, &k.manners);
	nd = decisions_find(&d, state, rare);
	cr_assert_not_null(nd);
	cr_expect_eq(nd->choice[0].answer, k.manners.of[0].answer);
	nd = decisions_find(&d, state, release);
	cr_expect(nd == NULL || nd->choice[0].answer != k.manners.of[0].answer);
}

POOLED(regardless, what_was_held_explains_is_no_evidence_where_nothing_is)
{
	struct office k = office_of(pool, WORDS);
	struct symbols symbols = symbols_of_templates(pool, k.l);
	uint32_t *before = pool_array(pool, k.l->x.n, sizeof *before);
	uint32_t seldom = template_named(pool, &k.l->client, LEVEL_FULL, "SELDOM;");
	const struct node *nd;
	struct decisions d;
	struct memory m;

	memory_build(&m, pool, &k.l->x, &k.l->client, &k.l->server, &symbols, &k.latches, 1, before);
	decide(&d, pool, &k.l->rules, &m, before, k.manners.explained);
	nd = decisions_find(&d, memory_find(&m, NULL, 0), seldom);
	cr_assert_not_null(nd);
	cr_expect_str_eq(template_words(pool, &k.l->server.t[nd->choice[0].answer->server]), "260 seldom;");
}

POOLED(regardless, is_nothing_that_only_some_questions_get)
{
	struct office k = office_of(pool, WORDS / 2);

	cr_expect_eq(k.manners.n, 0);
}
