#include "models/session.h"

#include "models/eom.h"
#include "models/guard.h"
#include "models/host.h"
#include "models/match.h"
#include "models/prf.h"
#include "models/render.h"
#include "models/second.h"

enum { NEAR_PERCENT = 60 };	/* docs/model-format.md section 6 */
enum { PAUSE_ACCEPTING_MS = 300, PAUSE_MS = 3000 };	/* spec: unified-model 5 */

/* One turn while it is being decided. */
struct deciding {
	const struct image *i;
	struct session *s;
	const struct session_env *env;
	struct fields *f;
	uint16_t turn;			/* its number */
	struct span message;		/* and the templates that match it, their number first; NULL: no message */
	const uint16_t *matched;
};

/* What was decided. */
struct decision {
	const struct image_group *group;	/* NULL: nothing answers */
	uint32_t turn;				/* place among all turns */
	uint32_t share;				/* of its m in the confidence, 255 = 1.0 */
	int32_t template;
	enum match_kind match;
};

void
session_init(struct session *s, const struct model *m)
{
	*s = (struct session){
		.automaton = MATCH_START, .state = (uint16_t)m->i.model->start, .conf = 255,
	};
}

/* The first group whose guards hold, or NULL. */
static const struct image_group *
open_group(const struct deciding *d, uint32_t turn)
{
	const struct image_turn *t = &d->i->turn[turn];
	const struct guard_view view = { d->i, d->s, d->env, d->f };

	for (uint32_t g = t->group; g < t->group + t->ngroup; g++) {
		const struct image_group *group = &d->i->group[g];
		uint32_t k = 0;

		while (k < group->nguard && guard_holds(&d->i->guard[group->guard + k], &view))
			k++;
		if (k == group->nguard)
			return group;
	}
	return NULL;
}

/* The turn of one state for (event, arg), or IMAGE_NONE. */
static uint32_t
find_turn(const struct image *i, uint32_t state, uint32_t event, uint32_t arg)
{
	const struct image_state *s = &i->state[state];
	uint32_t lo = s->turn, hi = s->turn + s->nturn;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct image_turn *t = &i->turn[mid];

		if (t->event == event && t->arg == arg)
			return mid;
		if (t->event < event || (t->event == event && t->arg < arg))
			lo = mid + 1;
		else
			hi = mid;
	}
	return IMAGE_NONE;
}

/* The silence turn of one state, of which it has at most one, or IMAGE_NONE. */
static uint32_t
find_silence(const struct image *i, uint32_t state)
{
	const struct image_state *s = &i->state[state];
	uint32_t lo = s->turn, hi = s->turn + s->nturn;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (i->turn[mid].event < EVENT_SILENCE)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->turn + s->nturn && i->turn[lo].event == EVENT_SILENCE ? lo : IMAGE_NONE;
}

/* The first turn along the chain that has an open group; arg means nothing for silence. */
static bool
find_open(const struct deciding *d, uint32_t event, uint32_t arg, struct decision *to)
{
	for (uint32_t s = d->s->state; s != IMAGE_NONE; s = d->i->state[s].backoff) {
		uint32_t turn = event == EVENT_SILENCE ? find_silence(d->i, s) :
		    find_turn(d->i, s, event, arg);

		if (turn == IMAGE_NONE)
			continue;
		to->turn = turn;
		to->group = open_group(d, turn);
		if (to->group != NULL)
			return true;
	}
	return false;
}

/* Is there a turn along the chain at all? Asked before fields are captured for its guards. */
static bool
expected(const struct deciding *d, uint32_t template)
{
	for (uint32_t s = d->s->state; s != IMAGE_NONE; s = d->i->state[s].backoff)
		if (find_turn(d->i, s, EVENT_MESSAGE, template) != IMAGE_NONE)
			return true;
	return false;
}

static void
show_remembered(const struct deciding *d, const struct arena *a)
{
	d->f->has = 0;
	arena_show(d->f, a, d->i);
}

