#include "models/diag.h"

#include <stdio.h>

int
diag_set(struct diag *why, int err, const char *fmt, ...)
{
	va_list ap;

	if (why == NULL)
		return err;
	va_start(ap, fmt);
	vsnprintf(why->text, sizeof why->text, fmt, ap);
	va_end(ap);
	for (char *c = why->text; *c != '\0'; c++)	/* what it quotes may be anything */
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return err;
}
