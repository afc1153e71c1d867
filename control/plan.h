#pragma once
/*
 * plan.h - what our addresses show, as an operator asks for it: "mynah ctl plan".
 *
 * A network that a scanner maps must look drawn by chance and still be the same tomorrow, so what an address is
 * comes from the site's key (models/set.h) and is written down nowhere; here it is drawn again. Threads: control.
 */
#include <jansson.h>

#include "models/diag.h"
#include "models/set.h"

enum { PLAN_ADDRESSES = 65536 };	/* listed at once, and counted of a prefix */

/*
 * Each profile: prefix, name, persona, what its ports do ("tcp/21 ftp, tcp/80-81 handshake"), and how many addresses of
 * a prefix of at most PLAN_ADDRESSES have it.
 */
json_t	*plan_profiles(const struct set *s);
/*
 * Those of an address or a prefix of at most PLAN_ADDRESSES that have an open port, with the name of their
 * profile. NULL, and a sentence: text is neither, too large, or not ours.
 */
json_t	*plan_addresses(const struct set *s, const char *text, struct diag *why);
