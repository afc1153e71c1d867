#pragma once
/*
 * naive.h - a second implementation of docs/model-format.md, for tests only: it walks struct
 * text with backtracking and malloc, shares no code with the compiled path but the keyed
 * function, and is right before it is fast.
 */
#include "models/session.h"
#include "models/text.h"

struct naive_value {
	uint8_t *p;		/* heap */
	size_t n;
	bool filled;		/* by this message or an earlier one */
	uint64_t when;		/* counts fillings: who is oldest */
};

struct naive {
	const struct text *t;
	struct session_env env;
	uint32_t state;
	uint16_t turn;		/* number of the last one */
	int32_t history[3];	/* templates of the last client messages, newest first; -1 none */
	struct naive_value slot[MODEL_SLOTS];
	uint64_t clock;
	uint32_t read_slots;	/* bit per slot that the model reads */
	struct naive *second;	/* the second machine, on the heap */
	struct naive *other;	/* the machine that shares the room for kept values; NULL: none */
};

struct naive_turn {
	bool taken;		/* something in the model answered */
	bool close, reset, pending;
	bool open, take;	/* a related connection */
	uint32_t send;		/* reply that goes out there + 1 */
	uint8_t match;		/* enum match_kind, for messages */
	int32_t template;	/* that the message was understood as; -1 none */
	uint32_t where;		/* state whose turn it was */
	uint32_t turn, alt;	/* indices in that state and turn */
	uint32_t delay_ms;
	uint8_t *out;		/* heap: the reply */
	size_t n;
	size_t datagram[64];	/* ends of its datagrams (UDP), at most these */
	uint32_t datagrams;
};

void	naive_init(struct naive *c, const struct text *t, const struct session_env *env);
void	naive_fini(struct naive *c);
/* One whole client message. */
void	naive_message(struct naive *c, struct span message, struct naive_turn *out);
/* Any other event. */
void	naive_event(struct naive *c, enum event_kind event, uint32_t arg, struct naive_turn *out);
void	naive_turn_fini(struct naive_turn *out);
/* Does template i match the whole message? */
bool	naive_matches(const struct text *t, uint32_t i, struct span message);

enum { NAIVE_PATH = 62 };

/* Shared by its files. */
/* Does template i match the whole message, and where does each of its elements end then? On the heap, NULL: no. */
bool	naive_ends(const struct text *t, uint32_t i, struct span m, size_t **end);
/* The greatest number of leading bytes after which template i is still alive. */
size_t	naive_alive(const struct text *t, uint32_t i, struct span m);
/* Where each element of the template ends in m, as far as it goes; returns how many are complete. */
uint32_t naive_along(const struct text *t, const struct text_template *tp, struct span m, size_t *end, size_t *fixed,
	    size_t *fixed_all);
struct span naive_path(struct span base, struct span name, uint8_t to[NAIVE_PATH]);
bool	naive_guard_holds(const struct naive *c, const struct text_guard *g);
bool	naive_is_below(struct span path, struct span dir);
struct span naive_value_of(const struct naive *c, uint32_t slot);
bool	naive_next_line(struct span v, size_t *at, struct span *line);
const struct text_pair *naive_map_find(const struct text_map *m, struct span key);
uint64_t naive_draw(const struct naive *c, uint8_t scope, uint64_t point, uint32_t block);
uint8_t	naive_lower(uint8_t b);
void	naive_render(const struct naive *c, uint32_t reply, struct naive_turn *out);
