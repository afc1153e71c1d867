#pragma once
/*
 * recall.h - answers that are content: what was said for each argument, table T at work.
 *
 * Where a command's answer is data, its successful replies are kept by argument, the commonest of each; so are those
 * of a verb that nobody declared, where its argument tells more than one phrase does (sizes of files). A
 * command whose replies are the heads of another's for the same arguments (SM05: HEAD's answer is part of
 * GET's; here line by line, since dates differ) also gets the heads of those that it was never asked for.
 */
#include "learning/mining/world.h"
#include "models/text.h"

enum { RECALL_SUPPORT = 3, RECALL_LOOK = 64, RECALL_PERCENT = 90, RECALL_LINES_PERCENT = 75 };

struct recall {
	struct text_map *map;	/* per form; with no pair where nothing is recalled */
	int32_t *head_of;	/* per form: the form whose heads it says, or -1 */
};

void	recall_find(struct recall *to, struct pool *pool, const struct world *w);
