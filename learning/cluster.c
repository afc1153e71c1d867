#include "learning/cluster.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learning/linkage.h"
#include "learning/supervised.h"
#include "learning/warm.h"

static int run_nmf(struct clustering *c, struct pool *pool, const struct cluster_input *in,
    const struct cluster_params *p);
static int run_first_token(struct clustering *c, struct pool *pool,
    const struct cluster_input *in, const struct cluster_params *p);
static int run_template(struct clustering *c, struct pool *pool, const struct cluster_input *in,
    const struct cluster_params *p);

const struct clusterer clusterers[] = {
	{ "nmf", "co-occurring tokens or n-grams (PRISMA)", run_nmf },
	{ "linkage", "words and where they stand, single linkage (PRISMA, for FTP)", linkage_run },
	{ "first-token", "the first token, or the most regular leading bytes", run_first_token },
	{ "reply-supervised", "words that tell the replies apart", supervised_run },
	{ "template", "every template for itself", run_template },
	{ NULL, NULL, NULL },
};

const struct clusterer *
clusterer_find(const char *name)
{
	for (const struct clusterer *c = clusterers; c->name != NULL; c++) {
		if (strcmp(c->name, name) == 0)
			return c;
	}
	return NULL;
}

struct cluster_params
cluster_params(void)
{
	struct cluster_params p = {
		.text = embed_params(EMBED_SEPARATORS, 1),
		.binary = embed_params(NULL, 2),
		.select = select_params(),
		.nmf = nmf_params(),
		.max_inner = 64,
		.max_tokens = 256,
	};

	p.select.full_n = 1000;
	p.select.max_kept = 2000;
	return p;
}

static bool
read_as_text(const struct cluster_params *p, const struct cluster_input *in)
{
	return p->bytes == CLUSTER_TEXT
	    || (p->bytes == CLUSTER_AUTO && embed_is_text(in->message, in->n));
}

static void
start(struct clustering *c, struct pool *pool, const char *name, uint32_t n)
{
	*c = (struct clustering){ .name = name, .n = n, .null_label = CLUSTER_NONE };
	c->label = pool_array(pool, n, sizeof *c->label);
}

const struct embed_params *
cluster_embed(struct clustering *c, struct pool *pool, const char *name,
    const struct cluster_input *in, const struct cluster_params *p)
{
	start(c, pool, name, in->n);
	c->report.text = read_as_text(p, in);
	return c->report.text ? &p->text : &p->binary;
}

void
cluster_count(struct clustering *c, struct pool *pool)
{
	c->size = pool_array(pool, c->k, sizeof *c->size);
	for (uint32_t m = 0; m < c->n; m++)
		c->size[c->label[m]]++;
}

void
cluster_whole(struct clustering *c, struct pool *pool, uint32_t n)
{
	start(c, pool, "whole", n);
	c->k = n > 0;
	cluster_count(c, pool);
}

void
cluster_product(struct clustering *c, struct pool *pool, const struct clustering *a,
    const struct clustering *b)
{
	uint32_t *pair = pool_array(pool, (size_t)a->k * b->k, sizeof *pair);

	assert(a->n == b->n);
	start(c, pool, "product", a->n);
	for (uint32_t m = 0; m < c->n; m++) {
		uint32_t *p = &pair[(size_t)a->label[m] * b->k + b->label[m]];

		if (*p == 0)
			*p = ++c->k;
		c->label[m] = *p - 1;
	}
	cluster_count(c, pool);
}

/* In the order first seen. */
static int
run_template(struct clustering *c, struct pool *pool, const struct cluster_input *in,
    const struct cluster_params *p)
{
	uint32_t *number, most = 0;

	cluster_embed(c, pool, "template", in, p);
	if (in->n == 0 || in->template == NULL)
		return -ENODATA;
	for (uint32_t m = 0; m < in->n; m++)
		most = MAX(most, in->template[m]);
	number = pool_array(pool, (size_t)most + 1, sizeof *number);
	for (uint32_t m = 0; m < in->n; m++) {
		uint32_t *k = &number[in->template[m]];

		if (*k == 0)
			*k = ++c->k;
		c->label[m] = *k - 1;
	}
	cluster_count(c, pool);
	return 0;
}

/* --- NMF ------------------------------------------------------------------------- */

/*
 * The inner dimension: even, since every component gives two columns. Where nothing stands
 * out of the noise (messages of one kept word each look like chance) all components are
 * taken: too many columns split clusters, too few mix them.
 */
