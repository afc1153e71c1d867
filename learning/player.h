#pragma once
/*
 * player.h - a compiled model that is talked to: bytes in, what it says out.
 *
 * Wraps models/session for whoever plays whole conversations with it: a message that has not ended
 * waits for its next bytes, turn after turn is taken while messages are complete, and what is said
 * is collected. Memory is the pool's; the model and the pool outlive it.
 */
#include "learning/pool.h"
#include "models/host.h"

struct player {
	struct pool *pool;
	const struct model *m;
	struct session s;
	struct arena arena;
	struct host host;	/* its own, where the environment brings none */
	struct session_env env;
	struct fields fields;
	bool whole;		/* what it hears at once is one message */
	uint8_t *out;		/* what it said since player_forget() */
	size_t nout, room;
	size_t *end;		/* of each datagram in it, or of each turn */
	uint32_t nend, end_room;
	uint8_t *pending;	/* of a message that has not ended, with msg_len of the session */
	size_t npending, pending_room;
	bool over;		/* the model has closed */
	struct turn last;
};

void	player_init(struct player *p, struct pool *pool, const struct model *m,
	    const struct session_env *env, bool whole);
/* TCP: the connection stands. */
void	player_connect(struct player *p);
void	player_hear(struct player *p, struct span bytes, int64_t now_ms);
/* What it said is somebody else's now. */
void	player_forget(struct player *p);
