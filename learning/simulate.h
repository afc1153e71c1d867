#pragma once
/*
 * simulate.h - conversations that nobody had: both sides are played.
 *
 * The client is LENS over the model's part on both sides; the server is the compiled model, or
 * LENS as published (PRISMA12 "bidirectional simulation"). Bounded by messages and bytes, and by
 * how often both sides may wait for each other. Deterministic by seed and number. Memory is the
 * pool's; no clock is read.
 */
#include "learning/lens.h"
#include "learning/play.h"

enum { SIMULATE_MESSAGES = 1000, SIMULATE_BYTES = 8 << 20 };

struct simulate_how {
	const struct lens_book *book;
	const struct model *server;	/* NULL: LENS is the server, too */
	uint8_t proto;			/* MODEL_TCP, MODEL_UDP */
	uint64_t seed;
	uint8_t key[16];		/* of the server's site */
	int64_t start_ms;		/* Unix time of the first conversation */
};

struct simulated {
	struct session_env env;		/* its ends, which the text of a model names, too */
	struct played said;
};

void	simulate(struct simulated *out, struct pool *pool, const struct simulate_how *how,
	    uint32_t number);