static int
choose_inner(struct cluster_report *r, struct pool *pool, const struct pca *pca,
    const struct selection *s, const struct cluster_params *p)
{
	uint32_t most = MAX(p->max_inner & ~1u, 2u);
	int err;

	if (p->inner > 0) {
		r->inner = (p->inner + 1) & ~1u;
	} else {
		err = pca_dimension(&r->estimated, pool, pca, &s->x, s->weight, p->noise, p->seed,
		    NULL);
		if (err < 0)
			return err;
		r->inner = r->estimated > 0 ? r->estimated : 2 * pca->nvalues;
	}
	r->capped = r->inner > most;
	r->inner = MIN(r->inner, most);
	return 0;
}

/* Where the factorisation starts: at the principal components. */
static int
begin_cold(struct clustering *c, struct dense *b, struct pool *pool, const struct selection *s,
    const struct cluster_params *p)
{
	struct pca pca;
	int err = pca_of(&pca, pool, &s->x, s->weight);

	if (err == 0)
		err = choose_inner(&c->report, pool, &pca, s, p);
	if (err == 0)
		*b = pca_start(pool, &pca, c->report.inner);
	return err;
}

/* ... or at an older model's basis, which saves the components and most sweeps. */
static bool
begin_warm(struct clustering *c, struct dense *b, struct pool *pool,
    const struct embed_params *kind, const struct embedding *e, const struct selection *s,
    const struct cluster_params *p)
{
	struct cluster_report *r = &c->report;
	struct warm w;

	if (p->basis == NULL)
		return false;
	r->warm = warm_start(&w, pool, p->basis, kind, e, s, MAX(p->max_inner & ~1u, 2u));
	r->known = w.known;
	r->more = w.more;
	*b = w.b;
	return r->warm;
}

/* Labels of messages and a basis of the columns that are somebody's label. */
static void
take_labels(struct clustering *c, struct pool *pool, const struct selection *s,
    const struct nmf *m, struct cluster_basis *basis)
{
	uint32_t e = m->b.cols, *cluster_of = pool_array(pool, (size_t)e + 1, sizeof *cluster_of);
	uint8_t *used = pool_array(pool, (size_t)e + 1, 1);	/* the last: NMF_NULL */

	for (uint32_t d = 0; d < s->ndistinct; d++)
		used[m->label[d] == NMF_NULL ? e : (uint32_t)m->label[d]] = 1;
	for (uint32_t j = 0; j < e; j++) {
		if (used[j])
			cluster_of[j] = c->k++;
	}
	basis->b = dense_of(pool, m->b.rows, c->k);
	for (uint32_t f = 0; f < m->b.rows; f++) {
		for (uint32_t j = 0; j < e; j++) {
			if (used[j])
				dense_row(&basis->b, f)[cluster_of[j]] = dense_row(&m->b, f)[j];
		}
	}
	if (used[e])
		cluster_of[e] = c->null_label = c->k++;
	for (uint32_t i = 0; i < c->n; i++) {
		int32_t label = m->label[s->distinct_of[i]];

		c->label[i] = cluster_of[label == NMF_NULL ? e : (uint32_t)label];
	}
}

static int
run_nmf(struct clustering *c, struct pool *pool, const struct cluster_input *in,
    const struct cluster_params *p)
{
	struct cluster_basis *basis = pool_alloc(pool, sizeof *basis);
	struct nmf_params nmf_p = p->nmf;
	struct cluster_report *r = &c->report;
	struct embed_count count;
	struct embedding e;
	struct selection s;
	struct dense b;
	struct nmf m;
	int err;

	basis->embed = *cluster_embed(c, pool, "nmf", in, p);
	basis->embed.seed = p->seed;
	progress_at(p->progress, "embed", 0);
	embed_count(&count, pool, &basis->embed, in->message, in->n);
	r->limits = select_limits(&p->select, embed_histogram(pool, &count), in->n);
	if (r->limits.nkept == 0)
		return -ENODATA;
	embed_index(&e, pool, &count, r->limits.c_min, r->limits.c_max);
	progress_at(p->progress, "select", 0);
	select_reduce(&s, pool, &e, p->seed);
	r->groups = s.ngroups;
	r->distinct = s.ndistinct;
	progress_at(p->progress, "components", 0);
	if (!begin_warm(c, &b, pool, &basis->embed, &e, &s, p) &&
	    (err = begin_cold(c, &b, pool, &s, p)) < 0)
		return err;
	nmf_p.progress = p->progress;
	nmf_p.nearly = r->warm;
	err = nmf_run(&m, pool, &s.x, s.weight, b, &nmf_p);
	if (err < 0)
		return err;
	r->inner = m.b.cols + m.died;	/* fewer than asked when components ran out */
	r->sweeps = m.sweeps;
	r->finish_sweeps = m.finish_sweeps;
	r->died = m.died;
	r->objective = m.objective;
	take_labels(c, pool, &s, &m, basis);
	basis->feature = e.feature;
	basis->group_of = s.group_of;
	basis->nfeatures = e.x.rows;
	basis->lambda = m.lambda;
	c->basis = basis;
	cluster_count(c, pool);
	return 0;
}

