#include "learning/decide.h"
#include "learning/drawn.h"
#include "tests/learned.h"
#include "tests/pooled.h"

enum { KEYS = 60 };

/* What is said to a key that nobody knows, where most keys have a number of their own. */
static const struct answer *
for_strangers(struct pool *pool, bool known_alone)
{
	static const struct latches none;
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	const struct node *nd = NULL;
	struct symbols symbols;
	struct decisions d;
	struct learned *l;
	struct memory m;
	uint32_t *before;

	for (unsigned i = 0; i < KEYS; i++) {	/* the first half twice */
		const char *push = handmade_line(&h, ">PUSH key%u\r\n", i * 37);
		const char *n = handmade_line(&h, "<:%u\r\n", (i * i + 3 * i) % 53 + 2);

		if (i < KEYS / 2)
			handmade_talk(&h, "<ready\r\n", push, n, push, n, NULL);
		else
			handmade_talk(&h, "<ready\r\n", push, known_alone ? "<+none\r\n" : n, NULL);
		if (i < 6)
			handmade_talk(&h, "<ready\r\n", handmade_line(&h, ">PUSH key%u\r\n", i * 37 + 1),
			    "<+later\r\n", NULL);
	}
	if (!known_alone)		/* enough numbers that were asked for once */
		for (unsigned i = 0; i < KEYS; i++)
			handmade_talk(&h, "<ready\r\n", handmade_line(&h, ">PUSH word%u\r\n", i * 7),
			    handmade_line(&h, "<:%u\r\n", i % 41 + 2), NULL);
	l = learned_from(&h, false);
	drawn_learn(&l->rules);
	symbols = symbols_of_templates(pool, l);
	before = pool_array(pool, l->x.n, sizeof *before);
	memory_build(&m, pool, &l->x, &l->client, &l->server, &symbols, &none, 1, before);
	decide(&d, pool, &l->rules, &m, before, pool_array(pool, l->x.n, sizeof(bool)));
	for (uint32_t i = 0; i < d.n; i++)
		if (d.node[i].client == template_named(pool, &l->client, LEVEL_FULL, "PUSH _;"))
			nd = m.state[d.node[i].state].length == 0 ? &d.node[i] : nd;
	cr_assert_not_null(nd, "%s", template_list(pool, &l->client));
	cr_assert_not(nd->choice[nd->nchoices - 1].guarded);
	return nd->choice[nd->nchoices - 1].answer;
}

POOLED(drawn, a_new_key_gets_a_number_where_keys_asked_for_once_got_one)
{
	const struct answer *a = for_strangers(pool, false);

	cr_assert_not_null(a);
	cr_expect_not(a->has_map);
	cr_assert_eq(a->nfields, 1);
	cr_expect_eq(a->rule[0].kind, RULE_DATA);
	cr_expect_gt(a->rule[0].n, 10);
}

POOLED(drawn, a_new_key_gets_nothing_of_others_where_keys_asked_for_once_got_none)
{
	const struct answer *a = for_strangers(pool, true);

	cr_assert_not_null(a);
	cr_expect_eq(a->nfields, 0, "+none");
}