/* docs/model-format.md section 6, steps 1 to 5, in this order. */
static void
decide_message(struct decision *to, const struct deciding *d, const struct arena *a, uint32_t near, size_t alive)
{
	const struct image *i = d->i;
	const uint16_t *list = d->matched;
	struct span message = d->message;
	struct capture c;

	*to = (struct decision){ .share = 255, .match = MATCH_EXACT };
	for (uint32_t k = 1; k <= list[0]; k++) {
		if (!expected(d, list[k]))
			continue;
		show_remembered(d, a);
		match_fields(i, list[k], message, d->f);
		to->template = list[k];
		if (find_open(d, EVENT_MESSAGE, list[k], to))
			return;
	}
	for (uint32_t k = 1; k <= list[0]; k++) {
		uint32_t turn = i->template[list[k]].resync;

		if (turn == (uint32_t)RESYNC_UNKNOWN)
			continue;
		if (turn == (uint32_t)RESYNC_UNCLEAR)
			break;
		show_remembered(d, a);
		match_fields(i, list[k], message, d->f);
		*to = (struct decision){ .group = open_group(d, turn), .turn = turn, .share = 128,
			.template = list[k], .match = MATCH_RESYNC };
		if (to->group != NULL)
			return;
		break;
	}
	show_remembered(d, a);
	if (near > 0 && expected(d, near - 1)) {
		uint32_t whole = i->template[near - 1].literal;

		c = match_capture(i, near - 1, span_sub(message, 0, alive), d->f);
		*to = (struct decision){ .template = (int32_t)near - 1, .match = MATCH_NEAR };
		if (c.literal > 0 && c.literal * 100ull >= whole * (uint64_t)NEAR_PERCENT &&
		    find_open(d, EVENT_MESSAGE, near - 1, to)) {
			to->share = (uint32_t)(c.literal * 255ull / whole);
			return;
		}
		show_remembered(d, a);
	}
	*to = (struct decision){ .template = -1, .share = 25, .match = MATCH_OTHER };
	if (find_open(d, EVENT_OTHER, 0, to))
		return;
	*to = (struct decision){ .template = -1, .match = MATCH_NONE };
}

static uint64_t
capture_steps(const struct image *i, uint32_t template, size_t n)
{
	const struct image_template *t = &i->template[template];

	return n + (uint64_t)t->nelem * (1 + t->nfield);
}

/* Each group's guards compare at most the whole message, and what they look for with every member of every set. */
static uint64_t
turn_steps(const struct image *i, uint32_t turn, size_t n)
{
	uint64_t members = i->h->section[IMAGE_MEMBER].count + (i->h->section[IMAGE_HOSTSET].count > 0 ? HOST_BYTES : 0);

	return turn == IMAGE_NONE ? 1 :
	    1 + i->turn[turn].ngroup * (uint64_t)(1 + MODEL_GUARDS * (n / 8 + members));
}

static uint64_t
chain_steps(const struct image *i, uint32_t state, uint32_t event, uint32_t arg, size_t n)
{
	uint64_t steps = 0;

	for (uint32_t s = state; s != IMAGE_NONE; s = i->state[s].backoff)
		steps += turn_steps(i, find_turn(i, s, event, arg), n);
	return steps;
}

/* Follows decide_message(). */
static uint64_t
message_steps(const struct session *s, const struct image *i, struct span message)
{
	uint16_t node = MATCH_START;
	size_t n = MIN(message.n, (size_t)MODEL_MESSAGE_BYTES), taken = match_run(i, &node, message.p, n, false);
	const uint16_t *list = &i->acc[taken < n ? 0 : i->node[node].accept];
	uint32_t near = i->node[node].near;
	uint64_t steps = n + chain_steps(i, s->state, EVENT_OTHER, 0, n);

	for (uint32_t k = 1; k <= list[0]; k++) {
		int32_t resync = i->template[list[k]].resync;

		steps += 3 * capture_steps(i, list[k], n) + chain_steps(i, s->state, EVENT_MESSAGE, list[k], n);
		steps += resync < 0 ? 0 : turn_steps(i, (uint32_t)resync, n);
	}
	if (near > 0)
		steps += capture_steps(i, near - 1, n) + chain_steps(i, s->state, EVENT_MESSAGE, near - 1, n);
	return steps;
}

uint64_t
session_steps(const struct session *s, struct arena *a, const struct model *m, struct span message)
{
	uint64_t steps = message_steps(s, &m->i, message);
	struct session second;

	if (m->second != NULL) {
		second = second_session(s, a, m);
		steps += message_steps(&second, &m->second->i, message);
	}
	return steps;
}

