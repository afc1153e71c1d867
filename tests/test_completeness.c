#include "learning/completeness.h"
#include "tests/handmade.h"
#include "tests/model_of.h"
#include "tests/pooled.h"

enum { N = 4, REPEATS = 40 };

static struct handmade
recorded(struct pool *pool)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	for (unsigned i = 0; i < N; i++)
		handmade_talk(&h, "<220 ready\r\n", ">USER a\r\n", "<331 go on\r\n", ">QUIT\r\n",
		    "<221 bye\r\n", NULL);
	return h;
}

/* Greets with one of two sentences, and answers both commands with the other word of two. */
static struct completeness
measure(struct pool *pool, uint32_t repeats)
{
	struct handmade h = recorded(pool);
	struct model *m = model_of("mynah-model 1\nservice \"x\" tcp\nlearner \"hand\" order 1 seed 0\n"
	    "separators \" \\r\\n\"\nstart 0\neom 0 term \"\\r\\n\" error 0.0\n"
	    "template 0 support 1 from hand\n  match \"USER \" tok \"\\r\\n\"\n"
	    "template 1 support 1 from hand\n  match \"QUIT\\r\\n\"\n"
	    "reply 0 support 1 from hand\n  say \"220 ready\\r\\n\"\n"
	    "reply 1 support 1 from hand\n  say \"what is it?\\r\\n\"\n"
	    "reply 2 support 1 from hand\n  say \"331 go no\\r\\n\"\n"
	    "reply 3 support 1 from hand\n  say \"999 zyx\\r\\n\"\nstate 0 eom 0 support 1 \"\"\n"
	    "  on message 0\n    alt weight 1 say 2 goto 0 from hand\n"
	    "  on message 1\n    alt weight 1 say 3 goto 0 from hand\n"
	    "  on connect\n    alt weight 1 say 0 goto 0 from hand\n    alt weight 4 say 1 goto 0 from hand\n");
	struct completeness c;
	struct eval_report r;

	eval(&r, pool, m, h.c, NULL, EVAL_CLASSES, NULL);
	cr_expect_eq(completeness_play(&c, pool, m, h.c, &r, repeats, NULL), 0);
	model_destroy(m);
	return c;
}

POOLED(completeness, the_best_of_many_times_counts_at_each_position)
{
	struct completeness c = measure(pool, REPEATS);

	cr_expect_eq(c.at[0].messages, N);
	cr_expect_eq(c.at[0].of[BEST_EQUAL], N, "one of two greetings, %u of %u times", c.at[0].of[BEST_EQUAL], REPEATS);
	/* 331 go no: one swap of 11 bytes, 1 - 1/22 by the sum */
	cr_expect_eq(c.at[1].of[BEST_EQUAL], 0);
	cr_expect_eq(c.at[1].of[BEST_SUM_90], N);
	cr_expect_eq(c.at[1].of[BEST_LONGER_90], N, "1 - 1/11");
	/* 999 zyx: 5 edits of 9 bytes, since the blank, the y and the line's end stand */
	cr_expect_eq(c.at[2].of[BEST_SUM_90], 0);
	cr_expect_eq(c.at[2].of[BEST_SUM_75], 0);
	cr_expect_eq(c.at[2].of[BEST_LONGER_75], 0);
	cr_expect_eq(c.at[3].messages, 0);
	cr_expect_eq(c.all.messages, 3 * N);
	cr_expect_eq(c.all.of[BEST_SUM_75], 2 * N);
}

POOLED(completeness, once_is_not_the_best_of_many)
{
	struct completeness once = measure(pool, 1), many = measure(pool, REPEATS);

	cr_expect_lt(once.at[0].of[BEST_EQUAL], many.at[0].of[BEST_EQUAL], "%u", once.at[0].of[BEST_EQUAL]);
	cr_expect_eq(once.all.messages, many.all.messages);
}
