#include <stdlib.h>

#include "dataplane/wheel.h"
#include "tests/cases.h"

static uint64_t
next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* As the stack uses it: what pops too early is added again. */
static uint32_t
pop_due(struct wheel *w, const uint64_t *due, uint64_t now_ms)
{
	uint32_t id;

	while ((id = wheel_pop(w, now_ms)) != 0 && due[id] > now_ms)
		wheel_add(w, id, due[id]);
	return id;
}

static const uint64_t spans_ms[] = { 1, 16, 100, 4000, 5000, 70000, 1000000, 2000000, 90000000 };

EACH_CASE(wheel, wakes_not_before_its_time_and_at_most_one_tick_after, spans_ms)
{
	enum { N = 500 };
	static struct wheel w;
	static uint64_t due[N + 1];
	static bool popped[N + 1];
	void *mem = calloc(1, wheel_bytes(N));
	uint64_t x = 3, now_ms = 123457, step = spans_ms[*i] / 300 + 1;
	unsigned left = N;

	wheel_init(&w, mem, N, now_ms);
	for (uint32_t id = 1; id <= N; id++) {
		due[id] = now_ms + next_random(&x) % spans_ms[*i];
		wheel_add(&w, id, due[id]);
	}
	while (left > 0) {
		uint32_t id;

		while ((id = pop_due(&w, due, now_ms)) != 0) {
			cr_assert(!popped[id]);
			cr_assert_geq(now_ms, due[id]);
			cr_assert_leq(now_ms, due[id] + step + 2 * WHEEL_TICK_MS);
			popped[id] = true;
			left--;
		}
		wheel_check(&w);
		now_ms += step;
	}
	cr_expect_eq(w.used, 0);
	free(mem);
}

Test(wheel, agrees_with_a_list_under_adding_moving_and_deleting)
{
	enum { N = 200, STEPS = 20000 };
	static struct wheel w;
	static uint64_t due[N + 1];	/* 0: not in */
	void *mem = calloc(1, wheel_bytes(N));
	uint64_t x = 5, now_ms = 0;

	wheel_init(&w, mem, N, 0);
	for (int step = 0; step < STEPS; step++) {
		uint32_t id = 1 + (uint32_t)(next_random(&x) % N);

		if (due[id] != 0)
			wheel_del(&w, id);
		due[id] = next_random(&x) % 3 ? now_ms + 1 + next_random(&x) % 20000 : 0;
		if (due[id] != 0)
			wheel_add(&w, id, due[id]);
		now_ms += next_random(&x) % 30;
		while ((id = pop_due(&w, due, now_ms)) != 0)
			due[id] = 0;
		for (id = 1; id <= N; id++)
			cr_assert(due[id] == 0 || due[id] + 2 * WHEEL_TICK_MS > now_ms, "%u forgotten", id);
		wheel_check(&w);
	}
	free(mem);
}

Test(wheel, says_how_long_nothing_will_happen)
{
	static struct wheel w;
	void *mem = calloc(1, wheel_bytes(4));

	wheel_init(&w, mem, 4, 0);
	cr_expect_eq(wheel_wait(&w, 0, 1000), 1000);
	wheel_add(&w, 1, 320);
	cr_expect_eq(wheel_wait(&w, 0, 1000), 320);
	cr_expect_eq(wheel_wait(&w, 300, 1000), 20);
	cr_expect_eq(wheel_pop(&w, 319), 0);
	cr_expect_eq(wheel_pop(&w, 320), 1);
	free(mem);
}
