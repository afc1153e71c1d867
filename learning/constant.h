#pragma once
/*
 * constant.h - what a reply to one kind of question always says, though replies to others say something else there.
 */
#include "learning/rules.h"

/*
 * Is a part (parts.h) of the reply the same whatever is asked in this way? It is what all these clients say, so
 * that it is no field of their template, or several values made no difference. Not so bytes: those of a name's length,
 * say, belong to others beside them. An answer to a client's template.
 */
bool	constant_part(const struct rules *r, const struct answer *a, uint32_t token);
