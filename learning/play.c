#include "learning/play.h"

#include "learning/player.h"

struct asked {			/* a datagram of the client, and what the model said to it */
	struct play_line line;
	struct span *said;
	uint32_t nsaid;
	uint32_t recorded, taken;	/* answers of the recorded server, and how many had their place */
};

struct playing {		/* one conversation under way */
	struct player model;
	const struct play_how *how;
	bool datagram;
	const struct message *messages;	/* of the corpus */
	struct span asked, before;	/* the client's last message, and the one before it */
	uint32_t at;			/* place of the last one; NO_QUESTION: the connection */
	struct play_line *question;	/* asked and answered by the model, not yet by the recorded server */
	uint32_t nquestions, nanswered;
	struct played *played;
	uint32_t line_room;
};

static void
open_question(struct playing *p, int64_t now_ns)
{
	player_forget(&p->model);
	p->question[p->nquestions++] = (struct play_line){ .side = SIDE_SERVER, .state = p->model.s.state,
		.time_ns = now_ns };
}

/* What the model said belongs to the question that was opened last. */
static void
close_question(struct playing *p)
{
	struct play_line *q = &p->question[p->nquestions - 1];

	q->asked = p->asked;
	q->before = p->before;
	q->said = span_of(p->model.out, p->model.nout);
	q->question = p->at;
	q->match = p->model.last.match;
	q->template = p->model.last.template;
	q->conf = p->model.last.conf;
}

static void
put(struct playing *p, const struct play_line *l)
{
	struct played *out = p->played;

	if (out->n == p->line_room) {
		p->line_room *= 2;
		out->line = pool_grow(p->model.pool, out->line, out->n, p->line_room, sizeof *out->line);
	}
	out->line[out->n++] = *l;
}

/* The client speaks again, or nobody: what the recorded server left unanswered it meant to. */
static void
give_up(struct playing *p)
{
	for (; p->nanswered < p->nquestions; p->nanswered++)
		if (p->question[p->nanswered].said.n > 0)
			put(p, &p->question[p->nanswered]);
	p->nanswered = p->nquestions = 0;
}

static void
connect(struct playing *p, int64_t now_ns)
{
	open_question(p, now_ns);
	player_connect(&p->model);
	close_question(p);
}

/* first: it follows a message of the server, or nothing. */
static void
client_says(struct playing *p, const struct message *m, bool first)
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
	p->at = (uint32_t)(m - p->messages);
	player_hear(&p->model, l.said, m->last_ns / 1000000);
	close_question(p);
}

static void
server_says(struct playing *p, const struct message *m)
{
	struct play_line l = { .side = SIDE_SERVER, .state = p->model.s.state, .asked = p->asked,
		.before = p->before, .question = p->at, .template = p->model.last.template };

	if (p->nanswered < p->nquestions)
		l = p->question[p->nanswered++];
	l.time_ns = m->first_ns;
	l.recorded = m->bytes;
	put(p, &l);
}

/* What the model said to it and the recorded server did not. */
static void
put_more(struct playing *p, struct asked *a)
{
	struct play_line l = a->line;

	for (; a->taken < a->nsaid; a->taken++) {
		l.said = a->said[a->taken];
		put(p, &l);
	}
}

static void
datagram_asks(struct playing *p, const struct message *m, struct asked *a)
{
	struct play_line l = { .side = SIDE_CLIENT, .time_ns = m->last_ns, .said = m->bytes,
		.recorded = m->bytes };
	size_t from = 0;

	put(p, &l);
	p->nquestions = 0;
	p->before = p->asked;
	p->asked = m->bytes;
	p->at = (uint32_t)(m - p->messages);
	open_question(p, m->last_ns);
	player_hear(&p->model, m->bytes, m->last_ns / 1000000);
	close_question(p);
	a->line = p->question[0];
	a->nsaid = p->model.nend;
	a->said = pool_array(p->model.pool, p->model.nend, sizeof *a->said);
	for (uint32_t i = 0; i < p->model.nend; from = p->model.end[i++])
		a->said[i] = span_of(p->model.out + from, p->model.end[i] - from);
	a->line.said = (struct span){ 0 };
	if (a->recorded == 0)
		put_more(p, a);
}

static void
datagram_answers(struct playing *p, const struct message *m, struct asked *a)
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
play_datagrams(struct playing *p, const struct conversation *conv, const struct message *m)
{
	const uint32_t *of = p->how->answers->of + conv->first;
	struct asked *asked = pool_array(p->model.pool, conv->n, sizeof *asked);

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
	struct playing p = { .how = how, .datagram = conv->proto == PROTO_UDP, .messages = c->messages,
		.at = NO_QUESTION, .played = out, .line_room = 2 * conv->n + 2 };
	struct session_env env = { .own = conv->server, .peer = conv->client,
		.own_port = conv->server_port, .peer_port = conv->client_port,
		.now_ms = conv->start_ns / 1000000, .pair_host = how->pair_host, .own_host = how->own_host };

	*out = (struct played){ pool_array(pool, p.line_room, sizeof *out->line), 0 };
	p.question = pool_array(pool, conv->n + 1, sizeof *p.question);
	memcpy(env.key, how->key, sizeof env.key);
	player_init(&p.model, pool, how->model, &env, p.datagram || how->whole);
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
