#pragma once
/*
 * mined.h - what service mining found: for people, as mynah learn prints it, and as JSON.
 */
#include <jansson.h>
#include <stdio.h>

#include "learning/mining/mining.h"

void	mined_print(const struct mining_report *r, struct pool *pool, FILE *to);
/* The published rules alone, by every reading of the paper. */
void	mined_print_rules(const struct mining_report *r, FILE *to);
/* null where another learner was at work; the caller's reference. */
json_t	*mined_json(const struct mining_report *r);
