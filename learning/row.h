#pragma once
/*
 * row.h - a message as the templates of one level see it.
 */
#include "learning/exchange.h"

enum level { LEVEL_FULL, LEVEL_LINE, LEVEL_WORD, LEVELS };

/* Row: a unit as the template of a level sees it. */
struct row {
	uint32_t unit;
	const struct token *token;
	const uint32_t *value;
	uint32_t ntoken;
	bool tail;		/* anything may follow the last token */
};

/* Token j of a client unit, as the templates of a level see it. */
struct span row_token(const struct unit *u, enum level level, uint32_t j);
/* False: the unit has no row on that level. New values go to values; memory from the pool. */
bool	row_of(struct row *r, enum level level, const struct lexer *l, struct pool *pool,
	    const struct unit *u, struct intern *values);
/* Equal for rows that one template may describe. */
uint32_t row_shape(struct intern *shapes, struct pool *pool, enum level level, const struct row *r);
