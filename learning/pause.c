#include "learning/pause.h"

#include <stdlib.h>

enum {
	MIN_SAMPLES = 5,
	NOTICED_MS = 200,
};

static int
ms_cmp(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Does a state back off to another one, or is it that one? */
static bool
is_in(const struct memory *m, uint32_t state, uint32_t other)
{
	while (m->state[state].length > m->state[other].length)
		state = m->state[state].back;
	return state == other;
}

/* Samples whose time is known, in a state; ms has room for all. */
static uint32_t
times_in(const struct answer *a, const struct exchanges *x, const struct memory *m, const uint32_t *before,
    uint32_t state, uint32_t *ms)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < a->n; i++) {
		uint32_t e = a->exchange[i];

		if (x->exchange[e].timed && is_in(m, before[e], state))
			ms[n++] = x->exchange[e].wait_ms;
	}
	return n;
}

uint32_t
pause_of(const struct answer *a, const struct exchanges *x, const struct memory *m, const uint32_t *before,
    uint32_t state, struct pool *pool)
{
	uint32_t *ms = pool_array(pool, a->n + 1, sizeof *ms), n;

	for (n = times_in(a, x, m, before, state, ms); n < MIN_SAMPLES && m->state[state].length > 0;) {
		state = m->state[state].back;
		n = times_in(a, x, m, before, state, ms);
	}
	qsort(ms, n, sizeof *ms, ms_cmp);
	if (n < MIN_SAMPLES || ms[n / 4] < NOTICED_MS || ms[n - 1 - n / 4] > 2 * (uint64_t)ms[n / 4])
		return 0;
	return ms[n / 2];
}
