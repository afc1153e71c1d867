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

uint32_t
pause_of(const struct answer *a, const struct exchanges *x, struct pool *pool)
{
	uint32_t *ms = pool_array(pool, a->n + 1, sizeof *ms), n = 0;

	for (uint32_t i = 0; i < a->n; i++)
		if (x->exchange[a->exchange[i]].timed)
			ms[n++] = x->exchange[a->exchange[i]].wait_ms;
	qsort(ms, n, sizeof *ms, ms_cmp);
	if (n < MIN_SAMPLES || ms[n / 4] < NOTICED_MS || ms[n - 1 - n / 4] > 2 * (uint64_t)ms[n / 4])
		return 0;
	return ms[n / 2];
}
