/* What is said: replies of the model from answers and their rules. */
#include "learning/emitter.h"

#include <stdio.h>
#include <stdlib.h>

void *
emitter_push(struct emitter *e, struct list *l, size_t size)
{
	if (l->n == l->room) {
		l->room = MAX(64u, l->room * 2);
		l->at = pool_grow(e->pool, l->at, l->n, l->room, size);
	}
	return (uint8_t *)l->at + size * l->n++;
}

static bool
source_eq(const struct source *a, const struct source *b)
{
	return a->template == b->template && a->first == b->first && a->last == b->last &&
	    a->earlier == b->earlier;
}

/* The slot that holds a source, MODEL_SLOTS when there is none left. */
uint32_t
emitter_slot(struct emitter *e, const struct source *s)
{
	struct slot_use *use = e->slots.at;
	uint32_t slot;

	for (uint32_t i = 0; i < e->slots.n; i++)
		if (source_eq(&use[i].from, s))
			return use[i].slot;
	if (s->earlier) {
		if (e->nearlier == MODEL_SLOTS - LOCAL_SLOTS)
			return MODEL_SLOTS;
		slot = MODEL_SLOTS - ++e->nearlier;
	} else {
		if (e->nlocal[s->template] == MESSAGE_SLOT)
			return MODEL_SLOTS;
		slot = e->nlocal[s->template]++;
	}
	use = emitter_push(e, &e->slots, sizeof *use);
	*use = (struct slot_use){ *s, slot };
	return slot;
}

static bool
same_choices(const struct text_choice *a, const struct text_choice *b, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (a[i].weight != b[i].weight || !span_eq(a[i].value, b[i].value))
			return false;
	return true;
}

static int32_t
add_data(struct emitter *e, const struct rule *rule)
{
	struct text_data *d = e->datas.at;

	for (uint32_t i = 0; i < e->datas.n; i++)	/* what has the same values for the same people is the same */
		if (d[i].n == rule->n && d[i].scope == rule->scope && same_choices(d[i].choice, rule->choice, rule->n))
			return (int32_t)i;
	d = emitter_push(e, &e->datas, sizeof *d);
	*d = (struct text_data){ rule->scope, rule->choice, rule->n };
	return (int32_t)e->datas.n - 1;
}

int32_t
emitter_map(struct emitter *e, struct text_pair *pair, uint32_t n)
{
	struct text_map *m = emitter_push(e, &e->maps, sizeof *m);

	*m = (struct text_map){ pair, n };
	return (int32_t)e->maps.n - 1;
}

/* What a rule about bits says for each of all bytes; one map, however many replies have it. */
static int32_t
bits_map(struct emitter *e, const struct rule *rule)
{
	int32_t *map = &e->bits_of[rule->mask << 8 | rule->rest_bits];
	struct text_pair *pair;
	uint8_t *byte;

	if (*map != NOT_EMITTED)
		return *map;
	pair = pool_array(e->pool, 256, sizeof *pair);
	byte = pool_array(e->pool, 256, 2);
	for (unsigned b = 0; b < 256; b++) {
		byte[2 * b] = (uint8_t)b;
		byte[2 * b + 1] = (uint8_t)((b & rule->mask) | rule->rest_bits);
		pair[b] = (struct text_pair){ span_of(byte + 2 * b, 1), span_of(byte + 2 * b + 1, 1) };
	}
	return *map = emitter_map(e, pair, 256);
}

/* Ops of one reply while they are collected; neighbouring literals become one. */
struct ops {
	struct emitter *e;
	struct text_op *op;
	uint32_t n;
	uint8_t *lit;		/* bytes of the last literal, in a buffer as long as the message */
	size_t nlit;
};

static void
flush_literal(struct ops *o)
{
	if (o->nlit > 0)
		o->op[o->n++] = (struct text_op){ .kind = OP_LIT,
			.lit = span_of(pool_copy(o->e->pool, o->lit, o->nlit), o->nlit) };
	o->nlit = 0;
}

static void
say_literal(struct ops *o, struct span s)
{
	memcpy(o->lit + o->nlit, s.p, s.n);
	o->nlit += s.n;
}

