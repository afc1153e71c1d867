#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/file.h"
#include "tests/naive_vector.h"

Test(naive, plays_the_vectors_of_every_model_in_the_tests)
{
	DIR *d = opendir(TEST_ROOT "/tests/data/models");
	struct dirent *e;
	unsigned n = 0;

	cr_assert_not_null(d);
	while ((e = readdir(d)) != NULL) {
		char path[1024];
		struct text t;
		struct diag why = { "" };
		if (strstr(e->d_name, ".txt") == NULL)
			continue;
		snprintf(path, sizeof path, TEST_ROOT "/tests/data/models/%s", e->d_name);
		struct span s = file_bytes(path);
		cr_assert_eq(text_parse(&t, e->d_name, s, &why), 0, "%s", why.text);
		for (uint32_t i = 0; i < t.nvector; i++, n++)
			naive_expect_vector(e->d_name, &t, &t.vector[i]);
		text_fini(&t);
		free((void *)s.p);
	}
	closedir(d);
	cr_expect_geq(n, 4);
}
