#include "control/mined.h"

enum { RELATIONS = 12 };
enum { PUBLISHED_INITIAL = 16, PUBLISHED_CLOSURE = 80 };	/* SM05 5: rules of a trace of 45 commands */

static double
distance(const struct mining_counts *c)
{
	double a = c->initial / PUBLISHED_INITIAL, b = c->closure / PUBLISHED_CLOSURE;

	return (a > 1 ? a : 1 / (a + 1e-9)) * (b > 1 ? b : 1 / (b + 1e-9));
}

/* The reading whose numbers are nearest to the published ones. */
static unsigned
nearest_of(const struct mining_report *r)
{
	unsigned nearest = 0;

	for (unsigned k = 1; k < MINING_READINGS; k++)
		if (distance(&r->counts[k]) < distance(&r->counts[nearest]))
			nearest = k;
	return nearest;
}

void
mined_print_rules(const struct mining_report *r, FILE *to)
{
	unsigned nearest = nearest_of(r);

	fprintf(to, "  rules by trace as published (%d, after closure %d), mean of %u:\n", PUBLISHED_INITIAL,
	    PUBLISHED_CLOSURE, r->counts[0].traces);
	for (unsigned k = 0; k < MINING_READINGS; k++) {
		const struct mining_counts *c = &r->counts[k];

		fprintf(to, "    %6.1f %7.1f  %s pairs, %s arguments, within %u%s%s\n", c->initial, c->closure,
		    c->how.all_pairs ? "all" : "neighbouring", c->how.same_arguments ? "equal" : "any", c->how.nmax,
		    c->cut > 0 ? ", cut" : "", k == nearest ? "  (nearest)" : "");
	}
}

json_t *
mined_json(const struct mining_report *r)
{
	unsigned nearest = r->mined == NULL ? 0 : nearest_of(r);
	json_t *readings;

	if (r->mined == NULL)
		return json_null();
	readings = json_array();
	for (unsigned k = 0; k < MINING_READINGS; k++) {
		const struct mining_counts *c = &r->counts[k];

		json_array_append_new(readings, json_pack("{s:s, s:s, s:i, s:f, s:f, s:i, s:b}", "pairs",
		    c->how.all_pairs ? "all" : "neighbouring", "arguments", c->how.same_arguments ? "equal" : "any",
		    "within", (int)c->how.nmax, "initial", c->initial, "closure", c->closure, "cut", (int)c->cut,
		    "nearest", k == nearest));
	}
	return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:{s:i, s:i}, s:i, s:o}", "interactions",
	    (int)r->interactions, "commands", (int)r->commands, "forms", (int)r->forms, "phases", (int)r->phases,
	    "phrases", (int)r->phrases, "told", (int)r->search.right, "asked", (int)r->search.counted, "tried",
	    (int)r->search.tried, "published", "initial", PUBLISHED_INITIAL, "closure", PUBLISHED_CLOSURE, "traces",
	    (int)r->counts[0].traces, "readings", readings);
}

void
mined_print(const struct mining_report *r, struct pool *pool, FILE *to)
{
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
	mined_print_rules(r, to);
}