static const struct image_alt *
choose(const struct deciding *d, const struct decision *to)
{
	const struct image_group *g = to->group;
	struct prf_env env = { .key = d->env->key, .own = &d->env->own, .peer = &d->env->peer,
		.connection = d->env->connection, .turn = d->turn };
	uint32_t lo = 0, hi = g->nalt, r;

	if (hi == 1)
		return &d->i->alt[g->alt];
	r = (uint32_t)(prf(&env, g->scope, prf_point_turn(to->turn), 0) % g->weight);
	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		*(d->i->alt[g->alt + mid].before <= r ? &lo : &hi) = mid;
	}
	return &d->i->alt[g->alt + lo];
}

/* Could the reply be rendered again from the arena alone? */
static bool
can_repeat(const struct image *i, uint32_t reply, const struct fields *f, const struct arena *a)
{
	uint32_t reads = i->reply[reply].reads;
	struct fields later;

	if (i->reply[reply].host)
		return false;	/* another conversation may change what it tells */
	if (reads == 0)
		return true;
	later.has = 0;
	arena_show(&later, a, i);
	for (; reads != 0; reads &= reads - 1) {
		uint32_t slot = (uint32_t)__builtin_ctz(reads);

		if (!span_eq(field_of(f, slot), field_of(&later, slot)))
			return false;
	}
	return true;
}

static struct render
render_of(const struct session *s, const struct fields *f, const struct session_env *env)
{
	return (struct render){ .f = f, .env = env, .turn = s->turn, .turn_ms = s->turn_ms };
}

/* conf = m * s * t (spec: unified-model 10); the learner's own estimate stands for s. */
static uint8_t
confidence(const struct decision *to, const struct image_alt *alt)
{
	uint64_t t = MAX(alt->weight * 255ull / to->group->heaviest, 128u);

	return (uint8_t)(to->share * (uint64_t)alt->conf * t / (255 * 255));
}

/* On the host, or, told to the caller, on the connection that belongs to this one. */
static void
take_effect(const struct deciding *d, const struct image_effect *e, struct turn *t)
{
	struct host_view v;

	switch (e->kind) {
	case EFFECT_OPEN:
		t->open = true;
		return;
	case EFFECT_SEND:
		t->send = e->index + 1;
		t->named = e->slot;
		return;
	case EFFECT_TAKE:
		t->take = true;
		t->named = e->slot;
		return;
	}
	v = host_view_of(d->i, d->env, e->index);
	host_do(&v, e, field_of(d->f, e->slot));
}

/* Carries a decision out: state, reply, arena. */
static void
take_turn(const struct deciding *d, struct arena *a, const struct decision *to, struct turn *t)
{
	struct session *s = d->s;
	const struct image_alt *alt = NULL;

	s->turn = d->turn;
	s->turn_ms = d->env->now_ms;
	s->reply = s->out_len = 0;
	*t = (struct turn){ .taken = true, .match = to->match, .template = to->template };
	if (to->group != NULL) {
		alt = choose(d, to);
		s->state = (uint16_t)alt->next;
		t->close = alt->flags & ALT_CLOSE;
		t->reset = alt->flags & ALT_RESET;
		t->pending = alt->flags & ALT_PENDING;
		t->delay_ms = alt->delay_ms;
		t->conf = confidence(to, alt);
	}
	if (to->match != MATCH_EXACT && s->missed < UINT8_MAX)
		s->missed++;
	s->conf = MIN(s->conf, t->conf);
	s->path[s->turn % SESSION_PATH] = (uint8_t)s->state;
	for (uint32_t k = 0; alt != NULL && k < alt->neffect; k++)
		take_effect(d, &d->i->effect[alt->effect + k], t);
	if (a != NULL)
		arena_remember(a, d->f, d->i, to->template, d->message, d->matched);
	if (alt == NULL || alt->reply == IMAGE_NONE)
		return;
	struct render r = render_of(s, d->f, d->env);

	s->reply = (uint32_t)(alt - d->i->alt) + 1;
	s->out_len = t->out_len = (uint32_t)render_length(d->i, alt->reply, &r);
	t->freeze = !can_repeat(d->i, alt->reply, d->f, a);
}

/* Its place comes first in the arena. */
static void
place_second(struct arena *a, const struct model *m)
{
	struct arena_place place;

	if (m->second != NULL && a != NULL)
		arena_place(a, m->second->i.model->start, &place);
}

