#pragma once
/*
 * second.h - the second machine of a conversation: it hears all that the first one hears, and answers some of it.
 *
 * docs/model-format.md section 13. It sees the connection and every message, whole, after the first machine's turn; it
 * keeps its place and its fields in the arena (arena.h). Private to session.c and selftest.c.
 */
#include "models/arena.h"

#define SECOND_SPEAKS (UINT32_C(1) << 31)	/* in session.reply */

struct second_turn {
	struct session s;
	struct fields f;
	struct turn t;
};

/* Whose reply is being spoken, and which alternative said it (0: nothing), + 1. */
static inline const struct image *
second_speaker(const struct session *s, const struct model *m, uint32_t *reply)
{
	*reply = s->reply & ~SECOND_SPEAKS;
	return s->reply & SECOND_SPEAKS ? &m->second->i : &m->i;
}

/* The session of m's second machine, as it stands. */
struct session second_session(const struct session *s, struct arena *a, const struct model *m);
/* After the first machine's turn t. message NULL: the connection. */
void	second_hear(struct second_turn *out, const struct session *s, struct arena *a, const struct model *m,
    const struct session_env *env, const struct span *message, const struct turn *t);
/* Is what the first machine did in its turn t the second one's to answer? */
bool	second_answers(const struct model *m, const struct turn *t, bool connect);
/* What the first machine's turn says of the session and the second one's must not. */
struct second_before {
	uint8_t conf, missed;
};

/* It does: s, f and t become what they are where a machine answers; before: of s, before the first one's turn. */
void	second_speak(struct session *s, struct fields *f, struct turn *t, const struct second_turn *second,
    struct second_before before);
