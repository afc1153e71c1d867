#include "learning/decide.h"
#include "tests/learned.h"
#include "tests/pooled.h"

enum { N = 40 };

struct decided {
	struct learned *l;
	struct memory m;
	struct decisions d;
};

/* Every template is a symbol of its own: clients' even, servers' odd. Without latches. */
static struct decided *
decided_as(struct handmade *h, uint32_t order, bool binary)
{
	static const struct latches none;
	struct decided *out = pool_alloc(h->pool, sizeof *out);
	struct learned *l = out->l = learned_from(h, binary);
	uint32_t *before = pool_array(h->pool, l->x.n, sizeof *before);
	struct symbols symbols = symbols_of_templates(h->pool, l);

	memory_build(&out->m, h->pool, &l->x, &l->client, &l->server, &symbols, &none, order, before);
	decide(&out->d, h->pool, &l->rules, &out->m, before, pool_array(h->pool, l->x.n, sizeof(bool)));
	return out;
}

static struct decided *
decided_from(struct handmade *h, uint32_t order)
{
	return decided_as(h, order, false);
}

/* The nodes of a template in histories of some length. */
static uint32_t
nodes_of(const struct decided *k, uint32_t client, bool longer, const struct node **first)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < k->d.n; i++) {
		const struct node *nd = &k->d.node[i];

		if (nd->client != client || (k->m.state[nd->state].length > 0) != longer)
			continue;
		if (n++ == 0 && first != NULL)
			*first = nd;
	}
	return n;
}

static bool
says(const struct decided *k, const struct choice *c, const char *word)
{
	return c->answer != NULL &&
	    span_eq(k->l->server.t[c->answer->server].token[0].bytes, span_str(word));
}

static struct handmade
logins(struct pool *pool)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	for (unsigned i = 0; i < N; i++)
		handmade_talk(&h, "<220 ready\r\n", ">LIST\r\n", "<530 log in first\r\n",
		    ">USER anonymous\r\n", "<331 go on\r\n", ">LIST\r\n", "<150 here it comes\r\n", NULL);
	return h;
}

POOLED(decide, longer_histories_stand_only_where_they_foretell_better)
{
	struct handmade h = logins(pool);
	struct decided *k = decided_from(&h, 2);
	uint32_t list = template_named(pool, &k->l->client, LEVEL_FULL, "LIST;");

	cr_assert_neq(list, NO_TEMPLATE);
	cr_expect_eq(nodes_of(k, list, false, NULL), 1);
	cr_expect_gt(nodes_of(k, list, true, NULL), 0, "before and after the login");
	for (uint32_t t = 0; t < k->l->client.n; t++)
		if (t != list)
			cr_expect_eq(nodes_of(k, t, true, NULL), 0, "%s needs no history",
			    template_words(pool, &k->l->client.t[t]));
	cr_expect_eq(k->d.right, k->d.judged, "all is foretold");
}

/* A history that foretells no answer, but what kind it will be, is worth its place, too. */
POOLED(decide, a_longer_history_may_foretell_kinds_alone)
{
	static const char *const page[] = { "<250 a\r\n", "<250 a b\r\n", "<250 a b c\r\n",
		"<250 a b c d\r\n", "<250 a b c d e\r\n", "<250 a b c d e f\r\n",
		"<250 a b c d e f g\r\n", "<250 a b c d e f g h\r\n" };
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	const struct node *nd = NULL;
	struct decided *k;
	uint32_t read;

	for (unsigned i = 0; i < 2 * ARRAY_LEN(page); i++)
		handmade_talk(&h, ">READ\r\n", "<550 it is shut\r\n", ">READ\r\n", "<550 it is shut\r\n",
		    ">OPEN\r\n", "<200 moved\r\n", ">READ\r\n", page[i % ARRAY_LEN(page)], NULL);
	k = decided_from(&h, 1);
	read = template_named(pool, &k->l->client, LEVEL_FULL, "READ;");
	cr_assert_neq(read, NO_TEMPLATE);
	cr_assert_eq(nodes_of(k, read, true, &nd), 1, "behind OPEN");
	cr_expect(says(k, &nd->choice[nd->nchoices - 1], "250"));
}

POOLED(decide, the_connection_has_its_node)
{
	struct handmade h = logins(pool);
	struct decided *k = decided_from(&h, 1);
	const struct node *nd = NULL;

	cr_assert_eq(nodes_of(k, k->l->client.n, false, &nd), 1);
	cr_assert_eq(nd->nchoices, 1);
	cr_expect(says(k, &nd->choice[0], "220"));
	cr_expect_not(nd->choice[0].guarded);
	cr_expect_eq(nd->support, N);
	cr_expect_eq(nd->accuracy, 1);
}

