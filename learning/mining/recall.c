#include "learning/mining/recall.h"

#include <stdlib.h>

struct said {			/* a reply to an argument, and how often */
	struct span arg, reply;
	uint32_t n;
};

static int
by_arg_and_reply(const void *pa, const void *pb)
{
	const struct said *a = pa, *b = pb;
	int c = span_cmp(a->arg, b->arg);

	return c != 0 ? c : span_cmp(a->reply, b->reply);
}

static bool
is_recalled(const struct forms *f, uint32_t form)
{
	const struct form *o = &f->form[form];

	if (o->command == CANONICAL_OTHER)
		return !o->bare && o->verb.n > 0 && f->c->d->framing == FRAMING_LINE;
	return o->narg == 1 && o->constant[0] < 0 && f->c->d->command[o->command].answer == ANSWER_DATA;
}

/* Of a verb that nobody declared, the rest of its line. */
static struct span
argument_of(const struct inter *i)
{
	return i->command == CANONICAL_OTHER ? i->rest : i->arg[0];
}

/* Do arguments tell a verb's replies, and not merely repeat in them? Else one phrase says it for all. */
static bool
is_told_by_argument(const struct text_map *m, const struct said *s, uint32_t n)
{
	uint32_t right = 0, usual = 0, plain = 0;

	for (uint32_t i = 0, k = 0; i < n; i++) {
		while (!span_eq(m->pair[k].key, s[i].arg))
			k++;	/* both are sorted */
		right += span_eq(m->pair[k].value, s[i].reply);
		plain += s[i].arg.n > 0 && memmem(s[i].reply.p, s[i].reply.n, s[i].arg.p, s[i].arg.n) != NULL;
	}
	for (uint32_t k = 0; k < MIN(m->n, (uint32_t)RECALL_LOOK); k++) {
		uint32_t same = 0;

		for (uint32_t i = 0; i < n; i++)
			same += span_eq(s[i].reply, m->pair[k].value);
		usual = MAX(usual, same);
	}
	return n >= RECALL_SUPPORT && right > usual && 2 * plain < n;
}

static void
recall_form(struct text_map *to, struct pool *pool, const struct world *w, uint32_t form)
{
	const struct forms *f = w->f;
	struct said *s = pool_array(pool, f->form[form].count + 1u, sizeof *s);
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->c->n; i++)
		if (f->of[i] == form && w->good[i])
			s[n++] = (struct said){ argument_of(&f->c->inter[i]),
				span_sub(f->c->inter[i].reply, 0, MODEL_REPLY_BYTES), 1 };
	qsort(s, n, sizeof *s, by_arg_and_reply);
	to->pair = pool_array(pool, n + 1u, sizeof *to->pair);
	for (uint32_t i = 0; i < n;) {
		uint32_t best = 0, end = i;

		while (end < n && span_eq(s[end].arg, s[i].arg)) {
			uint32_t run = end;

			while (run < n && span_eq(s[run].arg, s[i].arg) && span_eq(s[run].reply, s[end].reply))
				run++;
			if (run - end > best) {
				best = run - end;
				to->pair[to->n] = (struct text_pair){ s[i].arg, s[end].reply };
			}
			end = run;
		}
		to->n++;
		i = end;
	}
	if (f->form[form].command == CANONICAL_OTHER && !is_told_by_argument(to, s, n))
		to->n = 0;
}

static struct span
head_of(struct span reply)
{
	const uint8_t *end = reply.n == 0 ? NULL : memmem(reply.p, reply.n, "\r\n\r\n", 4);

	return end == NULL ? reply : span_sub(reply, 0, (size_t)(end + 4 - reply.p));
}

/* Is a the head of b, but for a line or two? */
static bool
is_head_of(struct span a, struct span b)
{
	struct span head = head_of(b), left = a;
	uint32_t lines = 0, same = 0;

	if (head.n == b.n)
		return false;
	while (left.n > 0) {
		const uint8_t *end = memchr(left.p, '\n', left.n);
		size_t n = end == NULL ? left.n : (size_t)(end + 1 - left.p);

		lines++;
		same += memmem(head.p, head.n, left.p, n) != NULL;
		left = span_sub(left, n, left.n);
	}
	return same * 100ull >= lines * (uint64_t)RECALL_LINES_PERCENT;
}

/* Was b ever answered with what a's reply i is the head of, for the same argument? */
static int
has_whole(const struct world *w, uint32_t i, uint32_t b)
{
	const struct inter *it = w->f->c->inter;
	bool asked = false;

	for (uint32_t k = 0; k < w->f->c->n; k++) {
		if (w->f->of[k] != b || !w->good[k] || !span_eq(it[k].arg[0], it[i].arg[0]))
			continue;
		if (is_head_of(it[i].reply, it[k].reply))
			return 1;
		asked = true;
	}
	return asked ? 0 : -1;
}

static bool
says_heads_of(const struct world *w, uint32_t a, uint32_t b)
{
	uint32_t both = 0, heads = 0;

	for (uint32_t i = 0; i < w->f->c->n; i++)
		if (w->f->of[i] == a && w->good[i]) {
			int has = head_of(w->f->c->inter[i].reply).n == w->f->c->inter[i].reply.n ? has_whole(w, i, b) : 0;

			both += has >= 0;
			heads += has > 0;
		}
	return heads >= RECALL_SUPPORT && heads * 100ull >= both * (uint64_t)RECALL_PERCENT;
}

/* What b holds and a does not, as heads. Both are sorted. */
static void
add_heads(struct text_map *a, struct pool *pool, const struct text_map *b)
{
	struct text_pair *p = pool_array(pool, a->n + b->n + 1u, sizeof *p);
	uint32_t n = 0, i = 0, k = 0;

	while (i < a->n || k < b->n) {
		int c = i == a->n ? 1 : k == b->n ? -1 : span_cmp(a->pair[i].key, b->pair[k].key);

		p[n] = c <= 0 ? a->pair[i] : (struct text_pair){ b->pair[k].key, head_of(b->pair[k].value) };
		i += c <= 0;
		k += c >= 0;
		n++;
	}
	*a = (struct text_map){ p, n };
}

void
recall_find(struct recall *to, struct pool *pool, const struct world *w)
{
	uint32_t n = w->f->n;

	to->map = pool_array(pool, n + 1u, sizeof *to->map);
	to->head_of = pool_array(pool, n + 1u, sizeof *to->head_of);
	for (uint32_t f = 0; f < n; f++) {
		to->head_of[f] = -1;
		if (is_recalled(w->f, f))
			recall_form(&to->map[f], pool, w, f);
	}
	for (uint32_t a = 0; a < n; a++)
		for (uint32_t b = 0; b < n && to->head_of[a] < 0; b++)
			if (a != b && to->map[a].n > 0 && to->map[b].n > 0 && says_heads_of(w, a, b))
				to->head_of[a] = (int32_t)b;
	for (uint32_t a = 0; a < n; a++)
		if (to->head_of[a] >= 0)
			add_heads(&to->map[a], pool, &to->map[to->head_of[a]]);
}
