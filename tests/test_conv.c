/* Every tests/conv/NAME.conv is a case of its own, and its twin over IPv6 another; --filter cannot name it, its sentence does. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/cases.h"
#include "tests/conv.h"

enum { FILES = 256, NAME = 256 };

static int
is_conv(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return dot != NULL && strcmp(dot, ".conv") == 0;
}

/* Names in order, the same in every process. */
static size_t
list(char name[FILES][NAME])
{
	struct dirent **entry;
	int n = scandir(TEST_ROOT "/tests/conv", &entry, is_conv, alphasort);
	size_t kept = 0;

	for (int i = 0; i < n; i++) {
		if (kept < FILES)
			snprintf(name[kept++], NAME, "%s", entry[i]->d_name);
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
	return kept;
}

static char names[FILES][NAME];

ParameterizedTestParameters(conv, conversation_goes_as_written)
{
	static size_t index[2 * FILES];
	size_t n = list(names);

	for (size_t i = 0; i < 2 * n; i++)
		index[i] = i;
	return cr_make_param_array(size_t, index, 2 * n);
}

ParameterizedTest(size_t *i, conv, conversation_goes_as_written)
{
	char path[512], why[1024] = "";
	size_t n = list(names);

	cr_assert_lt(*i, 2 * n);
	snprintf(path, sizeof path, "%s/tests/conv/%s", TEST_ROOT, names[*i % n]);
	cr_assert_geq(conv_run(path, *i >= n, why, sizeof why), 0, "%s%s", why, *i >= n ? " (over IPv6)" : "");
}

Test(conv, there_are_conversations)
{
	cr_assert_geq(list(names), 150);
}