POOLED(decide, nodes_are_sorted_and_no_choice_follows_the_unguarded_one)
{
	struct handmade h = logins(pool);
	struct decided *k = decided_from(&h, 2);

	for (uint32_t i = 0; i < k->d.n; i++) {
		const struct node *nd = &k->d.node[i];

		for (uint32_t c = 0; c + 1 < nd->nchoices; c++)
			cr_expect(nd->choice[c].guarded);
		cr_expect(nd->accuracy >= 0 && nd->accuracy <= 1);
		cr_expect_eq(decisions_find(&k->d, nd->state, nd->client), nd);
		cr_expect(i == 0 || nd[-1].state < nd->state ||
		    (nd[-1].state == nd->state && nd[-1].client < nd->client), "sorted");
		cr_expect(nd->client == k->l->client.n || !k->d.dropped[nd->client]);
	}
}

POOLED(decide, known_values_decide_and_strangers_have_an_answer_of_their_own)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	const struct node *nd = NULL;
	struct decided *k;

	for (unsigned i = 0; i < 120; i++) {	/* twenty users, three times each; sixty strangers */
		bool known = i % 2;

		handmade_talk(&h, "<220 ready\r\n", handmade_line(&h, ">USER u%u\r\n",
		    known ? i / 2 % 20 : 1000 + i * 7), known ? "<331 go on\r\n" : "<530 who\r\n", NULL);
	}
	k = decided_from(&h, 1);
	for (uint32_t t = 0; t < k->l->client.n && nd == NULL; t++)
		nodes_of(k, t, false, &nd);
	cr_assert_not_null(nd);
	cr_assert_eq(nd->nchoices, 2);
	cr_expect(says(k, &nd->choice[0], "331"));
	cr_assert(nd->choice[0].guarded);
	cr_assert_eq(nd->choice[0].nvalues, 20);
	for (uint32_t v = 1; v < 20; v++)
		cr_expect_lt(span_cmp(nd->choice[0].value[v - 1], nd->choice[0].value[v]), 0, "sorted");
	cr_expect(says(k, &nd->choice[1], "530"));
	cr_expect_not(nd->choice[1].guarded);
	cr_expect_gt(nd->accuracy, 0.9);
}

POOLED(decide, silence_is_an_answer)
{
	struct handmade h = handmade(pool, PROTO_UDP, 514);
	const struct node *nd = NULL;
	struct decided *k;

	for (unsigned i = 0; i < N; i++)
		handmade_talk(&h, ">note\r\n", ">ping\r\n", "<pong\r\n", NULL);
	for (unsigned i = 0; i < N; i++)
		handmade_talk(&h, ">note\r\n", NULL);
	k = decided_from(&h, 1);
	for (uint32_t t = 0; t < k->l->client.n; t++)
		if (memcmp(k->l->client.t[t].token[0].bytes.p, "note", 4) == 0 && nd == NULL)
			nodes_of(k, t, false, &nd);
	cr_assert_not_null(nd);
	cr_assert_eq(nd->nchoices, 1);
	cr_expect_null(nd->choice[0].answer);
}

POOLED(decide, a_specific_template_goes_where_a_general_one_answers_as_well)
{
	struct handmade h = handmade(pool, PROTO_TCP, 80);
	struct decided *k;

	for (unsigned i = 0; i < N; i++)
		handmade_talk(&h, handmade_line(&h, ">GET /%u HTTP/1.1\r\nHost: %s\r\nAccept: %u\r\n\r\n",
		    i * 37, i % 2 ? "a" : "b", i), "<HTTP/1.1 200 OK\r\n\r\n", NULL);
	k = decided_from(&h, 1);
	for (uint32_t t = 0; t < k->l->client.n; t++)
		if (k->l->client.t[t].level == LEVEL_FULL)
			cr_expect(k->d.dropped[t], "%s", template_words(pool, &k->l->client.t[t]));
	cr_expect_gt(nodes_of(k, template_named(pool, &k->l->client, LEVEL_LINE, "GET _ HTTP/1.1;..."),
	    false, NULL), 0);
}

