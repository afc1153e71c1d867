/* Connections that belong to a conversation: who is expected, what goes over them, what its model is told. */
#include "dataplane/say.h"

enum { LOOK_AT = 16 };

/* It is looked at as soon as the segment at hand is done with, and answered. */
static void
list(struct stack *s, struct expected *e)
{
	if (!(e->flags & EXPECT_LISTED) && s->nrelated < ARRAY_LEN(s->related)) {
		e->flags |= EXPECT_LISTED;
		s->related[s->nrelated++] = (uint32_t)(e - s->expects.e);
	}
}

static void
note_news(struct stack *s, struct expected *e, enum channel_news what)
{
	e->news |= (uint8_t)(1 << what);
	list(s, e);
}

/* The reply goes out, and our FIN behind it. False: the peer does not hear any more. */
static bool
begin_sending(struct stack *s, struct expected *e)
{
	struct flow *f = e->data != 0 ? flow_at(&s->flows, e->data) : NULL;

	if (f == NULL || is_closing(f))
		return false;
	say_talk(s, f)->out_seq = f->snd_una;
	talk_relate(&s->talks, say_talk(s, f), stack_speaker(s, f), &e->what);
	f->flags |= FLOW_FIN_QUEUED;
	e->flags &= (uint8_t)~EXPECT_OVER;
	stack_say(s, f);
	return true;
}

/* Told once, when nothing more will go over it. */
static void
report(struct stack *s, struct expected *e, bool whole)
{
	struct record *r = &e->record;

	SHA256Final(r->transfer.sum, &e->sum);
	r->transfer.whole = whole;
	r->last_ms = s->wall_ms;
	stack_record(s, r);
}

static void
decide(struct stack *s, struct expected *e)
{
	bool sends = e->what.reply != 0;

	if (e->flags & EXPECT_DONE || !(e->flags & EXPECT_ASKED))
		return;
	if (e->flags & EXPECT_CAME && !(e->flags & EXPECT_BEGAN)) {
		e->flags |= EXPECT_BEGAN;
		note_news(s, e, CHANNEL_OPENED);
		if (sends && !begin_sending(s, e))
			e->flags |= EXPECT_BROKE;
	}
	if (e->flags & EXPECT_BEGAN && e->flags & EXPECT_OVER) {
		e->flags |= EXPECT_DONE;
		report(s, e, true);
		note_news(s, e, CHANNEL_ENDED);
	} else if (e->flags & EXPECT_BROKE) {
		e->flags |= EXPECT_DONE;
		if (e->flags & EXPECT_BEGAN)
			report(s, e, false);
		note_news(s, e, CHANNEL_FAILED);
	}
}

static void
finish(struct stack *s, struct expected *e)
{
	if (e->flags & EXPECT_DONE && e->news == 0 && e->data == 0) {
		unpin(&s->pins, e->slot);
		expects_free(&s->expects, e);
	}
}

/* Nobody wants it any more: what is under way is cut off. */
static void
give_up(struct stack *s, struct expected *e)
{
	struct flow *f = e->data != 0 ? flow_at(&s->flows, e->data) : NULL;

	if (e->flags & EXPECT_BEGAN && !(e->flags & EXPECT_DONE))
		report(s, e, false);
	e->flags |= EXPECT_DONE;
	e->news = 0;
	if (f == NULL) {
		finish(s, e);
		return;
	}
	say_reset(s, NULL, f);
	stack_end(s, f, END_OUR_RESET);
}

static struct expected *
expect(struct stack *s, const struct flow *f)
{
	struct addr own = flow_own(&s->flows, f), peer = flow_peer(&s->flows, f);
	struct expected *e = expects_of(&s->expects, &own, &peer, flow_id(&s->flows, f));

	if (e != NULL)
		give_up(s, e);
	e = expects_add(&s->expects, &own, &peer, flow_id(&s->flows, f), now32(s));
	if (e == NULL) {
		drop(s, DROP_NO_CHANNEL);
		return NULL;
	}
	e->slot = f->slot;
	e->own_port = f->own_port;
	e->peer_port = f->peer_port;
	e->connection = stack_speaker(s, f)->env.connection;
	pin(&s->pins, e->slot);
	return e;
}

