#include "tests/witness.h"

#include <stdio.h>
#include <stdlib.h>

enum { RATIO = 3, DATAGRAMS = 16, FRAME_MAX = WIRE_ETHER_HEADER + 1500, SHORTEST_FRAME = 60,
	TOO_BIG = 4, SYN_ACK_REPEATS = 2 };

static void
must(bool so, const char *what)
{
	if (!so) {
		fprintf(stderr, "witness: the stack broke a promise: %s\n", what);
		abort();
	}
}

void
witness_init(struct witness *w, struct rig *r)
{
	*w = (struct witness){ .r = r };
}

/* The conversation that f is part of, from our side; NULL: none that lived after the last step. */
static struct witness_flow *
flow_of(struct witness *w, const struct wire *f)
{
	for (unsigned i = 0; i < w->nflows; i++) {
		struct witness_flow *v = &w->flow[i];

		if (v->proto == f->proto && v->peer_port == f->dport && v->own_port == f->sport &&
		    addr_eq(&v->peer, &f->dst) && addr_eq(&v->own, &f->src))
			return v;
	}
	return NULL;
}

static bool
is_icmp(const struct wire *w)
{
	return w->proto == PROTO_ICMP || w->proto == PROTO_ICMP6;
}

/* Conversations alive now; what was known of them stays known unless one ended or began. */
static void
look(struct witness *w)
{
	const struct counters *c = stack_counters(w->r->s);
	bool same = c->flows_opened == w->opened && c->flows_closed == w->closed;
	struct flow_view view[WITNESS_FLOWS];
	uint32_t at = 0;

	for (unsigned i = 0; i < w->r->nrecords; i++)
		w->records += w->r->record[i].kind == RECORD_FLOW;
	w->r->nrecords = 0;
	must(w->records == c->flows_closed, "an ended conversation has one record");
	must(c->flows_opened == c->flows_closed + stack_flows(w->r->s),
	    "conversations begun are those ended and those alive");
	w->opened = c->flows_opened;
	w->closed = c->flows_closed;
	if (same)
		return;
	w->nflows = stack_list(w->r->s, &at, UINT32_MAX, view, WITNESS_FLOWS);
	for (unsigned i = 0; i < w->nflows; i++)
		w->flow[i] = (struct witness_flow){ .proto = view[i].proto, .peer = view[i].peer,
			.own = view[i].own, .peer_port = view[i].peer_port, .own_port = view[i].own_port };
}

/* Whatever came in, what goes out is a frame that an honest host could send. */
static void
check_frame(const struct witness *w, const struct rig_frame *f, struct wire *out)
{
	uint8_t flags;

	must(f->len <= FRAME_MAX, "a frame sent fits the link");
	must(wire_parse(out, WIRE_ETHER, span_of(f->bytes, f->len), WIRE_CHECK_SUMS) == WIRE_OK,
	    "a frame sent is well formed");
	must(memcmp(out->smac, w->r->c.mac, sizeof out->smac) == 0, "a frame sent bears our MAC");
	if (out->ethertype == ETHERTYPE_ARP4)
		return;
	must(set_range(w->r->set, &out->src) != NULL || addr_eq(&out->src, &w->r->c.link_addr_six),
	    "a packet sent bears an address of ours");
	must(set_range(w->r->set, &out->dst) == NULL, "a packet sent goes to somebody else");
	must(!out->more_fragments && out->frag_offset == 0, "nothing sent is a fragment");
	flags = out->tcp.flags;
	if (out->proto != PROTO_TCP)
		return;
	must(!(flags & TCP_SYN) || (flags & ~TCP_ECE) == (TCP_SYN | TCP_ACK), "no SYN leaves, but with ACK alone");
	must(!(flags & TCP_RST) || !(flags & (TCP_SYN | TCP_FIN)), "a reset is only a reset");
	must(flags & (TCP_ACK | TCP_RST), "every segment acknowledges or resets");
	must(!(flags & (TCP_SYN | TCP_RST)) || out->payload.n == 0, "SYN-ACK and RST carry no data");
}

/* What we acknowledged once stays acknowledged. */
static void
check_ack(struct witness *w, const struct wire *out)
{
	const struct counters *c = stack_counters(w->r->s);
	struct witness_flow *v = flow_of(w, out);

	if (v == NULL || out->tcp.flags & (TCP_SYN | TCP_RST) || c->flows_opened != w->opened ||
	    c->flows_closed != w->closed)
		return;
	must(!v->acked || (int32_t)(out->tcp.ack - v->ack) >= 0, "what was acknowledged stays so");
	v->acked = true;
	v->ack = out->tcp.ack;
}

void
witness_timers(struct witness *w)
{
	for (unsigned i = 0; i < w->r->nout; i++) {
		struct wire out;

		check_frame(w, &w->r->out[i], &out);
		must(out.ethertype != ETHERTYPE_ARP4 && out.proto == PROTO_TCP,
		    "nothing but TCP speaks without being asked");
		if (out.tcp.flags & TCP_SYN) {
			w->syn_acks++;
			continue;
		}
		must(flow_of(w, &out) != NULL, "a timer's segment is part of a conversation");
		check_ack(w, &out);
	}
	must(w->syn_acks <= w->syns * (1 + SYN_ACK_REPEATS), "a SYN-ACK is repeated twice at most");
	look(w);
}

