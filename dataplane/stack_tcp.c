/* TCP segments of a conversation: what tcp.c decided is done here. What goes out: say.h. */
#include "dataplane/say.h"

enum { FIN_WAIT_MS = 60000, DELAY_LEAST_MS = 16, DELAY_MOST_MS = 10000,
	CHALLENGE_SHIFT = 7, CHALLENGE_STEPS = 4, RETRIES_MAX = 7,
	RTT_MOST_MS = 60000, PATH_MTU_LEAST = 552, PATH_MTU_LEAST_SIX = 1280 };

/* What follows from a turn that the session took. quiet: nothing was outstanding before. */
static void
take_turn(struct stack *s, struct flow *f, struct talk *t, const struct turn *turn, bool quiet)
{
	stack_turn(s, f, turn);
	if (turn->open || turn->send != 0 || turn->take)
		stack_related_turn(s, f, turn);
	if (turn->reset)
		f->flags |= FLOW_RST_QUEUED;
	else if (turn->close)
		f->flags |= FLOW_FIN_QUEUED;
	if (quiet && !(t->flags & TALK_LOSS))
		t->cwnd = MAX(t->cwnd, TCP_IW);
	if (quiet && turn->delay_ms >= DELAY_LEAST_MS && (turn->out_len > 0 || is_closing(f))) {
		f->flags |= FLOW_DELAYED;
		stack_due(s, f, TIMER_SPEAK, MIN(turn->delay_ms, DELAY_MOST_MS));
	}
}

/* May the session take another turn? Not before what it said is acknowledged or kept elsewhere. */
static bool
is_free_to_turn(struct stack *s, struct flow *f, struct talk *t, bool *quiet)
{
	*quiet = talk_out_bytes(&s->talks, t) == 0;
	if (is_closing(f) || f->flags & FLOW_DELAYED)
		return false;
	if (*quiet) {
		t->out_seq = f->snd_una;
		return true;
	}
	return talk_freeze(&s->talks, t, stack_speaker(s, f), f->snd_una - t->out_seq);
}

/* Closed with something unread, or it came afterwards: RFC 1122 4.2.2.13, RFC 2525 2.17, and what Linux does. */
static void
reset_instead(struct flow *f)
{
	f->flags = (f->flags & ~(uint32_t)FLOW_FIN_QUEUED) | FLOW_RST_QUEUED;
}

/* Feeds messages from in as long as turns can be taken; returns the bytes that are done with. */
static size_t
converse(struct stack *s, struct flow *f, struct talk *t, struct span in, unsigned flags)
{
	size_t at = 0;
	bool quiet;

	while (at < in.n && is_free_to_turn(s, f, t, &quiet)) {
		struct talk_turn step = talk_feed(&s->talks, t, stack_speaker(s, f), span_sub(in, at, SIZE_MAX), flags);

		if (!step.turn.taken)
			break;
		at += step.used;
		take_turn(s, f, t, &step.turn, quiet);
		if (step.used == 0)
			break;
	}
	if (!is_closing(f))
		return at;
	if (at < in.n)
		reset_instead(f);
	return in.n;	/* after the last word nothing matters */
}

/* The same for what the hold has. */
static void
converse_held(struct stack *s, struct flow *f, struct talk *t, unsigned flags)
{
	struct span in = talk_input(&s->talks, t);
	size_t used;

	if (f->flags & FLOW_PEER_FIN)
		flags |= FEED_END | FEED_PUSH;
	if (t->flags & TALK_PUSH)
		flags |= FEED_PUSH;
	used = converse(s, f, t, in, flags);
	/* A message longer than the cell ends where the cell does. */
	if (used == 0 && talk_room(&s->talks, t) == 0 && t->sess.msg_len >= in.n)
		used = converse(s, f, t, in, flags | FEED_DATAGRAM);
	if (is_closing(f))
		talk_forget(&s->talks, t);
	else
		talk_consume(&s->talks, t, used);
}

