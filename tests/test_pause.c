#include "learning/pause.h"
#include "tests/cases.h"
#include "tests/pooled.h"

enum { N = 12 };

static const struct {
	const char *what;
	uint32_t ms[N];
	uint32_t n, untimed, pause;
} waits[] = {
	{ "a wrong password", { 2900, 3000, 3000, 3002, 2999, 3100, 2000, 3050 }, 8, 0, 3000 },
	{ "at once", { 0, 0, 1, 0, 2, 0, 1, 0 }, 8, 0, 0 },
	{ "hardly noticed", { 199, 199, 199, 199, 300, 300, 300, 300 }, 8, 0, 0 },
	{ "one that was slow once", { 0, 1, 0, 5000, 1, 0, 0, 1 }, 8, 0, 0 },
	{ "one that was fast once", { 3000, 0, 3000, 3000, 3000, 3000, 3000, 3000 }, 8, 0, 3000 },
	{ "no two alike", { 300, 600, 900, 1200, 2400, 4800, 9600, 20000 }, 8, 0, 0 },
	{ "too few", { 3000, 3000, 3000, 3000 }, 4, 0, 0 },
	{ "too few whose time is known", { 3000, 3000, 3000, 3000, 3000 }, 5, 1, 0 },
};

EACH_CASE(pause, is_what_the_samples_agree_on, waits)
{
	struct exchange e[N] = { 0 };
	uint32_t which[N];
	struct exchanges x = { .exchange = e, .n = waits[*i].n };
	struct answer a = { .exchange = which, .n = waits[*i].n };
	struct pool pool;

	for (uint32_t k = 0; k < x.n; k++) {
		which[k] = k;
		e[k].wait_ms = waits[*i].ms[k];
		e[k].timed = k >= waits[*i].untimed;
	}
	pool_init(&pool, 0);
	cr_expect_eq(pause_of(&a, &x, &pool), waits[*i].pause, "%s: %u", waits[*i].what,
	    pause_of(&a, &x, &pool));
	pool_fini(&pool);
}
