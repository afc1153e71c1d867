/* ARP and its kin of IPv6, echo, errors in both directions; ICMP and ICMPv6. */
#include "dataplane/inside.h"

enum { ARP_REQUEST = 1, ICMP_ECHO_REPLY = 0, ICMP_UNREACHABLE = 3, ICMP_ECHO = 8,
	CODE_PORT = 3, CODE_TOO_BIG = 4 };
enum { ICMP6_UNREACHABLE = 1, CODE6_PORT = 4, QUOTE6_MAX = 1280 - WIRE_IPV6_HEADER - WIRE_ICMP_HEADER,
	ND_HOPS = 255, ND_OPTION_ADDRESS = 2 };
#define ND_SOLICITED_OVERRIDE 0x60000000u

/* Link address always; addresses of a prefix only where no router stands between. */
void
stack_arp(struct stack *s, struct packet *p)
{
	struct addr wanted = addr_v4(p->w.arp_tpa);
	const struct range *r = set_range(s->set, &wanted);
	struct frame f;

	if (p->w.arp_op != ARP_REQUEST) {
		drop(s, DROP_UNHANDLED);
		return;
	}
	if (!addr_eq(&wanted, &s->c.link_addr) && (r == NULL || !r->on_link)) {
		drop(s, DROP_NOT_OURS);
		return;
	}
	if (p->w.arp_spa == p->w.arp_tpa) {	/* an announcement, RFC 5227: asks nothing */
		drop(s, DROP_MARTIAN);
		return;
	}
	if (!bucket_take(&s->arps, now32(s))) {
		drop(s, DROP_RATE);
		return;
	}
	if (!stack_frame(s, p, p->frame->len, &f))
		return;
	f.len = (uint32_t)wire_build_arp(&p->w, s->c.mac, f.data, f.room);
	assert(f.len > 0);
	COUNT(s->count.frames_out, 1);
	COUNT(s->count.bytes_out, f.len);
	s->sink.put(s->sink.ctx, &f);
}

/*
 * RFC 4861 7.1.1 and 7.2.4. The question comes from this link (its hop limit says so), from somebody who has an
 * address and to whom the answer goes; who only tries out an address of its own (from ::) is not told that it is
 * taken.
 */
void
stack_solicited(struct stack *s, struct packet *p)
{
	uint8_t answer[24];
	struct addr wanted;
	const struct range *r;
	struct link way;
	struct wire_out o;

	if (p->w.ttl != ND_HOPS || p->w.icmp_code != 0 || p->w.payload.n < sizeof wanted.b) {
		drop(s, DROP_MALFORMED);
		return;
	}
	memcpy(wanted.b, p->w.payload.p, sizeof wanted.b);
	r = set_range(s->set, &wanted);
	if (addr_is_v4(&wanted) || !(addr_eq(&wanted, &s->c.link_addr_six) || (r != NULL && r->on_link))) {
		drop(s, DROP_NOT_OURS);
		return;
	}
	if (p->w.src.b[0] == 0xff || addr_eq(&p->w.src, &(struct addr){ 0 }) || addr_eq(&p->w.src, &wanted)) {
		drop(s, DROP_MARTIAN);
		return;
	}
	if (!bucket_take(&s->arps, now32(s))) {
		drop(s, DROP_RATE);
		return;
	}
	link_of(&way, &p->w);
	o = (struct wire_out){ .src = wanted, .dst = p->w.src, .proto = PROTO_ICMP6 };
	link_write(&o, &way, s->c.mac);
	o.ttl = ND_HOPS;
	o.icmp_type = ICMP6_ADVERT;
	o.icmp_rest = ND_SOLICITED_OVERRIDE;
	memcpy(answer, wanted.b, sizeof wanted.b);
	answer[16] = ND_OPTION_ADDRESS;
	answer[17] = 1;		/* times eight bytes */
	memcpy(answer + 18, s->c.mac, sizeof s->c.mac);
	stack_answer(s, p, &o, span_of(answer, sizeof answer));
}

/* Who may be cut up needs a number, where the persona has not given it one already. */
static void
clear_df(struct stack *s, struct wire_out *o, const struct persona *persona)
{
	o->df = false;
	if (persona->ids <= IDS_ZERO && persona->df)
		o->ip_id = stack_ident(s, o, persona);
}

static void
echo(struct stack *s, struct packet *p)
{
	const struct persona *persona = persona_of(p->profile, &s->persona);
	struct prefix_entry *limit;
	struct wire_out o;

	if (!p->profile->ping) {
		drop(s, DROP_ACTION);
		return;
	}
	if (p->w.ip.n > STACK_MTU) {	/* our answer would need fragments */
		drop(s, DROP_UNHANDLED);
		return;
	}
	limit = prefixes_of(&s->one_to_one, flow_prefix(&s->flows, &p->w.src), now32(s));
	prefix_charge(limit, (uint32_t)p->w.ip.n);
	if (!prefix_packet(limit, s->c.syn_ack_per_prefix)) {
		drop(s, DROP_RATE);
		return;
	}
	if (!prefix_allow(limit, (uint32_t)p->w.ip.n, 1, 0)) {
		drop(s, DROP_RATIO);
		return;
	}
	stack_reply_to(s, p, &o);
	o.icmp_type = p->w.proto == PROTO_ICMP6 ? ICMP6_ECHO_REPLY : ICMP_ECHO_REPLY;
	o.icmp_rest = (uint32_t)p->w.icmp_id << 16 | p->w.icmp_seq;
	o.icmp_code = persona->echo_keeps_code ? p->w.icmp_code : 0;
	clear_df(s, &o, persona);
	o.tos = p->w.tos;
	if (stack_answer(s, p, &o, p->w.payload))
		COUNT(s->count.echo_out, 1);
}

