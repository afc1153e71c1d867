#pragma once
/*
 * klass_parts.h - what kind a reply is that consists of parts with a length before them (parts.h).
 *
 * Part by part, a part before those that it holds: one that holds a single byte stands for this byte,
 * any other for its type. The first place that varies, takes few values and is no echo of what
 * was asked is the kind, and the next such place is its code, wherever lengths have moved them.
 */
#include "learning/klass_name.h"
#include "learning/parts.h"

struct klass_parts {
	struct parts parts;	/* not found: replies are something else */
	uint8_t nplaces, place[2];
};

void	klass_parts_learn(struct klass_parts *k, struct pool *pool, const struct klass_pair *pair, uint32_t n);
struct klass_name klass_parts_of(const struct klass_parts *k, struct span said);
