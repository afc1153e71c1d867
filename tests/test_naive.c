#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "tests/file.h"
#include "tests/naive.h"

static void
expect_line(const char *model, const struct text_vector *v, uint32_t i, struct naive_turn *turn)
{
	struct span said = span_of(turn->out, turn->n);

	if (i < v->n)
		cr_expect(span_eq(said, v->line[i]), "%s, line %u: '%.*s' instead of '%.*s'", model, i,
		    (int)said.n, (const char *)said.p, (int)v->line[i].n, (const char *)v->line[i].p);
	naive_turn_fini(turn);
}

static void
play(const char *model, const struct text *t, const struct text_vector *v)
{
	struct session_env env = { .own = addr_v4(0xc6130001), .peer = addr_v4(0xc0000201) };
	struct naive c;
	struct naive_turn turn;
	uint32_t i = 0;

	naive_init(&c, t, &env);
	if (t->proto == MODEL_TCP) {
		naive_event(&c, EVENT_CONNECT, 0, &turn);
		if (v->n > 0 && v->line[0].n == 0)
			expect_line(model, v, (i += 2) - 1, &turn);
		else
			naive_turn_fini(&turn);
	}
	for (; i < v->n; i += 2) {
		naive_message(&c, v->line[i], &turn);
		expect_line(model, v, i + 1, &turn);
	}
	naive_fini(&c);
}

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
			play(e->d_name, &t, &t.vector[i]);
		text_fini(&t);
		free((void *)s.p);
	}
	closedir(d);
	cr_expect_geq(n, 4);
}
