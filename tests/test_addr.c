#include <errno.h>

#include "models/addr.h"
#include "tests/cases.h"

static const struct {
	const char *what, *text;
	int err;
} cases[] = {
	{ "IPv4", "198.19.7.250", 0 },
	{ "IPv6", "2001:db8::7", 0 },
	{ "a prefix is no address", "198.19.0.0/16", -EINVAL },
	{ "nothing is no address", "", -EINVAL },
};

EACH_CASE(addr, text_round_trip, cases)
{
	char back[ADDR_TEXT];
	struct addr a;

	cr_assert_eq(addr_parse(&a, cases[*i].text), cases[*i].err, "%s", cases[*i].what);
	if (cases[*i].err == 0) {
		addr_print(back, &a);
		cr_expect_str_eq(back, cases[*i].text);
	}
}

static const struct {
	const char *text;
	unsigned bits;
	int err;
} prefixes[] = {
	{ "198.19.0.0/16", 112, 0 },
	{ "198.19.0.1/32", 128, 0 },
	{ "0.0.0.0/0", 96, 0 },
	{ "2001:db8::/32", 32, 0 },
	{ "198.19.0.1/16", 112, -EDOM },
	{ "2001:db8::1/64", 64, -EDOM },
	{ "198.19.0.0/33", 0, -EINVAL },
	{ "2001:db8::/129", 0, -EINVAL },
	{ "198.19.0.0", 0, -EINVAL },
	{ "198.19.0.0/", 0, -EINVAL },
	{ "198.19.0.0/x", 0, -EINVAL },
	{ "198.19.0.0/16x", 0, -EINVAL },
	{ "198.19.0.0/-1", 0, -EINVAL },
	{ "/16", 0, -EINVAL },
	{ "1111111111111111111111111111111111111111111111/16", 0, -EINVAL },
};

EACH_CASE(addr, a_prefix_is_an_address_and_its_bits, prefixes)
{
	struct addr a;
	unsigned bits = 0;

	cr_assert_eq(addr_parse_prefix(&a, &bits, prefixes[*i].text), prefixes[*i].err, "%s", prefixes[*i].text);
	cr_expect_eq(bits, prefixes[*i].bits, "%s", prefixes[*i].text);
}

Test(addr, a_prefix_holds_its_own_and_no_other)
{
	struct addr net = addr_v4(0xc6130000), in = addr_v4(0xc613ffff), out = addr_v4(0xc6140000);

	cr_expect(addr_in(&in, &net, 96 + 16));
	cr_expect_not(addr_in(&out, &net, 96 + 16));
	cr_expect(addr_in(&out, &net, 96 + 13));
	cr_expect(addr_in(&out, &net, 0));
}

Test(addr, every_bit_of_a_prefix_counts_and_none_behind_it)
{
	struct addr net;

	cr_assert_eq(addr_parse(&net, "2001:db8:5aa5:c33c:1234:5678:9abc:def0"), 0);
	for (unsigned bits = 0; bits <= 128; bits++)
		for (unsigned flipped = 0; flipped < 128; flipped++) {
			struct addr a = net;

			a.b[flipped / 8] ^= (uint8_t)(0x80 >> flipped % 8);
			cr_expect_eq(addr_in(&a, &net, bits), flipped >= bits, "bit %u of /%u", flipped, bits);
		}
}
