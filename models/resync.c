#include "models/resync.h"

#include <stdlib.h>

/* The states that have a turn for a template. */
struct expected {
	uint64_t support;	/* their sum */
	uint32_t best;		/* the one with the most, or IMAGE_NONE */
};

bool
resync_find(struct image_template *tpl, const struct image_state *state, const struct text *t)
{
	struct expected *expected = calloc((size_t)t->ntemplate + 1, sizeof *expected);

	if (expected == NULL)
		return false;
	for (uint32_t i = 0; i < t->ntemplate; i++)
		expected[i].best = IMAGE_NONE;
	for (uint32_t s = 0; s < t->nstate; s++)
		for (uint32_t k = 0; k < t->state[s].nturn; k++) {
			const struct text_turn *turn = &t->state[s].turn[k];
			struct expected *e;

			if (turn->event != EVENT_MESSAGE)
				continue;
			e = &expected[turn->arg];
			e->support += t->state[s].support;
			if (e->best != IMAGE_NONE &&
			    t->state[e->best].support >= t->state[s].support)
				continue;
			e->best = s;
			tpl[turn->arg].resync = state[s].turn + k;
		}
	for (uint32_t i = 0; i < t->ntemplate; i++) {
		const struct expected *e = &expected[i];

		if (e->best != IMAGE_NONE && (e->support == 0 ||
		    2 * (uint64_t)t->state[e->best].support < e->support))
			tpl[i].resync = (uint32_t)RESYNC_UNCLEAR;
	}
	free(expected);
	return true;
}
