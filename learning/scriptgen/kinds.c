#include "learning/scriptgen/kinds.h"

#include <stdlib.h>

struct joined {			/* an alignment, and whose rows they are */
	struct alignment a;
	uint32_t *message;
};

struct made {			/* the labels of a macrocluster */
	struct label *label;
	uint32_t *id;			/* their numbers in matches */
	uint32_t n;
};

struct kinds_memo {
	struct pool *pool, *work;
	const struct intern *messages;
	size_t longest;			/* bytes of a message that are looked at */
	struct kinds_memo *head;	/* for the beginnings of those that resemble no other so far; or NULL */
	struct matches *matches;	/* the same for the beginnings */
	struct intern pairs, joins, clusters;
	double *distance;		/* per pair */
	struct joined *joined;		/* per join */
	struct made *made;		/* per cluster and what was answered to it */
	uint32_t distance_room, joined_room, made_room;
};

static struct kinds_memo *
memo_create(struct matches *matches, size_t longest)
{
	struct pool *pool = matches->pool;
	struct kinds_memo *memo = pool_alloc(pool, sizeof *memo);

	memo->pool = pool;
	memo->work = matches->work;
	memo->messages = matches->messages;
	memo->matches = matches;
	memo->longest = longest;
	intern_init(&memo->pairs, pool);
	intern_init(&memo->joins, pool);
	intern_init(&memo->clusters, pool);
	return memo;
}

struct kinds_memo *
kinds_memo_create(struct pool *pool, struct pool *work, const struct intern *messages)
{
	struct matches *matches = pool_alloc(pool, sizeof *matches);
	struct kinds_memo *memo;

	matches_init(matches, pool, work, messages);
	memo = memo_create(matches, ALIGN_MAX);
	memo->head = memo_create(matches, KINDS_HEAD);
	memo->head->head = memo_create(matches, KINDS_FRONT);
	return memo;
}

struct matches *
kinds_matches(const struct kinds_memo *memo)
{
	return memo->matches;
}

static struct span
bytes_of(const struct kinds_memo *memo, uint32_t message)
{
	return span_sub(memo->messages->value[message], 0, memo->longest);
}

struct kinds_params
kinds_params(bool text)
{
	return (struct kinds_params){ .region = region_params(), .micro = micro_params(),
		.cut = text ? 0.40 : 0.60, .text = text };
}

/* The number of a key, which is copied when it is new, and room for it in an array. */
static uint32_t
remember(struct kinds_memo *memo, struct intern *keys, const void *key, size_t bytes, bool *known)
{
	uint32_t id = intern_find(keys, span_of(key, bytes));

	*known = id != INTERN_NONE;
	return *known ? id : intern_add(keys, span_of(pool_copy(memo->pool, key, bytes), bytes));
}

static void *
room_for(struct pool *pool, void *array, uint32_t *room, uint32_t id, size_t size)
{
	uint32_t old = *room;

	if (id < old)
		return array;
	*room = MAX(64u, MAX(2 * old, id + 1));
	return pool_grow(pool, array, old, *room, size);
}

/* Bytes that two messages can have in common in any order, of the aligned part. */
static uint32_t
shared_bytes(struct span a, struct span b)
{
	int32_t count[256] = { 0 };
	uint32_t shared = 0;

	for (size_t i = 0; i < a.n; i++)
		count[a.p[i]]++;
	for (size_t i = 0; i < b.n; i++)
		shared += count[b.p[i]]-- > 0;
	return shared;
}

/* Pairs that cannot come below the cut are not aligned. */
static double
distance_of(struct kinds_memo *memo, uint32_t a, uint32_t b, double cut)
{
	uint32_t key[2] = { MIN(a, b), MAX(a, b) }, id;
	struct span x = bytes_of(memo, a), y = bytes_of(memo, b);
	size_t longest = MAX(x.n, y.n);
	bool known;

	if (longest > 0 && MIN(x.n, y.n) < (1 - cut) * (double)longest)
		return 1;
	id = remember(memo, &memo->pairs, key, sizeof key, &known);
	if (known)
		return memo->distance[id];
	memo->distance = room_for(memo->pool, memo->distance, &memo->distance_room, id,
	    sizeof *memo->distance);
	memo->distance[id] = shared_bytes(x, y) < (1 - cut) * (double)longest ? 1 : align_distance(x, y);
	return memo->distance[id];
}

