#pragma once
/*
 * text_out.h - a text that grows as it is printed. Private to models/text*.c.
 *
 * Zeroed is empty. Without memory it says nothing more, and text_put_end() tells.
 */
#include "models/bytes.h"

struct text_out {
	char *p;
	size_t n, cap;
	bool failed;
};

/* Short pieces only: words and numbers, below 256 bytes. */
void	text_put(struct text_out *o, const char *fmt, ...) PRINTF(2, 3);
/* A blank and the string in quotes. */
void	text_put_string(struct text_out *o, struct span s);
/* As text_float_print() writes it. */
void	text_put_float(struct text_out *o, double v);
/* Hands over what was printed, with a NUL behind its n bytes; the caller frees it. 0 or -ENOMEM. */
int	text_put_end(struct text_out *o, char **to, size_t *n);
