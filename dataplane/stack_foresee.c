/* What a burst has in common is computed side by side, before its packets are decided on one after the other. */
#include "dataplane/inside.h"

/* Of each packet's destination the offset of its clock: stack_host_clock(). */
static void
clocks(const struct stack *s, struct packet *const p[], unsigned n)
{
	uint64_t own[2][PRF_LANES] = { 0 }, offset[PRF_LANES];

	for (unsigned i = 0; i < n; i += PRF_LANES) {
		unsigned m = MIN(n - i, (unsigned)PRF_LANES);

		for (unsigned k = 0; k < m; k++) {
			own[0][k] = load_le64(p[i + k]->w.dst.b);
			own[1][k] = load_le64(p[i + k]->w.dst.b + 8);
		}
		siphash_lanes(s->clock_key, own, ARRAY_LEN(own), offset);
		for (unsigned k = 0; k < m; k++)
			p[i + k]->clock = (uint32_t)offset[k];
	}
}

/* Payload that is probably one whole message to a model: of a stranger over TCP nothing is read yet. */
static bool
wants_match(const struct stack *s, const struct packet *p, struct match_ahead *a)
{
	struct target t;

	if (p->w.payload.n == 0 || p->w.payload.n > MODEL_MESSAGE_BYTES ||
	    (p->w.proto != PROTO_UDP && (p->w.proto != PROTO_TCP || p->maybe == 0)))
		return false;
	t = set_lookup(p->profile, p->w.proto == PROTO_UDP ? MODEL_UDP : MODEL_TCP, p->w.dport);
	if (t.action != ACTION_ANSWER || s->set->slot[t.slot] == NULL)
		return false;
	*a = (struct match_ahead){ .i = &s->set->slot[t.slot]->i, .message = p->w.payload };
	return true;
}

void
stack_foresee(struct stack *s, struct foreseen *to, struct packet *const packets[], unsigned n)
{
	struct packet *tcp[BURST_CHUNK];
	unsigned ntcp = 0, ncookies = 0, nmatches = 0;

	for (unsigned i = 0; i < n; i++) {
		struct packet *p = packets[i];

		p->flow = NULL;
		p->cookie = NULL;
		p->ahead = NULL;
		p->added = s->flows.added;
		if (p->w.ethertype == ETHERTYPE_ARP4)
			continue;
		if (p->w.proto == PROTO_TCP)
			tcp[ntcp++] = p;
		p->maybe = flow_expect(&s->flows, p->hash);
		if (p->maybe == 0 && p->w.proto == PROTO_TCP) {
			lone_prefetch(&s->lone, &p->w.src, p->w.dport);
			recent_prefetch(&s->recent, p->hash);
			halfopen_prefetch(&s->half, p->hash);
			if (stack_wants_cookie(s, p, &to->cookie[ncookies]))
				p->cookie = &to->cookie[ncookies++];
		} else if (p->w.payload.n == 0) {	/* perhaps its last */
			recent_prefetch(&s->recent, p->hash);
		} else if (wants_match(s, p, &to->match[nmatches])) {
			p->ahead = &to->match[nmatches++];
		}
	}
	clocks(s, tcp, ntcp);
	cookies_burst(&s->cookies, to->cookie, ncookies, s->now_ms / 1000);
	match_side_by_side(to->match, nmatches);
}
