#include "tests/conv.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "dataplane/inside.h"
#include "tests/rig.h"

enum { WORDS = 64, WORD = 1024, NAMES = 16, CONNS = 16, PAYLOAD = 9000, SLACK_MS = 20 };

/* One client port: both sides' first sequence numbers. */
struct conn {
	uint16_t port;
	uint32_t isn, their_isn;	/* client's, sensor's */
};

struct name {
	char name[32];
	uint32_t value;
	uint16_t id;
};

struct conv {
	struct rig rig;
	const char *path;
	int line;
	char *why;
	size_t room;
	char word[WORDS][WORD];
	int nwords, at;
	struct conn conn[CONNS];
	int nconns;
	struct name name[NAMES];
	int nnames;
	uint32_t isn;		/* for the next new connection */
	uint32_t own, client;
	uint16_t own_port, client_port;
	uint8_t slot;
	bool started;
	uint16_t vlan[2];
	uint8_t nvlan;
	uint8_t proto;
	bool failed;
};

static int PRINTF(2, 3)
fail(struct conv *c, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (c->failed)
		return -1;
	c->failed = true;
	n = snprintf(c->why, c->room, "%s:%d: ", c->path, c->line);
	va_start(ap, fmt);
	vsnprintf(c->why + n, c->room - (size_t)n, fmt, ap);
	va_end(ap);
	return -1;
}

/* Splits a line at blanks; "..." keeps its blanks and quotes, <...> is one word; # ends it. */
static void
split(struct conv *c, const char *s)
{
	c->nwords = c->at = 0;
	while (c->nwords < WORDS) {
		char *to = c->word[c->nwords];
		char until = 0;
		int n = 0;

		while (isspace((unsigned char)*s))
			s++;
		if (*s == '\0' || *s == '#')
			break;
		if (*s == '<' && s[1] != '\0' && !isspace((unsigned char)s[1]))
			until = '>';
		for (; *s != '\0' && n < WORD - 1; s++) {
			if (until == 0 && isspace((unsigned char)*s))
				break;
			to[n++] = *s;
			if (until == '"' && *s == '\\' && s[1] != '\0')
				to[n++] = *++s;
			else if (until != 0 && *s == until && n > 1) {
				until = 0;
			} else if (until == 0 && *s == '"') {
				until = '"';
			}
		}
		to[n] = '\0';
		c->nwords++;
	}
}

static const char *
peek(const struct conv *c)
{
	return c->at < c->nwords ? c->word[c->at] : "";
}

static const char *
next(struct conv *c)
{
	return c->at < c->nwords ? c->word[c->at++] : "";
}

static bool
accept(struct conv *c, const char *word)
{
	if (strcmp(peek(c), word) != 0)
		return false;
	c->at++;
	return true;
}

/* "N", "N+3", "17", "17-1". */
static uint32_t
number(struct conv *c)
{
	const char *s = next(c);
	uint32_t v = 0;
	char *end;

	if (isdigit((unsigned char)*s)) {
		v = (uint32_t)strtoul(s, &end, 0);
	} else {
		size_t n = strcspn(s, "+-");
		int i = c->nnames;

		while (--i >= 0 && (strlen(c->name[i].name) != n || strncmp(c->name[i].name, s, n) != 0))
			;
		if (i < 0) {
			fail(c, "nothing was saved as %s", s);
			return 0;
		}
		v = c->name[i].value;
		end = (char *)s + n;
	}
	if (*end == '+')
		v += (uint32_t)strtoul(end + 1, NULL, 0);
	else if (*end == '-')
		v -= (uint32_t)strtoul(end + 1, NULL, 0);
	return v;
}

static void
save(struct conv *c, const char *name, uint32_t value, uint16_t id)
{
	int i = 0;

	while (i < c->nnames && strcmp(c->name[i].name, name) != 0)
		i++;
	if (i == NAMES) {
		fail(c, "too many names");
		return;
	}
	snprintf(c->name[i].name, sizeof c->name[i].name, "%.31s", name);
	c->name[i].value = value;
	c->name[i].id = id;
	if (i == c->nnames)
		c->nnames++;
}

