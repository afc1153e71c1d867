#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

#include "control/export.h"
#include "dataplane/wire.h"
#include "tests/cases.h"

static struct export x;
static struct diag why;
static char place[] = "/tmp/mynah-export-XXXXXX", path[64], other[64];
static const struct voice ftp = { "ftp", "ftp-lab3", "9f2c000000000001" };

static void
go_somewhere(void)
{
	cr_assert_not_null(mkdtemp(place));
	snprintf(path, sizeof path, "%s/r", place);
	snprintf(other, sizeof other, "%s/r.1", place);
}

static void
leave(void)
{
	unlink(path);
	unlink(other);
	rmdir(place);
}

TestSuite(export, .init = go_somewhere, .fini = leave, .timeout = 60);

static struct record
conversation(void)
{
	return (struct record){
		.kind = RECORD_FLOW, .end = END_CLOSED, .proto = PROTO_TCP, .slot = 3, .peer_port = 40000,
		.own_port = 21, .peer = addr_v4(0xc6336407), .own = addr_v4(0xcb007109),
		.start_ms = 1795317589820, .last_ms = 1795317592104, .flow_id = 0xfff8000000000007,
		.bytes_in = 402, .bytes_out = 391, .packets_in = 7, .packets_out = 6, .turns = 10, .missed = 1,
		.flags_in = 0x1b, .flags_out = 0x1b, .conf = 247, .path = { 8, 9, 2, 3, 4, 5, 6, 7 },
	};
}

static json_t *
line_of(const struct record *r)
{
	char line[EXPORT_LINE];
	size_t n = export_line(line, sizeof line, r, &ftp, "sensor-a");
	json_error_t bad;
	json_t *o;

	cr_assert_gt(n, 0);
	cr_expect_eq(line[n - 1], '\n');
	cr_expect_null(memchr(line, '\n', n - 1), "one line");
	o = json_loadb(line, n, 0, &bad);
	cr_assert_not_null(o, "%s", bad.text);
	return o;
}

static const char *
text(const json_t *o, const char *object, const char *key)
{
	return json_string_value(json_object_get(object ? json_object_get(o, object) : o, key));
}

static long long
number(const json_t *o, const char *object, const char *key)
{
	return json_integer_value(json_object_get(object ? json_object_get(o, object) : o, key));
}

Test(export, a_conversation_is_an_eve_flow)
{
	struct record r = conversation();
	json_t *o = line_of(&r), *states;

	cr_expect_str_eq(text(o, NULL, "timestamp"), "2026-11-22T03:19:52.104000+0000");
	cr_expect_str_eq(text(o, NULL, "event_type"), "flow");
	cr_expect_str_eq(text(o, NULL, "host"), "sensor-a");
	cr_expect_str_eq(text(o, NULL, "src_ip"), "198.51.100.7");
	cr_expect_str_eq(text(o, NULL, "dest_ip"), "203.0.113.9");
	cr_expect_eq(number(o, NULL, "src_port"), 40000);
	cr_expect_eq(number(o, NULL, "dest_port"), 21);
	cr_expect_str_eq(text(o, NULL, "proto"), "TCP");
	cr_expect_str_eq(text(o, NULL, "app_proto"), "ftp");
	cr_expect_str_eq(text(o, NULL, "community_id"), "1:jdzpU2aIoALJuO013ChED5z+xaU=");
	cr_expect_eq(number(o, NULL, "flow_id"), 7, "51 bits");
	cr_expect_eq(number(o, "flow", "pkts_toserver"), 7);
	cr_expect_eq(number(o, "flow", "bytes_toclient"), 391);
	cr_expect_str_eq(text(o, "flow", "start"), "2026-11-22T03:19:49.820000+0000");
	cr_expect_eq(number(o, "flow", "age"), 2);
	cr_expect_str_eq(text(o, "flow", "state"), "closed");
	cr_expect_str_eq(text(o, "tcp", "tcp_flags_ts"), "1b");
	cr_expect_eq(number(o, "mynah", "schema"), 1);
	cr_expect_str_eq(text(o, "mynah", "model"), "ftp-lab3");
	cr_expect_str_eq(text(o, "mynah", "model_version"), "9f2c000000000001");
	cr_expect_str_eq(text(o, "mynah", "conn_state"), "SF");
	cr_expect_eq(number(o, "mynah", "matched"), 9);
	states = json_object_get(json_object_get(o, "mynah"), "path");
	cr_assert_eq(json_array_size(states), 8);
	for (size_t i = 0; i < 8; i++)	/* turn 10 overwrote the first two: oldest first */
		cr_expect_eq(json_integer_value(json_array_get(states, i)), (json_int_t)(i + 2));
	json_decref(o);
}

