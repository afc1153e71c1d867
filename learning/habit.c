#include "learning/habit.h"

#include <stdlib.h>

enum {
	MIN_BITS = 12,		/* samples of either value that show that a bit is repeated */
	MANY_VALUES = 24,	/* different bytes in a place that looks random */
	MOVED_BYTES = 96,	/* places of both sides that are compared with each other */
	MOVED_SAMPLES = 4096,	/* exchanges looked at for that */
	GENERIC_SUBJECTS = 8,	/* different subjects that got an answer that fits all */
	GENERIC_SHARE = 400,	/* and one in so many of all subjects */
};

/* The byte of a token that is one, or -1. */
static int
byte_of(const struct unit *u, uint32_t j)
{
	return j < u->ntoken && u->token[j].kind == TOKEN_BYTE ? u->token[j].bytes.p[0] : -1;
}

/* A number for what a token says that is one byte, or a part in many bytes; -1. */
static int
value_of(const struct unit *u, uint32_t j)
{
	return j < u->ntoken && u->token[j].kind == TOKEN_PART ? (int)(span_hash(u->token[j].bytes, 0) & 0xff)
	    : byte_of(u, j);
}

static bool
is_answered(const struct exchange *e)
{
	return e->known && e->client != NO_UNIT && e->server != NO_UNIT;
}

/*
 * Where do servers repeat the client's byte, or part, in the same place, whatever it is? A constant equals a
 * constant by chance: so they must do so for several different bytes, or for those bytes that
 * are not the usual one there.
 */