/* A string in quotes, perhaps *N behind it; * inside keeps its meaning if glob. */
static size_t
string(struct conv *c, uint8_t *to, bool *open_end)
{
	const char *s = next(c);
	size_t n = 0, once;
	unsigned long times;

	if (*s != '"') {
		fail(c, "expected a string, not %s", s);
		return 0;
	}
	for (s++; *s != '\0' && *s != '"' && n < PAYLOAD; s++) {
		unsigned x;

		if (*s != '\\') {
			to[n++] = (uint8_t)*s;
			continue;
		}
		s++;
		if (*s == 'r')
			to[n++] = '\r';
		else if (*s == 'n')
			to[n++] = '\n';
		else if (*s == 'x' && sscanf(s + 1, "%2x", &x) == 1) {
			to[n++] = (uint8_t)x;
			s += 2;
		} else {
			to[n++] = (uint8_t)*s;
		}
	}
	*open_end = n > 0 && to[n - 1] == '*' && s[-1] == '*';
	once = n;
	times = *s == '"' && s[1] == '*' ? strtoul(s + 2, NULL, 10) : 1;
	for (unsigned long i = 1; i < times && n + once <= PAYLOAD; i++, n += once)
		memcpy(to + n, to, once);
	return n;
}

/* "<mss 1460,sackOK,ts 100 0,nop,wscale 7>" to option bytes; -1 in mask where "any" stands. */
static int
options(struct conv *c, const char *s, uint8_t *to, uint8_t *mask)
{
	char text[WORD], *item, *rest = text;
	int n = 0;

	snprintf(text, sizeof text, "%s", s + 1);
	text[strcspn(text, ">")] = '\0';
	memset(mask, 0xff, TCP_OPTIONS_MAX);
	while ((item = strsep(&rest, ",")) != NULL) {
		char a[32] = "", b[32] = "", kind[32] = "";
		uint32_t v;

		if (sscanf(item, "%31s %31s %31s", kind, a, b) < 1)
			break;		/* <>: none at all */
		if (n > TCP_OPTIONS_MAX - 18)
			return fail(c, "too many options");
		if (strcmp(kind, "mss") == 0) {
			to[n] = 2;
			to[n + 1] = 4;
			store_be16(to + n + 2, (uint16_t)atoi(a));
			n += 4;
		} else if (strcmp(kind, "wscale") == 0) {
			to[n] = 3;
			to[n + 1] = 3;
			to[n + 2] = (uint8_t)atoi(a);
			mask[n + 2] = strcmp(a, "any") == 0 ? 0 : 0xff;
			n += 3;
		} else if (strcmp(kind, "sackOK") == 0) {
			to[n++] = 4;
			to[n++] = 2;
		} else if (strcmp(kind, "ts") == 0) {
			to[n] = 8;
			to[n + 1] = 10;
			for (int i = 0; i < 2; i++) {
				const char *w = i == 0 ? a : b;
				int id = c->nnames;

				while (--id >= 0 && strcmp(c->name[id].name, w) != 0)
					;
				v = id >= 0 ? c->name[id].value : (uint32_t)strtoul(w, NULL, 0);
				store_be32(to + n + 2 + 4 * i, v);
				if (strcmp(w, "any") == 0)
					memset(mask + n + 2 + 4 * i, 0, 4);
			}
			n += 10;
		} else if (strcmp(kind, "sack") == 0) {	/* relative to the client's first */
			int start = n;

			to[n++] = 5;
			to[n++] = 0;
			for (const char *w = item + 5; w != NULL && *w != '\0'; w = strchr(w, ' ')) {
				unsigned from, till;

				if (sscanf(w += *w == ' ', "%u:%u", &from, &till) != 2)
					break;
				store_be32(to + n, c->conn[0].isn + from);
				store_be32(to + n + 4, c->conn[0].isn + till);
				n += 8;
			}
			to[start + 1] = (uint8_t)(n - start);
		} else if (strcmp(kind, "nop") == 0) {
			to[n++] = 1;
		} else if (strcmp(kind, "end") == 0) {
			to[n++] = 0;
		} else if (strcmp(kind, "raw") == 0) {
			for (const char *h = a; h[0] != '\0' && h[1] != '\0'; h += 2) {
				unsigned x = 0;

				sscanf(h, "%2x", &x);
				to[n++] = (uint8_t)x;
			}
		} else {
			return fail(c, "no option is called %s", kind);
		}
	}
	return n;
}

