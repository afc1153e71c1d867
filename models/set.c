#include "models/set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef __SANITIZE_THREAD__	/* which would watch the library's own flags */
#define _LGPL_SOURCE		/* the read side inline: 0.8 instead of 8 ns per poll turn */
#endif
#include <urcu/urcu-qsbr.h>

static struct set *current;	/* the one RCU pointer */

/*
 * ThreadSanitizer does not know that a grace period orders what readers did before their quiet
 * moment with what the writer does after it; liburcu 0.13 does not tell it.
 */
#if defined(__SANITIZE_THREAD__)
void __tsan_acquire(void *);
void __tsan_release(void *);
static char grace;
#define GRACE_SEEN()  __tsan_acquire(&grace)
#define GRACE_GIVEN() __tsan_release(&grace)
#else
#define GRACE_SEEN()  ((void)0)
#define GRACE_GIVEN() ((void)0)
#endif

static void
wait_grace(void)
{
	urcu_qsbr_synchronize_rcu();
	GRACE_SEEN();
}

static void
free_range(struct range *r)
{
	for (uint32_t i = 0; i < r->nprofiles; i++)
		free(r->profile[i]);
	free(r);
}

/* With profiles of its own; NULL without memory. */
static struct range *
copy_range(const struct range *old)
{
	struct range *r = malloc(sizeof *r);

	if (r == NULL)
		return NULL;
	*r = *old;
	for (r->nprofiles = 0; r->nprofiles < old->nprofiles; r->nprofiles++) {
		struct profile *p = malloc(sizeof *p);

		if (p == NULL) {
			free_range(r);
			return NULL;
		}
		memcpy(p, old->profile[r->nprofiles], sizeof *p);
		r->profile[r->nprofiles] = p;
	}
	return r;
}

struct set *
set_create(const struct set *old)
{
	struct set *s = calloc(1, sizeof *s);

	if (s == NULL || old == NULL)
		return s;
	*s = *old;
	for (s->nranges = 0; s->nranges < old->nranges; s->nranges++) {
		s->range[s->nranges] = copy_range(old->range[s->nranges]);
		if (s->range[s->nranges] == NULL) {
			set_discard(s);
			return NULL;
		}
	}
	return s;
}

void
set_discard(struct set *s)
{
	if (s == NULL)
		return;
	for (uint32_t i = 0; i < s->nranges; i++)
		free_range(s->range[i]);
	free(s);
}

struct profile *
set_add_profile(struct range *r)
{
	struct profile *p;

	if (r->nprofiles == SET_PROFILES || (p = calloc(1, sizeof *p)) == NULL)
		return NULL;
	p->share = 1;
	p->other_tcp = p->other_udp = (struct target){ ACTION_RESET, 0 };
	for (size_t port = 0; port < ARRAY_LEN(p->tcp); port++)
		p->tcp[port] = p->udp[port] = TARGET_OTHER;
	return r->profile[r->nprofiles++] = p;
}

struct range *
set_add_range(struct set *s, const struct addr *prefix, unsigned bits)
{
	static const uint8_t no_key[PRF_KEY];
	struct range *r;
	uint32_t at = 0;

	if (s->nranges == SET_RANGES || (r = calloc(1, sizeof *r)) == NULL)
		return NULL;
	r->prefix = *prefix;
	r->bits = (uint8_t)bits;
	r->key = no_key;
	if (set_add_profile(r) == NULL) {
		free(r);
		return NULL;
	}
	while (at < s->nranges && s->range[at]->bits >= bits)
		at++;
	memmove(&s->range[at + 1], &s->range[at], (s->nranges - at) * sizeof *s->range);
	s->range[at] = r;
	s->nranges++;
	return r;
}

int
set_add(struct set *s, const char *name, struct model *m)
{
	for (int slot = 1; slot < SET_SLOTS; slot++) {
		if (s->slot[slot] != NULL)
			continue;
		s->slot[slot] = m;
		s->on_air[slot] = false;
		snprintf(s->name[slot], sizeof s->name[slot], "%s", name);
		return slot;
	}
	return -ENOSPC;
}

/* The targets of all profiles of all ranges. */
static void
each_target(const struct set *s, void (*see)(struct target *t, void *ctx), void *ctx)
{
	for (uint32_t i = 0; i < s->nranges; i++)
		for (uint32_t k = 0; k < s->range[i]->nprofiles; k++) {
			struct profile *p = s->range[i]->profile[k];

			see(&p->other_tcp, ctx);
			see(&p->other_udp, ctx);
			for (size_t port = 0; port < ARRAY_LEN(p->tcp); port++) {
				see(&p->tcp[port], ctx);
				see(&p->udp[port], ctx);
			}
		}
}

struct repoint {
	uint8_t old, new;
};

static void
repoint(struct target *t, void *ctx)
{
	const struct repoint *r = ctx;

	if (t->action == ACTION_ANSWER && t->slot == r->old)
		t->slot = r->new;
}

void
set_repoint(struct set *s, uint8_t old, uint8_t new)
{
	each_target(s, repoint, &(struct repoint){ old, new });
}

