/* How much memory is for what, and how much of it is in use. */
#include "dataplane/inside.h"

static const char *const part_names[PARTS_N] = {
#define PART_NAME(name, text) [name] = text,
	STACK_PARTS(PART_NAME)
#undef PART_NAME
};

const char *
stack_part_name(enum stack_part p)
{
	return (unsigned)p < PARTS_N ? part_names[p] : "unknown";
}

const char *
flow_class_name(enum flow_class c)
{
	static const char *const names[CLASSES_N] = { "idle", "talk", "arena" };

	return (unsigned)c < CLASSES_N ? names[c] : "unknown";
}

static uint32_t
now(const uint32_t *v)	/* its worker writes it */
{
	return __atomic_load_n(v, __ATOMIC_RELAXED);
}

static void
slab_part(struct stack_memory *m, enum stack_part p, const struct slab *s)
{
	m->part[p].bytes = slab_bytes(s->n, s->cell_bytes);
	m->part[p].n = s->n;
	m->part[p].used = now(&s->used);
	m->part[p].peak = now(&s->peak);
}

void
stack_memory(const struct stack *s, struct stack_memory *m)
{
	uint32_t flows = now(&s->flows.used), n = s->flows.n, talks, arenas, line;
	uint32_t head = now(&s->half.head);	/* before the tail, or there might be less than none */

	*m = (struct stack_memory){ 0 };
	m->part[PART_FLOWS].bytes = (uint64_t)n * sizeof(struct flow);
	m->part[PART_INDEX].bytes = flow_table_bytes(s->c.flows, s->c.flows_six) - m->part[PART_FLOWS].bytes;
	m->part[PART_WHEEL].bytes = wheel_bytes(n);
	for (int p = PART_FLOWS; p <= PART_WHEEL; p++) {
		m->part[p].n = n;
		m->part[p].used = flows;
	}
	slab_part(m, PART_TALKS, &s->talks.talk);
	slab_part(m, PART_ARENAS, &s->talks.arena);
	slab_part(m, PART_HOLDS, &s->talks.cell);
	m->part[PART_LOSSES].bytes = losses_bytes(m->part[PART_LOSSES].n = s->losses.n);
	m->part[PART_RECENT].bytes = recent_bytes(m->part[PART_RECENT].n = s->recent.n);
	m->part[PART_HOSTS].bytes = hosts_bytes(m->part[PART_HOSTS].n = s->hosts.n);
	m->part[PART_EXPECTED].bytes = expects_bytes(m->part[PART_EXPECTED].n = s->expects.n);
	m->part[PART_EXPECTED].used = now(&s->expects.used);
	m->part[PART_LONE].bytes = lone_bytes(m->part[PART_LONE].n = s->lone.n);
	m->part[PART_LONE].used = now(&s->lone.waiting);
	m->part[PART_HALFOPEN].bytes = halfopen_bytes(m->part[PART_HALFOPEN].n = s->half.n);
	m->part[PART_HALFOPEN].used = MIN(now(&s->half.tail) - head, s->half.n);
	m->part[PART_FRAGMENTS].bytes = frag_bytes(s->frags->entries, s->frags->room);
	m->part[PART_FRAGMENTS].n = s->frags->entries;
	m->part[PART_LIMITS].bytes = once_bytes(s->unreachable.n) + prefixes_bytes(s->one_to_one.n) +
	    prefixes_bytes(s->udp.n);
	m->part[PART_LIMITS].n = s->unreachable.n + s->one_to_one.n + s->udp.n;
	m->part[PART_REST].bytes = stack_bytes(&s->c);
	for (int p = 0; p < PART_REST; p++)
		m->part[PART_REST].bytes -= MIN(m->part[p].bytes, m->part[PART_REST].bytes);

	/* Every talk belongs to one flow, every arena to one talk: stack_check(). */
	talks = MIN(m->part[PART_TALKS].used, flows);
	arenas = MIN(m->part[PART_ARENAS].used, talks);
	line = (uint32_t)((flow_table_bytes(s->c.flows, 0) + s->c.flows - 1) / s->c.flows);
	m->class[CLASS_IDLE].bytes = line;
	m->class[CLASS_IDLE].flows = flows - talks;
	m->class[CLASS_TALK].bytes = line + (uint32_t)sizeof(struct talk);
	m->class[CLASS_TALK].flows = talks - arenas;
	m->class[CLASS_ARENA].bytes = m->class[CLASS_TALK].bytes + ARENA_BYTES;
	m->class[CLASS_ARENA].flows = arenas;
	m->wheel_bytes = (uint32_t)(wheel_bytes(n) / n);
}
