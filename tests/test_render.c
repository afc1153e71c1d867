#include "models/render.h"
#include "tests/cases.h"
#include "tests/model_of.h"

/* A model whose only reply says this; slot 0 is a line of the client. */
static struct model *
model_that_says(const char *proto, const char *say)
{
	char *text;
	struct model *m;

	cr_assert_geq(asprintf(&text,
	    "mynah-model 1\n"
	    "service \"t\" %s\n"
	    "channel plain\n"
	    "learner \"hand\" order 1 seed 1\n"
	    "separators \" \"\n"
	    "start 0\n"
	    "var 0 hostname \"ftp2.example\"\n"
	    "class 0 61-63\n"
	    "eom 0 %s error 0x0p+0\n"
	    "data 0 scope connection\n"
	    "  3 \"three\"\n"
	    "  1 \"one\"\n"
	    "map 0\n"
	    "  \"k\" \"value of k\"\n"
	    "  \"q\" \"\"\n"
	    "template 0 support 1 from hand\n"
	    "  match line \"\\n\"\n"
	    "  field 0 0 0\n"
	    "reply 0 support 1 from hand\n"
	    "  say %s\n"
	    "state 0 eom 0 support 1 \"any\"\n"
	    "  on message 0\n"
	    "    alt weight 1 say 0 goto 0 conf 0x1p+0 scope pair from hand\n",
	    proto, strcmp(proto, "udp") == 0 ? "datagram" : "term \"\\n\"", say), 0);
	m = model_of(text);
	free(text);
	return m;
}

/* 198.19.0.1 port 21 to 192.0.2.1 port 1234, Fri Mar  5 06:07:08 2004, no key. */
struct scene {
	struct fields f;
	struct session_env env;
	struct render r;
};

static void
scene_init(struct scene *s, struct span slot0)
{
	memset(s, 0, sizeof *s);
	if (slot0.p != NULL) {
		s->f.has = 1;
		s->f.slot[0] = slot0;
	}
	s->env.own = addr_v4(0xc6130001);
	s->env.peer = addr_v4(0xc0000201);
	s->env.own_port = 21;
	s->env.peer_port = 1234;
	s->r = (struct render){ .f = &s->f, .env = &s->env, .turn = 1,
		.turn_ms = INT64_C(1078466828999) };
}

#define BYTES(s) (s), sizeof(s) - 1

