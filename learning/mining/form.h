#pragma once
/*
 * form.h - interactions as numbers: forms and symbols, SM05 "flow dependence annotator".
 *
 * A form is a command with the constants among its arguments: CD and CD DOTDOT are two. A verb that
 * nobody declared is a form of its own, with and without words behind it. A symbol stands for a value:
 * equal values share one, and that is the flow dependence; the table T of the paper says which value it is
 * and where it occurs.
 */
#include "learning/intern.h"
#include "learning/mining/canonical.h"

struct form {
	uint8_t command;	/* or CANONICAL_OTHER */
	int8_t constant[DEFINITION_ARGS];
	uint8_t narg;
	bool bare;		/* OTHER: nothing stands behind the verb */
	bool ignored;		/* OTHER: the definition says that it tells nothing about others */
	struct span verb;	/* OTHER: in capitals where case means nothing */
	uint32_t count;
};

enum { SYMBOL_NONE = UINT32_MAX, SYMBOL_RESPONSE = 255 };
enum { FORM_MOST = 256 };	/* beyond, all verbs that nobody declared are one form, which has none */

struct symbol_at {		/* an occurrence */
	uint32_t inter;
	uint8_t pos;		/* 0..: argument; SYMBOL_RESPONSE */
};

struct forms {
	const struct canonical *c;
	struct form *form;
	uint32_t n;
	uint32_t *of;		/* per interaction; SYMBOL_NONE: nobody asked */
	struct intern value;	/* T: symbol -> value */
	uint32_t (*arg)[DEFINITION_ARGS];	/* per interaction; SYMBOL_NONE: constant, or none */
	uint32_t *response;	/* per interaction; SYMBOL_NONE: a constant, that is, a class */
	struct symbol_at *at;	/* grouped by symbol */
	uint32_t *first;	/* per symbol, and one more: its occurrences */
};

void	forms_make(struct forms *f, struct pool *pool, const struct canonical *c);
/* A verb that the definition has nowhere; SYMBOL_NONE: no. */
bool	form_is_unknown(const struct forms *f, uint32_t form);
/* "CD DOTDOT". */
struct span form_name(const struct forms *f, struct pool *pool, uint32_t form);
