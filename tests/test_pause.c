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

/* States: that of all, and after one symbol or another. */
enum { ALL, ONE, OTHER, STATES };
static struct memory_state states[STATES] = {
	[ALL] = { .length = 0, .back = MEMORY_NONE },
	[ONE] = { .length = 1, .back = ALL },
	[OTHER] = { .length = 1, .back = ALL },
};
static const struct memory memory = { .state = states, .nstates = STATES };

/* The pause in a state of n samples, all timed but the first ones. */
static uint32_t
pause_in(uint32_t state, const uint32_t *ms, const uint32_t *before, uint32_t n, uint32_t untimed)
{
	struct exchange e[N] = { 0 };
	uint32_t which[N], got;
	struct exchanges x = { .exchange = e, .n = n };
	struct answer a = { .exchange = which, .n = n };
	struct pool pool;

	for (uint32_t k = 0; k < n; k++) {
		which[k] = k;
		e[k].wait_ms = ms[k];
		e[k].timed = k >= untimed;
	}
	pool_init(&pool, 0);
	got = pause_of(&a, &x, &memory, before, state, &pool);
	pool_fini(&pool);
	return got;
}

EACH_CASE(pause, is_what_the_samples_agree_on, waits)
{
	static const uint32_t before[N];
	uint32_t got = pause_in(ALL, waits[*i].ms, before, waits[*i].n, waits[*i].untimed);

	cr_expect_eq(got, waits[*i].pause, "%s: %u", waits[*i].what, got);
}

Test(pause, is_that_of_the_state_and_where_few_came_that_of_all)
{
	static const uint32_t ms[N] = { 0, 3000, 1, 3000, 0, 3000, 2, 3000, 0, 3000, 3000, 3000 };
	uint32_t before[N];

	for (uint32_t k = 0; k < N; k++)
		before[k] = ms[k] > 100 ? ONE : OTHER;
	cr_expect_eq(pause_in(ONE, ms, before, N, 0), 3000);
	cr_expect_eq(pause_in(OTHER, ms, before, N, 0), 0);
	cr_expect_eq(pause_in(ALL, ms, before, N, 0), 0, "they do not agree");
	for (uint32_t k = 0; k < N; k++)
		before[k] = k == 0 || k == 2 ? OTHER : ONE;
	cr_expect_eq(pause_in(OTHER, (uint32_t[N]){ 3000, 3000, 3000, 3000, 3000, 3000, 3000 }, before, 7, 0), 3000,
	    "too few came there");
}