/*
 * A group counts when any of its features is there: in training all of them were, or none.
 * Done plainly, features against the message's own; meant for few messages.
 */
uint32_t
cluster_assign(struct pool *pool, const struct cluster_basis *basis, struct span message)
{
	struct embed_count count;
	struct embedding e;
	struct sparse x = { .rows = basis->b.rows, .cols = 1 };
	uint8_t *there = pool_array(pool, x.rows, 1);
	struct dense c;
	int32_t label;

	embed_count(&count, pool, &basis->embed, &message, 1);
	embed_index(&e, pool, &count, 1, 1);
	for (uint32_t i = 0; i < e.x.rows; i++) {
		for (uint32_t f = 0; f < basis->nfeatures; f++) {
			if (span_eq(e.feature[i], basis->feature[f]))
				there[basis->group_of[f]] = 1;
		}
	}
	x.first = pool_array(pool, 2, sizeof *x.first);
	x.row = pool_array(pool, x.rows, sizeof *x.row);
	for (uint32_t g = 0; g < x.rows; g++) {
		if (there[g])
			x.row[x.first[1]++] = g;
	}
	if (nmf_assign(&c, pool, &x, &basis->b, basis->lambda) < 0)
		return CLUSTER_NONE;
	nmf_labels(&label, &c);
	return label == NMF_NULL ? CLUSTER_NONE : (uint32_t)label;
}

/* --- first token ----------------------------------------------------------------- */

enum {
	COLUMNS = 16,		/* leading bytes looked at */
	ABSENT = 256,		/* the message ends before */
	COLUMN_KINDS = 32	/* combinations that chosen columns may form */
};

static struct span
first_token(const struct embed_params *p, struct span m)
{
	size_t from = 0, to;

	while (from < m.n && p->separator[m.p[from]])
		from++;
	for (to = from; to < m.n && !p->separator[m.p[to]];)
		to++;
	return span_sub(m, from, to - from);
}

static uint32_t
byte_at(struct span m, uint32_t column)
{
	return column < m.n ? m.p[column] : ABSENT;
}

/* Bits. 0 for a column that never changes. */
static double
entropy(const struct cluster_input *in, uint32_t column)
{
	uint32_t of[ABSENT + 1] = { 0 };
	double bits = 0;

	for (uint32_t m = 0; m < in->n; m++)
		of[byte_at(in->message[m], column)]++;
	for (uint32_t v = 0; v <= ABSENT; v++) {
		double share = (double)of[v] / in->n;

		if (of[v] > 0 && of[v] < in->n)
			bits -= share * log2(share);
	}
	return bits;
}

struct key_table {
	struct span *key;
	uint32_t *count, *slot, *of;	/* of: key of each message */
	uint32_t n, nslots;
};

static void
keys_init(struct key_table *t, struct pool *pool, uint32_t n)
{
	*t = (struct key_table){ .nslots = 64 };
	while (t->nslots < 2u * n)
		t->nslots *= 2;
	t->key = pool_array(pool, n, sizeof *t->key);
	t->count = pool_array(pool, n, sizeof *t->count);
	t->of = pool_array(pool, n, sizeof *t->of);
	t->slot = pool_array(pool, t->nslots, sizeof *t->slot);
}

