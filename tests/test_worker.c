/*
 * A worker with DPDK beneath: frames from a capture file in, frames to another one out, in one
 * process and without privileges. EAL starts once per process, so each test here is one.
 */
#include <errno.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/eal.h"
#include "dataplane/iface.h"
#include "dataplane/worker.h"
#include "tests/cases.h"
#include "tests/file.h"

enum { PINGS = 300, PEER = 0xc0000201, LINK = 0xc0000202, NET = 0xc6130000 };

static const uint8_t ours[6] = { 2, 0, 0, 0, 0, 2 }, theirs[6] = { 2, 0, 0, 0, 0, 1 };
static char place[] = "/tmp/mynah-worker-XXXXXX";
static struct diag why;

static void
go_somewhere(void)
{
	enter_new_folder(place);
}

static void
leave(void)
{
	unlink("in.pcap");
	unlink("out.pcap");
	rmdir(place);
}

TestSuite(worker, .init = go_somewhere, .fini = leave, .timeout = 60);

static void
dump(pcap_dumper_t *to, const uint8_t *frame, size_t n)
{
	struct pcap_pkthdr h = { .caplen = (uint32_t)n, .len = (uint32_t)n };

	pcap_dump((u_char *)to, &h, frame);
}

/* Echo requests to different addresses of the prefix, with rubbish between them. */
static void
write_pings(const char *path)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
	pcap_dumper_t *to = pcap_dump_open(p, path);
	uint8_t frame[256], rubbish[60] = { 0xff };

	cr_assert_not_null(to);
	for (uint32_t k = 0; k < PINGS; k++) {
		struct wire_out o = { .src = addr_v4(PEER), .dst = addr_v4(NET + 1 + k * 97), .proto = PROTO_ICMP,
			.ttl = 64, .icmp_type = 8, .icmp_rest = k };
		size_t n;

		memcpy(o.smac, theirs, 6);
		memcpy(o.dmac, ours, 6);
		memset(frame + wire_header_bytes(&o), 'x', 56);
		n = wire_build(&o, frame, sizeof frame, 56);
		cr_assert_gt(n, 0);
		dump(to, frame, n);
		dump(to, rubbish, sizeof rubbish);
	}
	pcap_dump_close(to);
	pcap_close(p);
}

static unsigned
count_replies(const char *path)
{
	char says[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline(path, says);
	struct pcap_pkthdr *h;
	const u_char *bytes;
	unsigned n = 0;

	cr_assert_not_null(p, "%s", says);
	while (pcap_next_ex(p, &h, &bytes) == 1) {
		struct wire w;

		cr_expect_eq(wire_parse(&w, WIRE_ETHER, span_of(bytes, h->caplen), WIRE_CHECK_SUMS), WIRE_OK);
		cr_expect_eq(w.icmp_type, 0);
		cr_expect_eq(addr_to_v4(&w.dst), PEER);
		cr_expect_eq(memcmp(w.dmac, theirs, 6), 0);
		n++;
	}
	pcap_close(p);
	return n;
}

static void
start_eal(void)
{
	struct eal_config e = { .memory_mb = 128, .workers = 1 };

	cr_assert_eq(eal_start(&e, &why), 0, "%s", why.text);
}

static void
publish_net(void)
{
	struct set *s = set_create(NULL);
	struct addr net = addr_v4(NET);
	struct range *r = set_add_range(s, &net, 112);

	r->profile[0]->ping = true;
	set_publish(s);
}

static struct worker *
make_worker(struct port *p)
{
	struct worker_config c = { .nports = 1, .port = { p }, .records = 1024 };
	struct worker *w;

	stack_defaults(&c.stack[0]);
	c.stack[0].flows = 1024;
	memcpy(c.stack[0].mac, port_mac(p), 6);
	c.stack[0].link_addr = addr_v4(LINK);
	cr_assert_eq(worker_create(&w, &c, &why), 0, "%s", why.text);
	return w;
}

Test(worker, every_ping_of_a_capture_is_answered_and_every_mbuf_comes_back)
{
	struct port *p;
	struct worker *w;
	const struct counters *n;
	uint64_t dropped = 0;

	write_pings("in.pcap");
	start_eal();
	publish_net();
	cr_assert_eq(port_open(&p, "net_pcap0,rx_pcap=in.pcap,tx_pcap=out.pcap", 1, ours, &why), 0, "%s", why.text);
	w = make_worker(p);
	n = stack_counters(worker_stack(w, 0));
	cr_assert_eq(port_start(p, &why), 0, "%s", why.text);
	cr_assert_eq(eal_run(0, worker_main, w), 0);
	while (__atomic_load_n(&n->frames_in, __ATOMIC_RELAXED) < 2 * PINGS)
		poll(NULL, 0, 1);
	worker_stop(w);
	eal_wait(0);
	cr_expect_not(worker_polls(w));
	cr_expect_eq(n->echo_out, PINGS);
	cr_expect_eq(n->frames_in, 2 * PINGS);
	for (unsigned d = 0; d < DROP_N; d++)
		dropped += n->drop[d];
	cr_expect_eq(dropped, PINGS, "rubbish has a reason");
	cr_expect_eq(worker_tx_dropped(w), 0);
	worker_destroy(w);
	cr_expect_eq(port_stop(p), 0, "mbufs are missing");
	port_close(p);
	set_fini();
	eal_stop();
	cr_expect_eq(count_replies("out.pcap"), PINGS);
}

/* A datagram from each of n ports, with nobody to answer it: n conversations. */
static void
write_datagrams(const char *path, uint16_t n)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
	pcap_dumper_t *to = pcap_dump_open(p, path);
	uint8_t frame[128];

	cr_assert_not_null(to);
	for (uint16_t k = 0; k < n; k++) {
		struct wire_out o = { .src = addr_v4(PEER), .dst = addr_v4(NET + 9), .proto = PROTO_UDP,
			.ttl = 64, .sport = (uint16_t)(1000 + k), .dport = 53 };

		memcpy(o.smac, theirs, 6);
		memcpy(o.dmac, ours, 6);
		memcpy(frame + wire_header_bytes(&o), "1234", 4);
		dump(to, frame, wire_build(&o, frame, sizeof frame, 4));
	}
	pcap_dump_close(to);
	pcap_close(p);
}

