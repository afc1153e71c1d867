#include "learning/sides.h"

#include <stdio.h>

enum { SWAPS = 5 };

/* What the ends of one conversation are called in its messages, and what they become. */
struct swaps {
	char from[SWAPS][ADDR_TEXT + 8], to[SWAPS][ADDR_TEXT + 8];
	uint32_t n;
};

static void
add_swap(struct swaps *s, uint32_t from, uint32_t to, const char *form)
{
	snprintf(s->from[s->n], sizeof s->from[0], form, from >> 24, from >> 16 & 255, from >> 8 & 255,
	    from & 255);
	snprintf(s->to[s->n++], sizeof s->to[0], form, to >> 24, to >> 16 & 255, to >> 8 & 255,
	    to & 255);
}

static void
swaps_of(struct swaps *s, const struct conversation *c)
{
	s->n = 0;
	if (!addr_is_v4(&c->client) || !addr_is_v4(&c->server))
		return;
	add_swap(s, addr_to_v4(&c->client), SIDES_CLIENT, "%u.%u.%u.%u:");	/* the port follows */
	snprintf(strchr(s->from[0], ':'), 8, ":%u", c->client_port);
	snprintf(strchr(s->to[0], ':'), 8, ":%u", SIDES_CLIENT_PORT);
	add_swap(s, addr_to_v4(&c->client), SIDES_CLIENT, "%u.%u.%u.%u");
	add_swap(s, addr_to_v4(&c->server), SIDES_SERVER, "%u.%u.%u.%u");
	add_swap(s, addr_to_v4(&c->client), SIDES_CLIENT, "%u,%u,%u,%u");
	add_swap(s, addr_to_v4(&c->server), SIDES_SERVER, "%u,%u,%u,%u");
}

static bool
is_digit(uint8_t b)
{
	return b >= '0' && b <= '9';
}

/* Does the i-th name stand at this place, and end there? */
static bool
stands(const struct swaps *s, uint32_t i, struct span m, size_t at)
{
	size_t n = strlen(s->from[i]);

	return m.n - at >= n && memcmp(m.p + at, s->from[i], n) == 0 &&
	    (at + n == m.n || !is_digit(m.p[at + n]));
}

static struct span
swapped(struct pool *pool, const struct swaps *s, struct span m)
{
	uint8_t *to = NULL;
	size_t n = 0, kept = 0;

	for (size_t at = 0; at < m.n; at++) {
		uint32_t i = 0;

		if (!is_digit(m.p[at]) || (at > 0 && (is_digit(m.p[at - 1]) || m.p[at - 1] == '.')))
			continue;
		while (i < s->n && !stands(s, i, m, at))
			i++;
		if (i == s->n)
			continue;
		if (to == NULL)		/* every name has seven bytes at least */
			to = pool_alloc(pool, (m.n / 7 + 1) * sizeof s->to[0] + m.n);
		memcpy(to + n, m.p + kept, at - kept);
		n += at - kept;
		memcpy(to + n, s->to[i], strlen(s->to[i]));
		n += strlen(s->to[i]);
		at += strlen(s->from[i]) - 1;
		kept = at + 1;
	}
	if (to == NULL)
		return m;
	memcpy(to + n, m.p + kept, m.n - kept);
	return span_of(to, n + m.n - kept);
}

/* Is e a further piece of what the client said in the exchange before? */
static bool
is_piece(const struct exchanges *x, uint32_t first, uint32_t i)
{
	const struct exchange *e = &x->exchange[i], *before = e - 1;
	const struct span *a, *b;

	if (i == first || e->known || before->known || e->server != NO_UNIT ||
	    e->client == NO_UNIT || before->client == NO_UNIT)
		return false;
	a = &x->unit[before->client].bytes;
	b = &x->unit[e->client].bytes;
	return a->p + a->n == b->p;
}

void
sides_of_events(struct prisma_input *out, struct pool *pool, const struct corpus *corpus,
    const struct exchanges *x, const uint32_t *event)
{
	struct prisma_message *m = pool_array(pool, 2 * (size_t)x->n + 1, sizeof *m), *client = m;
	uint32_t *first = pool_array(pool, x->conversations + 1, sizeof *first), n = 0;
	struct swaps swaps;

	for (uint32_t c = 0; c < x->conversations; c++) {
		first[c] = n;
		swaps_of(&swaps, &corpus->conversations[c]);
		for (uint32_t i = x->first[c]; i < x->first[c + 1]; i++) {
			const struct exchange *e = &x->exchange[i];

			if (is_piece(x, x->first[c], i)) {
				client->bytes.n += x->unit[e->client].bytes.n;
				continue;
			}
			if (e->client != NO_UNIT) {
				client = &m[n++];
				*client = (struct prisma_message){ .bytes = x->unit[e->client].bytes,
					.event = event[e->client] };
			}
			if (e->server != NO_UNIT)
				m[n++] = (struct prisma_message){ .bytes = x->unit[e->server].bytes,
					.event = event[e->server],
					.server = true };
		}
		for (uint32_t i = first[c]; i < n && !x->client_lexer.binary; i++)
			m[i].bytes = swapped(pool, &swaps, m[i].bytes);
	}
	first[x->conversations] = n;
	*out = (struct prisma_input){ m, first, x->conversations };
}

void
sides_of(struct prisma_input *out, struct pool *pool, const struct corpus *corpus,
    const struct rules *r, const struct naming *names)
{
	const struct exchanges *x = r->x;
	uint32_t *event = pool_array(pool, x->nunit + 1, sizeof *event);

	for (uint32_t i = 0; i < x->n; i++) {
		const struct exchange *e = &x->exchange[i];

		if (e->client != NO_UNIT)
			event[e->client] = names->client[r->client->of[LEVEL_FULL][e->client]] / 2;
		if (e->server != NO_UNIT)
			event[e->server] = names->server[r->server->of[LEVEL_FULL][e->server]] / 2;
	}
	sides_of_events(out, pool, corpus, x, event);
}
