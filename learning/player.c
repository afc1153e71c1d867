#include "learning/player.h"

#include "models/related.h"

void
player_init(struct player *p, struct pool *pool, const struct model *m,
    const struct session_env *env, bool whole)
{
	*p = (struct player){ .pool = pool, .m = m, .env = *env, .whole = whole, .last.template = -1 };
	if (env->pair_host == NULL)
		p->env.pair_host = p->env.own_host = &p->host;
	session_init(&p->s, m);
}

static void
note_end(struct player *p)
{
	if (p->nend == p->end_room) {
		p->end_room = MAX(2 * p->end_room, 4u);
		p->end = pool_grow(p->pool, p->end, p->nend, p->end_room, sizeof *p->end);
	}
	p->end[p->nend++] = p->nout;
}

static void
collect_one(struct player *p, const struct turn *t)
{
	size_t from = 0, boundary = 0, n;

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
		note_end(p);
	}
	p->over |= t->taken && (t->close || t->reset);
}

/* And what is said when the connection that the turn wanted, if any, has done its work. */
static void
collect(struct player *p, const struct turn *t)
{
	enum channel_news news[2];
	unsigned n = related_assume(&p->env, t, news);
	struct turn after;

	p->last = *t;
	collect_one(p, t);
	for (unsigned k = 0; k < n && !p->over; k++) {
		session_event(&p->s, &p->arena, p->m, &p->env, EVENT_CHANNEL, news[k], &p->fields, &after);
		collect_one(p, &after);
	}
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

void
player_connect(struct player *p)
{
	struct turn t = { 0 };

	session_event(&p->s, &p->arena, p->m, &p->env, EVENT_CONNECT, 0, &p->fields, &t);
	if (t.taken)
		collect(p, &t);
}

/* Bytes of a message that is not over yet wait for the client's next ones. */
void
player_hear(struct player *p, struct span bytes, int64_t now_ms)
{
	bool waited = p->npending > 0;
	struct span left = bytes;

	if (p->over)
		return;
	if (waited) {
		await_more(p, bytes);
		left = span_of(p->pending, p->npending);
	}
	p->env.now_ms = now_ms;
	while (left.n > 0 && !p->over) {
		struct turn t = { 0 };
		size_t n = session_feed(&p->s, &p->arena, p->m, &p->env, left,
		    p->whole ? FEED_DATAGRAM : FEED_PUSH, &p->fields, &t);

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

void
player_forget(struct player *p)
{
	p->out = NULL;
	p->nout = p->room = 0;
	p->nend = 0;
}