static void
keys_add(struct key_table *t, struct pool *pool, struct span key, uint32_t message,
    uint64_t seed)
{
	uint32_t at = (uint32_t)span_hash(key, seed) & (t->nslots - 1);

	while (t->slot[at] != 0 && !span_eq(t->key[t->slot[at] - 1], key))
		at = (at + 1) & (t->nslots - 1);
	if (t->slot[at] == 0) {
		t->key[t->n] = span_of(pool_copy(pool, key.p, key.n), key.n);
		t->slot[at] = ++t->n;
	}
	t->of[message] = t->slot[at] - 1;
	t->count[t->slot[at] - 1]++;
}

/* Bytes of the chosen columns, one after the other; two bytes each for the absent one. */
static void
column_keys(struct key_table *t, struct pool *pool, const struct cluster_input *in,
    const uint32_t *column, uint32_t ncolumns, uint64_t seed)
{
	keys_init(t, pool, in->n);
	for (uint32_t m = 0; m < in->n; m++) {
		uint8_t key[2 * COLUMNS];

		for (uint32_t i = 0; i < ncolumns; i++)
			store_be16(key + 2 * i, (uint16_t)byte_at(in->message[m], column[i]));
		keys_add(t, pool, span_of(key, 2 * ncolumns), m, seed);
	}
}

/*
 * Byte columns from the least entropy up, while they form few combinations: flags and
 * types, not identifiers. Columns that never change say nothing.
 */
static void
regular_columns(struct key_table *t, struct pool *pool, const struct cluster_input *in,
    uint64_t seed)
{
	double bits[COLUMNS];
	uint32_t order[COLUMNS], chosen[COLUMNS] = { 0 }, nchosen = 0;

	for (uint32_t c = 0; c < COLUMNS; c++) {
		uint32_t at = c;

		bits[c] = entropy(in, c);
		for (; at > 0 && bits[order[at - 1]] > bits[c]; at--)
			order[at] = order[at - 1];
		order[at] = c;
	}
	column_keys(t, pool, in, chosen, 0, seed);
	for (uint32_t i = 0; i < COLUMNS; i++) {
		struct key_table finer;

		if (bits[order[i]] <= 0)
			continue;
		chosen[nchosen] = order[i];
		column_keys(&finer, pool, in, chosen, nchosen + 1, seed);
		if (finer.n > COLUMN_KINDS)
			break;
		*t = finer;
		nchosen++;
	}
}

static int
by_count(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x < y) - (x > y);
}

/* The most frequent keys each become a cluster, in the order first seen; the rest share one. */
static void
take_keys(struct clustering *c, struct pool *pool, const struct key_table *t, uint32_t most)
{
	uint32_t *label = pool_array(pool, t->n, sizeof *label);
	uint64_t *order = pool_array(pool, t->n, sizeof *order);
	bool rest = false;

	/* count first, then the earlier key */
	for (uint32_t i = 0; i < t->n; i++)
		order[i] = (uint64_t)t->count[i] << 32 | (UINT32_MAX - i);
	if (t->n > 0)
		qsort(order, t->n, sizeof *order, by_count);
	for (uint32_t i = 0; i < MIN(t->n, most); i++)
		label[UINT32_MAX - (uint32_t)order[i]] = 1;
	c->key = pool_array(pool, (size_t)MIN(t->n, most) + 1, sizeof *c->key);
	for (uint32_t i = 0; i < t->n; i++) {
		if (label[i] == 0 || (c->report.text && t->key[i].n == 0)) {
			label[i] = CLUSTER_NONE;
			rest = true;
			continue;
		}
		c->key[c->k] = t->key[i];
		label[i] = c->k++;
	}
	if (rest)
		c->null_label = c->k++;
	for (uint32_t m = 0; m < c->n; m++)
		c->label[m] = label[t->of[m]] == CLUSTER_NONE ? c->null_label : label[t->of[m]];
}

static int
run_first_token(struct clustering *c, struct pool *pool, const struct cluster_input *in,
    const struct cluster_params *p)
{
	struct key_table t;

	start(c, pool, "first-token", in->n);
	if (in->n == 0)
		return -ENODATA;
	c->report.text = read_as_text(p, in);
	if (c->report.text) {
		keys_init(&t, pool, in->n);
		for (uint32_t m = 0; m < in->n; m++)
			keys_add(&t, pool, first_token(&p->text, in->message[m]), m, p->seed);
	} else {
		regular_columns(&t, pool, in, p->seed);
	}
	c->report.distinct = t.n;
	c->report.capped = t.n > p->max_tokens;
	take_keys(c, pool, &t, p->max_tokens);
	cluster_count(c, pool);
	return 0;
}
