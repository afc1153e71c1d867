#include "learning/map.h"

#include <stdlib.h>

struct keyed {			/* a sample by key value and target */
	struct span key, value;
};

static int
keyed_cmp(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	int c = span_cmp(x->key, y->key);

	return c != 0 ? c : span_cmp(x->value, y->value);
}

/*
 * Samples whose target other samples with the same key foretell, of those that have such
 * others: sorts into scratch. Both counts out.
 */
static void
foretold(const struct rules *r, const struct answer *a, const struct goal *g, const struct source *key,
    struct keyed *scratch, uint32_t *right, uint32_t *repeated)
{
	*right = *repeated = 0;
	for (uint32_t i = 0; i < a->n; i++)
		scratch[i] = (struct keyed){ source_bytes(r, key, a->exchange[i]),
			goal_bytes(r, a, i, g) };
	qsort(scratch, a->n, sizeof *scratch, keyed_cmp);
	for (uint32_t i = 0, k0 = 0, v0 = 0, most = 0; i < a->n; i++) {
		bool last = i + 1 == a->n;
		bool new_key = last || !span_eq(scratch[i + 1].key, scratch[i].key);

		if (new_key || !span_eq(scratch[i + 1].value, scratch[i].value)) {
			most = MAX(most, i + 1 - v0);
			v0 = i + 1;
		}
		if (new_key) {
			if (i + 1 - k0 > 1) {
				*repeated += i + 1 - k0;
				*right += most > 1 ? most : 0;
			}
			k0 = i + 1;
			most = 0;
		}
	}
}

bool
map_key(struct rules *r, const struct answer *a, const struct goal *g, struct source *out)
{
	struct source src[MAX_SOURCES];
	uint32_t nsrc = sources_deciding(r, a->client, src, MAX_SOURCES);
	struct keyed *scratch = pool_array(r->pool, a->n, sizeof *scratch);
	uint32_t best = 0, best_right = 0, best_repeated = 0;
	bool found = false;

	for (uint32_t k = 0; k < nsrc; k++) {
		uint32_t right, repeated, share;

		foretold(r, a, g, &src[k], scratch, &right, &repeated);
		/* never seen twice: as good as keys of this service were elsewhere */
		share = (uint32_t)(repeated == 0 ? r->map_right * 1000 / MAX(r->map_repeated, 1u)
						 : right * 1000ull / repeated);
		if (share > best + 10) {
			best = share;
			*out = src[k];
			found = true;
			best_right = right;
			best_repeated = repeated;
		}
	}
	r->map_right += best_right;
	r->map_repeated += best_repeated;
	return found && best >= 200;
}

/* A sample by its key and by all that its map rules have to yield together. */
struct mapped {
	struct span key;
	uint64_t joint;
	uint32_t sample;
};

static int
mapped_cmp(const void *a, const void *b)
{
	const struct mapped *x = a, *y = b;
	int c = span_cmp(x->key, y->key);

	return c != 0 ? c
	    : x->joint != y->joint ? (x->joint > y->joint) - (x->joint < y->joint)
				   : (x->sample > y->sample) - (x->sample < y->sample);
}

/*
 * Per key the sample that speaks for it: the earliest of those that agree most often. All maps of
 * the answer take their values from it, so that they fit together. Returns the number of keys.
 */
static uint32_t
speakers(const struct rules *r, const struct answer *a, struct mapped *m)
{
	uint32_t keys = 0, token = 0;

	for (uint32_t i = 0; i < a->n; i++)
		m[i] = (struct mapped){ source_bytes(r, &a->key, a->exchange[i]), 0, i };
	for (uint32_t k = 0; k < a->nfields; k++, token++) {
		while (!a->is_field[token])
			token++;
		for (uint32_t i = 0; i < a->n && a->rule[k].kind == RULE_MAP; i++)
			m[i].joint = span_hash(goal_bytes(r, a, i, &(struct goal){ token, NULL }), m[i].joint + k);
	}
	qsort(m, a->n, sizeof *m, mapped_cmp);
	for (uint32_t i = 0, j0 = 0, most = 0; i < a->n; i++) {
		bool last = i + 1 == a->n;
		bool new_key = last || !span_eq(m[i + 1].key, m[i].key);

		if (new_key || m[i + 1].joint != m[i].joint) {
			uint32_t votes = i + 1 - j0;

			if (votes > most || (votes == most && m[j0].sample < m[keys].sample)) {
				most = votes;
				m[keys] = m[j0];
			}
			j0 = i + 1;
		}
		if (new_key) {
			keys++;
			most = 0;
		}
	}
	return keys;
}

void
map_learn(const struct rules *r, struct answer *a)
{
	struct mapped *m = pool_array(r->pool, a->n, sizeof *m);
	uint32_t keys = speakers(r, a, m), token = 0;

	for (uint32_t k = 0; k < a->nfields; k++, token++) {
		struct rule *rule = &a->rule[k];

		while (!a->is_field[token])
			token++;
		if (rule->kind != RULE_MAP)
			continue;
		rule->from = a->key;
		rule->n = keys;
		rule->pair = pool_array(r->pool, keys, sizeof *rule->pair);
		for (uint32_t i = 0; i < keys; i++)
			rule->pair[i] = (struct text_pair){ m[i].key,
				goal_bytes(r, a, m[i].sample, &(struct goal){ token, NULL }) };
	}
}