static const struct {
	const char *say, *slot, *is;
	size_t n;
} ops[] = {
	{ "\"fixed\"", "", BYTES("fixed") },
	{ "\"<\" field 0 \">\"", "line", BYTES("<line>") },
	{ "field 0 1 2", "line", BYTES("in") },
	{ "field 0 2", "line", BYTES("ne") },
	{ "field 0 3 9", "line", BYTES("e") },
	{ "\"<\" field 0 9 1 \">\"", "line", BYTES("<>") },
	{ "\"<\" field 0 \">\"", NULL, BYTES("<>") },
	{ "seq 0 1 text 0", "41", BYTES("42") },
	{ "seq 0 -50 text 0", "41", BYTES("0") },
	{ "seq 0 1 text 0", "0041", BYTES("0042") },
	{ "seq 0 1 text 5", "41", BYTES("00042") },
	{ "seq 0 1 text 1", "999", BYTES("1000") },
	{ "seq 0 1 text 0", "no number", BYTES("1") },
	{ "seq 0 1 text 0", NULL, BYTES("1") },
	{ "seq 0 9223372036854775807 text 0", "5", BYTES("9223372036854775807") },
	{ "seq 0 1 hex 0", "0f", BYTES("10") },
	{ "seq 0 1 hex 0", "FF", BYTES("100") },
	{ "seq 0 1 be 0", "\x01\xff", BYTES("\x02\x00") },
	{ "seq 0 1 le 0", "\xff\x01", BYTES("\x00\x02") },
	{ "seq 0 1 be 4", "\x01", BYTES("\x00\x00\x00\x02") },
	{ "seq 0 1 be 0", "nine bytes", BYTES("\x00\x00\x00\x01") },
	{ "part 0 before \"@\"", "bob@site@x", BYTES("bob") },
	{ "part 0 after \"@\"", "bob@site@x", BYTES("site@x") },
	{ "\"<\" part 0 after \"@\" \">\"", "bob", BYTES("<>") },
	{ "\"<\" part 0 after \"@\" \">\"", "bob@", BYTES("<>") },
	{ "lines 0 \"Id:\"", "GET x\r\nTo: b\r\nId: 7\r\n\r\n", BYTES("Id: 7") },
	{ "lines 0 \"Id:\"", "GET x\nId: 7\nTo: b\nId: 8\n\n", BYTES("Id: 7\nId: 8") },
	{ "lines 0 \"Id:\"", "GET x\r\nId: 7\r\n\r\nId: 8\r\n", BYTES("Id: 7") },
	{ "lines 0 \"Id:\"", "GET x\r\nTo: b\r\nId: 7", BYTES("Id: 7") },
	{ "\"<\" lines 0 \"Id:\" \">\"", "Id: 7\r\nMy-Id: 8\r\nId", BYTES("<>") },
	{ "map 0 0", "k", BYTES("value of k") },
	{ "\"<\" map 0 0 \">\"", "q", BYTES("<>") },
	{ "\"<\" map 0 0 \">\"", "other", BYTES("<>") },
	{ "var 0", "", BYTES("ftp2.example") },
	{ "addr own text \" \" addr peer comma", "", BYTES("198.19.0.1 192,0,2,1") },
	{ "port own text \" \" port peer comma", "", BYTES("21 4,210") },
	{ "time text 0 \"%a %b %e %T %Y %%\"", "", BYTES("Fri Mar  5 06:07:08 2004 %") },
	{ "time text 86400 \"%d\"", "", BYTES("06") },
	{ "time text -9223372036854775807 \"%Y\"", "", BYTES("1970") },
	{ "time hex 0 0", "", BYTES("4048190c") },
	{ "time be 2208988800 4", "", BYTES("\xc3\xf2\x97\x8c") },
	{ "time le 0 4", "", BYTES("\x0c\x19\x48\x40") },
	{ "len text 0 0 \":\" field 0", "line", BYTES("5:line") },
	{ "len text 0 3 field 0", "line", BYTES("004line") },
	{ "len text 0 1 \"0123456789ab\"", "", BYTES("20123456789ab") },
	{ "len be 2 2 field 0", "line", BYTES("\x00\x06line") },
	{ "len le -9 1 field 0", "line", BYTES("\x00line") },
	{ "len text 0 0 \"head\" mark field 0", "line", BYTES("4headline") },
	{ "\"a\" mark \"b\" len be 0 1 \"cd\"", "", BYTES("ab\x04" "cd") },
	{ "len be 0 1 len be 0 1 \"xyz\"", "", BYTES("\x04\x03xyz") },
	{ "len be 0 1 \"a\" break \"bcd\"", "", BYTES("\x01" "abcd") },
};

EACH_CASE(render, an_op_says_what_the_format_describes, ops)
{
	struct model *m = model_that_says("tcp", ops[*i].say);
	struct scene s;
	uint8_t to[256];
	size_t n;

	scene_init(&s, ops[*i].slot == NULL ? (struct span){ NULL, 0 } : span_str(ops[*i].slot));
	cr_expect_eq(render_length(&m->i, 0, &s.r), ops[*i].n, "say %s", ops[*i].say);
	n = render(&m->i, 0, &s.r, 0, to, sizeof to, NULL);
	cr_expect(span_eq(span_of(to, n), span_of(ops[*i].is, ops[*i].n)), "say %s: %.*s",
	    ops[*i].say, (int)n, to);
	model_destroy(m);
}

static const char *const long_replies[] = {
	"\"0123456789\" field 0 len text 0 0 seq 0 1 text 64 \"tail\"",
	"rand 0 57 turn \"-\" data 0 \"-\" rand 0 3 host",
	"mark \"some\" len be 0 4 time text 0 \"%a, %d %b %Y %T %Z\" var 0 addr own text",
	"\"one\" break \"two\" break \"three\"",
};

EACH_CASE(render, any_window_holds_what_the_whole_reply_has_there, long_replies)
{
	struct model *m = model_that_says("tcp", long_replies[*i]);
	uint8_t whole[512], part[512];
	struct scene s;
	size_t n;

	scene_init(&s, span_str("12"));
	s.env.key[0] = 1;
	n = render(&m->i, 0, &s.r, 0, whole, sizeof whole, NULL);
	cr_assert_eq(n, render_length(&m->i, 0, &s.r));
	cr_assert_gt(n, 10);
	for (size_t from = 0; from <= n + 2; from++)
		for (size_t room = 0; room <= n + 2 - MIN(from, n); room++) {
			size_t got, want = from < n ? MIN(room, n - from) : 0;

			memset(part, 0xee, sizeof part);
			got = render(&m->i, 0, &s.r, from, part, room, NULL);
			cr_assert_eq(got, want, "%zu bytes from %zu: %zu", room, from, got);
			cr_assert(span_eq(span_of(part, got), span_of(whole + MIN(from, n), want)));
			cr_assert_eq(part[room], 0xee, "written behind the window");
		}
	model_destroy(m);
}

