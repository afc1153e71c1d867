#include "tests/conv_inside.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

struct addr
conv_addr(const struct conv *c, uint32_t a)
{
	return c->six ? rig_map(a) : addr_v4(a);
}

struct conn *
conv_conn(struct conv *c, uint16_t port)
{
	for (int i = 0; i < c->nconns; i++) {
		if (c->conn[i].port == port)
			return &c->conn[i];
	}
	if (c->nconns == CONNS) {
		conv_fail(c, "too many client ports");
		return &c->conn[0];
	}
	c->conn[c->nconns] = (struct conn){ .port = port, .own_port = c->own_port, .isn = c->isn };
	return &c->conn[c->nconns++];
}

uint8_t
conv_tcp_flags(const char *s)
{
	static const char letters[] = "FSRP.UEC";
	uint8_t flags = 0;

	if (strcmp(s, "-") == 0)
		return 0;
	for (; *s != '\0'; s++) {
		const char *at = strchr(letters, *s);

		if (at != NULL)
			flags |= (uint8_t)(1u << (at - letters));
	}
	return flags;
}

bool
conv_is_tcp_flags(const char *s)
{
	return *s != '\0' && s[strspn(s, "FSRP.UEC-")] == '\0';
}

int
conv_read_spec(struct conv *c, struct spec *p, bool ours)
{
	const char *w = conv_next(c);
	struct conn *k;

	memset(p, 0, sizeof *p);
	p->noptions = -1;
	p->ttl = 64;
	p->port = c->client_port;
	p->src = c->client;
	p->dst = c->own;
	if (strcmp(w, "arp") == 0) {
		p->arp = true;
		p->arp_target = c->own;
	} else if (strcmp(w, "udp") == 0) {
		p->o.proto = PROTO_UDP;
	} else if (strcmp(w, "icmp") == 0) {
		const char *kind = conv_next(c);

		p->o.proto = c->six ? PROTO_ICMP6 : PROTO_ICMP;
		if (strcmp(kind, "echo") == 0)
			p->o.icmp_type = c->six ? ICMP6_ECHO : 8;
		else if (strcmp(kind, "echo-reply") == 0)
			p->o.icmp_type = c->six ? ICMP6_ECHO_REPLY : 0;
		else if (strcmp(kind, "unreachable") == 0) {
			p->o.icmp_type = c->six ? 1 : 3;
			p->o.icmp_code = c->six ? 4 : 3;
		} else if (strcmp(kind, "too-big") == 0) {
			p->o.icmp_type = c->six ? ICMP6_TOO_BIG : 3;
			p->o.icmp_code = c->six ? 0 : 4;
			p->quoting = true;
		} else if (isdigit((unsigned char)*kind)) {
			p->o.icmp_type = (uint8_t)atoi(kind);
		} else {
			return conv_fail(c, "no ICMP message is called %s", kind);
		}
	} else if (conv_is_tcp_flags(w)) {
		p->o.proto = PROTO_TCP;
		p->o.tcp_flags = conv_tcp_flags(w);
	} else if (isdigit((unsigned char)*w)) {
		p->o.proto = (uint8_t)atoi(w);
	} else {
		return conv_fail(c, "not a packet: %s", w);
	}
	for (int i = c->at; i < c->nwords; i++) {	/* the port decides what numbers mean */
		if (strcmp(c->word[i], "port") == 0 && i + 1 < c->nwords)
			p->port = (uint16_t)atoi(c->word[i + 1]);
	}
	k = conv_conn(c, p->port);
	p->o.win = 65535;
	while (c->at < c->nwords && !c->failed) {
		w = conv_next(c);
		if (*w == '<') {
			p->noptions = conv_options(c, w, p->options, p->mask,
			    ours ? k->isn : k->their_isn, ours);
		} else if (strcmp(w, "seq") == 0) {
			p->has_seq = true;
			p->o.seq = conv_number(c) + (ours ? k->their_isn : k->isn);
		} else if (strcmp(w, "ack") == 0) {
			p->has_ack = true;
			p->o.ack = conv_number(c) + (ours ? k->isn : k->their_isn);
		} else if (strcmp(w, "rawseq") == 0) {
			p->has_seq = true;
			p->o.seq = conv_number(c);
		} else if (strcmp(w, "rawack") == 0) {
			p->has_ack = true;
			p->o.ack = conv_number(c);
		} else if (strcmp(w, "win") == 0) {
			p->has_win = true;
			p->o.win = (uint16_t)conv_number(c);
		} else if (strcmp(w, "six-win") == 0) {
			p->o.win = (uint16_t)(c->six ? conv_number(c) : (conv_next(c), p->o.win));
		} else if (strcmp(w, "payload") == 0) {
			p->has_payload = true;
			p->n = conv_string(c, p->payload, &p->open_end);
		} else if (strcmp(w, "size") == 0) {
			p->has_size = p->has_payload = true;
			p->n = conv_number(c);
			for (size_t i = 0; i < MIN(p->n, PAYLOAD); i++)
				p->payload[i] = (uint8_t)i;
		} else if (strcmp(w, "id") == 0) {
			p->has_id = true;
			p->o.icmp_rest |= conv_number(c) << 16;
		} else if (strcmp(w, "no") == 0) {
			p->o.icmp_rest |= conv_number(c) & 0xffff;
		} else if (strcmp(w, "code") == 0) {
			p->o.icmp_code = (uint8_t)conv_number(c);
		} else if (strcmp(w, "ip-id") == 0) {
			p->has_ip_id = true;
			p->ip_id = conv_accept(c, "next") ? -1 : (int)conv_number(c);
		} else if (strcmp(w, "df") == 0) {
			p->has_df = true;
			p->o.df = conv_number(c) != 0;
		} else if (strcmp(w, "tos") == 0) {
			p->has_tos = true;
			p->o.tos = (uint8_t)conv_number(c);
		} else if (strcmp(w, "mtu") == 0) {
			p->o.icmp_rest = conv_number(c) & 0xffff;
		} else if (strcmp(w, "quote") == 0) {
			p->quote_seq = conv_number(c) + k->their_isn;
		} else if (strcmp(w, "who-has") == 0 || strcmp(w, "is-at") == 0) {
			struct addr a;

			if (addr_parse(&a, conv_next(c)) < 0)
				return conv_fail(c, "not an address");
			p->arp_target = addr_to_v4(&a);
		} else if (strcmp(w, "save") == 0) {
			snprintf(p->name, sizeof p->name, "%.31s", conv_next(c));
		} else if (strcmp(w, "port") == 0) {
			conv_next(c);
		} else if (strcmp(w, "at") == 0) {	/* the sensor's port, from here on */
			k->own_port = (uint16_t)conv_number(c);
		} else if (strcmp(w, "src") == 0 || strcmp(w, "dst") == 0) {
			struct addr a;
			bool src = *w == 's';

			if (addr_parse(&a, conv_next(c)) < 0)
				return conv_fail(c, "not an address");
			*(src ? &p->src : &p->dst) = addr_to_v4(&a);
		} else if (strcmp(w, "ttl") == 0) {
			p->ttl = (int)conv_number(c);
		} else if (strcmp(w, "cut") == 0) {
			p->cut = (int)conv_number(c);
		} else if (strcmp(w, "pad") == 0) {
			p->pad = (int)conv_number(c);
		} else if (strcmp(w, "offset") == 0) {
			p->offset = (int)conv_number(c) + 1;
		} else if (strcmp(w, "split") == 0) {
			p->split = (int)conv_number(c);
		} else if (strcmp(w, "reversed") == 0) {
			p->reversed = true;
		} else if (strcmp(w, "gap") == 0) {
			p->gap = true;
		} else if (strcmp(w, "overlap") == 0) {
			p->overlap = true;
		} else if (strcmp(w, "bad-sum") == 0) {
			p->bad_sum = true;
		} else if (strcmp(w, "no-sum") == 0) {
			p->no_sum = true;
		} else if (strcmp(w, "bad-ip-sum") == 0) {
			p->bad_ip_sum = true;
		} else if (strcmp(w, "ip-options") == 0) {
			p->ip_options = true;
		} else if (strcmp(w, "foreign-mac") == 0) {
			p->foreign = true;
		} else {
			return conv_fail(c, "what is %s?", w);
		}
	}
	return c->failed ? -1 : 0;
}