POOLED(decide, what_was_said_earlier_may_decide_instead_of_the_history)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	const struct node *nd = NULL;
	struct decided *k;

	for (unsigned i = 0; i < N; i++)	/* nobody has a name before he gives one */
		handmade_talk(&h, "<220 ready\r\n", ">LIST\r\n", "<530 log in first\r\n",
		    handmade_line(&h, ">USER u%u\r\n", i * 37), "<331 go on\r\n", ">LIST\r\n",
		    "<150 here it comes\r\n", NULL);
	k = decided_from(&h, 2);
	cr_assert_eq(nodes_of(k, template_named(pool, &k->l->client, LEVEL_FULL, "LIST;"), false, &nd), 1);
	cr_assert(nd->choice[0].guarded);
	cr_expect(nd->key.one.earlier);
	cr_assert_eq(nd->choice[0].nvalues, 1);
	cr_expect_eq(nd->choice[0].value[0].n, 0, "no name");
	cr_expect(says(k, &nd->choice[0], "530"));
	cr_expect(says(k, &nd->choice[1], "150"));
}

POOLED(decide, a_coin_that_nothing_foretells_keeps_one_answer_and_says_how_sure_it_is)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	const struct node *nd = NULL;
	struct decided *k;

	for (unsigned i = 0; i < 60; i++)
		handmade_talk(&h, "<220 ready\r\n", ">LUCK\r\n",
		    (i * 2654435761u >> 13) % 3 ? "<200 won\r\n" : "<400 lost\r\n", NULL);
	k = decided_from(&h, 2);
	cr_assert_eq(nodes_of(k, template_named(pool, &k->l->client, LEVEL_FULL, "LUCK;"), false, &nd), 1);
	cr_expect_eq(nd->nchoices, 1);
	cr_expect(says(k, &nd->choice[0], "200"));
	cr_expect(nd->accuracy > 0.5 && nd->accuracy < 0.8, "%f", nd->accuracy);
}

/* Seven names, all unlucky but for one toss more; were they one, the answer would be that name's own. */
POOLED(decide, names_that_differ_behind_a_zero_byte_are_several)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	const struct node *nd = NULL;
	struct decided *k;

	for (uint8_t name = 0; name < 7; name++) {
		for (unsigned i = 0; i < 7; i++) {
			uint8_t *line = pool_copy(pool, "LUCK n\0?\r\n", 10);

			line[7] = (uint8_t)('a' + name);
			handmade_open(&h);
			handmade_say(&h, SIDE_CLIENT, span_of(line, 10));
			handmade_say(&h, SIDE_SERVER, span_str(i < (name == 0 ? 4 : 1) ? "200 won\r\n"
										       : "400 lost\r\n"));
		}
	}
	k = decided_from(&h, 1);
	for (uint32_t t = 0; t < k->l->client.n && nd == NULL; t++)
		nodes_of(k, t, false, &nd);
	cr_assert_not_null(nd);
	cr_assert_eq(nd->support, 49);
	cr_expect_eq(nd->nchoices, 1);
	cr_expect(says(k, &nd->choice[0], "400"));
}

/* Every few names have a page of their own, and no name was ever refused: a strange one gets a page, too. */
POOLED(decide, strangers_get_the_usual_kind_of_reply_where_nothing_else_would_answer)
{
	struct handmade h = handmade(pool, PROTO_TCP, 80);
	const struct choice *last;
	const struct node *nd = NULL;
	struct decided *k;

	for (uint8_t i = 0; i < N; i++) {
		uint8_t *asked = pool_copy(pool, "\0\1page?\0ten", 12), *said = pool_alloc(pool, 1 + N);

		asked[6] = 'a' + i / 2;
		said[0] = 0x81;
		memset(said + 1, 7, N);
		handmade_open(&h);
		handmade_say(&h, SIDE_CLIENT, span_of(asked, 12));
		handmade_say(&h, SIDE_SERVER, span_of(said, 2 + i / 4));
		handmade_open(&h);
		handmade_say(&h, SIDE_CLIENT, span_of("\x09\x01", 2));
		handmade_say(&h, SIDE_SERVER, span_of("\x82\x00\x00", 3));
	}
	k = decided_as(&h, 1, true);
	for (uint32_t t = 0; t < k->l->client.n && (nd == NULL || nd->support != N); t++)
		nodes_of(k, t, false, &nd);
	cr_assert_not_null(nd);
	last = &nd->choice[nd->nchoices - 1];
	cr_expect_not(last->guarded);
	cr_expect(says(k, last, "\x81"));
	cr_expect_not(last->answer->has_map);
}
