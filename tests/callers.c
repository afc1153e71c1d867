#include "tests/callers.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/model_of.h"

enum { PORT = 21, FIRST_PORT = 1024, CLIENTS = 200, ROUND_MS = 100, WAIT_MS = 10, LIFE_ROUNDS = 90,
	LONG_LIFE_ROUNDS = 400, SAY_ROOM = 1 << 13, TEXT_ROOM = 1 << 16 };
#define CLIENT_NET 0xcb007100u	/* 203.0.113.0/24 */

enum what { NOTHING, BANNER, NEXT, NAME, WHO, LONG, ODD, QUIT };

struct caller {
	uint32_t number;		/* of the conversation, modulo n the caller's own */
	enum { AWAY, CALLING, TALKING, LEAVING } state;
	uint32_t seq, ack;		/* next of ours, next of theirs */
	uint32_t heard;			/* bytes of the answer */
	uint16_t version;
	uint16_t name;			/* 0: none given */
	uint8_t at, was_at;		/* position in the model's circle now, and when it was asked */
	uint8_t asked;			/* enum what: the answer is not heard whole yet */
	uint8_t losses;			/* frames that will not arrive */
	bool missed;			/* one has not */
	bool fin, our_fin;		/* they, we are done */
	unsigned called_under;		/* on air at its SYN */
	uint64_t leaves;		/* round */
};

static void
fail(struct callers *c, const struct caller *who, const char *fmt, ...)
{
	va_list args;
	int n;

	if (c->fault[0] != '\0')
		return;
	n = snprintf(c->fault, sizeof c->fault, "round %llu, conversation %u, version %u: ",
	    (unsigned long long)c->round, who->number, who->version);
	va_start(args, fmt);
	vsnprintf(c->fault + n, sizeof c->fault - (size_t)n, fmt, args);
	va_end(args);
}

static uint32_t
draw(struct callers *c, uint32_t n)
{
	c->random ^= c->random << 13;
	c->random ^= c->random >> 7;
	c->random ^= c->random << 17;
	return (uint32_t)((c->random >> 16) % n);
}

/* ---- the models, and what they must say ---- */

static unsigned
circle(unsigned version)
{
	return 3 + version % 5;
}

static unsigned
long_lines(unsigned version)
{
	return 20 + version % 23;
}

/* What version says, as bytes, or (name NULL) as the ops of a reply: the two differ where a name is put in. */
static size_t
put_answer(char *to, size_t room, unsigned version, enum what what, unsigned at, const char *name)
{
	const char *end = name != NULL ? "\r\n" : "\\r\\n", *open = name != NULL ? "" : "\" field 0 \"";
	size_t n = 0;

	if (name == NULL)
		name = "";
	switch (what) {
	case BANNER:
		return (size_t)snprintf(to, room, "220 voice %u %.*s%s", version, (int)(version % 37),
		    "abcdefghijklmnopqrstuvwxyz0123456789!", end);
	case NEXT:
		return (size_t)snprintf(to, room, "%u at %u of %u%s", version, at, circle(version), end);
	case NAME:
		return (size_t)snprintf(to, room, "%u welcomes %s%s%s", version, open, name, end);
	case WHO:
		return (size_t)snprintf(to, room, "so %s%s is known to %u%s", open, name, version, end);
	case LONG:
		for (unsigned i = 0; i < long_lines(version); i++)
			n += (size_t)snprintf(to + n, room - n, "%u line %u %0*u%s", version, i, 60 + (int)(version % 41), i,
			    end);
		return n;
	case ODD:
		return (size_t)snprintf(to, room, "%u does not know that%s", version, end);
	case QUIT:
		return (size_t)snprintf(to, room, "%u says goodbye%s", version, end);
	case NOTHING:
		break;
	}
	return 0;
}

static const char *const words[] = { [NEXT] = "NEXT\r\n", [WHO] = "WHO\r\n", [LONG] = "LONG\r\n",
	[ODD] = "ODD?\r\n", [QUIT] = "QUIT\r\n" };

