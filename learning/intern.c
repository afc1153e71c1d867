#include "learning/intern.h"

static uint32_t *
slot_of(const struct intern *t, struct span s)
{
	uint32_t i = (uint32_t)span_hash(s, 0) & (t->nslots - 1);

	while (t->slot[i] != 0 && !span_eq(t->value[t->slot[i] - 1], s))
		i = (i + 1) & (t->nslots - 1);
	return &t->slot[i];
}

void
intern_init(struct intern *t, struct pool *pool)
{
	*t = (struct intern){ .pool = pool, .room = 64, .nslots = 256 };
	t->value = pool_array(pool, t->room, sizeof *t->value);
	t->slot = pool_array(pool, t->nslots, sizeof *t->slot);
}

static void
enlarge(struct intern *t)
{
	t->value = pool_grow(t->pool, t->value, t->n, (size_t)t->room * 2, sizeof *t->value);
	t->room *= 2;
	t->nslots = t->room * 4;
	t->slot = pool_array(t->pool, t->nslots, sizeof *t->slot);
	for (uint32_t id = 0; id < t->n; id++)
		*slot_of(t, t->value[id]) = id + 1;
}

uint32_t
intern_add(struct intern *t, struct span s)
{
	uint32_t *slot = slot_of(t, s);

	if (*slot != 0)
		return *slot - 1;
	if (t->n == t->room) {
		enlarge(t);
		slot = slot_of(t, s);
	}
	t->value[t->n] = s;
	*slot = ++t->n;
	return t->n - 1;
}

uint32_t
intern_find(const struct intern *t, struct span s)
{
	uint32_t *slot = slot_of(t, s);

	return *slot != 0 ? *slot - 1 : INTERN_NONE;
}
