#pragma once
/*
 * curve.h - how good a model gets by how much it has learned from: complexity against quality
 * (ScriptGen05; spec/scriptgen.md 14).
 *
 * Twice as many conversations at each point, those of the point before among them; all points play
 * the same conversations, which none has learned from.
 */
#include <jansson.h>
#include <stdio.h>

#include "learning/trial.h"

enum { CURVE_POINTS = 5 };		/* 1/16, 1/8, 1/4, 1/2 and all of what is learned from */

struct curve_point {
	uint32_t conversations;		/* learned from */
	uint32_t states, image_bytes;	/* of the model */
	double class_messages, class_conversations, similarity;
};

struct curve {
	struct curve_point at[CURVE_POINTS];
	unsigned n;			/* those from which something could be learned; 0: not asked for */
};

/*
 * Learns with p from growing parts of the conversations without a flag, plays those with one. Each
 * point's memory is given back before the next. 0, or the first error that is not "too few".
 */
int	curve_measure(struct curve *out, struct pool *pool, const struct corpus *c, const bool *held,
	    const struct learn_params *p, struct diag *why);
/* The caller's reference; null where it was not asked for. */
json_t	*curve_json(const struct curve *k);
void	curve_print(const struct curve *k);
