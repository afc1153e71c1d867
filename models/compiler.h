#pragma once
/*
 * compiler.h - what the two files of compile() share: a text on its way to an image.
 */
#include "models/automaton.h"
#include "models/compile.h"
#include "models/image_build.h"

struct compiler {
	const struct text *t;
	struct image_build b;
	struct automaton a;
	uint32_t keep, remembered;	/* slots read; of them, from earlier messages */
	uint32_t reply_max;
	size_t automaton_bytes;		/* of its tables in the image */
	struct image_about about;
	bool too_long;
	bool second;			/* it is the second machine */
};

#define ADD(c, which, ...) \
	image_build_add(&(c)->b, which, &(__VA_ARGS__), sizeof(__VA_ARGS__), 1)

/* Entries so far: the index that the next one gets. */
static inline uint32_t
compiler_next(const struct compiler *c, enum image_section which)
{
	return c->b.section[which].count;
}

static inline struct image_span
compiler_string(struct compiler *c, struct span s)
{
	return image_build_string(&c->b, s);
}

/* Sets, registers, data tables, maps, ends of message and variables. */
void	compiler_lists(struct compiler *c);
