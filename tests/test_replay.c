/* mynah replay from outside: a capture's clients meet our stack, and tshark finds nothing wrong. */
#include "dataplane/wire.h"
#include "learning/trace.h"
#include "tests/cases.h"
#include "tests/tool.h"

#define DATA TEST_ROOT "/tests/data/"

static void
go_somewhere(void)
{
	tool_enter();
	cr_assert_eq(tool_run("\"$M\" compile " DATA "models/ftp-small.txt -o ftp.mynah >said"), 0);
}

/* Fails where a command left something else behind. */
static void
leave(void)
{
	cr_assert_eq(tool_run("rm -f *.mynah *.pcap said && cd / && rmdir \"$OLDPWD\""), 0);
}

static const struct {
	const char *line;
	int status;
} cases[] = {
	{ "\"$M\" replay -m ftp.mynah " DATA "ftp-small.pcap.gz out.pcap >said", 0 },
	{ "\"$M\" replay -m ftp.mynah@21 " DATA "ftp-small.pcap.gz out.pcap | grep -q '20 conversations'", 0 },
	{ "\"$M\" replay -m ftp.mynah@21 " DATA "ftp-small.pcap.gz out.pcap | grep -q '^  851 packets read'", 0 },
	{ "\"$M\" replay -m ftp.mynah@99 " DATA "ftp-small.pcap.gz out.pcap | grep -q ' 0 turns'", 0 },
	{ "\"$M\" replay " DATA "ftp-small.pcap.gz out.pcap 2>said", 2 },
	{ "\"$M\" replay -m ftp.mynah " DATA "ftp-small.pcap.gz 2>said", 2 },
	{ "\"$M\" replay -m ftp.mynah@x " DATA "ftp-small.pcap.gz out.pcap 2>said", 2 },
	{ "zcat " DATA "ftp-small.pcap.gz >c.pcap; \"$M\" replay -m ftp.mynah c.pcap ./c.pcap 2>said", 2 },
	{ "zcat " DATA "ftp-small.pcap.gz >c.pcap; \"$M\" replay -m ftp.mynah c.pcap ftp.mynah 2>said", 2 },
	{ "\"$M\" replay -m nowhere.mynah " DATA "ftp-small.pcap.gz out.pcap 2>said", 1 },
	{ "\"$M\" replay -m ftp.mynah nowhere.pcap out.pcap 2>said; grep -q nowhere.pcap said && ! test -e out.pcap", 0 },
	{ "\"$M\" replay -m ftp.mynah " DATA "ftp-small.pcap.gz /nowhere/out.pcap 2>said", 1 },
	{ "\"$M\" replay -m ftp.mynah said out.pcap 2>said", 1 },
};

EACH_CASE(replay, says_done_failed_or_wrong_usage, cases)
{
	go_somewhere();
	cr_expect_eq(tool_run(cases[*i].line), cases[*i].status, "%s", cases[*i].line);
	leave();
}

/* Bytes of payload from clients (to port 21) and from our side. */
static void
count_payload(const char *path, size_t *clients, size_t *ours, size_t *broken)
{
	struct trace_packet p;
	struct trace *t;
	struct diag why;
	struct wire w;

	*clients = *ours = *broken = 0;
	cr_assert_eq(trace_open(&t, path, &why), 0, "%s", why.text);
	while (trace_next(t, &p)) {
		if (wire_parse(&w, p.link, p.data, WIRE_CHECK_SUMS) != WIRE_OK)
			++*broken;
		else if (w.dport == 21)
			*clients += w.payload.n;
		else if (w.sport == 21)
			*ours += w.payload.n;
	}
	trace_close(t);
}

/* In out.pcap the clients of the small capture say all that they said, and our sums are right. */
static void
expect_clients_as_recorded(void)
{
	size_t said, heard, ours, theirs, broken;

	count_payload(DATA "ftp-small.pcap.gz", &said, &theirs, &broken);
	count_payload("out.pcap", &heard, &ours, &broken);
	cr_expect_eq(heard, said);
	cr_expect_gt(ours, said);
	cr_expect_eq(broken, 0);
}

