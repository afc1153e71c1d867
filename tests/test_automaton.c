#include <criterion/criterion.h>

#include "models/automaton.h"
#include "tests/naive.h"
#include "tests/random_model.h"

static uint16_t
walk(const struct automaton *a, struct span message)
{
	uint16_t at = AUTOMATON_START;

	for (size_t i = 0; i < message.n; i++)
		at = a->next[(size_t)at * a->nclasses + a->cls[message.p[i]]];
	return at;
}

Test(automaton, accepts_what_the_templates_match_in_their_order)
{
	struct dice d = { 77 };
	uint32_t tries = 0;

	for (int i = 0; i < 300; i++) {
		struct text t = random_model(&d, false, &tries);
		struct automaton a;

		cr_assert_eq(automaton_build(&a, &t, NULL), 0);
		cr_expect_eq(a.ntemplates, t.ntemplate);
		for (int k = 0; k < 50; k++) {
			uint8_t message[RANDOM_MESSAGE];
			size_t n = random_message(&t, &d, message);
			const uint16_t *list = &a.list[a.accept[walk(&a, span_of(message, n))]];
			uint32_t want = 0;

			for (uint32_t x = 0; x < t.ntemplate; x++)
				if (naive_matches(&t, x, span_of(message, n)))
					cr_assert(want < list[0] && list[++want] == x);
			cr_assert_eq(want, list[0]);
		}
		automaton_fini(&a);
		text_fini(&t);
	}
}

/* Templates built by hand. */
static struct text_elem
literal(const char *fmt, uint32_t v)
{
	char *s = calloc(1, 32);

	return (struct text_elem){ .kind = ELEM_LIT,
		.lit = span_of(s, (size_t)snprintf(s, 32, fmt, v)) };
}

static struct text
templates(uint32_t n)
{
	return (struct text){ .separators = span_str(" \r\n"), .ntemplate = n,
		.template = calloc(n, sizeof(struct text_template)) };
}

static void
templates_free(struct text *t)
{
	for (uint32_t i = 0; i < t->ntemplate; i++) {
		for (uint32_t k = 0; k < t->template[i].nelem; k++)
			free((void *)t->template[i].elem[k].lit.p);
		free(t->template[i].elem);
	}
	free(t->template);
}

/* FTP: verbs, bare, with a token, with a line. */
static struct text
like_ftp(uint32_t n)
{
	struct text t = templates(n);

	for (uint32_t i = 0; i < n; i++) {
		struct text_elem *e = calloc(4, sizeof *e);
		uint32_t k = 0;

		e[k++] = literal("V%03u", i / 3);
		if (i % 3 > 0) {
			e[k++] = literal(" ", 0);
			e[k++] = (struct text_elem){ .kind = i % 3 == 1 ? ELEM_TOK : ELEM_LINE };
		}
		e[k++] = literal("\r\n", 0);
		t.template[i] = (struct text_template){ .elem = e, .nelem = k, .support = i };
	}
	return t;
}

/* HTTP: a request line and header lines in varying order, about 200 bytes of literals each. */
static struct text
like_http(uint32_t n)
{
	struct text t = templates(n);
	uint32_t seed = 12345;

	for (uint32_t i = 0; i < n; i++) {
		struct text_elem *e = calloc(32, sizeof *e);
		uint32_t k = 0;

		e[k++] = literal(i % 2 ? "GET /%u/" : "POST /%u/", i % 7);
		e[k++] = (struct text_elem){ .kind = ELEM_TOK };
		e[k++] = literal(" HTTP/1.1\r\n", 0);
		for (uint32_t h = 0; h < 8; h++) {
			seed = seed * 1103515245 + 12345;
			e[k++] = literal("X-Some-Header-Number-%u: ", (seed >> 16) % 12);
			e[k++] = (struct text_elem){ .kind = ELEM_LINE };
			e[k++] = literal("\r\n", 0);
		}
		e[k++] = literal("\r\n", 0);
		t.template[i] = (struct text_template){ .elem = e, .nelem = k, .support = i };
	}
	return t;
}

