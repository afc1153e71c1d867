#pragma once
/*
 * diag.h - one sentence for the user about what went wrong.
 *
 * A function that can fail for a reason a person must read takes a struct diag
 * and fills it with one full sentence that names the file, line, value or key
 * and says what to do. The caller owns it; why may be NULL where nobody listens.
 */
#include <stdarg.h>

#include "models/base.h"

struct diag {
	char text[512];
};

/*
 * Writes the sentence, on one line whatever it quotes: a control character becomes "?". Returns err,
 * so that "return diag_set(why, -EINVAL, ...)" reads well.
 */
int diag_set(struct diag *why, int err, const char *fmt, ...) PRINTF(3, 4);
