#pragma once
/*
 * conf_inside.h - between conf.c and conf_prefix.c: what a schema cannot say is checked with these.
 */
#include "control/conf.h"
#include "control/schema.h"

struct checking {
	struct conf *c;
	const struct schema_file *f;
	struct diag *why;
};

/* "file line N: " and the rest, for the key at path ("prefixes[2].services[0].port"). -EINVAL. */
int	conf_bad(const struct checking *k, const char *path, const char *fmt, ...) PRINTF(3, 4);
/* Names go into records, the control protocol and file names. */
bool	conf_plain_name(const char *s);
/* The i-th prefix; works out what is not in the file. 0, or -EINVAL with a sentence. */
int	conf_check_prefix(const struct checking *k, uint32_t i);
