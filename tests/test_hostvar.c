#include "models/hostvar.h"

#include <stdlib.h>

#include "tests/cases.h"

struct value {
	char text[HOSTVAR_MAX + 1];
	size_t n;
};

static struct value
value_of(enum var_type type, const char *preset, uint8_t k, uint32_t host)
{
	uint8_t key[PRF_KEY] = { [PRF_KEY - 1] = k };
	struct addr own = addr_v4(0xc6130000 + host);
	struct value v;

	v.n = hostvar_value((uint8_t *)v.text, type, span_str(preset), key, &own);
	cr_assert_leq(v.n, (size_t)HOSTVAR_MAX);
	v.text[v.n] = '\0';
	return v;
}

enum { HOSTS = 64 };

static const struct {
	uint8_t type;
	const char *preset;
	bool varies;
} types[] = {
	{ VAR_ADDRESS, "10.0.0.1", true },
	{ VAR_HOSTNAME, "ftp2.example", true },
	{ VAR_DOMAIN, "example", false },
	{ VAR_BOOT, "1700000000", true },
	{ VAR_BOOT, "yesterday", false },
	{ VAR_BOOT, "-5", false },
	{ VAR_BOOT, "1234567890123456789", false },
	{ VAR_IDENTIFIER, "0123456789abcdef", true },
	{ VAR_NAME, "root", false },
};

EACH_CASE(hostvar, some_values_differ_between_hosts_and_others_are_the_preset, types)
{
	const char *preset = types[*i].preset;
	enum var_type type = (enum var_type)types[*i].type;
	struct value first = value_of(type, preset, 1, 0);
	unsigned different = 0;

	for (uint32_t host = 1; host < HOSTS; host++) {
		struct value v = value_of(type, preset, 1, host);

		different += strcmp(v.text, first.text) != 0;
		cr_expect_str_eq(v.text, value_of(type, preset, 1, host).text, "a host changed");
	}
	if (types[*i].varies)
		cr_expect_gt(different, HOSTS / 2u, "%s: %u", preset, different);
	else
		cr_expect_str_eq(first.text, preset);
	cr_expect_eq(different > 0, types[*i].varies, "%s: %u", preset, different);
}

EACH_CASE(hostvar, without_a_key_all_but_the_address_is_the_preset, types)
{
	enum var_type type = (enum var_type)types[*i].type;

	cr_expect_str_eq(value_of(type, types[*i].preset, 0, 1).text,
	    type == VAR_ADDRESS ? "198.19.0.1" : types[*i].preset);
}

static const struct {
	const char *preset, *stem, *rest;
} hostnames[] = {
	{ "ftp2.example", "ftp", ".example" },
	{ "web-17", "web-", "" },
	{ "mail.example.org", "mail", ".example.org" },
	{ "42.example", "host", ".example" },
	{ ".example", "host", ".example" },
	{ "", "host", "" },
};

EACH_CASE(hostvar, a_host_name_keeps_stem_and_domain_around_a_number_of_its_own, hostnames)
{
	size_t stem = strlen(hostnames[*i].stem);

	for (uint32_t host = 0; host < HOSTS; host++) {
		struct value v = value_of(VAR_HOSTNAME, hostnames[*i].preset, 1, host);
		char *end;

		cr_assert_eq(strncmp(v.text, hostnames[*i].stem, stem), 0, "%s", v.text);
		cr_expect_lt(strtoul(v.text + stem, &end, 10), 1000, "%s", v.text);
		cr_expect_gt(end, v.text + stem, "%s has no number", v.text);
		cr_expect_str_eq(end, hostnames[*i].rest);
	}
}

Test(hostvar, the_longest_preset_fits)
{
	char preset[HOSTVAR_PRESET + 1];

	memset(preset, 'a', HOSTVAR_PRESET);
	preset[HOSTVAR_PRESET] = '\0';
	for (uint32_t host = 0; host < HOSTS; host++) {
		cr_expect_leq(value_of(VAR_HOSTNAME, preset, 1, host).n, HOSTVAR_PRESET + 3u);
		cr_expect_eq(value_of(VAR_IDENTIFIER, preset, 1, host).n, (size_t)HOSTVAR_PRESET);
	}
}

Test(hostvar, hosts_started_within_the_month_before_the_capture)
{
	int64_t oldest = INT64_MAX, newest = 0;

	for (uint32_t host = 0; host < HOSTS; host++) {
		int64_t s = strtoll(value_of(VAR_BOOT, "1700000000", 1, host).text, NULL, 10);

		oldest = MIN(oldest, s);
		newest = MAX(newest, s);
	}
	cr_expect_leq(newest, 1700000000);
	cr_expect_gt(oldest, 1700000000 - 30 * 86400);
	cr_expect_gt(newest - oldest, 86400, "not all at once");
	cr_expect_str_eq(value_of(VAR_BOOT, "0", 1, 1).text, "0", "not before 1970");
}

Test(hostvar, an_identifier_keeps_its_kinds_of_characters)
{
	for (uint32_t host = 0; host < HOSTS; host++) {
		struct value v = value_of(VAR_IDENTIFIER, "{0a-F z}", 1, host);

		cr_assert_eq(v.n, 8);
		cr_expect(v.text[0] == '{' && v.text[3] == '-' && v.text[5] == ' ' &&
		    v.text[7] == '}', "%s", v.text);
		cr_expect(v.text[1] >= '0' && v.text[1] <= '9', "%s", v.text);
		cr_expect(v.text[2] >= 'a' && v.text[2] <= 'f', "%s stays hexadecimal", v.text);
		cr_expect(v.text[4] >= 'A' && v.text[4] <= 'F', "%s stays upper case", v.text);
		cr_expect(v.text[6] >= 'a' && v.text[6] <= 'z', "%s", v.text);
	}
}

Test(hostvar, a_binary_identifier_becomes_any_bytes)
{
	unsigned beyond = 0;

	for (uint32_t host = 0; host < HOSTS; host++) {
		struct value v = value_of(VAR_IDENTIFIER, "\x01\x02\x03\x04", 1, host);

		cr_assert_eq(v.n, 4);
		for (unsigned k = 0; k < 4; k++)
			beyond += (uint8_t)v.text[k] > 0x7e;
	}
	cr_expect_gt(beyond, HOSTS, "of %u bytes %u are beyond ASCII", 4 * HOSTS, beyond);
}

Test(hostvar, the_key_decides)
{
	cr_expect_str_neq(value_of(VAR_IDENTIFIER, "0123456789abcdef", 1, 1).text,
	    value_of(VAR_IDENTIFIER, "0123456789abcdef", 2, 1).text);
}
