#include "learning/exchange.h"
#include "tests/cases.h"
#include "tests/handmade.h"
#include "tests/pooled.h"

/* "asked>said" per exchange: C the connection, - silence, ? not known, $ closes. */
static const char *
shown(struct pool *pool, const struct exchanges *x)
{
	char *to = pool_alloc(pool, 4096);
	size_t at = 0;

	for (uint32_t i = 0; i < x->n; i++) {
		const struct exchange *e = &x->exchange[i];
		struct span ask = e->client == NO_UNIT ? span_str("C") : x->unit[e->client].bytes;
		struct span say = e->server == NO_UNIT ? span_str("-") : x->unit[e->server].bytes;

		at += (size_t)sprintf(to + at, "%s%.*s>%.*s%s%s", i ? " " : "",
		    (int)MIN(ask.n, strcspn((const char *)ask.p, "\r")), (const char *)ask.p,
		    (int)MIN(say.n, strcspn((const char *)say.p, "\r")), (const char *)say.p,
		    e->known ? "" : "?", e->closes ? "$" : "");
	}
	return to;
}

/* Enough lines that a message ends with its line. */
static struct handmade
lines(struct pool *pool)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	handmade_talk(&h, "<220\r\n", ">A\r\n", "<1\r\n", ">B\r\n", "<2\r\n", ">C\r\n", "<3\r\n", NULL);
	return h;
}

static const char *
after_lines(struct pool *pool, struct handmade *h, struct exchanges *x)
{
	exchanges_make(x, pool, h->c, NULL, false);
	return strchr(shown(pool, x), '3') + 2;
}

POOLED(exchange, the_connection_is_asked_first)
{
	struct handmade h = lines(pool);
	struct exchanges x;

	exchanges_make(&x, pool, h.c, NULL, false);
	cr_expect_str_eq(shown(pool, &x), "C>220 A>1 B>2 C>3");
	cr_expect_eq(x.exchange[0].previous, NO_UNIT);
	for (uint32_t i = 1; i < x.n; i++)
		cr_expect_eq(x.exchange[i].previous, i - 1);
	cr_expect_eq(x.silent, 0);
}

POOLED(exchange, a_server_that_waits_is_silent_to_the_connection)
{
	struct handmade h = lines(pool);
	struct exchanges x;

	handmade_talk(&h, ">D\r\n", "<4\r\n", NULL);
	cr_expect_str_eq(after_lines(pool, &h, &x), "C>- D>4");
	cr_expect_eq(x.silent, 1);
	cr_expect_eq(x.exchange[4].previous, NO_UNIT, "conversations do not touch");
}

POOLED(exchange, of_a_connection_without_its_beginning_nothing_is_known_about_it)
{
	struct handmade h = lines(pool);
	struct exchanges x;

	handmade_talk(&h, ">D\r\n", "<4\r\n", NULL)->whole = false;
	cr_expect_str_eq(after_lines(pool, &h, &x), "D>4");
}

POOLED(exchange, messages_sent_in_one_go_have_their_replies_in_order)
{
	struct handmade h = lines(pool);
	struct exchanges x;

	handmade_talk(&h, "<220\r\n", ">D\r\nE\r\n", "<4\r\n5\r\n", ">F\r\n", "<6\r\n", NULL);
	cr_expect_str_eq(after_lines(pool, &h, &x), "C>220 D>4 E>5 F>6");
	cr_expect_eq(x.pipelined, 0);
	for (uint32_t i = x.first[1]; i < x.n; i++)
		cr_expect_eq(x.unit[x.exchange[i].server].exchange, i);
}

POOLED(exchange, messages_in_one_go_teach_no_reply_unless_replies_are_as_many)
{
	static const char *const replies[] = { "<4\r\n", "<4\r\n5\r\n6\r\n", "<4\r\n5\r\nso" };

	for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
		struct handmade h = lines(pool);
		struct exchanges x;

		handmade_talk(&h, "<220\r\n", ">D\r\nE\r\n", replies[i], ">F\r\n", "<6\r\n", NULL);
		cr_expect_str_eq(after_lines(pool, &h, &x), "C>220 D>4? E>-? F>6", "%s", replies[i]);
		cr_expect_eq(x.pipelined, 2);
	}
}

