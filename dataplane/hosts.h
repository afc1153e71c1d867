#pragma once
/*
 * hosts.h - what peers changed in the models' sets and registers, over conversations: models/host.h.
 *
 * One place of HOST_BYTES per pair of addresses, or own address, and service; four places per hash, of
 * which the one that was silent longest is given away. After HOSTS_IDLE_MS without a turn what was changed is as
 * it was. So a peer that writes much costs no memory, and forgets only what it wrote itself.
 *
 * Threads: one owner.
 */
#include "models/host.h"

enum { HOSTS_IDLE_MS = 3600000, HOSTS_WAYS = 4 };

struct hosts_place {
	uint64_t key;		/* 0: free */
	uint32_t time_ms;	/* of its last use */
	uint32_t zero;
	struct host host;
};

struct hosts {
	struct hosts_place *p;
	uint32_t n;		/* a power of two, HOSTS_WAYS at least */
};

size_t	hosts_bytes(uint32_t n);
void	hosts_init(struct hosts *h, void *mem, uint32_t n);
/* The host of a key, which is not 0 and well spread; a new one is as nothing happened. */
struct host *hosts_find(struct hosts *h, uint64_t key, uint32_t now_ms);
