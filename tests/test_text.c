#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "models/text.h"
#include "models/text_lex.h"
#include "tests/cases.h"
#include "tests/file.h"

static void
expect_round_trip(const char *name, struct span from)
{
	struct text t, again;
	struct diag why = { "" };
	char *once, *twice;
	size_t n, m;

	cr_assert_eq(text_parse(&t, name, from, &why), 0, "%s", why.text);
	cr_assert_eq(text_check(&t, &why), 0, "%s", why.text);
	cr_assert_eq(text_print(&t, &once, &n), 0);
	cr_assert_eq(text_parse(&again, name, span_of(once, n), &why), 0, "%s", why.text);
	cr_assert_eq(text_print(&again, &twice, &m), 0);
	cr_expect_eq(n, m);
	cr_expect_str_eq(once, twice);
	text_fini(&t);
	text_fini(&again);
	free(once);
	free(twice);
}

Test(text, every_model_in_the_tests_prints_to_what_reads_back_the_same)
{
	DIR *d = opendir(TEST_ROOT "/tests/data/models");
	struct dirent *e;
	unsigned n = 0;

	cr_assert_not_null(d);
	while ((e = readdir(d)) != NULL) {
		char path[1024];
		if (strstr(e->d_name, ".txt") == NULL)
			continue;
		snprintf(path, sizeof path, TEST_ROOT "/tests/data/models/%s", e->d_name);
		struct span s = file_bytes(path);
		expect_round_trip(e->d_name, s);
		free((void *)s.p);
		n++;
	}
	closedir(d);
	cr_expect_geq(n, 1);
}

Test(text, a_run_of_both_sides_is_read_and_printed)
{
	static const char line[] = "prisma order 1 port 53 separators \"\" run 12 \"\\x00\"\n";
	struct diag why = { "" };
	struct text t;
	char text[256], *printed;
	size_t n;

	snprintf(text, sizeof text, "mynah-model 1\nservice \"x\" udp\n%s  node 0 start\nstate 0\n", line);
	cr_assert_eq(text_parse(&t, "m", span_str(text), &why), 0, "%s", why.text);
	cr_expect(t.prisma.has_run && t.prisma.head == 12 && t.prisma.delimiter == 0);
	cr_assert_eq(text_print(&t, &printed, &n), 0);
	cr_expect_not_null(strstr(printed, line), "%s", printed);
	text_fini(&t);
	free(printed);
}

#define HEAD "mynah-model 1\nservice \"x\" tcp\n"
#define TAIL "state 0\n"
#define PRISMA HEAD "\nprisma order 2 port 21 separators \" \"\n"
#define NODES PRISMA "node 0 start start\nnode 1 start c0\n"
#define FORM NODES "form 0 node 1 count 2 \"USER \" *\n"

