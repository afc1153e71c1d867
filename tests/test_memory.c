#include "learning/markov.h"
#include "tests/learned.h"
#include "tests/pooled.h"

static struct handmade
talks(struct pool *pool)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	for (unsigned i = 0; i < 80; i++)
		handmade_talk(&h, "<220 ready\r\n", ">LIST\r\n", "<530 no\r\n", ">NOOP\r\n", "<200 ok\r\n",
		    i % 2 ? ">USER me\r\n" : ">HELP\r\n", i % 2 ? "<230 hello\r\n" : "<214 try\r\n",
		    ">NOOP\r\n", "<200 ok\r\n", ">LIST\r\n", i % 2 ? "<250 all\r\n" : "<530 no\r\n", NULL);
	return h;
}

static uint32_t
client_of(const struct learned *l, uint32_t exchange)
{
	uint32_t u = l->x.exchange[exchange].client;

	return u == NO_UNIT ? l->client.n : l->client.of[LEVEL_FULL][u];
}

static uint32_t
server_of(const struct learned *l, uint32_t exchange)
{
	uint32_t u = l->x.exchange[exchange].server;

	return u == NO_UNIT ? NO_TEMPLATE : l->server.of[LEVEL_FULL][u];
}

/* Without latches it is the order-k model, state by state. */
POOLED(memory, without_latches_its_states_are_those_of_the_markov_model)
{
	static const struct latches none;
	struct handmade h = talks(pool);
	struct learned *l = learned_from(&h, false);
	struct symbols names = symbols_of_templates(pool, l);
	uint32_t *before = pool_array(pool, l->x.n, sizeof *before), nseq = 0;
	struct markov_seq *seq = pool_array(pool, l->x.conversations, sizeof *seq);

	for (uint32_t v = 0; v < l->x.conversations; v++) {
		uint32_t n = l->x.first[v + 1] - l->x.first[v];
		uint32_t *s = pool_array(pool, 2 * n, sizeof *s);

		for (uint32_t i = 0; i < n; i++) {
			uint32_t e = l->x.first[v] + i, c = client_of(l, e), r = server_of(l, e);

			s[2 * i] = c == l->client.n ? names.connect : names.client[c];
			s[2 * i + 1] = r == NO_TEMPLATE ? names.silence : names.server[r];
		}
		seq[nseq++] = (struct markov_seq){ s, 2 * n };
	}
	for (uint32_t order = 1; order <= MEMORY_MAX_ORDER; order++) {
		struct memory m;
		struct markov k;

		memory_build(&m, pool, &l->x, &l->client, &l->server, &names, &none, order, before);
		markov_build(&k, pool, seq, nseq, order);
		for (uint32_t v = 0; v < nseq; v++) {
			for (uint32_t i = 0; i < seq[v].n / 2; i++) {
				uint32_t e = l->x.first[v] + i;
				const struct memory_state *s = &m.state[before[e]];
				const struct markov_state *t = &k.state[markov_longest(&k, seq[v].symbol, 2 * i)];

				cr_assert_eq(s->length, order);
				cr_assert_eq(t->length, order);
				cr_assert_eq(memcmp(s->number, t->symbol, order * sizeof *s->number), 0);
			}
		}
	}
}

POOLED(memory, old_symbols_are_forgotten_first_and_latches_last)
{
	struct handmade h = talks(pool);
	struct learned *l = learned_from(&h, false);
	struct symbols names = symbols_of_templates(pool, l);
	uint32_t *before = pool_array(pool, l->x.n, sizeof *before);
	struct latches latches;
	struct memory m;

	latches_learn(&latches, pool, &l->x, &l->client, &l->server);
	cr_assert_eq(latches.n, 1);
	memory_build(&m, pool, &l->x, &l->client, &l->server, &names, &latches, 2, before);
	cr_expect_eq(m.full, 3);
	for (uint32_t s = 0; s < m.nstates; s++) {
		const struct memory_state *st = &m.state[s];

		cr_assert_eq(memory_find(&m, st->number, st->length), s);
		if (st->length == 0) {
			cr_expect_eq(st->back, MEMORY_NONE);
			continue;
		}
		cr_expect_lt(m.state[st->back].rank, st->rank);
		if (st->lone) {
			cr_expect_eq(st->number[1], MEMORY_ANY);
			cr_expect_eq(m.state[st->back].length, 0);
			continue;
		}
		cr_expect_lt(st->number[st->length - 1], latches.nvalues[0]);
		cr_expect_eq(m.state[st->back].length, st->length - 1);
		cr_expect_eq(memcmp(m.state[st->back].number, st->number + 1,
		    (st->length - 1) * sizeof *st->number), 0);
	}
}

/* All of it, without the oldest symbol, ..., the last symbol alone, the latches, nothing. */
POOLED(memory, the_last_symbol_alone_is_asked_between_histories_and_latches)
{
	struct handmade h = talks(pool);
	struct learned *l = learned_from(&h, false);
	struct symbols names = symbols_of_templates(pool, l);
	uint32_t *before = pool_array(pool, l->x.n, sizeof *before), chain[MEMORY_CHAIN], all;
	struct latches latches;
	struct memory m;

	latches_learn(&latches, pool, &l->x, &l->client, &l->server);
	memory_build(&m, pool, &l->x, &l->client, &l->server, &names, &latches, 2, before);
	for (uint32_t i = 0; i < l->x.n; i++) {
		const uint32_t *tuple = m.state[before[i]].number;

		all = memory_chain(&m, tuple, 2, chain);
		cr_assert_eq(all, 5);
		for (uint32_t k = 0; k + 1 < all; k++)
			cr_expect_gt(m.state[chain[k]].rank, m.state[chain[k + 1]].rank);
		cr_expect_eq(chain[0], before[i]);
		cr_assert(m.state[chain[2]].lone);
		cr_expect_eq(m.state[chain[2]].number[0], tuple[1]);
		cr_expect_eq(memory_chain(&m, tuple, 0, chain), 2, "no symbol, none alone");
	}
}

POOLED(memory, a_step_leads_where_the_captures_went)
{
	struct handmade h = talks(pool);
	struct learned *l = learned_from(&h, false);
	struct symbols names = symbols_of_templates(pool, l);
	uint32_t *before = pool_array(pool, l->x.n, sizeof *before), tuple[MEMORY_MAX];
	struct latches latches;

	latches_learn(&latches, pool, &l->x, &l->client, &l->server);
	for (uint32_t order = 1; order <= MEMORY_MAX_ORDER; order++) {
		struct memory m;

		memory_build(&m, pool, &l->x, &l->client, &l->server, &names, &latches, order, before);
		for (uint32_t v = 0; v < l->x.conversations; v++) {
			struct history at = memory_start(&m);

			for (uint32_t e = l->x.first[v]; e < l->x.first[v + 1]; e++) {
				memory_tuple(&m, &at, tuple);
				cr_assert_eq(memory_find(&m, tuple, m.full), before[e]);
				at = memory_step(&m, &at, client_of(l, e), server_of(l, e));
			}
		}
	}
}