Test(replay, the_clients_say_what_they_said_and_our_sums_are_right)
{
	go_somewhere();
	cr_assert_eq(tool_run("\"$M\" replay -m ftp.mynah " DATA "ftp-small.pcap.gz out.pcap >said"), 0);
	expect_clients_as_recorded();
	leave();
}

/* The same conversations over IPv6. */
static void
write_six(const char *to)
{
	static uint8_t frame[4096];
	struct trace_out *out;
	struct trace_packet p;
	struct trace *t;
	struct diag why;
	struct wire w;

	cr_assert_eq(trace_open(&t, DATA "ftp-small.pcap.gz", &why), 0, "%s", why.text);
	cr_assert_eq(trace_create(&out, to, &why), 0, "%s", why.text);
	while (trace_next(t, &p)) {
		struct wire_out o = { 0 };

		cr_assert_eq(wire_parse(&w, p.link, p.data, 0), WIRE_OK);
		cr_assert_eq(w.proto, PROTO_TCP);
		o = (struct wire_out){ .src = w.src, .dst = w.dst, .proto = w.proto, .ttl = w.ttl, .sport = w.sport,
			.dport = w.dport, .seq = w.tcp.seq, .ack = w.tcp.ack, .tcp_flags = w.tcp.flags, .win = w.tcp.win,
			.options = w.tcp.options.p, .noptions = (uint8_t)w.tcp.options.n };
		memcpy(o.src.b, (uint8_t[]){ 0x20, 1, 0xd, 0xb8, [10] = 0, 0 }, 12);
		memcpy(o.dst.b, o.src.b, 12);
		memcpy(frame + wire_header_bytes(&o), w.payload.p, w.payload.n);
		trace_write(out, p.ts_ns, span_of(frame, wire_build(&o, frame, sizeof frame, w.payload.n)));
	}
	trace_close(t);
	cr_assert_eq(trace_finish(out, &why), 0, "%s", why.text);
}

Test(replay, over_ipv6_the_same_clients_are_answered_as_much)
{
	go_somewhere();
	write_six("six.pcap");
	cr_assert_eq(tool_run("\"$M\" replay -m ftp.mynah " DATA "ftp-small.pcap.gz out.pcap | grep turns >said"), 0);
	cr_assert_eq(tool_run("\"$M\" replay -m ftp.mynah six.pcap out.pcap | grep -qxf said"), 0);
	expect_clients_as_recorded();
	leave();
}

Test(replay, datagrams_of_one_pair_are_a_conversation)
{
	go_somewhere();
	cr_expect_eq(tool_run("\"$M\" compile " DATA "models/dns-small.txt -o dns.mynah >said && "
	    "\"$M\" replay -m dns.mynah " DATA "dns-small.pcap.gz out.pcap | "
	    "grep -q '^20 conversations, 23 turns: 23 packets of the clients, 22 of ours'"), 0);
	leave();
}

/* The packets of a capture, with one pause of so many seconds in their middle. */
static void
write_with_pause(const char *to, const char *from, size_t middle, int64_t pause_s)
{
	struct trace_packet p;
	struct trace_out *out;
	struct trace *t;
	struct diag why;
	size_t n = 0;

	cr_assert_eq(trace_open(&t, from, &why), 0, "%s", why.text);
	cr_assert_eq(trace_create(&out, to, &why), 0, "%s", why.text);
	while (trace_next(t, &p))
		trace_write(out, p.ts_ns + (n++ < middle ? 0 : pause_s * 1000000000ll), p.data);
	trace_close(t);
	cr_assert_eq(trace_finish(out, &why), 0, "%s", why.text);
	cr_assert_gt(n, middle);
}

