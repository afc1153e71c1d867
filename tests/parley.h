#pragma once
/*
 * parley.h - a crowd that talks through a loop, 32 clients at a time, each reply looked at.
 */
#include "tests/crowd.h"
#include "tests/loop.h"

enum { PARLEY_STEPS = 5 };	/* SYN; ACK -> banner; request -> answer; FIN -> FIN; last ACK */

struct parley {
	struct loop l;
	struct crowd crowd;
	uint32_t next;			/* number of the next new client */
};

/* With loop_open() and crowd_set(); the caller's thread turns it. */
void	parley_open(struct parley *p, const struct bench_options *o);
void	parley_close(struct parley *p);
/* One for each of n loops that are open, with clients of its own. */
void	parley_join(struct parley *p, const struct loop *l, unsigned number);

struct client parley_client(uint32_t number, uint16_t port);
void	parley_syn(struct parley *p, struct client *c);		/* its seq moves on */
void	parley_segment(struct parley *p, const struct client *c, uint8_t flags, struct span payload);
/* The first n replies are those of c[0..n), in order. Sums are verified in some bursts. Aborts. */
void	parley_hear(struct parley *p, struct client *c, unsigned n, uint8_t flags, size_t payload);
/* 32 new ones as far as the handshake's last segment; banner: bytes of it, 0: none comes. */
void	parley_handshakes(struct parley *p, struct client c[LOOP_BURST], uint16_t port, size_t banner);
/* 32 whole conversations with CROWD_FTP; ticks of each step's turn. */
void	parley_conversations(struct parley *p, uint64_t ticks[PARLEY_STEPS]);
