#pragma once
/*
 * built.h - a text model made to speak: compiled and loaded, for as long as the pool lives.
 */
#include "learning/pool.h"
#include "models/compile.h"
#include "models/model.h"

struct built {
	uint8_t *image;
	size_t n;
	struct model *model;
};

/* One that is empty, and dropped when the pool ends. */
struct built *built_new(struct pool *pool);
/* What it held is dropped. 0 or the error of compile() or of loading. report may be NULL. */
int	built_make(struct built *b, const struct text *t, struct compile_report *report,
	    struct diag *why);
/* The same model with other vectors (compile_vectors()). */
int	built_vectors(struct built *b, const struct text *t, struct diag *why);
void	built_drop(struct built *b);
