#pragma once
/*
 * kind.h - what kind of reply each exchange got: its code or type (klass.h).
 *
 * A length that many replies of one kind have is a kind of its own, in binary services.
 */
#include "learning/exchange.h"

/* Fills exchange.kind, by what is used of the corpus alone. Memory is the pool's. */
void	kind_find(struct exchanges *x, struct pool *pool, bool binary);
