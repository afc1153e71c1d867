#include "models/host.h"

enum { RECORD = 3, IN = 1, CONNECTIONS = 127 };	/* flags: IN, and the connection of a register above it */

struct record {
	uint8_t set, flags;
	struct span value;
};

/* The record at an offset, and the offset behind it. */
static struct record
record_at(const struct host *h, uint32_t *at)
{
	const uint8_t *p = h->bytes + *at;

	*at += RECORD + p[2];
	return (struct record){ p[0], p[1], span_of(p + RECORD, p[2]) };
}

static void
drop(struct host *h, uint32_t at)
{
	uint32_t n = RECORD + h->bytes[at + 2];

	memmove(h->bytes + at, h->bytes + at + n, h->used - at - n);
	h->used = (uint16_t)(h->used - n);
}

/* 0: the register outlives the conversation. */
static uint8_t
tag_of(const struct host_view *v, uint32_t set)
{
	return v->i->hostset[set].scope == SCOPE_CONNECTION ?
	    (uint8_t)(2 * (1 + v->connection % CONNECTIONS)) : 0;
}

/* No record of the member, or of the register, whose only value it is, stands any more. */
static void
take_out(const struct host_view *v, uint32_t set, struct span s)
{
	bool reg = v->i->hostset[set].is_register;
	uint8_t tag = tag_of(v, set);
	uint32_t at = 0;

	while (at < v->h->used) {
		uint32_t here = at;
		struct record r = record_at(v->h, &at);

		if (r.set == set && (reg ? (r.flags & ~IN) == tag : span_eq(r.value, s))) {
			drop(v->h, here);
			at = here;
		}
	}
}

static void
put(const struct host_view *v, uint32_t set, uint8_t flags, struct span s)
{
	struct host *h = v->h;

	take_out(v, set, s);
	while (h->used + RECORD + s.n > sizeof h->bytes)
		drop(h, 0);
	h->bytes[h->used] = (uint8_t)set;
	h->bytes[h->used + 1] = flags;
	h->bytes[h->used + 2] = (uint8_t)s.n;
	memcpy(h->bytes + h->used + RECORD, s.p, s.n);
	h->used = (uint16_t)(h->used + RECORD + s.n);
}

struct span
host_register(const struct host_view *v, uint32_t reg)
{
	const struct image_hostset *s = &v->i->hostset[reg];
	uint8_t want = tag_of(v, reg) | IN;

	for (uint32_t at = 0; v->h != NULL && at < v->h->used;) {
		struct record r = record_at(v->h, &at);

		if (r.set == reg && r.flags == want)
			return r.value;
	}
	return s->n > 0 ? image_bytes(v->i, v->i->member[s->member]) : (struct span){ 0 };
}

struct span
host_member(const struct host_view *v, uint32_t set, struct span s, uint8_t to[PATH_BYTES])
{
	const struct image_hostset *k = &v->i->hostset[set];
	struct span base = { 0 };

	if (!k->is_register && k->under == IMAGE_NONE)
		return s.n <= PATH_BYTES ? s : (struct span){ 0 };
	base = host_register(v, k->is_register ? set : k->under);
	return span_of(to, path_join(to, base, s));
}