struct writer {
	char *to;
	size_t n;
};

static void
put(struct writer *w, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	w->n += (size_t)vsnprintf(w->to + w->n, TEXT_ROOM - w->n, fmt, args);
	va_end(args);
	if (w->n >= TEXT_ROOM)
		abort();
}

static void
put_reply(struct writer *w, unsigned number, unsigned version, enum what what, unsigned at)
{
	char answer[SAY_ROOM];

	put_answer(answer, sizeof answer, version, what, at, NULL);
	put(w, "reply %u support 1 from hand\n  say \"%s\"\n", number, answer);
}

static void
put_text(char to[TEXT_ROOM], unsigned version)
{
	static const char *const match[] = { "\"NEXT\\r\\n\"", "\"NAME \" tok \"\\r\\n\"\n  field 0 1 1",
		"\"WHO\\r\\n\"", "\"LONG\\r\\n\"", "\"QUIT\\r\\n\"" };
	static const enum what fixed[] = { BANNER, NAME, WHO, LONG, QUIT, ODD };
	unsigned n = circle(version);
	struct writer w = { to, 0 };

	put(&w, "mynah-model 1\nservice \"voice-%u\" tcp\nchannel plain\nlearner \"hand\" order 1 seed 1\n"
	    "separators \"\\t\\n\\r \"\nstart 0\neom 0 term \"\\r\\n\" error 0x0p+0\n", version);
	for (unsigned i = 0; i < ARRAY_LEN(match); i++)
		put(&w, "template %u support 1 from hand\n  match %s\n", i, match[i]);
	for (unsigned i = 0; i < ARRAY_LEN(fixed); i++)
		put_reply(&w, i, version, fixed[i], 0);
	for (unsigned i = 0; i < n; i++)
		put_reply(&w, (unsigned)ARRAY_LEN(fixed) + i, version, NEXT, i);
	put(&w, "state 0 eom 0 support 1 \"start\"\n  on connect\n    alt weight 1 say 0 goto 1 from hand\n");
	for (unsigned i = 0; i < n; i++) {
		put(&w, "state %u eom 0 support 1 \"at %u\"\n  on message 0\n    alt weight 1 say %u goto %u from hand\n",
		    i + 1, i, (unsigned)ARRAY_LEN(fixed) + i, (i + 1) % n + 1);
		for (unsigned k = 1; k < ARRAY_LEN(match); k++)
			put(&w, "  on message %u\n    alt weight 1 say %u goto %u from hand%s\n", k, k, i + 1,
			    fixed[k] == QUIT ? " close" : "");
		put(&w, "  on other\n    alt weight 1 say %u goto %u from hand\n", (unsigned)ARRAY_LEN(fixed) - 1, i + 1);
	}
}

void
callers_write(const char *path, unsigned version)
{
	char text[TEXT_ROOM];
	struct text t;
	struct span image;
	FILE *f = fopen(path, "w");

	put_text(text, version);
	t = text_of(text);
	image = image_of(&t);
	if (f == NULL || fwrite(image.p, 1, image.n, f) != image.n || fclose(f) != 0)
		abort();
	free((void *)image.p);
	text_fini(&t);
}

static size_t
expected(char to[SAY_ROOM], const struct caller *who)
{
	char name[16] = "";

	if (who->name != 0)
		snprintf(name, sizeof name, "n%u", who->name);
	return put_answer(to, SAY_ROOM, who->version, who->asked, who->was_at, name);
}

unsigned
callers_on_air(const struct set *set)
{
	static const struct addr own = { { [10] = 0xff, 0xff, 198, 19, 0, 1 } };
	struct target t = set_lookup(set_profile(set_range(set, &own), &own), MODEL_TCP, PORT);
	struct span name = model_name(set->slot[t.slot]);
	unsigned version;
	char text[64];

	snprintf(text, sizeof text, "%.*s", (int)MIN(name.n, sizeof text - 1), (const char *)name.p);
	if (sscanf(text, "voice-%u", &version) != 1)
		abort();
	return version;
}

