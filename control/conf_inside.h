#pragma once
/*
 * conf_inside.h - between conf.c, conf_prefix.c and conf_persona.c: what a schema cannot say is checked with these.
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
extern const cyaml_strval_t conf_switches[];
enum { CONF_SWITCHES = 4 };
extern const cyaml_schema_value_t conf_persona_value;
/* Fills in what is not in the file; -ENOMEM. */
int	conf_persona_defaults(struct conf_persona *p);
/* The i-th persona, made. 0, or -EINVAL with a sentence. */
int	conf_check_persona(const struct checking *k, uint32_t i);
/* The i-th prefix; works out what is not in the file. 0, or -EINVAL with a sentence. */
int	conf_check_prefix(const struct checking *k, uint32_t i);
