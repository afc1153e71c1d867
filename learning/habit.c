#include "learning/habit.h"

#include <stdlib.h>

enum {
	GENERIC_SUBJECTS = 8,	/* different subjects that got an answer that fits all */
	GENERIC_SHARE = 400,	/* and one in so many of all subjects */
};

/*
 * Where do servers repeat the client's byte in the same place, whatever it is? A constant equals a
 * constant by chance: so they must do so for several different bytes, or for those bytes that
 * are not the usual one there.
 */
static void
find_echoes(struct habits *out, struct pool *pool, const struct exchanges *x)
{
	struct { uint32_t all, same; } (*seen)[256];	/* per place and byte */

	out->echo = pool_array(pool, HABIT_BYTES, sizeof *out->echo);
	if (!x->client_lexer.binary)
		return;
	seen = pool_array(pool, HABIT_BYTES, sizeof *seen);
	for (uint32_t i = 0; i < x->n; i++) {
		const struct exchange *e = &x->exchange[i];
		const struct unit *c, *s;

		if (!e->known || e->client == NO_UNIT || e->server == NO_UNIT)
			continue;
		c = &x->unit[e->client];
		s = &x->unit[e->server];
		for (uint32_t j = 0; j < MIN(MIN(c->ntoken, s->ntoken), (uint32_t)HABIT_BYTES); j++) {
			if (c->token[j].kind != TOKEN_BYTE || s->token[j].kind != TOKEN_BYTE)
				continue;
			seen[j][c->token[j].bytes.p[0]].all++;
			seen[j][c->token[j].bytes.p[0]].same +=
			    c->token[j].bytes.p[0] == s->token[j].bytes.p[0];
		}
	}
	for (uint32_t j = 0; j < HABIT_BYTES; j++) {
		uint32_t usual = 0, all = 0, other = 0, same = 0, same_other = 0, values = 0;

		for (uint32_t b = 1; b < 256; b++)
			usual = seen[j][b].all > seen[j][usual].all ? b : usual;
		for (uint32_t b = 0; b < 256; b++) {
			values += seen[j][b].all > 0;
			all += seen[j][b].all;
			same += seen[j][b].same;
			other += b != usual ? seen[j][b].all : 0;
			same_other += b != usual ? seen[j][b].same : 0;
		}
		out->echo[j] = (values >= 3 && same * 100ull >= all * 95ull) ||
		    (other > 0 && other * 100ull >= all && same_other * 100ull >= other * 80ull);
	}
}

/* What a message is about, for counting: its run, or all of it, in lower case. */
static struct span
subject_of(struct pool *pool, const struct unit *u)
{
	struct span s = u->bytes;
	uint8_t *low;

	for (uint32_t j = 0; j < u->ntoken; j++)
		if (u->token[j].kind == TOKEN_RUN)
			s = u->token[j].bytes;
	low = pool_copy(pool, s.p, s.n);
	for (size_t i = 0; i < s.n; i++)
		low[i] |= low[i] >= 'A' && low[i] <= 'Z' ? 0x20 : 0;
	return span_of(low, s.n);
}

struct about {
	uint32_t server, subject;
};

static int
about_cmp(const void *a, const void *b)
{
	const struct about *x = a, *y = b;

	return x->server != y->server ? (x->server > y->server) - (x->server < y->server)
				      : (x->subject > y->subject) - (x->subject < y->subject);
}

/* Server templates that were said to many different subjects, of all that there are. */
static void
find_generic(struct habits *out, struct pool *pool, const struct exchanges *x,
    const struct templates *server)
{
	struct about *all = pool_array(pool, x->n, sizeof *all);
	struct intern subjects;
	uint32_t n = 0;

	out->generic = pool_array(pool, server->n + 1, sizeof *out->generic);
	intern_init(&subjects, pool);
	for (uint32_t i = 0; i < x->n; i++) {
		const struct exchange *e = &x->exchange[i];

		if (e->known && e->client != NO_UNIT && e->server != NO_UNIT)
			all[n++] = (struct about){ server->of[LEVEL_FULL][e->server],
				intern_add(&subjects, subject_of(pool, &x->unit[e->client])) };
	}
	qsort(all, n, sizeof *all, about_cmp);
	for (uint32_t i = 0, distinct = 0; i < n; i++) {
		bool same = i > 0 && all[i - 1].server == all[i].server;

		distinct = same ? distinct + (all[i - 1].subject != all[i].subject) : 1;
		if (distinct >= MAX((uint32_t)GENERIC_SUBJECTS, subjects.n / GENERIC_SHARE))
			out->generic[all[i].server] = true;
	}
}

void
habits_learn(struct habits *out, struct pool *pool, const struct exchanges *x,
    const struct templates *server)
{
	find_echoes(out, pool, x);
	find_generic(out, pool, x, server);
}
