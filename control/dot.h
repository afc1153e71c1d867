#pragma once
/*
 * dot.h - a model as a graph for graphviz: states, and what leads from one to the next.
 */
#include <stdio.h>

#include "models/text.h"

void	dot_print(const struct text *t, FILE *to);
