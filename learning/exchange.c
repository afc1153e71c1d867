#include "learning/exchange.h"

#include "learning/kind.h"
#include "learning/opening.h"
#include "models/lines.h"

enum {
	MAX_TOKENS_COMPARED = 4096,
	LOOSE_BYTES = 32,	/* at the end of a binary client message, looked at one by one */
	NONCE_COLUMNS = 96,
	NONCE_VALUES = 24,	/* different bytes in a column that looks random */
	NONCE_BYTES = 4,
	MAX_PARTS = 8,		/* datagrams of one reply */
};

struct maker {
	struct exchanges *x;
	struct pool *pool;
	const struct corpus *corpus;
	struct answers answers;		/* of datagrams */
	struct intern shapes;
	uint32_t unit_room, exchange_room;
	uint32_t ending;		/* rule for the client's next message */
	size_t lacks;			/* TCP: bytes of the client's last message that did not come, */
	uint32_t lacking;		/* and its unit */
	struct text_eom reply_end;	/* TCP: where a reply ends, of those said to one message */
	size_t most_said;		/* bytes of a reply that a model can say */
};

static void
add_unit(struct maker *k, const struct message *m, struct span bytes)
{
	struct exchanges *x = k->x;

	if (x->nunit == k->unit_room) {
		k->unit_room = MAX(1024u, k->unit_room * 2);
		x->unit = pool_grow(k->pool, x->unit, x->nunit, k->unit_room, sizeof *x->unit);
	}
	x->unit[x->nunit++] = (struct unit){ .bytes = bytes, .exchange = x->n,
		.time_ms = m->last_ns / 1000000 };
}

static struct exchange *
add_exchange(struct maker *k, uint32_t conversation, uint32_t client)
{
	struct exchanges *x = k->x;
	uint32_t previous = x->n > x->first[conversation] ? x->n - 1 : NO_UNIT;

	if (x->n == k->exchange_room) {
		k->exchange_room = MAX(1024u, k->exchange_room * 2);
		x->exchange =
		    pool_grow(k->pool, x->exchange, x->n, k->exchange_room, sizeof *x->exchange);
	}
	x->exchange[x->n] = (struct exchange){ .conversation = conversation, .client = client,
		.server = NO_UNIT, .known = true, .previous = previous };
	return &x->exchange[x->n++];
}

/* The first message of a run, which loses it; all of it where it does not end. */
static struct span
take_first(const struct text_eom *rule, struct span *left)
{
	size_t n = ending_first(rule, *left);
	struct span one = span_sub(*left, 0, n == 0 ? left->n : n);

	*left = span_sub(*left, one.n, left->n);
	return one;
}

/* TCP: the first message of what is left is a unit. */
static void
add_asked(struct maker *k, const struct message *m, struct span *left)
{
	const struct text_eom *rule = &k->x->prompts.rule[k->ending];
	struct span one = take_first(rule, left);

	k->lacks = ending_lacks(rule, one);
	k->lacking = k->x->nunit;
	add_unit(k, m, one);
}

/*
 * TCP: what a client said, without the rest of a message that was answered early, which gets it. Alone, and
 * answered, that is a message.
 */
static struct message
behind_rest(struct maker *k, const struct message *m, bool answered)
{
	struct span rest = span_sub(m->bytes, 0, k->lacks);
	struct message out = *m;
	struct unit *u;
	uint8_t *all;

	if (k->lacks == 0 || rest.n < k->lacks || (rest.n == m->bytes.n && answered))
		return out;
	u = &k->x->unit[k->lacking];
	all = pool_alloc(k->pool, u->bytes.n + rest.n);
	memcpy(all, u->bytes.p, u->bytes.n);
	memcpy(all + u->bytes.n, rest.p, rest.n);
	u->bytes = span_of(all, u->bytes.n + rest.n);
	out.bytes = span_sub(m->bytes, rest.n, m->bytes.n - rest.n);
	k->lacks = 0;
	return out;
}

