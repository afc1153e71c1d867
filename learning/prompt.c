#include "learning/prompt.h"

#include <stdlib.h>

enum {
	PROMPT_BYTES = 256,
	MIN_HEARD = 8,		/* messages behind a prompt */
	WORD_BYTES = 16,
};

static struct span
first_word(struct span s)
{
	size_t n = 0;

	while (n < MIN(s.n, (size_t)WORD_BYTES) && s.p[n] > ' ')
		n++;
	return span_of(s.p, n);
}

/* What messages begin with that the rule ends as one. */
static void
learn_words(struct intern *words, const struct text_eom *rule, const struct heard *h, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (h[i].message.n > 0 && ending_first(rule, h[i].message) == h[i].message.n)
			intern_add(words, first_word(h[i].message));
}

/* Does the rule cut a message into pieces that, most of them, are no messages? */
static bool
tears(const struct text_eom *rule, const struct intern *words, struct span m)
{
	uint32_t strange = 0, pieces = 0;

	for (; m.n > 0; pieces++) {
		size_t one = ending_first(rule, m);

		strange += intern_find(words, first_word(m)) == INTERN_NONE;
		m = span_sub(m, one == 0 ? m.n : one, m.n);
	}
	return pieces > 1 && strange * 2 > pieces;
}

static bool
same_rule(const struct text_eom *a, const struct text_eom *b)
{
	return a->kind == b->kind && span_eq(a->term, b->term) && span_eq(a->label, b->label) &&
	    a->at == b->at && a->width == b->width && a->format == b->format &&
	    a->times == b->times && a->plus == b->plus;
}

/* The number of a rule, which becomes the last one where it is new. */
static uint32_t
rule_number(struct prompts *p, const struct text_eom *rule)
{
	for (uint32_t i = 0; i < p->nrules; i++)
		if (same_rule(&p->rule[i], rule))
			return i;
	p->rule[p->nrules] = *rule;
	return p->nrules++;
}

/* Messages that one reply stands before. */
struct group {
	struct span before;
	struct span *m;
	uint32_t n;
};

static int
group_cmp(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return x->before.n != y->before.n ? (x->before.n > y->before.n) - (x->before.n < y->before.n)
					  : span_cmp(x->before, y->before);
}

/* Messages by what was said before, the shortest first. Returns how many groups. */
static uint32_t
group_heard(struct pool *pool, const struct heard *h, size_t n, struct group **out)
{
	struct span *m = pool_array(pool, n + 1, sizeof *m);
	struct intern said;
	struct group *g;

	intern_init(&said, pool);
	for (size_t i = 0; i < n; i++)
		intern_add(&said, h[i].before);
	*out = g = pool_array(pool, said.n + 1, sizeof *g);
	for (size_t i = 0; i < n; i++)
		g[intern_find(&said, h[i].before)].n++;
	for (uint32_t k = 0; k < said.n; k++) {
		g[k].before = said.value[k];
		g[k].m = m;
		m += g[k].n;
		g[k].n = 0;
	}
	for (size_t i = 0; i < n; i++) {
		struct group *mine = &g[intern_find(&said, h[i].before)];

		mine->m[mine->n++] = h[i].message;
	}
	qsort(g, said.n, sizeof *g, group_cmp);
	return said.n;
}

/* Is it a reply behind which the rule does not hold? */
static bool
changes(const struct group *g, const struct text_eom *rule, const struct intern *words)
{
	uint32_t torn = 0;

	if (g->n < MIN_HEARD || g->before.n == 0 || g->before.n > PROMPT_BYTES)
		return false;
	for (uint32_t i = 0; i < g->n; i++)
		torn += tears(rule, words, g->m[i]);
	return torn * 2 > g->n;
}

void
prompts_none(struct prompts *out, struct pool *pool, enum eom_kind kind)
{
	*out = (struct prompts){ .nrules = 1 };
	out->rule = pool_alloc(pool, sizeof *out->rule);
	out->rule[0].kind = kind;
}

static bool
ends_with(struct span s, struct span end)
{
	return s.n >= end.n && memcmp(s.p + s.n - end.n, end.p, end.n) == 0 &&
	    (s.n == end.n || s.p[s.n - end.n - 1] == end.p[end.n - 1]);
}

uint32_t
prompts_after(const struct prompts *p, struct span reply)
{
	const struct prompt *best = NULL;

	for (uint32_t i = 0; i < p->n; i++)
		if (ends_with(reply, p->prompt[i].said) &&
		    (best == NULL || p->prompt[i].said.n > best->said.n))
			best = &p->prompt[i];
	return best == NULL ? 0 : best->rule;
}

/* The rule of most messages, or at least of the first ones. */
static void
common_rule(struct text_eom *rule, struct pool *pool, const struct heard *h, size_t n,
    struct span *scratch)
{
	size_t opening = 0;

	for (size_t i = 0; i < n; i++)
		scratch[i] = h[i].message;
	ending_learn(rule, pool, scratch, n);
	for (size_t i = 0; i < n; i++)
		if (h[i].opens)
			scratch[opening++] = h[i].message;
	if (rule->kind == EOM_PUSH)
		ending_learn(rule, pool, scratch, opening);
}

void
prompts_learn(struct prompts *out, struct pool *pool, const struct heard *h, size_t n)
{
	struct span *rest = pool_array(pool, n + 1, sizeof *rest);
	uint32_t ngroups, nrest = 0;
	struct text_eom rule;
	struct intern words;
	struct group *g;

	prompts_none(out, pool, EOM_PUSH);
	common_rule(&out->rule[0], pool, h, n, rest);
	intern_init(&words, pool);
	learn_words(&words, &out->rule[0], h, n);
	ngroups = group_heard(pool, h, n, &g);
	out->rule = pool_grow(pool, out->rule, 1, ngroups + 1, sizeof *out->rule);
	out->prompt = pool_array(pool, ngroups + 1, sizeof *out->prompt);
	for (uint32_t k = 0; k < ngroups; k++) {
		uint32_t number = prompts_after(out, g[k].before);

		if (number == 0 && changes(&g[k], &out->rule[0], &words)) {
			ending_learn(&rule, pool, g[k].m, g[k].n);
			number = rule_number(out, &rule);
			if (number > 0)
				out->prompt[out->n++] = (struct prompt){ g[k].before, number };
		}
		for (uint32_t i = 0; i < g[k].n && number == 0; i++)
			rest[nrest++] = g[k].m[i];
	}
	ending_learn(&out->rule[0], pool, rest, nrest);	/* without what has a rule of its own */
}
