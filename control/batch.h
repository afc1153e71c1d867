#pragma once
/*
 * batch.h - the captures of a learning job, until it is known what becomes of them.
 *
 * The learned ones come first, then the new ones that are due (due.h). Names are copies: the
 * store may change while the job runs. Threads: control. batch_fini() frees what it holds.
 */
#include "control/due.h"

struct batch {
	char **file;			/* in the store */
	uint32_t *conversations;	/* of each file, once the job has counted them; or NULL */
	uint32_t n, nold;		/* all; of these learned, which come first */
	uint8_t kind;		/* enum due: which of the new ones */
};

/* What the record has learned, and what of its new ones is due. 0 or -ENOMEM. */
int	batch_fill(struct batch *b, const struct store_service *v);
void	batch_fini(struct batch *b);
