#include "learning/mining/neutral.h"

struct key {
	uint16_t v[NEUTRAL_LENGTH + 1];
};

static struct span
key_of(struct key *k, const uint16_t *lhs, uint32_t nlhs, uint16_t rhs)
{
	k->v[0] = rhs;
	memcpy(k->v + 1, lhs, nlhs * sizeof *lhs);
	return span_of(k->v, (nlhs + 1) * sizeof *k->v);
}

bool
neutral_has(const struct neutral *n, const uint16_t *lhs, uint32_t nlhs, uint16_t rhs)
{
	struct key k;

	return intern_find(&n->known, key_of(&k, lhs, nlhs, rhs)) != INTERN_NONE;
}

static void
add(struct neutral *n, const uint16_t *lhs, uint32_t nlhs, uint16_t rhs, uint8_t source)
{
	struct key k;
	struct span key = key_of(&k, lhs, nlhs, rhs);
	uint32_t at = intern_find(&n->known, key);

	if (at != INTERN_NONE) {
		n->rule[at].support += source == NEUTRAL_OBSERVED;
		return;
	}
	n->cut |= n->n == NEUTRAL_RULES;
	if (n->cut)
		return;
	if (n->n == n->room) {
		n->room = MAX(2 * n->room, 64u);
		n->rule = pool_grow(n->pool, n->rule, n->n, n->room, sizeof *n->rule);
	}
	intern_add(&n->known, span_of(pool_copy(n->pool, key.p, key.n), key.n));
	n->rule[n->n] = (struct neutral_rule){ .nlhs = (uint8_t)nlhs, .source = source, .rhs = rhs,
		.support = source == NEUTRAL_OBSERVED };
	memcpy(n->rule[n->n++].lhs, lhs, nlhs * sizeof *lhs);
}

static bool
same_answer(const struct forms *f, uint32_t a, uint32_t b)
{
	return f->response[a] == f->response[b] && span_eq(canonical_answer(f->c, &f->c->inter[a]),
	    canonical_answer(f->c, &f->c->inter[b]));
}

/* The greeting, and verbs that are said not to matter. */
static bool
is_ignored(const struct forms *f, uint32_t i)
{
	return f->of[i] == (uint32_t)SYMBOL_NONE || f->form[f->of[i]].ignored;
}

void
neutral_observe(struct neutral *to, struct pool *pool, const struct forms *f, uint32_t conversation,
    const struct neutral_reading *how)
{
	uint32_t first = f->c->first[conversation], end = f->c->first[conversation + 1];

	*to = (struct neutral){ .pool = pool };
	intern_init(&to->known, pool);
	for (uint32_t i = first; i < end; i++) {
		uint16_t lhs[NEUTRAL_LENGTH];
		uint32_t n = 0;

		for (uint32_t j = i + 1; !is_ignored(f, i) && j < end && n <= how->nmax; j++) {
			bool same = f->of[j] == f->of[i], ignored = is_ignored(f, j);
			bool counts = same && (!how->same_arguments ||
			    memcmp(f->arg[i], f->arg[j], sizeof f->arg[i]) == 0);

			if (counts && n > 0 && same_answer(f, i, j))
				add(to, lhs, n, (uint16_t)f->of[i], NEUTRAL_OBSERVED);
			if (counts && !how->all_pairs)
				break;
			if (!ignored && n < NEUTRAL_LENGTH)
				lhs[n] = (uint16_t)f->of[j];
			n += !ignored;
		}
	}
	to->initial = to->n;
}

/* Hypothesis 1: A =/=> B and B =/=> C give A =/=> C. */
static void
transitivity(struct neutral *n, uint32_t at, uint32_t most)
{
	const struct neutral_rule r = n->rule[at];

	for (uint32_t k = 0; k < n->n && !n->cut; k++) {
		const struct neutral_rule o = n->rule[k];

		if (o.nlhs == 1 && o.lhs[0] == r.rhs && r.nlhs <= most)
			add(n, r.lhs, r.nlhs, o.rhs, NEUTRAL_TRANSITIVITY);
		if (r.nlhs == 1 && r.lhs[0] == o.rhs && o.nlhs <= most)
			add(n, o.lhs, o.nlhs, r.rhs, NEUTRAL_TRANSITIVITY);
	}
}

/* Hypothesis 2: C1..Cn =/=> B and Ci..Cn =/=> B give C1..Ci-1 =/=> B. */
static void
diminution(struct neutral *n, uint32_t at, uint32_t most)
{
	const struct neutral_rule r = n->rule[at];

	for (uint32_t i = 1; i < r.nlhs; i++)
		if (i <= most && neutral_has(n, r.lhs + i, r.nlhs - i, r.rhs))
			add(n, r.lhs, i, r.rhs, NEUTRAL_DIMINUTION);
}

/* And its second half: a block that affects none of what follows it may be left out. */
static void
leave_out(struct neutral *n, uint32_t at, uint32_t most)
{
	const struct neutral_rule r = n->rule[at];

	for (uint32_t i = 0; i < r.nlhs; i++)
		for (uint32_t j = i + 1; j < r.nlhs; j++) {	/* the block is i .. j - 1 */
			uint32_t k = j, left = r.nlhs - (j - i);
			uint16_t lhs[NEUTRAL_LENGTH];

			while (k < r.nlhs && neutral_has(n, r.lhs + i, j - i, r.lhs[k]))
				k++;
			if (k < r.nlhs || left > most)
				continue;
			memcpy(lhs, r.lhs, i * sizeof *lhs);
			memcpy(lhs + i, r.lhs + j, (r.nlhs - j) * sizeof *lhs);
			add(n, lhs, left, r.rhs, NEUTRAL_DIMINUTION);
		}
}

void
neutral_close(struct neutral *n, uint32_t most)
{
	uint32_t before;

	do {
		before = n->n;
		for (uint32_t at = 0; at < n->n && !n->cut; at++) {
			transitivity(n, at, most);
			diminution(n, at, most);
			leave_out(n, at, most);
		}
	} while (n->n > before && !n->cut);
}