/* TCP: one run of client bytes, cut into messages whose replies are not told apart. Returns how many. */
static uint32_t
add_run(struct maker *k, uint32_t conv, const struct message *m)
{
	struct span left = m->bytes;
	uint32_t n = 0;

	for (; left.n > 0; n++) {
		add_asked(k, m, &left);
		add_exchange(k, conv, k->x->nunit - 1);
		k->ending = 0;
	}
	k->x->pipelined += n > 1 ? n : 0;
	return n;
}

/* What the server said after several messages belongs to them in order when it is as many. */
static void
answer(struct maker *k, uint32_t index, const struct message *m, uint32_t n, uint32_t asked,
    int64_t since_ns)
{
	struct exchanges *x = k->x;
	uint32_t first = x->n - asked;

	if (k->corpus->proto == PROTO_TCP)
		k->ending = prompts_after(&x->prompts, m[n - 1].bytes);
	if (x->n > x->first[index])
		x->exchange[x->n - 1].ending = k->ending;
	for (uint32_t i = 0; i < n; i++) {
		if (i >= asked) {
			x->extra++;
			continue;
		}
		if (m[i].bytes.n == 0)
			continue;
		add_unit(k, &m[i], span_sub(m[i].bytes, 0, k->most_said));
		x->unit[x->nunit - 1].exchange = first + i;
		x->exchange[first + i].server = x->nunit - 1;
	}
	if (asked > 1 && n != asked)
		for (uint32_t i = 0; i < asked; i++)
			x->exchange[first + i].known = false;
	if (asked == 1) {
		int64_t wait = MAX(m[0].first_ns - since_ns, 0) / 1000000;

		x->exchange[first].timed = true;
		x->exchange[first].wait_ms = (uint32_t)MIN(wait, (int64_t)UINT32_MAX);
	}
}

static uint32_t
run_end(const struct corpus *c, const struct conversation *conv, uint32_t i)
{
	uint32_t j = i + 1;

	while (j < conv->n &&
	    c->messages[conv->first + j].side == c->messages[conv->first + i].side)
		j++;
	return j;
}

/* A further datagram of a reply: not one that only repeats the one before. */
static void
add_part(struct maker *k, struct unit *u, struct span bytes)
{
	struct span *part;
	uint8_t *all;

	bytes = span_sub(bytes, 0, k->most_said);
	if (u->nparts == MAX_PARTS || span_eq(bytes, u->part[u->nparts - 1]))
		return;
	part = pool_array(k->pool, u->nparts + 1, sizeof *part);
	all = pool_alloc(k->pool, u->bytes.n + bytes.n + 1);
	memcpy(all, u->bytes.p, u->bytes.n);
	memcpy(all + u->bytes.n, bytes.p, bytes.n);
	for (uint32_t i = 0, from = 0; i < u->nparts; from += u->part[i++].n)
		part[i] = span_of(all + from, u->part[i].n);
	part[u->nparts++] = span_of(all + u->bytes.n, bytes.n);
	u->part = part;
	u->bytes = span_of(all, u->bytes.n + bytes.n);
}

static void
add_reply(struct maker *k, const struct message *m, uint32_t exchange)
{
	struct exchanges *x = k->x;
	struct unit *u;

	if (x->exchange[exchange].server != NO_UNIT) {
		add_part(k, &x->unit[x->exchange[exchange].server], m->bytes);
		return;
	}
	add_unit(k, m, span_sub(m->bytes, 0, k->most_said));
	u = &x->unit[x->nunit - 1];
	u->exchange = exchange;
	u->part = pool_copy(k->pool, &u->bytes, sizeof u->bytes);
	u->nparts = 1;
	x->exchange[exchange].server = x->nunit - 1;
}

