#pragma once
/*
 * halfopen.h - SYN-ACKs that may need saying again, for ports where the server speaks first.
 *
 * If the handshake's last ACK is lost there, the client waits for a banner from somebody who
 * knows nothing of it: the known flaw of cookies. So such a SYN-ACK is kept and said
 * again twice, 1 s and 3 s after the SYN. Entries stand where their hash puts them, newer over older; a queue in
 * order of time says when. Nothing is repeated under load: a queue that overflows forgets.
 * spec dataplane 2. Threads: one owner.
 */
#include "dataplane/cookie.h"
#include "dataplane/link.h"
#include "dataplane/tcp.h"

struct halfopen_entry {
	uint64_t hash;			/* 0: empty */
	struct addr own, peer;
	uint16_t own_port, peer_port;
	uint32_t isn, client_isn, ts_val;
	struct link link;
	uint8_t offer;			/* enum offer */
	uint8_t waited;			/* seconds since the SYN, as stack_syn.c counts */
	uint32_t due_ms;
};

struct halfopen {
	struct halfopen_entry *e;
	struct halfopen_turn { uint32_t place, due_ms; } *queue;	/* oldest first */
	uint32_t n;			/* a power of two */
	uint32_t head, tail;
};

size_t	halfopen_bytes(uint32_t n);
void	halfopen_init(struct halfopen *h, void *mem, uint32_t n);
/* A copy is kept until its due_ms; dues must not decrease from call to call. */
void	halfopen_add(struct halfopen *h, const struct halfopen_entry *e);
/* The same, to be filled with an entry of that hash and due_ms: a copy of what was just written waits for it. */
struct halfopen_entry *halfopen_place(struct halfopen *h, uint64_t hash, uint32_t due_ms);
void	halfopen_prefetch(const struct halfopen *h, uint64_t hash);
/* The client answered. */
void	halfopen_del(struct halfopen *h, uint64_t hash);
/* Takes out one whose time has come; false: none. Looks at no more than 64 places. */
bool	halfopen_pop(struct halfopen *h, struct halfopen_entry *to, uint32_t now_ms);