static void
tell(struct stack *s, struct flow *f, struct talk *t, enum event_kind event, uint32_t arg)
{
	struct talk_turn step;
	bool quiet;

	if (!is_free_to_turn(s, f, t, &quiet))
		return;
	step = talk_event(&s->talks, t, stack_speaker(s, f), event, arg);
	if (step.turn.taken)
		take_turn(s, f, t, &step.turn, quiet);
}

/* The flow's second line, taken when payload first moves; NULL: none left, counted. */
static struct talk *
want_talk(struct stack *s, struct flow *f)
{
	struct talk *t = say_talk(s, f);

	if (t != NULL)
		return t;
	f->talk = talk_open(&s->talks, stack_speaker(s, f));
	if (f->talk == 0) {
		drop(s, DROP_NO_TALK);
		return NULL;
	}
	t = say_talk(s, f);
	t->cwnd = TCP_IW;
	tell(s, f, t, EVENT_CONNECT, 0);
	return t;
}

/* Payload that tcp.c found new and in the window. */
static void
receive(struct stack *s, struct packet *p, struct flow *f, const struct tcp_step *step)
{
	struct span data = span_sub(p->w.payload, step->skip, step->take);
	unsigned flags = p->w.tcp.flags & TCP_PSH ? FEED_PUSH : 0;
	bool kept = true;
	size_t used;
	struct talk *t;

	if (f->slot == 0 || is_closing(f) || is_related(s, f)) {	/* listens, or said its last word */
		if (step->ahead == 0 && is_related(s, f))
			stack_related_heard(s, f, data);
		else if (step->ahead == 0 && is_closing(f))
			reset_instead(f);
		if (step->ahead == 0)
			f->rcv_nxt += (uint32_t)data.n;
		return;
	}
	t = want_talk(s, f);
	if (t == NULL)
		return;
	if (step->fin)
		flags |= FEED_PUSH | FEED_END;
	if (step->ahead > 0) {
		talk_hold(&s->talks, t, step->ahead, data, &kept);
		if (t->hold != 0)
			talk_consume(&s->talks, t, 0);
	} else if (t->hold != 0) {
		f->rcv_nxt += (uint32_t)talk_hold(&s->talks, t, 0, data, &kept);
		t->flags |= flags & FEED_PUSH ? TALK_PUSH : 0;
		converse_held(s, f, t, flags & FEED_END);
	} else {
		used = converse(s, f, t, data, flags);
		f->rcv_nxt += (uint32_t)used;
		if (used < data.n) {
			f->rcv_nxt += (uint32_t)talk_hold(&s->talks, t, 0,
			    span_sub(data, used, SIZE_MAX), &kept);
			t->flags |= flags & FEED_PUSH ? TALK_PUSH : 0;
		}
	}
	if (!kept)
		drop(s, DROP_NO_HOLD);
}

/* The peer has nothing more to say: answer what is left, tell the model, then close as well. */
static void
wind_up(struct stack *s, struct flow *f)
{
	struct talk *t = say_talk(s, f);

	if (!(f->flags & FLOW_PEER_FIN) || is_closing(f) || f->flags & FLOW_DELAYED)
		return;
	if (t != NULL && talk_waiting(&s->talks, t) > 0) {
		bool quiet;

		converse_held(s, f, t, 0);
		if (is_closing(f) || f->flags & FLOW_DELAYED)
			return;
		if (talk_waiting(&s->talks, t) > 0 && !is_free_to_turn(s, f, t, &quiet))
			return;		/* later, when more has been acknowledged */
		talk_forget(&s->talks, t);
	}
	if (t != NULL && !(f->flags & FLOW_FIN_TOLD) && !is_related(s, f)) {
		bool quiet;

		if (!is_free_to_turn(s, f, t, &quiet))
			return;
		f->flags |= FLOW_FIN_TOLD;
		tell(s, f, t, EVENT_FIN, 0);
	}
	if (!(f->flags & FLOW_RST_QUEUED))
		f->flags |= FLOW_FIN_QUEUED;
}

