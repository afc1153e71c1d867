#include "models/hostvar.h"

#include <stdio.h>

enum { BOOT_SPREAD_S = 30 * 86400 };	/* hosts started some time within a month */

static bool
is_digit(uint8_t b)
{
	return b >= '0' && b <= '9';
}

static size_t
put_decimal(uint8_t *to, uint64_t v)
{
	char text[24];
	int n = snprintf(text, sizeof text, "%llu", (unsigned long long)v);

	memcpy(to, text, (size_t)n);
	return (size_t)n;
}

/* "ftp2.example" becomes "ftp417.example". */
static size_t
hostname(uint8_t *to, struct span preset, uint64_t r)
{
	const uint8_t *dot = preset.n > 0 ? memchr(preset.p, '.', preset.n) : NULL;
	size_t label = dot != NULL ? (size_t)(dot - preset.p) : preset.n;
	size_t stem = label, n;

	while (stem > 0 && is_digit(preset.p[stem - 1]))
		stem--;
	if (stem > 0)
		memcpy(to, preset.p, stem);
	else
		memcpy(to, "host", stem = 4);
	n = stem + put_decimal(to + stem, r % 1000);
	if (dot != NULL)
		memcpy(to + n, dot, preset.n - label);
	return n + preset.n - label;
}

static size_t
boot(uint8_t *to, struct span preset, uint64_t r)
{
	uint64_t v = 0, back = r % BOOT_SPREAD_S;
	bool number = preset.n >= 1 && preset.n <= 18;

	for (size_t i = 0; number && i < preset.n; i++) {
		number = is_digit(preset.p[i]);
		v = v * 10 + preset.p[i] - '0';
	}
	if (number)
		return put_decimal(to, v > back ? v - back : 0);
	if (preset.n > 0)
		memcpy(to, preset.p, preset.n);
	return preset.n;
}

/* A byte of the same kind, drawn by x. */
static uint8_t
alike(uint8_t b, unsigned x)
{
	if (is_digit(b))
		return (uint8_t)('0' + x % 10);
	if ((b | 32) >= 'a' && (b | 32) <= 'f')
		return (uint8_t)((b & ~31) + 1 + x % 6);
	if ((b | 32) >= 'g' && (b | 32) <= 'z')
		return (uint8_t)((b & ~31) + 1 + x % 26);
	return b;
}

static size_t
identifier(uint8_t *to, struct span preset, const struct prf_env *env)
{
	bool text = true;
	uint64_t r = 0;

	for (size_t i = 0; i < preset.n; i++)
		text = text && preset.p[i] >= 0x20 && preset.p[i] <= 0x7e;
	for (size_t i = 0; i < preset.n; i++) {
		if (i % 4 == 0)
			r = prf(env, SCOPE_HOST, prf_point_var(VAR_IDENTIFIER), (uint32_t)(i / 4));
		unsigned x = r >> 16 * (i % 4) & 0xffff;
		to[i] = text ? alike(preset.p[i], x) : (uint8_t)x;
	}
	return preset.n;
}

size_t
hostvar_value(uint8_t *to, enum var_type type, struct span preset,
    const uint8_t key[PRF_KEY], const struct addr *own)
{
	static const uint8_t no_key[PRF_KEY];
	struct prf_env env = { .key = key, .own = own };
	bool keyed = memcmp(key, no_key, PRF_KEY) != 0;
	char address[ADDR_TEXT];

	assert(preset.n <= HOSTVAR_PRESET);
	if (type == VAR_ADDRESS) {
		int n = addr_print(address, own);
		memcpy(to, address, (size_t)n);
		return (size_t)n;
	}
	if (keyed && type == VAR_HOSTNAME)
		return hostname(to, preset, prf(&env, SCOPE_HOST, prf_point_var(type), 0));
	if (keyed && type == VAR_BOOT)
		return boot(to, preset, prf(&env, SCOPE_HOST, prf_point_var(type), 0));
	if (keyed && type == VAR_IDENTIFIER)
		return identifier(to, preset, &env);
	if (preset.n > 0)
		memcpy(to, preset.p, preset.n);
	return preset.n;
}