/* UDP. Where a guess says which question was answered, those before it in a row teach nothing. */
static void
add_datagrams(struct maker *k, uint32_t index)
{
	const struct conversation *conv = &k->corpus->conversations[index];
	const struct message *m = k->corpus->messages + conv->first;
	const uint32_t *of = k->answers.of + conv->first;
	uint32_t *exchange = pool_array(k->pool, conv->n, sizeof *exchange), run = 0;
	struct exchanges *x = k->x;

	for (uint32_t i = 0; i < conv->n; i++) {
		if (m[i].side == SIDE_CLIENT) {
			run = i == 0 || m[i - 1].side == SIDE_SERVER ? x->n : run;
			exchange[i] = x->n;
			if (m[i].bytes.n == 0)
				continue;	/* an empty one is no question */
			add_unit(k, &m[i], m[i].bytes);
			add_exchange(k, index, x->nunit - 1);
			continue;
		}
		for (uint32_t e = run; k->answers.guess[conv->first + i] && e < x->n; e++)
			x->exchange[e].known = false;
		if (of[i] == NO_QUESTION || m[of[i] - conv->first].bytes.n == 0 || m[i].bytes.n == 0)
			x->extra++;
		else
			add_reply(k, &m[i], exchange[of[i] - conv->first]);
	}
}

/*
 * TCP: several messages in one go, and as many replies behind them: each gets its own, and says
 * how the next message ends. False, and nothing is added, unless both run out together.
 */
static bool
add_in_step(struct maker *k, uint32_t conv, const struct message *ask, const struct message *say)
{
	const struct prompts *p = &k->x->prompts;
	uint32_t ending = k->ending, n = 0;
	struct span a = ask->bytes, s = say->bytes;

	for (; a.n > 0 && s.n > 0; n++) {
		take_first(&p->rule[ending], &a);
		ending = prompts_after(p, take_first(&k->reply_end, &s));
	}
	if (n < 2 || a.n > 0 || s.n > 0)
		return false;
	for (a = ask->bytes, s = say->bytes; a.n > 0;) {
		struct span reply = take_first(&k->reply_end, &s);
		struct exchange *e;

		add_asked(k, ask, &a);
		e = add_exchange(k, conv, k->x->nunit - 1);
		add_unit(k, say, span_sub(reply, 0, k->most_said));
		k->x->unit[k->x->nunit - 1].exchange = k->x->n - 1;
		e->server = k->x->nunit - 1;
		e->ending = k->ending = prompts_after(p, reply);
	}
	return true;
}

static void
add_conversation(struct maker *k, uint32_t index)
{
	const struct corpus *c = k->corpus;
	const struct conversation *conv = &c->conversations[index];
	const struct message *m = c->messages + conv->first;
	struct exchanges *x = k->x;
	struct message said;
	uint32_t asked = 0;

	if (conv->proto == PROTO_UDP) {
		add_datagrams(k, index);
		return;
	}
	k->ending = 0;
	k->lacks = 0;
	if (conv->whole) {	/* the connection itself is asked first */
		add_exchange(k, index, NO_UNIT);
		asked = 1;
	}
	for (uint32_t i = 0, j; i < conv->n; i = j) {
		j = run_end(c, conv, i);
		if (m[i].side == SIDE_SERVER) {
			answer(k, index, &m[i], j - i, asked,
			    i > 0 ? m[i - 1].last_ns : conv->start_ns);
			asked = 0;
			continue;
		}
		said = behind_rest(k, &m[i], j < conv->n);
		if (j < conv->n && add_in_step(k, index, &said, &m[j])) {
			j++;
			continue;
		}
		asked = add_run(k, index, &said);
	}
	if (conv->end == END_FIN_SERVER && x->n > x->first[index])
		x->exchange[x->n - 1].closes = true;
	if (conv->end == END_RST_CLIENT && x->n > x->first[index] &&
	    x->exchange[x->n - 1].server == NO_UNIT)
		x->exchange[x->n - 1].known = false;	/* he did not wait for the answer */
}

/* The longest run of byte tokens whose columns take many values over the units of a shape. */
static struct span
nonce_of(const struct unit *u, const uint16_t *distinct)
{
	struct span best = { 0 };
	uint32_t run = 0;

	for (uint32_t j = 0; j < MIN(u->ntoken, (uint32_t)NONCE_COLUMNS); j++) {
		bool random = u->token[j].kind == TOKEN_BYTE && distinct[j] >= NONCE_VALUES;

		run = random ? run + 1 : 0;
		if (run >= NONCE_BYTES && run > best.n)
			best = span_of(u->token[j].bytes.p + 1 - run, run);
	}
	return best;
}