/* Leaves are joins of a message with nothing. */
static uint32_t
join(struct kinds_memo *memo, uint32_t left, uint32_t right)
{
	uint32_t key[2] = { left, right }, id;
	struct joined *to;
	bool known;

	id = remember(memo, &memo->joins, key, sizeof key, &known);
	if (known)
		return id;
	memo->joined = room_for(memo->pool, memo->joined, &memo->joined_room, id, sizeof *memo->joined);
	to = &memo->joined[id];
	if (right == KINDS_NONE) {
		align_one(&to->a, memo->pool, bytes_of(memo, left));
		to->message = pool_copy(memo->pool, &left, sizeof left);
	} else {
		const struct joined *a = &memo->joined[left], *b = &memo->joined[right];

		align_join(&to->a, memo->pool, &a->a, &b->a);
		to->message = pool_grow(memo->pool, a->message, a->a.rows, to->a.rows, sizeof *to->message);
		memcpy(to->message + a->a.rows, b->message, b->a.rows * sizeof *to->message);
	}
	return id;
}

/* A label without a fixed byte says nothing but a length; what it was made of is odd. */
static void
push_label(struct made *to, struct kinds_memo *memo, const struct label *l)
{
	if (l->fixed == 0 && l->n > 0)
		return;
	if ((to->n & (to->n - 1)) == 0)
		to->label = pool_grow(memo->pool, to->label, to->n, MAX(2 * to->n, 1u), sizeof *l);
	to->label[to->n++] = *l;
}

static void
number_labels(struct made *to, struct kinds_memo *memo)
{
	to->id = pool_array(memo->pool, to->n + 1, sizeof *to->id);
	for (uint32_t i = 0; i < to->n; i++)
		to->id[i] = matches_label(memo->matches, &to->label[i], label_key(memo->pool, &to->label[i]));
}

static bool
has_tail(const struct label *l)
{
	return l->n > 0 && l->segment[l->n - 1].tail;
}

/* How many different lengths messages have. */
static uint32_t
count_lengths(const struct kinds_memo *memo, const uint32_t *message, const uint32_t *row, uint32_t n)
{
	uint32_t lengths = 0;

	for (uint32_t i = 0, k; i < n; i++) {
		for (k = 0; k < i && bytes_of(memo, message[row[k]]).n != bytes_of(memo, message[row[i]]).n; k++)
			continue;
		lengths += k == i;
	}
	return lengths;
}

static void
describe_aligned(struct made *to, struct kinds_memo *memo, const struct alignment *a, bool open, uint32_t least,
    const struct kinds_params *p)
{
	struct regions regions;
	struct label l;

	regions_find(&regions, memo->pool, a, &p->region);
	label_make(&l, memo->pool, a, &regions, open, p->text);
	if (memo->longest < KINDS_HEAD && !p->text)	/* what is repeated of a head may stand behind its front */
		label_lengthen(&l, memo->pool, least);
	push_label(to, memo, &l);
}

/* Messages of one length are aligned as they stand, byte by byte; one alone says nothing. */
static void
describe_lengths(struct made *to, struct kinds_memo *memo, const uint32_t *message, const uint32_t *row,
    uint32_t n, bool open, uint32_t least, const struct kinds_params *p)
{
	uint32_t *of = pool_array(memo->pool, n, sizeof *of);

	for (uint32_t i = 0; i < n; i++) {
		size_t width = bytes_of(memo, message[row[i]]).n;
		uint32_t k = 0, before = 0;
		struct alignment a;

		for (uint32_t j = 0; j < n; j++) {
			if (bytes_of(memo, message[row[j]]).n != width)
				continue;
			before += j < i;
			of[k++] = message[row[j]];
		}
		if (before > 0 || k < 2)
			continue;
		a = (struct alignment){ k, (uint32_t)width, pool_array(memo->pool, k * width + 1, sizeof *a.cell) };
		for (size_t c = 0; c < k * width; c++)
			a.cell[c] = bytes_of(memo, of[c / width]).p[c % width];
		describe_aligned(to, memo, &a, open && width == memo->longest, least, p);
	}
}

