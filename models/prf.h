#pragma once
/*
 * prf.h - keyed choices: SipHash-2-4 (Aumasson and Bernstein 2012, section 2).
 *
 * Every choice a model leaves open is this function of the site's key and of what the choice
 * may depend on (docs/model-format.md, section 8), so that a repeated probe gets the same
 * answer. Also the hash behind the stack's SYN cookies. Pure; any thread.
 */
#include "models/addr.h"
#include "models/vocab.h"

enum { PRF_KEY = 16, PRF_LANES = 8 };

uint64_t siphash(const uint8_t key[PRF_KEY], struct span data);
/*
 * Eight messages of nwords words each, under one key: word i of message k is w[i][k]. The same as siphash() of
 * each, in the time of about one and a half: a chain of dependent steps leaves most of a processor idle.
 */
void	siphash_lanes(const uint64_t key[2], const uint64_t w[][PRF_LANES], size_t nwords, uint64_t out[PRF_LANES]);

/* What a choice may depend on; the scope says how much of it does. */
struct prf_env {
	const uint8_t *key;	/* PRF_KEY bytes */
	const struct addr *own, *peer;
	uint32_t connection;
	uint16_t turn;		/* the conversation's first is 1 */
};

/* Points: which choice of a model. */
static inline uint64_t prf_point_data(uint32_t table) { return 4ull * table; }
static inline uint64_t prf_point_rand(uint32_t op) { return 4ull * op + 1; }
static inline uint64_t prf_point_turn(uint32_t turn) { return 4ull * turn + 2; }
static inline uint64_t prf_point_var(uint32_t type) { return 4ull * type + 3; }
static inline uint64_t prf_point_announced(void) { return 4ull * 255 + 3; }	/* behind those of all types, */
static inline uint64_t prf_point_profile(void) { return 4ull * 256 + 3; }	/* as these two: what an address is, */
static inline uint64_t prf_point_density(void) { return 4ull * 257 + 3; }	/* and how many about it are anything */

uint64_t prf(const struct prf_env *env, enum scope scope, uint64_t point, uint32_t block);
