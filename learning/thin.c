#include "learning/thin.h"

#include "learning/gather.h"

enum {
	TOKEN_CELLS = 1 << 16,
	PAIR_CELLS = 1 << 18,
	TOKENS = 8,			/* of a message that are looked at */
	FIRST_WORD = 16,		/* bytes */
	COMMON = 64,			/* a token is common when one message in so many has it, */
	OFTEN = 4,			/* ... and it was there so often */
	BINARY = 24,			/* bytes of a binary message that are looked at, one by one */
	PAIRS = 512			/* of a conversation that are looked at */
};

void
thin_init(struct thin *t, struct pool *pool, size_t budget)
{
	*t = (struct thin){ .pool = pool, .budget = budget };
	if (budget == 0)
		return;
	t->token = pool_array(pool, TOKEN_CELLS, sizeof *t->token);
	t->pair = pool_array(pool, PAIR_CELLS, sizeof *t->pair);
}

static bool
is_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c >= 128;
}

/* Counts the token in its place; is it one that many messages have there? */
static bool
is_common(struct thin *t, enum side side, unsigned place, struct span token)
{
	uint64_t h = hash_stir(span_hash(token, hash_stir(2 * place + (unsigned)side + 1)));
	uint32_t n = ++t->token[h & (TOKEN_CELLS - 1)];

	return n >= OFTEN && (uint64_t)n * COMMON >= t->messages[side];
}

/* Words and the runs between them; a first word counts as it is, any other when it is common. */
static uint64_t
text_shape(struct thin *t, enum side side, struct span m)
{
	uint64_t h = (uint64_t)side;
	size_t at = 0;

	for (unsigned place = 0; place < TOKENS && at < m.n; place++) {
		bool word = is_word(m.p[at]);
		size_t from = at;
		struct span token;

		while (at < m.n && is_word(m.p[at]) == word)
			at++;
		token = span_sub(m, from, at - from);
		if (place == 0 && token.n > FIRST_WORD)
			token.n = FIRST_WORD;
		h = hash_stir(h ^ (uint64_t)word << 32);
		if (is_common(t, side, place, token) || place == 0 || !word)
			h ^= span_hash(token, place);
	}
	return hash_stir(h ^ (at < m.n));
}

static uint64_t
binary_shape(struct thin *t, enum side side, struct span m)
{
	uint64_t h = (uint64_t)side + 2;

	for (unsigned i = 0; i < BINARY && i < m.n; i++)
		h = hash_stir(h ^ (is_common(t, side, i, span_sub(m, i, 1)) ? 256u | m.p[i] : 0));
	return hash_stir(h ^ (uint64_t)(64 - __builtin_clzll(m.n | 1)) << 16);
}

static bool
is_text(struct span m)
{
	for (size_t i = 0; i < MIN(m.n, (size_t)BINARY); i++)
		if (m.p[i] < 32 && m.p[i] != '\r' && m.p[i] != '\n' && m.p[i] != '\t')
			return false;
	return true;
}

static uint64_t
shape_of(struct thin *t, const struct message *m)
{
	enum side side = (enum side)m->side;

	t->messages[side]++;
	return is_text(m->bytes) ? text_shape(t, side, m->bytes) : binary_shape(t, side, m->bytes);
}

/* Is one of the talk's pairs new? Then all of them have been seen in one conversation more. */
static bool
is_fresh(struct thin *t, const struct talk *talk)
{
	uint64_t before = (uint64_t)talk->proto << 16 | talk->port[SIDE_SERVER];
	uint8_t *cell[PAIRS + 1];
	uint32_t n = 0;
	bool fresh = false;

	for (; n < MIN(talk->n, (uint32_t)PAIRS); n++) {
		uint64_t shape = shape_of(t, &talk->messages[n]);

		cell[n] = &t->pair[hash_stir(before ^ shape << 1) & (PAIR_CELLS - 1)];
		before = shape;
	}
	cell[n++] = &t->pair[hash_stir(before ^ talk->end) & (PAIR_CELLS - 1)];
	for (uint32_t i = 0; i < n; i++)
		fresh |= *cell[i] < THIN_SEEN;
	for (uint32_t i = 0; i < n && fresh; i++)
		*cell[i] += *cell[i] < UINT8_MAX;
	return fresh;
}

/* Chance: the same for a conversation whatever stands beside it. */
static uint64_t
draw(const struct talk *t)
{
	uint64_t h = span_hash(span_of(t->addr, sizeof t->addr), (uint64_t)t->start_ns);

	return hash_stir(h ^ (uint64_t)t->port[0] << 16 ^ t->port[1]);
}

static size_t
weigh(const struct talk *t)
{
	size_t weight = THIN_TALK;

	for (uint32_t i = 0; i < t->n; i++)
		weight += THIN_MESSAGE + MIN(t->messages[i].bytes.n, (size_t)THIN_BYTES);
	return weight;
}

/* Does a go before b? Where chance is equal, the later one. */
static bool
goes_first(const struct talk *a, const struct talk *b)
{
	return a->lot != b->lot ? a->lot > b->lot : a->start_ns > b->start_ns;
}

static void
push(struct thin_heap *h, struct pool *pool, struct talk *talk)
{
	uint32_t at = h->n++;

	if (at == h->room) {
		h->room = MAX(256u, h->room * 2);
		h->v = pool_grow(pool, h->v, at, h->room, sizeof(struct talk *));
	}
	for (; at > 0 && goes_first(talk, h->v[(at - 1) / 2]); at = (at - 1) / 2)
		h->v[at] = h->v[(at - 1) / 2];
	h->v[at] = talk;
	h->weight += talk->weight;
}

static struct talk *
pop(struct thin_heap *h)
{
	struct talk *top = h->v[0], *last = h->v[--h->n];
	uint32_t at = 0, child;

	while ((child = 2 * at + 1) < h->n) {
		child += child + 1 < h->n && goes_first(h->v[child + 1], h->v[child]);
		if (!goes_first(h->v[child], last))
			break;
		h->v[at] = h->v[child];
		at = child;
	}
	h->v[at] = last;
	h->weight -= top->weight;
	return top;
}

void
thin_add(struct thin *t, struct talk *talk)
{
	talk->lot = draw(talk);
	talk->weight = weigh(talk);
	push(is_fresh(t, talk) ? &t->fresh : &t->plain, t->pool, talk);
	while (t->fresh.weight > t->budget / 8)
		push(&t->plain, t->pool, pop(&t->fresh));
}

struct talk *
thin_surplus(struct thin *t)
{
	if (t->fresh.weight + t->plain.weight <= t->budget || t->plain.n == 0)
		return NULL;
	return pop(&t->plain);
}