Test(automaton, of_a_text_protocol_stays_small)
{
	struct text ftp = like_ftp(500), http = like_http(300);
	struct automaton a;

	cr_assert_eq(automaton_build(&a, &ftp, NULL), 0);
	cr_expect_eq(a.ntemplates, 500);
	cr_expect_lt(a.nstates, 3000);
	automaton_fini(&a);
	cr_assert_eq(automaton_build(&a, &http, NULL), 0);
	cr_expect_eq(a.ntemplates, 300);
	cr_expect_lt(a.nstates, AUTOMATON_STATES);
	automaton_fini(&a);
	templates_free(&ftp);
	templates_free(&http);
}

/* Half of all tokens are fields: quadratic and worse, spec unified-model 3.2. */
static struct text
blown_up(uint32_t n)
{
	struct text t = templates(n);
	uint32_t seed = 1;

	for (uint32_t i = 0; i < n; i++) {
		struct text_elem *e = calloc(32, sizeof *e);
		uint32_t k = 0;

		for (uint32_t w = 0; w < 12; w++) {
			seed = seed * 1103515245 + 12345;
			if (seed >> 30 & 1)
				e[k++] = (struct text_elem){ .kind = ELEM_TOK };
			else
				e[k++] = literal("t%u", seed >> 16 & 3);
			e[k++] = literal(" ", 0);
		}
		t.template[i] = (struct text_template){ .elem = e, .nelem = k, .support = i };
	}
	return t;
}

static double
length_for_support(const struct text_template *t)
{
	double n = 0;

	for (uint32_t k = 0; k < t->nelem; k++)
		n += t->elem[k].kind == ELEM_LIT ? (double)t->elem[k].lit.n : 2;
	return n / t->support;
}

/* Templates that some message is accepted by. */
static uint32_t
kept(const struct automaton *a, bool *has, uint32_t n)
{
	uint32_t sum = 0;

	memset(has, 0, n * sizeof *has);
	for (uint32_t i = 1; i < a->nlist; i += a->list[i] + 1u)
		for (uint32_t k = 1; k <= a->list[i]; k++)
			has[a->list[i + k]] = true;
	for (uint32_t i = 0; i < n; i++)
		sum += has[i];
	return sum;
}

/* The last template answers for all others, as the general ones of a service do. */
Test(automaton, leaves_out_the_longest_for_their_support_when_over_its_budget)
{
	enum { N = 2001 };
	struct text t = blown_up(N);
	struct text_template *general = &t.template[N - 1];
	double longest = 0, shortest = 1e9;
	bool has[N];
	struct automaton a;

	for (uint32_t i = 0; i < N; i++)
		t.template[i].support = 1 + i % 97;
	for (uint32_t k = 0; k < general->nelem; k++)
		free((void *)general->elem[k].lit.p);
	general->elem[0] = (struct text_elem){ .kind = ELEM_TAIL };
	general->nelem = 1;
	general->support = N;
	cr_assert_eq(automaton_build(&a, &t, NULL), 0);
	cr_expect_gt(a.ntemplates, 10);
	cr_expect_lt(a.ntemplates, N);
	cr_expect_lt(a.nstates, AUTOMATON_STATES + 1);
	cr_expect_lt((size_t)a.nstates * a.nclasses * 2, AUTOMATON_BYTES + 1);
	cr_expect_eq(kept(&a, has, N), a.ntemplates);
	cr_expect(has[N - 1], "what answers for all stays");
	for (uint32_t i = 0; i < N - 1; i++) {
		double length = length_for_support(&t.template[i]);

		if (has[i])
			longest = MAX(longest, length);
		else
			shortest = MIN(shortest, length);
	}
	cr_expect_lt(longest, 2 * shortest);	/* a field counts as a few bytes */
	automaton_fini(&a);
	templates_free(&t);
}
