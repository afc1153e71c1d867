#include "learning/embed.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1 << 14 };	/* features per block: they never move while they are counted */

const char EMBED_SEPARATORS[] = "()<>@,:;\\\"/[]?={}&\n\r\t ";
const char EMBED_WHITESPACE[] = "\r\n\t\v\f ";

struct embed_params
embed_params(const char *separators, uint32_t ngram)
{
	struct embed_params p = { .kind = separators ? EMBED_TOKENS : EMBED_BYTES, .ngram = ngram };

	for (; separators != NULL && *separators != '\0'; separators++)
		p.separator[(uint8_t)*separators] = 1;
	return p;
}

bool
embed_is_text(const struct span *message, uint32_t n)
{
	uint64_t bytes = 0, text = 0;

	for (uint32_t m = 0; m < n; m++) {
		bytes += message[m].n;
		for (size_t i = 0; i < message[m].n; i++) {
			uint8_t b = message[m].p[i];

			/* bytes of UTF-8 sequences: never C0, C1, F5 .. FF */
			text += (b >= 0x20 && b < 0x7f) || b == '\t' || b == '\r' || b == '\n'
			    || (b >= 0x80 && b != 0xc0 && b != 0xc1 && b < 0xf5);
		}
	}
	return bytes > 0 && text * 10 >= bytes * 9;
}

/* Walks the features of a message: hash, and the tokens or bytes it consists of. */
struct walk {
	const struct embed_params *p;
	const uint8_t *at, *end;
	uint32_t have;			/* tokens gathered */
	struct span part[EMBED_MAX_NGRAM];
	uint64_t part_hash[EMBED_MAX_NGRAM];
	uint64_t hash;
};

static struct walk
walk_of(const struct embed_params *p, struct span message)
{
	return (struct walk){ .p = p, .at = message.p, .end = message.p + message.n };
}

static bool
next_bytes(struct walk *w)
{
	uint32_t n = w->p->ngram;
	uint64_t v = 0;

	if ((size_t)(w->end - w->at) < n)
		return false;
	for (uint32_t i = 0; i < n; i++)
		v = v << 8 | w->at[i];
	w->hash = hash_stir(v ^ w->p->seed);
	w->part[0] = span_of(w->at++, n);
	w->have = 1;
	return true;
}

static bool
next_tokens(struct walk *w)
{
	uint32_t n = w->p->ngram;

	do {
		const uint8_t *from;

		while (w->at < w->end && w->p->separator[*w->at])
			w->at++;
		from = w->at;
		while (w->at < w->end && !w->p->separator[*w->at])
			w->at++;
		if (w->at == from)
			return false;
		if (w->have == n) {
			memmove(w->part, w->part + 1, (n - 1) * sizeof *w->part);
			memmove(w->part_hash, w->part_hash + 1, (n - 1) * sizeof *w->part_hash);
			w->have--;
		}
		w->part[w->have] = span_of(from, (size_t)(w->at - from));
		w->part_hash[w->have] = span_hash(w->part[w->have], w->p->seed);
		w->have++;
	} while (w->have < n);
	w->hash = w->p->seed;
	for (uint32_t i = 0; i < n; i++)
		w->hash = hash_stir(w->hash ^ w->part_hash[i]) + i;
	return true;
}

static bool
walk_next(struct walk *w)
{
	return w->p->kind == EMBED_BYTES ? next_bytes(w) : next_tokens(w);
}

static struct embed_feature *
feature_at(const struct embed_count *c, uint32_t i)
{
	return &c->block[i / BLOCK][i % BLOCK];
}

static uint32_t
slot_of(const struct embed_count *c, uint64_t hash)
{
	uint32_t at = (uint32_t)hash & (c->nslots - 1);

	while (c->slot[at] != 0 && feature_at(c, c->slot[at] - 1)->hash != hash)
		at = (at + 1) & (c->nslots - 1);
	return at;
}

static void
make_room(struct embed_count *c, struct pool *pool)
{
	uint32_t nblocks = c->nfeatures / BLOCK;

	if (c->nfeatures % BLOCK == 0) {
		/* the list of blocks doubles */
		if ((nblocks & (nblocks - 1)) == 0)
			c->block = pool_grow(pool, c->block, nblocks, MAX(1u, nblocks * 2),
			    sizeof(struct embed_feature *));
		c->block[nblocks] = pool_array(pool, BLOCK, sizeof **c->block);
	}
	if (c->nfeatures * 2 >= c->nslots) {
		c->nslots = MAX(1024u, c->nslots * 2);
		c->slot = pool_array(pool, c->nslots, sizeof *c->slot);
		for (uint32_t i = 0; i < c->nfeatures; i++)
			c->slot[slot_of(c, feature_at(c, i)->hash)] = i + 1;
	}
}

