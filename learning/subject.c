#include "learning/subject.h"

#include <stdlib.h>

#include "learning/keyed.h"

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static int
subject_cmp(const void *a, const void *b)
{
	const struct span x = ((const struct subject *)a)->bytes, y = ((const struct subject *)b)->bytes;
	size_t n = MIN(x.n, y.n);

	for (size_t i = 0; i < n; i++)
		if (lower(x.p[i]) != lower(y.p[i]))
			return lower(x.p[i]) < lower(y.p[i]) ? -1 : 1;
	return (x.n > y.n) - (x.n < y.n);
}

bool
subjects_few(struct subject *all, uint32_t n)
{
	uint32_t mine = 0, distinct = 0;

	qsort(all, n, sizeof *all, subject_cmp);
	for (uint32_t i = 0; i < n; distinct++) {
		bool got = false;
		uint32_t from = i;

		for (; i < n && subject_cmp(&all[i], &all[from]) == 0; i++)
			got |= all[i].mine;
		mine += got;
	}
	return mine < MAX((uint32_t)KEYED_STRANGERS, distinct / KEYED_SHARE);
}
