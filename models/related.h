#pragma once
/*
 * related.h - the connection that belongs to a conversation: where it is expected, and what is said on it.
 *
 * A turn with the effect open expects the peer at a port that the reply announces; a later turn sends a
 * reply of the model there, or takes what the peer says there. docs/model-format.md section 5. Pure.
 */
#include "models/session.h"

/* Ports that a server hands out: Linux's ip_local_port_range. */
enum { RELATED_FIRST = 32768, RELATED_LAST = 60999 };

/* What a conversation has on the connection that belongs to it, as far as it was decided. */
struct related {
	struct arena fields;	/* those that the reply reads */
	int64_t turn_ms;
	uint32_t reply;		/* + 1; 0: none, what the peer says is taken */
	uint16_t turn;
};

/* The port that a turn announces: a keyed function, so that saying it again says the same. */
uint16_t related_port(const struct session_env *env, uint16_t turn);
/* What turn t of the session sends or takes. f: the fields in view during it. */
void	related_keep(struct related *r, const struct session *s, const struct model *m, const struct fields *f,
    const struct turn *t);
/*
 * A session that says the reply and nothing else: for session_render() with the conversation's own env,
 * and r's fields. out_len is 0 where nothing is sent.
 */
void	related_speak(struct session *s, const struct related *r, const struct model *m, const struct session_env *env);
/*
 * Where nobody connects, one is thought to come and to end at once: what the session is to be told after the
 * turn, and how many news that is. Keeps env->channel.
 */
unsigned related_assume(struct session_env *env, const struct turn *t, enum channel_news news[2]);
/* Its answer depends on what other conversations may change meanwhile: keep the bytes. */
bool	related_changes(const struct related *r, const struct model *m);
