#include "control/batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void
batch_fini(struct batch *b)
{
	for (uint32_t i = 0; i < b->n; i++)
		free(b->file[i]);
	free(b->file);
	free(b->conversations);
	*b = (struct batch){ 0 };
}

/* The service's captures that are marked, behind those that are there. -ENOMEM: not all. */
static int
batch_add(struct batch *b, const struct store_service *v, const bool *take)
{
	for (uint32_t i = 0; i < v->ncaptures; i++) {
		if (!take[i])
			continue;
		b->file[b->n] = strdup(v->capture[i].file);
		if (b->file[b->n] == NULL)
			return -ENOMEM;
		b->n++;
	}
	return 0;
}

int
batch_fill(struct batch *b, const struct store_service *v)
{
	bool *take = calloc(v->ncaptures + 1u, sizeof *take);
	int err;

	batch_fini(b);
	b->file = calloc(v->ncaptures + 1u, sizeof *b->file);
	for (uint32_t i = 0; take != NULL && i < v->ncaptures; i++)
		take[i] = v->capture[i].state == CAPTURE_LEARNED;
	err = take == NULL || b->file == NULL ? -ENOMEM : batch_add(b, v, take);
	b->nold = b->n;
	if (err == 0) {
		b->kind = (uint8_t)due_next(v, take);
		err = batch_add(b, v, take);
	}
	free(take);
	return err;
}
