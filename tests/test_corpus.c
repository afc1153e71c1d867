#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "learning/corpus.h"
#include "learning/trace.h"
#include "tests/cases.h"
#include "tests/pooled.h"

enum { MS = 1000000 };
static const int64_t SECOND = 1000000000;

/* A capture made by hand, then loaded. */
struct lab {
	char path[64];
	struct trace_out *out;
	int64_t now_ns;
	struct corpus_options options;
	const char *paths[2];
	struct corpus *corpus;
	struct diag why;
	struct pool pool;
	int err;
};

static void
lab_open(struct lab *l)
{
	int fd;

	*l = (struct lab){ .path = "/tmp/mynah-corpus-XXXXXX", .now_ns = SECOND };
	fd = mkstemp(l->path);
	cr_assert_geq(fd, 0);
	close(fd);
	cr_assert_eq(trace_create(&l->out, l->path, NULL), 0);
	pool_init(&l->pool, 0);
}

static int
load(struct pool *p, void *ctx)
{
	struct lab *l = ctx;

	return corpus_load(&l->corpus, p, &l->options, l->paths, 1, &l->why);
}

static void
lab_load(struct lab *l)
{
	cr_assert_eq(trace_finish(l->out, NULL), 0);
	l->paths[0] = l->path;
	l->err = pool_run(&l->pool, load, l);
}

static void
lab_close(struct lab *l)
{
	unlink(l->path);
	pool_fini(&l->pool);
}

/* One packet from host (its last byte) and port to the same; each a millisecond later. */
static void
packet(struct lab *l, uint8_t proto, uint8_t from, uint16_t sport, uint8_t to, uint16_t dport,
    uint8_t flags, uint32_t seq, uint32_t ack, const char *text)
{
	struct wire_out o = { .src = addr_v4(0xc6120000u | from), .dst = addr_v4(0xc6120000u | to),
		.proto = proto, .ttl = 64, .sport = sport, .dport = dport, .seq = seq, .ack = ack,
		.tcp_flags = flags, .win = 1000 };
	size_t at = wire_header_bytes(&o), n = strlen(text);
	uint8_t b[2000];

	memcpy(b + at, text, n);
	trace_write(l->out, l->now_ns, span_of(b, wire_build(&o, b, sizeof b, n)));
	l->now_ns += MS;
}

static void
udp(struct lab *l, uint8_t from, uint16_t sport, uint8_t to, uint16_t dport, const char *text)
{
	packet(l, PROTO_UDP, from, sport, to, dport, 0, 0, 0, text);
}

enum { C = 1, S = 10, CP = 40000, SP = 21 };	/* client and server, and their ports */

/* A segment of either side; positions count from the SYN's. */
static void
tcp(struct lab *l, bool server, uint8_t flags, uint32_t isn, uint32_t at, uint32_t ack, const char *text)
{
	if (server)
		packet(l, PROTO_TCP, S, SP, C, CP, flags, isn + 500 + at, isn + ack, text);
	else
		packet(l, PROTO_TCP, C, CP, S, SP, flags, isn + at, isn + 500 + ack, text);
}

static void
shake(struct lab *l, uint32_t isn)
{
	tcp(l, false, TCP_SYN, isn, 0, 0, "");
	tcp(l, true, TCP_SYN | TCP_ACK, isn, 0, 1, "");
	tcp(l, false, TCP_ACK, isn, 1, 1, "");
}

/* "C:text S:text|..." of a conversation: its messages as one string. */
static const char *
told(const struct lab *l, uint32_t i, char *to)
{
	const struct conversation *v = &l->corpus->conversations[i];
	size_t at = 0;

	cr_assert_lt(i, l->corpus->nconversations);
	to[0] = '\0';
	for (uint32_t k = 0; k < v->n; k++) {
		const struct message *m = &l->corpus->messages[v->first + k];

		at += (size_t)sprintf(to + at, "%s%c%s%.*s", k ? " " : "", m->side == SIDE_CLIENT ? 'c' : 's',
		    m->cut ? "!" : ":", (int)m->bytes.n, (const char *)m->bytes.p);
	}
	return to;
}

