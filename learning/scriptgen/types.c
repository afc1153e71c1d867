#include "learning/scriptgen/types.h"

#include <math.h>

enum {
	VALUES = 32,		/* of a type, at most */
	FORMS = 256,		/* told apart; the rarer ones count as one */
	MOST = 256,		/* types in all, where one more byte is still looked for */
	TELL_APART = 4096,	/* types; what comes then is none's */
};

enum { NO_BYTE = 256 };		/* the message is shorter */

struct byte {			/* at one offset of requests, as far as they reach */
	uint32_t count[NO_BYTE + 1], conversations[NO_BYTE + 1], last[NO_BYTE + 1];	/* last: conversation, from 1 */
	uint32_t pairs;			/* of a conversation and a value in it */
	uint32_t answered, same;	/* answers so long; that have the request's byte */
	uint32_t varied, varied_values;	/* requests, and values, in conversations with more than one value */
};

struct types_memo {		/* requests that were answered, by sequence */
	struct pool *pool, *work;
	struct span *asked, *said;
	uint32_t *response, *form, *type; /* type: by the offsets taken so far */
	uint32_t n, room, nsequences;
	uint32_t ntypes, nforms;
	double known;			/* log likelihood of the forms, by type */
	struct byte byte[TYPES_BYTES];
};

static unsigned
byte_at(struct span message, uint32_t offset)
{
	return offset < message.n ? message.p[offset] : NO_BYTE;
}

/* Types divided by one more byte; returns how many there are then. */
static uint32_t
divide(uint32_t *type, uint32_t types, struct pool *pool, const struct span *message, uint32_t n, uint32_t offset)
{
	uint32_t *number = pool_array(pool, (size_t)types * (NO_BYTE + 1), sizeof *number), known = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t *of = &number[type[i] * (NO_BYTE + 1) + byte_at(message[i], offset)];

		if (*of == 0)
			*of = known < TELL_APART ? ++known : known;
		type[i] = *of - 1;
	}
	return known;
}

struct types_memo *
types_memo_create(struct pool *pool, struct pool *work)
{
	struct types_memo *s = pool_alloc(pool, sizeof *s);

	s->pool = pool;
	s->work = work;
	return s;
}

/* What one conversation, the requests from this one on, says about a byte. */
static void
count_byte(struct byte *b, const struct types_memo *s, uint32_t from, uint32_t offset)
{
	uint32_t own = 0;

	for (uint32_t i = from; i < s->n; i++) {
		unsigned v = byte_at(s->asked[i], offset);

		if (b->last[v] != s->nsequences + 1) {
			b->last[v] = s->nsequences + 1;
			b->conversations[v]++;
			own++;
		}
		b->count[v]++;
		b->answered += s->said[i].n > offset;
		b->same += byte_at(s->said[i], offset) == v && v != NO_BYTE;
	}
	b->pairs += own;
	b->varied += own > 1 ? s->n - from : 0;
	b->varied_values += own > 1 ? own : 0;
}

static void
read_sequence(struct types_memo *s, const struct responses_input *in, const struct sequence *q)
{
	uint32_t from = s->n;

	if (s->n + q->n > s->room) {
		uint32_t room = MAX(2 * s->room, s->n + q->n);

		s->asked = pool_grow(s->pool, s->asked, s->n, room, sizeof *s->asked);
		s->said = pool_grow(s->pool, s->said, s->n, room, sizeof *s->said);
		s->response = pool_grow(s->pool, s->response, s->n, room, sizeof *s->response);
		s->form = pool_array(s->pool, room, sizeof *s->form);
		s->type = pool_array(s->pool, room, sizeof *s->type);
		s->room = room;
	}
	for (uint32_t i = 0; i < q->n; i++) {
		const struct step *step = &q->step[i];

		if (step->request == STEP_CONNECT || step->response >= STEP_SILENCE)
			continue;
		s->asked[s->n] = in->messages->value[step->request];
		s->said[s->n] = in->messages->value[step->response];
		s->response[s->n++] = step->response;
	}
	for (uint32_t o = 0; o < TYPES_BYTES; o++)
		count_byte(&s->byte[o], s, from, o);
}