static bool
in_base(const struct image *i, const struct image_hostset *s, struct span member)
{
	uint32_t lo = 0, hi = s->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int c = span_cmp(image_bytes(i, i->member[s->member + mid]), member);

		if (c == 0)
			return true;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

/* What the differences say of a member: 1 in, 0 out, -1 nothing. */
static int
difference(const struct host_view *v, uint32_t set, struct span member)
{
	for (uint32_t at = 0; v->h != NULL && at < v->h->used;) {
		struct record r = record_at(v->h, &at);

		if (r.set == set && span_eq(r.value, member))
			return r.flags & IN;
	}
	return -1;
}

bool
host_has(const struct host_view *v, uint32_t set, struct span member)
{
	int said = difference(v, set, member);

	return said >= 0 ? said : in_base(v->i, &v->i->hostset[set], member);
}

/* Is a member directly below the path? */
static bool
has_child(const struct host_view *v, uint32_t set, struct span path)
{
	const struct image_hostset *s = &v->i->hostset[set];

	for (uint32_t at = 0; v->h != NULL && at < v->h->used;) {
		struct record r = record_at(v->h, &at);

		if (r.set == set && r.flags & IN && path_is_child(r.value, path))
			return true;
	}
	for (uint32_t k = 0; k < s->n; k++) {
		struct span m = image_bytes(v->i, v->i->member[s->member + k]);

		if (path_is_child(m, path) && difference(v, set, m) != 0)
			return true;
	}
	return false;
}

bool
host_is_leaf(const struct host_view *v, uint32_t set, struct span path)
{
	const struct image *i = v->i;

	for (uint32_t k = 0; k < i->h->section[IMAGE_HOSTSET].count; k++)
		if (!i->hostset[k].is_register && i->hostset[k].under == i->hostset[set].under &&
		    has_child(v, k, path))
			return false;
	return true;
}

static void
clear(const struct host_view *v, uint32_t set)
{
	uint8_t tag = tag_of(v, set);

	for (uint32_t at = 0; at < v->h->used;) {
		uint32_t here = at;
		struct record r = record_at(v->h, &at);

		if (r.set == set && (r.flags & ~IN) == tag) {
			drop(v->h, here);
			at = here;
		}
	}
}

void
host_do(const struct host_view *v, const struct image_effect *e, struct span slot)
{
	uint8_t to[PATH_BYTES], flags = tag_of(v, e->index) | IN;
	struct span s;

	if (v->h == NULL)
		return;
	switch (e->kind) {
	case EFFECT_ADD:
	case EFFECT_DEL:
		s = host_member(v, e->index, slot, to);
		if (s.n == 0)
			return;
		if (in_base(v->i, &v->i->hostset[e->index], s) == (e->kind == EFFECT_ADD))
			take_out(v, e->index, s);	/* as in the base: no difference is left */
		else
			put(v, e->index, e->kind == EFFECT_ADD ? IN : 0, s);
		break;
	case EFFECT_STORE:
		if (slot.n <= PATH_BYTES)
			put(v, e->index, flags, slot);
		break;
	case EFFECT_PUSH:
		s = host_member(v, e->index, slot, to);
		if (s.n > 0)
			put(v, e->index, flags, s);
		break;
	case EFFECT_POP:
		s = path_parent(host_register(v, e->index));
		if (s.n > 0)
			memcpy(to, s.p, s.n);	/* it lies in what put() moves */
		put(v, e->index, flags, span_of(to, s.n));
		break;
	case EFFECT_CLEAR:
		clear(v, e->index);
		break;
	}
}

static void
list_one(const struct image_hostset *s, struct span dir, struct span member,
    void (*each)(void *ctx, struct span name, struct span member), void *ctx)
{
	if (s->under == IMAGE_NONE) {
		each(ctx, member, member);
	} else if (path_is_child(member, dir)) {
		size_t skip = path_parent(member).n;

		skip += skip > 1;	/* "/" ends with the separator, "/a" does not */
		each(ctx, span_sub(member, skip, member.n), member);
	}
}

void
host_list(const struct host_view *v, uint32_t set,
    void (*each)(void *ctx, struct span name, struct span member), void *ctx)
{
	const struct image_hostset *s = &v->i->hostset[set];
	uint8_t to[PATH_BYTES];
	struct span dir = { 0 };

	if (s->under != IMAGE_NONE)
		dir = span_of(to, path_join(to, host_register(v, s->under), (struct span){ 0 }));
	for (uint32_t k = 0; k < s->n; k++) {
		struct span m = image_bytes(v->i, v->i->member[s->member + k]);

		if (difference(v, set, m) != 0)
			list_one(s, dir, m, each, ctx);
	}
	for (uint32_t at = 0; v->h != NULL && at < v->h->used;) {
		struct record r = record_at(v->h, &at);

		if (r.set == set && r.flags & IN)
			list_one(s, dir, r.value, each, ctx);
	}
}