static void
count_feature(struct embed_count *c, struct pool *pool, uint64_t hash, uint32_t message)
{
	uint32_t at = slot_of(c, hash);
	struct embed_feature *f;

	if (c->slot[at] == 0) {
		*feature_at(c, c->nfeatures) = (struct embed_feature){ .hash = hash };
		c->slot[at] = ++c->nfeatures;
		make_room(c, pool);
		at = slot_of(c, hash);
	}
	f = feature_at(c, c->slot[at] - 1);
	if (f->last != message + 1) {
		f->last = message + 1;
		f->messages++;
	}
}

void
embed_count(struct embed_count *c, struct pool *pool, const struct embed_params *params,
    const struct span *message, uint32_t n)
{
	assert(params->ngram >= 1 && params->ngram <= EMBED_MAX_NGRAM);
	*c = (struct embed_count){ .params = *params, .message = message, .n = n };
	make_room(c, pool);
	for (uint32_t m = 0; m < n; m++) {
		struct walk w = walk_of(&c->params, message[m]);

		while (walk_next(&w))
			count_feature(c, pool, w.hash, m);
	}
	for (uint32_t i = 0; i < c->nfeatures; i++)
		feature_at(c, i)->last = 0;
}

uint32_t *
embed_histogram(struct pool *pool, const struct embed_count *c)
{
	uint32_t *of = pool_array(pool, (size_t)c->n + 1, sizeof *of);

	for (uint32_t i = 0; i < c->nfeatures; i++)
		of[feature_at(c, i)->messages]++;
	return of;
}

static struct span
bytes_of(struct pool *pool, const struct walk *w)
{
	size_t n = w->have - 1;
	uint8_t *p, *to;

	for (uint32_t i = 0; i < w->have; i++)
		n += w->part[i].n;
	p = to = pool_alloc(pool, n);
	for (uint32_t i = 0; i < w->have; i++) {
		if (i > 0)
			*to++ = ' ';
		memcpy(to, w->part[i].p, w->part[i].n);
		to += w->part[i].n;
	}
	return span_of(p, n);
}

static int
ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* The indexed features of a message, each once, ascending; how many. */
static uint32_t
features_of(const struct embed_count *c, struct span message, uint32_t nkept, uint8_t *seen,
    uint32_t *row)
{
	struct walk w = walk_of(&c->params, message);
	uint32_t n = 0;

	while (n < nkept && walk_next(&w)) {
		uint32_t found = c->slot[slot_of(c, w.hash)], at;

		if (found == 0 || (at = feature_at(c, found - 1)->last) == 0 || seen[at - 1])
			continue;
		seen[at - 1] = 1;
		row[n++] = at - 1;
	}
	if (n > 0)
		qsort(row, n, sizeof *row, ascending);
	for (uint32_t i = 0; i < n; i++)
		seen[row[i]] = 0;
	return n;
}

void
embed_index(struct embedding *e, struct pool *pool, struct embed_count *c, uint32_t c_min,
    uint32_t c_max)
{
	uint32_t kept = 0, named = 0, m;
	uint64_t entries = 0;
	uint8_t *seen;

	for (uint32_t i = 0; i < c->nfeatures; i++) {
		struct embed_feature *f = feature_at(c, i);

		f->last = f->messages >= c_min && f->messages <= c_max ? ++kept : 0;
		entries += f->last != 0 ? f->messages : 0;
	}
	*e = (struct embedding){ .x = { .rows = kept, .cols = c->n } };
	e->x.first = pool_array(pool, (size_t)c->n + 1, sizeof *e->x.first);
	e->x.row = pool_array(pool, entries, sizeof *e->x.row);
	e->feature = pool_array(pool, kept, sizeof *e->feature);
	e->messages = pool_array(pool, kept, sizeof *e->messages);
	for (uint32_t i = 0; i < c->nfeatures; i++) {
		if (feature_at(c, i)->last != 0)
			e->messages[feature_at(c, i)->last - 1] = feature_at(c, i)->messages;
	}
	seen = pool_array(pool, kept, 1);
	for (m = 0; m < c->n; m++)
		e->x.first[m + 1] = e->x.first[m] + features_of(c, c->message[m], kept, seen,
		    e->x.row + e->x.first[m]);
	for (m = 0; m < c->n && named < kept; m++) {
		struct walk w = walk_of(&c->params, c->message[m]);

		while (named < kept && walk_next(&w)) {
			uint32_t at = feature_at(c, c->slot[slot_of(c, w.hash)] - 1)->last;

			if (at != 0 && e->feature[at - 1].p == NULL) {
				e->feature[at - 1] = bytes_of(pool, &w);
				named++;
			}
		}
	}
}

struct sparse
embed_message(struct pool *pool, const struct embed_count *c, const struct embedding *e,
    struct span message)
{
	struct sparse x = { .rows = e->x.rows, .cols = 1 };
	uint8_t *seen = pool_array(pool, x.rows, 1);

	x.first = pool_array(pool, 2, sizeof *x.first);
	x.row = pool_array(pool, x.rows, sizeof *x.row);
	x.first[1] = features_of(c, message, x.rows, seen, x.row);
	return x;
}
