#pragma once
/*
 * image.h - the bytes of a compiled model, and the one check they pass before use.
 *
 * A header and sections one behind the other, little-endian, no pointers: whatever refers to
 * something is an index into another section or a place in IMAGE_STR. Entries are arrays of the
 * structs below. Every byte belongs to the header or to a section, and both have a checksum.
 *
 * image_verify() checks everything once, in time linear in the size; afterwards match.c,
 * render.c and session.c look up without asking. What is added here needs a line there.
 * Threads: pure.
 */
#include "models/bytes.h"
#include "models/diag.h"
#include "models/vocab.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "images are used in place");

enum {
	IMAGE_VERSION = 3,		/* of this layout */
	IMAGE_BYTES_MAX = 1 << 30,
	IMAGE_TEXT_MAX = 64 << 20,	/* inflated */
	IMAGE_LENS = 64,		/* OP_LEN in one reply */
};
#define IMAGE_MAGIC "MYNAHIMG"
#define IMAGE_NONE  UINT32_MAX		/* an index that refers to nothing */

/* What a reader must be able to do; a model that needs more is refused with a sentence. */
enum {
	IMAGE_NEEDS_RELATED = 1,	/* connections that belong to another: the effect open */
	IMAGE_NEEDS_CHANNEL = 2,	/* another channel than plain */
	IMAGE_KNOWN_FEATURES = IMAGE_NEEDS_RELATED,
};

#define IMAGE_SECTIONS(X)                                                                      \
	X(MODEL, model, struct image_model)	/* one entry: what holds for all of it */      \
	X(CLSMAP, clsmap, uint8_t)		/* byte -> class of the automaton: 256 */      \
	X(STEP, step, struct image_step)	/* of each node; 0 dead, 1 start */            \
	X(CELL, cell, struct image_cell)	/* where rows differ from the usual: comb.h */ \
	X(NODE, node, struct image_node)                                                       \
	X(ACC, acc, uint16_t)			/* lists: count, templates in file order */    \
	X(TEMPLATE, template, struct image_template)                                           \
	X(ELEM, elem, struct image_elem)                                                       \
	X(FIELD, field, struct image_field)                                                    \
	X(CLASS, class, struct image_class)                                                    \
	X(STATE, state, struct image_state)                                                    \
	X(TURN, turn, struct image_turn)	/* of each state: by event, then arg */        \
	X(GROUP, group, struct image_group)                                                    \
	X(GUARD, guard, struct image_guard)                                                    \
	X(ALT, alt, struct image_alt)                                                          \
	X(REPLY, reply, struct image_reply)                                                    \
	X(OP, op, struct image_op)		/* in the order of the text: points count them */ \
	X(DATA, data, struct image_data)                                                       \
	X(CHOICE, choice, struct image_choice)                                                 \
	X(MAP, map, struct image_map)                                                          \
	X(PAIR, pair, struct image_pair)                                                       \
	X(INDEX, index, uint32_t)		/* hash tables of maps: pair + 1, or 0 */      \
	X(EOM, eom, struct image_eom)                                                          \
	X(HOSTSET, hostset, struct image_hostset)                                              \
	X(MEMBER, member, struct image_span)	/* of each set: ascending */                   \
	X(EFFECT, effect, struct image_effect)                                                 \
	X(VAR, var, struct image_var)                                                          \
	X(STR, str, uint8_t)			/* all strings */                              \
	X(SECOND, second, uint8_t)		/* an image without text: the second machine */ \
	X(TEXT, text, uint8_t)			/* the canonical text, zlib format */

struct image_span {
	uint32_t at, n;		/* in IMAGE_STR */
};

struct image_model {
	struct image_span name;
	uint32_t start;		/* state */
	uint32_t nclasses;	/* of the automaton */
	uint32_t keep;		/* slots that some guard or reply reads */
	uint32_t reply_max;	/* bytes */
	uint32_t idle_ms;	/* of the start state, or the transport's default */
	uint32_t left_out;	/* templates over the automaton's budget */
	uint8_t proto, channel, flags, zero[5];
};
enum { MODEL_SPEAKS_FIRST = 1, MODEL_STATELESS = 2, MODEL_KEEPS_PAIR = 4, MODEL_KEEPS_HOST = 8,
	MODEL_SECOND = 16,		/* it is one */
	MODEL_SECOND_FOR = 32 };	/* times 1 << enum second_kind: what the second one answers besides templates */

/* A node's successor for a class: the cell at base + class if the node owns it, or the usual one. */
struct image_step {
	uint32_t base;
	uint16_t usual;
	uint16_t zero;
};

struct image_cell {
	uint16_t owner, next;	/* 0: nobody's */
};

struct image_node {
	uint32_t accept;	/* list in IMAGE_ACC */
	uint16_t near;		/* most supported template still possible, + 1 */
	uint16_t final;		/* accepts, and nothing can follow */
};

struct image_template {
	uint32_t elem, nelem;
	uint32_t field, nfield;
	uint32_t fills;		/* slots */
	uint32_t literal;	/* its lit and nocase bytes together */
	uint32_t resync;	/* turn of the state most probable for it, or one of: */
	uint32_t second;	/* 0, 1: the second machine answers it */
};
enum {
	RESYNC_UNKNOWN = -1,	/* no state has a turn for it */
	RESYNC_UNCLEAR = -2,	/* no state holds half of the support */
};

struct image_elem {
	uint8_t kind;		/* ELEM_LIT, ELEM_LIT_CASE, ELEM_SPAN, ELEM_ANY, ELEM_COUNTED, ELEM_TAIL */
	uint8_t zero[3];
	uint32_t class;		/* SPAN */
	uint32_t min, max;	/* SPAN: max 0 no bound; ANY: both the width; COUNTED: what is counted */
	struct image_span lit;
};

