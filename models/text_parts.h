#pragma once
/*
 * text_parts.h - where the parts of a text model stand in their file, so that the check can
 * say so. Private to models/text*.c.
 */
#include "models/text.h"

struct text_spot {
	uint32_t line, col;
};

enum text_part { PART_MODEL, PART_VAR, PART_CLASS, PART_HOSTSET, PART_EOM, PART_DATA, PART_MAP,
	PART_TEMPLATE, PART_REPLY, PART_STATE, PART_TURN, PART_ALT, PART_CLUSTER, PART_VECTOR,
	PART_PRISMA, PART_N };

struct text_spots {
	const char *file;
	const struct text_spot *at[PART_N];	/* by index; turns and alternatives over all states */
	size_t n[PART_N];
};

/* Limits beyond those of vocab.h: docs/model-format.md section 11. */
enum {
	TEXT_MANY = 1 << 20,	/* replies, data tables, maps, alternatives */
	TEXT_FEW = 256,		/* classes, variables, sets and registers */
	TEXT_STRING = 255,	/* bytes of a separator, terminator or preset */
	TEXT_ITEMS = 4096,	/* elements of a template, ops of a reply */
	TEXT_LENS = 64,		/* of them, lengths */
	TEXT_HISTORY = 3,	/* how far a guard looks back */
	TEXT_WIDTH = 64,	/* digits of a written number */
	TEXT_DATAGRAM = MODEL_DATAGRAM_BYTES,
};

/* All but its second machine. */
int	text_check_at(const struct text *t, const struct text_spots *spots, struct diag *why);
/* Does the second machine go with the first? Both are right for themselves. file may be NULL. */
int	text_check_second(const struct text *t, const char *file, struct diag *why);

/* Writes the sentence into fault[room]; true, so that a check can return it. */
bool	text_fault_say(char *fault, size_t room, const char *fmt, ...) PRINTF(3, 4);
#define FAULT(...) text_fault_say(fault, room, __VA_ARGS__)

/* Is something wrong with one template or reply? Then the sentence is in fault[room]. */
bool	text_template_fault(const struct text *t, const struct text_template *tp, char *fault,
    size_t room);
bool	text_reply_fault(const struct text *t, const struct text_reply *r, char *fault,
    size_t room);
/* The same for the part of PRISMA; the sentence names what in it. */
bool	text_prisma_fault(const struct text_prisma *p, char *fault, size_t room);