/* ---- the callers ---- */

static uint32_t
client_of(uint32_t number)
{
	return CLIENT_NET + 1 + number % CLIENTS;
}

static uint16_t
port_of(uint32_t number)
{
	return (uint16_t)(FIRST_PORT + number / CLIENTS);
}

static uint32_t
own_of(const struct callers *c, uint32_t number)
{
	return RIG_OWN + number % c->n % 60000;
}

static void
transmit(struct callers *c, struct caller *who, uint8_t flags, const char *payload, size_t n)
{
	static const uint8_t mss[4] = { 2, 4, 5, 0xb4 };
	uint8_t frame[256];
	struct wire_out o = { .src = addr_v4(client_of(who->number)), .dst = addr_v4(own_of(c, who->number)),
		.proto = PROTO_TCP, .ttl = 64, .sport = port_of(who->number), .dport = PORT, .seq = who->seq,
		.ack = flags & TCP_ACK ? who->ack + who->heard : 0, .tcp_flags = flags, .win = 65535 };
	size_t len;

	memcpy(o.smac, rig_router, sizeof o.smac);
	memcpy(o.dmac, rig_mac, sizeof o.dmac);
	if (flags & TCP_SYN) {
		o.options = mss;
		o.noptions = sizeof mss;
	}
	memcpy(frame + wire_header_bytes(&o), payload, n);
	len = wire_build(&o, frame, sizeof frame, n);
	who->seq += (uint32_t)n + !!(flags & (TCP_SYN | TCP_FIN));
	rig_input(c->r, frame, (uint32_t)len);
}

static void
await(struct callers *c, struct caller *who, enum what what)
{
	who->asked = (uint8_t)what;
	who->was_at = who->at;
	who->heard = 0;
	who->missed = false;
	who->losses = draw(c, 5) == 0 ? (uint8_t)(1 + draw(c, 2)) : 0;
}

static void
be_gone(struct callers *c, struct caller *who)
{
	c->per_version[who->version]--;
	c->open -= who->state == TALKING;
	who->state = AWAY;
	who->asked = NOTHING;
}

static struct caller *
caller_of(struct callers *c, const struct wire *w)
{
	uint32_t host = addr_to_v4(&w->dst) - CLIENT_NET - 1;
	uint32_t number = (uint32_t)(w->dport - FIRST_PORT) * CLIENTS + host;
	struct caller *who = &c->caller[number % c->n];

	return host < CLIENTS && who->number == number ? who : NULL;
}

/* Bytes of an answer: right ones, of the version this conversation began with. */
static void
hear(struct callers *c, struct caller *who, const struct wire *w, unsigned on_air)
{
	char say[SAY_ROOM];
	size_t n = expected(say, who);
	uint32_t from = w->tcp.seq - who->ack;

	if (from >= n || w->payload.n > n - from) {
		fail(c, who, "bytes %u to %zu of an answer of %zu bytes", from, from + w->payload.n, n);
		return;
	}
	if (memcmp(w->payload.p, say + from, w->payload.n) != 0) {
		fail(c, who, "\"%.*s\" instead of \"%.60s\"", (int)MIN(w->payload.n, 60), (const char *)w->payload.p,
		    say + from);
		return;
	}
	if (who->missed) {
		c->again++;
		c->again_off_air += who->version != on_air;
	}
	if (who->losses > 0) {
		who->losses--;
		who->missed = true;
		c->lost++;
		return;
	}
	if (from > who->heard)
		return;			/* what was lost comes again */
	who->heard = (uint32_t)MAX(who->heard, from + w->payload.n);
	if (who->heard == n) {
		who->ack += who->heard;
		who->heard = 0;
		who->asked = NOTHING;
		c->answers++;
	}
	transmit(c, who, TCP_ACK, "", 0);
}

