#include "learning/mining/search.h"

enum { MOST_PROGRAMS = WORLD_GUARDS * WORLD_SETS * (WORLD_SETS + 1) * WORLD_EFFECTS * WORLD_SETS };

/* Of what is there at the beginning: what is not there is told as well by a set of all that is not, but takes more of them. */
static const double MEMBER_COST = 0.25;

struct search {
	struct world *w;
	struct program *p, *was;	/* per form; was: scratch */
	bool *fails;		/* per form: was it ever refused for what only a world can tell? Else a guard could only hide an effect */
	struct search_report *report;
	double best, cost;
	struct program all[MOST_PROGRAMS], bare[MOST_PROGRAMS];	/* for forms with arguments, and without */
	uint32_t nall, nbare;
};

static bool
needs_set(uint8_t guard)
{
	return guard == WORLD_IN || guard == WORLD_NOTIN || guard == WORLD_CHILDLESS;
}

static void
list_programs(struct search *s)
{
	for (unsigned g = 0; g < WORLD_GUARDS; g++)
		for (unsigned gs = 0; gs < (needs_set((uint8_t)g) ? WORLD_SETS : 1); gs++)
			for (unsigned parent = 0; parent <= WORLD_SETS; parent++)
				for (unsigned e = 0; e < WORLD_EFFECTS; e++)
					for (unsigned es = 0; es < (e == WORLD_ADD || e == WORLD_DEL ? WORLD_SETS : 1); es++) {
						struct program p = { (uint8_t)g, (uint8_t)gs, (uint8_t)parent,
							(uint8_t)e, (uint8_t)es };
						bool plain = (g == WORLD_TRUE || g == WORLD_DEEP) && parent == 0;

						s->all[s->nall++] = p;
						if (plain && (e == WORLD_NONE || e == WORLD_POP))
							s->bare[s->nbare++] = p;
					}
}

static bool
may_be(const struct search *s, uint32_t form, const struct program *p)
{
	return s->fails[form] || (p->guard == WORLD_TRUE && p->parent == 0);
}

static unsigned
parts(const struct program *p)
{
	return (p->guard != WORLD_TRUE) + (p->guard == WORLD_CHILDLESS) + (p->parent > 0) +
	    (p->effect != WORLD_NONE);
}

/* What the present programs are worth. */
static double
worth(struct search *s)
{
	double sum;

	s->report->tried++;
	sum = -MEMBER_COST * world_learn_base(s->w, s->p, 2);
	sum += world_run(s->w, s->p, NULL);
	for (uint32_t f = 0; f < s->w->f->n; f++)
		sum -= s->cost * parts(&s->p[f]);
	return sum;
}

static bool
improve(struct search *s, uint32_t form)
{
	bool has = s->w->f->form[form].narg > 0;
	const struct program *list = has ? s->all : s->bare;
	struct program best = s->p[form];
	bool better = false;

	for (uint32_t k = 0; k < (has ? s->nall : s->nbare); k++) {
		double now;

		if (!may_be(s, form, &list[k]))
			continue;
		s->p[form] = list[k];
		now = worth(s);
		if (now > s->best + 1e-9) {
			s->best = now;
			best = list[k];
			better = true;
		}
	}
	s->p[form] = best;
	return better;
}

/* The guard of one form together with the effect of another: where each alone is worth nothing. */
static bool
improve_pair(struct search *s, uint32_t a, uint32_t b)
{
	struct program was_a = s->p[a], was_b = s->p[b], best_a = was_a, best_b = was_b;
	bool better = false;

	for (uint8_t g = WORLD_IN; g <= WORLD_CHILDLESS; g++)
		for (uint8_t set = 0; set < WORLD_SETS; set++)
			for (uint8_t e = WORLD_ADD; e <= WORLD_DEL; e++) {
				double now;

				s->p[a].guard = g;
				s->p[b].effect = e;
				s->p[a].set = s->p[b].into = set;
				now = worth(s);
				if (now > s->best + 1e-9) {
					s->best = now;
					best_a = s->p[a];
					best_b = s->p[b];
					better = true;
				}
				s->p[a] = was_a;
				s->p[b] = was_b;
			}
	s->p[a] = best_a;
	s->p[b] = best_b;
	return better;
}

static_assert(WORLD_SETS == 2, "the other set is one bit away");

/* A form that looks into a set, or takes out of one, does so otherwise, if that is worth more than now. */
static double
follow(struct search *s, uint32_t form, double now)
{
	struct program *p = &s->p[form], best = *p;

	if (!s->fails[form] || (!needs_set(p->guard) && p->effect != WORLD_DEL))
		return now;
	for (uint8_t guard = WORLD_IN; guard <= WORLD_CHILDLESS; guard++)
		for (uint8_t set = 0; set < (needs_set(guard) ? WORLD_SETS : 1); set++)
			for (uint8_t into = 0; into < (p->effect == WORLD_DEL ? WORLD_SETS : 1); into++) {
				double moved;

				p->guard = guard;
				p->set = set;
				if (p->effect == WORLD_DEL)
					p->into = into;
				moved = worth(s);
				if (moved > now) {
					now = moved;
					best = *p;
				}
			}
	*p = best;
	return now;
}

