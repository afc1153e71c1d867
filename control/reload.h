#pragma once
/*
 * reload.h - models on and off the air: load, verify, new set, publish, retire later.
 *
 * Nothing here touches a conversation: the set is published with one RCU pointer, a model is
 * freed when it is off air and no worker pins it (models/set.h). A file that is refused
 * changes nothing. Threads: control.
 */
#include "control/conf.h"
#include "control/export.h"

enum { RELOAD_PINS = CONF_WORKERS * CONF_PORTS };

struct reload {
	const struct pins *pins[RELOAD_PINS];
	size_t npins;
	struct voice voice[SET_SLOTS];	/* kept after a slot is freed, for records on their way */
	uint64_t loaded, refused, busy, retired;
};

/* The first set, from the configuration; published. 0, or -errno with a sentence. */
int	reload_first(struct reload *r, const struct conf *c, struct diag *why);
/* Every model of the configuration loads and fits its ports. Publishes nothing. */
int	reload_check(const struct conf *c, struct diag *why);
/*
 * Puts the model in file on air under a service name; name NULL: the only service on air that
 * has the model's protocol and name, or the only one at all. Returns its slot, or -errno with a sentence;
 * -EBUSY: no free slot now.
 */
int	reload_load(struct reload *r, const char *file, const char *name, struct diag *why);
/* Frees what nobody pins any more. Call regularly, and drain records after it. */
void	reload_retire(struct reload *r);
/* Conversations that hold a slot. */
uint64_t reload_pins(const struct reload *r, unsigned slot);
