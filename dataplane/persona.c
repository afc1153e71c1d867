#include "dataplane/persona.h"

#include "dataplane/wire.h"

enum { TIMESTAMP_BYTES = 12 };	/* of every segment, with its padding */

/* net/ipv4 of Linux 6: tcp_options_write, TCP_RTO_MIN, tcp_retries2 cut short, icmp_ratelimit. */
const struct persona persona_linux = {
	.name = "linux",
	.ttl = 64,
	.df = true,
	.ids = IDS_FLOW,
	.mss = 1460,
	.window = 65535,
	.whole_segments = true,
	.wscale = 7,
	.options = { { { OPT_MSS } }, { { OPT_SACK_OK, OPT_TS } }, { { OPT_WSCALE } } },
	.ts_hz = 1000,
	.rto_min_ms = 200,
	.rto_first_ms = 1000,
	.rto_max_ms = 120000,
	.retries = 6,
	.ecn = true,
	.echo_keeps_code = true,
	.quote_max = 576 - WIRE_IPV4_HEADER - WIRE_ICMP_HEADER,
	.icmp_unreachable_ms = 1000,
};

/* Of each kind: its bit in an offer, its length. */
static const struct {
	uint8_t offer, bytes;
} kinds[] = {
	[OPT_MSS] = { OFFER_MSS, 4 },
	[OPT_WSCALE] = { OFFER_WSCALE, 3 },
	[OPT_SACK_OK] = { OFFER_SACK, 2 },
	[OPT_TS] = { OFFER_TS, 10 },
};

static void
put_option(struct syn_ack *t, uint8_t kind, uint16_t mss, uint8_t wscale)
{
	uint8_t *at = t->options + t->n;

	at[0] = kind;
	at[1] = kinds[kind].bytes;
	if (kind == OPT_MSS)
		store_be16(at + 2, mss);
	else if (kind == OPT_WSCALE)
		at[2] = wscale;
	else if (kind == OPT_TS)
		t->ts_at = t->n + 2;
	t->n += kinds[kind].bytes;
}

static void
put_group(struct syn_ack *t, const struct option_group *g, const struct persona *p, unsigned offer, uint16_t mss)
{
	uint8_t bytes = 0, fill;

	for (unsigned i = 0; i < PERSONA_KINDS && g->kind[i] != 0; i++)
		bytes += offer & kinds[g->kind[i]].offer ? kinds[g->kind[i]].bytes : 0;
	fill = (uint8_t)(-bytes & 3);
	assert(t->n + bytes + fill <= PERSONA_OPTIONS_MAX);
	if (!g->ends) {
		memset(t->options + t->n, OPT_NOP, fill);
		t->n += fill;
	}
	for (unsigned i = 0; i < PERSONA_KINDS && g->kind[i] != 0; i++)
		if (offer & kinds[g->kind[i]].offer)
			put_option(t, g->kind[i], mss, p->wscale);
	if (g->ends)
		t->n += fill;
}

void
persona_make(struct persona *p)
{
	p->speaks = OFFER_SIX;
	for (unsigned i = 0; i < PERSONA_GROUPS; i++)
		for (unsigned k = 0; k < PERSONA_KINDS && p->options[i].kind[k] != 0; k++)
			p->speaks |= kinds[p->options[i].kind[k]].offer;
	for (unsigned offer = 0; offer < OFFERS; offer++) {
		struct syn_ack *t = &p->syn_ack[offer];
		uint16_t mss = p->mss - (offer & OFFER_SIX ? WIRE_IPV6_HEADER - WIRE_IPV4_HEADER : 0);
		uint16_t segment = mss - (offer & p->speaks & OFFER_TS ? TIMESTAMP_BYTES : 0);

		*t = (struct syn_ack){ .window = p->window };
		if (p->whole_segments)
			t->window -= t->window % segment;
		for (unsigned i = 0; i < PERSONA_GROUPS; i++)
			put_group(t, &p->options[i], p, offer, mss);
	}
}
