#include "learning/mining/mining.h"

#include <errno.h>
#include <stdio.h>

#include "learning/ending.h"

static void
count_rules(struct mining_report *report, const struct pool *outer, const struct forms *f)
{
	static const struct neutral_reading readings[MINING_READINGS] = {
		{ .nmax = 4 }, { .nmax = 6 }, { .nmax = 10 }, { .nmax = 10, .same_arguments = true },
		{ .nmax = 4, .all_pairs = true }, { .nmax = 4, .all_pairs = true, .same_arguments = true },
	};

	for (unsigned k = 0; k < MINING_READINGS; k++) {
		struct mining_counts *m = &report->counts[k];

		*m = (struct mining_counts){ .how = readings[k] };
		for (uint32_t v = 0; v < f->c->nconversations && m->traces < MINING_TRACES; v++) {
			struct pool inner;
			struct neutral n;

			if (f->c->first[v + 1] == f->c->first[v])
				continue;
			pool_inner(&inner, outer);
			neutral_observe(&n, &inner, f, v, &m->how);
			m->initial += n.n;
			neutral_close(&n, MINING_CLOSURE_LENGTH);
			m->closure += n.n;
			m->cut += n.cut;
			m->traces++;
			pool_fini(&inner);
		}
		m->initial /= MAX(m->traces, 1u);
		m->closure /= MAX(m->traces, 1u);
	}
}

/* What nothing simpler decides: cells with several codes, and answers that show the register. */
static void
mark_what_counts(struct world *w, const struct phases *p)
{
	for (uint32_t i = 0; i < w->f->c->n; i++) {
		w->counts[i] = w->f->of[i] != (uint32_t)SYMBOL_NONE && (!p->sure[i] || (w->shows[w->f->of[i]] && w->good[i]));
		w->ncounts += w->counts[i];
	}
}

static struct text_eom *
eom_of(struct pool *pool, const struct definition *d, const struct corpus *c)
{
	struct text_eom *e = pool_alloc(pool, sizeof *e);
	struct span *m = pool_array(pool, c->nmessages + 1u, sizeof *m);
	size_t n = 0;

	if (d->framing == FRAMING_LINE) {
		*e = (struct text_eom){ .kind = EOM_TERM, .term = d->end };
		return e;
	}
	if (d->framing == FRAMING_DATAGRAM) {
		*e = (struct text_eom){ .kind = EOM_DATAGRAM };
		return e;
	}
	for (uint32_t i = 0; i < c->nmessages; i++)
		if (c->messages[i].side == SIDE_CLIENT)
			m[n++] = c->messages[i].bytes;
	ending_learn(e, pool, m, n);
	return e;
}

int
mining_learn(struct text *t, struct pool *pool, const struct corpus *c, const bool *use,
    const struct definition *d, struct mining_report *report, struct diag *why)
{
	struct canonical *can = pool_alloc(pool, sizeof *can);
	struct forms *f = pool_alloc(pool, sizeof *f);
	struct world *w = pool_alloc(pool, sizeof *w);
	struct phases *phases = pool_alloc(pool, sizeof *phases);
	struct phrases *phrases = pool_alloc(pool, sizeof *phrases);
	struct recall *recall = pool_alloc(pool, sizeof *recall);
	struct transfers *transfers = pool_alloc(pool, sizeof *transfers);
	struct mined *m = pool_alloc(pool, sizeof *m);
	struct world_view *view;
	struct program *program;

	canonical_make(can, pool, d, c, use);
	forms_make(f, pool, can);
	*report = (struct mining_report){ .mined = m, .interactions = can->n, .forms = f->n,
		.unpaired = can->unpaired };
	for (uint32_t i = 0; i < can->n; i++)
		report->commands += can->inter[i].command != CANONICAL_OTHER;
	if (report->commands == 0)
		return diag_set(why, -ENODATA, "%s: no message is a command of the definition of \"%.*s\"; see that its "
		    "verbs and framing are those of this service.", c->sources[0].name, (int)d->name.n,
		    (const char *)d->name.p);
	count_rules(report, pool, f);
	relate(&report->relations, pool, f);
	phases_find(phases, pool, f);
	report->phases = phases->n + 1;
	world_make(w, pool, f);
	mark_what_counts(w, phases);
	search_programs(w, &program, &report->search);
	view = pool_array(pool, can->n + 1u, sizeof *view);
	world_run(w, program, view);
	phrases_find(phrases, w, view);
	report->phrases = phrases->text.n;
	recall_find(recall, pool, w);
	transfers_find(transfers, pool, w);
	*m = (struct mined){ .w = w, .program = program, .view = view, .phases = phases, .phrases = phrases,
		.recall = recall, .transfers = transfers };
	t->eom = eom_of(pool, d, c);
	t->neom = 1;
	mining_emit(t, pool, m);
	return 0;
}

struct span
mining_program(const struct mined *m, struct pool *pool, uint32_t form)
{
	static const char *const guards[] = { "always", "in set", "not in set", "in no set",
		"in set, nothing below, set", "below the root" };
	static const char *const effects[] = { "nothing", "add to set", "delete from set", "go there", "go up" };
	const struct program *p = &m->program[form];
	struct span name = form_name(m->w->f, pool, form);
	bool set = p->guard == WORLD_IN || p->guard == WORLD_NOTIN || p->guard == WORLD_CHILDLESS;
	char text[256];
	int n = snprintf(text, sizeof text, "%.*s: %s", (int)MIN(name.n, (size_t)80), name.p, guards[p->guard]);

	if (set)
		n += snprintf(text + n, sizeof text - (size_t)n, " %u", p->set + 1u);
	if (p->parent > 0)
		n += snprintf(text + n, sizeof text - (size_t)n, ", parent in set %u", p->parent);
	n += snprintf(text + n, sizeof text - (size_t)n, " -> %s", effects[p->effect]);
	if (p->effect == WORLD_ADD || p->effect == WORLD_DEL)
		n += snprintf(text + n, sizeof text - (size_t)n, " %u", p->into + 1u);
	return span_of(pool_copy(pool, text, (size_t)n), (size_t)n);
}
