#include "learning/drawn.h"

#include "learning/intern.h"

enum { MAX_CHOICES = 256 };	/* as many values are drawn from */

/* The values of a map's pairs, each once, as often as keys have them. */
static struct rule
draw_from_map(struct pool *pool, const struct rule *map)
{
	uint32_t *count = pool_array(pool, map->n + 1, sizeof *count);
	struct rule out = { .kind = RULE_DATA, .scope = SCOPE_PAIR };
	struct intern values;

	intern_init(&values, pool);
	for (uint32_t i = 0; i < map->n; i++)
		count[intern_add(&values, map->pair[i].value)]++;
	out.choice = pool_array(pool, values.n + 1, sizeof *out.choice);
	out.n = MIN(values.n, (uint32_t)MAX_CHOICES);
	for (uint32_t i = 0; i < out.n; i++)
		out.choice[i] = (struct text_choice){ count[i], values.value[i] };
	return out;
}

void
drawn_learn(struct rules *r)
{
	for (uint32_t i = 0; i < r->n; i++) {
		struct answer *a = &r->answer[i], *to;

		if (!a->has_map || a->n < RULES_DRAWN)
			continue;
		to = rules_more(r);
		if (to == NULL)
			return;
		*to = *a;
		to->has_map = false;
		to->rule = pool_copy(r->pool, a->rule, a->nfields * sizeof *a->rule);
		for (uint32_t k = 0; k < a->nfields; k++)
			if (a->rule[k].kind == RULE_MAP)
				to->rule[k] = draw_from_map(r->pool, &a->rule[k]);
		a->drawn = to;
	}
}
