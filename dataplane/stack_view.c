/* Conversations under way, for the operator. */
#include "dataplane/say.h"

const char *
flow_state_name(uint8_t state)
{
	static const char *const names[FLOW_STATES] = {
		[FLOW_FREE] = "free", [FLOW_UDP] = "open", [FLOW_ESTABLISHED] = "established",
		[FLOW_CLOSE_WAIT] = "close-wait", [FLOW_FIN_WAIT_1] = "fin-wait-1",
		[FLOW_FIN_WAIT_2] = "fin-wait-2", [FLOW_CLOSING] = "closing", [FLOW_LAST_ACK] = "last-ack",
		[FLOW_TIME_WAIT] = "time-wait", [FLOW_CLOSED] = "closed",
	};

	return state < FLOW_STATES ? names[state] : "unknown";
}

static void
view(const struct stack *s, const struct flow *f, struct flow_view *to)
{
	*to = (struct flow_view){ .peer = flow_peer(&s->flows, f), .own = flow_own(&s->flows, f), .peer_port = f->peer_port,
		.own_port = f->own_port, .proto = f->state == FLOW_UDP ? PROTO_UDP : PROTO_TCP,
		.slot = f->slot, .state = f->state, .age_ms = now32(s) - f->start_ms,
		.bytes_in = f->bytes_in, .bytes_out = f->bytes_out };
	if (f->talk != 0 && !is_related(s, f)) {
		to->turns = talk_at(&s->talks, f->talk)->sess.turn;
		to->model_state = talk_at(&s->talks, f->talk)->sess.state;
	}
}

unsigned
stack_list(const struct stack *s, uint32_t *at, uint32_t look, struct flow_view *to, unsigned room)
{
	uint32_t id = MAX(*at, 1u), end = (uint32_t)MIN((uint64_t)id + look, flow_fresh(&s->flows));
	unsigned n = 0;

	for (; id < end && n < room; id++) {
		const struct flow *f = flow_at(&s->flows, id);

		if (f->state != FLOW_FREE)
			view(s, f, &to[n++]);
	}
	*at = id < flow_fresh(&s->flows) ? id : 0;
	return n;
}
