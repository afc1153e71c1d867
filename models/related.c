#include "models/related.h"

#include "models/image.h"
#include "models/match.h"
#include "models/prf.h"
#include "models/render.h"

uint16_t
related_port(const struct session_env *env, uint16_t turn)
{
	struct prf_env e = { .key = env->key, .own = &env->own, .peer = &env->peer,
		.connection = env->connection, .turn = turn };

	return (uint16_t)(RELATED_FIRST +
	    prf(&e, SCOPE_TURN, prf_point_announced(), 0) % (RELATED_LAST - RELATED_FIRST + 1));
}

void
related_keep(struct related *r, const struct session *s, const struct model *m, const struct fields *f,
    const struct turn *t)
{
	uint32_t reads = t->send != 0 ? m->i.reply[t->send - 1].reads : 0;
	struct arena *a = &r->fields;

	*r = (struct related){ .reply = t->send, .turn = s->turn, .turn_ms = s->turn_ms };
	for (uint32_t slot = 0; slot < MODEL_SLOTS; slot++) {
		struct span v = reads >> slot & 1 ? field_of(f, slot) : (struct span){ 0 };

		if (v.n == 0 || a->used + 2 + v.n > sizeof a->bytes)
			continue;
		a->bytes[a->used] = (uint8_t)slot;
		a->bytes[a->used + 1] = (uint8_t)v.n;
		memcpy(a->bytes + a->used + 2, v.p, v.n);
		a->used = (uint8_t)(a->used + 2 + v.n);
	}
}

void
related_speak(struct session *s, const struct related *r, const struct model *m, const struct session_env *env)
{
	struct fields f;
	struct render how = { .f = &f, .env = env, .turn = r->turn, .turn_ms = r->turn_ms };

	*s = (struct session){ .state = SESSION_RELATED, .reply = r->reply, .turn = r->turn, .turn_ms = r->turn_ms,
		.conf = 255 };
	session_fields(&f, s, &r->fields, m);
	if (r->reply != 0)
		s->out_len = (uint32_t)render_length(&m->i, r->reply - 1, &how);
}

unsigned
related_assume(struct session_env *env, const struct turn *t, enum channel_news news[2])
{
	bool was = env->channel;

	env->channel |= t->taken && t->open;
	if (!t->taken || (t->send == 0 && !t->take))
		return 0;
	env->channel = false;
	news[0] = was ? CHANNEL_OPENED : CHANNEL_FAILED;
	news[1] = CHANNEL_ENDED;
	return was ? 2 : 1;
}

bool
related_changes(const struct related *r, const struct model *m)
{
	return r->reply != 0 && m->i.reply[r->reply - 1].host;
}
