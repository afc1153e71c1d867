#pragma once
/*
 * types.h - which bytes of requests say of what type they are.
 *
 * An answer often begins with what it answers: the version, the command, the numbers of the request. The
 * numbers differ from conversation to conversation, or count; a *type* does not. It is a byte
 *  - that nine of ten answers have in the same place,
 *  - of few values, nearly all of which come in more than one conversation,
 *  - some of which come again in one conversation in which others come too (a counter has none, a name that is
 *    asked for in one conversation has no others),
 *  - and that tells of what form the answer is, beyond what the types taken before it tell (so much that
 *    the table of values by forms is worth its size: the marginal likelihood of the forms).
 * Requests of different types are never described by one label (kinds.h): what was said to one type and
 * repeats the type of another is an answer to nothing. Nor are answers of different types of one form.
 */
#include "learning/scriptgen/response.h"

enum { TYPES_BYTES = 64, TYPES_MOST = 4 };	/* bytes that are looked at; types at most */

struct types {
	uint32_t offset[TYPES_MOST];	/* the one that tells most first */
	uint32_t n;
	bool identifier[TYPES_BYTES];	/* repeated, too, but another value in the next conversation, or message */
};

struct types_memo;

struct types_memo *types_memo_create(struct pool *pool, struct pool *work);
/*
 * Uses messages, sequence and form_of. The memo counts each sequence once: those of the next call must begin with those
 * of this one, and what comes again is only what follows from forms.
 */
void	types_find(struct types *out, struct types_memo *memo, const struct responses_input *in);
/*
 * kinds_find() for the messages of each type alone, then all labels together. The bytes of their type are fixed in
 * them, as far as messages reach. Behind them stands a label of each type, and of the first byte or bytes of it, for whatever
 * is unlike all that was seen of it. Without types it is kinds_find().
 */
void	types_kinds(struct kinds *out, struct kinds_memo *memo, const struct types *t, struct pool *pool,
    const struct intern *messages, const struct kinds_member *m, uint32_t n, const struct kinds_params *p);
