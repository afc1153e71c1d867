#include "dataplane/cookie.h"
#include "dataplane/wire.h"
#include "tests/cases.h"

static const uint64_t seed[2] = { 11, 22 };

static struct flow_key
key(uint16_t port)
{
	struct addr own = addr_v4(0xc6130001), peer = addr_v4(0xcb007105);
	struct flow_key k;

	flow_key_of(NULL, &k, &own, 21, &peer, port, PROTO_TCP);
	return k;
}

Test(cookie, remembers_all_it_can_say)
{
	struct flow_key k = key(40000);
	struct cookies c;

	cookies_init(&c, seed);
	for (unsigned v = 0; v < 4 * 16 * 2; v++) {
		struct cookie what = { .mss_class = v & 3, .wscale = v >> 2 & 15, .sack = v >> 6 }, got;
		uint32_t isn = cookie_make(&c, &k, 77 + v, &what, 5000);

		cr_assert(cookie_check(&c, &k, 77 + v, isn, &got, 5000));
		cr_expect(got.mss_class == what.mss_class && got.wscale == what.wscale && got.sack == what.sack);
	}
}

static const struct {
	const char *what;
	uint64_t made_s, shown_s;
	bool good;
} ages[] = {
	{ "at once", 5000, 5000, true },
	{ "in the next epoch", 31, 32, true },
	{ "after 90 s", 5000, 5090, true },
	{ "after 129 s", 5000, 5129, false },
	{ "after 256 s, when its epoch number is back", 5000, 5256, false },
	{ "over the hour's change of keys", 3583, 3584 + 60, true },
	{ "at the very beginning", 0, 3, true },
	{ "after the clock jumped by days", 1000, 1000000, false },
};

EACH_CASE(cookie, holds_for_about_two_minutes, ages)
{
	struct cookie what = { .mss_class = 3, .wscale = 7, .sack = true }, got;
	struct flow_key k = key(40000);
	struct cookies c;
	uint32_t isn;

	cookies_init(&c, seed);
	isn = cookie_make(&c, &k, 1, &what, ages[*i].made_s);
	cr_expect_eq(cookie_check(&c, &k, 1, isn, &got, ages[*i].shown_s), ages[*i].good, "%s", ages[*i].what);
}

Test(cookie, fits_nobody_else_and_no_other_bit)
{
	struct cookie what = { .mss_class = 3, .wscale = 7, .sack = true }, got;
	struct flow_key k = key(40000), other = key(40001);
	struct cookies c;
	uint32_t isn;

	cookies_init(&c, seed);
	isn = cookie_make(&c, &k, 1, &what, 5000);
	cr_expect(!cookie_check(&c, &other, 1, isn, &got, 5000));
	cr_expect(!cookie_check(&c, &k, 2, isn, &got, 5000));
	for (int bit = 0; bit < 32; bit++)
		cr_expect(!cookie_check(&c, &k, 1, isn ^ 1u << bit, &got, 5000), "bit %d", bit);
}

Test(cookie, a_blind_guess_hardly_ever_fits)
{
	struct flow_key k = key(40000);
	struct cookie got;
	struct cookies c;
	unsigned hits = 0;

	cookies_init(&c, seed);
	for (uint32_t i = 0; i < 200000; i++)
		hits += cookie_check(&c, &k, 1, i * 21467u, &got, 5000);
	cr_expect_leq(hits, 2);		/* 200,000 x 2^-23 = 0.02 */
}

Test(cookie, the_numbers_of_one_epoch_have_no_pattern)
{
	struct cookie what = { .mss_class = 3, .wscale = 7, .sack = true };
	struct cookies c;
	unsigned rises = 0;
	uint32_t last = 0;

	cookies_init(&c, seed);
	for (uint16_t port = 1; port < 2000; port++) {
		struct flow_key k = key(port);
		uint32_t isn = cookie_make(&c, &k, 1, &what, 5000);

		rises += isn > last;
		last = isn;
	}
	cr_expect(rises > 900 && rises < 1100, "%u of 2000", rises);
}

/* In every epoch of two hours, so at changes of keys, too. */
Test(cookie, a_burst_is_what_each_is_alone)
{
	struct cookie_task t[19];
	struct flow_key k[ARRAY_LEN(t)];
	struct cookies c;

	cookies_init(&c, seed);
	for (uint64_t now_s = 0; now_s < 7300; now_s += 16) {
		unsigned n = (unsigned)(now_s / 16 % (ARRAY_LEN(t) + 1));

		for (unsigned i = 0; i < n; i++) {
			uint64_t made_s = now_s - MIN(now_s, 40u * (i % 5));
			struct cookie what = { .mss_class = i & 3, .wscale = i & 15, .sack = i & 1 };

			k[i] = key((uint16_t)(now_s + i));
			t[i] = (struct cookie_task){ .key = &k[i], .client_isn = i * 77777, .what = what,
				.make = i % 3 == 0 };
			if (i % 3 == 1)	/* the other third is of nobody */
				t[i].isn = cookie_make(&c, &k[i], t[i].client_isn, &what, made_s);
		}
		for (unsigned i = 0; i < n; i++) {	/* those above may have gone back an hour */
			struct cookie_task alone = t[i], burst[ARRAY_LEN(t)];

			memcpy(burst, t, sizeof t);
			cookies_burst(&c, burst, n, now_s);
			alone.good = !t[i].make && cookie_check(&c, &k[i], t[i].client_isn, t[i].isn, &alone.what,
			    now_s);
			if (t[i].make)
				alone.isn = cookie_make(&c, &k[i], t[i].client_isn, &t[i].what, now_s);
			cr_assert_eq(burst[i].isn, alone.isn, "%u at %u s", i, (unsigned)now_s);
			cr_assert(t[i].make || burst[i].good == alone.good, "%u at %u s", i, (unsigned)now_s);
			cr_assert(!alone.good || (burst[i].what.mss_class == alone.what.mss_class &&
			    burst[i].what.wscale == alone.what.wscale && burst[i].what.sack == alone.what.sack));
		}
	}
}
