#include "learning/mining/canonical.h"

#include <ctype.h>
#include <stdio.h>

enum { RELATED_S = 60 };

struct reader_of_talk {
	struct canonical *out;
	struct pool *pool;
	uint32_t room;
	uint32_t open, end;	/* interactions of this conversation that wait for replies */
};

static struct inter *
add(struct reader_of_talk *r, uint32_t conversation)
{
	struct canonical *c = r->out;
	struct inter *i;

	if (c->n == r->room) {
		r->room = MAX(2 * r->room, 256u);
		c->inter = pool_grow(r->pool, c->inter, c->n, r->room, sizeof *c->inter);
	}
	i = &c->inter[c->n++];
	*i = (struct inter){ .conversation = conversation, .command = CANONICAL_OTHER, .class = -1 };
	memset(i->code, '0', sizeof i->code);
	memset(i->constant, -1, sizeof i->constant);
	return i;
}

static struct span
trim(struct span s)
{
	while (s.n > 0 && isspace(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* The next line without its end; moves s behind it. */
static struct span
take_line(struct span *s, struct span end)
{
	const uint8_t *hit = s->n == 0 ? NULL : memmem(s->p, s->n, end.p, end.n);
	struct span line = span_sub(*s, 0, hit == NULL ? s->n : (size_t)(hit - s->p));

	*s = span_sub(*s, hit == NULL ? s->n : line.n + end.n, s->n);
	return line;
}

static struct span
take_word(struct span *s)
{
	struct span w = { s->p, 0 };

	while (w.n < s->n && s->p[w.n] != ' ')
		w.n++;
	*s = span_sub(*s, MIN(w.n + 1, s->n), s->n);
	return w;
}

static void
set_constants(const struct definition *d, struct inter *i)
{
	for (unsigned k = 0; k < i->narg; k++)
		i->constant[k] = (int8_t)definition_constant_of(d, i->arg[k]);
}

/* What the request asks: command and arguments, an alias as what it stands for. */
static void
understand(const struct definition *d, struct inter *i, struct span words)
{
	int32_t found = definition_find(d, i->verb);
	const struct definition_command *c;

	if (found < 0)
		return;
	c = &d->command[found];
	while (words.n > 0 && i->narg < c->most) {
		i->arg[i->narg] = c->rest && i->narg + 1u == c->most ? words : take_word(&words);
		if (c->rest && i->narg + 1u == c->most)
			words.n = 0;
		i->narg++;
	}
	if (i->narg < c->least)
		return;		/* a request that lacks arguments is none of the command */
	if (c->alias >= 0) {
		for (i->narg = 0; i->narg < c->nalias; i->narg++) {
			const struct definition_const *k = &d->constant[c->alias_arg[i->narg]];

			i->arg[i->narg] = k->nspelling > 0 ? k->spelling[0] : k->name;
		}
		found = c->alias;
	}
	i->command = (uint8_t)found;
	set_constants(d, i);
}

static void
take_request(struct reader_of_talk *r, uint32_t conversation, struct span line, int64_t at_ns)
{
	const struct definition *d = r->out->d;
	struct inter *i = add(r, conversation);

	i->asked = true;
	i->asked_ns = at_ns;
	i->verb = take_word(&line);
	i->rest = d->framing == FRAMING_HTTP1 ? take_word(&line) : trim(line);
	understand(d, i, i->rest);
	r->end = r->out->n;
}

static bool
is_code(struct span s)
{
	return s.n >= 3 && isdigit(s.p[0]) && isdigit(s.p[1]) && isdigit(s.p[2]);
}

static bool
goes_on(const struct definition *d, const struct inter *i)
{
	if (i->command == CANONICAL_OTHER)
		return i->code[0] == '1';
	for (uint32_t k = 0; k < d->command[i->command].nmore; k++)
		if (code_fits(&d->command[i->command].more[k], i->code))
			return true;
	return i->code[0] == '1';
}

static struct span
between(struct span s, struct span before, struct span after)
{
	const uint8_t *from = memmem(s.p, s.n, before.p, before.n), *to;

	if (from == NULL)
		return (struct span){ 0 };
	from += before.n;
	to = memmem(from, (size_t)(s.p + s.n - from), after.p, after.n);
	return span_of(from, to == NULL ? 0 : (size_t)(to - from));
}

/* The answer, now that all replies are there. */
static void
set_answer(const struct definition *d, struct inter *i)
{
	const struct definition_command *c = i->command == CANONICAL_OTHER ? NULL : &d->command[i->command];
	const uint8_t *body;

	i->class = (int8_t)definition_class_of(d, i->code);
	if (c == NULL)
		return;
	if (c->answer == ANSWER_CAPTURE && code_fits(&c->code, i->code))
		i->answer = between(i->reply, c->before, c->after);
	if (c->answer == ANSWER_DATA && d->framing == FRAMING_HTTP1 && i->reply.n > 0) {
		body = memmem(i->reply.p, i->reply.n, "\r\n\r\n", 4);
		if (body != NULL)
			i->answer = span_of(body + 4, (size_t)(i->reply.p + i->reply.n - body) - 4);
	}
}

/* Bytes of the reply that s begins with; its code goes into the interaction. */
static size_t
reply_bytes(const struct definition *d, struct inter *i, struct span s)
{
	struct span left = s, line;

	if (d->framing == FRAMING_HTTP1) {
		const uint8_t *blank = memchr(s.p, ' ', MIN(s.n, 16u));

		if (blank != NULL && is_code(span_sub(s, (size_t)(blank + 1 - s.p), 3)))
			memcpy(i->code, blank + 1, sizeof i->code);
		return s.n;
	}
	if (d->framing == FRAMING_DATAGRAM)
		return s.n;
	line = take_line(&left, d->end);
	if (!is_code(line))
		return s.n - left.n;
	memcpy(i->code, line.p, sizeof i->code);
	while (d->multiline && line.n > 3 && line.p[3] == '-' && left.n > 0) {
		do
			line = take_line(&left, d->end);
		while (left.n > 0 && (!is_code(line) || memcmp(line.p, i->code, 3) != 0));
	}
	return s.n - left.n;
}

static void
take_replies(struct reader_of_talk *r, uint32_t conversation, struct span s, int64_t at_ns)
{
	const struct definition *d = r->out->d;

	while (s.n > 0) {
		struct inter *i;
		size_t n;

		if (r->open == r->end && r->out->n == r->out->first[conversation]) {
			add(r, conversation);	/* the server speaks first */
			r->end = r->out->n;
		}
		if (r->open == r->end) {	/* a further line of the last one, or of nothing */
			i = &r->out->inter[r->end - 1];
			r->out->unpaired++;
			if (i->reply.n == 0 || i->reply.p + i->reply.n != s.p)
				return;
			i->reply.n += s.n;
			return;
		}
		i = &r->out->inter[r->open];
		n = reply_bytes(d, i, s);
		if (i->reply.n == 0) {
			i->said_ns = at_ns;
			i->reply = span_sub(s, 0, n);
		} else if (i->reply.p + i->reply.n == s.p) {
			i->reply.n += n;
		} else {	/* it came in two messages: a request stood between them */
			uint8_t *both = pool_alloc(r->pool, i->reply.n + n);

			memcpy(both, i->reply.p, i->reply.n);
			memcpy(both + i->reply.n, s.p, n);
			i->reply = span_of(both, i->reply.n + n);
		}
		if (!goes_on(d, i)) {
			set_answer(d, i);
			r->open++;
		} else {
			i->early = (uint32_t)i->reply.n;
		}
		s = span_sub(s, n, s.n);
	}
}

static void
take_requests(struct reader_of_talk *r, uint32_t conversation, struct span s, int64_t at_ns)
{
	const struct definition *d = r->out->d;
	bool lines = d->framing == FRAMING_LINE;

	if (r->open < r->end && r->out->n == r->out->first[conversation] + 1 &&
	    !r->out->inter[r->open].asked)
		r->open = r->end;	/* nobody waits for more of the greeting */
	while (s.n > 0) {
		struct span line = lines ? take_line(&s, d->end) : s;

		if (!lines)
			s.n = 0;
		if (line.n > 0)
			take_request(r, conversation, line, at_ns);
	}
}

static void
take_conversation(struct reader_of_talk *r, const struct corpus *c, uint32_t k)
{
	const struct conversation *v = &c->conversations[k];

	r->open = r->end = r->out->n;
	for (uint32_t m = v->first; m < v->first + v->n; m++) {
		if (c->messages[m].side == SIDE_CLIENT)
			take_requests(r, k, c->messages[m].bytes, c->messages[m].last_ns);
		else
			take_replies(r, k, c->messages[m].bytes, c->messages[m].first_ns);
	}
	for (; r->open < r->end; r->open++)
		set_answer(r->out->d, &r->out->inter[r->open]);
	if (v->end == END_FIN_SERVER && r->out->n > r->out->first[k])
		r->out->inter[r->out->n - 1].closes = true;
}

/* The connection to an announced port, once. */
static uint32_t
find_related(const struct corpus *c, const struct conversation *v, const struct inter *i, uint16_t port, const bool *taken)
{
	for (uint32_t k = 0; k < c->nrelated; k++) {
		const struct related_talk *t = &c->related[k];

		if (!taken[k] && t->server_port == port && addr_eq(&t->server, &v->server) &&
		    addr_eq(&t->client, &v->client) && t->start_ns >= i->said_ns &&
		    t->start_ns - i->said_ns < RELATED_S * INT64_C(1000000000))
			return k;
	}
	return c->nrelated;
}

/* The interaction behind i that was under way when the talk began to speak. */
static void
set_related(struct canonical *out, uint32_t i, uint32_t talk)
{
	const struct related_talk *t = &out->corpus->related[talk];
	uint32_t end = out->first[out->inter[i].conversation + 1], j = i;

	while (j + 1 < end && out->inter[j + 1].asked_ns <= t->data_ns)
		j++;
	if (j > i)
		out->inter[j].related = talk + 1;
}

/* Of the interactions of one verb, those that were not followed by a connection announce as well. */
static void
announce_alike(struct canonical *out, const struct inter *like)
{
	for (uint32_t k = 0; k < out->n; k++) {
		struct inter *i = &out->inter[k];
		struct span left = i->reply;

		if (i->announced.port == 0 && i->asked && span_eq(i->verb, like->verb) && memcmp(i->code, like->code, 3) == 0)
			announce_next(&i->announced, &left, &out->corpus->conversations[i->conversation].server);
	}
}

/* "f1,f2,d1": the last words of what a connection carried, for SM05's strings. */
static void
set_names(struct canonical *out, struct pool *pool, struct inter *i)
{
	struct span left = out->corpus->related[i->related - 1].said[SIDE_SERVER], line;
	uint8_t *to = pool_alloc(pool, left.n + 1);
	size_t n = 0;

	if (i->command == CANONICAL_OTHER || out->d->command[i->command].answer != ANSWER_LINES || i->code[0] > '3')
		return;
	while (left.n > 0) {
		line = trim(take_line(&left, span_str("\n")));
		while (line.n > 0 && memchr(line.p, ' ', line.n) != NULL)
			take_word(&line);
		if (n > 0)
			to[n++] = ',';
		memcpy(to + n, line.p, line.n);
		n += line.n;
	}
	i->answer = span_of(to, n);
}

static void
link_related(struct canonical *out, struct pool *pool)
{
	const struct corpus *c = out->corpus;
	bool *taken = pool_array(pool, c->nrelated + 1u, sizeof *taken);

	for (uint32_t i = 0; c->nrelated > 0 && i < out->n; i++) {
		const struct conversation *v = &c->conversations[out->inter[i].conversation];
		struct span left = out->inter[i].reply;
		struct announced a;
		uint32_t talk;

		while (announce_next(&a, &left, &v->server)) {
			talk = find_related(c, v, &out->inter[i], a.port, taken);
			if (talk == c->nrelated)
				continue;
			taken[talk] = true;
			out->inter[i].announced = a;
			set_related(out, i, talk);
			break;
		}
	}
	for (uint32_t i = 0; i < out->n; i++) {
		struct inter *it = &out->inter[i];
		uint32_t k = 0;

		while (it->announced.port != 0 && k < i && !(span_eq(out->inter[k].verb, it->verb) &&
		    memcmp(out->inter[k].code, it->code, 3) == 0 && out->inter[k].announced.port != 0))
			k++;
		if (it->announced.port != 0 && k == i)
			announce_alike(out, it);
		if (it->related != 0)
			set_names(out, pool, it);
	}
}

void
canonical_make(struct canonical *out, struct pool *pool, const struct definition *d,
    const struct corpus *c, const bool *use)
{
	struct reader_of_talk r = { .out = out, .pool = pool };

	*out = (struct canonical){ .d = d, .corpus = c, .nconversations = c->nconversations };
	out->first = pool_array(pool, c->nconversations + 1u, sizeof *out->first);
	for (uint32_t k = 0; k < c->nconversations; k++) {
		out->first[k] = out->n;
		if (use == NULL || use[k])
			take_conversation(&r, c, k);
	}
	out->first[c->nconversations] = out->n;
	link_related(out, pool);
}

struct span
canonical_arg(const struct canonical *c, const struct inter *i, unsigned k)
{
	return i->constant[k] >= 0 ? c->d->constant[i->constant[k]].name : i->arg[k];
}

struct span
canonical_answer(const struct canonical *c, const struct inter *i)
{
	const struct definition *d = c->d;
	bool code = i->class < 0 || (i->command != CANONICAL_OTHER &&
	    d->command[i->command].answer == ANSWER_CODE);

	if (memcmp(i->code, "000", sizeof i->code) == 0)
		return span_str("TIMEOUT");
	if (i->answer.p != NULL)
		return i->answer;
	return code ? span_of(i->code, sizeof i->code) : d->class[i->class].name;
}

struct printer {
	struct pool *pool;
	uint8_t *p;
	size_t n, room;
};

static void
put(struct printer *o, struct span s, bool escape)
{
	for (size_t k = 0; k < s.n; k++) {
		bool odd = escape && (s.p[k] < 0x20 || s.p[k] == 0x7f || s.p[k] == '%');

		if (o->n + 4 > o->room) {
			o->room = MAX(2 * o->room, (size_t)256);
			o->p = pool_grow(o->pool, o->p, o->n, o->room, 1);
		}
		if (odd)
			o->n += (size_t)snprintf((char *)o->p + o->n, 4, "%%%02X", s.p[k]);
		else
			o->p[o->n++] = s.p[k];
	}
}

struct span
canonical_print(const struct canonical *c, struct pool *pool, uint32_t conversation)
{
	struct printer o = { .pool = pool };
	uint32_t seq = 0;

	for (uint32_t k = c->first[conversation]; k < c->first[conversation + 1]; k++) {
		const struct inter *i = &c->inter[k];
		char number[16];

		if (!i->asked)
			continue;
		snprintf(number, sizeof number, "%u\t", ++seq);
		put(&o, span_str(number), false);
		if (i->command == CANONICAL_OTHER) {
			put(&o, span_str("OTHER("), false);
			put(&o, i->verb, true);
			put(&o, span_str(")"), false);
		} else {
			put(&o, c->d->command[i->command].name, true);
			for (unsigned a = 0; a < i->narg; a++) {
				put(&o, span_str("\t"), false);
				put(&o, canonical_arg(c, i, a), true);
			}
		}
		put(&o, span_str("\t"), false);
		put(&o, canonical_answer(c, i), true);
		put(&o, span_str("\n"), false);
	}
	return span_of(o.p, o.n);
}
