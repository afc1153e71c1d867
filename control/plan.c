#include "control/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "dataplane/persona.h"

enum { LEAST_BITS = 112 };	/* of a prefix with PLAN_ADDRESSES addresses */

static const char *
action_name(uint8_t action)
{
	static const char *const names[] = { [ACTION_SILENT] = "silent", [ACTION_DROP] = "drop",
		[ACTION_RESET] = "reset", [ACTION_HANDSHAKE] = "handshake", [ACTION_ANSWER] = "answer" };

	return names[action];
}

static bool
is_other(const struct target *t)
{
	return t->action == ACTION_ANSWER && t->slot == 0;
}

static bool
is_open(const struct target *t)
{
	return t->action == ACTION_HANDSHAKE || (t->action == ACTION_ANSWER && t->slot != 0);
}

static bool
same(const struct target *a, const struct target *b)
{
	return a->action == b->action && a->slot == b->slot;
}

/* ", tcp/80-81 handshake" for every run of ports that do the same. */
static void
print_ports(FILE *to, const struct set *s, const char *proto, const struct target t[65536], bool *any)
{
	for (uint32_t first = 0, end; first < 65536; first = end) {
		for (end = first + 1; end < 65536 && same(&t[end], &t[first]);)
			end++;
		if (is_other(&t[first]))
			continue;
		fprintf(to, "%s%s/%u", *any ? ", " : "", proto, first);
		if (end - first > 1)
			fprintf(to, "-%u", end - 1);
		fprintf(to, " %s", t[first].action == ACTION_ANSWER ? s->name[t[first].slot]
		    : action_name(t[first].action));
		*any = true;
	}
}

static json_t *
ports_of(const struct set *s, const struct profile *p)
{
	bool any = false;
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);
	json_t *o;

	if (to == NULL)
		return NULL;
	print_ports(to, s, "tcp", p->tcp, &any);
	print_ports(to, s, "udp", p->udp, &any);
	fclose(to);
	o = json_string(any ? text : "none");
	free(text);
	return o;
}

static struct addr
nth(const struct addr *first, uint32_t n)
{
	struct addr a = *first;

	store_be32(a.b + 12, load_be32(a.b + 12) + n);
	return a;
}

/* Which of a range's profiles it is. */
static uint32_t
place_of(const struct range *r, const struct profile *p)
{
	uint32_t k = 0;

	while (r->profile[k] != p)
		k++;
	return k;
}

/* How many addresses of a range have each of its profiles, less those of longer prefixes. */
static void
count(uint32_t n[SET_PROFILES], const struct set *s, const struct range *r)
{
	memset(n, 0, SET_PROFILES * sizeof *n);
	for (uint32_t i = 0; i < 1u << (128 - r->bits); i++) {
		struct addr a = nth(&r->prefix, i);

		if (set_range(s, &a) == r)
			n[place_of(r, set_profile(r, &a))]++;
	}
}

static void
print_prefix(char to[ADDR_TEXT + 4], const struct range *r)
{
	char a[ADDR_TEXT];

	addr_print(a, &r->prefix);
	snprintf(to, ADDR_TEXT + 4, "%s/%u", a, addr_is_v4(&r->prefix) ? r->bits - 96u : r->bits);
}

static json_t *
profile_object(const struct set *s, const struct range *r, uint32_t k)
{
	const struct profile *p = r->profile[k];
	char prefix[ADDR_TEXT + 4];

	print_prefix(prefix, r);
	return json_pack("{ss ss ss ss so}", "prefix", prefix, "profile", set_profile_name(r, r->profile[k]),
	    "persona", persona_of(p, &persona_linux)->name, "other_ports",
	    action_name(p->other_tcp.action), "ports", ports_of(s, p));
}

json_t *
plan_profiles(const struct set *s)
{
	json_t *list = json_array();
	uint32_t n[SET_PROFILES];

	for (uint32_t i = 0; i < s->nranges; i++) {
		const struct range *r = s->range[i];

		if (r->bits >= LEAST_BITS)
			count(n, s, r);
		for (uint32_t k = 0; k < r->nprofiles; k++) {
			json_t *o = profile_object(s, r, k);

			if (r->bits >= LEAST_BITS)
				json_object_set_new(o, "addresses", json_integer(n[k]));
			json_array_append_new(list, o);
		}
	}
	return json_pack("{so}", "profiles", list);
}

static bool
has_open_port(const struct profile *p)
{
	if (is_open(&p->other_tcp) || is_open(&p->other_udp))
		return true;
	for (size_t port = 0; port < ARRAY_LEN(p->tcp); port++)
		if (is_open(&p->tcp[port]) || is_open(&p->udp[port]))
			return true;
	return false;
}

/* By place of range and profile. */
static void
find_open_ports(bool open[SET_RANGES][SET_PROFILES], const struct set *s)
{
	for (uint32_t i = 0; i < s->nranges; i++)
		for (uint32_t k = 0; k < s->range[i]->nprofiles; k++)
			open[i][k] = has_open_port(s->range[i]->profile[k]);
}

static void
add_address(json_t *list, const struct set *s, bool open[SET_RANGES][SET_PROFILES], const struct addr *a)
{
	const struct range *r = set_range(s, a);
	char text[ADDR_TEXT];
	uint32_t i = 0, k;

	if (r == NULL)
		return;
	while (s->range[i] != r)
		i++;
	k = place_of(r, set_profile(r, a));
	if (!open[i][k])
		return;
	addr_print(text, a);
	json_array_append_new(list, json_pack("{ss ss}", "address", text, "profile", set_profile_name(r, r->profile[k])));
}

json_t *
plan_addresses(const struct set *s, const char *text, struct diag *why)
{
	static bool open[SET_RANGES][SET_PROFILES];
	bool ours = false;
	struct addr first, last;
	unsigned bits = 128;
	json_t *list;

	if (addr_parse(&first, text) < 0 && addr_parse_prefix(&first, &bits, text) < 0) {
		diag_set(why, -EINVAL, "\"%s\" is no address and no prefix like 198.19.3.0/24.", text);
		return NULL;
	}
	if (bits < LEAST_BITS) {
		diag_set(why, -E2BIG, "%s has more than %d addresses; name a smaller prefix.", text, PLAN_ADDRESSES);
		return NULL;
	}
	last = nth(&first, (1u << (128 - bits)) - 1);
	for (uint32_t i = 0; i < s->nranges; i++)
		ours |= addr_in(&first, &s->range[i]->prefix, s->range[i]->bits) ||
		    addr_in(&s->range[i]->prefix, &first, bits);
	if (!ours) {
		diag_set(why, -ENOENT, "%s is in none of our prefixes.", text);
		return NULL;
	}
	find_open_ports(open, s);
	list = json_array();
	for (struct addr a = first;; a = nth(&a, 1)) {
		add_address(list, s, open, &a);
		if (addr_eq(&a, &last))
			return json_pack("{so}", "addresses", list);
	}
}
