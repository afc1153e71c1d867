#include "learning/baseline.h"
#include "tests/handmade.h"
#include "tests/model_of.h"
#include "tests/pooled.h"

enum { N = 12, LEARNED = 8 };

/* A service that knows two words and refuses the rest, until somebody has logged in. */
static struct handmade
recorded(struct pool *pool)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	for (unsigned i = 0; i < N; i++)
		handmade_talk(&h, "<220 ready\r\n", ">LIST\r\n", "<530 log in\r\n", ">USER a\r\n", "<331 go on\r\n",
		    ">NOOP\r\n", "<200 fine\r\n", ">LIST\r\n", "<150 here\r\n",
		    handmade_line(&h, ">X%u\r\n", i), "<500 what\r\n", ">LIST\r\n", "<150 here\r\n",
		    ">NOOP\r\n", "<200 fine\r\n", ">LIST\r\n", "<150 here\r\n", ">USER a\r\n", "<331 go on\r\n",
		    ">LIST\r\n", "<150 here\r\n", handmade_line(&h, ">Y%u\r\n", i), "<500 what\r\n", NULL);
	return h;
}

POOLED(baseline, a_table_knows_the_reply_before_and_a_refuser_only_refuses)
{
	struct handmade h = recorded(pool);
	struct model *mute = model_of("mynah-model 1\nservice \"x\" tcp\nlearner \"hand\" order 1 seed 0\n"
	    "separators \" \"\nstart 0\nstate 0 support 1 \"\"\n");
	bool learned[N] = { false }, held[N] = { false };
	struct eval_report r;
	struct baselines b;

	for (unsigned i = 0; i < N; i++)
		*(i < LEARNED ? &learned[i] : &held[i]) = true;
	eval(&r, pool, mute, h.c, held, EVAL_CLASSES, NULL);
	baselines_judge(&b, pool, h.c, learned, &r);
	cr_expect_eq(r.class_messages, 0);
	cr_expect(span_eq(span_of(b.refusal.b, b.refusal.n), span_str("500")));
	cr_expect(b.refuses);
	/* all: of words never heard it knows what mostly follows 150 */
	cr_expect_eq(b.table.class_messages, 12 * (N - LEARNED), "%u", b.table.class_messages);
	cr_expect_eq(b.table.class_conversations, N - LEARNED);
	cr_expect_eq(b.refuser.class_messages, 3 * (N - LEARNED), "the greeting and both words nobody knows");
	cr_expect_eq(b.refuser.class_conversations, 0);
	model_destroy(mute);
}

POOLED(baseline, who_learned_nothing_knows_nothing)
{
	struct handmade h = recorded(pool);
	struct model *mute = model_of("mynah-model 1\nservice \"x\" tcp\nlearner \"hand\" order 1 seed 0\n"
	    "separators \" \"\nstart 0\nstate 0 support 1 \"\"\n");
	bool learned[N] = { false };
	struct eval_report r;
	struct baselines b;

	eval(&r, pool, mute, h.c, NULL, EVAL_CLASSES, NULL);
	baselines_judge(&b, pool, h.c, learned, &r);
	cr_expect_not(b.refuses);
	cr_expect_eq(b.table.class_messages, 0);
	cr_expect_eq(b.refuser.class_messages, 0);
	model_destroy(mute);
}
