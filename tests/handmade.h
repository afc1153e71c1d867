#pragma once
/*
 * handmade.h - a corpus out of lines, for tests of what learns from one.
 *
 *	struct handmade h = handmade(pool, PROTO_TCP, 21);
 *	handmade_talk(&h, "<220 hello\r\n", ">QUIT\r\n", "<221 bye\r\n", NULL);
 *	handmade_open(&h); handmade_say(&h, SIDE_CLIENT, span_of("\0\1", 2));
 *
 * Server 198.18.0.10, client 198.18.0.1; every message comes a second after the one before it,
 * from Fri Mar  5 06:07:08 2004 on. Conversations are whole and ended by the client. The lines are
 * not copied.
 */
#include <stdarg.h>
#include <stdio.h>

#include <criterion/criterion.h>

#include "learning/corpus.h"

enum { HANDMADE_MESSAGES = 8192, HANDMADE_CONVERSATIONS = 1024 };
static const int64_t HANDMADE_START_S = 1078466828;

struct handmade {
	struct pool *pool;
	struct corpus *c;
	int64_t now_ns;
};

static inline struct handmade
handmade(struct pool *pool, uint8_t proto, uint16_t port)
{
	struct handmade h = { pool, pool_alloc(pool, sizeof *h.c),
		HANDMADE_START_S * INT64_C(1000000000) };
	struct corpus *c = h.c;

	c->messages = pool_array(pool, HANDMADE_MESSAGES, sizeof *c->messages);
	c->conversations = pool_array(pool, HANDMADE_CONVERSATIONS, sizeof *c->conversations);
	c->sources = pool_alloc(pool, sizeof *c->sources);
	c->sources[0].name = "handmade";
	c->nsources = 1;
	c->proto = proto;
	c->port = port;
	return h;
}

static inline struct conversation *
handmade_open(struct handmade *h)
{
	struct corpus *c = h->c;
	struct conversation *v = &c->conversations[c->nconversations++];

	cr_assert_leq(c->nconversations, (uint32_t)HANDMADE_CONVERSATIONS);
	*v = (struct conversation){ .client = addr_v4(0xc6120001), .server = addr_v4(0xc612000a),
		.client_port = 40000, .server_port = c->port, .first = c->nmessages,
		.proto = c->proto, .whole = true,
		.end = c->proto == PROTO_TCP ? END_FIN_CLIENT : END_NONE,
		.start_ns = h->now_ns, .end_ns = h->now_ns };
	return v;
}

static inline void
handmade_say(struct handmade *h, enum side side, struct span bytes)
{
	struct corpus *c = h->c;
	struct conversation *v = &c->conversations[c->nconversations - 1];

	cr_assert_lt(c->nmessages, (uint32_t)HANDMADE_MESSAGES);
	c->messages[c->nmessages++] = (struct message){ bytes, h->now_ns, h->now_ns, (uint8_t)side,
		false };
	v->n++;
	v->end_ns = h->now_ns;
	h->now_ns += INT64_C(1000000000);
}

/* A conversation of lines that begin with > (client) or < (server), up to NULL. */
static inline struct conversation *
handmade_talk(struct handmade *h, ...)
{
	struct conversation *v = handmade_open(h);
	const char *line;
	va_list ap;

	va_start(ap, h);
	while ((line = va_arg(ap, const char *)) != NULL)
		handmade_say(h, line[0] == '>' ? SIDE_CLIENT : SIDE_SERVER, span_str(line + 1));
	va_end(ap);
	return v;
}

/* printf into the pool. */
__attribute__((format(printf, 2, 3))) static inline const char *
handmade_line(struct handmade *h, const char *fmt, ...)
{
	char *text = pool_alloc(h->pool, 512);
	va_list ap;

	va_start(ap, fmt);
	cr_assert_lt(vsnprintf(text, 512, fmt, ap), 512);
	va_end(ap);
	return text;
}