static const struct {
	uint16_t flows;
	int seen;
} lists[] = { { 0, 0 }, { 5, 5 }, { 300, WORKER_VIEWS } };

EACH_CASE(worker, conversations_are_listed_while_it_runs, lists)
{
	struct set *s = set_create(NULL);
	struct addr net = addr_v4(NET);
	struct range *r = set_add_range(s, &net, 112);
	const struct flow_view *v;
	const struct counters *c;
	struct worker *w;
	struct port *p;
	int n;

	r->profile[0]->udp[53] = (struct target){ .action = ACTION_HANDSHAKE };
	write_datagrams("in.pcap", lists[*i].flows);
	start_eal();
	set_publish(s);
	cr_assert_eq(port_open(&p, "net_pcap0,rx_pcap=in.pcap,tx_pcap=out.pcap", 1, ours, &why), 0, "%s", why.text);
	w = make_worker(p);
	c = stack_counters(worker_stack(w, 0));
	cr_assert_eq(port_start(p, &why), 0, "%s", why.text);
	cr_assert_eq(eal_run(0, worker_main, w), 0);
	while (__atomic_load_n(&c->flows_opened, __ATOMIC_RELAXED) < lists[*i].flows)
		poll(NULL, 0, 1);
	for (int again = 0; again < 3; again++) {
		worker_look(w);
		while ((n = worker_seen(w, &v)) < 0)
			poll(NULL, 0, 1);
		cr_assert_eq(n, lists[*i].seen);
		for (int k = 0; k < n; k++) {
			cr_expect_eq(v[k].peer_port, 1000 + k);
			cr_expect_eq(addr_to_v4(&v[k].peer), PEER);
			cr_expect_eq(addr_to_v4(&v[k].own), NET + 9);
			cr_expect_eq(v[k].own_port, 53);
			cr_expect_eq(v[k].proto, PROTO_UDP);
			cr_expect_eq(v[k].bytes_in, 32);
			cr_expect_eq(v[k].bytes_out, 0);
			cr_expect_str_eq(flow_state_name(v[k].state), "open");
		}
	}
	worker_stop(w);
	eal_wait(0);
	worker_destroy(w);
	cr_expect_eq(port_stop(p), 0);
	port_close(p);
	set_fini();
}

Test(worker, a_publication_does_not_wait_for_a_worker_that_sleeps)
{
	struct port *p;
	struct worker *w;

	start_eal();
	publish_net();
	cr_assert_eq(port_open(&p, "net_ring0", 1, NULL, &why), 0, "%s", why.text);
	w = make_worker(p);
	cr_assert_eq(port_start(p, &why), 0, "%s", why.text);
	cr_assert_eq(eal_run(0, worker_main, w), 0);
	while (worker_counters(w)->sleeps < 5)
		poll(NULL, 0, 1);
	for (int k = 0; k < 20; k++)
		publish_net();
	worker_stop(w);
	eal_wait(0);
	worker_destroy(w);
	cr_expect_eq(port_stop(p), 0);
	port_close(p);
	set_fini();
}

Test(worker, devices_that_are_not_there_are_named)
{
	struct port *p;

	start_eal();
	cr_expect_lt(port_open(&p, "net_af_packet0,iface=nowhere0", 1, NULL, &why), 0);
	cr_expect_not_null(strstr(why.text, "nowhere0"), "%s", why.text);
	cr_expect_lt(port_open(&p, "net_nosuch0", 1, NULL, &why), 0);
	cr_expect_not_null(strstr(why.text, "net_nosuch0"), "%s", why.text);
	cr_expect_lt(port_open(&p, "net_pcap0,rx_pcap=nowhere.pcap", 1, NULL, &why), 0);
	cr_expect_lt(port_open(&p, "net_ring1", 33, NULL, &why), 0, "16 queue pairs are not 33");
	cr_expect_not_null(strstr(why.text, "too few for 33 workers"), "%s", why.text);
}