static struct conn *
conn_of(struct conv *c, uint16_t port)
{
	for (int i = 0; i < c->nconns; i++) {
		if (c->conn[i].port == port)
			return &c->conn[i];
	}
	if (c->nconns == CONNS) {
		fail(c, "too many client ports");
		return &c->conn[0];
	}
	c->conn[c->nconns] = (struct conn){ .port = port, .isn = c->isn };
	return &c->conn[c->nconns++];
}

static uint8_t
tcp_flags(const char *s)
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

static bool
is_tcp_flags(const char *s)
{
	return *s != '\0' && s[strspn(s, "FSRP.UEC-")] == '\0';
}

/* What a line says about a packet, in either direction. */
struct spec {
	struct wire_out o;
	uint8_t options[TCP_OPTIONS_MAX], mask[TCP_OPTIONS_MAX];
	int noptions;		/* -1: not said */
	uint8_t payload[PAYLOAD + WIRE_TCP_HEADER];
	size_t n;
	bool open_end, has_payload, has_seq, has_ack, has_win, has_size, has_id;
	char name[32];
	uint16_t port;
	/* mischief */
	bool bad_sum, bad_ip_sum, ip_options, foreign;
	int cut, pad, offset, split, ttl;
	uint8_t src_set, dst_set;
	bool reversed, gap, overlap, df, arp, no_sum;
	uint32_t arp_target, src, dst, mtu, quote_seq;
};

static int
read_spec(struct conv *c, struct spec *p, bool ours)
{
	const char *w = next(c);
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
		const char *kind = next(c);

		p->o.proto = PROTO_ICMP;
		if (strcmp(kind, "echo") == 0)
			p->o.icmp_type = 8;
		else if (strcmp(kind, "echo-reply") == 0)
			p->o.icmp_type = 0;
		else if (strcmp(kind, "unreachable") == 0) {
			p->o.icmp_type = 3;
			p->o.icmp_code = 3;
		} else if (strcmp(kind, "too-big") == 0) {
			p->o.icmp_type = 3;
			p->o.icmp_code = 4;
		} else if (isdigit((unsigned char)*kind)) {
			p->o.icmp_type = (uint8_t)atoi(kind);
		} else {
			return fail(c, "no ICMP message is called %s", kind);
		}
	} else if (is_tcp_flags(w)) {
		p->o.proto = PROTO_TCP;
		p->o.tcp_flags = tcp_flags(w);
	} else if (isdigit((unsigned char)*w)) {
		p->o.proto = (uint8_t)atoi(w);
	} else {
		return fail(c, "not a packet: %s", w);
	}
	for (int i = c->at; i < c->nwords; i++) {	/* the port decides what numbers mean */
		if (strcmp(c->word[i], "port") == 0 && i + 1 < c->nwords)
			p->port = (uint16_t)atoi(c->word[i + 1]);
	}
	k = conn_of(c, p->port);
	p->o.win = 65535;
	while (c->at < c->nwords && !c->failed) {
		w = next(c);
		if (*w == '<') {
			p->noptions = options(c, w, p->options, p->mask);
		} else if (strcmp(w, "seq") == 0) {
			p->has_seq = true;
			p->o.seq = number(c) + (ours ? k->their_isn : k->isn);
		} else if (strcmp(w, "ack") == 0) {
			p->has_ack = true;
			p->o.ack = number(c) + (ours ? k->isn : k->their_isn);
		} else if (strcmp(w, "rawseq") == 0) {
			p->has_seq = true;
			p->o.seq = number(c);
		} else if (strcmp(w, "rawack") == 0) {
			p->has_ack = true;
			p->o.ack = number(c);
		} else if (strcmp(w, "win") == 0) {
			p->has_win = true;
			p->o.win = (uint16_t)number(c);
		} else if (strcmp(w, "payload") == 0) {
			p->has_payload = true;
			p->n = string(c, p->payload, &p->open_end);
		} else if (strcmp(w, "size") == 0) {
			p->has_size = p->has_payload = true;
			p->n = number(c);
			for (size_t i = 0; i < MIN(p->n, PAYLOAD); i++)
				p->payload[i] = (uint8_t)i;
		} else if (strcmp(w, "id") == 0) {
			p->has_id = true;
			p->o.icmp_rest |= number(c) << 16;
		} else if (strcmp(w, "no") == 0) {
			p->o.icmp_rest |= number(c) & 0xffff;
		} else if (strcmp(w, "mtu") == 0) {
			p->o.icmp_rest = number(c) & 0xffff;
		} else if (strcmp(w, "quote") == 0) {
			p->quote_seq = number(c) + k->their_isn;
		} else if (strcmp(w, "who-has") == 0 || strcmp(w, "is-at") == 0) {
			struct addr a;

			if (addr_parse(&a, next(c)) < 0)
				return fail(c, "not an address");
			p->arp_target = addr_to_v4(&a);
		} else if (strcmp(w, "save") == 0) {
			snprintf(p->name, sizeof p->name, "%.31s", next(c));
		} else if (strcmp(w, "port") == 0) {
			next(c);
		} else if (strcmp(w, "src") == 0 || strcmp(w, "dst") == 0) {
			struct addr a;
			bool src = *w == 's';

			if (addr_parse(&a, next(c)) < 0)
				return fail(c, "not an address");
			*(src ? &p->src : &p->dst) = addr_to_v4(&a);
		} else if (strcmp(w, "ttl") == 0) {
			p->ttl = (int)number(c);
		} else if (strcmp(w, "cut") == 0) {
			p->cut = (int)number(c);
		} else if (strcmp(w, "pad") == 0) {
			p->pad = (int)number(c);
		} else if (strcmp(w, "offset") == 0) {
			p->offset = (int)number(c) + 1;
		} else if (strcmp(w, "split") == 0) {
			p->split = (int)number(c);
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
			return fail(c, "what is %s?", w);
		}
	}
	return c->failed ? -1 : 0;
}

