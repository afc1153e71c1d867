#include "learning/rule.h"

#include <stdlib.h>

enum { MAX_INCREMENT = 100000 };

const char *const rule_names[RULE_KINDS] = { "copy", "seq", "add", "part", "map", "data", "bits" };

static bool
to_number(struct span s, int64_t *v)
{
	*v = 0;
	if (s.n == 0 || s.n > 18)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		*v = *v * 10 + (s.p[i] - '0');
	}
	return true;
}

bool
rule_yields(const struct rule *rule, struct span from, struct span to)
{
	int64_t a, b;
	const uint8_t *cut;
	struct span part;

	if (from.p == NULL)
		return false;
	switch (rule->kind) {
	case RULE_COPY:
		return span_eq(from, to);
	case RULE_SEQ:
		return to_number(from, &a) && to_number(to, &b) && b == a + rule->delta &&
		    (to.p[0] != '0' || to.n == from.n);
	case RULE_ADD:
		if (to.n < from.n + rule->after.n ||
		    (rule->rest == NULL && to.n != rule->before.n + from.n + rule->after.n))
			return false;
		return memcmp(to.p, rule->before.p, rule->before.n) == 0 &&
		    memcmp(to.p + to.n - rule->after.n - from.n, from.p, from.n) == 0 &&
		    memcmp(to.p + to.n - rule->after.n, rule->after.p, rule->after.n) == 0;
	case RULE_PART:
		cut = memmem(from.p, from.n, rule->before.p, rule->before.n);
		if (cut == NULL)
			return false;
		part = rule->second ? span_of(cut + rule->before.n,
			(size_t)(from.p + from.n - cut) - rule->before.n)
		    : span_of(from.p, (size_t)(cut - from.p));
		return span_eq(part, to);
	case RULE_BITS:
		return from.n == 1 && to.n == 1 &&
		    to.p[0] == ((from.p[0] & rule->mask) | rule->rest_bits);
	default:
		return false;
	}
}

bool
rule_guess(struct rule *rule, enum rule_kind kind, const struct source *src, struct span from,
    struct span to)
{
	const uint8_t *at;
	int64_t a, b;

	*rule = (struct rule){ .kind = (uint8_t)kind, .from = *src };
	switch (kind) {
	case RULE_COPY:
		return true;
	case RULE_SEQ:
		if (!to_number(from, &a) || !to_number(to, &b))
			return false;
		rule->delta = b - a;
		return rule->delta != 0 && llabs(rule->delta) < MAX_INCREMENT;
	case RULE_ADD:
		at = from.n < RULE_MIN_ECHO ? NULL : memmem(to.p, to.n, from.p, from.n);
		if (at == NULL || from.n == to.n)
			return false;
		rule->before = span_of(to.p, (size_t)(at - to.p));
		rule->after = span_of(at + from.n, (size_t)(to.p + to.n - at) - from.n);
		return true;
	case RULE_PART:
		at = to.n < RULE_MIN_ECHO ? NULL : memmem(from.p, from.n, to.p, to.n);
		if (at == NULL || from.n == to.n)
			return false;
		rule->second = at > from.p;
		if (rule->second && at + to.n != from.p + from.n)
			return false;
		rule->before = rule->second ? span_of(at - 1, 1) : span_of(at + to.n, 1);
		return true;
	default:
		return false;
	}
}