/*
 * The labels of some rows of an alignment. Binary messages have layouts: where there are few lengths for
 * many messages, each length has its own. It also has where bytes of any value and number stand in the
 * middle of whole messages; of those whose length nothing shares, nothing is said here.
 */
static void
describe(struct made *to, struct kinds_memo *memo, const struct alignment *all, const uint32_t *message,
    const uint32_t *row, uint32_t n, const struct kinds_params *p)
{
	uint32_t lengths = count_lengths(memo, message, row, n), before = to->n;
	size_t whole = 0, least = KINDS_HEAD;
	struct alignment a;

	for (uint32_t i = 0; i < n; i++) {
		whole = MAX(whole, memo->messages->value[message[row[i]]].n);
		least = MIN(least, memo->messages->value[message[row[i]]].n);
	}
	if (p->text || (lengths > 1 && lengths * 4 > n)) {
		align_rows(&a, memo->pool, all, row, n);
		describe_aligned(to, memo, &a, whole > memo->longest, (uint32_t)least, p);
		if (memo->longest < ALIGN_MAX || (to->n > before && !has_tail(&to->label[before])))
			return;
		to->n = before;
	}
	describe_lengths(to, memo, message, row, n, whole > memo->longest, (uint32_t)least, p);
}

static void
divide(struct made *to, struct kinds_memo *memo, uint32_t id, const struct tally *next,
    const struct kinds_params *p)
{
	const struct joined *j = &memo->joined[id];
	uint32_t n = j->a.rows, *part = pool_array(memo->pool, n, sizeof *part);
	uint32_t *row = pool_array(memo->pool, n, sizeof *row), parts, k;

	*to = (struct made){ 0 };
	parts = micro_divide(part, memo->pool, &j->a, next, &p->region, &p->micro);
	for (uint32_t i = 0; i < parts; i++) {
		k = 0;
		for (uint32_t r = 0; r < n; r++)
			if (part[r] == i)
				row[k++] = r;
		if (k > 1) {
			describe(to, memo, &j->a, j->message, row, k, p);
		} else {
			struct span whole = memo->messages->value[j->message[row[0]]];
			struct label own;

			label_of_message(&own, memo->pool, whole, memo->longest);
			if (memo->longest < KINDS_HEAD && !p->text)
				label_lengthen(&own, memo->pool, (uint32_t)MIN(whole.n, (size_t)KINDS_HEAD));
			push_label(to, memo, &own);
		}
	}
	number_labels(to, memo);
}

struct finding {
	struct kinds_memo *memo;
	const uint64_t *rank;		/* per message */
	const struct kinds_member *m;
	const struct kinds_params *p;
	struct kinds *out;
	uint32_t *id;			/* per label, in matches */
	uint32_t room;
};

static void
add_label(struct finding *f, const struct label *l, uint32_t id)
{
	struct kinds *k = f->out;

	if (k->n == f->room) {
		f->room = MAX(64u, 2 * f->room);
		k->label = pool_grow(f->memo->work, k->label, k->n, f->room, sizeof *k->label);
		f->id = pool_grow(f->memo->work, f->id, k->n, f->room, sizeof *f->id);
	}
	f->id[k->n] = id;
	k->label[k->n++] = *l;
}

/* The labels of one macrocluster; what was answered to its messages is part of what is remembered. */
static void
add_cluster(struct finding *f, uint32_t join_id, const struct tally *next)
{
	uint32_t rows = f->memo->joined[join_id].a.rows;
	uint64_t key[2] = { join_id, 0 };
	struct made *made;
	bool known;
	uint32_t id;

	for (uint32_t r = 0; r < rows; r++) {
		key[1] = span_hash(span_of(next[r].what, next[r].n * sizeof *next[r].what), key[1] + r);
		key[1] = span_hash(span_of(next[r].count, next[r].n * sizeof *next[r].count), key[1]);
	}
	id = remember(f->memo, &f->memo->clusters, key, sizeof key, &known);
	if (!known) {
		f->memo->made = room_for(f->memo->pool, f->memo->made, &f->memo->made_room, id,
		    sizeof *f->memo->made);
		divide(&f->memo->made[id], f->memo, join_id, next, f->p);
	}
	made = &f->memo->made[id];
	for (uint32_t i = 0; i < made->n; i++)
		add_label(f, &made->label[i], made->id[i]);
}

