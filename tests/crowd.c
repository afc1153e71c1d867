#include "tests/crowd.h"

#include <stdio.h>
#include <string.h>

#include "dataplane/persona.h"
#include "tests/model_of.h"

enum { FIRST_PORT = 1024, FRAME = 2048, PING_BYTES = 56 };
enum { NET = 0xc6130000, CLIENTS = 0x0a000000 };

static const char head[] =
    "mynah-model 1\n"
    "service \"%s\" %s\n"
    "channel plain\n"
    "learner \"hand\" order 1 seed 1\n"
    "separators \"\\t\\n\\r \"\n"
    "start 0\n"
    "eom 0 %s error 0x0p+0\n"
    "template 0 support 5 from hand\n"
    "  match \"FETCH \" tok \" \" line \"\\r\\n\"\n"
    "  field 0 1 1\n"
    "template 1 support 4 from hand\n"
    "  match \"LIST \" line \"\\r\\n\"\n"
    "template 2 support 3 from hand\n"
    "  match \"USER \" tok \"\\r\\n\"\n"
    "template 3 support 2 from hand\n"
    "  match \"PASS \" line \"\\r\\n\"\n"
    "template 4 support 1 from hand\n"
    "  match \"QUIT\\r\\n\"\n"
    "reply 0 support 5 from hand\n"
    "  say \"%03u \" field 0 \" %s\\r\\n\"\n"
    "reply 1 support 5 from hand\n"
    "  say \"220 %s\\r\\n\"\n"
    "reply 2 support 5 from hand\n"
    "  say \"500 what\\r\\n\"\n";

static const char states_first[] =
    "state 0 eom 0 support 5 \"start\"\n"
    "  on connect\n"
    "    alt weight 1 say 1 goto 1 from hand\n"
    "state 1 eom 0 support 5 \"talks\"\n"
    "  on message 0\n"
    "    alt weight 1 say 0 goto 1 from hand\n"
    "  on other\n"
    "    alt weight 1 say 2 goto 1 from hand\n";

static const char states_listen[] =
    "state 0 eom 0 support 5 \"talks\"\n"
    "  on message 0\n"
    "    alt weight 1 say 0 goto 0 from hand\n"
    "  on other\n"
    "    alt weight 1 say 2 goto 0 from hand\n";

/* "200 ", the 20 bytes of the token, a space, filling, CR LF: CROWD_ANSWER bytes. */
static struct model *
build(const char *name, const char *proto, unsigned code, const char *states)
{
	char text[4096], answer[CROWD_ANSWER], banner[CROWD_BANNER];
	size_t at;

	memset(answer, 'a', sizeof answer);
	answer[CROWD_ANSWER - 4 - 20 - 1 - 2] = '\0';
	memset(banner, 'b', sizeof banner);
	banner[CROWD_BANNER - 4 - 2] = '\0';
	at = (size_t)snprintf(text, sizeof text, head, name, proto,
	    proto[0] == 'u' ? "datagram" : "term \"\\r\\n\"", code, answer, banner);
	snprintf(text + at, sizeof text - at, "%s", states);
	return model_of(text);
}

struct model *
crowd_model(unsigned version)
{
	return build("ftp", "tcp", 200 + version % 100, states_first);
}

struct set *
crowd_set(void)
{
	struct set *s = set_create(NULL);
	struct addr net = addr_v4(NET);
	struct range *r = set_add_range(s, &net, 112);

	r->profile[0]->ping = true;
	r->profile[0]->tcp[CROWD_FTP] = (struct target){ ACTION_ANSWER, (uint8_t)set_add(s, "ftp", crowd_model(0)) };
	r->profile[0]->tcp[CROWD_WEB] = (struct target){ ACTION_ANSWER,
		(uint8_t)set_add(s, "web", build("web", "tcp", 200, states_listen)) };
	r->profile[0]->udp[CROWD_DNS] = (struct target){ ACTION_ANSWER,
		(uint8_t)set_add(s, "dns", build("dns", "udp", 200, states_listen)) };
	return s;
}

uint32_t
crowd_isn(uint32_t number)
{
	return number * 0x9e3779b1u + 12345;
}

/* Odd factors make it one to one over 24 bits; the rest of the number is in the port. */
static struct addr
peer_of(uint32_t number)
{
	return addr_v4(CLIENTS | (number * 0x9e3779b1u & 0xffffff));
}

