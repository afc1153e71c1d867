#include <stdio.h>
#include <string.h>

#include "control/community.h"
#include "tests/cases.h"

static const struct {
	const char *a, *b;
	uint16_t a_port, b_port;
	uint8_t proto;
	const char *id;
} cases[] = {
	{ "66.35.250.204", "128.232.110.120", 80, 34855, 6, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
	{ "192.168.1.52", "8.8.8.8", 54585, 53, 17, "1:d/FP5EW3wiY1vCndhwleRRKHowQ=" },
	{ "192.168.0.89", "192.168.0.1", 8, 0, 1, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=" },
	{ "198.51.100.7", "203.0.113.9", 40000, 21, 6, "1:jdzpU2aIoALJuO013ChED5z+xaU=" },
	{ "2001:db8::7", "2001:db8:1::9", 40000, 80, 6, "1:jbHnRQwVi9lqq2yiSEKRfT1a/Z0=" },
};

EACH_CASE(community, id_of_both_directions, cases)
{
	char id[COMMUNITY_TEXT];
	struct addr a, b;

	cr_assert_eq(addr_parse(&a, cases[*i].a), 0);
	cr_assert_eq(addr_parse(&b, cases[*i].b), 0);
	community_id(id, &a, cases[*i].a_port, &b, cases[*i].b_port, cases[*i].proto);
	cr_expect_str_eq(id, cases[*i].id);
	community_id(id, &b, cases[*i].b_port, &a, cases[*i].a_port, cases[*i].proto);
	cr_expect_str_eq(id, cases[*i].id, "the way back has the same name");
}
