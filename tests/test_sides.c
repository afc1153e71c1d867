/* What both sides said, from exchanges: in order, in one piece, with the ends of a simulation. */
#include "learning/sides.h"
#include "tests/learned.h"
#include "tests/pooled.h"

static struct prisma_input
sides(struct pool *pool, struct handmade *h)
{
	struct learned *l = learned_from(h, false);
	struct naming names = { .k = 1,
		.client = pool_array(pool, l->client.n + 1, sizeof *names.client),
		.server = pool_array(pool, l->server.n + 1, sizeof *names.server) };
	struct prisma_input in;

	sides_of(&in, pool, h->c, &l->rules, &names);
	return in;
}

static void
expect_said(const struct prisma_message *m, bool server, const char *what)
{
	cr_expect_eq(m->server, server, "%s", what);
	cr_expect(span_eq(m->bytes, span_str(what)), "%.*s is not %s", (int)m->bytes.n, m->bytes.p, what);
}

POOLED(sides, the_ends_are_those_of_a_simulated_conversation)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct prisma_input in;

	for (int i = 0; i < 6; i++)
		handmade_talk(&h, "<220 198.18.0.10 ready\r\n", ">VIA 198.18.0.1:40000 198.18.0.1:5\r\n",
		    "<227 (198,18,0,10,4,1)\r\n", ">PORT 198,18,0,1,4,1\r\n", "<200 198.18.0.100\r\n",
		    ">QUIT 1198.18.0.1\r\n", "<221\r\n", NULL);
	in = sides(pool, &h);
	cr_assert_eq(in.nconversations, 6);
	cr_assert_eq(in.first[6], 6 * 7);
	expect_said(&in.message[0], true, "220 198.19.0.1 ready\r\n");
	expect_said(&in.message[1], false, "VIA 192.0.2.1:40000 192.0.2.1:5\r\n");
	expect_said(&in.message[2], true, "227 (198,19,0,1,4,1)\r\n");
	expect_said(&in.message[3], false, "PORT 192,0,2,1,4,1\r\n");
	expect_said(&in.message[4], true, "200 198.18.0.100\r\n");	/* another's */
	expect_said(&in.message[5], false, "QUIT 1198.18.0.1\r\n");
	expect_said(&in.message[6], true, "221\r\n");
}

POOLED(sides, what_was_sent_in_one_go_is_one_message_if_its_answers_cannot_be_told_apart)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct prisma_input in;

	for (int i = 0; i < 20; i++)
		handmade_talk(&h, "<220 hi\r\n", ">NOOP\r\n", "<200 ok\r\n", ">QUIT\r\n", "<221 bye\r\n", NULL);
	handmade_talk(&h, "<220 hi\r\n", ">NOOP\r\nQUIT\r\n", "<221 bye\r\n", NULL);
	in = sides(pool, &h);
	cr_assert_eq(in.first[21], 20 * 5 + 3);
	expect_said(&in.message[101], false, "NOOP\r\nQUIT\r\n");
	expect_said(&in.message[102], true, "221 bye\r\n");
}