static const struct {
	const char *what, *text, *why;
} faults[] = {
	{ "nothing", "", "m:1:1: 'mynah-model' is expected here, not the end of the file" },
	{ "not ours", "hello", "m:1:1: 'mynah-model' is expected here, not 'hello'" },
	{ "binary", "\x7f" "ELF", "m:1:1: byte 7f has no place here" },
	{ "another version", "mynah-model 2\n", "m:1:1: this program reads version 1" },
	{ "no service", "mynah-model 1\nstate 0\n", "no line 'service" },
	{ "no state", HEAD, "m: the model: there is no state" },
	{ "bad name", "mynah-model 1\nservice \"a b\" tcp\n" TAIL, "the service's name may have" },
	{ "unknown statement", HEAD "frob 1\n", "m:3:1: 'frob' begins no statement" },
	{ "open string", HEAD "separators \"abc\nstart 0\n", "m:3:12: this string has no closing" },
	{ "bad escape", HEAD "separators \"a\\q\"\n", "m:3:14: after \\ only" },
	{ "cut escape", HEAD "separators \"\\x1", "m:3:12: this string has no closing" },
	{ "raw control byte", HEAD "separators \"a\tb\"\n", "m:3:14: byte 09 must be written" },
	{ "something too much", HEAD "start 0 0\n" TAIL, "m:3:9: the end of the line is expected" },
	{ "no such state", HEAD "start 4\n" TAIL, "m:3:7: state 4 is not defined" },
	{ "twice", HEAD "start 0\nstart 0\n" TAIL, "m:4:1: 'start' stands twice" },
	{ "out of order", HEAD "template 1\n", "m:3:10: template 1 stands where template 0 is" },
	{ "no such template", HEAD TAIL " on message 7\n  alt goto 0\n",
	    "m:4:13: template 7 is not defined" },
	{ "no such class", HEAD "template 0\n match span 2 1 1\n" TAIL,
	    "m:4:13: class 2 is not defined" },
	{ "slot beyond the last", HEAD "reply 0\n say field 32\n", "m:4:12: 32 is too much for a slot" },
	{ "number too long", HEAD "start 99999999999999999999\n", "m:3:7: '99999999999999999999' is no" },
	{ "set used as a register", HEAD "set 0 scope pair\nreply 0\n say reg 0\n" TAIL,
	    "m:5:10: 0 is no register" },
	{ "empty class", HEAD "class 0\n" TAIL, "m:3:7: class 0: it has no member" },
	{ "class backwards", HEAD "class 0 39-30\n", "m:3:9: a range of bytes goes upward" },
	{ "token after token", HEAD "template 0\n match tok line\n" TAIL,
	    "m:3:10: template 0: element 0 (tok) may be followed by" },
	{ "through an optional element", HEAD
	    "class 0 30-39\nclass 1 2e\ntemplate 0\n match span 0 1 0 span 1 0 0 \"7\"\n" TAIL,
	    "m:5:10: template 0: element 0 (span) may be followed by" },
	{ "counts more than a byte can", HEAD "template 0\n match counted 1 256\n" TAIL,
	    "element 0: a byte counts 0 to 255 bytes" },
	{ "tail inside", HEAD "template 0\n match tail \"x\"\n" TAIL, "element 0: tail must be the last" },
	{ "empty template", HEAD "template 0\n" TAIL, "template 0: it must have 1 to" },
	{ "field outside", HEAD "template 0\n match \"x\"\n field 0 0 1\n" TAIL,
	    "field 0 spans elements 0 to 1 of 1" },
	{ "slot twice", HEAD "template 0\n match \"x\"\n field 0 0 0\n field 0 0 0\n" TAIL,
	    "slot 0 is filled twice" },
	{ "weight 0", HEAD "data 0 scope pair\n 0 \"x\"\n" TAIL, "m:3:6: data 0: value 0 has weight 0" },
	{ "sum too great", HEAD "data 0 scope pair\n 4294967295 \"x\"\n 1 \"y\"\n" TAIL, "sum of weights" },
	{ "map not sorted", HEAD "map 0\n \"b\" \"1\"\n \"a\" \"2\"\n" TAIL, "m:3:5: map 0: entry 1" },
	{ "turns not sorted", HEAD TAIL " on other\n  alt goto 0\n on connect\n  alt goto 0\n",
	    "m:6:5: state 0, turn 1: turns must be sorted" },
	{ "no alternative", HEAD TAIL " on other\n", "m:4:5: state 0, turn 0: it has no alternative" },
	{ "alternative to nowhere", HEAD TAIL " on other\n  alt weight 1\n", "must say 'goto STATE'" },
	{ "five guards", HEAD TAIL " on other\n  alt goto 0\n   when eq 0 \"\"\n   when eq 0 \"\"\n"
	    "   when eq 0 \"\"\n   when eq 0 \"\"\n   when eq 0 \"\"\n", "m:10:9: more than 4 guards" },
	{ "circle of back-off", HEAD "state 0 backoff 1\nstate 1 backoff 0\n",
	    "m:3:7: state 0: its back-off chain is a circle" },
	{ "not a probability", HEAD TAIL " on other\n  alt goto 0 conf 1.5\n",
	    "m:5:7: state 0, alternative 0: conf must be between 0 and 1" },
	{ "not a float", HEAD TAIL " on other\n  alt goto 0 conf 0x1p+9999\n", "m:5:19: a float" },
	{ "datagram on TCP", HEAD "eom 0 datagram\n" TAIL, "m:3:5: eom 0: datagram belongs to UDP" },
	{ "length that counts itself", HEAD "reply 0\n say mark len text 0 0 \"x\"\n" TAIL,
	    "m:3:7: reply 0: op 1: a length after a mark needs a width" },
	{ "wrong form of time", HEAD "reply 0\n say time text 0 \"%Q\"\n" TAIL, "the time knows" },
	{ "cut form of time", HEAD "reply 0\n say time text 0 \"%\"\n" TAIL, "the time knows" },
	{ "break at the end", HEAD "reply 0\n say \"x\" break\n" TAIL, "a break must stand between" },
	{ "server begins a vector", HEAD TAIL "vector\n < \"x\"\n", "m:5:2: '>' is expected here" },
	{ "basis twice", HEAD TAIL "basis tokens\n feature \"x\"\nbasis tokens\n", "the basis of the clients stands twice" },
	{ "server's basis twice", HEAD TAIL "basis server tokens\n feature \"x\"\nbasis server ngram 2\n",
	    "the basis of the server stands twice" },
	{ "chosen of nothing", HEAD "learner \"l\" order 1 seed 1 events \"nmf\" of\n" TAIL, "a number of conversations" },
	{ "weight of no feature of the server", HEAD TAIL "basis server tokens\n cluster 0 0:0.5\n", "feature 0 is not" },
	{ "weight of no feature", HEAD TAIL "basis tokens\n cluster 0 0:0.5\n", "feature 0 is not" },
	{ "a run of two ends", HEAD "prisma order 1 port 9 separators \"\" run 2 \"ab\"\n" TAIL, "a run ends at one byte" },
	{ "a run among words", HEAD "prisma order 1 port 9 separators \" \" run 2 \"a\"\nnode 0 start\n" TAIL,
	    "a run stands where there are no separators" },
	{ "no such symbol", PRISMA "node 0 start 4\n", "m:5:14: a symbol is start, end, or c or s" },
	{ "another start", PRISMA "node 0 start c1\n" TAIL, "m:4:8: prisma: node 0 must be the start" },
	{ "begins after its beginning", NODES "node 2 c0 start\n" TAIL, "node 2: start and end" },
	{ "goes on after its end", NODES "node 2 end c0\n" TAIL, "node 2: start and end stand" },
	{ "way to nowhere", NODES "to 7 1\n" TAIL, "node 1: the ways must be counted, lead to" },
	{ "way to another history", NODES "to 0 1\n" TAIL, "node 1: node 0 has another history" },
	{ "a form of the start", NODES "form 0 node 0 count 1\n" TAIL, "form 0: node 0 says nothing" },
	{ "split token", NODES "form 0 node 1 count 1 \"a\" \"b\"\n" TAIL, "two strings stand side" },
	{ "empty token", NODES "form 0 node 1 count 1 \"\"\n" TAIL, "has at least one byte" },
	{ "table of nothing", NODES "values 0 of 3 columns 1\n" TAIL, "values 0: it must have rows" },
	{ "too many rows", NODES "values 0 of 3 columns 1\n 4 \"x\"\n" TAIL, "values 0: more rows" },
	{ "hole in a context", FORM "context count 1 0 - 0\n" TAIL, "context 0: form -1 cannot" },
	{ "form of nowhere", FORM "context count 1 1\n" TAIL, "context 0: form 1 cannot stand" },
	{ "field left open", FORM "context count 1 0\n" TAIL, "context 0 does not fill every field" },
	{ "fills what is not there", FORM "context count 1 0\n fill 1 copy 0 0\n" TAIL,
	    "context 0: rule 0: fills field 1 of 1" },
	{ "fills more than there is", FORM "context count 1 0\n fill 0 2 data 0 0\n" TAIL,
	    "context 0: rule 0: fills field 0 of 1" },
	{ "reads what is not there", FORM "context count 1 - 0\n fill 0 copy 1 0\n" TAIL,
	    "there is no field 0, 1 back" },
	{ "reads what it fills", FORM "context count 1 0\n fill 0 copy 0 0\n" TAIL,
	    "context 0: rule 0: field 0 is not filled yet" },
	{ "no such table", FORM "context count 1 0\n fill 0 data 1 0\n" TAIL, "column 0 of values 1" },
	{ "no such column", FORM "values 0 of 1 columns 1\n 1 \"x\"\ncontext count 1 0\n"
	    " fill 0 data 0 1\n" TAIL, "column 1 of values 0 is not defined" },
	{ "unknown word", HEAD "eom 0 telepathy\n", "(term length decimal final push idle datagram parts)" },
};