/* Heads that say how long the text behind them is. */
static struct handmade
texts(struct pool *pool)
{
	struct handmade h = handmade(pool, PROTO_TCP, 80);

	for (unsigned i = 0; i < 20; i++) {
		int n = i % 3 == 0 ? 1 + (int)i % 9 : 0;

		handmade_talk(&h, handmade_line(&h, ">A\r\nBytes: %d\r\n\r\n%.*s", n, n, "any text."), "<1\r\n", NULL);
	}
	return h;
}

POOLED(exchange, the_rest_of_a_message_that_was_answered_early_is_its_own)
{
	struct handmade h = texts(pool);
	struct exchanges x;

	handmade_talk(&h, ">S\r\nBytes: 4\r\n\r\n", "<no\r\n", ">restT\r\nBytes: 1\r\n\r\n.", "<2\r\n", NULL);
	exchanges_make(&x, pool, h.c, NULL, false);
	cr_expect_str_eq(strstr(shown(pool, &x), "S>"), "S>no T>2");
	cr_expect(span_eq(x.unit[x.exchange[x.n - 2].client].bytes, span_str("S\r\nBytes: 4\r\n\r\nrest")));
}

POOLED(exchange, a_rest_that_is_answered_alone_is_a_message)
{
	struct handmade h = texts(pool);
	struct exchanges x;

	handmade_talk(&h, ">S\r\nBytes: 4\r\n\r\n", "<go on\r\n", ">rest", "<2\r\n", NULL);
	exchanges_make(&x, pool, h.c, NULL, false);
	cr_expect_str_eq(strstr(shown(pool, &x), "S>"), "S>go on rest>2");
}

POOLED(exchange, a_prompt_among_the_replies_ends_the_next_message_otherwise)
{
	struct handmade h = lines(pool);
	struct exchanges x;

	for (unsigned i = 0; i < 20; i++)
		handmade_talk(&h, "<220\r\n", ">T\r\n", "<354\r\n",
		    handmade_line(&h, ">text %u\r\nmore\r\n.\r\n", i * 7), "<250\r\n", NULL);
	handmade_talk(&h, "<220\r\n", ">T\r\ntext\r\nmore\r\n.\r\nQ\r\n", "<354\r\n250\r\n221\r\n", NULL);
	exchanges_make(&x, pool, h.c, NULL, false);
	cr_assert_str_eq(strstr(shown(pool, &x), "Q>") - strlen("T>354 text>250 "), "T>354 text>250 Q>221");
	cr_expect_eq(x.exchange[x.n - 3].ending, 1);
	cr_expect_eq(x.exchange[x.n - 2].ending, 0);
}

POOLED(exchange, the_servers_close_belongs_to_the_last_exchange)
{
	struct handmade h = lines(pool);
	struct exchanges x;

	handmade_talk(&h, "<220\r\n", ">QUIT\r\n", "<221\r\n", NULL)->end = END_FIN_SERVER;
	handmade_talk(&h, "<220\r\n", ">QUIT\r\n", "<221\r\n", NULL)->end = END_FIN_CLIENT;
	cr_expect_str_eq(after_lines(pool, &h, &x), "C>220 QUIT>221$ C>220 QUIT>221");
}

POOLED(exchange, who_resets_before_the_answer_teaches_no_silence)
{
	struct handmade h = lines(pool);
	struct exchanges x;

	handmade_talk(&h, "<220\r\n", ">D\r\n", NULL)->end = END_RST_CLIENT;
	handmade_talk(&h, "<220\r\n", ">D\r\n", NULL)->end = END_FIN_CLIENT;
	cr_expect_str_eq(after_lines(pool, &h, &x), "C>220 D>-? C>220 D>-");
}

POOLED(exchange, as_many_datagrams_as_questions_are_their_answers_in_order)
{
	struct handmade h = handmade(pool, PROTO_UDP, 53);
	struct exchanges x;

	handmade_talk(&h, ">a", "<1", ">b", ">c", "<2", "<3", NULL);
	exchanges_make(&x, pool, h.c, NULL, false);
	cr_expect_str_eq(shown(pool, &x), "a>1 b>2 c>3");
	cr_expect_eq(x.prompts.rule[0].kind, EOM_DATAGRAM);
}

POOLED(exchange, fewer_datagrams_than_questions_answer_nobody_knows_which)
{
	struct handmade h = handmade(pool, PROTO_UDP, 53);
	struct exchanges x;

	handmade_talk(&h, ">a", ">b", "<1", ">c", "<2", "<3", NULL);
	exchanges_make(&x, pool, h.c, NULL, false);
	cr_expect_str_eq(shown(pool, &x), "a>1? b>-? c>23");
}