static void
take(struct callers *c, const struct rig_frame *f, unsigned on_air)
{
	struct caller *who;
	struct wire w;

	if (wire_parse(&w, WIRE_ETHER, span_of(f->bytes, f->len), WIRE_CHECK_SUMS) != WIRE_OK ||
	    w.proto != PROTO_TCP || (who = caller_of(c, &w)) == NULL) {
		fail(c, &c->caller[0], "a frame for nobody");
		return;
	}
	if (w.tcp.flags & TCP_RST) {
		fail(c, who, "reset");
		return;
	}
	if (w.tcp.flags & TCP_SYN) {
		if (who->state == CALLING)
			who->ack = w.tcp.seq + 1;
		return;
	}
	if (who->state != TALKING && who->state != LEAVING)
		return;
	if (w.payload.n > 0 && who->asked == NOTHING && (int32_t)(w.tcp.seq + w.payload.n - who->ack) > 0)
		fail(c, who, "%zu bytes that nobody asked for", w.payload.n);
	else if (w.payload.n > 0 && (int32_t)(w.tcp.seq - who->ack) >= 0)
		hear(c, who, &w, on_air);
	if (w.tcp.flags & TCP_FIN && who->asked == NOTHING &&
	    w.tcp.seq + (uint32_t)w.payload.n == who->ack && !who->fin) {
		if (who->state == TALKING)
			fail(c, who, "hung up");
		who->fin = true;
		who->ack++;
		transmit(c, who, TCP_ACK, "", 0);
	}
}

/* What the stack sent, until it has nothing more to say to that. */
static void
listen(struct callers *c, unsigned on_air)
{
	struct rig *r = c->r;

	for (unsigned i = 0; i < r->nout; i++)
		take(c, &r->out[i], on_air);
	r->nout = 0;
}

static void
call(struct callers *c, struct caller *who, unsigned on_air)
{
	who->number += c->n;
	if (who->number >= c->room) {
		fail(c, who, "too many calls for this test");
		return;
	}
	who->state = CALLING;
	who->seq = draw(c, UINT32_MAX);
	who->ack = who->heard = 0;
	who->fin = who->our_fin = false;
	who->name = 0;
	who->at = 0;
	who->called_under = on_air;
	transmit(c, who, TCP_SYN, "", 0);
	listen(c, on_air);
	if (who->ack == 0)
		fail(c, who, "no answer to a SYN");
}

/* The conversation begins, and with it the choice of the model. */
static void
begin(struct callers *c, struct caller *who, unsigned on_air)
{
	uint32_t life = draw(c, 100) == 0 ? LONG_LIFE_ROUNDS : LIFE_ROUNDS;

	who->version = (uint16_t)on_air;
	who->state = TALKING;
	c->conversations++;
	who->leaves = c->round + 1 + draw(c, life);
	c->open++;
	c->per_version[on_air]++;
	c->version_of[who->number] = (uint16_t)on_air;
	c->late += who->called_under != on_air;
	await(c, who, BANNER);
	transmit(c, who, TCP_ACK, "", 0);
}

static void
say(struct callers *c, struct caller *who)
{
	static const enum what choice[] = { NEXT, NEXT, NEXT, NEXT, NEXT, NAME, NAME, WHO, WHO, WHO,
		LONG, ODD };
	enum what what = choice[draw(c, ARRAY_LEN(choice))];
	char line[32];

	if (what == NAME) {
		who->name = (uint16_t)(1 + draw(c, 60000));
		snprintf(line, sizeof line, "NAME n%u\r\n", who->name);
	} else {
		snprintf(line, sizeof line, "%s", words[what]);
	}
	await(c, who, what);
	if (what == NEXT)
		who->at = (uint8_t)((who->at + 1) % circle(who->version));
	transmit(c, who, TCP_ACK | TCP_PSH, line, strlen(line));
}

static void
hang_up(struct callers *c, struct caller *who)
{
	who->our_fin = true;
	transmit(c, who, TCP_ACK | TCP_FIN, "", 0);
}

