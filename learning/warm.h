#pragma once
/*
 * warm.h - where NMF starts when a model of the same service is there already: at its basis.
 *
 * The old basis is used when it knows at least WARM_KNOWN of what the new messages consist of
 * (occurrences of kept features) and was made of features of the same kind. Its columns keep
 * their weights, features it does not know start at nothing, and messages made mostly of such
 * features get columns of their own. No principal components are needed then (pca.h).
 */
#include "learning/select.h"
#include "models/text.h"

#define WARM_KNOWN 0.9
enum { WARM_MORE = 16 };	/* new columns at most */

struct warm {
	double known;		/* share of occurrences of kept features, 0 .. 1 */
	uint32_t more;		/* columns that the old basis does not have */
	struct dense b;		/* groups x columns of unit length */
};

/* most: columns at most. false: the old basis does not fit, and only known says something. */
bool	warm_start(struct warm *w, struct pool *pool, const struct text_basis *old,
	    const struct embed_params *kind, const struct embedding *e, const struct selection *s,
	    uint32_t most);
