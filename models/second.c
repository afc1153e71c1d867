#include "models/second.h"

#include "models/match.h"

struct session
second_session(const struct session *s, struct arena *a, const struct model *m)
{
	struct session second = { .automaton = MATCH_START, .turn = s->turn, .conf = 255 };
	struct arena_place place;

	arena_place(a, m->second->i.model->start, &place);
	second.state = place.state;
	memcpy(second.history, place.history, sizeof second.history);
	return second;
}

void
second_hear(struct second_turn *out, const struct session *s, struct arena *a, const struct model *m,
    const struct session_env *env, const struct span *message, const struct turn *t)
{
	struct arena_place place;

	out->s = second_session(s, a, m);
	out->s.turn = (uint16_t)(s->turn - t->taken);	/* both count the same turn */
	if (message == NULL)
		session_event(&out->s, a, m->second, env, EVENT_CONNECT, 0, &out->f, &out->t);
	else
		session_feed(&out->s, a, m->second, env, *message, FEED_DATAGRAM, &out->f, &out->t);
	place.state = out->s.state;
	memcpy(place.history, out->s.history, sizeof place.history);
	arena_move(a, &place);
}

static bool
is_for_second(const struct model *m, enum second_kind kind)
{
	return m->i.model->flags & MODEL_SECOND_FOR << kind;
}

bool
second_answers(const struct model *m, const struct turn *t, bool connect)
{
	if (t->open || t->take || t->send != 0 || t->pending)
		return false;
	if (t->out_len == 0)
		return is_for_second(m, SECOND_SILENT);
	if (connect)
		return is_for_second(m, SECOND_CONNECT);
	return t->match != MATCH_EXACT ? is_for_second(m, SECOND_OTHER) : m->i.template[t->template].second != 0;
}

static void
copy_fields(struct fields *to, const struct fields *from)
{
	*to = *from;
	for (uint32_t slot = 0; slot < MODEL_SLOTS; slot++) {
		const uint8_t *p = from->slot[slot].p;

		if (from->has >> slot & 1 && p >= from->before && p < from->before + sizeof from->before)
			to->slot[slot].p = to->before + (p - from->before);
	}
}

void
second_speak(struct session *s, struct fields *f, struct turn *t, const struct second_turn *second,
    struct second_before before)
{
	int32_t template = t->template;

	copy_fields(f, &second->f);
	*t = second->t;
	t->template = template;
	s->turn = second->s.turn;
	s->turn_ms = second->s.turn_ms;
	s->reply = second->s.reply != 0 ? second->s.reply | SECOND_SPEAKS : 0;
	s->out_len = second->s.out_len;
	s->conf = MIN(before.conf, t->conf);
	s->missed = (uint8_t)MIN(before.missed + (t->match != MATCH_EXACT), UINT8_MAX);
}
