#pragma once
/*
 * transcript.h - what was said in played conversations, as JSON lines for other programs.
 *
 * One object per conversation; docs/mynah.1 has its shape. Bytes are a string in which each byte
 * is the code point of its value, U+0000 to U+00FF, so Latin-1 gives them back.
 */
#include <stdio.h>

#include "learning/eval.h"
#include "learning/simulate.h"
#include "models/diag.h"

/* Writes path anew. 0, or a negative errno and one sentence. */
int	transcript_write(const char *path, const struct corpus *c, const struct eval_report *r,
	    struct pool *pool, struct diag *why);
/* Adds one simulated conversation; nothing of it is recorded. 0, or -EIO. */
int	transcript_add(FILE *f, struct pool *pool, uint32_t number, uint8_t proto,
	    const struct simulated *s);