EACH_CASE(text, a_fault_is_told_with_its_place, faults)
{
	struct text t;
	struct diag why = { "" };
	struct span from = span_str(faults[*i].text);

	cr_expect_eq(text_parse(&t, "m", from, &why), -EINVAL, "%s", faults[*i].what);
	cr_expect_not_null(strstr(why.text, faults[*i].why), "%s: %s", faults[*i].what, why.text);
	cr_expect_null(t.owned);
}

Test(text, every_prefix_of_a_model_is_refused_or_read_without_harm)
{
	struct span s = file_bytes(TEST_ROOT "/tests/data/models/ftp-small.txt");

	for (size_t n = 0; n < s.n; n++) {
		struct text t;
		uint8_t *cut = malloc(n + 1);	/* an overrun hits the end of the heap block */
		memcpy(cut, s.p, n);
		if (text_parse(&t, "m", span_of(cut, n), NULL) == 0)
			text_fini(&t);
		free(cut);
	}
	free((void *)s.p);
}

static const struct {
	const char *text;
	double value;
	const char *printed;
} floats[] = {
	{ "0", 0.0, "0x0p+0" },
	{ "0.5", 0.5, "0x1p-1" },
	{ "1", 1.0, "0x1p+0" },
	{ "0.1", 0.1, "0x1.999999999999ap-4" },
	{ "-2.75", -2.75, "-0x1.6p+1" },
	{ "0x1.8p-2", 0.375, "0x1.8p-2" },
	{ "0x0.0000000000001p-1022", 0x0.0000000000001p-1022, "0x0.0000000000001p-1022" },
	{ "0x1.fffffffffffffp+1023", 0x1.fffffffffffffp+1023, "0x1.fffffffffffffp+1023" },
};

