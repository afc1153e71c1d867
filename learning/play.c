#include "learning/play.h"

struct player {			/* one conversation under way */
	struct pool *pool;
	const struct play_how *how;
	struct session s;
	struct arena arena;
	struct session_env env;
	struct fields fields;
	uint8_t *out;		/* what the model said since the last question */
	size_t nout, room;
	uint8_t *pending;	/* of a message that has not ended, with msg_len of the session */
	size_t npending, pending_room;
	bool over;		/* the model has closed */
	bool datagram;
	struct turn last;
	struct span asked, before;	/* the client's last message, and the one before it */
	struct play_line *question;	/* asked and answered by the model, not yet by the recorded server */
	uint32_t nquestions, nanswered;
	struct played *played;
};

static void
collect(struct player *p, const struct turn *t)
{
	size_t from = 0, boundary = 0, n;

	p->last = *t;
	if (p->nout + t->out_len > p->room) {
		p->room = (p->nout + t->out_len) * 2;
		p->out = pool_grow(p->pool, p->out, p->nout, p->room, 1);
	}
	while (t->taken && from < t->out_len) {
		n = session_render(&p->s, &p->fields, p->how->model, &p->env, from, p->out + p->nout,
		    p->room - p->nout, &boundary);
		if (n == 0)
			break;
		p->nout += n;
		from += n;
	}
	p->over |= t->taken && (t->close || t->reset);
}

/* Behind what waits already. The room doubles: a client may say a message byte by byte. */
static void
await_more(struct player *p, struct span more)
{
	if (p->npending + more.n > p->pending_room) {
		p->pending_room = (p->npending + more.n) * 2;
		p->pending = pool_grow(p->pool, p->pending, p->npending, p->pending_room, 1);
	}
	if (more.n > 0)
		memcpy(p->pending + p->npending, more.p, more.n);
	p->npending += more.n;
}

/* Bytes of a message that is not over yet wait for the client's next ones. */
static void
say(struct player *p, struct span bytes, int64_t now_ns)
{
	bool waited = p->npending > 0;
	struct span left = bytes;

	if (p->over)
		return;
	if (waited) {
		await_more(p, bytes);
		left = span_of(p->pending, p->npending);
	}
	p->env.now_ms = now_ns / 1000000;
	while (left.n > 0 && !p->over) {
		struct turn t = { 0 };
		size_t n = session_feed(&p->s, &p->arena, p->how->model, &p->env, left,
		    p->datagram || p->how->whole ? FEED_DATAGRAM : FEED_PUSH, &p->fields, &t);

		if (!t.taken)
			break;
		collect(p, &t);
		left = span_sub(left, n, left.n);
	}
	if (!waited) {
		await_more(p, left);
		return;
	}
	if (left.n > 0 && left.n < p->npending)
		memmove(p->pending, left.p, left.n);
	p->npending = left.n;
}

static void
open_question(struct player *p, int64_t now_ns)
{
	p->out = NULL;
	p->nout = p->room = 0;
	p->question[p->nquestions++] = (struct play_line){ .side = SIDE_SERVER, .state = p->s.state,
		.time_ns = now_ns };
}

/* What the model said belongs to the question that was opened last. */
static void
close_question(struct player *p)
{
	struct play_line *q = &p->question[p->nquestions - 1];

	q->asked = p->asked;
	q->before = p->before;
	q->said = span_of(p->out, p->nout);
	q->match = p->last.match;
	q->conf = p->last.conf;
}

static void
put(struct player *p, const struct play_line *l)
{
	p->played->line[p->played->n++] = *l;
}

/* The client speaks again, or nobody: what the recorded server left unanswered it meant to. */
static void
give_up(struct player *p)
{
	for (; p->nanswered < p->nquestions; p->nanswered++)
		if (p->question[p->nanswered].said.n > 0)
			put(p, &p->question[p->nanswered]);
	p->nanswered = p->nquestions = 0;
}

static void
connect(struct player *p, int64_t now_ns)
{
	struct turn t = { 0 };

	open_question(p, now_ns);
	session_event(&p->s, &p->arena, p->how->model, &p->env, EVENT_CONNECT, 0, &p->fields, &t);
	if (t.taken)
		collect(p, &t);
	close_question(p);
}

/* first: it follows a message of the server, or nothing. */
static void
client_says(struct player *p, const struct message *m, bool first)
{
	struct play_line l = { .side = SIDE_CLIENT, .time_ns = m->last_ns, .said = m->bytes,
		.recorded = m->bytes };

	if (first)
		give_up(p);
	put(p, &l);
	if (first || p->datagram)	/* else a further piece, when a capture lost the server's words */
		open_question(p, m->last_ns);
	p->before = p->asked;
	p->asked = l.said;
	say(p, l.said, m->last_ns);
	close_question(p);
}

static void
server_says(struct player *p, const struct message *m)
{
	struct play_line l = { .side = SIDE_SERVER, .state = p->s.state, .asked = p->asked,
		.before = p->before };

	if (p->nanswered < p->nquestions)
		l = p->question[p->nanswered++];
	else if (p->datagram)
		return;			/* a further datagram to one question */
	l.time_ns = m->first_ns;
	l.recorded = m->bytes;
	put(p, &l);
}

void
play(struct played *out, struct pool *pool, const struct corpus *c, uint32_t conversation,
    const struct play_how *how)
{
	const struct conversation *conv = &c->conversations[conversation];
	const struct message *m = c->messages + conv->first;
	struct player p = { .pool = pool, .how = how, .datagram = conv->proto == PROTO_UDP,
		.played = out };

	*out = (struct played){ pool_array(pool, 2 * (size_t)conv->n + 2, sizeof *out->line), 0 };
	p.question = pool_array(pool, conv->n + 1, sizeof *p.question);
	p.env = (struct session_env){ .own = conv->server, .peer = conv->client,
		.own_port = conv->server_port, .peer_port = conv->client_port,
		.now_ms = conv->start_ns / 1000000 };
	memcpy(p.env.key, how->key, sizeof p.env.key);
	session_init(&p.s, how->model);
	if (!p.datagram)
		connect(&p, conv->start_ns);
	for (uint32_t i = 0; i < conv->n; i++) {
		if (m[i].side == SIDE_CLIENT)
			client_says(&p, &m[i], i == 0 || m[i - 1].side == SIDE_SERVER);
		else
			server_says(&p, &m[i]);
	}
	give_up(&p);
}
