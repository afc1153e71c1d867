#pragma once
/*
 * store_inside.h - what store.c (folders, manifests, models) and store_captures.c share. Nobody
 * else includes it. Threads: control.
 */
#include <limits.h>

#include "control/durable.h"
#include "control/store.h"

/* A service's name, "/captures/", a sum, ".pcap.tmp": what is added to the folder's own name. */
enum { BELOW = 64 + 16 + DURABLE_SUM + 16, STORE_SERVICES = 255 };

struct entry {
	struct store_service s;
	char folder[PATH_MAX];		/* STATE/SERVICE */
};

struct store {
	char folder[PATH_MAX];		/* absolute */
	int lock;
	struct store_limits limits;
	struct entry *entry[STORE_SERVICES];
	uint32_t n;
};

/* The service's entry, made at the first call; NULL with a sentence. */
struct entry *store_find(struct store *s, const char *name, struct diag *why);
/* A copy of the record to change; store_commit() or manifest_fini() ends it. 0, or -ENOMEM with a sentence. */
int	store_begin(struct store_service *next, const struct entry *e, struct diag *why);
/* Makes next the truth, or frees it and leaves everything as it was. The folder's files are whole. */
int	store_commit(struct entry *e, struct store_service *next, struct diag *why);
/* Removes the files of a service that its record does not name. */
void	store_sweep(const struct entry *e);
