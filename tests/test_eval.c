#include "learning/eval.h"
#include "tests/handmade.h"
#include "tests/model_of.h"
#include "tests/pooled.h"

enum { N = 10 };

static struct handmade
recorded(struct pool *pool)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	for (unsigned i = 0; i < N; i++)
		handmade_talk(&h, "<220 ready\r\n", ">USER a\r\n", "<331 go on\r\n", ">QUIT\r\n",
		    "<221 bye\r\n", NULL);
	return h;
}

/* A server that says these three things to the connection, USER and QUIT. */
static struct model *
server(const char *hello, const char *user, const char *quit, const char *more)
{
	char text[2048];

	snprintf(text, sizeof text,
	    "mynah-model 1\nservice \"x\" tcp\nlearner \"hand\" order 1 seed 0\nseparators \" \\r\\n\"\n"
	    "start 0\neom 0 term \"\\r\\n\" error 0.0\n"
	    "template 0 support 1 from hand\n  match \"USER \" tok \"\\r\\n\"\n"
	    "template 1 support 1 from hand\n  match \"QUIT\\r\\n\"\n"
	    "reply 0 support 1 from hand\n  say \"%s\"\nreply 1 support 1 from hand\n  say \"%s\"\n"
	    "reply 2 support 1 from hand\n  say \"%s\"\nstate 0 eom 0 support 1 \"\"\n"
	    "  on message 0\n    alt weight 1 say 1 goto 0 from hand%s\n"
	    "  on message 1\n    alt weight 1 say 2 goto 0 from hand close\n"
	    "  on connect\n    alt weight 1 say 0 goto 0 from hand\n", hello, user, quit, more);
	return model_of(text);
}

static struct eval_report
score(struct pool *pool, struct model *m, const struct handmade *h, const bool *use)
{
	struct eval_report r;

	eval(&r, pool, m, h->c, use, EVAL_ALL, NULL);
	model_destroy(m);
	cr_expect_eq(r.nlines, r.messages);
	return r;
}

POOLED(eval, a_perfect_model_scores_everything)
{
	struct handmade h = recorded(pool);
	struct eval_report r = score(pool, server("220 ready\\r\\n", "331 go on\\r\\n",
	    "221 bye\\r\\n", ""), &h, NULL);

	cr_expect_eq(r.conversations, N);
	cr_expect_eq(r.messages, 3 * N);
	cr_expect_eq(r.class_messages, 3 * N);
	cr_expect_eq(r.class_conversations, N);
	cr_expect_eq(r.equal, 3 * N);
	cr_expect_eq(r.full_length, N);
	cr_expect_float_eq(r.similarity, 1, 1e-12);
}

POOLED(eval, other_words_of_the_same_class_agree_but_are_not_equal)
{
	struct handmade h = recorded(pool);
	struct eval_report r = score(pool, server("220 ready\\r\\n", "331 go no\\r\\n",
	    "221 bye\\r\\n", ""), &h, NULL);

	cr_expect_eq(r.class_messages, 3 * N);
	cr_expect_eq(r.class_conversations, N);
	cr_expect_eq(r.equal, 2 * N);
	cr_expect_float_eq(r.similarity, (1 + 1 + (1 - 2.0 / 11)) / 3, 1e-9);
}

POOLED(eval, a_wrong_code_is_wrong_for_the_message_and_its_conversation)
{
	struct handmade h = recorded(pool);
	struct eval_report r = score(pool, server("220 ready\\r\\n", "530 go on\\r\\n",
	    "221 bye\\r\\n", ""), &h, NULL);

	cr_expect_eq(r.class_messages, 2 * N);
	cr_expect_eq(r.class_conversations, 0);
	cr_expect_eq(r.full_length, N, "it did answer");
	cr_expect_not(r.line[1].same_class);
	cr_expect_eq(r.line[1].position, 1);
	cr_expect(span_eq(r.line[1].play->asked, span_str("USER a\r\n")));
	cr_expect(span_eq(r.line[1].play->recorded, span_str("331 go on\r\n")));
	cr_expect(span_eq(r.line[1].play->said, span_str("530 go on\r\n")));
}

POOLED(eval, a_silent_model_scores_nothing)
{
	struct handmade h = recorded(pool);
	struct eval_report r = score(pool, model_of("mynah-model 1\nservice \"x\" tcp\n"
	    "learner \"hand\" order 1 seed 0\nseparators \" \"\nstart 0\n"
	    "state 0 support 1 \"\"\n"), &h, NULL);

	cr_expect_eq(r.messages, 3 * N);
	cr_expect_eq(r.class_messages, 0);
	cr_expect_eq(r.class_conversations, 0);
	cr_expect_eq(r.equal, 0);
	cr_expect_eq(r.full_length, 0);
	cr_expect_eq(r.similarity, 0);
	for (uint32_t i = 0; i < r.nlines; i++)
		cr_expect_eq(r.line[i].play->said.n, 0);
}

