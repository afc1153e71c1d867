#pragma once
/*
 * naming.h - names for what is said: each template is called by the cluster most of its messages
 * are in; and what is decided when a history is told in these names.
 *
 * All memory is the pool's; same input, same outcome.
 */
#include "learning/cluster.h"
#include "learning/decide.h"
#include "learning/emit.h"
#include "learning/lesson.h"
#include "learning/markov.h"

struct sorted {				/* both sides by one clusterer, or by two */
	struct clustering side[SIDES];
};

/* Symbols: client events even, server events odd; two more for silence and the connection. */
struct naming {
	uint32_t k;			/* clusters of the side that has more */
	uint32_t *client, *server;	/* symbol per template */
	uint32_t silence, connect;
	const struct cluster_basis *basis[SIDES];	/* NMF; or NULL */
};

struct sorting {			/* what is to be sorted, and how */
	const struct lesson *lesson;
	struct cluster_input in[SIDES];	/* what each side says */
	uint32_t *unit[SIDES];		/* of each of these messages */
	struct cluster_params params;
	const struct text_basis *basis;	/* per side, where NMF starts; NULL: anywhere */
};

struct outcome {			/* names, over a history of order symbols */
	const struct lesson *lesson;
	struct naming naming;
	uint32_t order;
	struct memory memory;
	struct decisions decisions;
};

/* basis: of both sides, where NMF starts; NULL: anywhere. */
void	sorting_init(struct sorting *s, const struct lesson *l, uint64_t seed,
	    const struct text_basis *basis, const struct progress *progress);
/* 0 or the clusterer's error; where it says nothing all messages are alike. */
int	sorting_run(const struct sorting *s, struct sorted *out, const struct clusterer *how);
/* By one of that name, or by A+B. */
int	sorting_run_named(const struct sorting *s, struct sorted *out, const char *names);
void	sorted_multiply(struct sorted *out, struct pool *pool, const struct sorted *a,
	    const struct sorted *b);
/* Is name one of those that a plus joins? */
bool	naming_is_among(const char *names, const char *name);
void	naming_of(struct naming *out, const struct sorting *s, const struct sorted *sorted);
/* Per template of clients, then servers: equal where two namings tell the same apart. */
uint32_t *naming_pattern(const struct naming *n, const struct lesson *l);
void	outcome_of(struct outcome *out, const struct lesson *l, const struct naming *n, uint32_t order);
/* Share of the replies foretold, each left out of its own evidence. */
double	outcome_foretold(const struct outcome *o);
/* The Markov model over the names: for reports. */
void	outcome_markov(struct markov *out, const struct outcome *o);
/* What a text model says and does; not where it comes from. */
void	outcome_emit(struct text *t, const struct outcome *o, const char *name,
	    struct emit_report *report);
