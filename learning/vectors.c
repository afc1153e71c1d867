#include "learning/vectors.h"

#include "learning/intern.h"

enum { TURNS = SELFTEST_LINES / 2 };

struct turn_reached {
	uint32_t what;		/* alternative, or state and template where nothing is said; 0: as before */
	uint32_t bytes;		/* both lines */
};

struct candidate {
	uint32_t conversation, n;
	struct turn_reached *turn;
};

struct recorder {
	struct pool *pool;
	const struct text *t;
	const struct model *m;
	const struct corpus *c;
	struct intern known;	/* values that the model holds */
	/* The conversation as it was recorded, and as it is written. */
	struct session s;
	struct arena arena;
	struct host host;
	struct selftest_talk *talk;
	uint8_t line[VECTORS_LINE];
	/* What is made of it: turns, and the lines if they are wanted. */
	struct turn_reached turn[TURNS];
	uint32_t n;
	struct span *to;
};

/* --- what a client may be quoted with --------------------------------------------- */

static void
know_guard(struct recorder *r, const struct text_guard *g)
{
	const struct text_map *m;

	if (g->kind == GUARD_EQ || g->kind == GUARD_NE)
		intern_add(&r->known, g->lit);
	if (g->kind != GUARD_PAIR)
		return;
	m = &r->t->map[g->index];
	for (uint32_t i = 0; i < m->n; i++) {	/* two values, a zero byte between */
		struct span key = m->pair[i].key;
		size_t zero = 0;

		while (zero < key.n && key.p[zero] != 0)
			zero++;
		intern_add(&r->known, span_sub(key, 0, zero));
		intern_add(&r->known, span_sub(key, MIN(zero + 1, key.n), key.n));
	}
}

static void
know_values(struct recorder *r)
{
	const struct text *t = r->t;

	for (uint32_t i = 0; i < t->nmap; i++)
		for (uint32_t k = 0; k < t->map[i].n; k++)
			intern_add(&r->known, t->map[i].pair[k].key);
	for (uint32_t s = 0; s < t->nstate; s++)
		for (uint32_t k = 0; k < t->state[s].nturn; k++)
			for (uint32_t a = 0; a < t->state[s].turn[k].nalt; a++) {
				const struct text_alt *alt = &t->state[s].turn[k].alt[a];

				for (uint32_t g = 0; g < alt->nguard; g++)
					know_guard(r, &alt->guard[g]);
			}
}