static struct record
transfer(const char *asked, const char *name, bool taken)
{
	struct record r = conversation();

	r.kind = RECORD_TRANSFER;
	r.parent = 8;
	r.transfer = (struct record_transfer){ .bytes = 12000, .sum = { 0xab, [31] = 1 }, .taken = taken, .whole = taken,
		.nasked = (uint8_t)strlen(asked), .name_at = (uint8_t)(strlen(asked) - strlen(name)),
		.nname = (uint8_t)strlen(name) };
	memcpy(r.transfer.asked, asked, strlen(asked));
	return r;
}

Test(export, a_transfer_is_an_eve_fileinfo_of_its_conversation)
{
	struct record r = transfer("STOR fresh \xff\\.txt", "fresh \xff\\.txt", true);
	json_t *o = line_of(&r);

	cr_expect_str_eq(text(o, NULL, "event_type"), "fileinfo");
	cr_expect_eq(number(o, NULL, "flow_id"), 7);
	cr_expect_eq(number(o, NULL, "parent_id"), 8);
	cr_expect_str_eq(text(o, "fileinfo", "filename"), "fresh \\xff\\\\.txt", "what is no plain text is written as it can be read");
	cr_expect_eq(number(o, "fileinfo", "size"), 12000);
	cr_expect_str_eq(text(o, "fileinfo", "sha256"), "ab00000000000000000000000000000000000000000000000000000000000001");
	cr_expect_str_eq(text(o, "fileinfo", "state"), "CLOSED");
	cr_expect_str_eq(text(o, "mynah", "kind"), "transfer");
	cr_expect_str_eq(text(o, "mynah", "command"), "STOR");
	cr_expect_str_eq(text(o, "mynah", "direction"), "to_server");
	cr_expect_str_eq(text(o, "mynah", "model"), "ftp-lab3");
	cr_expect_null(json_object_get(o, "flow"));
	json_decref(o);
	r = transfer("LIST", "", false);
	o = line_of(&r);
	cr_expect_null(json_object_get(json_object_get(o, "fileinfo"), "filename"));
	cr_expect_str_eq(text(o, "fileinfo", "state"), "TRUNCATED");
	cr_expect_str_eq(text(o, "mynah", "command"), "LIST");
	cr_expect_str_eq(text(o, "mynah", "direction"), "to_client");
	json_decref(o);
}

static const struct {
	const char *what;
	uint8_t kind, end, proto, closed_first, in, out;
	uint32_t packets_out;
	const char *conn_state, *reason;
} ends[] = {
	{ "both closed", RECORD_FLOW, END_CLOSED, 6, 1, 0x1b, 0x1b, 5, "SF", "timeout" },
	{ "the peer reset", RECORD_FLOW, END_PEER_RESET, 6, 0, 0x16, 0x12, 5, "RSTO", "timeout" },
	{ "we reset", RECORD_FLOW, END_OUR_RESET, 6, 0, 0x12, 0x16, 5, "RSTR", "timeout" },
	{ "open and idle", RECORD_FLOW, END_IDLE, 6, 0, 0x12, 0x12, 5, "S1", "timeout" },
	{ "the peer closed, we had more to say", RECORD_FLOW, END_GIVEN_UP, 6, 1, 0x13, 0x12, 5, "S2", "timeout" },
	{ "we closed, the peer went away", RECORD_FLOW, END_IDLE, 6, 2, 0x12, 0x13, 5, "S3", "timeout" },
	{ "shed", RECORD_FLOW, END_EVICTED, 6, 0, 0x12, 0x12, 5, "S1", "forced" },
	{ "the program ended", RECORD_FLOW, END_SHUTDOWN, 6, 0, 0x12, 0x12, 5, "S1", "shutdown" },
	{ "a SYN without answer", RECORD_SCAN, 0, 6, 0, 0x02, 0, 0, "S0", "timeout" },
	{ "a SYN refused", RECORD_SCAN, 0, 6, 0, 0x02, 0x14, 1, "REJ", "timeout" },
	{ "a scanner's reset", RECORD_SCAN, 0, 6, 0, 0x06, 0x12, 1, "RSTO", "timeout" },
	{ "a SYN-ACK never acknowledged", RECORD_SCAN, 0, 6, 0, 0x02, 0x12, 1, "OTH", "timeout" },
	{ "UDP answered", RECORD_FLOW, END_IDLE, 17, 0, 0, 0, 1, "SF", "timeout" },
	{ "UDP not answered", RECORD_FLOW, END_IDLE, 17, 0, 0, 0, 0, "S0", "timeout" },
};

