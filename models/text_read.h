#pragma once
/*
 * text_read.h - the reader of text models while it reads. Private to models/text_*.c.
 */
#include "models/text_lex.h"
#include "models/text_parts.h"

struct vec {		/* growing array, on the heap until it is kept */
	void *p;
	size_t n, cap;
};

enum ref_kind { REF_VAR, REF_CLASS, REF_EOM, REF_DATA, REF_MAP, REF_TEMPLATE, REF_REPLY,
	REF_STATE, REF_SET, REF_REGISTER, REF_HOSTSET };

struct forward {	/* a reference to what had not come yet */
	enum ref_kind kind;
	uint32_t index, line, col;
};

/* What is collected before its number is known. The first group becomes the model's arrays. */
struct parser {
	struct lexer x;
	struct text t;
	unsigned seen;		/* statements that may stand once */
	struct vec source, var, class, hostset, eom, data, map, template, reply, state, vector;
	struct vec feature, column, ncolumn;
	struct vec elem, field, op, span, choice, pair, weight, alt, turn, forward;
	struct vec node, form, values, context, way, row, rule;	/* of PRISMA */
	struct vec spot[PART_N];
};

void	*read_more(struct parser *p, struct vec *v, size_t size);
#define MORE(p, v, type) ((type *)read_more(p, v, sizeof(type)))
void	*read_keep(struct parser *p, struct vec *v, size_t size, uint32_t *n);
#define KEEP(p, v, type, n) ((type *)read_keep(p, v, sizeof(type), n))

/* Notes where the part in hand stands. */
void	read_spot(struct parser *p, enum text_part part);
/* The number of a part, which must be its place. */
void	read_index(struct parser *p, const char *what, size_t is);
uint32_t read_ref(struct parser *p, enum ref_kind kind);
uint32_t read_u32(struct parser *p, const char *what);
uint32_t read_slot(struct parser *p);
/* Takes word if it is in hand; fails if *seen has bit already. */
bool	read_option(struct parser *p, const char *word, unsigned *seen, unsigned bit);

void	read_template(struct parser *p);
void	read_reply(struct parser *p);
void	read_state(struct parser *p);
void	read_basis(struct parser *p);
void	read_vector(struct parser *p);
void	read_prisma(struct parser *p);
