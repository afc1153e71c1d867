#include "dataplane/link.h"

#include <errno.h>

enum { PROBES = 32 };

void
link_of(struct link *to, const struct wire *w)
{
	*to = (struct link){ .nvlan = w->nvlan, .vlan = { w->vlan[0], w->vlan[1] },
		.tpid = { w->tpid[0], w->tpid[1] } };
	memcpy(to->mac, w->smac, sizeof to->mac);
}

static bool
same(const struct link *a, const struct link *b)
{
	return memcmp(a->mac, b->mac, sizeof a->mac) == 0 && a->nvlan == b->nvlan &&
	    memcmp(a->vlan, b->vlan, sizeof a->vlan) == 0;
}

int
link_hold(struct links *l, const struct wire *w)
{
	struct link way;
	uint32_t at;
	int free = -ENOSPC;

	link_of(&way, w);
	at = (uint32_t)span_hash(span_of(way.mac, sizeof way.mac), way.vlan[0]);
	for (uint32_t i = 0; i < PROBES; i++) {
		uint32_t k = (at + i) % LINKS;

		if (same(&l->link[k], &way)) {
			l->link[k].flows++;
			return (int)k;
		}
		if (free < 0 && l->link[k].flows == 0)
			free = (int)k;
	}
	if (free >= 0) {
		way.flows = 1;
		l->link[free] = way;
	}
	return free;
}

void
link_drop(struct links *l, uint8_t link)
{
	assert(l->link[link].flows > 0);
	l->link[link].flows--;
}

static void
write_way(struct wire_out *o, const uint8_t own_mac[6], const uint8_t mac[6], uint8_t nvlan, const uint16_t vlan[2],
    const uint16_t tpid[2])
{
	memcpy(o->smac, own_mac, sizeof o->smac);
	memcpy(o->dmac, mac, sizeof o->dmac);
	o->nvlan = nvlan;
	memcpy(o->vlan, vlan, sizeof o->vlan);
	memcpy(o->tpid, tpid, sizeof o->tpid);
}

void
link_return(struct wire_out *o, const struct wire *w, const uint8_t own_mac[6])
{
	write_way(o, own_mac, w->smac, w->nvlan, w->vlan, w->tpid);
}

void
link_write(struct wire_out *o, const struct link *from, const uint8_t own_mac[6])
{
	write_way(o, own_mac, from->mac, from->nvlan, from->vlan, from->tpid);
}
