#include "dataplane/persona.h"

#include <string.h>

enum { OPT_NOP = 1, OPT_MSS = 2, OPT_WSCALE = 3, OPT_SACK_OK = 4, OPT_TS = 8 };

/* net/ipv4 of Linux 6: tcp_options_write, TCP_RTO_MIN, tcp_retries2 cut short, icmp_ratelimit. */
const struct persona persona_linux = {
	.name = "linux",
	.ttl = 64,
	.df = true,
	.window = 65160,
	.wscale = 7,
	.mss = 1460,
	.option_order = { OPT_MSS, OPT_SACK_OK, OPT_TS, OPT_NOP, OPT_WSCALE },
	.ts_hz = 1000,
	.rto_min_ms = 200,
	.rto_first_ms = 1000,
	.rto_max_ms = 120000,
	.retries = 6,
	.icmp_unreachable_ms = 1000,
};

static const struct persona *const personas[] = { &persona_linux };

const struct persona *
persona_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(personas); i++) {
		if (strcmp(personas[i]->name, name) == 0)
			return personas[i];
	}
	return NULL;
}

const char *
persona_list(void)
{
	return "the only persona is linux";
}