POOLED(eval, a_model_that_hangs_up_early_says_no_more)
{
	struct handmade h = recorded(pool);
	struct eval_report r = score(pool, server("220 ready\\r\\n", "331 go on\\r\\n",
	    "221 bye\\r\\n", " close"), &h, NULL);

	cr_expect_eq(r.class_messages, 2 * N);
	cr_expect_eq(r.full_length, 0);
	cr_expect_eq(r.line[2].play->said.n, 0);
}

POOLED(eval, a_message_in_pieces_is_answered_once)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct eval_report r;

	handmade_talk(&h, "<220 ready\r\n", ">US", ">ER a\r\n", "<331 go on\r\n", NULL);
	r = score(pool, server("220 ready\\r\\n", "331 go on\\r\\n", "221 bye\\r\\n", ""), &h, NULL);
	cr_expect_eq(r.messages, 2);
	cr_expect_eq(r.equal, 2);
}

POOLED(eval, what_is_left_of_several_pieces_begins_the_next_message)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct eval_report r;

	handmade_talk(&h, ">US", ">ER a\r\nUSER b\r\nQU", "<331 go on\r\n331 go on\r\n", ">IT", ">\r\n",
	    "<221 bye\r\n", NULL);
	r = score(pool, server("220 ready\\r\\n", "331 go on\\r\\n", "221 bye\\r\\n", ""), &h, NULL);
	cr_expect_eq(r.messages, 2);
	cr_expect_eq(r.equal, 2);
}

POOLED(eval, a_message_said_byte_by_byte_costs_memory_by_its_length)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct model *m = server("220 ready\\r\\n", "331 go on\\r\\n", "221 bye\\r\\n", "");
	struct eval_report r;
	size_t before;

	handmade_open(&h);
	for (unsigned i = 0; i < HANDMADE_MESSAGES; i++)
		handmade_say(&h, SIDE_CLIENT, span_str("x"));
	before = pool->used_bytes;
	eval(&r, pool, m, h.c, NULL, EVAL_CLASSES, NULL);
	cr_expect_lt(pool->used_bytes - before, 8u << 20, "%zu bytes", pool->used_bytes - before);
	model_destroy(m);
}

POOLED(eval, messages_in_one_go_are_answered_together)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct eval_report r;

	handmade_talk(&h, "<220 ready\r\n", ">USER a\r\nQUIT\r\n", "<331 go on\r\n221 bye\r\n", NULL);
	r = score(pool, server("220 ready\\r\\n", "331 go on\\r\\n", "221 bye\\r\\n", ""), &h, NULL);
	cr_expect_eq(r.messages, 2);
	cr_expect_eq(r.equal, 2);
}

POOLED(eval, what_is_said_where_the_server_was_silent_is_not_its_next_answer)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct eval_report r;

	handmade_talk(&h, ">USER a\r\n", "<331 go on\r\n", NULL);	/* no greeting was recorded */
	r = score(pool, server("220 ready\\r\\n", "331 go on\\r\\n", "221 bye\\r\\n", ""), &h, NULL);
	cr_expect_eq(r.messages, 1);
	cr_expect_eq(r.equal, 1);
	cr_expect_eq(r.unasked, 1, "the greeting");
	cr_expect_eq(r.talk[0].played.n, 3);
	cr_expect(span_eq(r.talk[0].played.line[0].said, span_str("220 ready\r\n")));
	cr_expect_eq(r.talk[0].played.line[0].recorded.n, 0);
}

/* A vector's client line may be a message's beginning only: what was learned of it (learning/vectors.h). */
POOLED(eval, what_a_vector_says_is_a_whole_message_though_its_end_is_missing)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct model *m = server("220 ready\\r\\n", "331 go on\\r\\n", "221 bye\\r\\n", "");
	struct eval_report stream, vectors;

	handmade_talk(&h, "<220 ready\r\n", ">USER a", "<331 go on\r\n", ">USER b", "<331 go on\r\n", NULL);
	eval(&stream, pool, m, h.c, NULL, EVAL_CLASSES, NULL);
	eval(&vectors, pool, m, h.c, NULL, EVAL_VECTORS, NULL);
	cr_expect_eq(stream.equal, 1, "it waits for the end of the line");
	cr_expect_eq(vectors.equal, 3);
	model_destroy(m);
}

POOLED(eval, conversations_that_are_not_in_use_do_not_count)
{
	struct handmade h = recorded(pool);
	bool use[N] = { [3] = true, [7] = true };
	struct eval_report r = score(pool, server("220 ready\\r\\n", "331 go on\\r\\n",
	    "221 bye\\r\\n", ""), &h, use);

	cr_expect_eq(r.conversations, 2);
	cr_expect_eq(r.messages, 6);
	cr_expect_eq(r.line[0].conversation, 3);
}

POOLED(eval, no_conversations_give_no_score)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct eval_report r = score(pool, server("a", "b", "c", ""), &h, NULL);

	cr_expect_eq(r.conversations, 0);
	cr_expect_eq(r.messages, 0);
	cr_expect_eq(r.similarity, 0);
}
