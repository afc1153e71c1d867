#include "dataplane/persona.h"

#include <stdio.h>
#include <string.h>

#include "tests/cases.h"
#include "tests/machines.h"

/* Options as p0f writes them: "mss,sok,ts,nop,ws". */
static const char *
shown(const struct syn_ack *t)
{
	static const char *const names[] = { "end", "nop", "mss", "ws", "sok", "?", "?", "?", "ts" };
	static char text[128];

	text[0] = '\0';
	for (unsigned i = 0; i < t->n; i += t->options[i] <= OPT_NOP ? 1 : t->options[i + 1])
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i > 0 ? "," : "", names[t->options[i]]);
	return text;
}

/* What a Linux 6.18 shows over veth, for every set of options offered: tests/lab/test_persona.py asks it. */
static const struct {
	uint8_t offer;
	const char *options;
	uint16_t window;
} linux_says[] = {
	{ 0, "mss", 64240 },
	{ OFFER_SACK, "mss,nop,nop,sok", 64240 },
	{ OFFER_TS, "mss,nop,nop,ts", 65160 },
	{ OFFER_WSCALE, "mss,nop,ws", 64240 },
	{ OFFER_SACK | OFFER_TS, "mss,sok,ts", 65160 },
	{ OFFER_SACK | OFFER_WSCALE, "mss,nop,nop,sok,nop,ws", 64240 },
	{ OFFER_TS | OFFER_WSCALE, "mss,nop,nop,ts,nop,ws", 65160 },
	{ OFFER_SACK | OFFER_TS | OFFER_WSCALE, "mss,sok,ts,nop,ws", 65160 },
};

EACH_CASE(persona, linux_answers_each_offer_like_linux, linux_says)
{
	struct persona p = persona_linux;
	const struct syn_ack *t;

	persona_make(&p);
	t = &p.syn_ack[linux_says[*i].offer | OFFER_MSS];
	cr_expect_str_eq(shown(t), linux_says[*i].options);
	cr_expect_eq(t->window, linux_says[*i].window);
	cr_expect_eq(load_be16(t->options + 2), 1460);
}

static const struct {
	uint8_t offer;
	const char *options;
} windows_says[] = {
	{ 0, "mss" },
	{ OFFER_WSCALE | OFFER_SACK, "mss,nop,ws,nop,nop,sok" },
	{ OFFER_WSCALE | OFFER_TS, "mss,nop,ws,nop,nop,ts" },
	{ OFFER_WSCALE | OFFER_SACK | OFFER_TS, "mss,nop,ws,sok,ts" },
};

EACH_CASE(persona, another_order_is_data, windows_says)
{
	struct persona p = machine_windows;

	persona_make(&p);
	cr_expect_str_eq(shown(&p.syn_ack[windows_says[*i].offer | OFFER_MSS]), windows_says[*i].options);
	cr_expect_eq(p.syn_ack[windows_says[*i].offer].window, 65535);
}

/* As BSD's kernels do. */
Test(persona, a_group_that_ends_the_options_is_filled_behind)
{
	struct persona p = persona_linux;

	memset(p.options, 0, sizeof p.options);
	p.options[0] = (struct option_group){ { OPT_MSS } };
	p.options[1] = (struct option_group){ { OPT_WSCALE } };
	p.options[2] = (struct option_group){ { OPT_SACK_OK, OPT_TS }, .ends = true };
	persona_make(&p);
	cr_expect_str_eq(shown(&p.syn_ack[OFFER_MSS | OFFER_WSCALE | OFFER_SACK]), "mss,nop,ws,sok,end,end");
	cr_expect_str_eq(shown(&p.syn_ack[OFFER_MSS | OFFER_WSCALE]), "mss,nop,ws");
}

Test(persona, what_it_does_not_speak_is_not_agreed_to)
{
	struct persona p = persona_linux;

	memset(p.options, 0, sizeof p.options);
	p.options[0] = (struct option_group){ { OPT_MSS } };
	persona_make(&p);
	cr_expect_eq(p.speaks, OFFER_MSS | OFFER_SIX);
	cr_expect_str_eq(shown(&p.syn_ack[OFFERS - 1]), "mss");
	cr_expect_eq(p.syn_ack[OFFER_MSS | OFFER_TS].window, 44 * 1460, "no timestamp takes room");
}

Test(persona, every_answer_is_whole_words_and_points_at_its_timestamp)
{
	struct persona p = persona_linux;

	persona_make(&p);
	for (unsigned offer = 0; offer < OFFERS; offer++) {
		const struct syn_ack *t = &p.syn_ack[offer];

		cr_expect_eq(t->n % 4, 0, "%u", offer);
		cr_expect_leq(t->n, PERSONA_OPTIONS_MAX);
		cr_expect_gt(t->window, 0);
		cr_expect_eq(t->ts_at > 0, (offer & OFFER_TS) != 0);
		cr_assert(t->ts_at == 0 || (t->options[t->ts_at - 2] == OPT_TS && t->options[t->ts_at - 1] == 10));
		if (offer & OFFER_MSS)
			cr_expect_eq(load_be16(t->options + 2), offer & OFFER_SIX ? 1440 : 1460);
	}
}

/* RFC 7323 2.2: what a window field says is in units of the scale, and Linux rounds up. */
Test(persona, a_scaled_window_is_rounded_up)
{
	struct persona p = persona_linux;

	persona_make(&p);
	cr_expect_eq(persona_window(&p, true, OFFER_TS) >> p.wscale, 510);
	cr_expect_eq(persona_window(&p, false, OFFER_TS), 65160);
}

Test(persona, waits_longer_each_time_and_not_for_ever)
{
	const struct persona *p = &persona_linux;

	cr_expect_gt(p->rto_min_ms, 0);
	cr_expect_leq(p->rto_min_ms, p->rto_first_ms);
	cr_expect_leq(p->rto_first_ms, p->rto_max_ms);
	cr_expect_geq(p->rto_first_ms, 1000, "RFC 6298 2.1");
	cr_expect_geq(p->rto_max_ms, 60000, "RFC 6298 2.5");
	cr_expect_gt(p->retries, 0);
	cr_expect_gt(p->ts_hz, 0);
	cr_expect_leq(p->ts_hz, 1000, "RFC 7323 5.4: a tick is 1 ms to 1 s");
}
