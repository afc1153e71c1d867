#include "dataplane/talk.h"

#include <stdlib.h>

#include "models/match.h"

size_t
talks_bytes(uint32_t talks, uint32_t arenas, uint32_t cells)
{
	return slab_bytes(talks, sizeof(struct talk)) + slab_bytes(arenas, sizeof(struct arena)) +
	    slab_bytes(cells, TALK_CELL);
}

void
talks_init(struct talks *ts, void *mem, uint32_t talks, uint32_t arenas, uint32_t cells)
{
	uint8_t *p = mem;

	assert(cells <= UINT16_MAX);	/* they are named by two bytes */
	slab_init(&ts->talk, p, talks, sizeof(struct talk));
	p += slab_bytes(talks, sizeof(struct talk));
	slab_init(&ts->arena, p, arenas, sizeof(struct arena));
	p += slab_bytes(arenas, sizeof(struct arena));
	slab_init(&ts->cell, p, cells, TALK_CELL);
}

uint32_t
talk_open(struct talks *ts, const struct speaker *who)
{
	uint32_t id = slab_take(&ts->talk);
	struct talk *t;

	if (id == 0)
		return 0;
	t = talk_at(ts, id);
	*t = (struct talk){ 0 };
	session_init(&t->sess, who->m);
	return id;
}

static struct talk_hold *
hold_of(const struct talks *ts, const struct talk *t)
{
	return t->hold != 0 ? slab_at(&ts->cell, t->hold) : NULL;
}

static struct talk_out *
out_of(const struct talks *ts, const struct talk *t)
{
	return t->out != 0 ? slab_at(&ts->cell, t->out) : NULL;
}

static struct arena *
arena_of(const struct talks *ts, const struct talk *t)
{
	return t->arena != 0 ? slab_at(&ts->arena, t->arena) : NULL;
}

static void
give_cell(struct talks *ts, uint16_t *cell)
{
	if (*cell != 0)
		slab_give(&ts->cell, *cell);
	*cell = 0;
}

void
talk_close(struct talks *ts, uint32_t id)
{
	struct talk *t = talk_at(ts, id);

	give_cell(ts, &t->hold);
	give_cell(ts, &t->out);
	if (t->arena != 0)
		slab_give(&ts->arena, t->arena);
	slab_give(&ts->talk, id);
}

static size_t
frozen(const struct talks *ts, const struct talk *t)
{
	const struct talk_out *o = out_of(ts, t);

	return o != NULL ? o->n : 0;
}

static size_t
planned(const struct talk *t)
{
	return t->flags & TALK_PLAN ? t->sess.out_len : 0;
}

size_t
talk_out_bytes(const struct talks *ts, const struct talk *t)
{
	return frozen(ts, t) + planned(t);
}

/* Renders the plan from offset at; over message boundaries, which a stream does not have. */
static size_t
render(const struct talk *t, const struct fields *f, const struct speaker *who, size_t at,
    uint8_t *to, size_t n)
{
	size_t done = 0, got, boundary;

	while (done < n) {
		got = session_render(&t->sess, f, who->m, &who->env, at + done, to + done, n - done,
		    &boundary);
		if (got == 0)
			break;
		done += got;
	}
	return done;
}

/* The fields that a plan may read: what the arena remembers. */
static void
remembered(const struct talks *ts, const struct talk *t, const struct speaker *who, struct fields *f)
{
	const struct arena *a = arena_of(ts, t);

	f->has = 0;
	if (a != NULL)
		session_fields(f, &t->sess, a, who->m);
}

size_t
talk_read(const struct talks *ts, const struct talk *t, const struct speaker *who, size_t at,
    uint8_t *to, size_t n)
{
	size_t cold = frozen(ts, t), done = 0;
	struct fields f;

	if (at < cold) {
		done = MIN(n, cold - at);
		memcpy(to, out_of(ts, t)->bytes + at, done);
	}
	at += done;
	if (done == n || at - cold >= planned(t))
		return done;
	remembered(ts, t, who, &f);
	n = MIN(n, done + planned(t) - (at - cold));
	return done + render(t, &f, who, at - cold, to + done, n - done);
}