EACH_CASE(export, how_it_ended, ends)
{
	struct record r = conversation();
	json_t *o;

	r.kind = ends[*i].kind;
	r.end = ends[*i].end;
	r.proto = ends[*i].proto;
	r.closed_first = ends[*i].closed_first;
	r.flags_in = ends[*i].in;
	r.flags_out = ends[*i].out;
	r.packets_out = ends[*i].packets_out;
	o = line_of(&r);
	cr_expect_str_eq(text(o, "mynah", "conn_state"), ends[*i].conn_state, "%s", ends[*i].what);
	cr_expect_str_eq(text(o, "flow", "reason"), ends[*i].reason, "%s", ends[*i].what);
	json_decref(o);
}

Test(export, any_record_gives_valid_json)
{
	uint64_t seed = 1;

	for (int k = 0; k < 2000; k++) {
		struct record r;
		uint8_t *p = (uint8_t *)&r;

		for (size_t at = 0; at < sizeof r; at++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			p[at] = (uint8_t)(seed >> 56);
		}
		r.start_ms &= 0x3ffffffffff;	/* what the clock can give: until the year 2109 */
		r.last_ms &= 0x3ffffffffff;
		json_decref(line_of(&r));
	}
}

static size_t
lines_in(const char *file)
{
	static char all[1 << 20];
	FILE *f = fopen(file, "r");
	size_t n, lines = 0;

	cr_assert_not_null(f, "%s", file);
	n = fread(all, 1, sizeof all, f);
	fclose(f);
	for (size_t at = 0; at < n; lines++) {
		const char *end = memchr(all + at, '\n', n - at);
		json_error_t bad;
		json_t *o;

		cr_assert_not_null(end, "the last line is whole");
		o = json_loadb(all + at, (size_t)(end - all) - at, 0, &bad);
		cr_assert_not_null(o, "line %zu: %s", lines, bad.text);
		json_decref(o);
		at = (size_t)(end + 1 - all);
	}
	return lines;
}

Test(export, what_exceeds_the_rate_is_counted)
{
	struct record r = conversation();

	cr_assert_eq(export_open(&x, path, "a", 10, &why), 0, "%s", why.text);
	for (int k = 0; k < 25; k++)
		export_record(&x, &r, &ftp, 5000);
	for (int k = 0; k < 5; k++)
		export_record(&x, &r, &ftp, 6000);
	export_close(&x);
	cr_expect_eq(lines_in(path), 15);
	cr_expect_eq(x.lines, 15);
	cr_expect_eq(x.dropped_rate, 15);
}

Test(export, a_full_disk_leaves_whole_lines_and_recovers)
{
	struct rlimit small = { 100000, RLIM_INFINITY };
	struct record r = conversation();
	struct stat st;
	size_t kept;

	signal(SIGXFSZ, SIG_IGN);	/* then write() ends short at the limit, as on a full disk */
	cr_assert_eq(export_open(&x, path, "a", 100000, &why), 0, "%s", why.text);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int k = 0; k < 500; k++)
		export_record(&x, &r, &ftp, 5000);
	export_flush(&x);
	kept = lines_in(path);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_gt(kept, 10);
	cr_expect_lt(st.st_size, 100000);
	cr_expect_eq(x.lines, kept);
	cr_expect_eq(x.dropped_disk, 500 - kept);
	small.rlim_cur = RLIM_INFINITY;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	export_record(&x, &r, &ftp, 5000);
	export_close(&x);
	cr_expect_eq(lines_in(path), kept + 1);
}

Test(export, a_moved_file_is_left_alone_after_reopen)
{
	struct record r = conversation();

	cr_assert_eq(export_open(&x, path, "a", 100, &why), 0, "%s", why.text);
	export_record(&x, &r, &ftp, 5000);
	cr_assert_eq(rename(path, other), 0);
	cr_assert_eq(export_reopen(&x, &why), 0, "%s", why.text);
	export_record(&x, &r, &ftp, 5000);
	export_record(&x, &r, &ftp, 5000);
	export_close(&x);
	cr_expect_eq(lines_in(other), 1);
	cr_expect_eq(lines_in(path), 2);
}