/* Client bytes that look random, by shape: a server that repeats them is heard. */
static void
find_nonces(struct maker *k)
{
	struct exchanges *x = k->x;
	uint16_t (*distinct)[NONCE_COLUMNS];
	uint8_t (*seen)[NONCE_COLUMNS][32];

	distinct = pool_array(k->pool, k->shapes.n + 1, sizeof *distinct);
	seen = pool_array(k->pool, k->shapes.n + 1, sizeof *seen);
	for (uint32_t i = 0; i < x->n; i++) {
		const struct unit *u;

		if (x->exchange[i].client == NO_UNIT)
			continue;
		u = &x->unit[x->exchange[i].client];
		for (uint32_t j = 0; j < MIN(u->ntoken, (uint32_t)NONCE_COLUMNS); j++) {
			uint8_t b = u->token[j].bytes.n > 0 ? u->token[j].bytes.p[0] : 0;
			uint8_t *bits = &seen[u->shape][j][b / 8];

			distinct[u->shape][j] += !(*bits >> b % 8 & 1);
			*bits |= (uint8_t)(1u << b % 8);
		}
	}
	for (uint32_t i = 0; i < x->n; i++)
		if (x->exchange[i].client != NO_UNIT) {
			struct unit *u = &x->unit[x->exchange[i].client];

			u->nonce = nonce_of(u, distinct[u->shape]);
		}
}

static void
append_tokens(struct maker *k, struct token **all, uint32_t *n, const struct token *more, uint32_t nmore)
{
	*all = pool_grow(k->pool, *all, *n, (size_t)*n + nmore, sizeof **all);
	if (nmore > 0)
		memcpy(*all + *n, more, nmore * sizeof *more);
	*n += nmore;
}

/* Tokens of what a server said at once: lines of the question are one token, whatever they say. */
static uint32_t
lex_said(struct maker *k, struct span said, struct span asked, const struct lexer_context *ctx,
    struct token **all)
{
	const struct exchanges *x = k->x;
	struct span rest = said;
	struct line line;
	struct token *more;
	size_t from = 0;
	uint32_t n = 0, nmore, name;

	*all = NULL;
	while (x->repeats.n > 0 && lines_next(&rest, span_str(""), &line)) {
		size_t at = (size_t)(rest.p - said.p), bytes;

		bytes = at < from ? 0 : repeats_at(&x->repeats, &x->server_lexer, asked, rest, &name);
		if (bytes == 0)
			continue;
		nmore = lexer_split(&x->server_lexer, k->pool, span_sub(said, from, at - from), ctx, &more);
		append_tokens(k, all, &n, more, nmore);
		append_tokens(k, all, &n, &(struct token){ .kind = TOKEN_LINES, .format = (uint8_t)name,
			.bytes = span_sub(said, at, bytes) }, 1);
		from = at + bytes;
	}
	if (from == 0)
		return lexer_split(&x->server_lexer, k->pool, said, ctx, all);
	nmore = lexer_split(&x->server_lexer, k->pool, span_sub(said, from, said.n), ctx, &more);
	append_tokens(k, all, &n, more, nmore);
	return n;
}

/* A further datagram of a reply, behind a token that says so. It is left out when it has too many. */
static void
lex_part(struct maker *k, struct unit *u, uint32_t part, struct span asked, const struct lexer_context *ctx)
{
	struct token *more, *all;
	uint32_t n = lex_said(k, u->part[part], asked, ctx, &more);

	if (u->ntoken + 1 + n > MAX_TOKENS_COMPARED)
		return;
	all = pool_grow(k->pool, u->token, u->ntoken, u->ntoken + 1 + n, sizeof *all);
	all[u->ntoken] = (struct token){ .kind = TOKEN_BREAK, .bytes = span_sub(u->part[part], 0, 0) };
	memcpy(all + u->ntoken + 1, more, n * sizeof *more);
	u->token = all;
	u->ntoken += 1 + n;
}