static void
sample_rtt(struct stack *s, struct flow *f, const struct wire_tcp *seg)
{
	uint32_t rtt_ms;

	if (f->flags & FLOW_TS) {
		if (!seg->has_ts || seg->ts_ecr == 0)
			return;
		rtt_ms = (stack_scene(s, f)->clock - seg->ts_ecr) * 1000 / stack_persona(s, f)->ts_hz;
	} else {
		if (!(f->flags & FLOW_TIMING))
			return;
		rtt_ms = now32(s) - f->ts_recent;
		f->flags &= ~(uint32_t)FLOW_TIMING;
	}
	if (rtt_ms < RTT_MOST_MS)	/* more is an echo that we never sent */
		tcp_sample(f, rtt_ms);
}

/* seg acknowledged something new. end: where our payload ended before. */
static void
acknowledged(struct stack *s, struct flow *f, const struct wire_tcp *seg, uint32_t acked, uint32_t end)
{
	struct talk *t = say_talk(s, f);

	sample_rtt(s, f, seg);
	f->retries = 0;
	if (t != NULL) {
		t->cwnd = loss_cwnd(say_loss(s, f), t->cwnd, acked, tcp_segment_max(f));
		if (is_related(s, f))
			stack_related_went(s, f);
		if (!tcp_before(f->snd_una, end))
			talk_said(&s->talks, t);
	}
	if (tcp_fin_out(f) && f->snd_una == end + 1)
		f->state = tcp_closing(f->state, TCP_FIN_ACKED);
}

/* The corpus owns the rule where it has one. */
static uint32_t
idle_ms(const struct stack *s, const struct flow *f)
{
	uint32_t ms = f->slot != 0 ? model_idle_ms(s->set->slot[f->slot]) : 0;

	return ms != 0 ? ms : s->c.idle_tcp_ms;
}

/* The nearest of the flow's deadlines. progress: the peer acknowledged, or time starts anew. */
static void
rearm(struct stack *s, struct flow *f, bool progress)
{
	const struct talk *t = say_talk(s, f);
	const struct model *m;
	uint32_t ms;

	if (f->flags & FLOW_DELAYED)
		return;
	if (say_owes(s, f)) {
		if (progress || f->timer != TIMER_RESEND)
			stack_due(s, f, TIMER_RESEND, tcp_rto_ms(f, stack_persona(s, f)));
		return;
	}
	f->retries = 0;
	if (f->state == FLOW_FIN_WAIT_2) {
		stack_due(s, f, TIMER_IDLE, FIN_WAIT_MS);
		return;
	}
	m = f->slot != 0 ? s->set->slot[f->slot] : NULL;
	ms = t != NULL && talk_waiting(&s->talks, t) > 0 ? session_pause_ms(&t->sess, m) : 0;
	if (ms > 0) {
		if (f->timer != TIMER_PUSH)	/* only bytes lengthen the pause, see stack_segment() */
			stack_due(s, f, TIMER_PUSH, ms);
		return;
	}
	ms = t != NULL && m != NULL && !is_closing(f) && !is_related(s, f) ? session_silence_ms(&t->sess, m) : 0;
	if (ms > 0 && ms <= idle_ms(s, f))
		stack_due(s, f, TIMER_SILENCE, ms);
	else
		stack_due(s, f, TIMER_IDLE, idle_ms(s, f));
}

/* A reset is wanted, and what is to be said before it is on its way; Linux waits for no acknowledgement either. */
static bool
may_reset(const struct stack *s, const struct flow *f)
{
	return f->flags & FLOW_RST_QUEUED && !(f->flags & FLOW_DELAYED) &&
	    !tcp_before(f->snd_nxt, say_end(s, f));
}

/* After everything else: is the conversation over, and if not, when do we look again? */
static void
settle(struct stack *s, struct packet *p, struct flow *f, bool progress)
{
	if (may_reset(s, f)) {
		say_reset(s, p, f);
		stack_end(s, f, END_OUR_RESET);
	} else if (f->state == FLOW_TIME_WAIT || f->state == FLOW_CLOSED) {
		stack_end(s, f, END_CLOSED);
	} else {
		rearm(s, f, progress);
	}
}