/* The second machine's turn after the first one's; before: of the session, before both. message NULL: the connection. */
static void
second_turn(struct session *s, struct arena *a, const struct model *m, const struct session_env *env,
    const struct span *message, struct fields *f, struct turn *t, struct second_before before)
{
	struct second_turn second;

	second_hear(&second, s, a, m, env, message, t);
	if (second.t.taken && second_answers(m, t, message == NULL))
		second_speak(s, f, t, &second, before);
	else if (t->taken && s->reply != 0)	/* the other's fields may have taken the place of its own */
		t->freeze = !can_repeat(&m->i, m->i.alt[s->reply - 1].reply, f, a);
}

static void
message_turn(struct session *s, struct arena *a, const struct model *m,
    const struct session_env *env, struct span message, struct fields *f, struct turn *t)
{
	struct second_before before = { s->conf, s->missed };
	struct deciding d = { .i = &m->i, .s = s, .env = env, .f = f, .turn = (uint16_t)(s->turn + 1),
		.message = message, .matched = &m->i.acc[m->i.node[s->automaton].accept] };
	bool dead = s->automaton == MATCH_DEAD;
	struct decision to;

	place_second(a, m);
	decide_message(&to, &d, a, dead ? s->near : m->i.node[s->automaton].near, dead ? s->alive : message.n);
	take_turn(&d, a, &to, t);
	if (m->second != NULL && a != NULL)
		second_turn(s, a, m, env, &message, f, t, before);
	memmove(s->history + 1, s->history, sizeof s->history - sizeof *s->history);
	s->history[0] = (uint16_t)(to.template + 1);
	s->msg_len = s->need = s->alive = s->near = 0;
	s->automaton = MATCH_START;
}

/* Was this very run made ahead, and did it live to the end? */
static bool
is_foreseen(const struct match_ahead *a, const struct session *s, const struct image *i, struct span run)
{
	return a != NULL && s->automaton == MATCH_START && a->node != MATCH_DEAD && a->i == i &&
	    a->message.p == run.p && a->message.n == run.n;
}

/* Runs the automaton over in[msg_len .. to), or less where stop_final lets it stop. */
static size_t
advance(struct session *s, const struct image *i, const struct match_ahead *ahead, struct span in, size_t to,
    bool stop_final)
{
	uint16_t node = s->automaton;
	size_t n = to - s->msg_len, taken;

	if (node == MATCH_DEAD)
		return to;
	if (!stop_final && is_foreseen(ahead, s, i, span_of(in.p + s->msg_len, n))) {
		s->automaton = ahead->node;
		return to;
	}
	stop_final = stop_final && !i->node[MATCH_START].final;	/* no message has no bytes */
	taken = match_run(i, &node, in.p + s->msg_len, n, stop_final);
	if (taken < n && !(stop_final && i->node[node].final)) {
		s->alive = (uint16_t)(s->msg_len + taken);
		s->near = i->node[node].near;
		node = MATCH_DEAD;
		taken = n;
	}
	s->automaton = node;
	return s->msg_len + taken;
}

/* Bytes of the message that in begins with, or 0 as long as that cannot be told. */
static size_t
find_end(const struct session *s, const struct image *i, const struct image_eom *e, struct span in)
{
	struct eom rule = { .kind = e->kind, .width = e->width, .format = e->format, .at = e->at,
		.times = e->times, .plus = e->plus, .term = image_bytes(i, e->term),
		.label = image_bytes(i, e->label) };

	return s->need > 0 ? s->need : eom_end(&rule, in, s->msg_len);
}

/* Do these flags end a message whose end its bytes do not show? */
static bool
ends_here(const struct session *s, const struct image *i, unsigned kind, unsigned flags, bool paused)
{
	bool push = kind == EOM_PUSH || (kind == EOM_FINAL && s->automaton == MATCH_DEAD);

	if (kind == EOM_FINAL && i->node[s->automaton].final)
		return true;
	if (paused)
		return kind == EOM_PUSH || kind == EOM_FINAL || kind == EOM_IDLE;
	return push && flags & FEED_PUSH &&
	    (s->automaton == MATCH_DEAD || i->node[s->automaton].accept != 0);
}

