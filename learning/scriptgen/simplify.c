#include "learning/scriptgen/simplify.h"

enum { ANSWERS = 512 };		/* told apart */

struct foretelling {		/* how often what was answered, by label */
	struct matches *matches;
	uint32_t *id;			/* per label, in matches */
	uint32_t *count;		/* labels x answers */
	uint32_t answers;
	struct intern known;
};

static void
count_answers(struct foretelling *f, const struct tally *t, uint32_t label, int sign)
{
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t a = intern_add(&f->known, span_of(&t->what[i], sizeof *t->what));

		if (a < f->answers)
			f->count[(size_t)label * f->answers + a] += (uint32_t)((int)t->count[i] * sign);
	}
}

/* Answers right if the most frequent one is always given: to one label, or to two as one. */
static uint32_t
right(const struct foretelling *f, uint32_t a, uint32_t b)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < f->answers; i++) {
		uint32_t n = f->count[(size_t)a * f->answers + i];

		most = MAX(most, a == b ? n : n + f->count[(size_t)b * f->answers + i]);
	}
	return most;
}

/* The next label for all of these members, if one is as good for each of them; else false. */
static bool
can_do_without(const struct kinds *k, const struct foretelling *f, const struct kinds_member *m,
    const uint32_t *member, uint32_t n, const bool *gone, uint32_t *next)
{
	uint32_t own = k->of[member[0]];

	for (uint32_t i = 0; i < n; i++) {
		uint32_t l = own + 1;

		while (l < k->n && (gone[l] ||
		    !matches_has(f->matches, f->id[l], m[member[i]].message)))
			l++;
		if (l == k->n || (i > 0 && l != next[0] && right(f, own, l) < right(f, own, own) + right(f, l, l)))
			return false;
		next[i] = l;
		if (i == 0 && right(f, own, l) < right(f, own, own) + right(f, l, l))
			return false;
	}
	return true;
}

void
simplify_kinds(struct kinds *k, struct matches *matches, const struct kinds_member *m, uint32_t n)
{
	struct pool *pool = matches->work;
	struct foretelling f = { .matches = matches, .answers = ANSWERS };
	uint32_t *member = pool_array(pool, n + 1, sizeof *member), *next = pool_array(pool, n + 1, sizeof *next);
	bool *gone = pool_alloc(pool, k->n + 1);

	intern_init(&f.known, pool);
	f.id = pool_array(pool, k->n + 1, sizeof *f.id);
	for (uint32_t l = 0; l < k->n; l++)
		f.id[l] = matches_label(matches, &k->label[l], k->key[l]);
	f.count = pool_array(pool, (size_t)k->n * f.answers + 1, sizeof *f.count);
	for (uint32_t i = 0; i < n; i++)
		if (k->of[i] != KINDS_NONE)
			count_answers(&f, &m[i].next, k->of[i], 1);
	for (uint32_t l = 0; l < k->n; l++) {
		uint32_t members = 0;

		for (uint32_t i = 0; i < n; i++)
			if (k->of[i] == l)
				member[members++] = i;
		if (members == 0 || !can_do_without(k, &f, m, member, members, gone, next))
			continue;
		gone[l] = true;
		for (uint32_t i = 0; i < members; i++) {
			count_answers(&f, &m[member[i]].next, l, -1);
			count_answers(&f, &m[member[i]].next, next[i], 1);
			k->of[member[i]] = next[i];
		}
	}
	kinds_drop_unused(k, pool, n);
}
