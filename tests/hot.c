/*
 * hot.c - the hot paths, the same work every time, for counting instructions.
 *
 * No DPDK, no clock, no random numbers but splitmix64. What counts is done in functions hot_NAME, which tests/scripts/
 * test_instructions.py finds in valgrind's output; all else may cost what it likes. Prints "NAME items unit" for each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/flow.h"
#include "dataplane/stack.h"
#include "models/match.h"
#include "models/render.h"
#include "tests/bench.h"
#include "tests/crowd.h"

#ifdef __clang__
#define HOT __attribute__((noinline)) static void
#else
#define HOT __attribute__((noipa)) static void	/* nor merged with one of the same body */
#endif

enum { BURST = 32, ROUNDS = 50, ROOM = 2048, FLOWS = 1 << 12, KEYS = 2048, LETTERS = 2000 };

struct hot {
	struct stack *s;
	struct set *set;
	struct crowd crowd;
	struct frame in[BURST], out[4 * BURST];
	unsigned n, nout;
	uint8_t bytes[BURST][ROOM], spare[4 * BURST][ROOM];
	unsigned nspare;
	uint64_t now_ns, random;
	uint32_t next;
	/* tables of their own */
	struct flow_table table;
	struct flow_key key[BURST];
	struct flow *found[BURST];
	struct model *model;
	struct span message;
	uint16_t node;
};

static struct frame
get(void *ctx)
{
	struct hot *h = ctx;

	if (h->nspare == ARRAY_LEN(h->spare))
		bench_die("Too many frames in one turn.");
	return (struct frame){ .data = h->spare[h->nspare++], .room = ROOM };
}

static void
put(void *ctx, const struct frame *f)
{
	struct hot *h = ctx;

	if (h->nout == ARRAY_LEN(h->out))
		bench_die("Too many replies in one turn.");
	h->out[h->nout++] = *f;
}

static void
forget(void *ctx, const struct record *r)
{
	(void)ctx;
	(void)r;
}

static void
open_stack(struct hot *h)
{
	static const uint8_t ours[6] = { 2, 0, 0, 0, 0, 2 }, theirs[6] = { 2, 0, 0, 0, 0, 1 };
	struct sink sink = { get, put, forget, h };
	struct stack_config c;
	size_t bytes;

	stack_defaults(&c);
	c.flows = FLOWS;
	c.seed = 42;
	memcpy(c.mac, ours, sizeof ours);
	bytes = stack_bytes(&c);
	h->s = stack_init(memset(aligned_alloc(64, bytes), 0, bytes), &c, &sink);
	h->set = crowd_set();
	h->now_ns = 1000000000000;
	memcpy(h->crowd.mac, theirs, sizeof theirs);
	memcpy(h->crowd.sensor_mac, ours, sizeof ours);
}

static uint8_t *
next_frame(struct hot *h)
{
	h->in[h->n] = (struct frame){ .data = h->bytes[h->n], .room = ROOM };
	return h->bytes[h->n];
}

static void
turn(struct hot *h)
{
	h->nout = h->nspare = 0;
	h->now_ns += 100000;
	stack_burst(h->s, h->set, h->in, h->n, h->now_ns, (int64_t)(h->now_ns / 1000000));
	stack_timers(h->s, h->set, h->now_ns, (int64_t)(h->now_ns / 1000000));
	h->n = 0;
}

/* One function for each, so that each has a name in the profile. */
HOT hot_syn(struct hot *h) { turn(h); }
HOT hot_stray_ack(struct hot *h) { turn(h); }
HOT hot_datagram(struct hot *h) { turn(h); }
HOT hot_conversation(struct hot *h) { turn(h); }

static void
replies(const struct hot *h, unsigned n)
{
	if (h->nout != n)
		bench_die("%u replies instead of %u.", h->nout, n);
}

static struct client
new_client(struct hot *h, uint16_t port)
{
	uint32_t number = h->next++;

	return (struct client){ .number = number, .port = port, .seq = crowd_isn(number) };
}

static void
syns(struct hot *h, void (*hot)(struct hot *), struct client c[BURST], uint16_t port)
{
	for (unsigned i = 0; i < BURST; i++) {
		uint8_t *to = next_frame(h);

		c[i] = new_client(h, port);
		h->in[h->n++].len = (uint32_t)crowd_syn(&h->crowd, to, &c[i]);
		c[i].seq++;
	}
	hot(h);
	replies(h, BURST);
}

static void
segments(struct hot *h, void (*hot)(struct hot *), struct client c[BURST], uint8_t flags, bool request)
{
	for (unsigned i = 0; i < BURST; i++) {
		struct span payload = request ? crowd_request(c[i].number) : (struct span){ 0 };
		uint8_t *to = next_frame(h);

		h->in[h->n++].len = (uint32_t)crowd_segment(&h->crowd, to, &c[i], flags, payload);
		c[i].seq += (uint32_t)payload.n + !!(flags & TCP_FIN);
	}
	hot(h);
}

