#pragma once
/*
 * latent.h - matrices like those that PRISMA12 factorises, of any size, from a seed.
 *
 * Columns are distinct messages, drawn from latent classes: a message has 14 to 16 features, most of them
 * from the few that its class prefers, each class those of a power law over all features. Weights,
 * how often a message came, follow a power law too.
 */
#include "learning/sparse.h"

struct latent {
	const char *name;
	uint32_t features, messages, classes;
};

/* SIP, DNS and FTP as PRISMA12 reports them. */
extern const struct latent latent_sizes[3];

/* No two columns are equal. weight: one each, at least 1. */
struct sparse latent_matrix(struct pool *pool, const struct latent *size, uint64_t seed, double *weight);