POOLED(exchange, several_datagrams_to_one_question_are_one_reply)
{
	struct handmade h = handmade(pool, PROTO_UDP, 53);
	struct exchanges x;
	const struct unit *u;

	handmade_talk(&h, ">call", "<trying", "<ringing", "<ringing", "<ok", ">bye", "<ok", NULL);
	exchanges_make(&x, pool, h.c, NULL, false);
	cr_expect_str_eq(shown(pool, &x), "call>tryingringingok bye>ok", "what is said again is no answer");
	u = &x.unit[x.exchange[0].server];
	cr_expect_eq(u->nparts, 3);
	cr_expect_eq(u->ntoken, 5);
	for (uint32_t j = 0; j < u->ntoken; j++)
		cr_expect_eq(u->token[j].kind, j % 2 ? TOKEN_BREAK : TOKEN_WORD);
	cr_expect_neq(u->shape, x.unit[x.exchange[1].server].shape);
}

POOLED(exchange, an_empty_datagram_is_no_question_and_no_answer)
{
	struct handmade h = handmade(pool, PROTO_UDP, 53);
	struct exchanges x;

	handmade_talk(&h, ">", "<1", ">b", "<", ">c", ">", "<3", ">d", "<4", NULL);
	exchanges_make(&x, pool, h.c, NULL, false);
	cr_expect_str_eq(shown(pool, &x), "b>- c>3? d>4");
	for (uint32_t i = 0; i < x.nunit; i++)
		cr_expect_gt(x.unit[i].ntoken, 0);
}

POOLED(exchange, conversations_that_are_held_out_are_empty)
{
	struct handmade h = lines(pool);
	bool use[] = { false, true };
	struct exchanges x;

	handmade_talk(&h, "<220\r\n", ">A\r\n", "<1\r\n", NULL);
	exchanges_make(&x, pool, h.c, use, false);
	cr_expect_eq(x.conversations, 2);
	cr_expect_eq(x.first[0], 0);
	cr_expect_eq(x.first[1], 0);
	cr_expect_eq(x.first[2], x.n);
	cr_expect_eq(x.n, 2);
}

POOLED(exchange, equal_shapes_are_equal_kinds_in_order)
{
	struct handmade h = lines(pool);
	struct exchanges x;
	const struct unit *u;

	handmade_talk(&h, "<220\r\n", ">USER a\r\n", "<331 from 198.18.0.10\r\n", ">PASS b\r\n",
	    "<331 from elsewhere\r\n", ">PASS\r\n", "<331 from 198.18.0.10\r\n", NULL);
	exchanges_make(&x, pool, h.c, NULL, false);
	u = &x.unit[x.exchange[x.first[1]].server];	/* the banner; then the client's, then ours */
	cr_expect_eq(u[1].shape, u[3].shape);
	cr_expect_neq(u[1].shape, u[5].shape);
	cr_expect_neq(u[2].shape, u[4].shape, "an address is no word");
	cr_expect_eq(u[2].shape, u[6].shape);
	cr_expect_neq(u[1].value[0], u[3].value[0]);
	cr_expect_eq(u[3].value[0], u[5].value[0], "equal bytes, equal value");
}

/* Blocks of a file: 512 bytes as long as more will follow, else any length. */
POOLED(exchange, a_length_that_is_frequent_is_a_kind_of_its_own)
{
	struct handmade h = handmade(pool, PROTO_UDP, 69);
	uint32_t full = UINT32_MAX, last = UINT32_MAX;
	struct exchanges x;

	for (unsigned i = 0; i < 60; i++) {
		bool more = i % 3 != 0;
		size_t n = more ? 516 : 200 + i;
		uint8_t *block = pool_alloc(pool, n);

		memset(block, 0x81 + (int)i, n);
		memcpy(block, "\0\3\0", 3);
		handmade_open(&h);
		handmade_say(&h, SIDE_CLIENT, span_of("\0\4\0\1", 4));
		handmade_say(&h, SIDE_SERVER, span_of(block, n));
	}
	exchanges_make(&x, pool, h.c, NULL, true);
	for (uint32_t i = 0; i < x.n; i++) {
		uint32_t *kind = x.unit[x.exchange[i].server].bytes.n == 516 ? &full : &last;

		cr_expect(*kind == UINT32_MAX || *kind == x.exchange[i].kind);
		*kind = x.exchange[i].kind;
	}
	cr_expect_neq(full, last);
}