/* A form adds to the other set, and the others may follow: where no two of them are enough. */
static bool
improve_all(struct search *s, uint32_t adder, const uint32_t *order, uint32_t n)
{
	struct program *was = s->was;
	double now;

	memcpy(was, s->p, s->w->f->n * sizeof *was);
	s->p[adder].into ^= 1;
	now = worth(s);
	for (uint32_t k = 0; k < n; k++)
		now = follow(s, order[k], now);
	if (now > s->best + 1e-9) {
		s->best = now;
		return true;
	}
	memcpy(s->p, was, s->w->f->n * sizeof *was);
	return false;
}

static bool
one_round(struct search *s, const uint32_t *order, uint32_t n)
{
	bool better = false;

	for (uint32_t k = 0; k < n; k++)
		better |= improve(s, order[k]);
	for (uint32_t a = 0; a < n && !better; a++)
		for (uint32_t b = 0; b < n; b++)
			if (a != b && s->fails[order[a]] && s->w->f->form[order[a]].narg > 0 && s->w->f->form[order[b]].narg > 0)
				better |= improve_pair(s, order[a], order[b]);
	for (uint32_t a = 0; a < n && !better; a++)
		if (s->p[order[a]].effect == WORLD_ADD)
			better |= improve_all(s, order[a], order, n);
	return better;
}

/* The first time programs that do nothing, then, at half of the forms, any. */
static void
start(struct search *s, const uint32_t *order, uint32_t n, uint32_t number)
{
	memset(s->p, 0, s->w->f->n * sizeof *s->p);
	for (uint32_t k = 0; k < n && number > 0; k++) {
		uint64_t dice = hash_stir((uint64_t)number << 32 | order[k]);
		bool has = s->w->f->form[order[k]].narg > 0;
		const struct program *p = has ? &s->all[(dice >> 1) % s->nall] : &s->bare[(dice >> 1) % s->nbare];

		if (dice & 1 && may_be(s, order[k], p))
			s->p[order[k]] = *p;
	}
}

static void
descend(struct search *s, const uint32_t *order, uint32_t n)
{
	uint32_t rounds = 0;

	s->best = worth(s);
	while (rounds++ < SEARCH_ROUNDS && one_round(s, order, n))
		;
}

static void
find_failures(struct search *s)
{
	const struct world *w = s->w;

	s->fails = pool_array(w->pool, w->f->n + 1u, sizeof *s->fails);
	for (uint32_t i = 0; i < w->f->c->n; i++)
		if (w->f->of[i] != (uint32_t)SYMBOL_NONE && w->counts[i] && !w->good[i])
			s->fails[w->f->of[i]] = true;
}

/* Forms of declared commands, the most frequent first. */
static uint32_t
order_forms(const struct world *w, uint32_t *order)
{
	uint32_t n = 0;

	for (uint32_t f = 0; f < w->f->n; f++) {
		uint32_t at = n;

		if (w->f->form[f].command == CANONICAL_OTHER)
			continue;
		for (; at > 0 && w->f->form[order[at - 1]].count < w->f->form[f].count; at--)
			order[at] = order[at - 1];
		order[at] = f;
		n++;
	}
	return n;
}

/* As many conversations as there is time for: how many interactions they have. */
static uint32_t
look_at_some(struct world *w, struct search_report *report)
{
	const struct canonical *c = w->f->c;
	uint32_t n = 0, k = 0;

	*report = (struct search_report){ 0 };
	for (; k < w->nrun && n < SEARCH_INTERACTIONS; k++)
		for (uint32_t i = c->first[w->order[k]]; i < c->first[w->order[k] + 1]; i++, n++)
			report->counted += w->counts[i];
	w->nrun = k;
	return n;
}

void
search_programs(struct world *w, struct program **programs, struct search_report *report)
{
	struct search *s = pool_alloc(w->pool, sizeof *s);
	uint32_t *order = pool_array(w->pool, w->f->n + 1u, sizeof *order), n = order_forms(w, order);

	struct program *best = pool_array(w->pool, w->f->n + 1u, sizeof *best);
	uint32_t all = w->nrun, steps = look_at_some(w, report);
	uint64_t budget = SEARCH_STEPS / MAX(steps, 1u);
	double most = -1;

	*s = (struct search){ .w = w, .report = report, .cost = MAX(0.0008 * report->counted, 1.0) };
	s->p = pool_array(w->pool, w->f->n + 1u, sizeof *s->p);
	s->was = pool_array(w->pool, w->f->n + 1u, sizeof *s->was);
	find_failures(s);
	list_programs(s);
	while (report->starts < SEARCH_STARTS && report->tried <= budget &&
	    (report->starts == 0 || (report->counted - report->right) * 200ull > report->counted)) {
		start(s, order, n, report->starts++);
		descend(s, order, n);
		if (s->best <= most)
			continue;
		most = s->best;
		memcpy(best, s->p, w->f->n * sizeof *best);
		world_learn_base(w, best, 2);
		report->right = world_run(w, best, NULL);
	}
	w->nrun = all;
	world_learn_base(w, best, 1);
	report->counted = w->ncounts;
	report->right = world_run(w, best, NULL);
	*programs = best;
}
