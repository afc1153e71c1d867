#include "learning/secrets.h"

#include <stdlib.h>

enum {
	LABELS = 3,		/* words before one that may say what it is */
	UNIT_WORDS = 256,	/* of a message that are looked at for fields */
	MIN_SECRET = 4,		/* bytes */
	MIN_VALUES = 3,		/* of a field */
	MIN_DECIDED = 2,	/* owners for whom the value made a difference */
	SAID_PERCENT = 10,	/* of the values of a field may be said by the server, too, */
	SURE_DECIDED = 10,	/* but any where they are parts, and these many owners show that they decide, */
	SURE_PERCENT = 80,	/* of those who used several */
	FEW_OWNERS = 2,
	MIN_TOKEN = 16,		/* bytes */
	NOBODY = UINT32_MAX,
};

struct use {			/* a word in one of its fields */
	uint32_t field, value, owner;
	uint32_t kind;		/* of the reply */
	uint32_t reply;		/* its bytes, interned */
};

struct finder {
	struct pool *pool;
	const struct exchanges *x;
	struct secrets *out;
	struct intern fields, replies;
	struct use *use;
	uint32_t n, room;
	uint32_t *conversations, *last;	/* per value: how many say it; the last one, counted from 1 */
	uint32_t counted;
	uint32_t *owners;	/* per value: in the field that is looked at */
};

static bool
in_word(uint8_t b)
{
	return b > ' ' && b < 0x7f && strchr("\"'=,;:<>(){}[]", b) == NULL;
}

static bool
is_digit(uint8_t b)
{
	return b >= '0' && b <= '9';
}

