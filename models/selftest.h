#pragma once
/*
 * selftest.h - the vectors that an image carries: conversations it must still reproduce.
 *
 * A vector is what this very model said when it was made (docs/model-format.md, "vector"): key
 * zero, fixed addresses and time. A later version of the program that compiles or plays the
 * model otherwise is found out before the model goes on air (spec/unified-model.md section 14,
 * validation 9).
 *
 * Cost: inflating and parsing the text, then a turn per client line; text_check() bounds vectors,
 * lines and bytes, SELFTEST_STEPS what they take to play, so a hostile image is not played for long.
 * Threads: any; the model is only read.
 */
#include "models/diag.h"
#include "models/host.h"
#include "models/text.h"

/* Lines per vector; bytes of all lines of all vectors. */
enum { SELFTEST_VECTORS = 64, SELFTEST_LINES = 64, SELFTEST_BYTES = 256 << 10 };
/* Of all lines together (session_steps(), and what is rendered): a second or two. */
enum { SELFTEST_STEPS = 1 << 29 };

/* One vector being played, or recorded (learning/vectors.h). */
struct selftest_talk {
	const struct model *m;
	struct session s;
	struct arena arena;
	struct session_env env;
	struct host host;
	struct fields fields;		/* of the last turn */
	struct turn turn;		/* the last one */
	uint64_t steps;			/* that were taken since the caller set it to 0 */
	uint8_t said[MODEL_REPLY_BYTES];
};

/* A session before the connection. */
void	selftest_begin(struct selftest_talk *k, const struct model *m);
/* What is said to the connection, to one whole message; good until the next call. */
struct span selftest_connect(struct selftest_talk *k);
struct span selftest_say(struct selftest_talk *k, struct span message);

/* Runs every vector of the text that the image carries. How many, or -EBADMSG with the first that differs. */
int	selftest_run(const struct model *m, struct diag *why);
