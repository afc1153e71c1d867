#pragma once
/*
 * play.h - a model in the place of the server of a recorded conversation.
 *
 * The recorded client's messages are said to the model at the recorded times, from and to the
 * recorded addresses; what the model says until the recorded server's next message stands in the
 * place of that. Of datagrams each stands in the place of the recorded answer to
 * the same question, in order; what the recorded server asked on its own is left out. Nothing is
 * judged here. Memory is the pool's; no clock is read.
 */
#include "learning/answers.h"
#include "models/session.h"

struct play_line {			/* one message of either side, in the order of the recording */
	uint8_t side;			/* enum side */
	uint8_t match, conf;		/* server: of the model's last turn, see struct turn */
	uint16_t state;			/* server: the model was in when asked */
	int64_t time_ns;		/* recorded; of what the recorded server did not say: when it was asked */
	struct span said;		/* server: by the model, empty: silence; client: to the model */
	struct span recorded;		/* empty: the recorded server was silent here */
	struct span asked, before;	/* server: the client's message it answers, and the one before; or nothing */
	uint32_t question;		/* server: place of that message in the corpus; NO_QUESTION: the connection */
	int32_t template;		/* server: of the model that took it; -1: none */
};

struct played {
	struct play_line *line;
	uint32_t n;
};

struct play_how {
	const struct model *model;
	uint8_t key[16];		/* of the session's environment: another one, another choice */
	bool whole;			/* every client message is a whole one, whatever its end */
	const struct answers *answers;	/* of datagrams; NULL: each is answered before the next is asked */
	struct host *pair_host, *own_host; /* what earlier conversations of these ends left; NULL: nothing */
};

void	play(struct played *out, struct pool *pool, const struct corpus *c, uint32_t conversation,
    const struct play_how *how);
