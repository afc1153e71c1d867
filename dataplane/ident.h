#pragma once
/*
 * ident.h - IP-IDs that count per pair of addresses, as hosts count them that fragment.
 *
 * Pairs share counters, as many as there are, and begin at different numbers: nobody learns from one
 * how much another hears. Linux lets a counter also jump by a part of the time that passed
 * (ip_idents_reserve). Threads: one owner.
 */
#include "models/base.h"

enum { IDENTS = 1024 };

struct idents {
	struct ident { uint32_t last_ms; uint16_t n; } e[IDENTS];
};

/* The next of the pair with this keyed hash; jump_ms: 0, or one more, at random, for every so many since the last. */
uint16_t ident_next(struct idents *t, uint64_t pair, uint32_t jump_ms, uint32_t now_ms, uint32_t random);
