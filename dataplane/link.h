#pragma once
/*
 * link.h - the way back: the MAC address and VLAN tags that a flow's frames came with.
 *
 * A flow keeps one byte that names an entry. Scanners are never resolved: replies go to the MAC the
 * frame came from. There are 256 ways; behind a router one is enough, on a LAN each host
 * takes one while it has a flow. Threads: one owner.
 */
#include "dataplane/wire.h"

enum { LINKS = 256 };

struct link {
	uint8_t mac[6];
	uint8_t nvlan;
	uint16_t vlan[2], tpid[2];
	uint32_t flows;		/* that use it */
};

struct links {
	struct link link[LINKS];
};

/* The way back to where w came from, with one more flow; -ENOSPC when all are in use. */
int	link_hold(struct links *l, const struct wire *w);
void	link_drop(struct links *l, uint8_t link);
void	link_of(struct link *to, const struct wire *w);
/* Writes the way back to where w came from into a reply's header, or a way that was kept. */
void	link_return(struct wire_out *o, const struct wire *w, const uint8_t own_mac[6]);
void	link_write(struct wire_out *o, const struct link *from, const uint8_t own_mac[6]);