/* The frame's IP header is at ip; makes its sum new. */
static void
sum_ip(uint8_t *ip)
{
	memset(ip + 10, 0, 2);
	store_be16(ip + 10, wire_sum_fold(wire_sum(span_of(ip, (ip[0] & 15u) * 4u), 0)));
}

static void
send_fragments(struct conv *c, const struct spec *p, const uint8_t *frame, size_t len, size_t l2)
{
	size_t header = l2 + WIRE_IPV4_HEADER, body = len - header, piece = (size_t)p->split & ~7u;
	size_t count = (body + piece - 1) / piece;

	for (size_t i = 0; i < count; i++) {
		size_t k = p->reversed ? count - 1 - i : i, at = k * piece, n = MIN(piece, body - at);
		uint8_t b[RIG_ROOM];

		if (p->gap && k == 0)
			continue;
		if (p->overlap && k == 1) {
			at -= 8;
			n += 8;
		}
		memcpy(b, frame, header);
		memcpy(b + header, frame + header + at, n);
		store_be16(b + l2 + 2, (uint16_t)(WIRE_IPV4_HEADER + n));
		store_be16(b + l2 + 6, (uint16_t)(at / 8 | (at + n < body ? 0x2000 : 0)));
		store_be16(b + l2 + 4, 0x77);
		sum_ip(b + l2);
		rig_input(&c->rig, b, (uint32_t)(header + n));
	}
}

