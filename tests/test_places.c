#include "learning/places.h"
#include "tests/boxes.h"
#include "tests/learned.h"
#include "tests/pooled.h"

struct found {
	struct learned *l;
	struct latches latches;
	struct memory m;
	struct decisions d;
	struct places p;
};

static struct found *
found_from(struct handmade *h, uint32_t order)
{
	struct found *f = pool_alloc(h->pool, sizeof *f);
	struct learned *l = f->l = learned_from(h, false);
	struct symbols names = symbols_of_templates(h->pool, l);
	uint32_t *before = pool_array(h->pool, l->x.n, sizeof *before);

	latches_learn(&f->latches, h->pool, &l->x, &l->client, &l->server);
	memory_build(&f->m, h->pool, &l->x, &l->client, &l->server, &names, &f->latches, order, before);
	decide(&f->d, h->pool, &l->rules, &f->m, before, pool_array(h->pool, l->x.n, sizeof(bool)));
	places_find(&f->p, h->pool, &f->m, &f->d);
	return f;
}

static bool
same_held(const struct history *a, const struct history *b)
{
	return memcmp(&a->held, &b->held, sizeof a->held) == 0;
}

/* Places and the transition of memory.h agree for every way out of every place. */
POOLED(places, every_way_leads_to_the_place_of_what_is_then_held)
{
	struct handmade h = boxes(pool);

	for (uint32_t order = 1; order <= 4; order *= 2) {
		const struct found *f = found_from(&h, order);
		const struct places *p = &f->p;

		cr_assert_eq(f->latches.n, 2);
		cr_assert_geq(p->n, 4, "both are held or not");
		for (uint32_t i = 0; i < p->n; i++) {
			const struct place *at = &p->place[i];

			cr_expect_eq(at->back == MEMORY_NONE, at->nrecent == 0);
			if (at->back != MEMORY_NONE) {
				cr_expect_lt(p->place[at->back].nrecent, at->nrecent);
				cr_expect(same_held(&p->place[at->back].history, &at->history));
			}
			for (uint32_t t = at->first; t < at->first + at->n; t++) {
				const struct turning *turn = &p->turning[t];

				for (uint32_t w = turn->first; w < turn->first + turn->n; w++) {
					const struct answer *a = p->way[w].choice->answer;
					struct history then = memory_step(&f->m, &at->history, turn->client,
					    a == NULL ? NO_TEMPLATE : a->server);

					cr_assert_lt(p->way[w].next, p->n);
					cr_expect(same_held(&p->place[p->way[w].next].history, &then));
				}
			}
		}
	}
}

POOLED(places, one_without_recent_symbols_answers_every_template)
{
	struct handmade h = boxes(pool);
	const struct found *f = found_from(&h, 2);

	for (uint32_t i = 0; i < f->p.n; i++) {
		const struct place *at = &f->p.place[i];
		uint32_t templates = 0;

		for (uint32_t t = 0; t < f->l->client.n; t++)
			templates += !f->d.dropped[t];
		if (at->nrecent == 0)
			cr_expect_eq(at->n, templates + 1, "and the connection");
	}
}

/* What a place, or one that it backs off to, says to a template at last; NULL: nothing. */
static const struct answer *
said_at_last(const struct places *p, uint32_t place, uint32_t client)
{
	for (; place != MEMORY_NONE; place = p->place[place].back) {
		const struct place *at = &p->place[place];

		for (uint32_t t = at->first; t < at->first + at->n; t++)
			if (p->turning[t].client == client)
				return p->way[p->turning[t].first + p->turning[t].n - 1].choice->answer;
	}
	return NULL;
}

static void
rename_as(struct handmade *h, unsigned logins, const char *what, const char *from, const char *to,
    unsigned times)
{
	static const char *const in[] = { ">LOGIN\r\n", "<230 welcome\r\n", ">PICK\r\n", "<250 picked\r\n" };

	while (times-- > 0) {
		handmade_talk(h, "<220 ready\r\n", NULL);
		for (unsigned i = 0; i < 2 * logins; i++)
			handmade_say(h, in[i][0] == '<' ? SIDE_SERVER : SIDE_CLIENT, span_str(in[i] + 1));
		boxes_ask(h, what, from);
		boxes_ask(h, "TO\r\n", to);
	}
}

/* Two with each combination of what is held: too few for any of them, but not for all together. */
POOLED(places, what_follows_from_the_last_reply_does_whatever_is_held)
{
	struct handmade h = boxes(pool);
	const struct found *f;
	uint32_t refused, to, tried = 0;

	for (unsigned logins = 0; logins < 3; logins++) {
		rename_as(&h, logins, "FROM nothing\r\n", "551 no\r\n", "503 from where\r\n", 2);
		rename_as(&h, logins, "FROM letter\r\n", "350 go on\r\n", "254 renamed\r\n", 8);
	}
	f = found_from(&h, 1);
	refused = template_named(pool, &f->l->server, LEVEL_FULL, "551 no;");
	to = template_named(pool, &f->l->client, LEVEL_FULL, "TO;");
	cr_assert_neq(refused, NO_TEMPLATE);
	cr_assert_neq(to, NO_TEMPLATE);
	for (uint32_t i = 0; i < f->p.n; i++) {
		const struct place *at = &f->p.place[i];
		const struct answer *a = said_at_last(&f->p, i, to);
		bool after = at->nrecent == 1 && at->history.recent[0] == 2 * refused + 1;

		cr_assert_not_null(a);
		cr_expect_eq(a->server, template_named(pool, &f->l->server, LEVEL_FULL,
		    after ? "503 from where;" : "254 renamed;"), "place %u", i);
		tried += after;
	}
	cr_expect_geq(tried, 3, "%u places, %u latches", f->p.n, f->latches.n);
}

POOLED(places, a_service_without_memory_has_one)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	const struct found *f;
	uint32_t x = 1;

	for (unsigned i = 0; i < BOXES_TALKS; i++) {
		handmade_open(&h);
		boxes_small_talk(&h, &x, 12);
	}
	f = found_from(&h, 2);
	cr_expect_eq(f->p.n, 1);
	cr_expect_eq(f->latches.n, 0);
}