void
talk_said(struct talks *ts, struct talk *t)
{
	give_cell(ts, &t->out);
	t->flags &= (uint8_t)~TALK_PLAN;
}

/* An empty output cell if there is none. */
static struct talk_out *
want_out(struct talks *ts, struct talk *t)
{
	if (t->out == 0) {
		t->out = (uint16_t)slab_take(&ts->cell);
		if (t->out == 0)
			return NULL;
		out_of(ts, t)->n = 0;
	}
	return out_of(ts, t);
}

/* Acknowledged bytes at the front make room. */
static void
compact(struct talks *ts, struct talk *t, size_t done)
{
	struct talk_out *o = out_of(ts, t);
	size_t n = MIN(done, frozen(ts, t));

	if (n == 0)
		return;
	memmove(o->bytes, o->bytes + n, o->n - n);
	o->n = (uint16_t)(o->n - n);
	t->out_seq += (uint32_t)n;
}

bool
talk_freeze(struct talks *ts, struct talk *t, const struct speaker *who, size_t done)
{
	size_t cold, n;
	struct talk_out *o;
	struct fields f;

	assert(done <= talk_out_bytes(ts, t));
	cold = MIN(done, frozen(ts, t));
	compact(ts, t, cold);
	done -= cold;		/* of the plan; then the cell is empty */
	if (!(t->flags & TALK_PLAN))
		return true;
	n = planned(t) - done;
	if (frozen(ts, t) + n > sizeof o->bytes)
		return false;
	o = want_out(ts, t);
	if (o == NULL)
		return false;
	remembered(ts, t, who, &f);
	t->out_seq += (uint32_t)done;
	o->n = (uint16_t)(o->n + render(t, &f, who, done, o->bytes + o->n, n));
	t->flags &= (uint8_t)~TALK_PLAN;
	return true;
}

size_t
talk_waiting(const struct talks *ts, const struct talk *t)
{
	const struct talk_hold *h = hold_of(ts, t);

	return h != NULL ? h->n : 0;
}

size_t
talk_room(const struct talks *ts, const struct talk *t)
{
	return sizeof((struct talk_hold *)0)->bytes - talk_waiting(ts, t);
}

/* Ranges that now touch the part in order become part of it. */
static void
swallow(struct talk_hold *h)
{
	unsigned gone = 0;

	while (gone < h->nranges && h->range[gone].from <= h->n) {
		h->n = MAX(h->n, h->range[gone].to);
		gone++;
	}
	memmove(h->range, h->range + gone, (h->nranges - gone) * sizeof h->range[0]);
	h->nranges = (uint8_t)(h->nranges - gone);
}

/* Notes that bytes [from, to) are there; false: that would be a range too many. */
static bool
note_range(struct talk_hold *h, uint16_t from, uint16_t to)
{
	unsigned i = 0, j;

	while (i < h->nranges && h->range[i].to < from)
		i++;
	for (j = i; j < h->nranges && h->range[j].from <= to; j++) {
		from = MIN(from, h->range[j].from);
		to = MAX(to, h->range[j].to);
	}
	if (i == j && h->nranges == TALK_RANGES)
		return false;
	memmove(h->range + i + 1, h->range + j, (h->nranges - j) * sizeof h->range[0]);
	h->nranges = (uint8_t)(h->nranges - (j - i) + 1);
	h->range[i].from = from;
	h->range[i].to = to;
	return true;
}

/* First in wins: bytes that are there already are not written again. */
static void
fill_gaps(struct talk_hold *h, size_t from, struct span data)
{
	size_t at = from, end = from + data.n;

	for (unsigned i = 0; i < h->nranges && at < end; i++) {
		size_t stop = MIN(end, h->range[i].from);

		if (at < stop)
			memcpy(h->bytes + at, data.p + (at - from), stop - at);
		at = MAX(at, h->range[i].to);
	}
	if (at < end)
		memcpy(h->bytes + at, data.p + (at - from), end - at);
}