static void
peer_fin(struct flow *f)
{
	f->rcv_nxt++;
	f->flags |= FLOW_PEER_FIN | (f->flags & FLOW_FIN_SENT ? 0 : FLOW_PEER_FIRST);
	f->state = tcp_closing(f->state, TCP_PEER_FIN);
}

/* RFC 5961 7, per flow: one in half a second. A counter shared by flows would be a side channel. */
static bool
may_challenge(struct stack *s, struct flow *f)
{
	uint8_t now = (uint8_t)(now32(s) >> CHALLENGE_SHIFT);

	if (f->challenge != 0 && (uint8_t)(now - f->challenge) < CHALLENGE_STEPS)
		return false;
	f->challenge = now != 0 ? now : 1;
	return true;
}

/* We have closed: new data will never be read. Linux gives up at once what is still on its way out, too. */
static bool
is_deaf(const struct stack *s, const struct flow *f)
{
	return (f->flags & (FLOW_FIN_QUEUED | FLOW_DELAYED)) == FLOW_FIN_QUEUED && !is_related(s, f);
}

static void
refused(struct stack *s, struct packet *p, struct flow *f, const struct tcp_step *step)
{
	drop(s, step->drop);
	if (step->ack && (!step->limited || may_challenge(s, f)))
		say_ack(s, p, f, step);
}

void
stack_segment(struct stack *s, struct packet *p, struct flow *f)
{
	const struct wire_tcp *seg = &p->w.tcp;
	uint32_t max = say_max(s, f), end = say_end(s, f), before = f->rcv_nxt;
	uint8_t was = f->state;
	struct tcp_view view = { .snd_max = max,
		.rcv_wnd = say_window(s, f) };
	struct tcp_step step;

	stack_count_in(f, p);
	tcp_input(&step, f, seg, (uint32_t)p->w.payload.n, &view);
	if (step.verdict == TCP_REFUSE) {
		refused(s, p, f, &step);
		return;
	}
	if (step.verdict == TCP_RESET_BY_PEER) {
		stack_end(s, f, END_PEER_RESET);
		return;
	}
	if (f->talk != 0)
		say_talk(s, f)->behind = (uint16_t)(max - f->snd_nxt);
	if (step.acked > 0) {
		acknowledged(s, f, seg, step.acked, end);
		if (f->state != was && !step.fin)
			step.ack = false;	/* our FIN's; what else it has is no news */
	} else if (step.window && f->retries > 0 && tcp_window(f) > 0)
		say_fall_back(s, f);	/* reopened: the probes may not have been taken */
	if (step.again || seg->nsack > 0 || say_loss(s, f) != NULL)
		say_heard(s, f, seg, &step);
	if (step.take > 0 && is_deaf(s, f)) {
		stack_refuse(s, p);
		stack_end(s, f, END_OUR_RESET);
		return;
	}
	if (step.take > 0 && f->timer == TIMER_PUSH)
		f->timer = TIMER_IDLE;	/* a byte: the pause starts anew */
	if (step.take > 0)
		receive(s, p, f, &step);
	if (step.fin && f->rcv_nxt == before + step.take)
		peer_fin(f);
	if (step.acked > 0 && f->talk != 0 && step.take == 0 && talk_waiting(&s->talks, say_talk(s, f)) > 0)
		converse_held(s, f, say_talk(s, f), 0);
	if ((p->w.tos & ECN_CE) != 0 || seg->flags & (TCP_ECE | TCP_CWR))
		say_congestion(s, f, p);
	wind_up(s, f);
	say(s, p, f, step.ack && !may_reset(s, f) ? &step : NULL);
	if (is_related(s, f))
		stack_related_look(s, f);
	settle(s, p, f, step.acked > 0 || step.window);
}

void
stack_say(struct stack *s, struct flow *f)
{
	say(s, NULL, f, NULL);
	settle(s, NULL, f, true);
}