static bool
is_plain(uint8_t b)
{
	return is_digit(b) || (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z');
}

/* The next word of s from *at on; empty: there is none. */
static struct span
next_word(struct span s, size_t *at, bool (*in)(uint8_t))
{
	size_t from;

	while (*at < s.n && !in(s.p[*at]))
		++*at;
	from = *at;
	while (*at < s.n && in(s.p[*at]))
		++*at;
	return span_sub(s, from, *at - from);
}

struct span
secrets_word(struct span s, size_t *at)
{
	return next_word(s, at, in_word);
}

struct span
secrets_piece(struct span s, size_t *at)
{
	return next_word(s, at, is_plain);
}

struct secrets_walk
secrets_walk(const struct parts *parts, struct span message)
{
	return (struct secrets_walk){ .parts = parts, .message = message, .left = message };
}

struct span
secrets_next(struct secrets_walk *w)
{
	struct part part;

	if (!w->parts->found)
		return secrets_word(w->message, &w->at);
	while (parts_next(w->parts, &w->left, &part)) {
		w->type = part.type;
		if (!part.opened && part.content.n > 0)
			return part.content;
	}
	return (struct span){ 0 };
}

static void
hear_servers(struct finder *s, const struct corpus *c)
{
	for (uint32_t i = 0; i < c->nmessages; i++) {
		const struct message *m = &c->messages[i];
		struct secrets_walk walk;
		size_t at = 0;

		if (m->side != SIDE_SERVER)
			continue;
		walk = secrets_walk(&s->x->client_lexer.parts, m->bytes);
		for (struct span w; (w = secrets_next(&walk)).n > 0;)
			intern_add(&s->out->said, w);
		for (struct span w; !walk.parts->found && (w = secrets_piece(m->bytes, &at)).n > 0;)
			intern_add(&s->out->said, w);
	}
}

static bool
is_said(const struct finder *s, uint32_t value)
{
	return intern_find(&s->out->said, s->out->values.value[value]) != INTERN_NONE;
}

static void
add_use(struct finder *s, uint32_t label, uint32_t distance, uint8_t type, struct use u)
{
	uint32_t key[] = { label, distance, type };

	if (u.owner == u.value)
		return;
	if (s->n == s->room) {
		s->room = MAX(1024u, 2 * s->room);
		s->use = pool_grow(s->pool, s->use, s->n, s->room, sizeof *s->use);
	}
	u.field = intern_find(&s->fields, span_of(key, sizeof key));
	if (u.field == INTERN_NONE)
		u.field = intern_add(&s->fields, span_of(pool_copy(s->pool, key, sizeof key), sizeof key));
	s->use[s->n++] = u;
}

/* The number of a client's word, which is counted for its conversation. */
static uint32_t
value_of(struct finder *s, struct span w, uint32_t conversation)
{
	uint32_t v = intern_add(&s->out->values, w);

	if (v >= s->counted) {
		uint32_t room = MAX(1024u, 2 * v);

		s->conversations = pool_grow(s->pool, s->conversations, s->counted, room, sizeof *s->last);
		s->last = pool_grow(s->pool, s->last, s->counted, room, sizeof *s->last);
		s->counted = room;
	}
	s->conversations[v] += s->last[v] != conversation + 1;
	s->last[v] = conversation + 1;
	return v;
}

/* What stood last in a reply, as a number that no client's word has. */
static uint32_t
prompt_of(const struct finder *s, uint32_t unit)
{
	struct span w, last = { 0 };
	size_t at = 0;

	if (unit == NO_UNIT)
		return NOBODY;
	while ((w = secrets_word(s->x->unit[unit].bytes, &at)).n > 0)
		last = w;
	return last.n == 0 ? NOBODY : intern_find(&s->out->said, last);
}

/* The words of one conversation, each with what stands before it. */
static void
hear_client(struct finder *s, uint32_t conversation)
{
	uint32_t before[LABELS + 1], prompt = NOBODY;	/* words, nearest first */

	memset(before, 0xff, sizeof before);
	for (uint32_t i = s->x->first[conversation]; i < s->x->first[conversation + 1]; i++) {
		const struct exchange *e = &s->x->exchange[i];
		struct span asked = e->client == NO_UNIT ? (struct span){ 0 } : s->x->unit[e->client].bytes;
		struct secrets_walk walk = secrets_walk(&s->x->client_lexer.parts, asked);
		struct span reply = e->server == NO_UNIT ? (struct span){ 0 } : s->x->unit[e->server].bytes;
		uint32_t k = 0, answer = intern_add(&s->replies, reply);

		for (struct span w; (w = secrets_next(&walk)).n > 0; k++) {
			struct use u = { .value = value_of(s, w, conversation), .kind = e->kind, .reply = answer };

			for (uint32_t d = 0; e->known && k < UNIT_WORDS && d < MIN(k, (uint32_t)LABELS); d++) {
				u.owner = before[d == 0];
				add_use(s, before[d], d + 1, walk.type, u);
			}
			u.owner = before[0];
			if (e->known && k == 0 && prompt != NOBODY)
				add_use(s, prompt, 0, walk.type, u);
			memmove(before + 1, before, sizeof before - sizeof *before);
			before[0] = u.value;
		}
		if (e->server != NO_UNIT)
			prompt = prompt_of(s, e->server);
	}
}

static int
by_value(const void *a, const void *b)
{
	const struct use *x = a, *y = b;

	return x->field != y->field ? (x->field > y->field) - (x->field < y->field)
	    : x->value != y->value  ? (x->value > y->value) - (x->value < y->value)
				    : (x->owner > y->owner) - (x->owner < y->owner);
}

static int
by_owner(const void *a, const void *b)
{
	const struct use *x = a, *y = b;

	return x->owner != y->owner ? (x->owner > y->owner) - (x->owner < y->owner)
	    : x->value != y->value  ? (x->value > y->value) - (x->value < y->value)
				    : (x->kind > y->kind) - (x->kind < y->kind);
}

static uint32_t
owners_of(const struct use *u, uint32_t n)
{
	uint32_t owners = 1;

	for (uint32_t i = 1; i < n; i++)
		owners += u[i].owner != u[i - 1].owner;
	return owners;
}

static uint32_t
same_value(const struct use *u, uint32_t n)
{
	uint32_t k = 1;

	while (k < n && u[k].value == u[0].value)
		k++;
	return k;
}

/*
 * Uses of a field by value: are these of their owners? How many of them the server says, in percent; short ones
 * come by chance between other bytes than text.
 */
static bool
is_owned(const struct finder *s, const struct use *u, uint32_t n, uint32_t *percent)
{
	uint32_t values = 0, longer = 0, said = 0, again = 0, faithful = 0;

	for (uint32_t i = 0, m; i < n; i += m) {
		bool may_be = !s->x->client_lexer.binary || s->out->values.value[u[i].value].n >= MIN_SECRET;

		m = same_value(u + i, n - i);
		s->owners[u[i].value] = owners_of(u + i, m);
		values++;
		longer += may_be;
		said += may_be && is_said(s, u[i].value);
		again += m > 1;
		faithful += m > 1 && s->owners[u[i].value] <= FEW_OWNERS;
	}
	*percent = (uint32_t)(100ull * said / MAX(longer, 1u));
	return values >= MIN_VALUES && 2 * faithful >= again;
}

/* The commonest kind of reply among some uses, and how often it came. */
static uint32_t
usual_kind(const struct use *u, uint32_t n, uint32_t *often)
{
	uint32_t best = u[0].kind, votes = 0;

	for (uint32_t i = 0; i < n; i++) {	/* who has most of them stays (Boyer and Moore 1981) */
		best = votes == 0 ? u[i].kind : best;
		votes += u[i].kind == best ? 1 : UINT32_MAX;
	}
	*often = 0;
	for (uint32_t i = 0; i < n; i++)
		*often += u[i].kind == best;
	return best;
}

/* What one owner did in a field; u is sorted by value. */
struct owner {
	uint32_t n, most;	/* uses; of the value he used most, */
	uint32_t favourite;	/* which is this one */
	uint32_t kind;		/* that most of his uses got */
	uint32_t repeated, same; /* uses of values used again, and those that got their usual kind */
	bool tried, decided;	/* he used several; one got another kind than another */
};

static void
owner_of(struct owner *o, const struct use *u, uint32_t n)
{
	uint32_t first = 0, often;

	*o = (struct owner){ .n = n, .kind = usual_kind(u, n, &often) };
	for (uint32_t i = 0, m; i < n; i += m) {
		uint32_t kind;

		m = same_value(u + i, n - i);
		kind = usual_kind(u + i, m, &often);
		first = i == 0 ? kind : first;
		o->tried |= m < n;
		o->decided |= kind != first;
		if (m > o->most) {
			o->most = m;
			o->favourite = u[i].value;
		}
		o->repeated += m > 1 ? m : 0;
		o->same += m > 1 ? often : 0;
	}
}

static bool
is_loyal(const struct owner *o)
{
	return 2 * o->most >= o->n;
}

static uint32_t
same_owner(const struct use *u, uint32_t n)
{
	uint32_t k = 1;

	while (k < n && u[k].owner == u[0].owner)
		k++;
	return k;
}

/*
 * Uses of a field by owner: do owners come again, each with a value of his own, and does it decide
 * what they are told? Sure: so do many who used several, and nearly all.
 */
static bool
is_deciding(const struct finder *s, const struct use *u, uint32_t n, bool *sure)
{
	uint32_t regulars = 0, loyal = 0, tried = 0, decided = 0, uses = 0;
	uint64_t repeated = 0, same = 0;

	for (uint32_t i = 0, m; i < n; i += m) {
		struct owner o;

		m = same_owner(u + i, n - i);
		owner_of(&o, u + i, m);
		tried += o.tried && u[i].owner != NOBODY;
		decided += o.decided && u[i].owner != NOBODY;
		repeated += o.repeated;
		same += o.same;
		if (m > 2) {
			regulars++;
			uses += m;
			loyal += is_loyal(&o) && s->owners[o.favourite] <= FEW_OWNERS;
		}
	}
	*sure = decided >= SURE_DECIDED && 100 * decided >= SURE_PERCENT * tried;
	return decided >= MIN_DECIDED && 2 * loyal >= regulars && 3 * (uint64_t)uses >= n &&
	    10 * same >= 9 * repeated;
}

/*
 * Uses of a field by owner: values that few have become secrets. Who tries many (a guest, who need
 * not give any; the name that all lists of guesses begin with) has no secrets but what gets him another reply.
 */
static void
mark_values(struct finder *s, const struct use *u, uint32_t n, bool sure)
{
	for (uint32_t i = 0, m; i < n; i += m) {
		struct owner o;

		m = same_owner(u + i, n - i);
		owner_of(&o, u + i, m);
		for (uint32_t k = i, l; k < i + m; k += l) {
			uint32_t v = u[k].value, often;

			l = same_value(u + k, i + m - k);
			if (s->owners[v] <= FEW_OWNERS && s->out->values.value[v].n >= MIN_SECRET &&
			    (sure || !is_said(s, v)) && (m <= 2 || is_loyal(&o) || usual_kind(u + k, l, &often) != o.kind))
				s->out->secret[v] = true;
		}
	}
}

static void
mark_fields(struct finder *s)
{
	bool binary = s->x->client_lexer.binary;

	s->owners = pool_array(s->pool, s->out->values.n + 1, sizeof *s->owners);
	if (s->n > 0)
		qsort(s->use, s->n, sizeof *s->use, by_value);
	for (uint32_t i = 0, end; i < s->n; i = end) {
		struct use *u = s->use + i;
		uint32_t n, percent;
		bool sure, deciding;

		for (end = i; end < s->n && s->use[end].field == u->field;)
			end++;
		n = end - i;
		if (!is_owned(s, u, n, &percent))
			continue;
		qsort(u, n, sizeof *u, by_owner);
		deciding = is_deciding(s, u, n, &sure);
		if (binary && !sure) {
			for (uint32_t k = 0; k < n; k++)	/* a kind may not hold the code */
				u[k].kind = u[k].reply;
			deciding = is_deciding(s, u, n, &sure) && sure;
		}
		sure &= s->x->client_lexer.parts.found;
		if (deciding && (sure || percent <= SAID_PERCENT))
			mark_values(s, u, n, sure);
	}
}

/* Letters and digits take turns as chance has them do, not as in names and versions. */
static bool
is_mixed(struct span w)
{
	uint32_t turns = 0;

	for (size_t i = 1; i < w.n; i++) {
		uint8_t a = w.p[i - 1], b = w.p[i];

		turns += is_plain(a) && is_plain(b) && is_digit(a) != is_digit(b);
	}
	return 8 * turns >= w.n;
}

/* Long and mixed, and not only of short pieces as an address or a path in another code. */
static bool
looks_random(struct span w)
{
	size_t at = 0;

	if (w.n < MIN_TOKEN || !is_mixed(w))
		return false;
	for (struct span piece; (piece = secrets_piece(w, &at)).n > 0;)
		if (piece.n >= MIN_TOKEN / 2 && is_mixed(piece))
			return true;
	return false;
}

static void
mark_tokens(struct finder *s)
{
	for (uint32_t v = 0; v < s->out->values.n; v++)
		if (looks_random(s->out->values.value[v]) && !is_said(s, v) && !s->out->common[v])
			s->out->secret[v] = true;
}


void
secrets_find(struct secrets *out, struct pool *pool, const struct corpus *c, const struct exchanges *x)
{
	struct finder s = { .pool = pool, .x = x, .out = out };

	intern_init(&out->values, pool);
	intern_init(&out->said, pool);
	intern_init(&s.fields, pool);
	intern_init(&s.replies, pool);
	hear_servers(&s, c);
	for (uint32_t i = 0; i < x->conversations; i++)
		hear_client(&s, i);
	out->secret = pool_array(pool, out->values.n + 1, sizeof *out->secret);
	out->common = pool_array(pool, out->values.n + 1, sizeof *out->common);
	for (uint32_t v = 0; v < out->values.n; v++)
		out->common[v] = 10 * s.conversations[v] > MAX(30u, x->conversations);
	mark_fields(&s);
	mark_tokens(&s);
}