size_t
talk_hold(struct talks *ts, struct talk *t, size_t ahead, struct span data, bool *kept)
{
	struct talk_hold *h = hold_of(ts, t);
	size_t before, from, n;

	*kept = false;
	if (h == NULL) {
		t->hold = (uint16_t)slab_take(&ts->cell);
		h = hold_of(ts, t);
		if (h == NULL)
			return 0;
		h->n = 0;
		h->nranges = 0;
	}
	before = h->n;
	from = before + ahead;
	n = from < sizeof h->bytes ? MIN(data.n, sizeof h->bytes - from) : 0;
	if (n > 0)
		fill_gaps(h, from, span_of(data.p, n));
	if (n > 0 && ahead == 0) {
		h->n = (uint16_t)(from + n);
		swallow(h);
	} else if (n > 0 && !note_range(h, (uint16_t)from, (uint16_t)(from + n))) {
		n = 0;	/* not noted, so its bytes count for nothing */
	}
	*kept = n == data.n;
	return h->n - before;
}

unsigned
talk_ahead(const struct talks *ts, const struct talk *t, uint32_t from[TALK_RANGES],
    uint32_t to[TALK_RANGES])
{
	const struct talk_hold *h = hold_of(ts, t);

	if (h == NULL)
		return 0;
	for (unsigned i = 0; i < h->nranges; i++) {
		from[i] = (uint32_t)(h->range[i].from - h->n);
		to[i] = (uint32_t)(h->range[i].to - h->n);
	}
	return h->nranges;
}

/* The session took a turn: keep what it says where it can be read again. */
static void
keep_answer(struct talks *ts, struct talk *t, const struct speaker *who, const struct fields *f,
    struct turn *turn)
{
	struct talk_out *o;
	size_t n;

	if (!turn->taken || turn->out_len == 0)
		return;
	if (!turn->freeze) {
		t->flags |= TALK_PLAN;
		return;
	}
	o = want_out(ts, t);
	n = o != NULL ? render(t, f, who, 0, o->bytes + o->n,
	    MIN(turn->out_len, sizeof o->bytes - o->n)) : 0;
	turn->out_len = (uint32_t)n;
	if (o != NULL)
		o->n = (uint16_t)(o->n + n);
	if (o != NULL && o->n == 0)
		give_cell(ts, &t->out);
}

/* The message up to the end of the name in it; what ends a line is no part of it. */
static void
note_asked(struct record_transfer *to, struct span message, struct span name)
{
	size_t n = message.n, at;

	*to = (struct record_transfer){ 0 };
	while (n > 0 && message.p[n - 1] < ' ')
		n--;
	if (name.n > 0 && name.p >= message.p && name.p + name.n <= message.p + n) {
		at = (size_t)(name.p - message.p);
		to->name_at = (uint8_t)MIN(at, sizeof to->asked);
		to->nname = (uint8_t)MIN(name.n, sizeof to->asked - to->name_at);
		n = at + name.n;
	}
	to->nasked = (uint8_t)MIN(n, sizeof to->asked);
	if (to->nasked > 0)
		memcpy(to->asked, message.p, to->nasked);
}

/* Kept for whoever carries it out; the fields are in view only now. */
static void
note_related(struct talks *ts, const struct talk *t, const struct speaker *who, const struct fields *f,
    const struct turn *turn, struct span message)
{
	struct talk_related *r = &ts->related;

	if (!turn->taken || (turn->send == 0 && !turn->take))
		return;
	note_asked(&r->asked, message, field_of(f, turn->named));
	related_keep(&r->what, &t->sess, who->m, f, turn);
}

