#include "models/selftest.h"

#include <errno.h>

#include "tests/cases.h"
#include "tests/model_of.h"

static const char *const models[] = { "ftp-small", "dns-small", "resync", "words-plain", "talk-small",
	"udp-small", "pause-small" };

static struct text
text_named(const char *name)
{
	char path[512], *file;
	struct text t;

	snprintf(path, sizeof path, TEST_ROOT "/tests/data/models/%s.txt", name);
	file = file_of(path);
	t = text_of(file);
	free(file);
	return t;
}

static int
run(const struct text *t, struct diag *why)
{
	struct model *m = model_of_text(t);
	int n = selftest_run(m, why);

	model_destroy(m);
	return n;
}

EACH_CASE(selftest, every_model_of_the_tests_says_what_its_vectors_say, models)
{
	struct text t = text_named(models[*i]);
	struct diag why = { "" };

	cr_expect_eq(run(&t, &why), t.nvector, "%s", why.text);
	text_fini(&t);
}

static const struct {
	const char *what;
	uint32_t line;
	const char *instead;
	const char *sentence;	/* a part of it; NULL: it passes */
} damages[] = {
	{ "another banner", 1, "221 Welcome to the archive.\r\n",
	    "vector 0, line 2, byte 2: \"220 Welcome to the archi...\" instead of \"221 Welcome to the archi...\"" },
	{ "a banner that is longer", 1, "220 Welcome to the archive.\r\n\x01",
	    "vector 0, line 2, byte 29: \"chive.\\r\\n\" instead of \"chive.\\r\\n\\x01\"" },
	{ "no answer", 3, "", "vector 0, line 4, byte 0: \"331 Password required fo...\" instead of \"\"" },
	{ "another question", 2, "USER \"\\\r\n",
	    "vector 0, line 4, byte 26: \"red for \\\"\\\\.\\r\\n\" instead of \"red for anonymous.\\r\\n\"" },
	{ "a question that gets the same answer", 4, "PASS another\r\n", NULL },
};

EACH_CASE(selftest, a_vector_that_differs_is_named_with_both_lines, damages)
{
	struct text t = text_named("ftp-small");
	struct diag why = { "" };
	int n;

	t.vector[0].line[damages[*i].line] = span_str(damages[*i].instead);
	n = run(&t, &why);
	if (damages[*i].sentence == NULL) {
		cr_expect_eq(n, t.nvector, "%s: %s", damages[*i].what, why.text);
	} else {
		cr_expect_eq(n, -EBADMSG, "%s: %d", damages[*i].what, n);
		cr_expect_not_null(strstr(why.text, damages[*i].sentence), "%s: %s", damages[*i].what,
		    why.text);
	}
	text_fini(&t);
}

/* The longest sentence still has its advice. */
Test(selftest, long_lines_are_shown_in_part)
{
	struct text t = text_named("ftp-small");
	struct diag why = { "" };
	uint8_t *line = calloc(1, MODEL_REPLY_BYTES);

	t.name = span_str("a-name-that-is-as-long-as-the-name-of-a-service-may-be-012345678");
	t.name.n = 63;
	t.vector[0].line[1] = span_of(line, MODEL_REPLY_BYTES);
	cr_expect_eq(run(&t, &why), -EBADMSG);
	cr_expect_not_null(strstr(why.text, "vectors anew."), "%s", why.text);
	free(line);
	text_fini(&t);
}

static const struct {
	const char *what;
	uint32_t vectors, lines;
	size_t bytes;		/* of each client line */
	bool refused;
} many[] = {
	{ "as many as may be", SELFTEST_VECTORS, SELFTEST_LINES, 0, false },
	{ "a vector too many", SELFTEST_VECTORS + 1, 2, 0, true },
	{ "a line too many", 1, SELFTEST_LINES + 1, 0, true },
	{ "as many bytes as may be", 1, 8, SELFTEST_BYTES / 4, false },
	{ "too many bytes", 1, 10, SELFTEST_BYTES / 4, true },
};

EACH_CASE(selftest, what_would_be_played_for_long_is_refused, many)
{
	struct text t = text_of("mynah-model 1\nservice \"t\" udp\nchannel plain\nlearner \"hand\" order 1 seed 1\n"
	    "separators \"\"\nstart 0\nstate 0 support 1 \"\"\n");
	struct text_vector vector[SELFTEST_VECTORS + 1];
	struct span line[SELFTEST_LINES + 1] = { { 0 } };
	uint8_t *bytes = calloc(1, SELFTEST_BYTES);
	struct diag why = { "" };

	for (uint32_t k = 0; k < many[*i].lines; k += 2)
		line[k] = span_of(bytes, many[*i].bytes);
	for (uint32_t k = 0; k < many[*i].vectors; k++)
		vector[k] = (struct text_vector){ line, many[*i].lines };
	t.vector = vector;
	t.nvector = many[*i].vectors;
	cr_expect_eq(text_check(&t, &why), many[*i].refused ? -EINVAL : 0, "%s: %s", many[*i].what,
	    why.text);
	if (many[*i].refused)
		cr_expect_not_null(strstr(why.text, "vector"), "%s", why.text);
	else
		cr_expect_eq(run(&t, &why), t.nvector, "%s: %s", many[*i].what, why.text);
	free(bytes);
	text_fini(&t);
}

/* Thousands of alternatives that never answer, each asked for every line. */
Test(selftest, a_model_that_takes_long_over_each_line_is_refused)
{
	enum { ALTS = 20000 };
	char *text = malloc(512 + ALTS * 80), *at = text;
	struct text_vector vector[SELFTEST_VECTORS];
	struct span line[SELFTEST_LINES] = { { 0 } };
	struct diag why = { "" };
	struct text t;

	at += sprintf(at, "mynah-model 1\nservice \"t\" udp\nchannel plain\nlearner \"hand\" order 1 seed 1\n"
	    "separators \"\"\nstart 0\neom 0 datagram error 0x0p+0\ntemplate 0 support 1 from hand\n  match \"q\" tail\n"
	    "  field 0 1 1\nstate 0 eom 0 support 1 \"\"\n  on message 0\n");
	for (unsigned k = 0; k < ALTS; k++)
		at += sprintf(at, "    alt weight 1 goto 0 from hand\n      when eq 0 \"%u\"\n", k);
	t = text_of(text);
	for (unsigned k = 0; k < SELFTEST_LINES; k += 2)
		line[k] = span_str("q and a few bytes more");
	for (unsigned k = 0; k < SELFTEST_VECTORS; k++)
		vector[k] = (struct text_vector){ line, SELFTEST_LINES };
	t.vector = vector;
	t.nvector = SELFTEST_VECTORS;
	cr_expect_eq(run(&t, &why), -E2BIG, "%s", why.text);
	cr_expect_not_null(strstr(why.text, "takes too long over its vectors"), "%s", why.text);
	t.nvector = 1;
	cr_expect_eq(run(&t, &why), 1, "%s", why.text);
	text_fini(&t);
	free(text);
}