static void
hear(struct hot *h, struct client c[BURST], size_t payload)
{
	replies(h, BURST);
	for (unsigned i = 0; i < BURST; i++) {
		struct wire w;

		if (wire_parse(&w, WIRE_ETHER, span_of(h->out[i].data, h->out[i].len), WIRE_CHECK_SUMS) != WIRE_OK ||
		    !crowd_hears(&c[i], &w) || w.payload.n != payload)
			bench_die("A reply is wrong.");
	}
}

static void
conversations(struct hot *h)
{
	struct client c[BURST];

	syns(h, hot_conversation, c, CROWD_FTP);
	hear(h, c, 0);
	segments(h, hot_conversation, c, TCP_ACK, false);
	hear(h, c, CROWD_BANNER);
	segments(h, hot_conversation, c, TCP_ACK | TCP_PSH, true);
	hear(h, c, CROWD_ANSWER);
	segments(h, hot_conversation, c, TCP_ACK | TCP_FIN, false);
	hear(h, c, 0);
	segments(h, hot_conversation, c, TCP_ACK, false);
	replies(h, 0);
}

static void
datagrams(struct hot *h, unsigned round)
{
	for (unsigned i = 0; i < BURST; i++) {
		uint8_t *to = next_frame(h);

		h->in[h->n++].len = (uint32_t)crowd_datagram(&h->crowd, to, round % 4 * BURST + i);
	}
	hot_datagram(h);
	replies(h, BURST);
}

static void
stray_acks(struct hot *h)
{
	struct client c[BURST];

	for (unsigned i = 0; i < BURST; i++) {
		c[i] = new_client(h, CROWD_WEB);
		c[i].ack = (uint32_t)bench_random(&h->random);
	}
	segments(h, hot_stray_ack, c, TCP_ACK, false);
	replies(h, BURST);
}

HOT
hot_flow_hit(struct hot *h)
{
	uint64_t hash[BURST];

	for (unsigned i = 0; i < BURST; i++) {
		hash[i] = flow_hash(&h->table, &h->key[i]);
		flow_prefetch(&h->table, hash[i]);
	}
	for (unsigned i = 0; i < BURST; i++)
		h->found[i] = flow_find(&h->table, &h->key[i], hash[i]);
}

static struct flow_key
key_of(uint32_t n)
{
	return (struct flow_key){ .peer = 0x0a000000 + n * 7, .own = 0xc6130000 + n, .peer_port = 1024,
		.own_port = 80, .proto = PROTO_TCP };
}

static void
flow_hits(struct hot *h)
{
	const uint64_t secret[2] = { 1, 2 };
	size_t bytes = flow_table_bytes(FLOWS, 0);
	void *mem = memset(aligned_alloc(64, bytes), 0, bytes);

	flow_table_init(&h->table, mem, FLOWS, 0, secret);
	for (uint32_t n = 0; n < KEYS; n++) {
		struct flow_key k = key_of(n);

		flow_add(&h->table, &k, flow_hash(&h->table, &k), NULL)->state = FLOW_ESTABLISHED;
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < BURST; i++)
			h->key[i] = key_of((uint32_t)(bench_random(&h->random) % KEYS));
		hot_flow_hit(h);
		for (unsigned i = 0; i < BURST; i++)
			if (h->found[i] == NULL || h->found[i]->peer != h->key[i].peer)
				bench_die("A flow is not found.");
	}
	free(mem);
}

HOT
hot_match(struct hot *h)
{
	h->node = MATCH_START;
	match_run(&h->model->i, &h->node, h->message.p, h->message.n, false);
}

HOT
hot_render(struct hot *h)
{
	struct session_env env = { .own_port = 21, .peer_port = 1024 };
	struct fields f = { .has = 1, .slot[0] = { (const uint8_t *)"archive-000000000001", 20 } };
	struct render r = { .f = &f, .env = &env, .turn = 1 };
	uint8_t to[ROOM];

	if (render(&h->model->i, 0, &r, 0, to, sizeof to, NULL) != CROWD_ANSWER)
		bench_die("An answer has the wrong length.");
}

static void
match_and_render(struct hot *h)
{
	static char line[LETTERS] = "LIST ";

	h->model = crowd_model(0);
	memset(line + 5, 'x', sizeof line - 5);
	h->message = span_of(line, sizeof line);
	for (unsigned round = 0; round < ROUNDS; round++) {
		hot_match(h);
		if (h->node == MATCH_DEAD)
			bench_die("A message died.");
		hot_render(h);
	}
	model_destroy(h->model);
}

int
main(void)
{
	static struct hot h = { .random = 9 };
	struct client c[BURST];

	open_stack(&h);
	for (unsigned round = 0; round < ROUNDS; round++) {
		syns(&h, hot_syn, c, CROWD_WEB);
		stray_acks(&h);
		datagrams(&h, round);
		conversations(&h);
	}
	flow_hits(&h);
	match_and_render(&h);
	printf("syn %d packet\nstray_ack %d packet\ndatagram %d packet\nconversation %d conversation\n"
	    "flow_hit %d key\nmatch %d byte\nrender %d answer\n", ROUNDS * BURST, ROUNDS * BURST, ROUNDS * BURST,
	    ROUNDS * BURST, ROUNDS * BURST, ROUNDS * LETTERS, ROUNDS);
	free(h.s);
	set_publish(h.set);
	set_fini();
	return 0;
}
