#pragma once
/*
 * mined.h - what service mining found, for people: mynah learn prints it.
 */
#include <stdio.h>

#include "learning/mining/mining.h"

void	mined_print(const struct mining_report *r, struct pool *pool, FILE *to);