static void
lex(struct maker *k, struct unit *u, bool from_server)
{
	struct exchanges *x = k->x;
	const struct conversation *c =
	    &k->corpus->conversations[x->exchange[u->exchange].conversation];
	const struct exchange *e = &x->exchange[u->exchange];
	struct lexer_context ctx = { c->server, c->client, u->time_ms, from_server,
		from_server && e->client != NO_UNIT ? x->unit[e->client].nonce : (struct span){ 0 } };
	struct span asked = from_server && e->client != NO_UNIT ? x->unit[e->client].bytes : span_str("");
	uint8_t *kinds;
	size_t n;

	u->ntoken = from_server
	    ? lex_said(k, u->nparts > 0 ? u->part[0] : u->bytes, asked, &ctx, &u->token)
	    : lexer_split(&x->client_lexer, k->pool, u->bytes, &ctx, &u->token);
	for (uint32_t i = 1; i < u->nparts; i++)
		lex_part(k, u, i, asked, &ctx);
	if (u->ntoken > MAX_TOKENS_COMPARED) {	/* the rest is one */
		struct token *last = &u->token[MAX_TOKENS_COMPARED - 1], *end = &u->token[u->ntoken - 1];

		last->kind = TOKEN_REST;
		last->bytes.n = (size_t)(end->bytes.p + end->bytes.n - last->bytes.p);
		u->ntoken = MAX_TOKENS_COMPARED;
	}
	u->value = pool_array(k->pool, u->ntoken + 1, sizeof *u->value);
	kinds = pool_alloc(k->pool, 2 * u->ntoken + 1);
	n = 0;
	for (uint32_t j = 0; j < u->ntoken; j++) {
		const struct token *t = &u->token[j];
		static const char special[][2] = { "T0", "T1", "T2", "T3", "T4", "T5", "T6", "T7",
			"A0", "A1", "A2", "A3", "A4", "A5", "A6", "A7",
			"L0", "L1", "L2", "L3", "L4", "L5", "L6", "L7" };
		unsigned group = t->kind == TOKEN_ADDR ? 8 : t->kind == TOKEN_LEN ? 16 : 0;
		bool is_special = t->kind == TOKEN_TIME || t->kind == TOKEN_ADDR || t->kind == TOKEN_LEN;
		struct span said = t->kind == TOKEN_LINES ? x->repeats.name[t->format] : t->bytes;

		kinds[n++] = t->kind;
		kinds[n++] = t->kind == TOKEN_TYPE ? t->bytes.p[0] : (uint8_t)(t->format << 1 | t->peer);
		u->value[j] = intern_add(&x->values, !is_special ? said
		    : span_of(special[group + (t->format & 3u) * 2 + t->peer], 2));
	}
	u->shape = intern_add(&k->shapes, span_of(kinds, n));
}

static void
learn_repeats(struct maker *k)
{
	struct exchanges *x = k->x;
	struct separators_pair *pair = pool_array(k->pool, x->n + 1, sizeof *pair);
	uint32_t n = 0;

	for (uint32_t i = 0; i < x->n; i++) {
		const struct exchange *e = &x->exchange[i];

		if (e->known && e->client != NO_UNIT && e->server != NO_UNIT)
			pair[n++] = (struct separators_pair){ x->unit[e->client].bytes,
				x->unit[e->server].bytes };
	}
	separators_learn(&x->client_lexer, k->pool, pair, n);
	repeats_learn(&x->repeats, k->pool, &x->client_lexer, pair, n);
}

/* Both sides talk in them, or neither does. */
static void
learn_parts(struct maker *k)
{
	struct exchanges *x = k->x;
	struct span *m = pool_array(k->pool, x->nunit + 1, sizeof *m);

	for (uint32_t i = 0; i < x->nunit; i++)
		m[i] = x->unit[i].nparts > 0 ? x->unit[i].part[0] : x->unit[i].bytes;
	parts_learn(&x->client_lexer.parts, m, x->nunit);
}

