#pragma once
/*
 * machines.h - machines that are not built in, for tests: the windows of docs/personas.example.yaml, one that speaks no
 * options but the MSS and lets others cut up what it sends, and a Linux with the coarsest window there is.
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

static const struct persona machine_plain = {
	.name = "plain",
	.ttl = 64,
	.ids = IDS_FLOW,
	.mss = 1460,
	.window = 8192,
	.wscale = 7,
	.options = { { { OPT_MSS } } },
	.ts_hz = 1000,
	.rto_min_ms = 200,
	.rto_first_ms = 1000,
	.rto_max_ms = 60000,
	.retries = 5,
	.quote_max = 28,
	.icmp_unreachable_ms = 1000,
};

static const struct persona machine_wide = {
	.name = "wide",
	.ttl = 64,
	.df = true,
	.ids = IDS_FLOW,
	.mss = 1460,
	.window = 65535,
	.whole_segments = true,
	.wscale = 14,
	.options = { { { OPT_MSS } }, { { OPT_SACK_OK, OPT_TS } }, { { OPT_WSCALE } } },
	.ts_hz = 1000,
	.rto_min_ms = 200,
	.rto_first_ms = 1000,
	.rto_max_ms = 120000,
	.retries = 6,
	.ecn = true,
	.echo_keeps_code = true,
	.quote_max = 548,
	.icmp_unreachable_ms = 1000,
};