EACH_CASE(text, floats_keep_their_bits, floats)
{
	double v = 7.0;
	char to[TEXT_FLOAT];

	cr_expect(text_float_parse(span_str(floats[*i].text), &v), "%s", floats[*i].text);
	cr_expect(memcmp(&v, &floats[*i].value, sizeof v) == 0, "%s", floats[*i].text);
	text_float_print(to, v);
	cr_expect_str_eq(to, floats[*i].printed);
}

static const char *const no_floats[] = { "", "-", ".", "0x", "0xp1", "0x1", "0x1p", "0x1p+",
	"1e5", "inf", "nan", "0x1p+1024", "1.2.3", "0x12345678123456789p0", "1234567890123456" };

EACH_CASE(text, what_is_no_float_is_refused, no_floats)
{
	double v;

	cr_expect_not(text_float_parse(span_str(no_floats[*i]), &v), "%s", no_floats[*i]);
}

/* Ten times the text may take ten times as long, not a hundred; counted in the parts it makes. */
Test(text, a_long_hostile_line_is_read_or_refused)
{
	size_t n = 4 << 20;
	char *p = malloc(n + 64);
	struct text t;
	struct diag why;
	int at = sprintf(p, HEAD TAIL "vector\n > \"");

	memset(p + at, 'x', n);
	cr_expect_eq(text_parse(&t, "m", span_of(p, n), &why), -EINVAL);
	memset(p + at, '"', n);
	cr_expect_eq(text_parse(&t, "m", span_of(p, n), &why), -EINVAL);
	memset(p + at, '\n', n);
	cr_expect_eq(text_parse(&t, "m", span_of(p, n), &why), -EINVAL);
	free(p);
}

/* Words of the format stand in backquotes in the document, alone or with their operands. */
Test(text, every_word_of_the_vocabulary_is_in_the_document_and_in_a_model_of_the_tests)
{
	static const char *const models[] = { "ftp-small", "dns-small", "ssh-small", "channel", "words", "two-machines" };
	struct span doc = file_bytes(TEST_ROOT "/docs/model-format.md"), all[ARRAY_LEN(models)];

	for (size_t m = 0; m < ARRAY_LEN(models); m++) {
		char path[1024];
		snprintf(path, sizeof path, TEST_ROOT "/tests/data/models/%s.txt", models[m]);
		all[m] = file_bytes(path);
	}
	for (const struct vocab *const *v = vocab_all; *v != NULL; v++)
		for (uint32_t i = 0; i < (*v)->n; i++) {
			char quoted[64];
			const char *word = vocab_name(*v, i);
			bool used = *v == &vocab_elem && i == ELEM_LIT;	/* printed as a bare string */
			used = used || (*v == &vocab_op && i == OP_LIT);
			int n = snprintf(quoted, sizeof quoted, "`%s`", word);
			cr_expect_not_null(memmem(doc.p, doc.n, quoted, (size_t)n), "%s %s",
			    (*v)->what, word);
			n = snprintf(quoted, sizeof quoted, " %s", word);
			for (size_t m = 0; m < ARRAY_LEN(models); m++)
				used = used || memmem(all[m].p, all[m].n, quoted, (size_t)n) != NULL;
			cr_expect(used, "%s %s", (*v)->what, word);
		}
	for (size_t m = 0; m < ARRAY_LEN(models); m++)
		free((void *)all[m].p);
	free((void *)doc.p);
}