struct addr
crowd_own(uint32_t number)
{
	return addr_v4(NET | (number * 0x85ebca6bu >> 16));
}

uint16_t
crowd_port(uint32_t number)
{
	return (uint16_t)(FIRST_PORT + (number >> 24) * 32 + number % 32);
}

static struct wire_out
frame_of(const struct crowd *w, uint32_t number, uint8_t proto)
{
	struct wire_out o = { .src = peer_of(number), .dst = crowd_own(number), .proto = proto, .ttl = 60,
		.df = true, .ip_id = (uint16_t)number };

	memcpy(o.smac, w->mac, 6);
	memcpy(o.dmac, w->sensor_mac, 6);
	return o;
}

static void
put32(uint8_t *to, uint32_t v)
{
	to[0] = (uint8_t)(v >> 24);
	to[1] = (uint8_t)(v >> 16);
	to[2] = (uint8_t)(v >> 8);
	to[3] = (uint8_t)v;
}

static struct wire_out
tcp_of(const struct crowd *w, const struct client *c)
{
	struct wire_out o = frame_of(w, c->number, PROTO_TCP);

	o.sport = crowd_port(c->number);
	o.dport = c->port;
	o.seq = c->seq;
	o.ack = c->ack;
	return o;
}

size_t
crowd_syn(const struct crowd *w, uint8_t *to, const struct client *c)
{
	uint8_t options[20] = { 2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7 };
	struct wire_out o = tcp_of(w, c);

	put32(options + 8, c->number + 1);
	o.ack = 0;
	o.tcp_flags = TCP_SYN;
	o.win = 64240;
	o.options = options;
	o.noptions = sizeof options;
	return wire_build(&o, to, FRAME, 0);
}

size_t
crowd_segment(const struct crowd *w, uint8_t *to, const struct client *c, uint8_t flags, struct span payload)
{
	uint8_t options[12] = { 1, 1, 8, 10 };
	struct wire_out o = tcp_of(w, c);

	put32(options + 4, c->number + 1);
	put32(options + 8, c->ts_echo);
	o.tcp_flags = flags;
	o.win = 502;
	o.options = options;
	o.noptions = sizeof options;
	if (payload.n > 0)
		memcpy(to + wire_header_bytes(&o), payload.p, payload.n);
	return wire_build(&o, to, FRAME, payload.n);
}

struct span
crowd_request(uint32_t number)
{
	static _Thread_local char line[CROWD_REQUEST + 1];

	snprintf(line, sizeof line, "FETCH archive-%012u from-the-attic-with-all-its-lot\r\n", number);
	return span_of(line, CROWD_REQUEST);
}

size_t
crowd_datagram(const struct crowd *w, uint8_t *to, uint32_t number)
{
	struct wire_out o = frame_of(w, number, PROTO_UDP);

	o.sport = crowd_port(number);
	o.dport = CROWD_DNS;
	memcpy(to + wire_header_bytes(&o), crowd_request(number).p, CROWD_REQUEST);
	return wire_build(&o, to, FRAME, CROWD_REQUEST);
}

size_t
crowd_ping(const struct crowd *w, uint8_t *to, uint32_t number)
{
	struct wire_out o = frame_of(w, number, PROTO_ICMP);

	o.icmp_type = 8;
	o.icmp_rest = number;
	memset(to + wire_header_bytes(&o), 'x', PING_BYTES);
	return wire_build(&o, to, FRAME, PING_BYTES);
}

bool
crowd_hears(struct client *c, const struct wire *w)
{
	struct addr own = crowd_own(c->number), peer = peer_of(c->number);

	if (w->proto != PROTO_TCP || !addr_eq(&w->src, &own) || !addr_eq(&w->dst, &peer) ||
	    w->dport != crowd_port(c->number) || w->sport != c->port || w->tcp.ack != c->seq)
		return false;
	if (w->tcp.flags & TCP_SYN)
		c->ack = w->tcp.seq;
	else if (w->tcp.seq != c->ack)
		return false;
	c->ack += (uint32_t)w->payload.n + !!(w->tcp.flags & (TCP_SYN | TCP_FIN));
	c->ts_echo = w->tcp.ts_val;
	return w->tcp.has_ts;
}