/* Sequences that are new; the forms of answers, all of which may have changed; no types yet. */
static void
read_requests(struct types_memo *s, const struct responses_input *in)
{
	for (; s->nsequences < in->nsequences; s->nsequences++)
		read_sequence(s, in, &in->sequence[s->nsequences]);
	s->ntypes = 1;
	s->nforms = 0;
	for (uint32_t i = 0; i < s->n; i++) {
		s->type[i] = 0;
		s->form[i] = MIN(in->form_of[s->response[i]], FORMS - 1u);
		s->nforms = MAX(s->nforms, s->form[i] + 1);
	}
}

/* What one value tells: its forms, seen one after the other, each guessed from those before it. */
static double
likelihood(const uint32_t *count, uint32_t nforms)
{
	double l = lgamma(0.5 * nforms);
	uint32_t n = 0;

	for (uint32_t f = 0; f < nforms; f++) {
		n += count[f];
		l += count[f] > 0 ? lgamma(count[f] + 0.5) - lgamma(0.5) : 0;
	}
	return l - lgamma(0.5 * nforms + n);
}

/* Of the forms, by type and the byte at an offset; offset TYPES_BYTES: by type alone. */
static double
likelihood_by(const struct types_memo *s, uint32_t offset, const uint8_t *value_of)
{
	uint32_t values = offset == TYPES_BYTES ? 1 : VALUES;
	struct pool_mark mark = pool_mark(s->work);
	uint32_t *count = pool_array(s->work, (size_t)s->ntypes * values * s->nforms + 1, sizeof *count);
	double l = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		uint32_t v = values == 1 ? 0 : value_of[byte_at(s->asked[i], offset)];

		count[(s->type[i] * values + v) * s->nforms + s->form[i]]++;
	}
	for (uint32_t r = 0; r < s->ntypes * values; r++)
		l += likelihood(count + (size_t)r * s->nforms, s->nforms);
	pool_release(s->work, &mark);
	return l;
}

enum repeated { NOT_REPEATED, TYPE, IDENTIFIER };

/* What a byte is that answers repeat, of so many requests; if a type, value_of numbers its values. */
static enum repeated
judge(const struct byte *b, uint32_t n, uint8_t *value_of)
{
	uint32_t values = 0, shared = 0;

	for (unsigned v = 0; v <= NO_BYTE; v++) {
		if (b->count[v] == 0)
			continue;
		value_of[v] = (uint8_t)MIN(values, VALUES - 1u);
		values++;
		shared += b->conversations[v] > 1 ? b->count[v] : 0;
	}
	if (values < 2 || b->same * 10 < b->answered * 9)
		return NOT_REPEATED;
	if (values > VALUES || shared * 20 < n * 19 || (b->varied_values > 0 && b->varied * 5 < b->varied_values * 6))
		return IDENTIFIER;
	return b->varied_values > 0 && b->varied * 2 >= b->varied_values * 3 && b->pairs >= 3 * values ? TYPE
	    : NOT_REPEATED;
}

void
types_find(struct types *out, struct types_memo *s, const struct responses_input *in)
{
	uint8_t value_of[TYPES_BYTES][NO_BYTE + 1];
	enum repeated verdict[TYPES_BYTES];

	*out = (struct types){ 0 };
	read_requests(s, in);
	for (uint32_t o = 0; o < TYPES_BYTES; o++) {
		verdict[o] = judge(&s->byte[o], s->n, value_of[o]);
		out->identifier[o] = verdict[o] == IDENTIFIER;
	}
	s->known = likelihood_by(s, TYPES_BYTES, NULL);
	while (out->n < TYPES_MOST && s->ntypes <= MOST) {
		uint32_t best = TYPES_BYTES;
		double most = s->known;

		for (uint32_t o = 0; o < TYPES_BYTES; o++) {
			double l = verdict[o] == TYPE ? likelihood_by(s, o, value_of[o]) : most;

			if (l > most) {
				most = l;
				best = o;
			}
		}
		if (best == TYPES_BYTES)
			break;
		s->ntypes = divide(s->type, s->ntypes, s->work, s->asked, s->n, best);
		s->known = most;
		out->offset[out->n++] = best;
	}
}

