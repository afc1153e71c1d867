#include "models/format.h"
#include "tests/cases.h"

static const struct {
	uint64_t v;
	uint8_t format;
	const char *is;
} digits[] = {
	{ 0, FMT_TEXT, "0" },
	{ 0, FMT_HEX, "0" },
	{ 10, FMT_TEXT, "10" },
	{ 255, FMT_HEX, "ff" },
	{ 4096, FMT_HEX, "1000" },
	{ UINT64_MAX, FMT_TEXT, "18446744073709551615" },
	{ UINT64_MAX, FMT_HEX, "ffffffffffffffff" },
};

EACH_CASE(format, a_number_has_no_leading_zeros, digits)
{
	uint8_t to[FORMAT_MAX];
	size_t n = format_digits(to, digits[*i].v, (enum format)digits[*i].format);

	cr_expect(span_eq(span_of(to, n), span_str(digits[*i].is)), "%.*s, not %s", (int)n, to,
	    digits[*i].is);
}

static const struct {
	uint64_t v;
	unsigned width;
	uint8_t format;
	uint8_t is[8];
} binary[] = {
	{ 0x1234, 2, FMT_BE, { 0x12, 0x34 } },
	{ 0x1234, 2, FMT_LE, { 0x34, 0x12 } },
	{ 0x123456, 2, FMT_BE, { 0x34, 0x56 } },
	{ 0x12, 3, FMT_BE, { 0, 0, 0x12 } },
	{ 0x12, 3, FMT_LE, { 0x12, 0, 0 } },
	{ 0x0102030405060708, 8, FMT_BE, { 1, 2, 3, 4, 5, 6, 7, 8 } },
	{ 0x0102030405060708, 8, FMT_LE, { 8, 7, 6, 5, 4, 3, 2, 1 } },
	{ 0xff, 1, FMT_LE, { 0xff } },
};

EACH_CASE(format, a_binary_number_is_its_lowest_bytes_in_the_order_asked_for, binary)
{
	uint8_t to[9];
	unsigned width = binary[*i].width;

	memset(to, 0xee, sizeof to);
	cr_expect_eq(format_binary(to, binary[*i].v, width, (enum format)binary[*i].format), width);
	cr_expect_arr_eq(to, binary[*i].is, width);
	cr_expect_eq(to[width], 0xee, "nothing is written behind it");
}

static const struct {
	const char *addr;
	uint8_t format;
	const char *is;
	size_t n;
} addresses[] = {
	{ "198.19.0.1", FMT_TEXT, "198.19.0.1", 10 },
	{ "198.19.0.1", FMT_COMMA, "198,19,0,1", 10 },
	{ "198.19.0.1", FMT_HEX, "c6130001", 8 },
	{ "198.19.0.1", FMT_BE, "\xc6\x13\x00\x01", 4 },
	{ "198.19.0.1", FMT_LE, "\x01\x00\x13\xc6", 4 },
	{ "2001:db8::1", FMT_TEXT, "2001:db8::1", 11 },
	{ "2001:db8::1", FMT_HEX, "20010db8000000000000000000000001", 32 },
	{ "2001:db8::1", FMT_COMMA, "32,1,13,184,0,0,0,0,0,0,0,0,0,0,0,1", 35 },
	{ "2001:db8::1", FMT_BE, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16 },
	{ "2001:db8::1", FMT_LE, "\x01\0\0\0\0\0\0\0\0\0\0\0\xb8\x0d\x01\x20", 16 },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", FMT_COMMA,
	    "255,255,255,255,255,255,255,255,255,255,255,255,255,255,255,255", 63 },
};

EACH_CASE(format, an_address_is_written_as_wide_as_it_is, addresses)
{
	uint8_t to[FORMAT_MAX];
	struct addr a;
	size_t n;

	cr_assert_eq(addr_parse(&a, addresses[*i].addr), 0);
	n = format_addr(to, &a, (enum format)addresses[*i].format);
	cr_expect(span_eq(span_of(to, n), span_of(addresses[*i].is, addresses[*i].n)),
	    "%s as %s: %zu bytes", addresses[*i].addr,
	    vocab_name(&vocab_format, addresses[*i].format), n);
}