Test(corpus, the_answered_query_at_the_end_of_a_capture_is_kept)
{
	struct lab l;
	char text[200];

	lab_open(&l);
	udp(&l, C, CP, S, 53, "query");
	udp(&l, S, 53, C, CP, "reply");
	lab_load(&l);
	cr_assert_eq(l.err, 0, "%s", l.why.text);
	cr_expect(l.corpus->proto == PROTO_UDP && l.corpus->port == 53);
	cr_expect_str_eq(told(&l, 0, text), "c:query s:reply");
	lab_close(&l);
}

Test(corpus, the_end_of_a_connection_is_no_message_and_loses_none)
{
	struct lab l;
	char text[200];

	lab_open(&l);
	shake(&l, 100);
	tcp(&l, true, TCP_ACK, 100, 1, 1, "220 hello");
	tcp(&l, false, TCP_ACK, 100, 1, 10, "QU");
	tcp(&l, false, TCP_ACK, 100, 3, 10, "IT");
	tcp(&l, true, TCP_ACK | TCP_FIN, 100, 10, 5, "221 bye");
	tcp(&l, false, TCP_ACK | TCP_FIN, 100, 5, 18, "");
	tcp(&l, true, TCP_ACK, 100, 18, 6, "");
	lab_load(&l);
	cr_assert_eq(l.err, 0, "%s", l.why.text);
	cr_expect_str_eq(told(&l, 0, text), "s:220 hello c:QUIT s:221 bye");
	cr_expect_eq(l.corpus->conversations[0].end, END_FIN_SERVER);
	cr_expect(l.corpus->conversations[0].whole);
	cr_expect_eq(l.corpus->messages[1].last_ns - l.corpus->messages[1].first_ns, MS);
	lab_close(&l);
}

Test(corpus, a_syn_on_the_same_ports_is_another_conversation)
{
	struct lab l;
	char text[200];

	lab_open(&l);
	for (uint32_t k = 0; k < 3; k++) {
		shake(&l, k << 28);
		tcp(&l, false, TCP_ACK, k << 28, 1, 1, "ask");
		tcp(&l, true, TCP_ACK, k << 28, 1, 4, k == 1 ? "two" : "odd");
		if (k == 0)
			tcp(&l, false, TCP_RST, k << 28, 4, 0, "");
	}
	tcp(&l, false, TCP_SYN, 2u << 28, 0, 0, "");	/* a SYN that came twice is not */
	lab_load(&l);
	cr_assert_eq(l.err, 0, "%s", l.why.text);
	cr_assert_eq(l.corpus->nconversations, 3);
	cr_expect_str_eq(told(&l, 1, text), "c:ask s:two");
	cr_expect_eq(l.corpus->conversations[0].end, END_RST_CLIENT);
	cr_expect_eq(l.corpus->conversations[1].end, END_NONE);
	lab_close(&l);
}

Test(corpus, silence_of_thirty_seconds_ends_a_udp_conversation)
{
	struct lab l;

	lab_open(&l);
	udp(&l, C, CP, S, 53, "a");
	udp(&l, S, 53, C, CP, "b");
	l.now_ns += 29 * SECOND;
	udp(&l, C, CP, S, 53, "c");
	l.now_ns += 31 * SECOND;
	udp(&l, C, CP, S, 53, "d");
	lab_load(&l);
	cr_assert_eq(l.corpus->nconversations, 2);
	cr_expect(l.corpus->conversations[0].n == 3 && l.corpus->conversations[1].n == 1);
	lab_close(&l);
}

Test(corpus, a_server_that_answers_from_another_port_stays_in_its_conversation)
{
	struct lab l;
	char text[200];

	lab_open(&l);
	l.options = (struct corpus_options){ .proto = PROTO_UDP, .port = 69 };
	udp(&l, C, CP, S, 69, "read");
	udp(&l, S, 5555, C, CP, "data");
	udp(&l, C, CP, S, 5555, "ack");
	udp(&l, S, 7777, C, CP + 1, "stranger");
	lab_load(&l);
	cr_assert_eq(l.corpus->nconversations, 1);
	cr_expect_str_eq(told(&l, 0, text), "c:read s:data c:ack");
	cr_expect(l.corpus->conversations[0].moved);
	cr_expect_eq(l.corpus->report.other_service, 1);
	lab_close(&l);
}