static void
say_op(struct ops *o, struct text_op op)
{
	flush_literal(o);
	o->op[o->n++] = op;
}

/* A source without a slot: what the first sample had is said (most_literal() leaves room). */
static void
say_source(struct ops *o, const struct rule *rule, struct text_op op, struct span sample)
{
	uint32_t slot = emitter_slot(o->e, &rule->from);

	if (slot == MODEL_SLOTS) {
		o->e->report->no_slot++;
		say_literal(o, sample);
		return;
	}
	op.slot = slot;
	say_op(o, op);
}

static void
say_rule(struct ops *o, const struct answer *a, const struct rule *rule, struct span sample)
{
	struct emitter *e = o->e;
	size_t before;
	int32_t map;

	e->report->rule[rule->kind]++;
	switch (rule->kind) {
	case RULE_COPY:
		say_source(o, rule, (struct text_op){ .kind = OP_FIELD }, sample);
		break;
	case RULE_SEQ:
		say_source(o, rule, (struct text_op){ .kind = OP_SEQ, .format = FMT_TEXT,
			.delta = rule->delta }, sample);
		break;
	case RULE_ADD:
		before = rule->before.n;
		if (rule->rest != NULL) {
			before = sample.n - MIN(sample.n, rule->after.n +
				source_bytes(e->in->rules, &rule->from, a->exchange[0]).n);
			say_rule(o, a, rule->rest, span_sub(sample, 0, before));
		} else {
			say_literal(o, rule->before);
		}
		say_source(o, rule, (struct text_op){ .kind = OP_FIELD }, span_sub(sample,
			before, sample.n - before - MIN(sample.n - before, rule->after.n)));
		say_literal(o, rule->after);
		break;
	case RULE_PART:
		say_source(o, rule, (struct text_op){ .kind = OP_PART, .after = rule->second,
			.lit = rule->before }, sample);
		break;
	case RULE_MAP:
		map = emitter_map(e, rule->pair, rule->n);
		if (e->map_of[a - e->in->rules->answer] == NOT_EMITTED)
			e->map_of[a - e->in->rules->answer] = map;
		say_source(o, rule, (struct text_op){ .kind = OP_MAP, .index = (uint32_t)map }, sample);
		break;
	case RULE_BITS:
		say_source(o, rule, (struct text_op){ .kind = OP_MAP,
			.index = (uint32_t)bits_map(e, rule) }, sample);
		break;
	default:
		if (rule->n == 1)
			say_literal(o, rule->choice[0].value);
		else
			say_op(o, (struct text_op){ .kind = OP_DATA,
				.index = (uint32_t)add_data(e, rule) });
	}
}

/*
 * Length of the run of tokens from j on that copy neighbouring client tokens in order, with what is
 * the same on both sides between them; how many fields it has in *fields.
 */
static uint32_t
copied_run(const struct emitter *e, const struct template *t, const struct answer *a,
    const struct rule *rule, uint32_t j, uint32_t *fields)
{
	const struct template *client = &e->in->client->t[rule->from.template];
	uint32_t n = 1, from = rule->from.last + 1;

	*fields = 1;
	if (rule->kind != RULE_COPY || rule->from.earlier)
		return n;
	for (uint32_t i = j + 1; i < t->ntoken && from < client->ntoken; i++, from++) {
		const struct rule *next = &rule[*fields];

		if (!a->is_field[i]) {
			if (t->token[i].kind == TOKEN_LEN || t->token[i].kind == TOKEN_END || client->is_field[from] || t->token[i].kind != client->token[from].kind ||
			    !span_eq(t->token[i].bytes, client->token[from].bytes))
				break;
			continue;
		}
		if (next->kind != RULE_COPY || next->from.earlier ||
		    next->from.template != rule->from.template || next->from.first != from)
			break;
		from = next->from.last;
		n = i + 1 - j;
		++*fields;
	}
	return n;
}