struct image_field {
	uint32_t slot, first, last;
};

struct image_class {
	uint8_t has[32];
	uint32_t n;
	uint8_t member[256];	/* n of them, upward; the rest 0 */
};

struct image_state {
	uint32_t turn, nturn;
	uint32_t backoff;	/* state or IMAGE_NONE */
	uint32_t eom;		/* or IMAGE_NONE */
	uint32_t idle_ms;
	uint32_t wants_arena;	/* 0, 1 */
};

struct image_turn {
	uint32_t event;		/* enum event_kind */
	uint32_t arg;
	uint32_t group, ngroup;
};

struct image_group {		/* alternatives with the very same guards */
	uint32_t guard, nguard;
	uint32_t alt, nalt;
	uint32_t weight;	/* sum */
	uint32_t heaviest;	/* weight of the heaviest, for the confidence */
	uint32_t scope;		/* of the choice */
};

struct image_guard {
	uint32_t kind, slot, index, back;
	struct image_span lit;
};

struct image_alt {
	uint32_t before, weight;	/* sum of the weights before it in its group; its own */
	uint32_t reply;			/* or IMAGE_NONE */
	uint32_t next;
	uint32_t delay_ms;
	uint8_t flags, conf, neffect, zero;	/* conf: 255 = 1.0 */
	uint32_t effect;
};
enum { ALT_CLOSE = 1, ALT_RESET = 2, ALT_PENDING = 4 };

struct image_reply {
	uint32_t op, nop;
	uint32_t reads;		/* slots */
	uint32_t nlen;		/* OP_LEN among its ops */
	uint32_t host;		/* 0, 1: it reads a register or a set */
	uint32_t zero;
};

struct image_op {
	uint8_t kind, format, scope, flags;
	uint32_t slot, index, from, len;	/* EACH: bytes of lit before a member; map */
	struct image_span lit;
	uint32_t zero;
	int64_t delta;
};
enum { OP_PEER = 1, OP_AFTER = 2, OP_COUNTS_BEFORE = 4, OP_COUNTS_MARK = 8, OP_COUNTS_END = 16 };

struct image_hostset {
	uint8_t is_register, scope, zero[2];
	uint32_t under;		/* register, or IMAGE_NONE */
	uint32_t member, n;
};

struct image_effect {
	uint32_t kind, slot, index;
};

struct image_data {
	uint32_t choice, n;
	uint32_t weight;	/* sum */
	uint32_t scope;
};

struct image_choice {
	uint32_t before;	/* sum of the weights before it */
	struct image_span value;
};

struct image_map {
	uint32_t pair, n;
	uint32_t index, mask;	/* mask + 1 entries of IMAGE_INDEX, more than n */
};

struct image_pair {
	struct image_span key, value;
};

struct image_eom {
	uint8_t kind, width, format, zero;
	uint32_t at;
	int32_t times, plus;
	uint32_t ms;
	struct image_span term, label;
};

struct image_var {
	uint32_t type;
	struct image_span preset;
};

#define SECTION_ENUM(name, field, type) IMAGE_##name,
enum image_section { IMAGE_SECTIONS(SECTION_ENUM) IMAGE_SECTION_N };
#undef SECTION_ENUM

struct image_extent {
	uint32_t at, bytes;	/* bytes without the zeros that fill up to the next multiple of 8 */
	uint32_t count;		/* entries */
	uint32_t crc;		/* zlib's crc32 of bytes and filling */
};

struct image_header {
	uint8_t magic[8];
	uint16_t version, header_bytes;
	uint32_t features;	/* IMAGE_NEEDS_* */
	uint64_t bytes;		/* of the whole image */
	uint64_t content;	/* SipHash-2-4 of the canonical text, key of zeros: the model's identity */
	uint32_t text_bytes;	/* inflated */
	uint32_t nsections;
	struct image_extent section[IMAGE_SECTION_N];
	uint32_t zero;
	uint32_t crc;		/* of the header up to here */
};
static_assert(sizeof(struct image_header) % 8 == 0, "sections start at multiples of 8");

/* Where the sections of an image are; after image_verify(). */
struct image {
	const struct image_header *h;
#define SECTION_POINTER(name, field, type) const type *field;
	IMAGE_SECTIONS(SECTION_POINTER)
#undef SECTION_POINTER
};

/* Computes all checksums of an image anew: for compile() and for tests. bytes is well-formed. */
void	image_sum(uint8_t *bytes);
/* The second machine of a verified image that has one. */
void	image_second(struct image *second, const struct image *of);
/* Fills where; 0, or -errno and a sentence in which name is the file. s.p is 8-aligned. */
int	image_verify(struct image *where, const char *name, struct span s, struct diag *why);
/* The text, inflated, malloc'ed and NUL-terminated. 0 or -errno. */
int	image_inflate(const struct image *where, char **to, size_t *n, struct diag *why);
/* Hash of map keys; part of the layout. */
uint32_t image_key_hash(struct span key);

/* What model.h promises; model.c makes it, match.c, render.c and session.c look inside. */
struct model {
	struct image i;
	uint8_t *bytes;		/* pages of its own, read-only */
	size_t n, mapped;
	char version[17];
	uint64_t schema;	/* hash of its name, sets and registers */
	struct model *second;	/* of its image, and of nothing else; NULL: none */
};

static inline struct span
image_bytes(const struct image *i, struct image_span s)
{
	return span_of(i->str + s.at, s.n);
}
