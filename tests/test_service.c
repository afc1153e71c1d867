#include "control/service.h"

#include "models/vocab.h"
#include "tests/cases.h"

static const struct {
	const char *text;
	uint8_t proto;
	uint16_t port;		/* 0: refused */
} cases[] = {
	{ "tcp/21", MODEL_TCP, 21 },
	{ "udp/53", MODEL_UDP, 53 },
	{ "tcp/1", MODEL_TCP, 1 },
	{ "udp/65535", MODEL_UDP, 65535 },
	{ "tcp/65536", 0, 0 },
	{ "tcp/0", 0, 0 },
	{ "tcp/18446744073709551637", 0, 0 },
	{ "tcp/-1", 0, 0 },
	{ "tcp/+21", 0, 0 },
	{ "tcp/ 21", 0, 0 },
	{ "tcp/21x", 0, 0 },
	{ "tcp/021", 0, 0 },
	{ "tcp/21-30", 0, 0 },
	{ "tcp/", 0, 0 },
	{ "tcp", 0, 0 },
	{ "TCP/21", 0, 0 },
	{ "icmp/8", 0, 0 },
	{ "21", 0, 0 },
	{ "", 0, 0 },
};

EACH_CASE(service, is_a_protocol_and_a_port, cases)
{
	uint8_t proto;
	uint16_t port;
	bool good = service_parse(cases[*i].text, &proto, &port);

	cr_assert_eq(good, cases[*i].port != 0, "%s", cases[*i].text);
	if (good) {
		cr_expect_eq(proto, cases[*i].proto, "%s", cases[*i].text);
		cr_expect_eq(port, cases[*i].port, "%s", cases[*i].text);
	}
}

static const struct {
	const char *text;
	uint16_t first, last;	/* 0: refused */
} several[] = {
	{ "tcp/21", 21, 21 },
	{ "tcp/1-65535", 1, 65535 },
	{ "udp/53-53", 53, 53 },
	{ "tcp/30-21", 0, 0 },
	{ "tcp/21-", 0, 0 },
	{ "tcp/-30", 0, 0 },
	{ "tcp/21-30-40", 0, 0 },
	{ "tcp/21-65536", 0, 0 },
};

EACH_CASE(service, may_be_several_ports_in_a_row, several)
{
	uint8_t proto;
	uint16_t first, last;
	bool good = service_ports(several[*i].text, &proto, &first, &last);

	cr_assert_eq(good, several[*i].first != 0, "%s", several[*i].text);
	if (good) {
		cr_expect_eq(first, several[*i].first, "%s", several[*i].text);
		cr_expect_eq(last, several[*i].last, "%s", several[*i].text);
	}
}
