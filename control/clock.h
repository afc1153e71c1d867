#pragma once
/*
 * clock.h - the time in milliseconds: CLOCK_REALTIME is Unix time, which people may set back;
 * CLOCK_MONOTONIC is for waiting and ages. Threads: any.
 */
#include <stdint.h>
#include <time.h>

static inline int64_t
clock_ms(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