/* One bare segment, or data (and a FIN or a reset) without a gap, back to where in came from. */
static void
check_tcp(struct witness *w, const struct wire *in, const struct wire *out, unsigned n)
{
	bool syn = (in->tcp.flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN;
	bool split = in->more_fragments || in->frag_offset > 0;	/* ports and flags are in another */
	uint32_t next = n > 0 ? out[0].tcp.seq : 0;

	must(split || !(in->tcp.flags & TCP_RST) || n == 0 || (n == 1 && (out[0].tcp.flags & ~TCP_ECE) == TCP_ACK &&
	    out[0].payload.n == 0 && flow_of(w, &out[0]) != NULL),	/* RFC 5961 3.2 */
	    "a reset is not answered, but challenged by a conversation that lives");
	for (unsigned i = 0; i < n; i++) {
		bool fin = out[i].tcp.flags & TCP_FIN, last = out[i].tcp.flags & (TCP_FIN | TCP_RST);

		must(out[i].proto == PROTO_TCP, "TCP is answered with TCP");
		must(split || (out[i].sport == in->dport && out[i].dport == in->sport),
		    "a segment is answered to its sender");
		must(n == 1 || out[i].payload.n > 0 || (last && i == n - 1),
		    "a segment is answered with one bare segment at most");
		must(out[i].tcp.seq == next, "what is sent at once has no gap");
		next += (uint32_t)out[i].payload.n + fin;
		if (out[i].tcp.flags & TCP_SYN) {
			must(split || (syn && out[i].tcp.ack == in->tcp.seq + 1), "a SYN-ACK answers a SYN");
			must(split || !(out[i].tcp.flags & TCP_ECE) || (in->tcp.flags & TCP_ECE && in->tcp.flags & TCP_CWR),
			    "ECN is agreed to with who asks");
			w->syn_acks++;
		}
		check_ack(w, &out[i]);
	}
}

static void
check_udp(struct witness *w, const struct wire *out, unsigned n)
{
	must(n <= DATAGRAMS, "one datagram has a bounded answer");
	for (unsigned i = 0; i < n; i++) {
		must(out[i].proto == PROTO_UDP || (is_icmp(&out[i]) && n == 1),
		    "a datagram is answered with datagrams or one error");
		if (out[i].proto == PROTO_UDP)
			w->udp_out += out[i].ip.n;
	}
	must(w->udp_out <= w->udp_in * RATIO, "UDP sends at most three bytes for one");
}

static void
check_icmp(struct witness *w, const struct wire *in, const struct wire *out, unsigned n)
{
	enum { LINK_OPTION = 8 };	/* what an advertisement has more than the question */
	bool asked = in->proto == PROTO_ICMP6 && in->icmp_type == ICMP6_SOLICIT;

	if (in->proto == PROTO_ICMP6 ? in->icmp_type == ICMP6_TOO_BIG : in->icmp_type == 3 && in->icmp_code == TOO_BIG) {
		for (unsigned i = 0; i < n; i++)
			must(out[i].proto == PROTO_TCP && flow_of(w, &out[i]) != NULL,
			    "a path MTU message only makes a conversation say things again");
		return;
	}
	must(n <= 1, "a ping has one answer");
	if (n == 1 && !in->more_fragments && in->frag_offset == 0)
		must(out[0].proto == in->proto && out[0].ip.n <= in->ip.n + (asked ? LINK_OPTION : 0),
		    "a ping is not made longer");
}

void
witness_answers(struct witness *w, struct span frame, unsigned first)
{
	static struct wire out[RIG_OUT];
	unsigned n = w->r->nout - first;
	struct wire in;

	for (unsigned i = 0; i < n; i++)
		check_frame(w, &w->r->out[first + i], &out[i]);
	if (wire_parse(&in, WIRE_ETHER, frame, WIRE_CHECK_SUMS) != WIRE_OK) {
		must(n == 0, "what is malformed is not answered");
	} else if (in.ethertype == ETHERTYPE_ARP4) {
		must(n <= 1 && (n == 0 || (out[0].ethertype == ETHERTYPE_ARP4 &&
		    out[0].l4.n <= MAX(frame.n, SHORTEST_FRAME))), "ARP is answered with one ARP");
	} else if (memcmp(in.dmac, w->r->c.mac, sizeof in.dmac) != 0 ||
	    set_range(w->r->set, &in.dst) == NULL) {
		must(n == 0, "what is not for us is not answered");
	} else {
		for (unsigned i = 0; i < n; i++)
			must(out[i].ethertype == in.ethertype && (is_icmp(&in) ||
			    (addr_eq(&out[i].dst, &in.src) && addr_eq(&out[i].src, &in.dst))),
			    "a packet is answered to its sender");
		w->udp_in += in.proto == PROTO_UDP ? in.ip.n : 0;
		w->syns += in.proto == PROTO_TCP;	/* at the most; the flags may be in another fragment */
		if (in.proto == PROTO_TCP)
			check_tcp(w, &in, out, n);
		else if (in.proto == PROTO_UDP)
			check_udp(w, out, n);
		else if (is_icmp(&in))
			check_icmp(w, &in, out, n);
		else
			must(n == 0, "what we do not speak is not answered");
	}
	look(w);
}

void
witness_end(struct witness *w)
{
	struct stack_memory m;

	look(w);
	stack_memory(w->r->s, &m);
	must(stack_flows(w->r->s) == 0, "in the end no conversation is left");
	for (int p = PART_FLOWS; p <= PART_HOLDS; p++)
		must(m.part[p].used == 0, "in the end every pool is full again");
	must(w->r->frames == 0, "in the end every frame was given back");
}
