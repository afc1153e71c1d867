#include "learning/mining/phase.h"

enum { CELL_COST = 4, LEAST_GAIN = 8, PURE_PERCENT = 98 };

struct cell {			/* a form in a phase */
	uint32_t n, most;	/* interactions; of its commonest code */
};

struct finder {
	const struct forms *f;
	struct phases *p;
	uint16_t *code;		/* per interaction: number of its code in the order of first sight */
	uint32_t ncodes;
	uint32_t *count;	/* per form, phase and code */
	struct cell *cell;
	bool *seen;		/* per form and code: tried in this round */
};

static void
number_codes(struct finder *x, struct pool *pool)
{
	struct intern codes;

	intern_init(&codes, pool);
	for (uint32_t i = 0; i < x->f->c->n; i++)
		x->code[i] = (uint16_t)intern_add(&codes, span_of(x->f->c->inter[i].code, 3));
	x->ncodes = codes.n;
}

uint32_t
phase_after(const struct phases *p, uint32_t phase, uint32_t form, const char code[3])
{
	for (uint32_t k = 0; k < p->n; k++)
		if (p->mark[k].form == form && memcmp(p->mark[k].code, code, 3) == 0)
			return k + 1;
	return phase;
}

static void
walk(struct finder *x)
{
	const struct canonical *c = x->f->c;

	for (uint32_t v = 0; v < c->nconversations; v++) {
		uint32_t phase = 0;

		for (uint32_t i = c->first[v]; i < c->first[v + 1]; i++) {
			x->p->of[i] = (uint8_t)phase;
			if (x->f->of[i] != (uint32_t)SYMBOL_NONE)
				phase = phase_after(x->p, phase, x->f->of[i], c->inter[i].code);
		}
	}
}

/* How many interactions are sure with the marks there are, less what the cells cost. */
static int64_t
worth(struct finder *x)
{
	const struct canonical *c = x->f->c;
	uint32_t cells = x->f->n * (PHASE_MARKS + 1);
	int64_t sure = 0;

	walk(x);
	memset(x->count, 0, (size_t)cells * x->ncodes * sizeof *x->count);
	memset(x->cell, 0, cells * sizeof *x->cell);
	for (uint32_t i = 0; i < c->n; i++) {
		uint32_t at = x->f->of[i] * (PHASE_MARKS + 1) + x->p->of[i], n;

		if (x->f->of[i] == (uint32_t)SYMBOL_NONE)
			continue;
		n = ++x->count[(size_t)at * x->ncodes + x->code[i]];
		x->cell[at].n++;
		x->cell[at].most = MAX(x->cell[at].most, n);
	}
	for (uint32_t k = 0; k < cells; k++) {
		bool pure = x->cell[k].most * 100ull >= x->cell[k].n * (uint64_t)PURE_PERCENT;

		sure += (pure ? (int64_t)x->cell[k].n : 0) - (x->cell[k].n > 0 ? CELL_COST : 0);
	}
	return sure;
}

/* The mark that is worth most; false: none is worth enough. */
static bool
add_mark(struct finder *x, int64_t *have)
{
	const struct canonical *c = x->f->c;
	struct phase_mark best = { 0 };
	int64_t most = *have + LEAST_GAIN - 1;

	if (x->p->n == PHASE_MARKS)
		return false;
	memset(x->seen, 0, (size_t)x->f->n * x->ncodes);
	for (uint32_t i = 0; i < c->n; i++) {
		struct phase_mark *m = &x->p->mark[x->p->n];
		uint32_t form = x->f->of[i];
		int64_t now;

		if (form == (uint32_t)SYMBOL_NONE || x->seen[(size_t)form * x->ncodes + x->code[i]])
			continue;
		x->seen[(size_t)form * x->ncodes + x->code[i]] = true;
		if (phase_after(x->p, PHASE_MARKS + 1, form, c->inter[i].code) <= PHASE_MARKS)
			continue;
		m->form = form;
		memcpy(m->code, c->inter[i].code, sizeof m->code);
		x->p->n++;
		now = worth(x);
		x->p->n--;
		if (now > most) {
			most = now;
			best = *m;
		}
	}
	if (most < *have + LEAST_GAIN)
		return false;
	x->p->mark[x->p->n++] = best;
	*have = most;
	return true;
}

void
phases_find(struct phases *p, struct pool *pool, const struct forms *f)
{
	struct finder x = { .f = f, .p = p };
	uint32_t cells = f->n * (PHASE_MARKS + 1);
	int64_t have;

	*p = (struct phases){ .of = pool_array(pool, f->c->n + 1u, 1),
		.sure = pool_array(pool, f->c->n + 1u, sizeof(bool)) };
	x.code = pool_array(pool, f->c->n + 1u, sizeof *x.code);
	number_codes(&x, pool);
	x.count = pool_array(pool, (size_t)cells * x.ncodes + 1u, sizeof *x.count);
	x.cell = pool_array(pool, cells + 1u, sizeof *x.cell);
	x.seen = pool_array(pool, (size_t)f->n * x.ncodes + 1u, sizeof *x.seen);
	have = worth(&x);
	while (add_mark(&x, &have))
		;
	worth(&x);
	for (uint32_t i = 0; i < f->c->n; i++) {
		const struct cell *k = &x.cell[f->of[i] * (PHASE_MARKS + 1) + p->of[i]];

		p->sure[i] = f->of[i] == (uint32_t)SYMBOL_NONE || k->most * 100ull >= k->n * (uint64_t)PURE_PERCENT;
	}
}
