#include "control/both_sides.h"

#include <errno.h>
#include <stdlib.h>

#include "control/job.h"

#define FIRST_MS 1767225600000		/* 2026-01-01: no clock, so that the same call says the same */

struct run {
	const struct both_sides *how;
	const struct text *text;
	struct lens_book book;		/* in the memory of the job that makes it */
	uint32_t number;
	struct diag *why;
};

static int
run_one(struct pool *pool, void *ctx)
{
	struct run *r = ctx;
	const struct both_sides *b = r->how;
	struct simulate_how how = { .server = b->prisma ? NULL : b->model,
		.proto = model_proto(b->model), .seed = b->seed, .book = &r->book,
		.start_ms = FIRST_MS };
	struct simulated s;

	simulate(&s, pool, &how, r->number);
	return b->each(b->ctx, pool, r->number, &s);
}

/* Each conversation in a pool of its own. */
static int
run_all(struct pool *pool, void *ctx)
{
	struct run *r = ctx;
	int err = 0;

	lens_book(&r->book, pool, &r->text->prisma);
	for (r->number = 0; r->number < r->how->conversations && err == 0; r->number++) {
		struct job job;

		err = job_init(&job, 0, r->why);
		if (err == 0) {
			err = pool_run(&job.pool, run_one, r);
			job_fini(&job);
		}
	}
	return err;
}

int
both_sides_run(const struct both_sides *how, struct diag *why)
{
	struct run r = { .how = how, .why = why };
	struct text text;
	struct job job;
	char *bytes;
	size_t n;
	int err = model_text(how->model, &bytes, &n, why);

	if (err < 0)
		return err;
	err = text_parse(&text, how->name, span_of(bytes, n), why);
	free(bytes);
	if (err < 0)
		return err;
	r.text = &text;
	if (text.prisma.order == 0)
		err = diag_set(why, -ENODATA, "%s: does not say how clients talk; learn it again from "
		    "captures.", how->name);
	else
		err = job_init(&job, 0, why);
	if (err == 0) {
		diag_set(why, 0, "%s: not enough memory to simulate it.", how->name);
		err = pool_run(&job.pool, run_all, &r);
		job_fini(&job);
	}
	text_fini(&text);
	return err;
}
