#include "dataplane/persona.h"

#include <string.h>

#include "tests/cases.h"

Test(persona, is_found_by_its_name)
{
	cr_expect_eq(persona_find("linux"), &persona_linux);
	cr_expect_str_eq(persona_linux.name, "linux");
}

static const char *const no_names[] = { "", "Linux", "linu", "linux ", "windows" };

EACH_CASE(persona, no_other_name_finds_one, no_names)
{
	cr_expect_null(persona_find(no_names[*i]), "%s", no_names[*i]);
}

Test(persona, the_sentence_for_error_messages_names_it)
{
	cr_expect_not_null(strstr(persona_list(), persona_linux.name));
}

/* What a Linux 6 kernel puts into a SYN-ACK on Ethernet: 02 04 05b4, 04 02, 08 0a, 01, 03 03 07. */
Test(persona, linux_answers_a_syn_like_linux)
{
	static const uint8_t order[] = { 2, 4, 8, 1, 3 };
	const struct persona *p = &persona_linux;

	cr_expect_arr_eq(p->option_order, order, sizeof order);
	cr_expect_eq(p->ttl, 64);
	cr_expect(p->df);
	cr_expect_eq(p->mss, 1460);
	cr_expect_eq(p->window, 45 * (p->mss - 12), "45 segments, each with a timestamp");
	cr_expect_leq(p->wscale, 14, "RFC 7323 2.3");
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
