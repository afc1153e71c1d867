/* For whom a value is the same is read off from where it was. */
#include "learning/scope.h"
#include "tests/cases.h"
#include "tests/learned.h"
#include "tests/pooled.h"

enum { SERVERS = 6, CLIENTS = 6, VISITS = 3, TURNS = 3, MOST = 4096 };

/* What the value is a function of, in the order of enum scope; ASKED: of the question alone. */
static uint32_t
value_for(enum scope scope, const struct scope_place *p)
{
	switch (scope) {
	case SCOPE_IMAGE: return p->question;
	case SCOPE_HOST: return p->server;
	case SCOPE_PAIR: return p->server * 100 + p->client;
	case SCOPE_CONNECTION: return p->conversation;
	default: return p->turn;
	}
}

/* Every client visits every server some times and asks the same two things again and again. */
static uint32_t
visits(struct scope_sample *s, uint32_t servers, uint32_t clients, uint32_t conversations, enum scope scope)
{
	uint32_t n = 0, visit = 0, turn = 0;

	for (uint32_t i = 0; i < servers * clients * conversations; i++, visit++)
		for (uint32_t t = 0; t < TURNS; t++, turn++, n++) {
			s[n].at = (struct scope_place){ turn % 2, i % servers, 100 + i / servers % clients, visit, turn };
			s[n].value = value_for(scope, &s[n].at);
		}
	cr_assert_leq(n, (uint32_t)MOST);
	return n;
}

static const struct {
	const char *what;
	uint32_t servers, clients, visits;
	enum scope varies;	/* what the value is a function of */
	bool digits;
	enum scope scope;
} scopes[] = {
	{ "the same everywhere",		SERVERS, CLIENTS, VISITS, SCOPE_IMAGE, true,  SCOPE_IMAGE },
	{ "each server has its own",		SERVERS, CLIENTS, VISITS, SCOPE_HOST,  false, SCOPE_HOST },
	{ "each client hears another",		SERVERS, CLIENTS, VISITS, SCOPE_PAIR,  true,  SCOPE_PAIR },
	{ "new in every conversation",		SERVERS, CLIENTS, VISITS, SCOPE_CONNECTION, true, SCOPE_CONNECTION },
	{ "new each time",			SERVERS, CLIENTS, VISITS, SCOPE_TURN,  true,  SCOPE_TURN },
	{ "one server: words",			1, CLIENTS, VISITS, SCOPE_IMAGE,	false, SCOPE_IMAGE },
	{ "one server: a name or a version",	1, CLIENTS, VISITS, SCOPE_IMAGE,	true,  SCOPE_HOST },
	{ "one server, new each time",		1, CLIENTS, VISITS, SCOPE_TURN,		true,  SCOPE_TURN },
	{ "too few servers to tell",		2, CLIENTS, VISITS, SCOPE_IMAGE,	false, SCOPE_IMAGE },
	{ "too few clients to tell",		1, 2, 1, SCOPE_IMAGE,			true,  SCOPE_PAIR },
	{ "clients came once, asked again",	1, CLIENTS, 1, SCOPE_TURN,		true,  SCOPE_TURN },
	{ "one client, new conversations",	1, 1, 5, SCOPE_CONNECTION,		true,  SCOPE_CONNECTION },
	{ "nobody came twice or asked again",	1, 1, 1, SCOPE_CONNECTION,		true,  SCOPE_PAIR },
};

EACH_CASE(scope, is_the_coarsest_that_says_the_value, scopes)
{
	static struct scope_sample s[MOST];
	uint32_t n = visits(s, scopes[*i].servers, scopes[*i].clients, scopes[*i].visits, scopes[*i].varies);
	enum scope got = scope_of(s, n, scopes[*i].digits);

	cr_expect_eq(got, scopes[*i].scope, "%s: %s", scopes[*i].what, vocab_name(&vocab_scope, got));
}

/* One client, a hundred conversations of one turn each: some hear another value. */
static enum scope
hundred(uint32_t others)
{
	struct scope_sample s[100] = { 0 };

	for (uint32_t k = 0; k < 100; k++) {
		s[k].at = (struct scope_place){ 0, 1, 2 + k % 10, k, k };
		s[k].value = k < others;
	}
	return scope_of(s, 100, false);
}

Test(scope, two_of_a_hundred_may_differ_and_three_may_not)
{
	cr_expect_eq(hundred(2), SCOPE_IMAGE);
	cr_expect_eq(hundred(3), SCOPE_PAIR);
}

/* One client, twenty-one conversations: so many of them hear a value of their own. */
static enum scope
own_values(uint32_t n)
{
	struct scope_sample s[21] = { 0 };

	for (uint32_t k = 0; k < 21; k++)
		s[k] = (struct scope_sample){ { 0, 1, 2, k, k }, k < 21 - n ? 0 : k };
	return scope_of(s, 21, true);
}

Test(scope, what_comes_again_as_often_as_not_stays_and_what_does_not_is_new)
{
	cr_expect_eq(own_values(9), SCOPE_PAIR);
	cr_expect_eq(own_values(10), SCOPE_CONNECTION);
}

/* So many clients hear the same from one server. */
static enum scope
clients(uint32_t n)
{
	struct scope_sample s[8] = { 0 };

	for (uint32_t k = 0; k < n; k++)
		s[k].at = (struct scope_place){ 0, 1, 2 + k, k, k };
	return scope_of(s, n, true);
}

Test(scope, five_places_say_something_and_four_do_not)
{
	cr_expect_eq(clients(5), SCOPE_HOST);
	cr_expect_eq(clients(4), SCOPE_PAIR);
}

/* An answer to another question is another answer: it says nothing about time. */
Test(scope, what_differs_with_the_question_does_not_vary_with_the_turn)
{
	struct scope_sample s[60] = { 0 };

	for (uint32_t k = 0; k < 60; k++) {
		s[k].at = (struct scope_place){ k % 10, 1, 2, k / 10, k };
		s[k].value = k % 10;
	}
	cr_expect_eq(scope_of(s, 60, true), SCOPE_PAIR);
	for (uint32_t k = 0; k < 60; k++)
		s[k].at.question = 0;
	cr_expect_eq(scope_of(s, 60, true), SCOPE_TURN);
}

POOLED(scope, places_are_those_of_the_conversation)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	const struct scope_place *p;
	struct exchanges x;

	handmade_talk(&h, "<hello\r\n", ">who\r\n", "<a\r\n", ">who\r\n", "<b\r\n", ">who\r\n", "<c\r\n", NULL);
	handmade_talk(&h, "<hello\r\n", ">who\r\n", "<a\r\n", NULL)->client = addr_v4(0xc6120002);
	exchanges_make(&x, pool, h.c, NULL, false);
	p = scope_places(&x, pool);
	cr_assert_eq(x.n, 6);
	cr_expect_neq(p[1].question, p[2].question, "something else was asked before");
	cr_expect_eq(p[2].question, p[3].question);
	cr_expect_eq(p[0].question, p[4].question, "both are the connection itself");
	cr_expect_neq(p[0].question, p[1].question);
	cr_expect_eq(p[1].question, p[5].question);
	cr_expect_neq(p[1].turn, p[2].turn);
	cr_expect_eq(p[1].conversation, p[3].conversation);
	cr_expect_neq(p[1].conversation, p[5].conversation);
	cr_expect_eq(p[1].server, p[5].server);
	cr_expect_neq(p[1].client, p[5].client);
	cr_expect_neq(p[1].client, p[1].server);
}
