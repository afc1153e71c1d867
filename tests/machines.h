#pragma once
/*
 * machines.h - a machine that is not built in, for tests: the windows of docs/personas.example.yaml.
 */
#include "dataplane/persona.h"

static const struct persona machine_windows = {
	.name = "windows",
	.ttl = 128,
	.df = true,
	.ids = IDS_PATH,
	.mss = 1460,
	.window = 65535,
	.wscale = 8,
	.options = { { { OPT_MSS } }, { { OPT_WSCALE } }, { { OPT_SACK_OK, OPT_TS } } },
	.ts_hz = 1000,
	.rto_min_ms = 300,
	.rto_first_ms = 3000,
	.rto_max_ms = 60000,
	.retries = 5,
	.odd_flags_reset = true,
	.quote_max = 548,
	.icmp_unreachable_ms = 1000,
};