static uint32_t
client_runs(struct maker *k, const bool *use, struct heard **out)
{
	const struct corpus *c = k->corpus;
	struct heard *h = pool_array(k->pool, c->nmessages + 1, sizeof *h);
	const struct span none = { 0 };
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->nconversations; i++) {
		const struct conversation *conv = &c->conversations[i];

		for (uint32_t j = 0; j < conv->n && (use == NULL || use[i]); j++) {
			const struct message *msg = &c->messages[conv->first + j];

			if (msg->side == SIDE_CLIENT && !msg->cut)
				h[n++] = (struct heard){ j > 0 ? msg[-1].bytes : none, msg->bytes,
					j == 0 || (j == 1 && msg[-1].side == SIDE_SERVER) };
		}
	}
	*out = h;
	return n;
}

/* Where replies end, learned from those to a single message; and the banner is one. */
static void
learn_replies(struct maker *k, const bool *use)
{
	const struct corpus *c = k->corpus;
	struct span *m = pool_array(k->pool, c->nmessages + 1, sizeof *m);
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->nconversations; i++) {
		const struct conversation *conv = &c->conversations[i];
		const struct message *msg = c->messages + conv->first;
		uint32_t ending = 0;

		for (uint32_t j = 0; j < conv->n && (use == NULL || use[i]); j++) {
			const struct text_eom *rule = &k->x->prompts.rule[ending];

			if (msg[j].side != SIDE_SERVER)
				continue;
			if (!msg[j].cut && (j == 0 || ending_first(rule, msg[j - 1].bytes) == msg[j - 1].bytes.n))
				m[n++] = msg[j].bytes;
			ending = prompts_after(&k->x->prompts, msg[j].bytes);
		}
	}
	ending_learn(&k->reply_end, k->pool, m, n);
}

void
exchanges_make(struct exchanges *x, struct pool *pool, const struct corpus *corpus,
    const bool *use, bool binary)
{
	struct maker k = { .x = x, .pool = pool, .corpus = corpus,
		.most_said = corpus->proto == PROTO_UDP ? MODEL_DATAGRAM_BYTES : MODEL_REPLY_BYTES };
	struct heard *heard;
	struct span *said;
	uint32_t nsaid, lines;

	*x = (struct exchanges){ .pool = pool, .conversation = corpus->conversations,
		.conversations = corpus->nconversations };
	intern_init(&x->values, pool);
	intern_init(&k.shapes, pool);
	nsaid = client_runs(&k, use, &heard);
	said = pool_array(pool, nsaid + 1, sizeof *said);
	for (uint32_t i = 0; i < nsaid; i++)
		said[i] = heard[i].message;
	if (corpus->proto == PROTO_TCP) {
		prompts_learn(&x->prompts, pool, heard, nsaid);
		learn_replies(&k, use);
	} else {
		prompts_none(&x->prompts, pool, EOM_DATAGRAM);
		answers_find(&k.answers, pool, corpus);
	}
	x->first = pool_array(pool, corpus->nconversations + 1, sizeof *x->first);
	for (uint32_t i = 0; i < corpus->nconversations; i++) {
		x->first[i] = x->n;
		if (use == NULL || use[i])
			add_conversation(&k, i);
	}
	x->first[corpus->nconversations] = x->n;
	lexer_learn(&x->client_lexer, binary, said, nsaid);
	if (binary)
		learn_parts(&k);
	if (!binary)
		learn_repeats(&k);
	x->server_lexer = x->client_lexer;
	x->client_lexer.loose = LOOSE_BYTES;
	for (uint32_t i = 0; i < x->n; i++)
		if (x->exchange[i].client != NO_UNIT)
			lex(&k, &x->unit[x->exchange[i].client], false);
	if (binary)
		find_nonces(&k);
	for (uint32_t i = 0; i < x->n; i++) {
		if (x->exchange[i].server != NO_UNIT)
			lex(&k, &x->unit[x->exchange[i].server], true);
		x->silent += x->exchange[i].server == NO_UNIT;
	}
	kind_find(x, pool, binary);
	lines = binary ? 0 : opening_learn(pool, x);
	for (uint32_t i = 0; i < x->n; i++)
		if (x->exchange[i].client != NO_UNIT) {
			struct unit *u = &x->unit[x->exchange[i].client];

			u->opening = opening_bytes(u->bytes, lines);
		}
}