static void
say_template(struct ops *o, const struct template *t, const struct answer *a,
    const struct token *sample)
{
	uint32_t k = 0;

	for (uint32_t j = 0; j < t->ntoken; j++) {
		const struct token *tok = &t->token[j];

		if (a->is_joined && j == a->join_first) {
			say_rule(o, a, &a->joined, (struct span){ 0 });
			for (; j < a->join_last; j++)
				k += a->is_field[j];
			k += a->is_field[j];
		} else if (a->is_field[j]) {
			uint32_t fields, run = copied_run(o->e, t, a, &a->rule[k], j, &fields);
			struct rule whole = a->rule[k];
			struct span s = sample[j].bytes;

			if (run > 1) {
				whole.from.last = a->rule[k + fields - 1].from.last;
				s = span_of(s.p, (size_t)(sample[j + run - 1].bytes.p +
					sample[j + run - 1].bytes.n - s.p));
				say_rule(o, a, &whole, s);
			} else {
				say_rule(o, a, &a->rule[k], s);
			}
			k += fields;
			j += run - 1;
		} else if (tok->kind == TOKEN_TIME) {
			say_op(o, (struct text_op){ .kind = OP_TIME, .format = FMT_TEXT,
				.lit = lexer_time_format(tok->format) });
		} else if (tok->kind == TOKEN_ADDR) {
			say_op(o, (struct text_op){ .kind = OP_ADDR, .format = tok->format,
				.peer = tok->peer });
		} else if (tok->kind == TOKEN_LINES) {
			o->e->asks_lines = true;
			say_op(o, (struct text_op){ .kind = OP_LINES, .slot = MESSAGE_SLOT,
				.lit = o->e->in->x->repeats.name[tok->format] });
		} else if (tok->kind == TOKEN_BREAK) {
			say_op(o, (struct text_op){ .kind = OP_BREAK });
		} else if (tok->kind == TOKEN_END) {
			say_op(o, (struct text_op){ .kind = OP_END });
		} else if (tok->kind == TOKEN_LEN) {
			say_op(o, (struct text_op){ .kind = OP_LEN, .format = FMT_BE, .len = tok->format });
		} else {
			say_literal(o, tok->bytes);
		}
	}
	flush_literal(o);
}

/* Literal bytes that a reply has at most: fixed tokens, what rules add, and the first sample's fields. */
static size_t
most_literal(const struct template *t, const struct answer *a, const struct token *sample)
{
	size_t n = 1;

	for (uint32_t j = 0; j < t->ntoken; j++)
		n += a->is_field[j] ? sample[j].bytes.n : t->token[j].bytes.n;
	for (uint32_t i = 0; i < a->joined.n; i++)
		n += a->joined.choice[i].value.n;
	for (uint32_t k = 0; k < a->nfields; k++) {
		for (const struct rule *r = &a->rule[k]; r != NULL; r = r->rest) {
			n += r->before.n + r->after.n;
			for (uint32_t i = 0; r->kind == RULE_DATA && i < r->n; i++)
				n += r->choice[i].value.n;
		}
	}
	return n;
}

static int32_t
add_reply(struct emitter *e, const struct answer *a)
{
	const struct exchanges *x = e->in->x;
	uint32_t server = a->server;
	const struct template *t = &e->in->server->t[server];
	const struct token *sample;
	struct ops o = { .e = e };
	struct text_reply *reply;

	if (a->nfields == 0 && e->bare_of[server] != NOT_EMITTED)
		return e->bare_of[server];
	o.op = pool_array(e->pool, 6 * (size_t)t->ntoken + 1, sizeof *o.op);
	sample = x->unit[x->exchange[a->exchange[0]].server].token;
	o.lit = pool_alloc(e->pool, most_literal(t, a, sample));
	say_template(&o, t, a, sample);
	reply = emitter_push(e, &e->replies, sizeof *reply);
	*reply = (struct text_reply){ .op = o.op, .nop = o.n, .support = a->n,
		.cluster = (int32_t)(e->in->memory->symbols.server[server] / 2), .origin = ORIGIN_PRISMA };
	if (a->nfields == 0)
		e->bare_of[server] = (int32_t)e->replies.n - 1;
	return (int32_t)e->replies.n - 1;
}

int32_t
emitter_reply(struct emitter *e, const struct answer *a)
{
	size_t i;

	if (a == NULL)
		return -1;
	i = (size_t)(a - e->in->rules->answer);
	if (e->reply_of[i] == NOT_EMITTED)
		e->reply_of[i] = add_reply(e, a);
	return e->reply_of[i];
}