Test(render, a_datagram_service_gives_one_message_at_a_time)
{
	struct model *m = model_that_says("udp", "\"one\" break \"three\" break \"six\"");
	static const struct { size_t from; const char *is; size_t boundary; } wants[] = {
		{ 0, "one", 3 }, { 2, "e", 3 }, { 3, "three", 8 }, { 7, "e", 8 }, { 8, "six", 11 },
		{ 11, "", 11 },
	};
	struct scene s;
	uint8_t to[64];

	scene_init(&s, span_str(""));
	cr_expect_eq(render_length(&m->i, 0, &s.r), 11);
	for (size_t k = 0; k < ARRAY_LEN(wants); k++) {
		size_t boundary, n = render(&m->i, 0, &s.r, wants[k].from, to, sizeof to, &boundary);

		cr_expect(span_eq(span_of(to, n), span_str(wants[k].is)), "from %zu: %.*s",
		    wants[k].from, (int)n, to);
		cr_expect_eq(boundary, wants[k].boundary, "from %zu: %zu", wants[k].from, boundary);
	}
	model_destroy(m);
}

Test(render, a_datagram_ends_where_ethernet_ends_and_a_reply_at_its_limit)
{
	static uint8_t line[2 * MODEL_REPLY_BYTES];
	struct model *udp = model_that_says("udp", "field 0 break \"next\"");
	struct model *tcp = model_that_says("tcp", "field 0 \"next\"");
	struct scene s;
	uint8_t to[8];
	size_t boundary;

	scene_init(&s, span_of(line, sizeof line));
	cr_expect_eq(render_length(&tcp->i, 0, &s.r), (size_t)MODEL_REPLY_BYTES);
	cr_expect_eq(render_length(&udp->i, 0, &s.r), (size_t)MODEL_DATAGRAM_BYTES + 4);
	render(&udp->i, 0, &s.r, 0, to, sizeof to, &boundary);
	cr_expect_eq(boundary, (size_t)MODEL_DATAGRAM_BYTES);
	cr_expect_eq(render(&udp->i, 0, &s.r, boundary, to, sizeof to, NULL), 4);
	cr_expect_arr_eq(to, "next", 4);
	model_destroy(udp);
	model_destroy(tcp);
}

Test(render, random_bytes_are_of_their_class_and_keep_to_their_scope)
{
	struct model *m = model_that_says("tcp", "rand 0 40 turn rand 0 40 host");
	uint8_t first[80], again[80];
	bool seen[256] = { false };
	struct scene s;

	scene_init(&s, span_str(""));
	s.env.key[0] = 1;
	cr_assert_eq(render(&m->i, 0, &s.r, 0, first, sizeof first, NULL), 80);
	for (size_t k = 0; k < 80; k++) {
		cr_expect(first[k] >= 'a' && first[k] <= 'c', "%02x", first[k]);
		seen[first[k]] = true;
	}
	cr_expect(seen['a'] && seen['b'] && seen['c']);
	cr_expect_arr_neq(first, first + 40, 40, "two places, two draws");
	s.r.turn = 2;
	render(&m->i, 0, &s.r, 0, again, sizeof again, NULL);
	cr_expect_arr_neq(first, again, 40);
	cr_expect_arr_eq(first + 40, again + 40, 40);
	model_destroy(m);
}

Test(render, recorded_values_come_as_often_as_their_weights_say)
{
	struct model *m = model_that_says("tcp", "data 0");
	struct scene s;
	unsigned three = 0;

	scene_init(&s, span_str(""));
	s.env.key[0] = 1;
	for (s.env.connection = 0; s.env.connection < 4000; s.env.connection++) {
		size_t n = render_length(&m->i, 0, &s.r);

		cr_assert(n == 3 || n == 5);
		three += n == 5;
	}
	cr_expect(three > 2850 && three < 3150, "%u of 4000, not about 3000", three);
	model_destroy(m);
}
