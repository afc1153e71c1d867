#include "learning/decide.h"
#include "learning/presence.h"
#include "tests/learned.h"
#include "tests/pooled.h"

enum { ASKED = 240 };

/* Requests for pages that never come again, with lines in any order; what decides is whether Proof: is there. */
static const struct node *
requests(struct pool *pool, struct learned **l, bool by_folder)
{
	static const char *const more[] = { "Host: a\r\n", "Agent: b\r\nHost: c\r\n", "Date: d\r\nHost: a\r\n", "" };
	static const struct latches none;
	struct handmade h = handmade(pool, PROTO_TCP, 77);
	const struct node *nd = NULL;
	struct symbols symbols;
	struct decisions d;
	struct memory m;
	uint32_t *before;

	for (unsigned i = 0; i < ASKED; i++) {
		bool proof = i % 3 == 0, folder = by_folder && i % 4 < 2;
		const char *ask = handmade_line(&h, folder ? ">GET /in/%u\r\n" : ">GET /%u\r\n", i * 37);
		const char *head = more[i * i % 7 % 4];
		char *all = pool_alloc(pool, 128);

		if (i % 5 < 2)
			snprintf(all, 128, "%s%s%s\r\n", ask, proof ? "Proof: p\r\n" : "", head);
		else
			snprintf(all, 128, "%s%s%s\r\n", ask, head, proof ? "Proof: p\r\n" : "");
		handmade_talk(&h, "<ready\r\n", all, !by_folder || folder ? proof ? "<200 here\r\n" : "<401 who\r\n"
		    : "<404 what\r\n", NULL);
	}
	*l = learned_from(&h, false);
	symbols = symbols_of_templates(pool, *l);
	before = pool_array(pool, (*l)->x.n, sizeof *before);
	memory_build(&m, pool, &(*l)->x, &(*l)->client, &(*l)->server, &symbols, &none, 1, before);
	decide(&d, pool, &(*l)->rules, &m, before, pool_array(pool, (*l)->x.n, sizeof(bool)));
	for (uint32_t i = 0; i < d.n; i++)
		if (d.node[i].client < (*l)->client.n && m.state[d.node[i].state].length == 0 &&
		    (nd == NULL || d.node[i].support > nd->support))
			nd = &d.node[i];
	cr_assert_not_null(nd, "%s", template_list(pool, &(*l)->client));
	return nd;
}

/* The first choice for a request, as its guards have it. */
static const char *
said_to(const struct learned *l, const struct node *nd, const char *path, bool there)
{
	for (uint32_t c = 0; c < nd->nchoices; c++) {
		const struct choice *this = &nd->choice[c];
		bool holds = this->nvalues == 0;

		for (uint32_t v = 0; v < this->nvalues && this->begins; v++)
			holds |= span_eq(span_sub(span_str(path), 0, this->value[v].n), this->value[v]);
		if (holds && (this->line[0] == LINE_ANY || there == (this->line[0] == LINE_THERE)))
			return pool_copy(l->server.pool, l->server.t[this->answer->server].token[0].bytes.p, 3);
	}
	return "";
}

POOLED(presence, a_line_that_is_there_decides)
{
	struct learned *l;
	const struct node *nd = requests(pool, &l, false);

	cr_assert_eq(nd->key.nlines, 1);
	cr_assert(span_eq(nd->key.line[0], span_str("Proof: ")));
	cr_expect_str_eq(said_to(l, nd, "/1", true), "200");
	cr_expect_str_eq(said_to(l, nd, "/1", false), "401");
}

POOLED(presence, a_line_and_the_beginning_of_a_field_decide_together)
{
	struct learned *l;
	const struct node *nd = requests(pool, &l, true);

	cr_assert_eq(nd->key.nlines, 1);
	cr_assert(span_eq(nd->key.line[0], span_str("Proof: ")));
	cr_expect_str_eq(said_to(l, nd, "/in/x", true), "200");
	cr_expect_str_eq(said_to(l, nd, "/in/x", false), "401");
	cr_expect_str_eq(said_to(l, nd, "/77", true), "404");
	cr_expect_str_eq(said_to(l, nd, "/77", false), "404");
}
