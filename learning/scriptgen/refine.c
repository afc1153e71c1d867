#include "learning/scriptgen/refine.h"

#include "learning/scriptgen/sequence.h"

enum {
	VALUES = 64,		/* of a run that are told apart; the others count as one */
	ANSWERS = 32,		/* likewise, of what is answered */
	OFTEN = 4,		/* times that a value was said, at least */
	GAIN = 4,		/* answers that are told right by a run, at least */
	RUN = 64,		/* bytes of a run that are looked at */
};

struct matched {			/* the messages of one label */
	struct pool *pool;
	const struct kinds_member *m;
	const struct label *label;
	const uint32_t *member;
	struct span *value;		/* per message: what each segment took */
	uint32_t **answer;		/* per message and answer to it: which, counted from 0 */
	uint8_t *half;			/* per message, by its hash */
	uint32_t silence;		/* the answer that is none */
	uint32_t n;
};

struct run {			/* free bytes of a segment, and what they tell */
	uint32_t segment, offset, n;
	uint32_t gain;
	struct span value[VALUES];
	bool own[VALUES];		/* has an answer of its own */
	uint32_t nvalues;
};

static struct span
bytes_of(const struct matched *r, const struct run *run, uint32_t i)
{
	return span_of(r->value[(size_t)i * r->label->n + run->segment].p + run->offset, run->n);
}

/* The most frequent values, and per message which it has; VALUES: another. */
static void
read_values(struct run *run, uint32_t *of, const struct matched *r)
{
	uint32_t *count = pool_array(r->pool, r->n + 1, sizeof *count), best[VALUES];
	uint32_t *place = pool_array(r->pool, r->n + 1, sizeof *place);
	struct intern known;

	intern_init(&known, r->pool);
	run->nvalues = 0;
	for (uint32_t i = 0; i < r->n; i++) {
		of[i] = intern_add(&known, bytes_of(r, run, i));
		count[of[i]] += r->m[r->member[i]].weight;
	}
	for (uint32_t v = 0; v < known.n; v++) {
		uint32_t k = MIN(run->nvalues, VALUES - 1u);

		if (count[v] < OFTEN || (run->nvalues == VALUES && count[v] <= count[best[k]]))
			continue;
		run->nvalues = k + 1;
		for (; k > 0 && count[best[k - 1]] < count[v]; k--)
			best[k] = best[k - 1];
		best[k] = v;
	}
	for (uint32_t v = 0; v < known.n; v++)
		place[v] = VALUES;
	for (uint32_t k = 0; k < run->nvalues; k++) {
		run->value[k] = known.value[best[k]];
		place[best[k]] = k;
	}
	for (uint32_t i = 0; i < r->n; i++)
		of[i] = place[of[i]];
}

static uint32_t
most_frequent(const uint32_t *row)
{
	uint32_t best = 0;

	for (uint32_t a = 1; a < ANSWERS; a++)
		if (row[a] > row[best])
			best = a;
	return best;
}

/* Is the answer that one half of the messages has most told right in the other more often than the usual one? */
static bool
holds(const uint32_t *half, const uint32_t *other, uint32_t usual, uint32_t silence)
{
	uint32_t own = most_frequent(half);

	return own != usual && own != silence && other[own] > other[usual];
}

/* What a run tells of the answers; gain 0: nothing that both halves of the messages say. */
static void
judge(struct run *run, const struct matched *r)
{
	uint32_t table[2][VALUES + 1][ANSWERS] = { 0 }, both[ANSWERS] = { 0 }, all[ANSWERS] = { 0 }, usual;
	uint32_t *of = pool_array(r->pool, r->n + 1, sizeof *of);

	read_values(run, of, r);
	for (uint32_t i = 0; i < r->n; i++) {
		const struct tally *t = &r->m[r->member[i]].next;

		for (uint32_t k = 0; k < t->n; k++) {
			table[r->half[i]][of[i]][r->answer[i][k]] += (t->count[k] + 1) / 2;
			table[!r->half[i]][of[i]][r->answer[i][k]] += t->count[k] / 2;
			all[r->answer[i][k]] += t->count[k];
		}
	}
	usual = most_frequent(all);
	for (uint32_t v = 0; v < run->nvalues; v++) {
		run->own[v] = holds(table[0][v], table[1][v], usual, r->silence) &&
		    holds(table[1][v], table[0][v], usual, r->silence);
		for (uint32_t a = 0; a < ANSWERS; a++)
			both[a] = table[0][v][a] + table[1][v][a];
		run->gain += run->own[v] ? both[most_frequent(both)] - both[usual] : 0;
	}
}

