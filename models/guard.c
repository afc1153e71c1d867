#include "models/guard.h"

#include "models/host.h"
#include "models/lines.h"
#include "models/match.h"

/* Is one field, a zero byte and the other a key of the map? */
static bool
knows_pair(const struct image_guard *g, const struct guard_view *v)
{
	struct span a = field_of(v->f, g->slot), b = field_of(v->f, g->back);
	uint8_t key[SESSION_PAIR_BYTES];

	if (a.n + b.n >= sizeof key)
		return false;
	if (a.n > 0)
		memcpy(key, a.p, a.n);
	key[a.n] = 0;
	if (b.n > 0)
		memcpy(key + a.n + 1, b.p, b.n);
	return match_map(v->i, g->index, span_of(key, a.n + 1 + b.n)).p != NULL;
}

/* A guard about a set or register. */
static bool
host_holds(const struct image_guard *g, const struct guard_view *v)
{
	struct host_view host = host_view_of(v->i, v->env, g->index);
	uint8_t to[PATH_BYTES];
	struct span s;

	if (g->kind == GUARD_EMPTY || g->kind == GUARD_NONEMPTY) {
		s = host_register(&host, g->index);
		return (s.n == 0 || span_eq(s, span_str("/"))) == (g->kind == GUARD_EMPTY);
	}
	s = host_member(&host, g->index, field_of(v->f, g->slot), to);
	if (g->kind == GUARD_LEAF)
		return host_is_leaf(&host, g->index, s);
	if (g->kind == GUARD_PARENT)
		s = path_parent(s);
	return host_has(&host, g->index, s) != (g->kind == GUARD_NOTIN);
}

bool
guard_holds(const struct image_guard *g, const struct guard_view *v)
{
	struct span s = field_of(v->f, g->slot);
	struct line line;

	switch (g->kind) {
	case GUARD_KNOWN:
		return match_map(v->i, g->index, s).p != NULL;
	case GUARD_UNKNOWN:
		return match_map(v->i, g->index, s).p == NULL;
	case GUARD_BEGINS:
		return match_begins(v->i, g->index, s);
	case GUARD_PAIR:
		return knows_pair(g, v);
	case GUARD_LINE:
	case GUARD_NO_LINE:
		return lines_next(&s, image_bytes(v->i, g->lit), &line) == (g->kind == GUARD_LINE);
	case GUARD_EQ:
		return span_eq(s, image_bytes(v->i, g->lit));
	case GUARD_NE:
		return !span_eq(s, image_bytes(v->i, g->lit));
	case GUARD_HISTORY:
		return v->s->history[g->back - 1] == g->index + 1;
	case GUARD_CHANNEL:
	case GUARD_NO_CHANNEL:
		return v->env->channel == (g->kind == GUARD_CHANNEL);
	}
	return host_holds(g, v);
}
