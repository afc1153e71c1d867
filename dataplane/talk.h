#pragma once
/*
 * talk.h - the plain channel between a TCP stream and a session: a flow's second cache line.
 *
 * In: bytes of the stream, in order or ahead, become messages. What cannot be used yet (a message still
 * coming in, commands sent before the answer was acknowledged, bytes behind a gap) is copied
 * into one cell, the hold; what does not fit is not taken and so not acknowledged.
 * Out: a source that can be read anywhere again: first the frozen bytes of a cell, then the
 * plan, the turn being spoken, which is rendered on demand. Frozen are only answers whose fields do not
 * fit the arena and answers still unacknowledged when the next command takes its turn.
 *
 * Knows sessions, not TCP; positions in the streams are modulo 2^32. Threads: one owner.
 */
#include "dataplane/record.h"
#include "dataplane/slab.h"
#include "models/related.h"

enum { TALK_CELL = 4096, TALK_RANGES = 4 };

enum talk_flag {
	TALK_PLAN = 1,		/* session_render() is part of the output */
	TALK_PUSH = 2,		/* the last byte in the hold was pushed */
	TALK_RELATED = 4,	/* belongs to another conversation, takes no turns */
	TALK_LOSS = 8,		/* took a place in the table of losses */
	TALK_ECT = 16,		/* the peer speaks ECN */
	TALK_ECE = 32,		/* a segment was marked, and the peer has not said that it heard of it */
	TALK_CWR = 64,		/* we slowed down because one of ours was marked, and have not said so */
};

struct talk {
	struct session sess;
	uint32_t arena;
	uint16_t hold, out;	/* cells */
	uint32_t out_seq;	/* of the first byte of output */
	uint16_t behind;	/* bytes sent beyond snd_nxt, which fell back: go-back-N */
	uint8_t cwnd;		/* segments; slow start never needs more than 255 */
	uint8_t flags;		/* enum talk_flag */
};
static_assert(sizeof(struct talk) == 64, "one cache line");

struct talk_hold {		/* bytes[0] is the first byte of the oldest message not done */
	uint16_t n;		/* bytes in order */
	uint8_t nranges;
	struct { uint16_t from, to; } range[TALK_RANGES];	/* beyond n, sorted, apart */
	uint8_t bytes[TALK_CELL - 4 - 4 * TALK_RANGES];
};
static_assert(sizeof(struct talk_hold) == TALK_CELL, "one cell");

struct talk_out {
	uint16_t n;		/* frozen bytes */
	uint8_t bytes[TALK_CELL - 2];
};
static_assert(sizeof(struct talk_out) == TALK_CELL, "one cell");

/* What a turn sends or takes on a connection of its own: of the last turn that did. */
struct talk_related {
	struct related what;
	struct record_transfer asked;	/* only who asked for it, and its name */
};

struct talks {			/* the slabs behind all talks of a worker */
	struct slab talk, arena, cell;
	struct talk_related related;
};

/* Who speaks: the model and what its answers depend on. */
struct speaker {
	const struct model *m;
	struct session_env env;
};

size_t	talks_bytes(uint32_t talks, uint32_t arenas, uint32_t cells);
void	talks_init(struct talks *ts, void *mem, uint32_t talks, uint32_t arenas, uint32_t cells);

/* A talk with a fresh session, or 0. CONNECT has not been told yet. */
uint32_t talk_open(struct talks *ts, const struct speaker *who);
void	talk_close(struct talks *ts, uint32_t id);

static inline struct talk *
talk_at(const struct talks *ts, uint32_t id)
{
	return slab_at(&ts->talk, id);
}

/* Bytes of output, acknowledged ones at its front included. */
size_t	talk_out_bytes(const struct talks *ts, const struct talk *t);
/* Output bytes from offset at; returns how many there were. */
size_t	talk_read(const struct talks *ts, const struct talk *t, const struct speaker *who, size_t at,
    uint8_t *to, size_t n);
/* All of it has been acknowledged. */
void	talk_said(struct talks *ts, struct talk *t);
/* Makes room for another turn: the output behind done acknowledged bytes is frozen. False: it does not fit. */
bool	talk_freeze(struct talks *ts, struct talk *t, const struct speaker *who, size_t done);

/* Bytes in order and waiting, 0 without a hold. */
size_t	talk_waiting(const struct talks *ts, const struct talk *t);
/* Bytes beyond the next expected one that can be taken while the hold stands. */
size_t	talk_room(const struct talks *ts, const struct talk *t);
/*
 * Copies data that lies ahead bytes beyond what has come in order. Returns how many bytes the part in order grew by; *kept is
 * false if not all of data could be stored.
 */
size_t	talk_hold(struct talks *ts, struct talk *t, size_t ahead, struct span data, bool *kept);
/* Ranges held beyond the part in order, as offsets from its end. */
unsigned talk_ahead(const struct talks *ts, const struct talk *t, uint32_t from[TALK_RANGES],
    uint32_t to[TALK_RANGES]);

/* What one step of the conversation did. */
struct talk_turn {
	struct turn turn;
	size_t used;		/* bytes of in that the message took */
};
/*
 * Offers in to the session: one message at most. The answer, if any, stands behind the
 * output there was; there must be no plan. flags: enum FEED.
 */
struct talk_turn talk_feed(struct talks *ts, struct talk *t, const struct speaker *who,
    struct span in, unsigned flags);
struct talk_turn talk_event(struct talks *ts, struct talk *t, const struct speaker *who,
    enum event_kind event, uint32_t arg);
/* A related connection's talk says what a turn sends, and nothing else. */
void	talk_relate(struct talks *ts, struct talk *t, const struct speaker *who, const struct related *what);
/* The bytes in order of the hold. */
struct span talk_input(const struct talks *ts, const struct talk *t);
/* The first n bytes of the hold are done with. */
void	talk_consume(struct talks *ts, struct talk *t, size_t n);
/* Input no longer matters: the hold is given back. */
void	talk_forget(struct talks *ts, struct talk *t);
void	talk_check(const struct talks *ts, const struct talk *t);