/* What is to go over it; what the peer said there before it is to hear something is no part of that. */
static void
take_order(struct expected *e, const struct record_transfer *asked)
{
	struct record_transfer *t = &e->record.transfer;
	uint32_t heard = t->bytes;

	*t = *asked;
	t->taken = e->what.reply == 0;
	if (t->taken)
		t->bytes = heard;
	else
		SHA256Init(&e->sum);
}

void
stack_related_turn(struct stack *s, struct flow *f, const struct turn *turn)
{
	struct addr own = flow_own(&s->flows, f), peer = flow_peer(&s->flows, f);
	const struct talk_related *asked = &s->talks.related;
	struct expected *e;

	if (turn->open) {
		e = expect(s, f);
		if (e != NULL)
			e->port = related_port(&stack_speaker(s, f)->env, say_talk(s, f)->sess.turn);
	}
	if (turn->send == 0 && !turn->take)
		return;
	e = expects_of(&s->expects, &own, &peer, flow_id(&s->flows, f));
	if (e == NULL || e->flags & EXPECT_ASKED) {	/* the model asks for what cannot come */
		e = expect(s, f);
		if (e == NULL)
			return;
		e->flags |= EXPECT_BROKE;
	}
	e->what = asked->what;
	take_order(e, &asked->asked);
	e->flags |= EXPECT_ASKED;
	e->due_ms = now32(s) + EXPECT_WAIT_MS;
	list(s, e);
}

bool
stack_related_awaits(const struct stack *s, const struct packet *p)
{
	return expects_at(&s->expects, &p->w.dst, &p->w.src, p->w.dport, now32(s)) != NULL;
}

static void
begin_record(struct stack *s, struct expected *e, const struct flow *f)
{
	const struct link *way = &s->links.link[f->link];
	struct record_transfer asked = e->record.transfer;

	e->record = (struct record){ .kind = RECORD_TRANSFER, .proto = PROTO_TCP, .slot = f->slot, .peer = e->peer,
		.own = e->own, .peer_port = f->peer_port, .own_port = f->own_port, .start_ms = s->wall_ms,
		.flow_id = stack_flow_id(s, f), .parent = stack_flow_id(s, flow_at(&s->flows, e->control)),
		.worker = s->c.worker, .vlan_n = way->nvlan, .vlan = { way->vlan[0], way->vlan[1] },
		.transfer = asked };
	SHA256Init(&e->sum);
}

void
stack_related_came(struct stack *s, const struct packet *p, struct flow *f)
{
	struct expected *e = expects_at(&s->expects, &p->w.dst, &p->w.src, p->w.dport, now32(s));
	struct talk *t;

	if (e == NULL)		/* it went when this one needed its room */
		return;
	f->slot = e->slot;
	pin(&s->pins, f->slot);
	f->talk = talk_open(&s->talks, stack_speaker(s, f));
	if (f->talk == 0) {
		unpin(&s->pins, f->slot);
		f->slot = 0;
		drop(s, DROP_NO_TALK);
		return;
	}
	t = say_talk(s, f);
	t->sess.state = SESSION_RELATED;
	t->flags = TALK_RELATED;
	t->cwnd = TCP_IW;
	begin_record(s, e, f);
	e->data = flow_id(&s->flows, f);
	e->flags |= EXPECT_CAME;
	decide(s, e);
}

static struct expected *
expected_of(const struct stack *s, const struct flow *f)
{
	struct addr own = flow_own(&s->flows, f), peer = flow_peer(&s->flows, f);

	return expects_with(&s->expects, &own, &peer, flow_id(&s->flows, f));
}

void
stack_related_heard(struct stack *s, const struct flow *f, struct span data)
{
	struct expected *e = expected_of(s, f);

	if (e == NULL || e->what.reply != 0)
		return;
	SHA256Update(&e->sum, data.p, data.n);
	e->record.transfer.bytes += (uint32_t)MIN(data.n, UINT32_MAX - e->record.transfer.bytes);
}

