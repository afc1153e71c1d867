#pragma once
/*
 * expect.h - connections that conversations expect: data that crosses connections of its own.
 *
 * One place per conversation, found by both addresses and the port that was announced, by the conversation's flow,
 * or by the flow that came. Both flows are of one pair of addresses, so they meet on one worker, and all
 * of a pair's places lie in one bucket of EXPECT_WAYS. A conversation that finds its bucket full of what is
 * under way expects nothing. What it is about is told in docs/model-format.md section 5.
 *
 * Threads: one owner. Times are the worker's clock in ms, compared by difference.
 */
#include <sha2.h>

#include "dataplane/record.h"
#include "models/related.h"

enum { EXPECT_WAYS = 8, EXPECT_WAIT_MS = 60000 };

enum expect_flag {
	EXPECT_CAME = 1,	/* the peer connected */
	EXPECT_ASKED = 2,	/* a turn sends or takes */
	EXPECT_BEGAN = 4,	/* both */
	EXPECT_OVER = 8,	/* all was acknowledged, or the peer has ended */
	EXPECT_BROKE = 16,
	EXPECT_DONE = 32,	/* it ended or failed: only told, or the flow closes */
	EXPECT_LISTED = 64,	/* in the stack's list of those with news */
};

struct expected {
	struct addr own, peer;
	uint32_t control, data;	/* flows; control 0: a free place, data 0: not there */
	uint16_t port;		/* ours; 0: nobody can come */
	uint16_t own_port, peer_port;	/* of the conversation */
	uint8_t slot;		/* its model, which it pins */
	uint8_t flags, news;	/* enum expect_flag; bit per enum channel_news that is not told yet */
	uint32_t connection;	/* of the conversation, session.h */
	uint32_t due_ms;	/* the peer must have come */
	struct related what;
	struct record record;	/* of the transfer, as far as it is known */
	SHA2_CTX sum;		/* of its content so far */
};

struct expects {
	struct expected *e;
	uint32_t n;		/* a power of two */
	uint32_t used, next;	/* how many; where expects_next() goes on */
	uint64_t secret;
};

size_t	expects_bytes(uint32_t n);
void	expects_init(struct expects *x, void *mem, uint32_t n, uint64_t secret);	/* mem zeroed */
/* A place with addresses and control, the rest zero; NULL: the bucket is full. The conversation has none yet. */
struct expected *expects_add(struct expects *x, const struct addr *own, const struct addr *peer, uint32_t control,
    uint32_t now_ms);
/* Who expects the peer there; NULL: nobody, or it came already. */
struct expected *expects_at(const struct expects *x, const struct addr *own, const struct addr *peer, uint16_t port,
    uint32_t now_ms);
/* What a conversation expects or has under way; NULL: nothing. */
struct expected *expects_of(const struct expects *x, const struct addr *own, const struct addr *peer, uint32_t control);
/* What a flow came for; NULL: nobody wants it any more. */
struct expected *expects_with(const struct expects *x, const struct addr *own, const struct addr *peer, uint32_t data);
/* Any place of a conversation, also one that is done; NULL: none is left. */
struct expected *expects_any(const struct expects *x, const struct addr *own, const struct addr *peer, uint32_t control);
void	expects_free(struct expects *x, struct expected *e);
/* The next of the places in use, round and round; NULL: the one that was looked at is free. */
struct expected *expects_next(struct expects *x);
