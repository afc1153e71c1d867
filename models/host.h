#pragma once
/*
 * host.h - what conversations changed in a model's sets and registers. docs/model-format.md section 5.
 *
 * The base content stands in the image and is shared by all; a struct host holds only differences, of one
 * pair of addresses or of one own address, and one string per register. What no longer fits pushes the oldest
 * difference out, whose base content is back then: bounded memory, a bounded inconsistency. A path of more
 * than PATH_BYTES is accepted and forgotten. A zeroed struct host is one in which nothing happened; NULL
 * stands for one in which nothing ever happens.
 *
 * Threads: one owner. Nothing here allocates; cost is linear in HOST_BYTES and, for lists, in the base.
 */
#include "models/image.h"
#include "models/path.h"
#include "models/session.h"

enum { HOST_BYTES = 1024 };

struct host {
	uint16_t used;
	uint8_t bytes[HOST_BYTES - 2];	/* records, oldest first: set, flags, length, bytes */
};

/* One view of the host during a turn: who asks matters for registers of a connection. */
struct host_view {
	const struct image *i;
	struct host *h;		/* may be NULL */
	uint32_t connection;
};

/* Sets of one model may be of two scopes: the one that a set or register is of. */
static inline struct host_view
host_view_of(const struct image *i, const struct session_env *env, uint32_t set)
{
	bool own = i->hostset[set].scope == SCOPE_HOST;

	return (struct host_view){ i, own ? env->own_host : env->pair_host, env->connection };
}

/* The string in a register. */
struct span host_register(const struct host_view *v, uint32_t reg);
/* The path, or the plain value, that bytes mean as a member of a set; no bytes: too long for one. */
struct span host_member(const struct host_view *v, uint32_t set, struct span s, uint8_t to[PATH_BYTES]);
bool	host_has(const struct host_view *v, uint32_t set, struct span member);
/* Is nothing below the path, in this set and those under the same register? */
bool	host_is_leaf(const struct host_view *v, uint32_t set, struct span path);
void	host_do(const struct host_view *v, const struct image_effect *e, struct span slot);
/* Calls with each member of the set, base first; of a set under a register those directly below it, by name and as paths. */
void	host_list(const struct host_view *v, uint32_t set,
    void (*each)(void *ctx, struct span name, struct span member), void *ctx);