void
stack_related_went(struct stack *s, const struct flow *f)
{
	const struct talk *t = say_talk(s, f);
	struct expected *e = expected_of(s, f);
	uint32_t *done, end;
	uint8_t piece[STACK_SCRATCH];

	if (e == NULL || e->what.reply == 0)
		return;
	done = &e->record.transfer.bytes;
	end = (uint32_t)MIN(talk_out_bytes(&s->talks, t), f->snd_una - t->out_seq);
	while (*done < end) {
		size_t n = talk_read(&s->talks, t, stack_speaker(s, f), *done, piece, MIN(end - *done, sizeof piece));

		if (n == 0)
			return;
		SHA256Update(&e->sum, piece, n);
		*done += (uint32_t)n;
	}
}

uint64_t
stack_related_parent(const struct stack *s, const struct flow *f)
{
	const struct expected *e = is_related(s, f) ? expected_of(s, f) : NULL;

	return e != NULL ? e->record.parent : 0;
}

/* Has everything gone over? Then the conversation may go on, whatever FINs are still to come. */
void
stack_related_look(struct stack *s, const struct flow *f)
{
	struct expected *e = expected_of(s, f);
	bool over;

	if (e == NULL || e->flags & EXPECT_DONE)
		return;
	over = e->what.reply != 0 ? f->flags & FLOW_FIN_SENT && f->snd_una == say_end(s, f) :
	    f->flags & FLOW_PEER_FIN;
	if (over)
		e->flags |= EXPECT_OVER;
	decide(s, e);
}

void
stack_related_speaker(const struct stack *s, const struct flow *f, struct session_env *env)
{
	const struct expected *e;

	if (!is_related(s, f)) {
		e = expects_of(&s->expects, &env->own, &env->peer, flow_id(&s->flows, f));
		env->channel = e != NULL && !(e->flags & EXPECT_ASKED);
		return;
	}
	e = expects_with(&s->expects, &env->own, &env->peer, flow_id(&s->flows, f));
	if (e == NULL)
		return;
	env->own_port = e->own_port;
	env->peer_port = e->peer_port;
	env->connection = e->connection;
}

void
stack_related_end(struct stack *s, const struct flow *f)
{
	struct addr own = flow_own(&s->flows, f), peer = flow_peer(&s->flows, f);
	uint32_t id = flow_id(&s->flows, f);
	struct expected *e = is_related(s, f) ? expected_of(s, f) : NULL;

	if (e != NULL) {
		e->data = 0;
		if (!(e->flags & EXPECT_OVER))
			e->flags |= EXPECT_BROKE;
		decide(s, e);
		finish(s, e);
		return;
	}
	while ((e = expects_any(&s->expects, &own, &peer, id)) != NULL)
		give_up(s, e);
}

/* In the order in which they happened. What the conversation cannot hear now it hears later. */
static void
tell(struct stack *s, struct expected *e)
{
	uint32_t control = e->control;

	e->flags &= (uint8_t)~EXPECT_LISTED;
	decide(s, e);
	while (e->control == control && e->news != 0) {
		enum channel_news what = (enum channel_news)__builtin_ctz(e->news);

		if (!stack_tell(s, flow_at(&s->flows, control), EVENT_CHANNEL, what))
			return;
		if (e->control == control)
			e->news &= (uint8_t)~(1 << what);
	}
	if (e->control == control)
		finish(s, e);
}

void
stack_related_tell(struct stack *s)
{
	while (s->nrelated > 0) {
		struct expected *e = &s->expects.e[s->related[--s->nrelated]];

		if (e->control != 0)
			tell(s, e);
	}
}

void
stack_related_due(struct stack *s)
{
	if (s->expects.used == 0 || s->expects_ms == s->now_ms)
		return;
	s->expects_ms = s->now_ms;
	for (int i = 0; i < LOOK_AT; i++) {
		struct expected *e = expects_next(&s->expects);

		if (e == NULL)
			continue;
		if (!(e->flags & EXPECT_CAME) && (int32_t)(now32(s) - e->due_ms) >= 0) {
			if (!(e->flags & EXPECT_ASKED)) {
				give_up(s, e);
				continue;
			}
			e->flags |= EXPECT_BROKE;
		}
		tell(s, e);
	}
	stack_related_tell(s);
}
