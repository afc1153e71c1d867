#pragma once
/*
 * set.h - the models on air: what each own address shows on each port.
 *
 * A set never changes once published. Workers reach it through one RCU pointer. A conversation
 * names its model by slot, one byte, and pins the slot until it ends, so a reload never changes
 * the voice of a conversation in progress. Slot 0 means: no model.
 *
 * Threads: set_current(), set_lookup() and pins for workers, within one poll turn; the rest for
 * the control thread. set_publish() takes ownership of the set; a set's slots own their models.
 */
#include "models/addr.h"
#include "models/model.h"
#include "models/prf.h"

enum { SET_SLOTS = 256, SET_RANGES = 64, SET_PROFILES = 16, SET_DENSITIES = 16 };

enum action {		/* what an address does with a packet to a port */
	ACTION_SILENT,	/* log only */
	ACTION_DROP,	/* not even that */
	ACTION_RESET,	/* TCP RST, ICMP port unreachable */
	ACTION_HANDSHAKE, /* complete it and listen */
	ACTION_ANSWER,	/* a model speaks */
};

struct persona;		/* dataplane/persona.h: fingerprint values of a kind of machine */

struct target {
	uint8_t action;	/* enum action */
	uint8_t slot;	/* ACTION_ANSWER only */
};

struct profile {	/* a kind of host: what one address shows */
	char name[64];
	const struct persona *persona;
	bool ping;	/* answer ICMP echo */
	uint32_t share;	/* of the hosts of a range, beside the shares of its other profiles */
	struct target other_tcp, other_udp;	/* ports without a service */
	struct target tcp[65536], udp[65536];	/* TARGET_OTHER: as the two above */
};

/*
 * One prefix of ours. With one profile all its addresses are alike. With more some are hosts: each block of 256
 * addresses draws one of density, each of its addresses whether it is a host, and which of the profiles behind the
 * first. The first is what the others show. Whoever has the key draws the same again.
 */
struct range {
	struct addr prefix;
	uint8_t bits;	/* of 128 */
	bool on_link;	/* answer who asks the link for one of its addresses: ARP, or solicitations */
	const uint8_t *key;	/* PRF_KEY bytes, the site's; borrowed */
	uint8_t ndensity, density[SET_DENSITIES];	/* percent of hosts; none: all are */
	uint32_t nprofiles;
	struct profile *profile[SET_PROFILES];	/* owned */
};
#define TARGET_OTHER ((struct target){ ACTION_ANSWER, 0 })	/* no model: other_tcp, other_udp */

struct set {
	uint64_t generation;
	uint32_t nranges;
	struct range *range[SET_RANGES];	/* longest prefix first; owned */
	struct model *slot[SET_SLOTS];		/* shared with newer sets until retired */
	char name[SET_SLOTS][64];		/* which service a slot speaks for; "" is free */
	bool on_air[SET_SLOTS];			/* some range points at it */
};

struct pins {		/* live conversations by slot; one writer (its worker), any reader */
	_Alignas(64) uint32_t n[SET_SLOTS];
};

/* Copies ranges and slots of old (NULL: empty). NULL without memory. */
struct set *set_create(const struct set *old);
/* A set that was never published; its models stay whosever they are. */
void	set_discard(struct set *s);
/* Adds a prefix, sorted, with one profile, of which no port has a service; they reset. NULL: SET_RANGES are in use, or no memory. */
struct range *set_add_range(struct set *s, const struct addr *prefix, unsigned bits);
/* Another of the same, of share 1. NULL: SET_PROFILES are in use, or no memory. */
struct profile *set_add_profile(struct range *r);
/* A free slot for m under a service name, or -ENOSPC: busy, try later. */
int	set_add(struct set *s, const char *name, struct model *m);
/* Every port that points at slot old now points at slot new. */
void	set_repoint(struct set *s, uint8_t old, uint8_t new);
/* The slot on air under that name, or -ENOENT. */
int	set_find(const struct set *s, const char *name);

/* Publishes s and waits one grace period; the previous set is freed, its models are not. */
void	set_publish(struct set *s);
/* Empties and frees slots that are off air and pinned by no worker. Returns models freed. */
int	set_retire(const struct pins *const *pins, size_t nworkers);
/* At the end of the program, after all workers have gone: frees the current set and its models. */
void	set_fini(void);

/*
 * Readers: every thread that calls set_current() registers, and says once per poll turn that it
 * holds nothing of the set any more. While it sleeps it must be out, or publishing waits for it.
 */
void	set_reader_begin(void);
void	set_reader_quiet(void);
void	set_reader_out(void);
void	set_reader_in(void);
void	set_reader_end(void);

const struct set *set_current(void);
/* The range that own lies in, or NULL: not ours. */
const struct range *set_range(const struct set *s, const struct addr *own);
const struct profile *set_draw_profile(const struct range *r, const struct addr *own);
/* What a profile of the range is called; the first, which has no name: "(others)", and alone "(all)". */
const char *set_profile_name(const struct range *r, const struct profile *p);
/* What it shows on that port: with the two above the only question there is. */
struct target set_lookup(const struct profile *p, uint8_t proto, uint16_t port);

/* What own, an address of the range, is. */
static inline const struct profile *
set_profile(const struct range *r, const struct addr *own)
{
	return r->nprofiles == 1 ? r->profile[0] : set_draw_profile(r, own);
}

static inline void
pin(struct pins *p, uint8_t slot)
{
	__atomic_store_n(&p->n[slot], p->n[slot] + 1, __ATOMIC_RELEASE);
}

static inline void
unpin(struct pins *p, uint8_t slot)
{
	assert(p->n[slot] > 0);
	__atomic_store_n(&p->n[slot], p->n[slot] - 1, __ATOMIC_RELEASE);
}
