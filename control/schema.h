#pragma once
/*
 * schema.h - a YAML file against a libcyaml schema, with sentences that name the line.
 *
 * libcyaml fills the structs but takes "12x" for a number, any word for a bool, and names
 * the line before a mistyped key. So the same schema tables are walked here first, over
 * libyaml's document, and what does not fit is said in one sentence: file, line, key, value,
 * what is allowed. The document stays open while the caller checks what a schema cannot say.
 *
 * Threads: control. The caller owns the struct; schema_close() frees what it holds.
 */
#include <cyaml/cyaml.h>
#include <yaml.h>

#include "models/diag.h"

struct schema_range {		/* the numbers that a key takes; libcyaml's schema has no place for them */
	const char *key;
	int64_t min, max;
};

struct schema_file {
	const char *path;		/* as the user wrote it; borrowed */
	char *text;
	size_t n;			/* bytes of text */
	yaml_document_t doc;
};

/* Reads and parses. 0, or -errno with a sentence. */
int	schema_open(struct schema_file *f, const char *path, struct diag *why);
/* Every key, value and length against top. 0 or -EINVAL with a sentence about the first misfit. */
int	schema_check(const struct schema_file *f, const cyaml_schema_value_t *top,
    const struct schema_range *ranges, size_t nranges, struct diag *why);
/* The line of a path like "prefixes[0].services[2].port"; of what is not in the file, that of what would hold it. */
unsigned schema_line(const struct schema_file *f, const char *path);
void	schema_close(struct schema_file *f);
