#include "tests/loop.h"

#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/eal.h"
#include "tests/reference.h"

enum { CHECK_EVERY = 64, CONTROL_MB = 48, DRAIN = 64 };

const uint8_t loop_mac[6] = { 2, 0, 0, 0, 0, 1 };
static const char device[] = "net_ring0";

static void
start_worker(struct loop *l, unsigned number, const struct bench_options *o)
{
	struct worker_config c = { .number = number, .nports = 1, .port = { l->port }, .records = LOOP_RECORDS };
	struct stack_config *s = &c.stack[0];
	struct diag why;

	stack_defaults(s);
	s->flows = o->flows;
	s->trust_sums = o->trust_sums;
	s->link_addr = addr_v4(0xc0000202);
	s->seed = 42 + number;
	memcpy(s->mac, port_mac(l->port), sizeof s->mac);
	memset(s->key, 7, sizeof s->key);
	if (worker_create(&l->w, &c, &why) < 0)
		bench_die("%s", why.text);
	l->stack = worker_stack(l->w, 0);
}

/* What generator number i puts frames into; the names are the driver's and dataplane/port.c's own. */
static void
find_ring(struct loop *l, unsigned number)
{
	char ring[64];

	snprintf(ring, sizeof ring, "ETH_RXTX%u_%s", number, device);
	l->ring = rte_ring_lookup(ring);
	l->pool = rte_mempool_lookup("mbufs0");
	if (l->ring == NULL || l->pool == NULL || rte_eth_dev_get_port_by_name(device, &l->port_id) < 0)
		bench_die("The ring %s or the pool of %s is not found.", ring, device);
}

void
loop_open(struct loop l[], unsigned n, const struct bench_options *o, struct set *set)
{
	struct eal_config e = { .huge = o->huge, .pinned = true, .control_core = o->cpu, .workers = n - 1,
		.memory_mb = CONTROL_MB + port_memory_mb(device, n) };
	struct port *port;
	struct diag why;

	for (unsigned i = 0; i + 1 < n; i++)
		e.worker_core[i] = o->other_cpu;
	if (eal_start(&e, &why) < 0 || port_open(&port, device, n, NULL, &why) < 0)
		bench_die("%s", why.text);
	for (unsigned i = 0; i < n; i++) {
		l[i] = (struct loop){ .port = port };
		start_worker(&l[i], i, o);
	}
	set_publish(set);
	if (port_start(port, &why) < 0)
		bench_die("%s", why.text);
	for (unsigned i = 0; i < n; i++)
		find_ring(&l[i], i);
}

uint8_t *
loop_frame(struct loop *l)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(l->pool);

	if (m == NULL || l->n == LOOP_BURST)
		bench_die("No frame for the generator: frames were lost on the way.");
	l->in[l->n++] = m;
	return rte_pktmbuf_mtod(m, uint8_t *);
}

void
loop_length(struct loop *l, size_t n)
{
	if (n == 0)
		bench_die("A frame of the generator was not built.");
	rte_pktmbuf_append(l->in[l->n - 1], (uint16_t)n);
}

/* The records that control would have written, so that their ring never fills. */
static void
drain(struct loop *l)
{
	struct record r[DRAIN];
	unsigned n;

	while ((n = worker_records(l->w, r, DRAIN)) > 0)
		l->records += n;
}

static void
begin(struct loop *l)
{
	drain(l);
	rte_pktmbuf_free_bulk(l->out, l->nout);
	l->nout = 0;
	if (rte_ring_enqueue_bulk(l->ring, (void **)l->in, l->n, NULL) != l->n)
		bench_die("The ring is full before a turn.");
	l->sent += l->n;
	l->n = 0;
	l->bursts++;
}

static void
end(struct loop *l)
{
	l->nout = rte_ring_dequeue_burst(l->ring, (void **)l->out, LOOP_REPLIES, NULL);
	l->received += l->nout;
	if (!rte_ring_empty(l->ring))
		bench_die("More than %d replies to a burst.", LOOP_REPLIES);
}

uint64_t
loop_turn(struct loop *l)
{
	uint64_t due_ns, t0;

	begin(l);
	t0 = bench_ticks();
	worker_turn(l->w, &due_ns);
	t0 = bench_ticks() - t0;
	end(l);
	return t0;
}

uint64_t
loop_reference(struct loop *l)
{
	uint64_t t0;

	begin(l);
	t0 = bench_ticks();
	reference_turn(l->port_id);
	t0 = bench_ticks() - t0;
	end(l);
	return t0;
}

struct span
loop_reply(const struct loop *l, unsigned i)
{
	return span_of(rte_pktmbuf_mtod(l->out[i], uint8_t *), l->out[i]->data_len);
}

static void
check_sums(const struct rte_ipv4_hdr *ip, const struct wire *w)
{
	if (rte_ipv4_cksum(ip) != 0)
		bench_die("A reply's IP sum is wrong.");
	if ((w->proto == PROTO_TCP || w->proto == PROTO_UDP) && rte_ipv4_udptcp_cksum_verify(ip, w->l4.p) != 0)
		bench_die("A reply's TCP or UDP sum is wrong.");
}

void
loop_parse(const struct loop *l, unsigned i, struct wire *w)
{
	struct span f = loop_reply(l, i);
	enum wire_fault fault = wire_parse(w, WIRE_ETHER, f, 0);

	if (fault != WIRE_OK)
		bench_die("A reply is malformed: %s.", wire_fault_name(fault));
	if (memcmp(w->dmac, loop_mac, 6) != 0 || memcmp(w->smac, port_mac(l->port), 6) != 0)
		bench_die("A reply has the wrong link addresses.");
	if (l->bursts % CHECK_EVERY == 0)
		check_sums((const void *)(f.p + sizeof(struct rte_ether_hdr)), w);
}

/* Nothing was lost on the way. */
static void
check_all_came(struct loop *l)
{
	const struct counters *c = stack_counters(l->stack);

	drain(l);
	rte_pktmbuf_free_bulk(l->out, l->nout);
	if (worker_tx_dropped(l->w) != 0 || c->drop[DROP_NO_FRAME] != 0 ||
	    worker_counters(l->w)->records_dropped != 0)
		bench_die("The worker lost %llu frames and %llu records.",
		    (unsigned long long)(worker_tx_dropped(l->w) + c->drop[DROP_NO_FRAME]),
		    (unsigned long long)worker_counters(l->w)->records_dropped);
	if (c->flows_opened != c->flows_closed + stack_flows(l->stack))
		bench_die("Flows opened are not flows closed and flows left.");
}

void
loop_close(struct loop l[], unsigned n)
{
	unsigned lost;

	for (unsigned i = 0; i < n; i++) {
		check_all_came(&l[i]);
		worker_destroy(l[i].w);
	}
	lost = port_stop(l->port);
	if (lost != 0)
		bench_die("%u mbufs did not come back to the pool.", lost);
	port_close(l->port);
	set_fini();
	eal_stop();
}