/* Half of them just hang up, the others say QUIT and let the server do it. */
static void
leave(struct callers *c, struct caller *who)
{
	who->state = LEAVING;
	c->open--;
	if (draw(c, 2) == 0) {
		await(c, who, QUIT);
		transmit(c, who, TCP_ACK | TCP_PSH, words[QUIT], strlen(words[QUIT]));
	} else {
		hang_up(c, who);
	}
}

static void
finish(struct callers *c, struct caller *who, unsigned on_air)
{
	if (!who->fin)
		return;
	if (!who->our_fin)
		hang_up(c, who);
	listen(c, on_air);
	be_gone(c, who);
}

static void
step(struct callers *c, struct caller *who, unsigned on_air)
{
	switch (who->state) {
	case AWAY:
		break;
	case CALLING:
		if (c->closing)
			who->state = AWAY;
		else
			begin(c, who, on_air);
		break;
	case TALKING:
		if (who->asked != NOTHING)
			break;
		if (!c->closing && c->round < who->leaves) {
			say(c, who);
			break;
		}
		leave(c, who);
		listen(c, on_air);
		finish(c, who, on_air);
		break;
	case LEAVING:
		finish(c, who, on_air);
		break;
	}
	listen(c, on_air);
	if (who->state != AWAY || c->closing)
		return;
	call(c, who, on_air);
	if (draw(c, 24) > 0)		/* else a swap may come between SYN and ACK */
		begin(c, who, on_air);
	listen(c, on_air);
}

static void
time_passes(struct callers *c, unsigned on_air)
{
	for (unsigned ms = 0; ms < ROUND_MS; ms += WAIT_MS) {
		rig_wait(c->r, WAIT_MS * 1000000ull, false);
		listen(c, on_air);
	}
}

/* Everyone once in an order drawn by lot, then in another one. */
static struct caller *
next_in_turn(struct callers *c)
{
	uint32_t i = c->turn++ % c->n, k = i + draw(c, c->n - i), id = c->order[k];

	c->order[k] = c->order[i];
	c->order[i] = id;
	return &c->caller[id];
}

void
callers_round(struct callers *c, const struct set *set, uint32_t steps)
{
	unsigned on_air = callers_on_air(set);

	c->r->set = (struct set *)set;		/* the rig only reads it */
	c->round++;
	time_passes(c, on_air);
	for (uint32_t i = 0; i < steps && c->fault[0] == '\0'; i++)
		step(c, next_in_turn(c), on_air);
}

void
callers_fill(struct callers *c, const struct set *set)
{
	unsigned on_air = callers_on_air(set);

	while (c->open < c->n && c->fault[0] == '\0') {
		callers_round(c, set, 0);
		for (uint32_t i = 0; i < c->n && c->fault[0] == '\0'; i++) {
			if (c->caller[i].state != TALKING)
				step(c, &c->caller[i], on_air);
			if (i % 1000 == 0)	/* no tide of frames sent again */
				time_passes(c, on_air);
		}
	}
}

unsigned
callers_version(const struct callers *c, const struct record *rec)
{
	uint32_t host = addr_to_v4(&rec->peer) - CLIENT_NET - 1;

	return c->version_of[(uint32_t)(rec->peer_port - FIRST_PORT) * CLIENTS + host];
}

void
callers_init(struct callers *c, struct rig *r, uint32_t n, uint32_t calls, uint64_t seed)
{
	*c = (struct callers){ .r = r, .n = n, .room = calls, .random = seed };
	c->caller = calloc(n, sizeof *c->caller);
	c->version_of = calloc(calls, sizeof *c->version_of);
	c->order = calloc(n, sizeof *c->order);
	if (c->caller == NULL || c->version_of == NULL || c->order == NULL)
		abort();
	for (uint32_t i = 0; i < n; i++)
		c->caller[i].number = c->order[i] = i;
}

void
callers_fini(struct callers *c)
{
	free(c->caller);
	free(c->version_of);
	free(c->order);
}