static const struct {
	const char *device, *says;	/* NULL: fine */
} devices[] = {
	{ "net_null0", NULL },
	{ "net_af_packet0,iface=lo", NULL },
	{ "net_af_packet0,qpairs=2,iface=lo", NULL },
	{ "net_tap0,iface=nowhere0", NULL },	/* makes its interface itself */
	{ "net_af_packet0,iface=nowhere0", "There is no interface nowhere0" },
	{ "net_af_packet0", "lacks iface=" },
	{ "eth0", "neither a PCI address" },
	{ "0000:fe:1f.7", "no PCI device 0000:fe:1f.7" },
	{ "fe:1f.7", "no PCI device fe:1f.7" },
};

EACH_CASE(worker, devices_are_looked_for_without_opening_them, devices)
{
	int err = port_exists(devices[*i].device, &why);

	cr_expect_eq(err == 0, devices[*i].says == NULL, "%s", devices[*i].device);
	if (devices[*i].says != NULL)
		cr_expect_not_null(strstr(why.text, devices[*i].says), "%s", why.text);
}

static const struct {
	struct iface i;
	const char *says;	/* NULL: fine */
} interfaces[] = {
	{ { .mtu = 1500 }, NULL },
	{ { .mtu = 1900 }, NULL },
	{ { .mtu = 9000 }, "eth1 has an MTU of 9000" },
	{ { .mtu = 1400 }, "run: ip link set eth1 mtu 1500." },
	{ { .mtu = 1500, .gro = true }, "run: ethtool -K eth1 gro off." },
	{ { .mtu = 1500, .lro = true }, "run: ethtool -K eth1 lro off." },
	{ { .mtu = 1500, .gro = true, .lro = true }, "run: ethtool -K eth1 gro off lro off." },
};

EACH_CASE(worker, interfaces_that_change_frames_are_refused, interfaces)
{
	int err = iface_fits("eth1", &interfaces[*i].i, &why);

	cr_expect_eq(err == 0, interfaces[*i].says == NULL);
	if (interfaces[*i].says != NULL)
		cr_expect_not_null(strstr(why.text, interfaces[*i].says), "%s", why.text);
}

Test(worker, the_kernel_is_asked_how_an_interface_is_set)
{
	cr_expect_lt(iface_check("lo", &why), 0);	/* 65,536 bytes */
	cr_expect_not_null(strstr(why.text, "lo has an MTU of"), "%s", why.text);
	cr_expect_eq(iface_check("nowhere0", &why), 0, "what is not told is taken as right");
}

static const struct {
	const char *what;
	unsigned empty;
	uint64_t max, due, ns;
} waits[] = {
	{ "traffic a moment ago: spin", 0, 500000, UINT64_MAX, 0 },
	{ "still spinning", 1999, 500000, UINT64_MAX, 0 },
	{ "then short sleeps", 2000, 500000, UINT64_MAX, 50000 },
	{ "which a small ring keeps shorter", 2000, 20000, UINT64_MAX, 20000 },
	{ "then the longest that the ring allows", 3000, 500000, UINT64_MAX, 500000 },
	{ "but never past the next timer", 3000, 500000, 1234, 1234 },
	{ "a timer that is due leaves no sleep", 3000, 500000, 0, 0 },
};

EACH_CASE(worker, an_idle_worker_backs_off, waits)
{
	cr_expect_eq(worker_back_off_ns(waits[*i].empty, waits[*i].max, waits[*i].due), waits[*i].ns, "%s",
	    waits[*i].what);
}

static const struct {
	struct eal_config c;
	const char *line;
} lines[] = {
	{ { .memory_mb = 64, .workers = 1 }, "mynahd --lcores=0@(0-1),1@(0-1) --log-level=3 --no-telemetry -m 64 "
	  "--no-huge --no-shconf --no-pci" },
	{ { .memory_mb = 64, .workers = 2, .huge = true, .pinned = true, .control_core = 1, .worker_core = { 3, 5 },
	    .npci = 1, .pci = { "0000:01:00.0" } },
	  "mynahd --lcores=0@1,1@3,2@5 --log-level=3 --no-telemetry -m 64 --in-memory -a 0000:01:00.0" },
};

EACH_CASE(worker, dpdk_gets_arguments_that_go_together, lines)
{
	struct eal_args a;
	char line[512] = "";

	eal_arguments(&a, &lines[*i].c, 2);
	for (int k = 0; k < a.argc; k++)
		snprintf(line + strlen(line), sizeof line - strlen(line), "%s%s", k ? " " : "", a.argv[k]);
	cr_expect_str_eq(line, lines[*i].line);
	cr_expect_null(a.argv[a.argc]);
}
