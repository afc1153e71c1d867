#pragma once
/*
 * wheel.h - wakes numbered things at or after a time, 16 ms fine below 4 s, 4 s beyond.
 *
 * The wheel knows numbers, not deadlines: the owner keeps each deadline and, when a number
 * pops, looks whether it is really due and adds it again if not. So a deadline that moves
 * later costs nothing; only one that moves earlier is moved here. Two levels of 256 slots;
 * what lies further out comes by again. Hashed wheels: Varghese and Lauck 1987, scheme 6.
 *
 * Threads: one owner. Memory: 8 bytes per number.
 */
#include "models/base.h"

enum { WHEEL_TICK_MS = 16, WHEEL_SLOTS = 256 };

struct wheel_link {
	uint32_t next, prev;	/* prev of the first: WHEEL_HEAD | slot */
};

struct wheel {
	struct wheel_link *link;	/* 1..n */
	uint32_t n, used;
	uint64_t tick;			/* everything before it has popped */
	uint32_t head[2 * WHEEL_SLOTS];	/* near slots, then far ones */
};

size_t	wheel_bytes(uint32_t n);
void	wheel_init(struct wheel *w, void *mem, uint32_t n, uint64_t now_ms);
/* id is not in the wheel; wakes it at the first tick that is not before at_ms. */
void	wheel_add(struct wheel *w, uint32_t id, uint64_t at_ms);
/* id is in the wheel. */
void	wheel_del(struct wheel *w, uint32_t id);
/* Takes out and returns a number whose slot has come, 0 when there is none left. */
uint32_t wheel_pop(struct wheel *w, uint64_t now_ms);
/* ms until the next pop may give something, at most limit_ms. */
uint64_t wheel_wait(const struct wheel *w, uint64_t now_ms, uint64_t limit_ms);
void	wheel_check(const struct wheel *w);
