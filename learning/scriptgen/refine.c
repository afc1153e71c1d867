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
	uint32_t silence, usual;	/* answers: that is none; the most frequent one */
	uint32_t unusual;		/* times that another one came: no run can tell more */
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

/* Values of a run as they are found: messages have numbers of them. */
struct found {
	uint32_t *of;			/* per message */
	uint32_t *count;		/* per value: how often it was said */
	struct span *value;
	uint32_t n;
};

static void
find_bytes(struct found *f, const struct matched *r, const struct run *run)
{
	uint32_t number[256] = { 0 };

	for (uint32_t i = 0; i < r->n; i++) {
		struct span v = bytes_of(r, run, i);

		if (number[*v.p] == 0) {
			f->value[f->n] = v;
			number[*v.p] = ++f->n;
		}
		f->of[i] = number[*v.p] - 1;
	}
}

static void
find_values(struct found *f, const struct matched *r, const struct run *run)
{
	struct intern known;

	intern_init(&known, r->pool);
	for (uint32_t i = 0; i < r->n; i++)
		f->of[i] = intern_add(&known, bytes_of(r, run, i));
	f->value = known.value;
	f->n = known.n;
}

static bool
comes_before(const struct found *f, uint32_t a, uint32_t b)
{
	return f->count[a] != f->count[b] ? f->count[a] > f->count[b] : span_cmp(f->value[a], f->value[b]) < 0;
}

/* The most frequent values, of equals the lowest, and per message which it has; VALUES: another. */
static void
read_values(struct run *run, uint32_t *of, const struct matched *r)
{
	struct found f = { .of = of, .count = pool_array(r->pool, r->n + 1, sizeof *f.count),
		.value = pool_array(r->pool, 256, sizeof *f.value) };
	uint32_t *place = pool_array(r->pool, r->n + 1, sizeof *place), best[VALUES];

	if (run->n == 1)
		find_bytes(&f, r, run);
	else
		find_values(&f, r, run);
	for (uint32_t i = 0; i < r->n; i++)
		f.count[of[i]] += r->m[r->member[i]].weight;
	run->nvalues = 0;
	for (uint32_t v = 0; v < f.n; v++) {
		uint32_t k = MIN(run->nvalues, VALUES - 1u);

		place[v] = VALUES;
		if (f.count[v] < OFTEN || (run->nvalues == VALUES && !comes_before(&f, v, best[k])))
			continue;
		run->nvalues = k + 1;
		for (; k > 0 && comes_before(&f, v, best[k - 1]); k--)
			best[k] = best[k - 1];
		best[k] = v;
	}
	for (uint32_t k = 0; k < run->nvalues; k++) {
		run->value[k] = f.value[best[k]];
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
	uint32_t table[2][VALUES + 1][ANSWERS] = { 0 }, both[ANSWERS] = { 0 };
	uint32_t *of = pool_array(r->pool, r->n + 1, sizeof *of);

	read_values(run, of, r);
	for (uint32_t i = 0; i < r->n; i++) {
		const struct tally *t = &r->m[r->member[i]].next;

		for (uint32_t k = 0; k < t->n; k++) {
			table[r->half[i]][of[i]][r->answer[i][k]] += (t->count[k] + 1) / 2;
			table[!r->half[i]][of[i]][r->answer[i][k]] += t->count[k] / 2;
		}
	}
	for (uint32_t v = 0; v < run->nvalues; v++) {
		run->own[v] = holds(table[0][v], table[1][v], r->usual, r->silence) &&
		    holds(table[1][v], table[0][v], r->usual, r->silence);
		for (uint32_t a = 0; a < ANSWERS; a++)
			both[a] = table[0][v][a] + table[1][v][a];
		run->gain += run->own[v] ? both[most_frequent(both)] - both[r->usual] : 0;
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

/* Numbers for what was answered to these messages, and how much of it a run could tell. */
static void
read_answers(struct matched *r)
{
	const uint32_t silence = STEP_SILENCE;
	uint32_t all[ANSWERS] = { 0 }, n = 0, *number;
	struct intern answers;

	for (uint32_t i = 0; i < r->n; i++)
		n += r->m[r->member[i]].next.n;
	number = pool_array(r->pool, n + 1, sizeof *number);
	r->answer = pool_array(r->pool, r->n, sizeof *r->answer);
	intern_init(&answers, r->pool);
	r->silence = intern_add(&answers, span_of(&silence, sizeof silence));
	r->unusual = 0;
	for (uint32_t i = 0; i < r->n; i++) {
		const struct tally *t = &r->m[r->member[i]].next;

		r->answer[i] = number;
		for (uint32_t a = 0; a < t->n; a++) {
			uint32_t id = intern_add(&answers, span_of(&t->what[a], sizeof *t->what));

			*number = MIN(id, ANSWERS - 1u);
			all[*number++] += t->count[a];
			r->unusual += t->count[a];
		}
	}
	r->usual = most_frequent(all);
	r->unusual -= all[r->usual];
}

static void
read_messages(struct matched *r, const struct intern *messages, const uint64_t *rank)
{
	r->value = pool_array(r->pool, (size_t)r->n * r->label->n + 1, sizeof *r->value);
	r->half = pool_alloc(r->pool, r->n);
	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t message = r->m[r->member[i]].message;

		label_match(r->label, messages->value[message], r->value + (size_t)i * r->label->n);
		r->half[i] = rank[message] & 1;
	}
}

/* Would a label of l's take what is another label's? */
static bool
takes_others(const struct label *one, uint32_t l, const struct kinds *k, struct matches *matches,
    const struct kinds_member *m, uint32_t n)
{
	struct span key = label_key(matches->work, one);
	uint32_t id = matches_label(matches, one, key);

	for (uint32_t i = 0; i < n; i++)
		if (k->of[i] != l && k->of[i] != KINDS_NONE && matches_has(matches, id, m[i].message) &&
		    label_order(one, key, &k->label[k->of[i]], k->key[k->of[i]]) < 0)
			return true;
	return false;
}

/* The run that tells most of the answers to a label; nvalues 0: none does. */
static struct run
ask(struct matched *r, struct matches *matches)
{
	const uint64_t *rank = matches_ranks(matches);
	struct pool_mark mark = pool_mark(r->pool);
	struct run run = { 0 };

	read_answers(r);
	if (r->unusual >= GAIN) {
		read_messages(r, matches->messages, rank);
		run = find_run(r);
	}
	pool_release(r->pool, &mark);
	return run;
}

uint32_t
refine_labels(struct kinds *k, struct matches *matches, const struct kinds_member *m, uint32_t n)
{
	struct pool *pool = matches->work;
	uint32_t *member = pool_array(pool, n + 1, sizeof *member), labels = k->n;

	for (uint32_t l = 0; l < labels; l++) {
		struct matched r = { .pool = pool, .m = m, .label = &k->label[l], .member = member };
		struct run run;

		for (uint32_t i = 0; i < n; i++)
			if (k->of[i] == l)
				member[r.n++] = i;
		if (r.n < 2)
			continue;
		run = ask(&r, matches);
		for (uint32_t v = 0; v < run.nvalues; v++) {
			struct label own;

			if (!run.own[v])
				continue;
			own = with_value(pool, &k->label[l], &run, run.value[v]);
			if (takes_others(&own, l, k, matches, m, n))
				continue;
			k->label = pool_grow(pool, k->label, k->n, k->n + 1, sizeof *k->label);
			k->label[k->n++] = own;
		}
	}
	return k->n - labels;
}