Test(corpus, a_hole_makes_a_conversation_incomplete_and_its_message_cut)
{
	struct lab l;
	char text[200];

	lab_open(&l);
	shake(&l, 100);
	tcp(&l, false, TCP_ACK, 100, 1, 1, "one ");
	tcp(&l, false, TCP_ACK, 100, 9, 1, "three");
	tcp(&l, true, TCP_ACK, 100, 1, 14, "fine");
	lab_load(&l);
	cr_expect_str_eq(told(&l, 0, text), "c!one three s:fine");
	cr_expect(!l.corpus->conversations[0].whole);
	cr_expect_eq(l.corpus->report.gaps, 1);
	lab_close(&l);
}

Test(corpus, scans_and_silent_connections_are_told_apart)
{
	struct lab l;

	lab_open(&l);
	for (uint16_t k = 0; k < 50; k++)	/* nobody answers, on the same port and on others */
		packet(&l, PROTO_TCP, C, 1000 + k, S, k < 25 ? SP : 3000 + k, TCP_SYN, k, 0, "");
	packet(&l, PROTO_TCP, S, SP, C, 1000, TCP_RST | TCP_ACK, 0, 1, "");
	shake(&l, 100);				/* says nothing, but was there */
	tcp(&l, false, TCP_ACK | TCP_FIN, 100, 1, 1, "");
	shake(&l, 1 << 20);
	tcp(&l, true, TCP_ACK, 1 << 20, 1, 1, "220");
	lab_load(&l);
	cr_assert_eq(l.err, 0, "%s", l.why.text);
	cr_expect_eq(l.corpus->nconversations, 2);
	cr_expect(l.corpus->conversations[0].n == 0 && l.corpus->conversations[0].whole);
	cr_expect_eq(l.corpus->report.unanswered, 25);
	cr_expect_eq(l.corpus->report.other_service, 25);
	lab_close(&l);
}

Test(corpus, without_a_syn_the_port_tells_the_server)
{
	struct lab l;
	char text[200];

	lab_open(&l);
	l.options = (struct corpus_options){ .port = SP };
	tcp(&l, true, TCP_ACK, 100, 50, 70, "250 ok");
	tcp(&l, false, TCP_ACK, 100, 70, 56, "NOOP");
	lab_load(&l);
	cr_assert_eq(l.err, 0, "%s", l.why.text);
	cr_expect_eq(l.corpus->proto, PROTO_TCP);
	cr_expect_str_eq(told(&l, 0, text), "s:250 ok c:NOOP");
	cr_expect(!l.corpus->conversations[0].whole);
	cr_expect_eq(l.corpus->report.no_handshake, 1);
	lab_close(&l);
}

Test(corpus, two_services_are_a_question_to_the_user)
{
	struct lab l;

	lab_open(&l);
	for (uint16_t k = 0; k < 6; k++) {
		udp(&l, C, CP + k, S, 53, "a");
		udp(&l, S, 53, C, CP + k, "b");
		udp(&l, C, CP + k, S, 161, "a");
		udp(&l, S, 161, C, CP + k, "b");
	}
	lab_load(&l);
	cr_expect_eq(l.err, -EINVAL);
	cr_expect(strstr(l.why.text, l.path) && strstr(l.why.text, "udp/53 (6), udp/161 (6)") &&
	    strstr(l.why.text, "--port"), "%s", l.why.text);
	lab_close(&l);
}

Test(corpus, a_service_that_is_not_there_is_named_with_those_that_are)
{
	struct lab l;

	lab_open(&l);
	l.options = (struct corpus_options){ .proto = PROTO_TCP, .port = 80 };
	shake(&l, 1);
	lab_load(&l);
	cr_expect_eq(l.err, -ENOENT);
	cr_expect(strstr(l.why.text, "tcp/80") && strstr(l.why.text, "tcp/21 (1)"), "%s", l.why.text);
	lab_close(&l);
}

Test(corpus, an_empty_capture_holds_nothing)
{
	struct lab l;

	lab_open(&l);
	lab_load(&l);
	cr_expect_eq(l.err, -ENOENT);
	cr_expect(strstr(l.why.text, "no packets"), "%s", l.why.text);
	lab_close(&l);
}