size_t
session_feed(struct session *s, struct arena *a, const struct model *m,
    const struct session_env *env, struct span in, unsigned flags, struct fields *f,
    struct turn *t)
{
	static const struct image_eom plain = { .kind = EOM_PUSH };
	const struct image *i = &m->i;
	uint32_t eom = i->state[s->state].eom;
	const struct image_eom *e = eom == IMAGE_NONE ? &plain : &i->eom[eom];
	size_t limit = MIN(in.n, (size_t)MODEL_MESSAGE_BYTES), end = 0, to;
	bool paused = flags & FEED_PUSH && in.n == s->msg_len && in.n > 0, complete;

	*t = (struct turn){ .template = -1 };
	if (!(flags & FEED_DATAGRAM))
		end = find_end(s, i, e, span_sub(in, 0, limit));
	to = advance(s, i, env->ahead, in, end > 0 ? MIN(end, limit) : limit,
	    e->kind == EOM_FINAL && !(flags & FEED_DATAGRAM));
	complete = flags & FEED_DATAGRAM || (to > 0 && ((end > 0 && to == end) ||
	    to == MODEL_MESSAGE_BYTES || flags & FEED_END || ends_here(s, i, e->kind, flags, paused)));
	if (!complete) {
		s->msg_len = (uint32_t)to;
		s->need = (uint16_t)(end < MODEL_MESSAGE_BYTES ? end : 0);
		return to;
	}
	message_turn(s, a, m, env, span_sub(in, 0, to), f, t);
	return flags & FEED_DATAGRAM ? in.n : to;
}

void
session_event(struct session *s, struct arena *a, const struct model *m,
    const struct session_env *env, enum event_kind event, uint32_t arg, struct fields *f,
    struct turn *t)
{
	struct deciding d = { .i = &m->i, .s = s, .env = env, .f = f,
		.turn = (uint16_t)(s->turn + 1) };
	struct decision to = { .share = 255, .template = -1, .match = MATCH_EXACT };
	struct second_before before = { s->conf, s->missed };

	*t = (struct turn){ .template = -1 };
	place_second(a, m);
	show_remembered(&d, a);
	if (find_open(&d, event, event == EVENT_CHANNEL ? arg : 0, &to) &&
	    (event != EVENT_SILENCE || m->i.turn[to.turn].arg <= arg))
		take_turn(&d, a, &to, t);
	if (m->second != NULL && a != NULL && event == EVENT_CONNECT)
		second_turn(s, a, m, env, NULL, f, t, before);
}

uint32_t
session_silence_ms(const struct session *s, const struct model *m)
{
	for (uint32_t state = s->state; state != IMAGE_NONE; state = m->i.state[state].backoff) {
		uint32_t turn = find_silence(&m->i, state);

		if (turn != IMAGE_NONE)
			return m->i.turn[turn].arg;
	}
	return 0;
}

uint32_t
session_pause_ms(const struct session *s, const struct model *m)
{
	const struct image *i = &m->i;
	uint32_t eom = i->state[s->state].eom;
	uint8_t kind = eom == IMAGE_NONE ? EOM_PUSH : i->eom[eom].kind;

	if (s->msg_len == 0)
		return 0;
	if (kind == EOM_IDLE)
		return i->eom[eom].ms;
	if (kind != EOM_PUSH && kind != EOM_FINAL)
		return 0;
	return s->automaton != MATCH_DEAD && i->node[s->automaton].accept != 0 ?
	    PAUSE_ACCEPTING_MS : PAUSE_MS;
}

bool
session_wants_arena(const struct session *s, const struct model *m)
{
	return m->i.state[s->state].wants_arena || m->second != NULL;
}

void
session_fields(struct fields *f, const struct session *s, const struct arena *a, const struct model *m)
{
	uint32_t reply;

	f->has = 0;
	arena_show(f, a, second_speaker(s, m, &reply));
}

size_t
session_render(const struct session *s, const struct fields *f, const struct model *m,
    const struct session_env *env, size_t from, uint8_t *to, size_t room, size_t *boundary)
{
	struct render r = render_of(s, f, env);
	uint32_t reply;
	const struct image *i = second_speaker(s, m, &reply);

	if (reply == 0) {
		if (boundary != NULL)
			*boundary = 0;
		return 0;
	}
	return render(i, s->state == SESSION_RELATED ? reply - 1 : i->alt[reply - 1].reply, &r, from, to, room, boundary);
}