static const struct {
	uint16_t port;
	uint8_t format;
	const char *is;
	size_t n;
} ports[] = {
	{ 1234, FMT_TEXT, "1234", 4 },
	{ 1234, FMT_COMMA, "4,210", 5 },
	{ 21, FMT_COMMA, "0,21", 4 },
	{ 65535, FMT_COMMA, "255,255", 7 },
	{ 1234, FMT_HEX, "04d2", 4 },
	{ 1234, FMT_BE, "\x04\xd2", 2 },
	{ 1234, FMT_LE, "\xd2\x04", 2 },
};

EACH_CASE(format, a_port_is_a_number_or_its_two_bytes, ports)
{
	uint8_t to[FORMAT_MAX];
	size_t n = format_port(to, ports[*i].port, (enum format)ports[*i].format);

	cr_expect(span_eq(span_of(to, n), span_of(ports[*i].is, ports[*i].n)), "%u as %s",
	    ports[*i].port, vocab_name(&vocab_format, ports[*i].format));
}

enum { DAY = 86400 };

/* Each word of these times, one after the other. */
static const struct {
	int64_t s;
	const char *is;
} times[] = {
	{ 0, "Thu Jan 01  1 00 00 00 1970 70 01 001 0 00:00:00 GMT %" },
	{ DAY - 1, "Thu Jan 01  1 23 59 59 1970 70 01 001 86399 23:59:59 GMT %" },
	{ 68169599, "Mon Feb 28 28 23 59 59 1972 72 02 059 68169599 23:59:59 GMT %" },
	{ 68169600, "Tue Feb 29 29 00 00 00 1972 72 02 060 68169600 00:00:00 GMT %" },
	{ 68256000, "Wed Mar 01  1 00 00 00 1972 72 03 061 68256000 00:00:00 GMT %" },
	{ 951782400, "Tue Feb 29 29 00 00 00 2000 00 02 060 951782400 00:00:00 GMT %" },
	{ 978220800, "Sun Dec 31 31 00 00 00 2000 00 12 366 978220800 00:00:00 GMT %" },
	{ 1078466828, "Fri Mar 05  5 06 07 08 2004 04 03 065 1078466828 06:07:08 GMT %" },
	{ 4107542400, "Mon Mar 01  1 00 00 00 2100 00 03 060 4107542400 00:00:00 GMT %" },
	{ 253402300799, "Fri Dec 31 31 23 59 59 9999 99 12 365 253402300799 23:59:59 GMT %" },
};

EACH_CASE(format, a_time_is_a_date_of_the_gregorian_calendar_in_english, times)
{
	char line[256];
	size_t at = 0;

	for (const char *word = "abdeHMSYymjsTZ?"; *word != '\0'; word++) {
		if (at > 0)
			line[at++] = ' ';
		at += format_time((uint8_t *)line + at, times[*i].s, *word);
	}
	line[at] = '\0';
	cr_expect_str_eq(line, times[*i].is);
}

Test(format, every_day_follows_the_one_before_it)
{
	uint8_t year[FORMAT_MAX], yday[FORMAT_MAX], before[FORMAT_MAX];
	size_t n, wrong = 0;

	n = format_time(before, 0, 'Y');
	for (int64_t day = 0; day < 366 * 500; day++) {
		cr_assert_eq(format_time(yday, day * DAY, 'j'), 3);
		cr_assert_eq(format_time(year, day * DAY, 'Y'), n);
		wrong += (memcmp(yday, "001", 3) == 0) != (day == 0 || memcmp(year, before, n) != 0);
		memcpy(before, year, n);
	}
	cr_expect_eq(wrong, 0, "a year begins with its first day, %zu times not", wrong);
}