/* Aligns and describes a sample of members, in the order of their bytes. */
static void
learn_sample(struct finding *f, const uint32_t *sample, uint32_t n)
{
	double *distance = pool_array(f->memo->work, (size_t)n * n, sizeof *distance);
	uint32_t *cluster = pool_array(f->memo->work, n, sizeof *cluster), nclusters;
	uint32_t *node = pool_array(f->memo->work, n, sizeof *node);
	struct tally *next = pool_array(f->memo->work, n, sizeof *next);
	struct guide g;

	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < i; k++)
			distance[(size_t)i * n + k] = distance[(size_t)k * n + i] =
			    distance_of(f->memo, f->m[sample[i]].message, f->m[sample[k]].message, f->p->cut);
	guide_build(&g, f->memo->work, distance, n);
	nclusters = guide_cut(&g, f->memo->work, f->p->cut, cluster);
	for (uint32_t i = 0; i < n; i++)
		node[i] = join(f->memo, f->m[sample[i]].message, KINDS_NONE);
	for (uint32_t s = 0; s + 1 < n && g.step[s].height <= f->p->cut; s++) {
		uint32_t a = node[g.step[s].a], b = node[g.step[s].b], both = join(f->memo, a, b);

		for (uint32_t i = 0; i < n; i++)
			node[i] = node[i] == a || node[i] == b ? both : node[i];
	}
	for (uint32_t c = 0, i; c < nclusters; c++) {
		const struct joined *j;

		for (i = 0; cluster[i] != c; i++)
			continue;
		j = &f->memo->joined[node[i]];
		if (j->a.rows == 1 && f->memo->head != NULL && f->m[sample[i]].weight < 2)
			continue;	/* it resembles no other */
		for (uint32_t r = 0; r < j->a.rows; r++) {
			uint32_t k = 0;

			while (f->m[sample[k]].message != j->message[r])
				k++;
			next[r] = f->m[sample[k]].next;
		}
		add_cluster(f, node[i], next);
	}
}

struct ranked {
	uint64_t rank;
	struct span bytes;
	uint32_t member;
};

static int
by_rank(const struct ranked *x, const struct ranked *y)
{
	return x->rank != y->rank ? (x->rank > y->rank) - (x->rank < y->rank) : span_cmp(x->bytes, y->bytes);
}

static int
by_bytes(const void *a, const void *b)
{
	return span_cmp(((const struct ranked *)a)->bytes, ((const struct ranked *)b)->bytes);
}

/* Those of lowest rank, lowest first; returns how many. */
static uint32_t
choose(struct ranked *chosen, const struct finding *f, const uint32_t *left, uint32_t n)
{
	uint32_t k = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t message = f->m[left[i]].message, at;
		struct ranked one = { f->rank[message], f->memo->messages->value[message], left[i] };

		if (k == KINDS_FANOUT && by_rank(&one, &chosen[k - 1]) > 0)
			continue;
		for (at = k < KINDS_FANOUT ? k++ : k - 1; at > 0 && by_rank(&one, &chosen[at - 1]) < 0; at--)
			chosen[at] = chosen[at - 1];
		chosen[at] = one;
	}
	return k;
}

/*
 * One round: a sample of what is left is learned, and what it explains is done. Of the sample what
 * has no label joins the odd ones. Returns what is left.
 */