void
talk_relate(struct talks *ts, struct talk *t, const struct speaker *who, const struct related *what)
{
	struct turn turn = { .taken = true };
	struct fields f;

	related_speak(&t->sess, what, who->m, &who->env);
	turn.out_len = t->sess.out_len;
	turn.freeze = related_changes(what, who->m);
	if (what->fields.used > 0 && t->arena == 0) {
		t->arena = slab_take(&ts->arena);
		turn.freeze |= t->arena == 0;
	}
	if (t->arena != 0)
		*arena_of(ts, t) = what->fields;
	session_fields(&f, &t->sess, &what->fields, who->m);
	keep_answer(ts, t, who, &f, &turn);
}

/* An arena, if a rule that can still be reached reads one; NULL also when there is none left. */
static struct arena *
want_arena(struct talks *ts, struct talk *t, const struct speaker *who)
{
	if (t->arena == 0 && session_wants_arena(&t->sess, who->m)) {
		t->arena = slab_take(&ts->arena);
		if (t->arena != 0)
			memset(arena_of(ts, t), 0, sizeof(struct arena));
	}
	return arena_of(ts, t);
}

struct talk_turn
talk_feed(struct talks *ts, struct talk *t, const struct speaker *who, struct span in, unsigned flags)
{
	struct talk_turn step = { 0 };
	struct fields f;

	f.has = 0;
	assert(!(t->flags & TALK_PLAN));
	if (in.n < t->sess.msg_len)
		return step;	/* the peer sent less again than the session has seen */
	step.used = session_feed(&t->sess, want_arena(ts, t, who), who->m, &who->env, in, flags, &f,
	    &step.turn);
	keep_answer(ts, t, who, &f, &step.turn);
	note_related(ts, t, who, &f, &step.turn, span_sub(in, 0, step.used));
	return step;
}

struct talk_turn
talk_event(struct talks *ts, struct talk *t, const struct speaker *who, enum event_kind event,
    uint32_t arg)
{
	struct talk_turn step = { 0 };
	struct fields f;

	f.has = 0;
	assert(!(t->flags & TALK_PLAN));
	session_event(&t->sess, want_arena(ts, t, who), who->m, &who->env, event, arg, &f, &step.turn);
	keep_answer(ts, t, who, &f, &step.turn);
	note_related(ts, t, who, &f, &step.turn, (struct span){ 0 });
	return step;
}

struct span
talk_input(const struct talks *ts, const struct talk *t)
{
	const struct talk_hold *h = hold_of(ts, t);

	return h != NULL ? span_of(h->bytes, h->n) : (struct span){ 0 };
}

void
talk_consume(struct talks *ts, struct talk *t, size_t n)
{
	struct talk_hold *h = hold_of(ts, t);
	size_t end;

	if (h == NULL)
		return;
	assert(n <= h->n);
	end = h->nranges > 0 ? h->range[h->nranges - 1].to : h->n;
	if (n == end) {
		give_cell(ts, &t->hold);
		t->flags &= (uint8_t)~TALK_PUSH;
		return;
	}
	if (n == 0)
		return;
	memmove(h->bytes, h->bytes + n, end - n);
	h->n = (uint16_t)(h->n - n);
	for (unsigned i = 0; i < h->nranges; i++) {
		h->range[i].from = (uint16_t)(h->range[i].from - n);
		h->range[i].to = (uint16_t)(h->range[i].to - n);
	}
}

void
talk_forget(struct talks *ts, struct talk *t)
{
	give_cell(ts, &t->hold);
	t->flags &= (uint8_t)~TALK_PUSH;
	t->sess.msg_len = 0;
}

void
talk_check(const struct talks *ts, const struct talk *t)
{
	const struct talk_hold *h = hold_of(ts, t);
	size_t end = h != NULL ? h->n : 0;

	if (frozen(ts, t) > sizeof((struct talk_out *)0)->bytes)
		abort();
	for (unsigned i = 0; h != NULL && i < h->nranges; i++) {
		if (h->range[i].from <= end || h->range[i].to <= h->range[i].from)
			abort();
		end = h->range[i].to;
	}
	if (h != NULL && (end == 0 || end > sizeof h->bytes))
		abort();
}
