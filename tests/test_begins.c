#include "learning/begins.h"
#include "learning/decide.h"
#include "tests/learned.h"
#include "tests/pooled.h"

enum { CALLS = 300 };

struct plan {
	const char *begins, *said;	/* the longest first */
};

/* Numbers that never come again, and what a plan has for each. */
static const struct node *
calls(struct pool *pool, struct learned **l, const struct plan *plan, unsigned lines)
{
	static const struct latches none;
	struct handmade h = handmade(pool, PROTO_TCP, 77);
	const struct node *nd = NULL;
	struct symbols symbols;
	struct decisions d;
	struct memory m;
	uint32_t *before;

	for (unsigned i = 0; i < CALLS; i++) {
		const char *call = handmade_line(&h, ">CALL %u\r\n", (2 + i % 4) * 1000 + i / 4 % 3 * 100 + i / 12);
		unsigned line = 0;

		while (strncmp(plan[line].begins, call + strlen(">CALL "), strlen(plan[line].begins)) != 0)
			line++;
		if (lines > 0 && plan[line].said == NULL)	/* decided by nothing in it */
			line = i * i % 101 % lines;
		handmade_talk(&h, "<ready\r\n", call, plan[line].said, NULL);
	}
	*l = learned_from(&h, false);
	symbols = symbols_of_templates(pool, *l);
	before = pool_array(pool, (*l)->x.n, sizeof *before);
	memory_build(&m, pool, &(*l)->x, &(*l)->client, &(*l)->server, &symbols, &none, 1, before);
	decide(&d, pool, &(*l)->rules, &m, before, pool_array(pool, (*l)->x.n, sizeof(bool)));
	for (uint32_t i = 0; i < d.n; i++)
		if (d.node[i].client == template_named(pool, &(*l)->client, LEVEL_FULL, "CALL _;"))
			nd = m.state[d.node[i].state].length == 0 ? &d.node[i] : nd;
	cr_assert_not_null(nd, "%s", template_list(pool, &(*l)->client));
	return nd;
}

/* What the node says to a number, by the number's beginning alone. */
static const char *
said_to(const struct learned *l, const struct node *nd, const char *number)
{
	for (uint32_t c = 0; c < nd->nchoices; c++) {
		const struct choice *this = &nd->choice[c];
		bool holds = !this->guarded;

		for (uint32_t v = 0; v < this->nvalues && this->begins; v++)
			holds |= span_eq(span_sub(span_str(number), 0, this->value[v].n), this->value[v]);
		if (holds)
			return (const char *)pool_copy(l->server.pool,
			    l->server.t[this->answer->server].token[0].bytes.p, 3);
	}
	return "";
}

POOLED(begins, numbers_never_called_are_told_by_how_they_begin)
{
	static const struct plan plan[] = { { "21", "<407 prove it\r\n" }, { "3", "<486 busy\r\n" },
		{ "5", "<404 nobody\r\n" }, { "", "<180 it rings\r\n" } };
	struct learned *l;
	const struct node *nd = calls(pool, &l, plan, 0);

	cr_assert_gt(nd->nchoices, 3);
	cr_expect_str_eq(said_to(l, nd, "21x"), "407");
	cr_expect_str_eq(said_to(l, nd, "22x"), "180");
	cr_expect_str_eq(said_to(l, nd, "3"), "486");
	cr_expect_str_eq(said_to(l, nd, "5zz"), "404");
	cr_expect_str_eq(said_to(l, nd, "4"), "180");
	cr_expect_str_eq(said_to(l, nd, ""), "180", "nothing begins so");
	cr_expect_gt(nd->accuracy, 0.95, "each number left out");
}

POOLED(begins, what_a_longer_beginning_says_goes_before_a_shorter_one)
{
	static const struct plan plan[] = { { "41", "<180 it rings\r\n" }, { "4", "<486 busy\r\n" },
		{ "5", "<486 busy\r\n" }, { "", "<180 it rings\r\n" } };
	struct learned *l;
	const struct node *nd = calls(pool, &l, plan, 0);

	cr_expect_str_eq(said_to(l, nd, "410"), "180");
	cr_expect_str_eq(said_to(l, nd, "42"), "486");
	cr_expect_str_eq(said_to(l, nd, "5"), "486");
	cr_expect_str_eq(said_to(l, nd, "6"), "180");
}

POOLED(begins, chance_has_no_beginnings)
{
	static const struct plan plan[] = { { "x", "<486 busy\r\n" }, { "y", "<180 it rings\r\n" }, { "", NULL } };
	struct learned *l;
	const struct node *nd = calls(pool, &l, plan, 2);

	for (uint32_t c = 0; c < nd->nchoices; c++)
		cr_expect_not(nd->choice[c].begins);
}
