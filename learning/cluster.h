#pragma once
/*
 * cluster.h - the one interface of everything that sorts messages into clusters.
 *
 * Input: the messages of one side, in capture order. Output: a label for each. Clusterers
 * differ in what they look at; which one is used is decided by how well its labels predict
 * held-out replies, outside. What a caller cannot know (the text-or-binary question, limits
 * that were met) is in the report.
 *
 * Messages are read in place and must outlive the result; all else is in the pool. No
 * clock, no hidden state: equal messages, parameters and seed give equal labels.
 */
#include "learning/nmf.h"
#include "learning/pca.h"
#include "learning/select.h"

#define CLUSTER_NONE UINT32_MAX

struct cluster_input {
	const struct span *message;
	uint32_t n;
	/* what the other side said next, as a label or CLUSTER_NONE; NULL: not known */
	const uint32_t *reply;
	const uint32_t *template;	/* of each message, a number (template.h); NULL: none yet */
};

enum cluster_bytes { CLUSTER_AUTO, CLUSTER_TEXT, CLUSTER_BINARY };

struct cluster_params {
	enum cluster_bytes bytes;
	struct embed_params text, binary;	/* what to embed in either case */
	struct select_params select;
	struct nmf_params nmf;
	enum pca_noise noise;
	uint32_t inner;			/* inner dimension; 0: estimate it */
	uint32_t max_inner;		/* cap on it */
	/* NMF starts here if it fits (warm.h); NULL, or else: at the principal components. */
	const struct text_basis *basis;
	uint32_t max_tokens;		/* first-token: kinds at most, the rest are one cluster */
	uint64_t seed;
	const struct progress *progress;
};

struct cluster_report {
	bool text;			/* read as text */
	struct select_limits limits;
	uint32_t groups, distinct;
	uint32_t estimated, inner;	/* inner dimension: by the noise model (0: it saw none), used */
	bool capped;			/* max_inner cut it */
	bool warm;			/* began from a basis; nothing was estimated */
	double known;			/* share of what that basis knew, 0 .. 1 */
	uint32_t more;			/* columns it did not have */
	uint32_t sweeps, finish_sweeps, died;
	double objective;
};

/*
 * What NMF knows beyond the labels, for the model: kept features, their groups, the basis.
 * Column j of the basis is cluster j; columns in which no message has its largest entry
 * are left out.
 */
struct cluster_basis {
	struct embed_params embed;
	struct span *feature;		/* bytes, see embed.h */
	uint32_t *group_of;		/* row of b, per feature */
	uint32_t nfeatures;
	struct dense b;			/* groups x clusters */
	double lambda;
};

struct clustering {
	const char *name;		/* of the clusterer, static */
	uint32_t n, k;
	uint32_t *label;		/* 0 .. k-1 per message */
	uint32_t *size;			/* messages per cluster; never 0 */
	/* The cluster of what could not be told: no kept feature, or too rare a token. */
	uint32_t null_label;		/* CLUSTER_NONE: there is none; else k - 1 */
	struct span *key;		/* first-token: what the cluster has in common; or NULL */
	const struct cluster_basis *basis;	/* NMF; or NULL */
	struct cluster_report report;
};

struct clusterer {
	const char *name, *what;
	/* 0, -ENODATA: too little to tell anything apart, -EDOM: LAPACK gave up */
	int (*run)(struct clustering *c, struct pool *pool, const struct cluster_input *in,
	    const struct cluster_params *p);
};

/* Ends with a name of NULL. */
extern const struct clusterer clusterers[];
const struct clusterer *clusterer_find(const char *name);

/*
 * Text: single tokens at PRISMA's separators; binary: 2-grams. Exact test, scaled below
 * 1,000 messages, 2,000 features at most. Inner dimension estimated, at most 64.
 */
struct cluster_params cluster_params(void);
/* Pairs of labels, those that occur; both over the same messages. */
void	cluster_product(struct clustering *c, struct pool *pool, const struct clustering *a,
	    const struct clustering *b);
/* All messages in one cluster: what is left to say after -ENODATA. */
void	cluster_whole(struct clustering *c, struct pool *pool, uint32_t n);
/*
 * For clusterers: begins c, with room for labels, and says what to embed; at the end, the sizes.
 */
const struct embed_params *cluster_embed(struct clustering *c, struct pool *pool, const char *name,
	    const struct cluster_input *in, const struct cluster_params *p);
void	cluster_count(struct clustering *c, struct pool *pool);
/* The cluster of a message not seen before, by an NMF basis; CLUSTER_NONE: none. */
uint32_t cluster_assign(struct pool *pool, const struct cluster_basis *basis,
	    struct span message);