struct typing {			/* members with their types */
	struct pool *pool;
	const struct types *t;
	const struct kinds_member *m;
	struct span *message;		/* of each */
	uint32_t n;
	const uint32_t *of;		/* those of one type */
	uint32_t nof;
	struct kinds *out;
	uint32_t room;
};

/* A copy of a label with so much of the type of a message fixed, unless it leaves open where these bytes stand. */
static void
add_label(struct typing *y, const struct label *l, uint32_t depth, struct span message)
{
	struct label own = label_copy(y->pool, l);

	for (uint32_t i = 0; i < depth; i++)
		if (y->t->offset[i] < message.n && !label_fix(&own, y->t->offset[i], message.p[y->t->offset[i]]))
			return;
	if (y->out->n == y->room) {
		y->room = MAX(64u, 2 * y->room);
		y->out->label = pool_grow(y->pool, y->out->label, y->out->n, y->room, sizeof *y->out->label);
	}
	y->out->label[y->out->n++] = own;
}

/* The members of each type side by side; first[t] is where those of type t begin, and there is one more. */
static uint32_t *
by_type(uint32_t *first, struct pool *pool, const uint32_t *type, uint32_t types, uint32_t n)
{
	uint32_t *of = pool_array(pool, n + 1, sizeof *of), *at = pool_array(pool, types + 1, sizeof *at);

	for (uint32_t i = 0; i < n; i++)
		first[type[i] + 1]++;
	for (uint32_t t = 0; t < types; t++) {
		first[t + 1] += first[t];
		at[t] = first[t];
	}
	for (uint32_t i = 0; i < n; i++)
		of[at[type[i]]++] = i;
	return of;
}

/* The labels of the members of one type. */
static void
add_kinds(struct typing *y, struct kinds_memo *memo, const struct kinds_params *p)
{
	struct kinds_member *member = pool_array(y->pool, y->nof + 1, sizeof *member);
	struct kinds part;

	for (uint32_t i = 0; i < y->nof; i++)
		member[i] = y->m[y->of[i]];
	kinds_find(&part, memo, member, y->nof, p);
	for (uint32_t l = 0; l < part.n; l++)
		add_label(y, &part.label[l], y->t->n, y->message[y->of[0]]);
}

/* Whatever begins with the type of these members: as many bytes as all have, free but for the type. */
static void
add_rest(struct typing *y, uint32_t depth)
{
	size_t least = TYPES_BYTES;
	struct label l;

	for (uint32_t i = 0; i < y->nof; i++)
		least = MIN(least, y->message[y->of[i]].n);
	label_of_anything(&l, y->pool, (uint32_t)least);
	add_label(y, &l, depth, y->message[y->of[0]]);
}

void
types_kinds(struct kinds *out, struct kinds_memo *memo, const struct types *t, struct pool *pool,
    const struct intern *messages, const struct kinds_member *m, uint32_t n, const struct kinds_params *p)
{
	struct typing y = { .pool = pool, .t = t, .m = m, .n = n, .out = out,
		.message = pool_array(pool, n + 1, sizeof *y.message) };
	uint32_t *type = pool_array(pool, n + 1, sizeof *type), types = n > 0;

	*out = (struct kinds){ 0 };
	for (uint32_t i = 0; i < n; i++)
		y.message[i] = messages->value[m[i].message];
	for (uint32_t depth = 0; depth <= t->n; depth++) {
		uint32_t *first, *of;

		types = depth == 0 ? types : divide(type, types, pool, y.message, n, t->offset[depth - 1]);
		first = pool_array(pool, types + 1, sizeof *first);
		of = by_type(first, pool, type, types, n);
		for (uint32_t k = 0; k < types; k++) {
			y.of = of + first[k];
			y.nof = first[k + 1] - first[k];
			if (depth > 0)
				add_rest(&y, depth);
			if (depth == t->n)
				add_kinds(&y, memo, p);
		}
	}
	kinds_assign(out, memo, m, n);
}
