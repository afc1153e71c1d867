#include "learning/scriptgen/sequence.h"

static void
add_sequence(struct sequences *out, struct pool *pool, const struct exchanges *x, uint32_t first,
    uint32_t end)
{
	struct sequence s = { pool_array(pool, MIN(end - first, (uint32_t)SEQUENCE_STEPS) + 1,
		sizeof *s.step), 0 };
	uint32_t e = first;

	for (; e < end && s.n < SEQUENCE_STEPS; e++) {
		const struct exchange *from = &x->exchange[e];
		struct step *to = &s.step[s.n];

		if (from->client == NO_UNIT && from->server == NO_UNIT)
			continue;	/* the client speaks first */
		to->request = from->client == NO_UNIT ? STEP_CONNECT
		    : intern_add(&out->messages, x->unit[from->client].bytes);
		to->response = !from->known ? STEP_UNKNOWN : from->server == NO_UNIT ? STEP_SILENCE
		    : intern_add(&out->messages, x->unit[from->server].bytes);
		to->exchange = e;
		to->time_s = from->server == NO_UNIT ? 0 : x->unit[from->server].time_ms / 1000;
		s.n++;
	}
	out->cut += e < end;
	if (s.n > 0)
		out->sequence[out->n++] = s;
	else
		out->left_out++;
}

void
sequences_make(struct sequences *out, struct pool *pool, const struct exchanges *x,
    const struct corpus *c)
{
	*out = (struct sequences){ .sequence = pool_array(pool, c->nconversations + 1,
		sizeof *out->sequence) };
	intern_init(&out->messages, pool);
	for (uint32_t i = 0; i < c->nconversations; i++) {
		if (x->first[i + 1] == x->first[i])
			continue;
		if (c->proto == PROTO_TCP && !c->conversations[i].whole)
			out->left_out++;
		else
			add_sequence(out, pool, x, x->first[i], x->first[i + 1]);
	}
}