static bool
all_digits(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

/* A member of the class: 'x', else the lowest. */
static uint8_t
member_of(const struct text_class *c)
{
	unsigned b = 0;

	if (c->has['x' / 8] >> 'x' % 8 & 1)
		return 'x';
	while (b < 255 && !(c->has[b / 8] >> b % 8 & 1))
		b++;
	return (uint8_t)b;
}

/* Bytes that the element takes, n at most room; in its place the client said value. */
static size_t
stand_in(const struct recorder *r, const struct text_elem *e, struct span value, uint8_t *to,
    size_t room)
{
	bool number = all_digits(value);
	size_t n = 1;
	int fill = number ? '1' : 'x';

	switch (e->kind) {
	case ELEM_LIT:
	case ELEM_LIT_CASE:
		if (e->lit.n <= room)
			memcpy(to, e->lit.p, e->lit.n);
		return e->lit.n;
	case ELEM_SPAN:
		n = MAX(e->min, 1u);
		fill = member_of(&r->t->class[e->class]);
		break;
	case ELEM_ANY:
		n = e->min;
		break;
	case ELEM_COUNTED:
		n = 1 + e->min;
		break;
	case ELEM_LEN:
		n = e->format == FMT_TEXT ? 1 : e->min;
		fill = e->format == FMT_TEXT ? '1' : 0;
		break;
	case ELEM_TAIL:
		return 0;
	}
	if (n <= room)
		memset(to, fill, n);
	if (e->kind == ELEM_COUNTED && n <= room)
		to[0] = (uint8_t)e->min;
	return n;
}

/* The longest field that begins with element i and whose value the model holds; or NULL. */
static const struct text_field *
known_field(const struct recorder *r, const struct text_template *tpl, uint32_t i,
    const struct fields *f)
{
	const struct text_field *best = NULL;

	for (uint32_t k = 0; k < tpl->nfield; k++) {
		const struct text_field *field = &tpl->field[k];

		if (field->first != i || (best != NULL && field->last <= best->last) ||
		    !(f->has >> field->slot & 1) ||
		    intern_find(&r->known, f->slot[field->slot]) == INTERN_NONE)
			continue;
		best = field;
	}
	return best;
}

/* What the client said in a field of this element alone. */
static struct span
value_at(const struct text_template *tpl, uint32_t i, const struct fields *f)
{
	for (uint32_t k = 0; k < tpl->nfield; k++)
		if (tpl->field[k].first == i && tpl->field[k].last == i && f->has >> tpl->field[k].slot & 1)
			return f->slot[tpl->field[k].slot];
	return (struct span){ 0 };
}

/* The message to write down; false: too long. */
static bool
write_line(struct recorder *r, const struct text_template *tpl, const struct fields *f,
    struct span *out)
{
	size_t n = 0;

	for (uint32_t i = 0; i < tpl->nelem && n <= sizeof r->line; i++) {
		const struct text_field *known = known_field(r, tpl, i, f);
		size_t room = sizeof r->line - n;

		if (known == NULL) {
			n += stand_in(r, &tpl->elem[i], value_at(tpl, i, f), r->line + n, room);
			continue;
		}
		if (f->slot[known->slot].n <= room)
			memcpy(r->line + n, f->slot[known->slot].p, f->slot[known->slot].n);
		n += f->slot[known->slot].n;
		i = known->last;
	}
	*out = span_of(r->line, n);
	return n <= sizeof r->line;
}

/* --- one conversation -------------------------------------------------------------- */

/* Takes down a turn of the written conversation; false: the vector ends before it. */
static bool
take_down(struct recorder *r, uint16_t state, struct span asked, struct span said)
{
	const struct selftest_talk *k = r->talk;
	uint32_t what = k->s.reply != 0 ? k->s.reply
	    : 1u << 31 | (uint32_t)state << 15 | (uint32_t)(k->turn.template + 1);

	if (r->n == TURNS || said.n > VECTORS_LINE)
		return false;
	for (uint32_t i = 0; i < r->n && what != 0; i++)
		if (r->turn[i].what == what)
			what = 0;
	r->turn[r->n].what = what;
	r->turn[r->n].bytes = (uint32_t)(asked.n + said.n);
	if (r->to != NULL) {
		r->to[2 * r->n] = span_of(pool_copy(r->pool, asked.p, asked.n), asked.n);
		r->to[2 * r->n + 1] = span_of(pool_copy(r->pool, said.p, said.n), said.n);
	}
	r->n++;
	return true;
}

/* One message that was understood; false: the vector ends here. */
static bool
play_message(struct recorder *r, const struct turn *understood, const struct fields *f)
{
	struct selftest_talk *k = r->talk;
	uint16_t state = k->s.state;
	struct span line, said;

	if (understood->template < 0 || understood->match == MATCH_NEAR)
		line = span_str(r->t->proto == MODEL_TCP ? "?\r\n" : "?");	/* what nobody explains */
	else if (!write_line(r, &r->t->template[understood->template], f, &line))
		return false;
	said = selftest_say(k, line);
	return take_down(r, state, line, said) && !k->turn.close && !k->turn.reset;
}

/* Everything one side said at once: one message or several. */
static bool
play_messages(struct recorder *r, const struct message *m)
{
	struct session_env env = r->talk->env;
	struct span left = m->bytes;

	env.pair_host = env.own_host = &r->host;	/* what was said with stand-ins happened elsewhere */
	do {
		struct fields f;
		struct turn t;
		size_t n = session_feed(&r->s, &r->arena, r->m, &env, left,
		    r->t->proto == MODEL_UDP ? FEED_DATAGRAM : FEED_PUSH, &f, &t);

		if (!t.taken || !play_message(r, &t, &f))
			return false;
		left = span_sub(left, n, left.n);
	} while (left.n > 0);
	return true;
}

/* Plays a conversation into turn[n], and to if it is not NULL. */
static void
play(struct recorder *r, uint32_t conversation, struct span *to)
{
	const struct conversation *v = &r->c->conversations[conversation];
	bool on = true;

	r->n = 0;
	r->to = to;
	session_init(&r->s, r->m);
	r->arena = (struct arena){ 0 };
	r->host = (struct host){ 0 };
	selftest_begin(r->talk, r->m);
	if (r->t->proto == MODEL_TCP) {
		struct fields f;
		struct turn t;
		struct span said = selftest_connect(r->talk);

		session_event(&r->s, &r->arena, r->m, &r->talk->env, EVENT_CONNECT, 0, &f, &t);
		on = take_down(r, 0, (struct span){ 0 }, said);
	}
	for (uint32_t i = v->first; on && i < v->first + v->n; i++)
		if (r->c->messages[i].side == SIDE_CLIENT)
			on = play_messages(r, &r->c->messages[i]);
}

/* --- the choice -------------------------------------------------------------------- */

static uint32_t
play_all(struct recorder *r, struct candidate *to, const bool *use)
{
	uint32_t usable = 0, seen = 0, n = 0;

	for (uint32_t i = 0; i < r->c->nconversations; i++)
		usable += use == NULL || use[i];
	for (uint32_t i = 0; i < r->c->nconversations; i++) {
		if (use != NULL && !use[i])
			continue;
		if ((uint64_t)seen++ * VECTORS_CANDIDATES / MAX(usable, VECTORS_CANDIDATES + 0u) < n)
			continue;
		play(r, i, NULL);
		to[n++] = (struct candidate){ i, r->n, pool_copy(r->pool, r->turn, r->n * sizeof *r->turn) };
	}
	return n;
}

static struct span
what_of(const struct turn_reached *t)
{
	return span_of(&t->what, sizeof t->what);
}

/* How much a candidate reaches that nothing chosen reached: turns up to the last such one. */
struct gain {
	uint32_t reached, turns, bytes;
};

static struct gain
gain_of(const struct candidate *c, const struct intern *reached)
{
	struct gain g = { 0 };
	uint32_t bytes = 0;

	for (uint32_t i = 0; i < c->n; i++) {
		bytes += c->turn[i].bytes;
		if (c->turn[i].what == 0 ||
		    intern_find(reached, what_of(&c->turn[i])) != INTERN_NONE)
			continue;
		g = (struct gain){ g.reached + 1, i + 1, bytes };
	}
	return g;
}

void
vectors_record(struct text *t, struct pool *pool, const struct model *m, const struct corpus *c,
    const bool *use)
{
	struct recorder *r = pool_alloc(pool, sizeof *r);
	struct candidate *all = pool_array(pool, VECTORS_CANDIDATES, sizeof *all);
	struct intern reached;
	uint32_t n, left = VECTORS_BYTES;

	*r = (struct recorder){ .pool = pool, .t = t, .m = m, .c = c };
	r->talk = pool_alloc(pool, sizeof *r->talk);
	intern_init(&r->known, pool);
	intern_init(&reached, pool);
	know_values(r);
	n = play_all(r, all, use);
	t->vector = pool_array(pool, SELFTEST_VECTORS, sizeof *t->vector);
	while (t->nvector < SELFTEST_VECTORS) {
		struct gain best = { 0 };
		uint32_t which = 0;

		for (uint32_t i = 0; i < n; i++) {
			struct gain g = gain_of(&all[i], &reached);

			if (g.bytes > left || g.reached < best.reached ||
			    (g.reached == best.reached && g.bytes >= best.bytes))
				continue;
			best = g;
			which = i;
		}
		if (best.reached == 0)
			break;
		for (uint32_t i = 0; i < best.turns; i++)
			intern_add(&reached, what_of(&all[which].turn[i]));
		t->vector[t->nvector].line = pool_array(pool, SELFTEST_LINES, sizeof(struct span));
		play(r, all[which].conversation, t->vector[t->nvector].line);
		t->vector[t->nvector++].n = 2 * best.turns;
		left -= best.bytes;
	}
}
