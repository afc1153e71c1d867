#include "learning/draw.h"

#include <stdlib.h>

#include "learning/embed.h"

enum { MAX_CHOICES = 256 };	/* recorded values kept per field */

static int
choice_cmp(const void *a, const void *b)
{
	const struct text_choice *x = a, *y = b;

	return x->weight != y->weight ? (x->weight < y->weight) - (x->weight > y->weight)
				      : span_cmp(x->value, y->value);
}

/* Is most of what was recorded text with a digit in it? */
static bool
has_digits(const struct rule *data)
{
	uint64_t with = 0, all = 0;

	for (uint32_t i = 0; i < data->n; i++) {
		struct span v = data->choice[i].value;
		bool digit = false;

		for (size_t k = 0; k < v.n && !digit; k++)
			digit = v.p[k] >= '0' && v.p[k] <= '9';
		all += data->choice[i].weight;
		with += digit && embed_is_text(&v, 1) ? data->choice[i].weight : 0;
	}
	return 2 * with >= all;
}

void
draw(const struct rules *r, const struct answer *a, const struct span *value, struct rule *out)
{
	struct intern values;
	uint32_t *count = pool_array(r->pool, a->n, sizeof *count);
	struct scope_sample *sample = pool_array(r->pool, a->n, sizeof *sample);

	intern_init(&values, r->pool);
	for (uint32_t i = 0; i < a->n; i++) {
		sample[i] = (struct scope_sample){ r->place[a->exchange[i]], intern_add(&values, value[i]) };
		count[sample[i].value]++;
	}
	*out = (struct rule){ .kind = RULE_DATA };
	out->choice = pool_array(r->pool, values.n, sizeof *out->choice);
	for (uint32_t i = 0; i < values.n; i++)
		out->choice[i] = (struct text_choice){ count[i], values.value[i] };
	qsort(out->choice, values.n, sizeof *out->choice, choice_cmp);
	out->n = MIN(values.n, (uint32_t)MAX_CHOICES);
	out->scope = (uint8_t)scope_of(sample, a->n, has_digits(out));
}
