#include "learning/play.h"

struct asked {			/* a datagram of the client, and what the model said to it */
	struct play_line line;
	struct span *said;
	uint32_t nsaid;
	uint32_t recorded, taken;	/* answers of the recorded server, and how many had their place */
};

struct player {			/* one conversation under way */
	struct pool *pool;
	const struct play_how *how;
	struct session s;
	struct arena arena;
	struct session_env env;
	struct fields fields;
	uint8_t *out;		/* what the model said since the last question */
	size_t nout, room;
	size_t *end;		/* of each datagram in it */
	uint32_t nends, end_room;
	uint8_t *pending;	/* of a message that has not ended, with msg_len of the session */
	size_t npending, pending_room;
	bool over;		/* the model has closed */
	bool datagram;
	struct turn last;
	struct span asked, before;	/* the client's last message, and the one before it */
	struct play_line *question;	/* asked and answered by the model, not yet by the recorded server */
	uint32_t nquestions, nanswered;
	struct played *played;
	uint32_t line_room;
};

static void
end_datagram(struct player *p)
{
	if (p->nends == p->end_room) {
		p->end_room = MAX(4u, p->end_room * 2);
		p->end = pool_grow(p->pool, p->end, p->nends, p->end_room, sizeof *p->end);
	}
	p->end[p->nends++] = p->nout;
}

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
		if (p->datagram)
			end_datagram(p);
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
	p->nends = 0;
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
	struct played *out = p->played;

	if (out->n == p->line_room) {
		p->line_room *= 2;
		out->line = pool_grow(p->pool, out->line, out->n, p->line_room, sizeof *out->line);
	}
	out->line[out->n++] = *l;
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
	if (first)	/* else a further piece, when a capture lost the server's words */
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
	l.time_ns = m->first_ns;
	l.recorded = m->bytes;
	put(p, &l);
}

/* What the model said to it and the recorded server did not. */
static void
put_more(struct player *p, struct asked *a)
{
	struct play_line l = a->line;

	for (; a->taken < a->nsaid; a->taken++) {
		l.said = a->said[a->taken];
		put(p, &l);
	}
}

static void
datagram_asks(struct player *p, const struct message *m, struct asked *a)
{
	struct play_line l = { .side = SIDE_CLIENT, .time_ns = m->last_ns, .said = m->bytes,
		.recorded = m->bytes };
	size_t from = 0;

	put(p, &l);
	p->nquestions = 0;
	p->before = p->asked;
	p->asked = m->bytes;
	open_question(p, m->last_ns);
	say(p, m->bytes, m->last_ns);
	close_question(p);
	a->line = p->question[0];
	a->nsaid = p->nends;
	a->said = pool_array(p->pool, p->nends, sizeof *a->said);
	for (uint32_t i = 0; i < p->nends; from = p->end[i++])
		a->said[i] = span_of(p->out + from, p->end[i] - from);
	a->line.said = (struct span){ 0 };
	if (a->recorded == 0)
		put_more(p, a);
}

static void
datagram_answers(struct player *p, const struct message *m, struct asked *a)
{
	struct play_line l = a->line;

	l.time_ns = m->first_ns;
	l.recorded = m->bytes;
	if (a->taken < a->nsaid)
		l.said = a->said[a->taken];
	put(p, &l);
	a->taken++;
	if (a->taken == a->recorded)
		put_more(p, a);
}

static void
play_datagrams(struct player *p, const struct conversation *conv, const struct message *m)
{
	const uint32_t *of = p->how->answers->of + conv->first;
	struct asked *asked = pool_array(p->pool, conv->n, sizeof *asked);

	for (uint32_t i = 0; i < conv->n; i++)
		if (of[i] != NO_QUESTION)
			asked[of[i] - conv->first].recorded++;
	for (uint32_t i = 0; i < conv->n; i++) {
		if (m[i].side == SIDE_CLIENT)
			datagram_asks(p, &m[i], &asked[i]);
		else if (of[i] != NO_QUESTION)
			datagram_answers(p, &m[i], &asked[of[i] - conv->first]);
	}
}

void
play(struct played *out, struct pool *pool, const struct corpus *c, uint32_t conversation,
    const struct play_how *how)
{
	const struct conversation *conv = &c->conversations[conversation];
	const struct message *m = c->messages + conv->first;
	struct player p = { .pool = pool, .how = how, .datagram = conv->proto == PROTO_UDP,
		.played = out, .line_room = 2 * conv->n + 2 };

	*out = (struct played){ pool_array(pool, p.line_room, sizeof *out->line), 0 };
	p.question = pool_array(pool, conv->n + 1, sizeof *p.question);
	p.env = (struct session_env){ .own = conv->server, .peer = conv->client,
		.own_port = conv->server_port, .peer_port = conv->client_port,
		.now_ms = conv->start_ns / 1000000 };
	memcpy(p.env.key, how->key, sizeof p.env.key);
	session_init(&p.s, how->model);
	if (p.datagram && how->answers != NULL) {
		play_datagrams(&p, conv, m);
		return;
	}
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