static void
send_arp(struct conv *c, const struct spec *p)
{
	uint8_t b[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	size_t at = 12;

	memcpy(b + 6, rig_router, 6);
	for (int i = 0; i < c->nvlan; i++, at += 4) {
		store_be16(b + at, ETHERTYPE_VLAN1);
		store_be16(b + at + 2, c->vlan[i]);
	}
	store_be16(b + at, ETHERTYPE_ARP4);
	memcpy(b + at + 2, "\0\1\10\0\6\4\0\1", 8);
	memcpy(b + at + 10, rig_router, 6);
	store_be32(b + at + 16, 0xc0000201);
	store_be32(b + at + 26, p->arp_target);
	rig_input(&c->rig, b, sizeof b);
}

/* The IP header and 8 bytes of a segment of ours, as a router would quote them. */
static size_t
write_quote(const struct conv *c, const struct spec *p, uint8_t *to)
{
	memset(to, 0, 28);
	to[0] = 0x45;
	to[9] = PROTO_TCP;
	store_be32(to + 12, c->own);
	store_be32(to + 16, c->client);
	store_be16(to + 20, c->own_port);
	store_be16(to + 22, p->port);
	store_be32(to + 24, p->quote_seq);
	return 28;
}

static int
do_send(struct conv *c)
{
	static struct spec p;
	static uint8_t frame[PAYLOAD + 100];
	size_t at, len, l2;

	if (c->rig.nout > 0)
		return fail(c, "something was sent that no line expects");
	if (read_spec(c, &p, false) < 0)
		return -1;
	if (p.arp) {
		send_arp(c, &p);
		return 0;
	}
	p.o.src = addr_v4(p.src);
	p.o.dst = addr_v4(p.dst);
	p.o.sport = p.port;
	p.o.dport = c->own_port;
	p.o.ttl = (uint8_t)p.ttl;
	p.o.nvlan = c->nvlan;
	memcpy(p.o.vlan, c->vlan, sizeof c->vlan);
	memcpy(p.o.smac, rig_router, 6);
	memcpy(p.o.dmac, rig_mac, 6);
	if (p.foreign)
		p.o.dmac[5] = 99;
	if (p.o.proto == PROTO_TCP && !p.has_seq)
		p.o.seq = conn_of(c, p.port)->isn;
	if (p.noptions > 0) {
		while (p.noptions % 4 != 0)
			p.options[p.noptions++] = 0;
		p.o.options = p.options;
		p.o.noptions = (uint8_t)p.noptions;
	}
	if (p.o.proto == PROTO_ICMP && p.o.icmp_type == 3 && !p.has_payload)
		p.n = write_quote(c, &p, p.payload);
	at = wire_header_bytes(&p.o);
	memcpy(frame + at, p.payload, p.n);
	len = wire_build(&p.o, frame, sizeof frame, p.n);
	if (len == 0)
		return fail(c, "this packet cannot be built");
	l2 = WIRE_ETHER_HEADER + 4u * c->nvlan;
	if (p.ip_options) {		/* four no-operations */
		memmove(frame + l2 + 24, frame + l2 + 20, len - l2 - 20);
		memset(frame + l2 + 20, 1, 4);
		frame[l2] = 0x46;
		store_be16(frame + l2 + 2, (uint16_t)(len - l2 + 4));
		sum_ip(frame + l2);
		len += 4;
	}
	if (p.offset > 0)
		frame[l2 + WIRE_IPV4_HEADER + 12] = (uint8_t)((p.offset - 1) << 4);
	if (p.bad_sum)
		frame[len - 1] ^= 1;
	if (p.bad_ip_sum)
		frame[l2 + 10] ^= 1;
	if (p.no_sum)
		memset(frame + l2 + WIRE_IPV4_HEADER + 6, 0, 2);
	memset(frame + len, 0, (size_t)p.pad);
	len += (size_t)p.pad - (size_t)p.cut;
	if (p.split > 0)
		send_fragments(c, &p, frame, len, l2);
	else
		rig_input(&c->rig, frame, (uint32_t)len);
	stack_check(c->rig.s);
	return 0;
}

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
	struct conn *k = conn_of(c, p->port);
	char want[9], got[9];
	uint32_t end = w->tcp.seq + (uint32_t)w->payload.n + !!(w->tcp.flags & TCP_SYN) +
	    !!(w->tcp.flags & TCP_FIN);

	flags_text(p->o.tcp_flags, want);
	flags_text(w->tcp.flags, got);
	if ((w->tcp.flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
		k->their_isn = w->tcp.seq;
	if (w->tcp.flags != p->o.tcp_flags)
		return fail(c, "flags %s, expected %s (seq %u ack %u, %zu bytes)", got, want,
		    w->tcp.seq - k->their_isn, w->tcp.ack - k->isn, w->payload.n);
	if (p->has_seq && w->tcp.seq != p->o.seq && !(w->tcp.flags & TCP_SYN))
		return fail(c, "seq %u, expected %u", w->tcp.seq - k->their_isn, p->o.seq - k->their_isn);
	if (p->has_ack && w->tcp.ack != p->o.ack)
		return fail(c, "ack %u, expected %u", w->tcp.ack - k->isn, p->o.ack - k->isn);
	if (p->has_win && w->tcp.win != p->o.win)
		return fail(c, "win %u, expected %u", w->tcp.win, p->o.win);
	if (!payload_fits(p, w->payload))
		return fail(c, "payload of %zu bytes \"%.*s\"", w->payload.n,
		    (int)MIN(w->payload.n, 200), (const char *)w->payload.p);
	if (p->noptions >= 0) {
		bool same = w->tcp.options.n == (size_t)p->noptions;

		for (int i = 0; same && i < p->noptions; i++)
			same = ((w->tcp.options.p[i] ^ p->options[i]) & p->mask[i]) == 0;
		if (!same)
			return fail(c, "other options: %zu bytes, expected %d", w->tcp.options.n,
			    p->noptions);
	}
	if (p->name[0] != '\0')
		save(c, p->name, strcmp(p->name, "ts") == 0 ? w->tcp.ts_val : end - k->their_isn, w->ip_id);
	return 0;
}

static int
compare(struct conv *c, const struct spec *p, const struct rig_frame *f)
{
	struct wire w;
	enum wire_fault fault = wire_parse(&w, WIRE_ETHER, span_of(f->bytes, f->len), WIRE_CHECK_SUMS);

	if (fault != WIRE_OK)
		return fail(c, "we sent a frame with a fault: %s", wire_fault_name(fault));
	if (w.nvlan != c->nvlan || (w.nvlan > 0 && w.vlan[0] != c->vlan[0]) ||
	    (w.nvlan > 1 && w.vlan[1] != c->vlan[1]))
		return fail(c, "other VLAN tags");
	if (memcmp(w.dmac, rig_router, 6) != 0 || memcmp(w.smac, rig_mac, 6) != 0)
		return fail(c, "other MAC addresses");
	if (p->arp)
		return w.ethertype == ETHERTYPE_ARP4 && w.arp_op == 2 && w.arp_spa == p->arp_target ? 0 :
		    fail(c, "no such ARP reply");
	if (w.ethertype != ETHERTYPE_IP4 || w.proto != p->o.proto)
		return fail(c, "another protocol: %u", w.proto);
	if (addr_to_v4(&w.src) != p->dst || addr_to_v4(&w.dst) != p->src || w.ttl != 64)
		return fail(c, "other addresses, or TTL %u", w.ttl);
	if (w.proto == PROTO_ICMP) {
		if (w.icmp_type != p->o.icmp_type || w.icmp_code != p->o.icmp_code)
			return fail(c, "ICMP type %u code %u", w.icmp_type, w.icmp_code);
		if (p->has_id && p->o.icmp_rest != ((uint32_t)w.icmp_id << 16 | w.icmp_seq))
			return fail(c, "other id or number");
		if (p->has_size && !payload_fits(p, w.payload))
			return fail(c, "other echo data, %zu bytes", w.payload.n);
		return 0;
	}
	if (w.dport != p->port || w.sport != c->own_port)
		return fail(c, "ports %u -> %u", w.sport, w.dport);
	if (w.proto == PROTO_TCP)
		return compare_tcp(c, p, &w);
	return payload_fits(p, w.payload) ? 0 :
	    fail(c, "datagram of %zu bytes \"%.*s\"", w.payload.n, (int)MIN(w.payload.n, 200),
	    (const char *)w.payload.p);
}

static int
do_expect(struct conv *c, uint64_t after_ns, uint64_t from_ns)
{
	static struct spec p;
	static struct rig_frame f;
	uint64_t slack = after_ns / 10 + SLACK_MS * 1000000ull, late;

	if (read_spec(c, &p, true) < 0)
		return -1;
	if (after_ns > 0 && c->rig.nout == 0)
		rig_wait(&c->rig, after_ns + slack, true);
	if (!rig_take(&c->rig, &f))
		return fail(c, "nothing was sent");
	late = f.at_ns - from_ns;
	if (late + slack < after_ns || late > after_ns + slack)
		return fail(c, "sent after %llu ms, expected %llu", (unsigned long long)(late / 1000000),
		    (unsigned long long)(after_ns / 1000000));
	stack_check(c->rig.s);
	return compare(c, &p, &f);
}

static uint64_t
duration(struct conv *c, const char *s)
{
	char *end;
	double v = strtod(s + 1, &end);

	if (*s != '+')
		fail(c, "a line begins with +time, set or end, not %s", s);
	if (strcmp(end, "ms") == 0)
		return (uint64_t)(v * 1e6);
	if (strcmp(end, "s") == 0)
		return (uint64_t)(v * 1e9);
	if (strcmp(end, "m") == 0)
		return (uint64_t)(v * 60e9);
	return (uint64_t)v;
}

static int
do_set(struct conv *c)
{
	while (c->at < c->nwords && !c->failed) {
		const char *w = next(c);

		if (strcmp(w, "persona") == 0) {
			c->rig.range->persona = persona_find(next(c));
			if (c->rig.range->persona == NULL)
				return fail(c, "no such persona");
		} else if (strcmp(w, "model") == 0) {
			c->slot = rig_model(&c->rig, next(c));
		} else if (strcmp(w, "clock") == 0) {
			c->rig.start_ns += number(c) * 1000000000ull;
		} else if (strcmp(w, "action") == 0) {
			const char *a = next(c);
			static const char *const names[] = { "silent", "drop", "reset", "handshake", "answer" };
			unsigned i = 0;

			while (i < ARRAY_LEN(names) && strcmp(names[i], a) != 0)
				i++;
			if (i == ARRAY_LEN(names))
				return fail(c, "no such action");
			rig_service(&c->rig, c->proto, c->own_port, i, 0);
			c->slot = 0;
			c->proto = 0;		/* said by hand */
		} else if (strcmp(w, "others") == 0) {
			bool silent = strcmp(next(c), "silent") == 0;

			c->rig.range->other_tcp.action = silent ? ACTION_SILENT : ACTION_RESET;
		} else if (strcmp(w, "own-port") == 0) {
			c->own_port = (uint16_t)number(c);
		} else if (strcmp(w, "udp") == 0) {
			c->proto = PROTO_UDP;
		} else if (strcmp(w, "isn") == 0) {
			c->isn = number(c);
		} else if (strcmp(w, "ratio") == 0) {
			c->rig.c.udp_ratio = number(c);
		} else if (strcmp(w, "lifetime") == 0) {
			c->rig.c.lifetime_ms = number(c) * 1000;
		} else if (strcmp(w, "idle") == 0) {
			c->rig.c.idle_tcp_ms = number(c) * 1000;
		} else if (strcmp(w, "flows") == 0) {
			c->rig.c.flows = number(c);
		} else if (strcmp(w, "syn-acks") == 0) {
			c->rig.c.syn_ack_per_prefix = number(c);
		} else if (strcmp(w, "on-link") == 0) {
			c->rig.range->on_link = true;
		} else if (strcmp(w, "no-ping") == 0) {
			c->rig.range->ping = false;
		} else if (strcmp(w, "no-room") == 0) {
			c->rig.no_room = true;
		} else if (strcmp(w, "vlan") == 0) {
			if (c->nvlan < 2)
				c->vlan[c->nvlan++] = (uint16_t)number(c);
		} else {
			return fail(c, "no setting is called %s", w);
		}
	}
	return c->failed ? -1 : 0;
}

static void
start(struct conv *c)
{
	if (c->started)
		return;
	c->started = true;
	if (c->slot != 0)
		rig_service(&c->rig, c->proto == 0 ? PROTO_TCP : c->proto, c->own_port, ACTION_ANSWER,
		    c->slot);
	rig_start(&c->rig);
}

static int
check_records(struct conv *c, const char *wanted)
{
	static const char *const ends[RECORD_ENDS] = { "closed", "peer-reset", "our-reset", "idle",
		"lifetime", "evicted", "given-up", "shutdown" };
	char got[256] = "";

	for (unsigned i = 0; i < c->rig.nrecords; i++) {
		const struct record *r = &c->rig.record[i];

		if (r->kind != RECORD_FLOW)
			continue;
		snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", got[0] ? "," : "", ends[r->end]);
	}
	return strcmp(got, wanted) == 0 ? 0 : fail(c, "records %s, expected %s", got, wanted);
}

static int
check_drop(struct conv *c, const char *name)
{
	uint64_t n = number(c);

	for (int i = 0; i < DROP_N; i++) {
		if (strcmp(drop_name(i), name) == 0)
			return stack_counters(c->rig.s)->drop[i] == n ? 0 : fail(c,
			    "%s dropped %llu times, expected %llu", name,
			    (unsigned long long)stack_counters(c->rig.s)->drop[i], (unsigned long long)n);
	}
	return fail(c, "no drop is called %s", name);
}

static int
do_end(struct conv *c)
{
	const struct counters *n = stack_counters(c->rig.s);

	if (c->rig.nout > 0)
		return fail(c, "something was sent that no line expects");
	while (c->at < c->nwords && !c->failed) {
		const char *w = next(c);

		if (strcmp(w, "flows") == 0) {
			uint32_t want = number(c);

			if (stack_flows(c->rig.s) != want)
				return fail(c, "%u flows, expected %u", stack_flows(c->rig.s), want);
		} else if (strcmp(w, "buffers") == 0) {
			next(c);
			if (c->rig.frames != 0)
				return fail(c, "%d frames did not come back", c->rig.frames);
			if (stack_flows(c->rig.s) == 0 && (c->rig.s->talks.talk.used != 0 ||
			    c->rig.s->talks.cell.used != 0 || c->rig.s->talks.arena.used != 0))
				return fail(c, "slabs are in use without a flow");
		} else if (strcmp(w, "records") == 0) {
			if (check_records(c, next(c)) < 0)
				return -1;
		} else if (strcmp(w, "drop") == 0) {
			if (check_drop(c, next(c)) < 0)
				return -1;
		} else if (strcmp(w, "retransmits") == 0) {
			uint32_t want = number(c);

			if (n->retransmits != want)
				return fail(c, "%llu retransmits", (unsigned long long)n->retransmits);
		} else if (strcmp(w, "turns") == 0) {
			uint32_t want = number(c);

			if (n->turns != want)
				return fail(c, "%llu turns", (unsigned long long)n->turns);
		} else if (strcmp(w, "scans") == 0) {
			uint32_t want = number(c), got = 0;

			for (unsigned i = 0; i < c->rig.nrecords; i++)
				got += c->rig.record[i].kind == RECORD_SCAN;
			if (got != want)
				return fail(c, "%u scan records", got);
		} else {
			return fail(c, "cannot check %s", w);
		}
	}
	return c->failed ? -1 : 0;
}

static int
do_line(struct conv *c, const char *text, uint64_t *last_ns)
{
	const char *w;
	uint64_t after;

	split(c, text);
	if (c->nwords == 0)
		return 0;
	w = next(c);
	if (strcmp(w, "set") == 0)
		return do_set(c);
	start(c);
	if (*last_ns == 0)
		*last_ns = c->rig.now_ns;
	if (strcmp(w, "end") == 0)
		return do_end(c);
	if (strcmp(w, "shutdown") == 0) {
		stack_shutdown(c->rig.s, c->rig.set, c->rig.start_wall_ms);
		return 0;
	}
	after = duration(c, w);
	if (c->failed)
		return -1;
	if (accept(c, "<")) {
		int err = do_expect(c, after, *last_ns);

		*last_ns = c->rig.now_ns;
		return err;
	}
	if (c->rig.nout > 0)
		return fail(c, "something was sent that no line expects");
	if (after > 0)
		rig_wait(&c->rig, after, false);
	*last_ns = c->rig.now_ns;
	if (accept(c, ">"))
		return do_send(c);
	if (accept(c, "quiet"))
		return c->rig.nout == 0 ? 0 : fail(c, "something was sent");
	return fail(c, "expected > < or quiet, not %s", peek(c));
}

int
conv_run(const char *path, char *why, size_t room)
{
	static struct conv c;
	FILE *f = fopen(path, "r");
	char text[4096];
	uint64_t last_ns = 0;
	int err = 0;

	if (f == NULL) {
		snprintf(why, room, "%s: %s", path, strerror(errno));
		return -1;
	}
	c = (struct conv){ .path = path, .why = why, .room = room, .isn = 1000, .own = RIG_OWN,
		.client = RIG_CLIENT, .own_port = 21, .client_port = 40000, .proto = PROTO_TCP };
	rig_init(&c.rig);
	while (err == 0 && fgets(text, sizeof text, f) != NULL) {
		c.line++;
		err = do_line(&c, text, &last_ns);
	}
	fclose(f);
	rig_fini(&c.rig);
	return err;
}
