#include "tests/parley.h"

#include <string.h>

enum { CLIENTS = 1 << 28 };	/* between the first clients of two */

void
parley_join(struct parley *p, const struct loop *l, unsigned number)
{
	*p = (struct parley){ .l = *l, .next = number * CLIENTS };
	memcpy(p->crowd.mac, loop_mac, 6);
	memcpy(p->crowd.sensor_mac, port_mac(l->port), 6);
}

void
parley_open(struct parley *p, const struct bench_options *o)
{
	struct loop l;

	loop_open(&l, 1, o, crowd_set());
	set_reader_begin();
	parley_join(p, &l, 0);
}

void
parley_close(struct parley *p)
{
	set_reader_end();
	loop_close(&p->l, 1);
}

struct client
parley_client(uint32_t number, uint16_t port)
{
	return (struct client){ .number = number, .port = port, .seq = crowd_isn(number) };
}

void
parley_syn(struct parley *p, struct client *c)
{
	loop_length(&p->l, crowd_syn(&p->crowd, loop_frame(&p->l), c));
	c->seq++;
}

void
parley_segment(struct parley *p, const struct client *c, uint8_t flags, struct span payload)
{
	loop_length(&p->l, crowd_segment(&p->crowd, loop_frame(&p->l), c, flags, payload));
}

void
parley_hear(struct parley *p, struct client *c, unsigned n, uint8_t flags, size_t payload)
{
	if (p->l.nout < n)
		bench_die("%u replies to %u frames.", p->l.nout, n);
	for (unsigned i = 0; i < n; i++) {
		struct wire w;

		loop_parse(&p->l, i, &w);
		if (!crowd_hears(&c[i], &w) || w.tcp.flags != flags || w.payload.n != payload)
			bench_die("Client %u got a reply that is not its own (flags %02x, %zu bytes).", c[i].number,
			    w.tcp.flags, w.payload.n);
	}
}

void
parley_handshakes(struct parley *p, struct client c[LOOP_BURST], uint16_t port, size_t banner)
{
	for (unsigned i = 0; i < LOOP_BURST; i++) {
		c[i] = parley_client(p->next++, port);
		parley_syn(p, &c[i]);
	}
	loop_turn(&p->l);
	parley_hear(p, c, LOOP_BURST, TCP_SYN | TCP_ACK, 0);
	for (unsigned i = 0; i < LOOP_BURST; i++)
		parley_segment(p, &c[i], TCP_ACK, (struct span){ 0 });
	loop_turn(&p->l);
	if (banner > 0)
		parley_hear(p, c, LOOP_BURST, TCP_ACK | TCP_PSH, banner);
}

/* One segment of each client, one turn, the replies. */
static uint64_t
step(struct parley *p, struct client c[LOOP_BURST], uint8_t flags, bool request, uint8_t answer, size_t bytes)
{
	uint64_t ticks;

	for (unsigned i = 0; i < LOOP_BURST; i++) {
		struct span payload = request ? crowd_request(c[i].number) : (struct span){ 0 };

		parley_segment(p, &c[i], flags, payload);
		c[i].seq += (uint32_t)payload.n + !!(flags & TCP_FIN);
	}
	ticks = loop_turn(&p->l);
	if (answer != 0)
		parley_hear(p, c, LOOP_BURST, answer, bytes);
	return ticks;
}

void
parley_conversations(struct parley *p, uint64_t ticks[PARLEY_STEPS])
{
	struct client c[LOOP_BURST];

	for (unsigned i = 0; i < LOOP_BURST; i++) {
		c[i] = parley_client(p->next++, CROWD_FTP);
		parley_syn(p, &c[i]);
	}
	ticks[0] = loop_turn(&p->l);
	parley_hear(p, c, LOOP_BURST, TCP_SYN | TCP_ACK, 0);
	ticks[1] = step(p, c, TCP_ACK, false, TCP_ACK | TCP_PSH, CROWD_BANNER);
	ticks[2] = step(p, c, TCP_ACK | TCP_PSH, true, TCP_ACK | TCP_PSH, CROWD_ANSWER);
	ticks[3] = step(p, c, TCP_ACK | TCP_FIN, false, TCP_ACK | TCP_FIN, 0);
	ticks[4] = step(p, c, TCP_ACK, false, 0, 0);
}
