#include <criterion/criterion.h>

#include "models/hostvar.h"
#include "models/prf.h"

/* Outputs for key 00..0f and input 00..n-1, from the paper's reference (its appendix A has n = 15). */
static const struct {
	size_t n;
	uint64_t out;
} vectors[] = {
	{ 0, 0x726fdb47dd0e0e31u }, { 1, 0x74f839c593dc67fdu }, { 7, 0xab0200f58b01d137u },
	{ 8, 0x93f5f5799a932462u }, { 15, 0xa129ca6149be45e5u }, { 16, 0x3f2acc7f57c29bdbu },
};

Test(prf, siphash_gives_the_papers_numbers)
{
	uint8_t key[PRF_KEY], in[64];

	for (unsigned i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)i;
	memcpy(key, in, sizeof key);
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++)
		cr_expect_eq(siphash(key, span_of(in, vectors[i].n)), vectors[i].out, "%zu",
		    vectors[i].n);
}

Test(prf, eight_hashes_at_once_are_what_each_is_alone)
{
	const uint64_t key[2] = { 0x0706050403020100u, 0x0f0e0d0c0b0a0908u };
	uint64_t w[5][PRF_LANES], out[PRF_LANES], message[5], stir = 1;

	for (size_t n = 0; n <= ARRAY_LEN(w); n++) {
		for (size_t i = 0; i < n * PRF_LANES; i++)
			w[i / PRF_LANES][i % PRF_LANES] = stir = stir * 0x9e3779b97f4a7c15u + i;
		siphash_lanes(key, w, n, out);
		for (unsigned lane = 0; lane < PRF_LANES; lane++) {
			for (size_t i = 0; i < n; i++)
				message[i] = w[i][lane];
			cr_expect_eq(out[lane], siphash((const uint8_t *)key, span_of(message, 8 * n)), "%zu", n);
		}
	}
}

static uint64_t
one(enum scope scope, uint32_t own, uint32_t peer, uint32_t connection, uint16_t turn, uint8_t k)
{
	uint8_t key[PRF_KEY] = { k };
	struct addr o = addr_v4(own), p = addr_v4(peer);
	struct prf_env env = { key, &o, &p, connection, turn };

	return prf(&env, scope, prf_point_data(3), 0);
}

Test(prf, a_scope_depends_on_what_it_names_and_on_nothing_narrower)
{
	for (enum scope s = SCOPE_IMAGE; s < SCOPE_N; s++) {
		uint64_t r = one(s, 1, 2, 3, 4, 5);
		cr_expect_eq(r, one(s, 1, 2, 3, 4, 5));
		cr_expect_eq(r != one(s, 1, 2, 3, 4, 9), s >= SCOPE_HOST);
		cr_expect_eq(r != one(s, 9, 2, 3, 4, 5), s >= SCOPE_HOST);
		cr_expect_eq(r != one(s, 1, 9, 3, 4, 5), s >= SCOPE_PAIR);
		cr_expect_eq(r != one(s, 1, 2, 9, 4, 5), s >= SCOPE_CONNECTION);
		cr_expect_eq(r != one(s, 1, 2, 3, 9, 5), s >= SCOPE_TURN);
	}
}

static void
value(char *to, enum var_type type, const char *preset, uint8_t k, uint32_t own)
{
	uint8_t key[PRF_KEY] = { k };
	struct addr a = addr_v4(own);

	to[hostvar_value((uint8_t *)to, type, span_str(preset), key, &a)] = '\0';
}

Test(prf, a_host_variable_is_its_preset_without_a_key_and_differs_between_hosts_with_one)
{
	char a[HOSTVAR_MAX + 1], b[HOSTVAR_MAX + 1];

	value(a, VAR_HOSTNAME, "ftp2.example", 0, 1);
	cr_expect_str_eq(a, "ftp2.example");
	value(a, VAR_HOSTNAME, "ftp2.example", 7, 1);
	value(b, VAR_HOSTNAME, "ftp2.example", 7, 2);
	cr_expect_str_neq(a, b);
	cr_expect_eq(strncmp(a, "ftp", 3), 0, "%s", a);
	cr_expect_not_null(strstr(a, ".example"), "%s", a);
	value(a, VAR_IDENTIFIER, "{00Ab-zz}", 7, 1);
	cr_expect_eq(strlen(a), 9);
	cr_expect(a[0] == '{' && a[1] >= '0' && a[1] <= '9' && a[3] >= 'A' && a[3] <= 'F' &&
	    a[5] == '-' && a[8] == '}', "%s", a);
	value(a, VAR_ADDRESS, "10.0.0.1", 7, 0xc6130001);
	cr_expect_str_eq(a, "198.19.0.1");
	value(a, VAR_BOOT, "1700000000", 7, 1);
	cr_expect(strtoll(a, NULL, 10) <= 1700000000 && strtoll(a, NULL, 10) > 1697000000, "%s", a);
	value(a, VAR_BOOT, "yesterday", 7, 1);
	cr_expect_str_eq(a, "yesterday");
}