static const struct {
	const char *what, *before, *after;
} tails[] = {
	{ "a whole last line stays", "{\"a\":1}\n{\"b\":2}\n", "{\"a\":1}\n{\"b\":2}\n" },
	{ "half a line is taken back", "{\"a\":1}\n{\"b\":", "{\"a\":1}\n" },
	{ "also when it is the only one", "{\"a", "" },
	{ "an empty file stays empty", "", "" },
};

EACH_CASE(export, what_a_killed_program_left_is_whole_again, tails)
{
	char got[64] = "";
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f);
	fputs(tails[*i].before, f);
	fclose(f);
	cr_assert_eq(export_open(&x, path, "a", 10, &why), 0, "%s", why.text);
	export_close(&x);
	f = fopen(path, "r");
	cr_assert_not_null(f);
	got[fread(got, 1, sizeof got - 1, f)] = '\0';
	fclose(f);
	cr_expect_str_eq(got, tails[*i].after, "%s", tails[*i].what);
}

Test(export, a_note_is_a_line_of_its_own_kind_whatever_the_rate)
{
	char line[EXPORT_LINE];
	json_error_t bad;
	json_t *o;
	FILE *f;

	cr_assert_eq(export_open(&x, path, "sensor-a", 0, &why), 0, "%s", why.text);
	export_note(&x, "load", "ftp", "9f2c000000000001", json_pack("{si}", "slot", 7), 1795317592104);
	export_note(&x, "training", "ftp", "", NULL, 1795317592104);
	export_close(&x);
	cr_expect_eq(lines_in(path), 2);
	f = fopen(path, "r");
	cr_assert_not_null(fgets(line, sizeof line, f));
	fclose(f);
	o = json_loads(line, 0, &bad);
	cr_assert_not_null(o, "%s", bad.text);
	cr_expect_str_eq(json_string_value(json_object_get(o, "event_type")), "mynah");
	cr_expect_str_eq(json_string_value(json_object_get(o, "timestamp")), "2026-11-22T03:19:52.104000+0000");
	cr_expect_str_eq(json_string_value(json_object_get(o, "host")), "sensor-a");
	cr_expect_str_eq(text(o, "mynah", "kind"), "model");
	cr_expect_str_eq(text(o, "mynah", "action"), "load");
	cr_expect_str_eq(text(o, "mynah", "service"), "ftp");
	cr_expect_str_eq(text(o, "mynah", "version"), "9f2c000000000001");
	cr_expect_eq(number(o, "mynah", "slot"), 7);
	json_decref(o);
}

Test(export, a_line_that_does_not_fit_is_counted)
{
	static char long_name[EXPORT_LINE + 1];
	struct record r = conversation();

	memset(long_name, 'a', EXPORT_LINE);
	cr_assert_eq(export_open(&x, path, "a", 10, &why), 0, "%s", why.text);
	export_note(&x, "failed", "ftp", "", json_pack("{ss}", "why", long_name), 5000);
	export_note(&x, "training", "ftp", "", NULL, 5000);
	cr_expect_eq(x.dropped_line, 1);
	x.host = long_name;
	export_record(&x, &r, &ftp, 5000);
	export_close(&x);
	cr_expect_eq(x.dropped_line, 2);
	cr_expect_eq(x.lines, 1);
	cr_expect_eq(lines_in(path), 1);
}

Test(export, without_a_file_a_note_goes_nowhere)
{
	cr_assert_eq(export_open(&x, NULL, "a", 10, &why), 0, "%s", why.text);
	export_note(&x, "load", "ftp", "", json_pack("{si}", "slot", 7), 5000);
	export_close(&x);
	cr_expect_eq(x.lines + x.dropped_line, 0);
}

Test(export, a_file_that_cannot_be_opened_is_named)
{
	cr_expect_eq(export_open(&x, "/nowhere/r.json", "a", 100, &why), -ENOENT);
	cr_expect_not_null(strstr(why.text, "/nowhere/r.json"));
	cr_expect_eq(export_open(&x, NULL, "a", 100, &why), 0, "no file: records are not written");
	export_close(&x);
}