bool
stack_tell(struct stack *s, struct flow *f, enum event_kind event, uint32_t arg)
{
	struct talk *t = want_talk(s, f);
	bool quiet;

	if (is_closing(f))
		return true;	/* nobody listens any more */
	if (t == NULL)
		return false;
	if (!is_free_to_turn(s, f, t, &quiet))
		return false;
	tell(s, f, t, event, arg);
	stack_say(s, f);
	return true;
}

void
stack_begin(struct stack *s, struct packet *p, struct flow *f)
{
	const struct wire_tcp *seg = &p->w.tcp;

	if (f->flags & FLOW_TS)
		sample_rtt(s, f, seg);
	if (f->slot != 0 && model_speaks_first(s->set->slot[f->slot]))
		want_talk(s, f);
	stack_segment(s, p, f);
}

void
stack_path_mtu(struct stack *s, struct flow *f, uint32_t seq, uint16_t mtu)
{
	struct addr own = flow_own(&s->flows, f);
	uint16_t least = addr_is_v4(&own) ? PATH_MTU_LEAST : PATH_MTU_LEAST_SIX;
	uint8_t class = tcp_mss_below(f->mss_class, (uint16_t)(MAX(mtu, least) - wire_ip_header(&own) - WIRE_TCP_HEADER));

	if (f->state == FLOW_UDP || tcp_before(seq, f->snd_una) || !tcp_before(seq, say_max(s, f))) {
		drop(s, DROP_OUT_OF_WINDOW);
		return;
	}
	if (tcp_mss[class] >= tcp_mss[f->mss_class])
		return;
	f->mss_class = class;
	say_fall_back(s, f);
	say(s, NULL, f, NULL);
	settle(s, NULL, f, true);
}

/* Not acknowledged in time: again from snd_una, one segment; or a probe of a closed window. */
static void
resend(struct stack *s, struct flow *f)
{
	bool shut = tcp_window(f) == 0 && say_end(s, f) != f->snd_una;

	if (!shut && f->retries >= stack_persona(s, f)->retries) {
		stack_end(s, f, END_GIVEN_UP);
		return;
	}
	f->retries = MIN(f->retries + 1u, RETRIES_MAX) & RETRIES_MAX;
	COUNT(s->count.retransmits, 1);
	if (shut) {
		say_fall_back(s, f);
		say_probe(s, f);
	} else {
		say_timeout(s, f);
		say(s, NULL, f, NULL);
	}
	settle(s, NULL, f, true);
}

void
stack_flow_due(struct stack *s, struct flow *f)
{
	struct talk *t = say_talk(s, f);
	uint32_t ms = 0;

	if (now32(s) - f->start_ms >= s->c.lifetime_ms) {
		stack_end(s, f, END_LIFETIME);
		return;
	}
	switch ((enum flow_timer)f->timer) {
	case TIMER_IDLE:
		stack_end(s, f, f->state == FLOW_FIN_WAIT_2 ? END_CLOSED : END_IDLE);
		return;
	case TIMER_RESEND:
		resend(s, f);
		return;
	case TIMER_SPEAK:
		f->flags &= ~(uint32_t)FLOW_DELAYED;
		if (t != NULL && talk_waiting(&s->talks, t) > 0)
			converse_held(s, f, t, 0);
		wind_up(s, f);
		break;
	case TIMER_PUSH:
		f->timer = TIMER_IDLE;
		converse_held(s, f, t, FEED_PUSH);
		break;
	case TIMER_SILENCE:
		ms = session_silence_ms(&t->sess, s->set->slot[f->slot]);
		tell(s, f, t, EVENT_SILENCE, ms);
		break;
	}
	say(s, NULL, f, NULL);
	if (!say_owes(s, f) && !is_closing(f) && !(f->flags & FLOW_DELAYED))	/* not the same again */
		stack_due(s, f, TIMER_IDLE, idle_ms(s, f) - MIN(ms, idle_ms(s, f)));
	else
		settle(s, NULL, f, true);
}
