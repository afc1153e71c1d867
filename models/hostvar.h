#pragma once
/*
 * hostvar.h - the value of a host variable: a keyed function of own address and preset.
 *
 * All services of an address agree on it, since only the variable's type, not its place in a
 * model, enters. With a key of zeros it is the preset. docs/model-format.md section 7 ("var").
 * Pure; any thread.
 */
#include "models/prf.h"

enum { HOSTVAR_PRESET = 255, HOSTVAR_MAX = HOSTVAR_PRESET + 8 };

/* Writes the value into to[HOSTVAR_MAX] and returns its length. preset.n <= HOSTVAR_PRESET. */
size_t	hostvar_value(uint8_t *to, enum var_type type, struct span preset,
    const uint8_t key[PRF_KEY], const struct addr *own);