/* The quoted header, up to the ports. False: not of TCP. */
static bool
read_quote(struct reader *r, struct addr *own, struct addr *peer)
{
	uint8_t first = rd_u8(r), proto;

	rd_bytes(r, 8);
	proto = rd_u8(r);
	rd_bytes(r, 2);
	*own = addr_v4(rd_be32(r));
	*peer = addr_v4(rd_be32(r));
	if ((first & 15) * 4 > WIRE_IPV4_HEADER)
		rd_bytes(r, (first & 15) * 4u - WIRE_IPV4_HEADER);
	return first >> 4 == 4 && proto == PROTO_TCP;
}

/* We send no extension headers. */
static bool
read_quote_six(struct reader *r, struct addr *own, struct addr *peer)
{
	uint8_t first = rd_u8(r), proto;
	struct span ends;

	rd_bytes(r, 5);
	proto = rd_u8(r);
	rd_u8(r);
	ends = rd_bytes(r, sizeof own->b + sizeof peer->b);
	if (r->bad)
		return false;
	memcpy(own->b, ends.p, sizeof own->b);
	memcpy(peer->b, ends.p + sizeof own->b, sizeof peer->b);
	return first >> 4 == 6 && proto == PROTO_TCP && !addr_is_v4(own);
}

/* RFC 5927: an error counts only if it quotes a segment that is under way. */
static void
too_big(struct stack *s, struct packet *p)
{
	struct span quote = p->w.payload;
	struct reader r = reader_of(quote);
	struct flow_key k;
	struct addr own, peer;
	uint16_t own_port, peer_port;
	uint32_t seq;
	bool good = p->w.proto == PROTO_ICMP6 ? read_quote_six(&r, &own, &peer) : read_quote(&r, &own, &peer);
	struct flow *f;

	own_port = rd_be16(&r);
	peer_port = rd_be16(&r);
	seq = rd_be32(&r);
	if (r.bad || !good) {
		drop(s, DROP_UNHANDLED);
		return;
	}
	flow_key_of(&s->flows, &k, &own, own_port, &peer, peer_port, PROTO_TCP);
	f = flow_find(&s->flows, &k, flow_hash(&s->flows, &k));
	if (f == NULL) {
		drop(s, DROP_NO_FLOW);
		return;
	}
	stack_path_mtu(s, f, seq, p->w.proto == PROTO_ICMP6 && p->w.icmp_id > 0 ? UINT16_MAX : p->w.icmp_seq);
}

void
stack_icmp(struct stack *s, struct packet *p)
{
	bool six = p->w.proto == PROTO_ICMP6;

	if (six == addr_is_v4(&p->w.dst))
		drop(s, DROP_UNHANDLED);	/* each is of one of the two only */
	else if (p->w.icmp_type == (six ? ICMP6_ECHO : ICMP_ECHO))
		echo(s, p);
	else if (six ? p->w.icmp_type == ICMP6_TOO_BIG : p->w.icmp_type == ICMP_UNREACHABLE && p->w.icmp_code == CODE_TOO_BIG)
		too_big(s, p);
	else
		drop(s, DROP_UNHANDLED);
}

/* RFC 792, RFC 4443 3.1; for how much is quoted, RFC 1812 4.3.2.3 and RFC 4443 2.4 (c); Linux's limits. */
void
stack_unreachable(struct stack *s, struct packet *p)
{
	const struct persona *persona = persona_of(p->profile, &s->persona);
	bool six = !addr_is_v4(&p->w.dst);
	struct wire_out o;

	if (!once_take(&s->unreachable, flow_addr32(&s->flows, &p->w.src), persona->icmp_unreachable_ms, now32(s)) ||
	    !bucket_take(&s->unreachable_all, now32(s))) {
		drop(s, DROP_RATE);
		return;
	}
	stack_reply_to(s, p, &o);
	o.proto = six ? PROTO_ICMP6 : PROTO_ICMP;
	o.icmp_type = six ? ICMP6_UNREACHABLE : ICMP_UNREACHABLE;
	o.icmp_code = six ? CODE6_PORT : CODE_PORT;
	clear_df(s, &o, persona);
	o.tos = six ? 0 : 0xc0;	/* RFC 1812 4.3.2.5: internetwork control */
	if (stack_answer(s, p, &o, span_sub(p->w.ip, 0, six ? QUOTE6_MAX : persona->quote_max)))
		COUNT(s->count.unreachable_out, 1);
}
