/* Which bytes of a message go with which elements of a template, by trying. */
#include "tests/naive.h"

#include <stdlib.h>

uint8_t
naive_lower(uint8_t b)
{
	return b >= 'A' && b <= 'Z' ? (uint8_t)(b + 32) : b;
}

/* May the byte at offset k of what begins at from stand there in the element? */
static bool
takes(const struct text *t, const struct text_elem *e, size_t k, const uint8_t *from)
{
	uint8_t b = from[k];

	switch (e->kind) {
	case ELEM_LIT:
		return k < e->lit.n && e->lit.p[k] == b;
	case ELEM_LIT_CASE:
		return k < e->lit.n && naive_lower(e->lit.p[k]) == naive_lower(b);
	case ELEM_TOK:
		for (size_t i = 0; i < t->separators.n; i++)
			if (t->separators.p[i] == b)
				return false;
		return true;
	case ELEM_LINE:
		return b != '\r' && b != '\n';
	case ELEM_SPAN:
		return (e->max == 0 || k < e->max) &&
		    (t->class[e->class].has[b / 8] & 1 << b % 8) != 0;
	case ELEM_ANY:
		return k < e->min;
	case ELEM_COUNTED:
		return k > 0 ? k <= from[0] : b >= e->min && b <= e->max;
	case ELEM_LEN:
		if (e->format == FMT_TEXT)
			return b >= '0' && b <= '9' && (e->min == 0 || k < e->min);
		return k < e->min;
	default:
		return true;
	}
}

static bool
enough(const struct text_elem *e, size_t n, const uint8_t *from)
{
	switch (e->kind) {
	case ELEM_LIT:
	case ELEM_LIT_CASE:
		return n == e->lit.n;
	case ELEM_TOK:
		return n >= 1;
	case ELEM_SPAN:
		return n >= e->min;
	case ELEM_ANY:
		return n == e->min;
	case ELEM_COUNTED:
		return n >= 1 && n == 1u + from[0];
	case ELEM_LEN:
		return e->min == 0 ? n >= 1 : n == e->min;
	default:
		return true;
	}
}

/* Longest first, then shorter ones: end[i] is where element i ends. */
static bool
match_from(const struct text *t, const struct text_template *tp, uint32_t i, struct span m,
    size_t at, size_t *end)
{
	size_t most = 0;

	if (i == tp->nelem)
		return at == m.n;
	while (at + most < m.n && takes(t, &tp->elem[i], most, m.p + at))
		most++;
	for (size_t n = most + 1; n-- > 0;) {
		if (!enough(&tp->elem[i], n, m.p + at))
			continue;
		end[i] = at + n;
		if (match_from(t, tp, i + 1, m, at + n, end))
			return true;
	}
	return false;
}

static size_t
alive_from(const struct text *t, const struct text_template *tp, uint32_t i, struct span m,
    size_t at)
{
	size_t most = 0, best;

	if (i == tp->nelem)
		return at;
	while (at + most < m.n && takes(t, &tp->elem[i], most, m.p + at))
		most++;
	best = at + most;
	for (size_t n = most + 1; n-- > 0;)
		if (enough(&tp->elem[i], n, m.p + at))
			best = MAX(best, alive_from(t, tp, i + 1, m, at + n));
	return best;
}

bool
naive_ends(const struct text *t, uint32_t i, struct span m, size_t **end)
{
	*end = calloc(t->template[i].nelem + 1, sizeof **end);
	if (match_from(t, &t->template[i], 0, m, 0, *end))
		return true;
	free(*end);
	*end = NULL;
	return false;
}

bool
naive_matches(const struct text *t, uint32_t i, struct span message)
{
	size_t *end;
	bool yes = naive_ends(t, i, message, &end);

	free(end);
	return yes;
}

size_t
naive_alive(const struct text *t, uint32_t i, struct span m)
{
	return alive_from(t, &t->template[i], 0, m, 0);
}

/* Where each element of the template ends in m, as far as it goes; returns how many are complete. */
uint32_t
naive_along(const struct text *t, const struct text_template *tp, struct span m, size_t *end,
    size_t *fixed, size_t *fixed_all)
{
	size_t at = 0;
	uint32_t complete = 0;
	bool stopped = false;

	*fixed = *fixed_all = 0;
	for (uint32_t i = 0; i < tp->nelem; i++) {
		const struct text_elem *e = &tp->elem[i];
		bool lit = e->kind == ELEM_LIT || e->kind == ELEM_LIT_CASE;
		size_t n = 0;
		while (!stopped && at + n < m.n && takes(t, e, n, m.p + at))
			n++;
		if (lit) {
			*fixed += n;
			*fixed_all += e->lit.n;
		}
		stopped = stopped || !enough(e, n, m.p + at);
		at += n;
		end[i] = at;
		complete += !stopped;
	}
	return complete;
}
