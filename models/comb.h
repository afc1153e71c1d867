#pragma once
/*
 * comb.h - the rows of an automaton laid into each other.
 *
 * Of a row most entries are alike: dead, or on with the same field. Each node keeps that usual successor and where its
 * other entries stand in one array of cells that all rows share; a cell says whose it is. Learned automata take a
 * tenth of the memory that way (docs/benchmarks.md). Rows are laid in the order of the nodes, so what a message passes
 * lies side by side. "Storing a sparse table", Tarjan and Yao 1979. Build side only; match.h reads it. Deterministic.
 */
#include "models/automaton.h"
#include "models/image.h"

struct comb {
	struct image_step *step;	/* [nstates] */
	struct image_cell *cell;	/* [ncells]; from every step's base on there are nclasses */
	uint32_t ncells;
};

/* 0, -ENOMEM. The caller owns what is in it (comb_fini()). */
int	comb_build(struct comb *c, const struct automaton *a);
void	comb_fini(struct comb *c);
