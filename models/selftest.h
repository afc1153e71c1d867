#pragma once
/*
 * selftest.h - the vectors that an image carries: conversations it must still reproduce.
 *
 * A vector is what this very model said when it was made (docs/model-format.md, "vector"): key
 * zero, fixed addresses and time. A later version of the program that compiles or plays the
 * model otherwise is found out before the model goes on air (spec/unified-model.md section 14,
 * validation 9).
 *
 * Threads: any; the model is only read.
 */
#include "models/diag.h"
#include "models/model.h"
#include "models/text.h"

enum { SELFTEST_VECTORS = 64, SELFTEST_LINES = 64 };

/* Runs every vector of the text that the image carries. How many, or -EBADMSG with the first that differs. */
int	selftest_run(const struct model *m, struct diag *why);
