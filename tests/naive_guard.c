#include "tests/naive.h"

const struct text_pair *
naive_map_find(const struct text_map *m, struct span key)
{
	for (uint32_t i = 0; i < m->n; i++)
		if (span_eq(m->pair[i].key, key))
			return &m->pair[i];
	return NULL;
}

static bool
is_member(const struct text_hostset *h, struct span s)
{
	for (uint32_t i = 0; i < h->n; i++)
		if (span_eq(h->base[i], s))
			return true;
	return false;
}

static struct span
base_of(const struct text *t, int32_t reg)
{
	return t->hostset[reg].n > 0 ? t->hostset[reg].base[0] : span_of("", 0);
}

static bool
register_is_empty(const struct text *t, uint32_t reg)
{
	struct span s = base_of(t, (int32_t)reg);

	return s.n == 0 || span_eq(s, span_str("/"));
}

/* Written out component by component, as a person would. */
struct span
naive_path(struct span base, struct span name, uint8_t to[NAIVE_PATH])
{
	struct span from[2] = { base, name }, part[NAIVE_PATH + 512];
	size_t n = 0, bytes = 0;

	for (unsigned k = name.n > 0 && name.p[0] == '/'; k < 2; k++) {
		size_t at = 0;
		while (at < from[k].n) {
			size_t end = at;
			while (end < from[k].n && from[k].p[end] != '/')
				end++;
			struct span s = span_sub(from[k], at, end - at);
			at = end + 1;
			if (s.n == 0 || span_eq(s, span_str(".")))
				continue;
			if (span_eq(s, span_str("..")))
				n -= n > 0;
			else
				part[n++] = s;
			bytes = 0;
			for (size_t i = 0; i < n; i++)
				bytes += 1 + part[i].n;
			if (bytes > NAIVE_PATH)
				return span_of(to, 0);
		}
	}
	bytes = 0;
	for (size_t i = 0; i < n; i++) {
		to[bytes++] = '/';
		memcpy(to + bytes, part[i].p, part[i].n);
		bytes += part[i].n;
	}
	if (n == 0)
		to[bytes++] = '/';
	return span_of(to, bytes);
}

static struct span
naive_parent(struct span path)
{
	size_t n = path.n;

	while (n > 0 && path.p[n - 1] != '/')
		n--;
	return span_sub(path, 0, n > 1 ? n - 1 : n);
}

static struct span
member_of(const struct text *t, const struct text_hostset *h, struct span s, uint8_t to[NAIVE_PATH])
{
	if (h->under < 0)
		return s.n <= NAIVE_PATH ? s : span_of(to, 0);
	return naive_path(base_of(t, h->under), s, to);
}

bool
naive_is_below(struct span path, struct span dir)
{
	return path.n > 1 && span_eq(naive_parent(path), dir);
}

static bool
is_leaf(const struct text *t, const struct text_hostset *h, struct span path)
{
	for (uint32_t i = 0; i < t->nhostset; i++)
		for (uint32_t k = 0; k < t->hostset[i].n; k++)
			if (!t->hostset[i].is_register && t->hostset[i].under == h->under &&
			    naive_is_below(t->hostset[i].base[k], path))
				return false;
	return true;
}

static bool
knows_pair(const struct naive *c, const struct text_guard *g)
{
	struct span a = naive_value_of(c, g->slot), b = naive_value_of(c, g->back);
	uint8_t key[SESSION_PAIR_BYTES];

	if (a.n + b.n >= SESSION_PAIR_BYTES)
		return false;
	for (size_t i = 0; i < a.n; i++)
		key[i] = a.p[i];
	key[a.n] = '\0';
	for (size_t i = 0; i < b.n; i++)
		key[a.n + 1 + i] = b.p[i];
	return naive_map_find(&c->t->map[g->index], span_of(key, a.n + 1 + b.n)) != NULL;
}

static bool
begins(const struct text_map *m, struct span v)
{
	const struct text_pair *last = NULL;

	for (uint32_t i = 0; i < m->n && span_cmp(m->pair[i].key, v) <= 0; i++)
		last = &m->pair[i];
	return last != NULL && last->key.n <= v.n && span_eq(last->key, span_of(v.p, last->key.n));
}

static bool
has_line(struct span v, struct span begin)
{
	struct span line;

	for (size_t at = 0; naive_next_line(v, &at, &line);)
		if (line.n >= begin.n && span_eq(span_of(line.p, begin.n), begin))
			return true;
	return false;
}

bool
naive_guard_holds(const struct naive *c, const struct text_guard *g)
{
	const struct text *t = c->t;
	struct span v = naive_value_of(c, g->slot);
	uint8_t path[NAIVE_PATH];

	switch (g->kind) {
	case GUARD_KNOWN:
		return naive_map_find(&t->map[g->index], v) != NULL;
	case GUARD_UNKNOWN:
		return naive_map_find(&t->map[g->index], v) == NULL;
	case GUARD_BEGINS:
		return begins(&t->map[g->index], v);
	case GUARD_PAIR:
		return knows_pair(c, g);
	case GUARD_LINE:
	case GUARD_NO_LINE:
		return has_line(v, g->lit) == (g->kind == GUARD_LINE);
	case GUARD_EQ:
		return span_eq(v, g->lit);
	case GUARD_NE:
		return !span_eq(v, g->lit);
	case GUARD_IN:
		return is_member(&t->hostset[g->index], member_of(t, &t->hostset[g->index], v, path));
	case GUARD_NOTIN:
		return !is_member(&t->hostset[g->index], member_of(t, &t->hostset[g->index], v, path));
	case GUARD_EMPTY:
		return register_is_empty(t, g->index);
	case GUARD_NONEMPTY:
		return !register_is_empty(t, g->index);
	case GUARD_LEAF:
		return is_leaf(t, &t->hostset[g->index], member_of(t, &t->hostset[g->index], v, path));
	case GUARD_CHANNEL:
		return c->env.channel;
	case GUARD_NO_CHANNEL:
		return !c->env.channel;
	case GUARD_PARENT:
		return is_member(&t->hostset[g->index], naive_parent(member_of(t, &t->hostset[g->index], v, path)));
	default:
		return c->history[g->back - 1] == (int32_t)g->index;
	}
}
