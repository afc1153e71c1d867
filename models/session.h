#pragma once
/*
 * session.h - one live conversation with a model: an event comes in, a turn is taken.
 *
 * The session never sees TCP, the stack never sees a model. What a turn answers is not stored
 * but rendered on demand from (model, session, fields, environment): the same call again gives
 * the same bytes, which is how a retransmission is made. Nothing here allocates, blocks or
 * reads a clock; cost is linear in the bytes fed and rendered.
 *
 * Order of a life: session_init, session_event(EVENT_CONNECT), then session_feed for what the
 * peer says and session_event for silence and FIN. While sess->reply is outstanding (not yet
 * acknowledged) the stack must not start another turn, unless it has copied the rendered
 * bytes away.
 *
 * A model may have two machines. The second one hears what the first hears and answers what is left to it (second.h);
 * without an arena it is not there.
 */
#include "models/addr.h"
#include "models/model.h"

enum { SESSION_PAIR_BYTES = 512, SESSION_PATH = 8, SESSION_HISTORY = 3, ARENA_BYTES = 128 };
enum { SESSION_RELATED = UINT16_MAX };	/* no state: it says one reply, related.h */

/* Lives in a flow's second cache line; the stack keeps the rest of that line. */
struct session {
	uint32_t msg_len;	/* bytes of the message that is still coming in */
	uint32_t reply;		/* alternative (SESSION_RELATED: reply) being spoken + 1; 0: nothing */
	uint32_t out_len;	/* bytes it renders to */
	uint16_t automaton;	/* position after msg_len bytes; 0 dead */
	uint16_t alive;		/* bytes of the message until it died */
	uint16_t near;		/* template nearest at the last live position, + 1 */
	uint16_t need;		/* bytes the message will have, where that is known; 0: not */
	uint16_t state;
	uint16_t turn;		/* turns taken */
	int64_t turn_ms;	/* wall clock of the turn being spoken, Unix ms */
	uint16_t history[SESSION_HISTORY]; /* templates of the last client messages, + 1, newest first */
	uint8_t path[SESSION_PATH]; /* last states, low bytes, newest at turn % SESSION_PATH: for the record */
	uint8_t missed;		/* turns that were not an exact match, at most 255 */
	uint8_t conf;		/* lowest confidence so far, 255 = 1.0 */
};
static_assert(sizeof(struct session) <= 48, "leaves 16 bytes of the line to the stack");

/* Captured fields that outlive a turn (arena.h). Taken only when a reachable rule reads one; zeroed is empty. */
struct arena {
	uint8_t used;
	uint8_t bytes[ARENA_BYTES - 1];
};
static_assert(sizeof(struct arena) == ARENA_BYTES, "two cache lines");

/*
 * Fields in view during a turn: spans into the message, the arena, or what the arena held before
 * this turn. Not to be copied.
 */
struct fields {
	uint32_t has;		/* bit per slot */
	struct span slot[MODEL_SLOTS];
	uint8_t before[ARENA_BYTES - 1];
};

struct host;
struct match_ahead;

/* All that an answer may depend on besides model and session. The caller owns it. */
struct session_env {
	struct addr own, peer;
	uint16_t own_port, peer_port;
	uint8_t key[16];	/* the site's secret; never in an image */
	uint32_t connection;	/* ordinal of this conversation of the pair, for SCOPE_CONNECTION */
	int64_t now_ms;		/* Unix time in ms; only read when a turn is taken */
	bool channel;		/* a related connection of it is expected, or there */
	const struct match_ahead *ahead; /* match.h: saves time if it is of the message fed; NULL: none */
	struct host *pair_host, *own_host; /* sets and registers (host.h) of both ends, of our own; NULL: as at the start */
};

enum match_kind {	/* how the message was understood, best first */
	MATCH_EXACT,	/* a template with a turn in this state or one it backs off to */
	MATCH_RESYNC,	/* a known template, not expected here: the most probable state that expects it */
	MATCH_NEAR,	/* died on the way: the nearest template by prefix */
	MATCH_OTHER,	/* the learned answer to what is not understood */
	MATCH_NONE,	/* silence */
};

struct turn {
	bool taken;		/* a turn happened (its reply may still be empty) */
	bool close, reset;	/* after the reply has been sent */
	bool pending;		/* somebody else delivers the answer */
	bool open;		/* a related connection is expected from now on, related.h; */
	bool take;		/* what the peer says there is taken; */
	uint32_t send;		/* this reply goes out there, + 1; 0: none */
	uint32_t named;		/* send, take: slot that says what it is called */
	bool freeze;		/* cannot be rendered again later: render now and keep the bytes */
	uint8_t match;		/* enum match_kind */
	uint8_t conf;		/* 255 = 1.0 */
	uint32_t delay_ms;	/* learned pause before the answer */
	uint32_t out_len;	/* bytes to say */
	int32_t template;	/* -1: none */
};

enum { FEED_PUSH = 1,		/* the last segment had PSH; without new bytes: the peer paused */
	FEED_DATAGRAM = 2,	/* the span is one whole message */
	FEED_END = 4 };		/* nothing will follow */

void	session_init(struct session *s, const struct model *m);
/*
 * Takes bytes up to the end of one message at most. in must hold the whole message so far:
 * its first s->msg_len bytes are those of earlier calls, the rest is new. Returns the number of
 * bytes that belong to the message (all of in while it is incomplete). When the message is
 * complete, t->taken is set, f holds its fields, s->msg_len is 0 again. How the bytes are cut
 * into calls makes no difference. 65,536 bytes are a message whatever they say.
 * a may be NULL: then fields of earlier messages are unknown and those of this one not kept.
 */
size_t	session_feed(struct session *s, struct arena *a, const struct model *m,
    const struct session_env *env, struct span in, unsigned flags, struct fields *f,
    struct turn *t);
/*
 * Steps that the message takes at most when it is fed as a datagram next: elements, guards and bytes
 * looked at. For who plays a model that nobody knows (selftest.h); costs a run of the automaton.
 */
uint64_t session_steps(const struct session *s, struct arena *a, const struct model *m, struct span message);
/* CONNECT, SILENCE (arg: ms since the last byte), FIN, CHANNEL (arg: enum channel_news). t->taken is false where the state has no such turn. */
void	session_event(struct session *s, struct arena *a, const struct model *m,
    const struct session_env *env, enum event_kind event, uint32_t arg, struct fields *f,
    struct turn *t);
/* ms until the state's next SILENCE turn, 0: none. */
uint32_t session_silence_ms(const struct session *s, const struct model *m);
/*
 * ms without a byte after which an incomplete message is fed again with FEED_PUSH and no new
 * bytes; 0: its end does not depend on a pause.
 */
uint32_t session_pause_ms(const struct session *s, const struct model *m);
/* Does this turn's or a later reply read fields, so that an arena is worth taking? */
bool	session_wants_arena(const struct session *s, const struct model *m);
/* The fields that the arena remembers of the machine that speaks, for rendering again later. */
void	session_fields(struct fields *f, const struct session *s, const struct arena *a, const struct model *m);
/*
 * Bytes [from, from + room) of the reply being spoken into to; returns how many there were.
 * A pure function of its arguments. For datagram services one call renders one datagram:
 * *boundary is set to the offset after the message that from lies in.
 */
size_t	session_render(const struct session *s, const struct fields *f, const struct model *m,
    const struct session_env *env, size_t from, uint8_t *to, size_t room, size_t *boundary);