static uint32_t
find_round(struct finding *f, uint32_t *left, uint32_t n, uint32_t *odd, uint32_t *nodd)
{
	struct ranked chosen[KINDS_FANOUT];
	uint32_t sample[KINDS_FANOUT], k = choose(chosen, f, left, n), from = f->out->n, kept = 0;
	struct ranked last = chosen[k - 1];

	qsort(chosen, k, sizeof *chosen, by_bytes);
	for (uint32_t i = 0; i < k; i++)
		sample[i] = chosen[i].member;
	learn_sample(f, sample, k);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t l = from, message = f->m[left[i]].message;

		while (l < f->out->n && !matches_has(f->memo->matches, f->id[l], message))
			l++;
		if (l < f->out->n)
			continue;
		if (by_rank(&(struct ranked){ f->rank[message], f->memo->messages->value[message], 0 }, &last) <= 0)
			odd[(*nodd)++] = left[i];
		else
			left[kept++] = left[i];
	}
	return kept;
}

struct sorted {
	const struct label *label;
	struct span key;
	uint32_t id;
};

static int
by_label(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;

	return label_order(x->label, x->key, y->label, y->key);
}

void
kinds_drop_unused(struct kinds *k, struct pool *pool, uint32_t n)
{
	uint32_t *number = pool_array(pool, k->n + 1, sizeof *number), used = 0;

	for (uint32_t i = 0; i < n; i++)
		if (k->of[i] != KINDS_NONE)
			number[k->of[i]] = 1;
	for (uint32_t l = 0; l < k->n; l++) {
		if (number[l] == 0)
			continue;
		k->label[used] = k->label[l];
		k->key[used] = k->key[l];
		number[l] = used++;
	}
	for (uint32_t i = 0; i < n; i++)
		if (k->of[i] != KINDS_NONE)
			k->of[i] = number[k->of[i]];
	k->n = used;
}

void
kinds_assign(struct kinds *k, struct kinds_memo *memo, const struct kinds_member *m, uint32_t n)
{
	struct sorted *s = pool_array(memo->work, k->n + 1, sizeof *s);
	uint32_t kept = 0;

	for (uint32_t i = 0; i < k->n; i++)
		s[i] = (struct sorted){ &k->label[i], label_key(memo->work, &k->label[i]), 0 };
	qsort(s, k->n, sizeof *s, by_label);
	for (uint32_t i = 0; i < k->n; i++)
		if (kept == 0 || !span_eq(s[i].key, s[kept - 1].key))
			s[kept++] = s[i];
	for (uint32_t l = 0; l < kept; l++)
		s[l].id = matches_label(memo->matches, s[l].label, s[l].key);
	k->of = pool_array(memo->work, n + 1, sizeof *k->of);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t l = 0;

		while (l < kept && !matches_has(memo->matches, s[l].id, m[i].message))
			l++;
		k->of[i] = l < kept ? l : KINDS_NONE;
	}
	k->label = pool_grow(memo->work, NULL, 0, kept + 1, sizeof *k->label);
	k->key = pool_array(memo->work, kept + 1, sizeof *k->key);
	for (uint32_t l = 0; l < kept; l++) {
		k->label[l] = *s[l].label;
		k->key[l] = s[l].key;
	}
	k->n = kept;
}

void
kinds_find(struct kinds *out, struct kinds_memo *memo, const struct kinds_member *m, uint32_t n,
    const struct kinds_params *p)
{
	struct finding f = { .memo = memo, .rank = matches_ranks(memo->matches), .m = m, .p = p, .out = out };
	uint32_t *left = pool_array(memo->work, n + 1, sizeof *left);
	uint32_t *odd = pool_array(memo->work, n + 1, sizeof *odd);
	uint32_t rest = n, nodd;

	*out = (struct kinds){ 0 };
	for (uint32_t i = 0; i < n; i++)
		left[i] = i;
	while (f.memo != NULL && rest > 0) {
		uint32_t *other = odd;

		nodd = 0;
		for (uint32_t r = 0; r < KINDS_ROUNDS && rest > 0; r++)
			rest = find_round(&f, left, rest, odd, &nodd);
		memcpy(odd + nodd, left, rest * sizeof *odd);
		rest += nodd;
		odd = left;
		left = other;
		f.memo = f.memo->head;
	}
	kinds_assign(out, memo, m, n);
	kinds_drop_unused(out, memo->work, n);
}
