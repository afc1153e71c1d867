#include "learning/tally.h"

#include <stdlib.h>

uint32_t
answer_kind(const struct exchanges *x, const struct answer *a)
{
	return a == NULL ? 0 : x->exchange[a->exchange[0]].kind;
}

static int
tally_cmp(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;
	uint32_t v = (SAME_ANSWER - SAME_KIND) * x->n + SAME_KIND * x->alike;
	uint32_t w = (SAME_ANSWER - SAME_KIND) * y->n + SAME_KIND * y->alike;

	return v != w ? (v < w) - (v > w)
	    : x->n != y->n ? (x->n < y->n) - (x->n > y->n)
			   : (x->answer > y->answer) - (x->answer < y->answer);
}

static int
kind_cmp(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;

	return (x->kind > y->kind) - (x->kind < y->kind);
}

static int
answer_cmp(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;

	return (x->answer > y->answer) - (x->answer < y->answer);
}

/* Neighbours with the same answer become one. */
static uint32_t
merge(struct tally *t, uint32_t n)
{
	uint32_t m = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (m > 0 && t[m - 1].answer == t[i].answer)
			t[m - 1].n += t[i].n;
		else
			t[m++] = t[i];
	}
	return m;
}

uint32_t
tally(const struct exchanges *x, struct tally *t, uint32_t n)
{
	uint32_t m = merge(t, n), end;

	if (m == 1) {		/* most often */
		t[0].kind = answer_kind(x, t[0].answer);
		t[0].alike = t[0].n;
		return 1;
	}
	qsort(t, m, sizeof *t, answer_cmp);
	m = merge(t, m);
	for (uint32_t i = 0; i < m; i++)
		t[i].kind = answer_kind(x, t[i].answer);
	qsort(t, m, sizeof *t, kind_cmp);
	for (uint32_t i = 0; i < m; i = end) {
		uint32_t alike = 0;

		for (end = i; end < m && t[end].kind == t[i].kind; end++)
			alike += t[end].n;
		for (uint32_t j = i; j < end; j++)
			t[j].alike = alike;
	}
	qsort(t, m, sizeof *t, tally_cmp);
	return m;
}

uint8_t
tally_foretold(const struct exchanges *x, const struct answer *by, const struct answer *a)
{
	return a == by ? SAME_ANSWER : answer_kind(x, a) == answer_kind(x, by) ? SAME_KIND : WRONG;
}
