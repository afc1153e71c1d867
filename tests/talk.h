#pragma once
/*
 * talk.h - a conversation with a model that a test has just learned or written.
 */
#include "models/session.h"
#include "tests/model_of.h"

struct talk {
	struct model *m;
	struct session s;
	struct arena a;
	struct fields f;
	struct turn t;
	char said[65537];	/* by the server, last */
};

static const struct session_env talk_env = {
	.own = { { [10] = 0xff, 0xff, 198, 19, 0, 1 } },
	.peer = { { [10] = 0xff, 0xff, 192, 0, 2, 1 } },
	.own_port = 21, .peer_port = 40000,
};

static inline const char *
talk_said(struct talk *k)
{
	size_t boundary, n = k->t.taken ? session_render(&k->s, &k->f, k->m, &talk_env, 0,
	    (uint8_t *)k->said, sizeof k->said - 1, &boundary) : 0;

	k->said[n] = '\0';
	return k->said;
}

/* The connection is made; what is said to it. */
static inline const char *
talk_begin(struct talk *k, struct model *m)
{
	memset(k, 0, sizeof *k);
	k->m = m;
	session_init(&k->s, m);
	session_event(&k->s, &k->a, m, &talk_env, EVENT_CONNECT, 0, &k->f, &k->t);
	return talk_said(k);
}

/* One message. "" where nothing is said. */
static inline const char *
talk_say(struct talk *k, struct span what)
{
	session_feed(&k->s, &k->a, k->m, &talk_env, what,
	    model_proto(k->m) == MODEL_UDP ? FEED_DATAGRAM : FEED_PUSH, &k->f, &k->t);
	return talk_said(k);
}
