#include "control/mined.h"

enum { RELATIONS = 12 };
enum { PUBLISHED_INITIAL = 16, PUBLISHED_CLOSURE = 80 };	/* SM05 5: rules of a trace of 45 commands */

static double
distance(const struct mining_counts *c)
{
	double a = c->initial / PUBLISHED_INITIAL, b = c->closure / PUBLISHED_CLOSURE;

	return (a > 1 ? a : 1 / (a + 1e-9)) * (b > 1 ? b : 1 / (b + 1e-9));
}

void
mined_print(const struct mining_report *r, struct pool *pool, FILE *to)
{
	unsigned nearest = 0;

	fprintf(to, "  %u interactions, %u of them declared commands; %u forms, %u phases, %u phrases\n",
	    r->interactions, r->commands, r->forms, r->phases, r->phrases);
	fprintf(to, "  programs tell %u of %u answers that nothing simpler decides (%u tried)\n", r->search.right,
	    r->search.counted, r->search.tried);
	for (uint32_t f = 0; f < r->forms; f++)
		if (r->mined->w->f->form[f].command != CANONICAL_OTHER) {
			struct span s = mining_program(r->mined, pool, f);

			fprintf(to, "    %.*s\n", (int)s.n, s.p);
		}
	for (uint32_t f = 0; f < r->forms; f++)
		if (r->mined->recall->head_of[f] >= 0) {
			struct span a = form_name(r->mined->w->f, pool, f);
			struct span b = form_name(r->mined->w->f, pool, (uint32_t)r->mined->recall->head_of[f]);

			fprintf(to, "    %.*s answers with the heads of %.*s\n", (int)a.n, a.p, (int)b.n, b.p);
		}
	for (uint32_t i = 0; i < r->relations.n && i < RELATIONS; i++) {
		struct span s = relation_words(r->mined->w->f, pool, &r->relations.r[i]);

		fprintf(to, "    %.*s\n", (int)s.n, s.p);
	}
	if (r->relations.n > RELATIONS)
		fprintf(to, "    and %u relations more\n", r->relations.n - RELATIONS);
	fprintf(to, "  rules by trace as published (%d, after closure %d), mean of %u:\n", PUBLISHED_INITIAL,
	    PUBLISHED_CLOSURE, r->counts[0].traces);
	for (unsigned k = 1; k < MINING_READINGS; k++)
		if (distance(&r->counts[k]) < distance(&r->counts[nearest]))
			nearest = k;
	for (unsigned k = 0; k < MINING_READINGS; k++) {
		const struct mining_counts *c = &r->counts[k];

		fprintf(to, "    %6.1f %7.1f  %s pairs, %s arguments, within %u%s%s\n", c->initial, c->closure,
		    c->how.all_pairs ? "all" : "neighbouring", c->how.same_arguments ? "equal" : "any", c->how.nmax,
		    c->cut > 0 ? ", cut" : "", k == nearest ? "  (nearest)" : "");
	}
}
