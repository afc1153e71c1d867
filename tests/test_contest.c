/* Who said more of what is wanted, and is it more than chance? */
#include "learning/contest.h"

#include <math.h>

#include "tests/handmade.h"
#include "tests/pooled.h"

enum { R = CONTEST_RIGHT, E = CONTEST_RIGHT | CONTEST_EQUAL };

/* Two parts of five and three replies. */
static struct contest
played(struct pool *pool)
{
	return (struct contest){ .pool = pool, .nheats = 2, .heat = { { .replies = 5 }, { .replies = 3 } } };
}

static struct entrant
who(const struct contest *c, uint8_t *first, uint8_t *second)
{
	struct entrant e = { .said = { first, second } };

	for (uint32_t h = 0; h < 2; h++)
		if (e.said[h] != NULL)
			contest_count(c, &e, h);
	return e;
}

POOLED(contest, a_lead_is_measured_by_what_only_one_of_two_said)
{
	struct contest c = played(pool);
	struct entrant a = who(&c, (uint8_t []){ R, R, E, R, 0 }, (uint8_t []){ R, R, R });
	struct entrant b = who(&c, (uint8_t []){ 0, R, E, 0, R }, (uint8_t []){ R, 0, R });

	cr_expect_eq(a.right, 7);
	cr_expect_eq(a.equal, 1);
	cr_expect_eq(contest_played(&c), 8);
	cr_expect_float_eq(contest_lead(&c, &a, &b, CONTEST_RIGHT), (3 - 1) / sqrt(4), 1e-9);
	cr_expect_float_eq(contest_lead(&c, &b, &a, CONTEST_RIGHT), (1 - 3) / sqrt(4), 1e-9);
	cr_expect_eq(contest_lead(&c, &a, &b, CONTEST_EQUAL), 0);
}

POOLED(contest, who_was_not_in_a_heat_is_compared_in_the_others)
{
	struct contest c = played(pool);
	struct entrant a = who(&c, (uint8_t []){ R, R, R, R, R }, (uint8_t []){ R, R, R });
	struct entrant b = who(&c, (uint8_t []){ R, R, R, R, 0 }, NULL);

	cr_expect_eq(contest_lead(&c, &a, &b, CONTEST_RIGHT), 1);
}

POOLED(contest, of_those_not_clearly_worse_the_most_often_equal_wins)
{
	struct contest c = played(pool);
	struct entrant e[] = {
		who(&c, (uint8_t []){ R, R, R, R, R }, (uint8_t []){ R, R, R }),
		who(&c, (uint8_t []){ E, E, R, R, R }, (uint8_t []){ R, R, 0 }),
		who(&c, (uint8_t []){ E, E, R, R, R }, (uint8_t []){ R, R, 0 }),
		who(&c, (uint8_t []){ E, E, E, 0, 0 }, (uint8_t []){ R, R, 0 }),
	};

	cr_expect_eq(contest_winner(&c, e, 4), 1);
	cr_expect_eq(contest_winner(&c, e, 1), 0);
}

/* Of twenty replies so many are right, the first of them to the byte. */
static struct entrant
twenty(struct pool *pool, uint32_t right, uint32_t equal)
{
	struct entrant e = { .said = { pool_array(pool, 20, 1) } };

	memset(e.said[0], R, right);
	memset(e.said[0], E, equal);
	return e;
}

POOLED(contest, a_small_lead_does_not_make_up_for_the_bytes)
{
	struct contest c = { .pool = pool, .nheats = 1, .heat = { { .replies = 20 } } };
	struct entrant a = twenty(pool, 20, 0), near = twenty(pool, 17, 4), far = twenty(pool, 17, 12),
		wrong = twenty(pool, 5, 5), same = twenty(pool, 20, 2), worse = twenty(pool, 20, 1);

	cr_expect(contest_beats(&c, &a, &near));
	cr_expect_not(contest_beats(&c, &a, &far), "three of twenty, and none to the byte beside twelve");
	cr_expect(contest_beats(&c, &far, &wrong));
	cr_expect(contest_beats(&c, &a, &wrong), "fifteen of twenty are not to be made up for");
	cr_expect(contest_beats(&c, &same, &a), "right as often, and to the byte");
	cr_expect_not(contest_beats(&c, &same, &worse), "one is chance");
}

POOLED(contest, every_conversation_is_left_out_once)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct contest c;

	for (unsigned i = 0; i < 50; i++)
		handmade_talk(&h, handmade_line(&h, ">HELLO %u\r\n", i), "<200 ok\r\n", NULL);
	contest_begin(&c, pool, h.c, NULL, 5, NULL);
	for (uint32_t i = 0; i < 50; i++) {
		unsigned out = 0;

		for (uint32_t k = 0; k < 5; k++) {
			out += c.heat[k].left_out[i];
			cr_expect_neq(c.heat[k].left_out[i], c.heat[k].use[i]);
		}
		cr_expect_eq(out, 1);
	}
	contest_end(&c);
}