int
set_find(const struct set *s, const char *name)
{
	for (int slot = 1; slot < SET_SLOTS; slot++)
		if (s->on_air[slot] && strcmp(s->name[slot], name) == 0)
			return slot;
	return -ENOENT;
}

static void
note_on_air(struct target *t, void *ctx)
{
	struct set *s = ctx;

	if (t->action == ACTION_ANSWER && t->slot != 0)
		s->on_air[t->slot] = true;
}

static void
see_what_is_on_air(struct set *s)
{
	memset(s->on_air, 0, sizeof s->on_air);
	each_target(s, note_on_air, s);
}

void
set_publish(struct set *s)
{
	struct set *old = current;

	see_what_is_on_air(s);
	s->generation = old == NULL ? 1 : old->generation + 1;
	__atomic_store_n(&current, s, __ATOMIC_RELEASE);
	wait_grace();
	set_discard(old);
}

static bool
pinned(const struct pins *const *pins, size_t nworkers, int slot)
{
	for (size_t i = 0; i < nworkers; i++)
		if (__atomic_load_n(&pins[i]->n[slot], __ATOMIC_ACQUIRE) > 0)
			return true;
	return false;
}

/*
 * A slot off air cannot be pinned anew: set_publish() that took it off air waited until every
 * worker had seen the set without it. So no pin now means no pin ever.
 */
int
set_retire(const struct pins *const *pins, size_t nworkers)
{
	struct model *gone[SET_SLOTS];
	struct set *next = NULL;
	int n = 0;

	for (int slot = 1; current != NULL && slot < SET_SLOTS; slot++) {
		if (current->slot[slot] == NULL || current->on_air[slot] ||
		    pinned(pins, nworkers, slot))
			continue;
		if (next == NULL && (next = set_create(current)) == NULL)
			return 0;	/* no memory: the next call tries again */
		gone[n++] = next->slot[slot];
		next->slot[slot] = NULL;
		next->name[slot][0] = '\0';
	}
	if (next != NULL)
		set_publish(next);
	for (int i = 0; i < n; i++)
		model_destroy(gone[i]);
	return n;
}

void
set_fini(void)
{
	struct set *s = current;

	if (s == NULL)
		return;
	__atomic_store_n(&current, NULL, __ATOMIC_RELEASE);
	for (int slot = 1; slot < SET_SLOTS; slot++)
		model_destroy(s->slot[slot]);
	set_discard(s);
}

void
set_reader_begin(void)
{
	urcu_qsbr_register_thread();
}

void
set_reader_quiet(void)
{
	GRACE_GIVEN();
	urcu_qsbr_quiescent_state();
}

void
set_reader_out(void)
{
	GRACE_GIVEN();
	urcu_qsbr_thread_offline();
}

void
set_reader_in(void)
{
	urcu_qsbr_thread_online();
}

void
set_reader_end(void)
{
	GRACE_GIVEN();
	urcu_qsbr_unregister_thread();
}

const struct set *
set_current(void)
{
	return __atomic_load_n(&current, __ATOMIC_ACQUIRE);
}

const struct range *
set_range(const struct set *s, const struct addr *own)
{
	for (uint32_t i = 0; i < s->nranges; i++)
		if (addr_in(own, &s->range[i]->prefix, s->range[i]->bits))
			return s->range[i];
	return NULL;
}

/* A number below n, of the host. */
static uint32_t
draw(const struct range *r, const struct addr *own, uint64_t point, uint32_t n)
{
	uint64_t h = prf(&(struct prf_env){ .key = r->key, .own = own }, SCOPE_HOST, point, 0);

	return (uint32_t)((h >> 32) * n >> 32);
}

/* Percent of the addresses about own that are hosts. */
static uint32_t
density(const struct range *r, const struct addr *own)
{
	struct addr block = *own;

	if (r->ndensity == 0)
		return 100;
	block.b[sizeof block.b - 1] = 0;
	return r->density[draw(r, &block, prf_point_density(), r->ndensity)];
}

const struct profile *
set_draw_profile(const struct range *r, const struct addr *own)
{
	uint32_t all = 0, at, k = 1;

	for (uint32_t i = 1; i < r->nprofiles; i++)
		all += r->profile[i]->share;
	at = draw(r, own, prf_point_profile(), 100 * all);	/* both in one: percent, and place among the shares */
	if (at / all >= density(r, own))
		return r->profile[0];
	for (at %= all; at >= r->profile[k]->share; k++)
		at -= r->profile[k]->share;
	return r->profile[k];
}

const char *
set_profile_name(const struct range *r, const struct profile *p)
{
	return p != r->profile[0] ? p->name : r->nprofiles > 1 ? "(others)" : "(all)";
}

struct target
set_lookup(const struct profile *p, uint8_t proto, uint16_t port)
{
	bool udp = proto == MODEL_UDP;
	struct target t = udp ? p->udp[port] : p->tcp[port];

	if (t.action == ACTION_ANSWER && t.slot == 0)
		return udp ? p->other_udp : p->other_tcp;
	return t;
}
