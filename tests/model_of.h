#pragma once
/*
 * model_of.h - from text to a loaded model in one call, for tests; aborts on any fault.
 */
#include "models/compile.h"
#include "models/model.h"
#include "tests/file.h"

static inline void
model_of_failed(const char *what, const struct diag *why)
{
	fprintf(stderr, "%s: %s\n", what, why->text);
	abort();
}

/* The image of a text; malloc'ed. */
static inline struct span
image_of(const struct text *t)
{
	struct diag why = { "" };
	uint8_t *image;
	size_t n;

	if (compile(t, &image, &n, NULL, &why) < 0)
		model_of_failed("compile", &why);
	return span_of(image, n);
}

static inline struct model *
model_of_text(const struct text *t)
{
	struct diag why = { "" };
	struct span image = image_of(t);
	struct model *m;

	if (model_from_bytes(&m, "test", image, &why) < 0)
		model_of_failed("load", &why);
	free((void *)image.p);
	return m;
}

static inline struct text
text_of(const char *text)
{
	struct diag why = { "" };
	struct text t;

	if (text_parse(&t, "test", span_str(text), &why) < 0)
		model_of_failed("parse", &why);
	return t;
}

static inline struct model *
model_of(const char *text)
{
	struct text t = text_of(text);
	struct model *m = model_of_text(&t);

	text_fini(&t);
	return m;
}

/* A whole file, NUL-terminated, malloc'ed. */
static inline char *
file_of(const char *path)
{
	return (char *)file_bytes(path).p;
}