Test(corpus, the_split_holds_the_share_asked_for_and_repeats)
{
	struct corpus c = { .nconversations = 1000 }, two = { .nconversations = 2 };
	struct pool p;
	bool *a, *b, *other;
	unsigned n = 0, same = 0;

	pool_init(&p, 0);
	p.running = 1;	/* nothing here can run out */
	a = corpus_split(&p, &c, 20, 7);
	b = corpus_split(&p, &c, 20, 7);
	other = corpus_split(&p, &c, 20, 8);
	for (unsigned i = 0; i < 1000; i++) {
		n += a[i];
		same += a[i] && other[i];
		cr_assert_eq(a[i], b[i]);
	}
	cr_expect_eq(n, 200);
	cr_expect_lt(same, 100);
	a = corpus_split(&p, &two, 1, 7);
	cr_expect_eq(a[0] + a[1], 1);
	a = corpus_split(&p, &two, 0, 7);
	cr_expect_eq(a[0] + a[1], 0);
	pool_fini(&p);
}

static struct corpus *
loaded(struct pool *p, const char *const *captures, size_t n)
{
	struct corpus_options o = { 0 };
	struct diag why = { "" };
	struct corpus *c;

	cr_assert_eq(corpus_load(&c, p, &o, captures, n, &why), 0, "%s", why.text);
	return c;
}

#define FTP TEST_ROOT "/tests/data/ftp-small.pcap.gz"
#define MORE_FTP TEST_ROOT "/tests/data/ftp-proftpd.pcap.gz"

POOLED(corpus, a_conversation_is_held_out_whatever_stands_beside_it)
{
	struct corpus *alone = loaded(pool, (const char *[]){ FTP }, 1);
	struct corpus *first = loaded(pool, (const char *[]){ FTP, MORE_FTP }, 2);
	struct corpus *last = loaded(pool, (const char *[]){ MORE_FTP, FTP }, 2);
	bool *a = corpus_held_out(pool, alone, 20), *f = corpus_held_out(pool, first, 20);
	bool *l = corpus_held_out(pool, last, 20);
	uint32_t n = alone->nconversations, held = 0;

	cr_assert_gt(last->nconversations, n);
	for (uint32_t i = 0; i < n; i++) {
		cr_expect_eq(a[i], f[i], "conversation %u", i);
		cr_expect_eq(a[i], l[last->nconversations - n + i], "conversation %u", i);
		held += a[i];
	}
	cr_expect(held > 0 && held < n, "%u of %u", held, n);
}

POOLED(corpus, about_the_share_asked_for_is_held_out_and_less_lies_within_more)
{
	struct corpus *c = loaded(pool, (const char *[]){ MORE_FTP }, 1);
	bool *none = corpus_held_out(pool, c, 0), *some = corpus_held_out(pool, c, 10);
	bool *more = corpus_held_out(pool, c, 30), *all = corpus_held_out(pool, c, 100);
	uint32_t n = c->nconversations, tenth = 0, third = 0;

	for (uint32_t i = 0; i < n; i++) {
		cr_expect(!none[i] && all[i]);
		cr_expect(!some[i] || more[i]);
		tenth += some[i];
		third += more[i];
	}
	cr_expect(tenth > n / 20 && tenth < n / 5, "%u of %u", tenth, n);
	cr_expect(third > n / 5 && third < n * 2 / 5, "%u of %u", third, n);
}

/* n short conversations, one after the other, a minute apart; one of them says something else. */
static void
long_capture(struct lab *l, unsigned n, unsigned odd)
{
	char line[40];

	lab_open(l);
	for (unsigned i = 0; i < n; i++) {
		uint32_t isn = 1000 * i + 1;

		shake(l, isn);
		snprintf(line, sizeof line, i == odd ? "SITE what%u\r\n" : "USER who%u\r\n", i);
		tcp(l, false, TCP_ACK, isn, 1, 1, line);
		tcp(l, true, TCP_ACK, isn, 1, 1 + (uint32_t)strlen(line), "331 go on\r\n");
		tcp(l, true, TCP_ACK | TCP_FIN, isn, 12, 1 + (uint32_t)strlen(line), "");
		tcp(l, false, TCP_ACK | TCP_FIN, isn, 1 + (uint32_t)strlen(line), 13, "");
		l->now_ns += 60 * SECOND;
	}
}

