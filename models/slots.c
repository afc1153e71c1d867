#include "models/slots.h"

uint32_t
slots_filled(const struct text_template *tpl)
{
	uint32_t mask = 0;

	for (uint32_t i = 0; i < tpl->nfield; i++)
		mask |= 1u << tpl->field[i].slot;
	return mask;
}

uint32_t
slots_op(const struct text_op *op)
{
	switch (op->kind) {
	case OP_FIELD:
	case OP_SEQ:
	case OP_PART:
	case OP_MAP:
	case OP_LINES:
	case OP_PATH:
		return 1u << op->slot;
	}
	return 0;
}

uint32_t
slots_guard(const struct text_guard *g)
{
	switch (g->kind) {
	case GUARD_KNOWN:
	case GUARD_UNKNOWN:
	case GUARD_BEGINS:
	case GUARD_LINE:
	case GUARD_NO_LINE:
	case GUARD_EQ:
	case GUARD_NE:
	case GUARD_IN:
	case GUARD_NOTIN:
	case GUARD_LEAF:
	case GUARD_PARENT:
		return 1u << g->slot;
	case GUARD_PAIR:
		return 1u << g->slot | 1u << g->back;
	}
	return 0;
}

static uint32_t
slots_reply(const struct text_reply *r)
{
	uint32_t mask = 0;

	for (uint32_t k = 0; k < r->nop; k++)
		mask |= slots_op(&r->op[k]);
	return mask;
}

uint32_t
slots_effect(const struct text *t, const struct text_effect *e)
{
	switch (e->kind) {
	case EFFECT_POP:
	case EFFECT_CLEAR:
	case EFFECT_OPEN:
		return 0;
	case EFFECT_SEND:
		return 1u << e->slot | slots_reply(&t->reply[e->index]);
	}
	return 1u << e->slot;
}

void
slots_turn(const struct text *t, const struct text_turn *turn, uint32_t *reads, uint32_t *earlier)
{
	uint32_t fills = turn->event == EVENT_MESSAGE ?
	    slots_filled(&t->template[turn->arg]) : 0;

	for (uint32_t i = 0; i < turn->nalt; i++) {
		const struct text_alt *a = &turn->alt[i];
		uint32_t mask = 0;

		for (uint32_t k = 0; k < a->nguard; k++)
			mask |= slots_guard(&a->guard[k]);
		for (uint32_t k = 0; k < a->neffect; k++)
			mask |= slots_effect(t, &a->effect[k]);
		*earlier |= mask & ~fills;
		mask |= a->reply >= 0 ? slots_reply(&t->reply[a->reply]) : 0;
		*reads |= mask;
		*earlier |= mask & ~fills;
	}
}

uint32_t
slots_state(const struct text *t, uint32_t state)
{
	uint32_t reads = 0, earlier = 0;
	int64_t s = state;

	for (unsigned hops = 0; s >= 0 && hops <= MODEL_BACKOFF; hops++) {
		for (uint32_t i = 0; i < t->state[s].nturn; i++)
			slots_turn(t, &t->state[s].turn[i], &reads, &earlier);
		s = t->state[s].backoff;
	}
	return reads;
}
