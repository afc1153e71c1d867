#include "learning/eval.h"

#include "learning/distance.h"
#include "learning/embed.h"
#include "models/session.h"

struct player {			/* one conversation under way */
	struct pool *pool;
	const struct model *m;
	struct session s;
	struct arena arena;
	struct session_env env;
	struct fields fields;
	uint8_t *out;		/* what the model said since the server's last turn */
	size_t nout, room;
	uint8_t *pending;	/* of a message that has not ended, with msg_len of the session */
	size_t npending, pending_room;
	bool over;		/* the model has closed */
	enum eval_depth depth;
	struct turn last;
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
		n = session_render(&p->s, &p->fields, p->m, &p->env, from, p->out + p->nout,
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
say(struct player *p, const struct message *m, bool datagram)
{
	bool waited = p->npending > 0;
	struct span left = m->bytes;

	if (p->over)
		return;
	if (waited) {
		await_more(p, m->bytes);
		left = span_of(p->pending, p->npending);
	}
	p->env.now_ms = m->last_ns / 1000000;
	while (left.n > 0 && !p->over) {
		struct turn t = { 0 };
		size_t n = session_feed(&p->s, &p->arena, p->m, &p->env, left,
		    datagram || p->depth == EVAL_VECTORS ? FEED_DATAGRAM : FEED_PUSH, &p->fields, &t);

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

/* What was asked and what the model said to it, until the recorded answer comes. */
struct waiting {
	struct span asked, said;
	uint16_t state;
	struct turn last;
};

/* Takes what the model said so far out of the player. */
static struct span
take_said(struct player *p)
{
	struct span said = span_of(p->out, p->nout);

	p->out = NULL;
	p->nout = p->room = 0;
	return said;
}

static void
judge(struct eval_report *out, struct player *p, const struct klass *k, struct eval_line *l,
    const struct waiting *w)
{
	struct klass_name a = klass_of(k, l->recorded), b = klass_of(k, w->said);

	l->asked = w->asked;
	l->said = w->said;
	l->state = w->state;
	l->match = w->last.match;
	l->conf = w->last.conf;
	l->same_class = klass_eq(&a, &b);
	l->equal = span_eq(l->recorded, l->said);
	l->similarity = l->equal ? 1 :
	    p->depth == EVAL_ALL ? similarity(p->pool, l->recorded, l->said) : 0;
	out->messages++;
	out->class_messages += l->same_class;
	out->equal += l->equal;
	out->similarity += l->similarity;
}

static void
play(struct eval_report *out, struct player *p, const struct corpus *c, uint32_t index,
    const struct klass *k)
{
	const struct conversation *conv = &c->conversations[index];
	const struct message *m = c->messages + conv->first;
	bool datagram = conv->proto == PROTO_UDP, right = true, full = true;
	struct eval_line l = { .conversation = index };
	struct waiting *wait = pool_array(p->pool, conv->n + 1, sizeof *wait);
	struct turn t = { 0 };

	p->env = (struct session_env){ .own = conv->server, .peer = conv->client,
		.own_port = conv->server_port, .peer_port = conv->client_port,
		.now_ms = conv->start_ns / 1000000 };
	p->over = false;
	p->nout = p->npending = 0;
	session_init(&p->s, p->m);
	memset(&p->arena, 0, sizeof p->arena);
	if (!datagram) {
		session_event(&p->s, &p->arena, p->m, &p->env, EVENT_CONNECT, 0, &p->fields, &t);
		if (t.taken)
			collect(p, &t);
	}
	for (uint32_t i = 0, asked = 0, answered = 0; i < conv->n; i++) {
		struct waiting *w = &wait[asked];

		if (m[i].side == SIDE_CLIENT) {
			if (i == 0 || m[i - 1].side == SIDE_SERVER) {
				take_said(p);	/* where the recorded server was silent */
				asked = answered = 0;
				w = wait;
			}
			w->asked = m[i].bytes;
			w->state = p->s.state;
			say(p, &m[i], datagram);
			w->last = p->last;
			if (datagram) {	/* each question has an answer of its own, in order */
				w->said = take_said(p);
				asked++;
			}
			continue;
		}
		if (!datagram) {
			w->said = take_said(p);
			w->last = p->last;
			asked = answered + 1;
		}
		if (answered == asked)
			continue;	/* a further datagram to one question */
		w = &wait[answered++];
		if (p->depth == EVAL_VECTORS && m[i].bytes.n == 0)
			continue;	/* no reply, so none to be judged */
		l.recorded = m[i].bytes;
		full &= w->said.n > 0;
		judge(out, p, k, &l, w);
		right &= l.same_class;
		out->line[out->nlines++] = l;
		l.position++;
	}
	out->conversations++;
	out->class_conversations += right;
	out->full_length += full;
}

void
eval(struct eval_report *out, struct pool *pool, const struct model *m, const struct corpus *c,
    const bool *use, enum eval_depth depth, const struct progress *progress)
{
	struct player p = { .pool = pool, .m = m, .depth = depth };
	struct span *said = pool_array(pool, c->nmessages + 1, sizeof *said);
	struct klass k;
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->nmessages; i++)
		if (c->messages[i].side == SIDE_CLIENT)
			said[n++] = c->messages[i].bytes;
	klass_learn(&k, c, !embed_is_text(said, n));
	*out = (struct eval_report){ 0 };
	out->line = pool_array(pool, c->nmessages + 1, sizeof *out->line);
	for (uint32_t i = 0; i < c->nconversations; i++) {
		if (i % 8 == 0)
			progress_at(progress, "play", (double)i / c->nconversations);
		if ((use == NULL || use[i]) && c->conversations[i].n > 0)
			play(out, &p, c, i, &k);
	}
	if (out->messages > 0)
		out->similarity /= out->messages;
}
