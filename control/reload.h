#pragma once
/*
 * reload.h - models on and off the air: load, verify, new set, publish, retire later.
 *
 * Nothing here touches a conversation: the set is published with one RCU pointer, a model is
 * freed when it is off air and no worker pins it (models/set.h). A file that is refused
 * changes nothing. Without a free slot an operator is told to try later; a model that nobody
 * stands behind waits in here and is tried again.
 *
 * With a store what is published is written down before anybody is told, and is on air again
 * after a restart; a configured file that has changed since then counts instead. Threads: control.
 */
#include "control/conf.h"
#include "control/export.h"
#include "control/store.h"

enum { RELOAD_PINS = CONF_WORKERS * CONF_PORTS };

struct past;
struct waiting;

struct reload {
	const struct pins *pins[RELOAD_PINS];
	size_t npins;
	struct voice voice[SET_SLOTS];	/* kept after a slot is freed, for records on their way */
	struct store *store;		/* borrowed; NULL: nothing outlives the program */
	struct past *past;		/* without a store (history.h) */
	struct waiting *waiting;	/* for a slot; one per service, who came first stands first */
	/* What became of a file that waited: its slot, or -errno and a sentence. May be NULL. */
	void (*ended)(void *ctx, const char *file, const char *name, int slot, const struct diag *why);
	void *ctx;
	uint64_t loaded, refused, busy, retired;
	uint64_t retried;		/* loads that had waited, tried again */
};

/*
 * The first set, published: what was on air last, or the configured files. A kept image that is
 * damaged is said in the log, and the configured file counts. key: the site's, by which addresses draw
 * their profiles; borrowed, and not read before a worker asks. 0, or -errno with a sentence.
 */
int	reload_first(struct reload *r, const struct conf *c, const uint8_t key[PRF_KEY], struct diag *why);
/* Every model of the configuration loads and fits its ports. Publishes nothing. */
int	reload_check(const struct conf *c, struct diag *why);
/*
 * Puts the model in file on air under a service name; name NULL: the only service on air that
 * has the model's protocol and name, or the only one at all. Returns its slot, or -errno with a sentence;
 * -EBUSY: no free slot now.
 */
int	reload_load(struct reload *r, const char *file, const char *name, struct diag *why);
/*
 * The same, but without a free slot the file waits: then it returns 0, and a later reload_retire() loads the file as
 * it is by then. Only the newest waits for a service; whatever else goes on air for that service ends its wait.
 */
int	reload_later(struct reload *r, const char *file, const char *name, struct diag *why);
/*
 * Back to the model before the one on air, and with the next call forth again. Its slot, or
 * -errno with a sentence; -ENOENT: there is none; -EBUSY as above.
 */
int	reload_rollback(struct reload *r, const char *name, struct diag *why);
unsigned reload_waiting(const struct reload *r);
/* Does this file still wait for a slot, or did something else end its wait? */
bool	reload_waits(const struct reload *r, const char *file, const char *name);
/*
 * Tries again what waits, while there is a free slot; then frees what nobody pins any more. Call
 * regularly, and drain records after it: a slot freed here is taken by the next call at the earliest.
 */
void	reload_retire(struct reload *r);
/* Conversations that hold a slot. */
uint64_t reload_pins(const struct reload *r, unsigned slot);
/* Forgets what waits and what was before. The set stays (set_fini()). */
void	reload_fini(struct reload *r);