static void
find_echoes(struct habits *out, struct pool *pool, const struct exchanges *x)
{
	struct { uint32_t all, same; } (*seen)[256];	/* per place and byte */

	seen = pool_array(pool, HABIT_BYTES, sizeof *seen);
	for (uint32_t i = 0; i < x->n; i++) {
		const struct exchange *e = &x->exchange[i];

		for (uint32_t j = 0; j < HABIT_BYTES && is_answered(e); j++) {
			int asked = value_of(&x->unit[e->client], j), said = value_of(&x->unit[e->server], j);

			if (asked < 0 || said < 0 ||
			    x->unit[e->client].token[j].kind != x->unit[e->server].token[j].kind)
				continue;
			seen[j][asked].all++;
			seen[j][asked].same += asked == said;
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
		if ((values >= 3 && same * 100ull >= all * 95ull) ||
		    (other > 0 && other * 100ull >= all && same_other * 100ull >= other * 80ull))
			out->echo[j] = (struct echo){ (uint8_t)j, 0xff };
	}
}

/* Parts that servers repeat, and most of which come once. */
static void
find_ids(struct habits *out, struct pool *pool, const struct exchanges *x)
{
	out->id = pool_array(pool, HABIT_BYTES, sizeof *out->id);
	for (uint32_t j = 0; j < HABIT_BYTES; j++) {
		struct intern values;
		uint32_t n = 0;

		if (out->echo[j].mask != 0xff || out->echo[j].from != j)
			continue;
		intern_init(&values, pool);
		for (uint32_t i = 0; i < x->n; i++) {
			const struct unit *u = is_answered(&x->exchange[i]) ? &x->unit[x->exchange[i].client] : NULL;

			if (u == NULL || j >= u->ntoken || u->token[j].kind != TOKEN_PART)
				continue;
			intern_add(&values, u->token[j].bytes);
			n++;
		}
		out->id[j] = n >= MANY_VALUES && 2 * values.n >= n;
	}
}

/*
 * Bits of a byte that servers repeat in the same place though not the whole byte: whatever the
 * client's bit is, with enough samples of either.
 */
static void
find_bits(struct habits *out, struct pool *pool, const struct exchanges *x)
{
	struct { uint32_t all[2], same[2]; } (*seen)[8] = pool_array(pool, HABIT_BYTES, sizeof *seen);

	for (uint32_t i = 0; i < x->n; i++) {
		const struct exchange *e = &x->exchange[i];

		for (uint32_t j = 0; j < HABIT_BYTES && is_answered(e); j++) {
			int asked = byte_of(&x->unit[e->client], j), said = byte_of(&x->unit[e->server], j);

			for (unsigned bit = 0; bit < 8 && asked >= 0 && said >= 0; bit++) {
				seen[j][bit].all[asked >> bit & 1]++;
				seen[j][bit].same[asked >> bit & 1] += (asked >> bit & 1) == (said >> bit & 1);
			}
		}
	}
	for (uint32_t j = 0; j < HABIT_BYTES; j++) {
		uint8_t mask = 0;

		for (unsigned bit = 0; bit < 8; bit++) {
			bool echo = true;

			for (unsigned v = 0; v < 2; v++)
				echo &= seen[j][bit].all[v] >= MIN_BITS &&
				    seen[j][bit].same[v] * 100ull >= seen[j][bit].all[v] * 98ull;
			mask |= (uint8_t)(echo << bit);
		}
		if (out->echo[j].mask == 0)
			out->echo[j] = (struct echo){ (uint8_t)j, mask };
	}
}

/* Exchanges in which the reply has the client's byte c in place j, of those that have both places. */
struct moved {
	uint32_t all, same;
};

/* Client bytes that take so many values that nothing equals them by chance. */
static void
find_random(bool *random, struct pool *pool, const struct exchanges *x)
{
	bool (*seen)[256] = pool_array(pool, MOVED_BYTES, sizeof *seen);
	uint32_t *values = pool_array(pool, MOVED_BYTES, sizeof *values);

	for (uint32_t i = 0; i < x->n; i++) {
		for (uint32_t c = 0; c < MOVED_BYTES && is_answered(&x->exchange[i]); c++) {
			int b = byte_of(&x->unit[x->exchange[i].client], c);

			values[c] += b >= 0 && !seen[c][b];
			if (b >= 0)
				seen[c][b] = true;
		}
	}
	for (uint32_t c = 0; c < MOVED_BYTES; c++)
		random[c] = values[c] >= MANY_VALUES;
}

static bool
is_moved(const struct moved *m)
{
	return m->all >= MANY_VALUES && m->same * 100ull >= m->all * 95ull;
}

/*
 * Bytes that servers repeat in another place: one that looks random says so, and its neighbours
 * belong to the same value as far as they are the same, too.
 */
static void
find_moved(struct habits *out, struct pool *pool, const struct exchanges *x)
{
	struct moved (*m)[MOVED_BYTES] = pool_array(pool, MOVED_BYTES, sizeof *m);
	bool *random = pool_array(pool, MOVED_BYTES, sizeof *random);
	uint32_t step = MAX(1u, x->n / MOVED_SAMPLES);

	find_random(random, pool, x);
	for (uint32_t i = 0; i < x->n; i += step) {
		const struct exchange *e = &x->exchange[i];

		for (uint32_t j = 0; j < MOVED_BYTES && is_answered(e); j++) {
			int said = byte_of(&x->unit[e->server], j), asked;

			for (uint32_t c = 0; c < MOVED_BYTES && said >= 0; c++) {
				asked = byte_of(&x->unit[e->client], c);
				m[j][c].all += asked >= 0;
				m[j][c].same += asked == said;
			}
		}
	}
	for (uint32_t j = 0; j < MOVED_BYTES; j++)
		for (uint32_t c = 0; c < MOVED_BYTES && out->echo[j].mask != 0xff; c++)
			if (random[c] && is_moved(&m[j][c]))
				out->echo[j] = (struct echo){ (uint8_t)c, 0xff };
	for (uint32_t j = 1; j < MOVED_BYTES; j++) {	/* onwards */
		struct echo last = out->echo[j - 1];
		uint32_t c = last.from + 1u;

		if (out->echo[j].mask != 0xff && last.mask == 0xff && last.from != j - 1 &&
		    c < MOVED_BYTES && is_moved(&m[j][c]))
			out->echo[j] = (struct echo){ (uint8_t)c, 0xff };
	}
	for (uint32_t j = MOVED_BYTES - 1; j-- > 0;) {	/* and back */
		struct echo next = out->echo[j + 1];

		if (out->echo[j].mask != 0xff && next.mask == 0xff && next.from != j + 1 &&
		    next.from > 0 && is_moved(&m[j][next.from - 1]))
			out->echo[j] = (struct echo){ (uint8_t)(next.from - 1), 0xff };
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
	out->echo = pool_array(pool, HABIT_BYTES, sizeof *out->echo);
	if (x->client_lexer.binary) {
		find_echoes(out, pool, x);
		find_ids(out, pool, x);
		find_bits(out, pool, x);
		find_moved(out, pool, x);
	}
	find_generic(out, pool, x, server);
}
