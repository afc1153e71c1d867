#include "tests/conv_inside.h"

#include <stdio.h>

static bool
payload_fits(const struct spec *p, struct span got)
{
	size_t n = p->n;

	if (!p->has_payload)
		return got.n == 0;
	if (!p->open_end || p->has_size)
		return got.n == n && (n == 0 || memcmp(got.p, p->payload, n) == 0);
	return got.n >= n - 1 && memcmp(got.p, p->payload, n - 1) == 0;
}

static void
flags_text(uint8_t flags, char *to)
{
	for (int i = 0; i < 8; i++) {
		if (flags >> i & 1)
			*to++ = "FSRP.UEC"[i];
	}
	*to = '\0';
}

static int
compare_tcp(struct conv *c, const struct spec *p, const struct wire *w)
{
	struct conn *k = conv_conn(c, p->port);
	char want[9], got[9];
	uint32_t end = w->tcp.seq + (uint32_t)w->payload.n + !!(w->tcp.flags & TCP_SYN) +
	    !!(w->tcp.flags & TCP_FIN);

	flags_text(p->o.tcp_flags, want);
	flags_text(w->tcp.flags, got);
	if ((w->tcp.flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
		k->their_isn = w->tcp.seq;
	if (w->tcp.flags != p->o.tcp_flags)
		return conv_fail(c, "flags %s, expected %s (seq %u ack %u, %zu bytes)", got, want,
		    w->tcp.seq - k->their_isn, w->tcp.ack - k->isn, w->payload.n);
	if (p->has_seq && w->tcp.seq != p->o.seq && !(w->tcp.flags & TCP_SYN))
		return conv_fail(c, "seq %u, expected %u", w->tcp.seq - k->their_isn, p->o.seq - k->their_isn);
	if (p->has_ack && w->tcp.ack != p->o.ack)
		return conv_fail(c, "ack %u, expected %u", w->tcp.ack - k->isn, p->o.ack - k->isn);
	if (p->has_win && w->tcp.win != p->o.win)
		return conv_fail(c, "win %u, expected %u", w->tcp.win, p->o.win);
	if (!payload_fits(p, w->payload))
		return conv_fail(c, "payload of %zu bytes \"%.*s\"", w->payload.n,
		    (int)MIN(w->payload.n, 200), (const char *)w->payload.p);
	if (p->noptions >= 0) {
		bool same = w->tcp.options.n == (size_t)p->noptions;

		for (int i = 0; same && i < p->noptions; i++)
			same = ((w->tcp.options.p[i] ^ p->options[i]) & p->mask[i]) == 0;
		if (!same)
			return conv_fail(c, "other options: %zu bytes, expected %d", w->tcp.options.n,
			    p->noptions);
	}
	if (p->name[0] != '\0')
		conv_save(c, p->name, strcmp(p->name, "ts") == 0 ? w->tcp.ts_val : end - k->their_isn, w->ip_id);
	return 0;
}

/* An ARP reply, or of IPv6 an advertisement as RFC 4861 7.2.4 wants it. */
static int
compare_who_has(struct conv *c, const struct spec *p, const struct wire *w)
{
	static const uint8_t option[2] = { 2, 1 };
	struct addr target = conv_addr(c, p->arp_target);
	bool good = w->ethertype == ETHERTYPE_ARP4 && w->arp_op == 2 && w->arp_spa == p->arp_target;

	if (c->six)
		good = w->proto == PROTO_ICMP6 && w->icmp_type == ICMP6_ADVERT && w->icmp_id == 0x6000 && w->ttl == 255 &&
		    w->payload.n == 24 && memcmp(w->payload.p, &target, 16) == 0 && addr_eq(&w->src, &target) &&
		    memcmp(w->payload.p + 16, option, 2) == 0 && memcmp(w->payload.p + 18, rig_mac, 6) == 0;
	return good ? 0 : conv_fail(c, "no such answer to who-has");
}

/* What the persona decides; IPv6 has no such header fields but the hop limit and the class. */
static int
compare_ip(struct conv *c, const struct spec *p, const struct wire *w)
{
	uint16_t next = c->ip_id + 1, ttl = c->persona.ttl != 0 ? c->persona.ttl : persona_linux.ttl;

	c->ip_id = w->ip_id;
	if (w->ttl != ttl)
		return conv_fail(c, "TTL %u, expected %u", w->ttl, ttl);
	if (p->has_tos && w->tos != p->o.tos)
		return conv_fail(c, "TOS %u, expected %u", w->tos, p->o.tos);
	if (p->has_df && !c->six && w->df != p->o.df)
		return conv_fail(c, "DF is %d", w->df);
	if (p->has_ip_id && !c->six && w->ip_id != (p->ip_id < 0 ? next : p->ip_id))
		return conv_fail(c, "IP-ID %u, the one before %u", w->ip_id, (uint16_t)(next - 1));
	return 0;
}

int
conv_compare(struct conv *c, const struct spec *p, const struct rig_frame *f)
{
	struct addr src, dst;
	struct wire w;
	enum wire_fault fault = wire_parse(&w, WIRE_ETHER, span_of(f->bytes, f->len), WIRE_CHECK_SUMS);

	if (fault != WIRE_OK)
		return conv_fail(c, "we sent a frame with a fault: %s", wire_fault_name(fault));
	if (w.nvlan != c->nvlan || (w.nvlan > 0 && w.vlan[0] != c->vlan[0]) ||
	    (w.nvlan > 1 && w.vlan[1] != c->vlan[1]))
		return conv_fail(c, "other VLAN tags");
	if (memcmp(w.dmac, rig_router, 6) != 0 || memcmp(w.smac, rig_mac, 6) != 0)
		return conv_fail(c, "other MAC addresses");
	if (p->arp)
		return compare_who_has(c, p, &w);
	if (w.ethertype != (c->six ? ETHERTYPE_IP6 : ETHERTYPE_IP4) || w.proto != p->o.proto)
		return conv_fail(c, "another protocol: %u", w.proto);
	src = conv_addr(c, p->dst);
	dst = conv_addr(c, p->src);
	if (!addr_eq(&w.src, &src) || !addr_eq(&w.dst, &dst))
		return conv_fail(c, "other addresses");
	if (compare_ip(c, p, &w) < 0)
		return -1;
	if (w.proto == PROTO_ICMP || w.proto == PROTO_ICMP6) {
		if (w.icmp_type != p->o.icmp_type || w.icmp_code != p->o.icmp_code)
			return conv_fail(c, "ICMP type %u code %u", w.icmp_type, w.icmp_code);
		if (p->has_id && p->o.icmp_rest != ((uint32_t)w.icmp_id << 16 | w.icmp_seq))
			return conv_fail(c, "other id or number");
		if (p->has_size && !payload_fits(p, w.payload))
			return conv_fail(c, "other echo data, %zu bytes", w.payload.n);
		return 0;
	}
	if (w.dport != p->port || w.sport != conv_conn(c, p->port)->own_port)
		return conv_fail(c, "ports %u -> %u", w.sport, w.dport);
	if (w.proto == PROTO_TCP)
		return compare_tcp(c, p, &w);
	return payload_fits(p, w.payload) ? 0 :
	    conv_fail(c, "datagram of %zu bytes \"%.*s\"", w.payload.n, (int)MIN(w.payload.n, 200),
	    (const char *)w.payload.p);
}
