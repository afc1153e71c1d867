#include "learning/built.h"

#include <stdlib.h>

static void
drop(void *arg)
{
	built_drop(arg);
}

struct built *
built_new(struct pool *pool)
{
	struct built *b = pool_alloc(pool, sizeof *b);

	pool_defer(pool, drop, b);
	return b;
}

int
built_make(struct built *b, const struct text *t, struct compile_report *report, struct diag *why)
{
	int err;

	built_drop(b);
	err = compile(t, &b->image, &b->n, report, why);
	return err < 0 ? err
	    : model_from_bytes(&b->model, "what was learned", span_of(b->image, b->n), why);
}

int
built_vectors(struct built *b, const struct text *t, struct diag *why)
{
	struct built old = *b;
	int err;

	*b = (struct built){ 0 };
	err = compile_vectors(t, span_of(old.image, old.n), &b->image, &b->n, why);
	built_drop(&old);
	return err < 0 ? err
	    : model_from_bytes(&b->model, "what was learned", span_of(b->image, b->n), why);
}

void
built_drop(struct built *b)
{
	free(b->image);
	model_destroy(b->model);
	*b = (struct built){ 0 };
}
