#include "control/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/cases.h"

/* What log_say() writes to standard error for a text; returns its length. */
static size_t
said(char *to, size_t room, const char *text)
{
	int old = dup(STDERR_FILENO);
	FILE *f = tmpfile();
	ssize_t n;

	cr_assert_not_null(f);
	dup2(fileno(f), STDERR_FILENO);
	log_say("%s", text);
	dup2(old, STDERR_FILENO);
	close(old);
	n = pread(fileno(f), to, room - 1, 0);
	cr_assert_geq(n, 0);
	to[n] = '\0';
	fclose(f);
	return (size_t)n;
}

Test(log, a_call_is_one_line_with_the_programs_name)
{
	char line[128];

	said(line, sizeof line, "3 models on air");
	cr_expect_str_eq(line, "mynahd: 3 models on air\n");
}

static const unsigned lengths[] = { 0, 1, 1013, 1014, 1015, 1016, 1017, 5000 };

EACH_CASE(log, a_sentence_of_any_length_ends_in_one_line_end, lengths)
{
	char text[6000], line[6000];
	size_t n;

	memset(text, 'x', lengths[*i]);
	text[lengths[*i]] = '\0';
	n = said(line, sizeof line, text);
	cr_expect_eq(line[n - 1], '\n');
	cr_expect_eq(memchr(line, '\n', n), line + n - 1, "only one");
	cr_expect_null(memchr(line, '\0', n), "no end of string inside");
	cr_expect_leq(n, 1024);
	if (lengths[*i] <= 1014)
		cr_expect_eq(n, 9 + lengths[*i], "all of it: %zu", n);
}