Test(corpus, beyond_its_budget_conversations_are_counted_and_left_out)
{
	struct lab all, some;
	bool found = false;
	char text[200];
	uint32_t at = 0;

	long_capture(&all, 500, 450);
	lab_load(&all);
	cr_assert_eq(all.err, 0, "%s", all.why.text);
	cr_expect_eq(all.corpus->nconversations, 500);
	long_capture(&some, 500, 450);
	some.options = (struct corpus_options){ .budget_bytes = 200 * 800 };
	lab_load(&some);
	cr_assert_eq(some.err, 0, "%s", some.why.text);
	cr_expect(some.corpus->nconversations > 150 && some.corpus->nconversations <= 210, "%u",
	    some.corpus->nconversations);
	cr_expect_eq(some.corpus->report.left_out + some.corpus->nconversations, 500);
	cr_expect_eq(some.corpus->report.left_out_messages + some.corpus->nmessages, 1000);
	cr_expect_eq(some.corpus->sources[0].conversations, 500);
	for (uint32_t i = 0; i < some.corpus->nconversations; i++) {	/* in order, and unchanged */
		while (at < 500 && all.corpus->conversations[at].start_ns != some.corpus->conversations[i].start_ns)
			at++;
		cr_assert_lt(at, 500);
		snprintf(text, sizeof text, "%s", told(&all, at, (char[200]){ 0 }));
		cr_assert_str_eq(told(&some, i, (char[200]){ 0 }), text);
		found |= strstr(text, "SITE") != NULL;
	}
	cr_expect(found, "the only one of its kind stays");
	lab_close(&all);
	lab_close(&some);
}

Test(corpus, memory_does_not_grow_with_the_capture)
{
	size_t used[2];

	for (int i = 0; i < 2; i++) {
		struct lab l;

		long_capture(&l, i == 0 ? 2000 : 20000, 1);
		l.options = (struct corpus_options){ .budget_bytes = 100 << 10 };
		lab_load(&l);
		cr_assert_eq(l.err, 0, "%s", l.why.text);
		used[i] = l.pool.used_bytes;
		lab_close(&l);
	}
	cr_expect_leq(used[1], used[0] + (1 << 20), "%zu, then %zu", used[0], used[1]);
}

Test(corpus, a_service_is_worked_out_with_what_was_left_out)
{
	struct lab l;

	long_capture(&l, 2000, 1);
	for (int i = 0; i < 100; i++) {		/* a rival if only what was kept counted */
		udp(&l, C, (uint16_t)(50000 + i), S, 53, "query");
		udp(&l, S, 53, C, (uint16_t)(50000 + i), "reply");
	}
	l.options = (struct corpus_options){ .budget_bytes = 100 << 10 };
	lab_load(&l);
	cr_assert_eq(l.err, 0, "%s", l.why.text);
	cr_expect(l.corpus->proto == PROTO_TCP && l.corpus->port == SP);
	cr_expect_eq(l.corpus->report.left_out + l.corpus->nconversations, 2000);
	cr_expect_eq(l.corpus->report.other_service, 200);
	lab_close(&l);
}

Test(corpus, a_conversation_that_was_left_out_may_come_back)
{
	struct lab l;

	lab_open(&l);
	for (unsigned i = 0; i < 300; i++) {	/* never ended, speaks again after ten minutes */
		char line[40];

		snprintf(line, sizeof line, "again %u", i);
		packet(&l, PROTO_TCP, C, (uint16_t)(CP + i % 10), S, SP, TCP_ACK, i, 1, line);
		packet(&l, PROTO_TCP, S, SP, C, (uint16_t)(CP + i % 10), TCP_ACK, 1, i + 10, "yes");
		l.now_ns += 60 * SECOND;
	}
	l.options = (struct corpus_options){ .budget_bytes = 4096 };
	lab_load(&l);
	cr_assert_eq(l.err, 0, "%s", l.why.text);
	cr_expect_gt(l.corpus->report.left_out, 0);
	cr_expect_gt(l.corpus->nconversations, 0);
	lab_close(&l);
}
