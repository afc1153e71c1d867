#pragma once
/*
 * dot.h - a model as a graph for graphviz: states, and what leads from one to the next.
 */
#include <stdio.h>

#include "models/text.h"

/* Bytes inside a dot string; what a reader could not see is a point. Returns characters used. */
unsigned dot_bytes(FILE *to, struct span s, unsigned room);
void	dot_print(const struct text *t, FILE *to);