/* Second for second it would take a minute of CPU; the file's clock ends in 2106. */
Test(replay, a_pause_of_decades_costs_no_time)
{
	static const size_t middles[] = { 1, 9, 100, 300 };

	go_somewhere();
	for (size_t i = 0; i < ARRAY_LEN(middles); i++) {
		write_with_pause("c.pcap", DATA "ftp-small.pcap.gz", middles[i], 70ll * 365 * 86400);
		cr_expect_eq(tool_run("ulimit -t 10; \"$M\" replay -m ftp.mynah c.pcap out.pcap | "
		    "grep -q '^20 conversations'"), 0, "a pause after packet %zu", middles[i]);
	}
	leave();
}

Test(replay, who_is_still_there_after_an_hour_was_forgotten)
{
	go_somewhere();
	write_with_pause("c.pcap", DATA "ftp-small.pcap.gz", 9, 4000);
	cr_expect_eq(tool_run("\"$M\" replay -m ftp.mynah " DATA "ftp-small.pcap.gz out.pcap >whole; "
	    "\"$M\" replay -m ftp.mynah c.pcap out.pcap >said; "
	    "turns() { sed -n 's/.*, \\([0-9]*\\) turns.*/\\1/p' $1; }; "
	    "a=$(turns whole) b=$(turns said); rm whole; test $b -lt $a"), 0);
	leave();
}

Test(replay, a_capture_that_breaks_off_is_answered_up_to_there_and_says_so)
{
	go_somewhere();
	cr_expect_eq(tool_run("zcat " DATA "ftp-small.pcap.gz | head -c 20000 >c.pcap; "
	    "\"$M\" replay -m ftp.mynah c.pcap out.pcap >said && grep -q 'warning: c.pcap: breaks off' said"), 0);
	cr_expect_eq(tool_run("zcat " DATA "ftp-small.pcap.gz | head -c 30 >c.pcap; "
	    "! \"$M\" replay -m ftp.mynah c.pcap o.pcap 2>said && "
	    "grep -q 'no conversation begins in it (0 packets read). c.pcap: breaks off' said"), 0);
	leave();
}

Test(replay, twice_the_same_gives_the_same_file)
{
	go_somewhere();
	cr_expect_eq(tool_run("for i in 1 2; do \"$M\" replay -m ftp.mynah " DATA "ftp-small.pcap.gz $i.pcap >said; done; "
	    "cmp 1.pcap 2.pcap"), 0);
	leave();
}

Test(replay, tshark_reads_clean_streams)
{
	if (tool_run("command -v tshark >/dev/null") != 0)
		cr_skip_test("tshark is not installed");
	go_somewhere();
	cr_assert_eq(tool_run("\"$M\" replay -m ftp.mynah " DATA "ftp-small.pcap.gz out.pcap >said"), 0);
	cr_expect_eq(tool_run("test $(tshark -r out.pcap -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE "
	    "-Y '_ws.malformed || tcp.analysis.ack_lost_segment || tcp.analysis.lost_segment || "
	    "tcp.analysis.retransmission || tcp.checksum.status == 0 || ip.checksum.status == 0' 2>/dev/null | "
	    "wc -l) = 0"), 0);
	cr_expect_eq(tool_run("test $(tshark -r out.pcap -Y ftp.response 2>/dev/null | wc -l) -gt 100"), 0);
	leave();
}

Test(replay, stopped_half_way_leaves_nothing)
{
	go_somewhere();
	cr_expect_eq(tool_run("\"$M\" replay -m ftp.mynah " DATA "ftp-vsftpd.pcap.gz out.pcap >said & p=$!; "
	    "while kill -0 $p 2>said && ! test -e out.pcap.tmp; do :; done; kill -TERM $p; wait $p; "
	    "s=$?; test $s = 143 -o $s = 0 && ! test -e out.pcap.tmp"), 0);
	leave();
}