static void
try_run(struct run *best, const struct matched *r, uint32_t segment, uint32_t offset, uint32_t n)
{
	struct run run = { .segment = segment, .offset = offset, .n = n };
	struct pool_mark mark = pool_mark(r->pool);

	judge(&run, r);
	if (run.gain >= GAIN && run.gain > best->gain)
		*best = run;
	pool_release(r->pool, &mark);
}

/* The run, or single byte, that tells most. */
static struct run
find_run(const struct matched *r)
{
	struct run best = { 0 };

	for (uint32_t s = 0; s < r->label->n; s++) {
		const struct segment *seg = &r->label->segment[s];

		for (uint32_t o = 0, n; seg->rigid && o < seg->n; o += MAX(n, 1u)) {
			for (n = 0; o + n < seg->n && n < RUN && !seg->fixed[o + n]; n++)
				continue;
			if (n > 1)
				try_run(&best, r, s, o, n);
			for (uint32_t k = 0; k < n; k++)
				try_run(&best, r, s, o + k, 1);
		}
	}
	return best;
}

static struct label
with_value(struct pool *pool, const struct label *l, const struct run *run, struct span value)
{
	struct label to = label_copy(pool, l);
	struct segment *s = &to.segment[run->segment];

	memcpy(s->byte + run->offset, value.p, run->n);
	memset(s->fixed + run->offset, true, run->n);
	to.fixed += run->n;
	return to;
}

static void
read_label(struct matched *r, const struct kinds *k, uint32_t l, const struct intern *messages, const uint32_t *member,
    uint32_t n)
{
	const uint32_t silence = STEP_SILENCE;
	struct intern answers;

	intern_init(&answers, r->pool);
	r->silence = intern_add(&answers, span_of(&silence, sizeof silence));
	r->label = &k->label[l];
	r->member = member;
	r->n = n;
	r->value = pool_array(r->pool, (size_t)n * r->label->n + 1, sizeof *r->value);
	r->answer = pool_array(r->pool, n, sizeof *r->answer);
	r->half = pool_alloc(r->pool, n);
	for (uint32_t i = 0; i < n; i++) {
		const struct tally *t = &r->m[member[i]].next;

		label_match(r->label, messages->value[r->m[member[i]].message], r->value + (size_t)i * r->label->n);
		r->half[i] = hash_stir(span_hash(messages->value[r->m[member[i]].message], 0)) & 1;
		r->answer[i] = pool_array(r->pool, t->n + 1, sizeof *r->answer[i]);
		for (uint32_t a = 0; a < t->n; a++)
			r->answer[i][a] = MIN(intern_add(&answers, span_of(&t->what[a], sizeof *t->what)), ANSWERS - 1u);
	}
}

/* Would a label of l's take what is another label's? */
static bool
takes_others(const struct label *one, uint32_t l, const struct kinds *k, struct pool *pool,
    const struct intern *messages, const struct kinds_member *m, uint32_t n)
{
	struct span value[LABEL_SEGMENTS], key = label_key(pool, one);

	for (uint32_t i = 0; i < n; i++)
		if (k->of[i] != l && k->of[i] != KINDS_NONE &&
		    label_match(one, messages->value[m[i].message], value) &&
		    label_order(one, key, &k->label[k->of[i]], k->key[k->of[i]]) < 0)
			return true;
	return false;
}

uint32_t
refine_labels(struct kinds *k, struct pool *pool, const struct intern *messages, const struct kinds_member *m,
    uint32_t n)
{
	uint32_t *member = pool_array(pool, n + 1, sizeof *member), labels = k->n, members;
	struct matched r = { .pool = pool, .m = m };
	struct run run;

	for (uint32_t l = 0; l < labels; l++) {
		members = 0;
		for (uint32_t i = 0; i < n; i++)
			if (k->of[i] == l)
				member[members++] = i;
		if (members < 2)
			continue;
		read_label(&r, k, l, messages, member, members);
		run = find_run(&r);
		for (uint32_t v = 0; v < run.nvalues; v++) {
			struct label own;

			if (!run.own[v])
				continue;
			own = with_value(pool, &k->label[l], &run, run.value[v]);
			if (takes_others(&own, l, k, pool, messages, m, n))
				continue;
			k->label = pool_grow(pool, k->label, k->n, k->n + 1, sizeof *k->label);
			k->label[k->n++] = own;
		}
	}
	return k->n - labels;
}
