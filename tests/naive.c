#include "tests/naive.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "models/hostvar.h"
#include "models/prf.h"

enum { KEEP_VALUE = 48, KEEP_ALL = 127, KEEP_EXTRA = 2, DATAGRAM = 1472 };

static uint8_t
lower(uint8_t b)
{
	return b >= 'A' && b <= 'Z' ? (uint8_t)(b + 32) : b;
}

/* May byte b stand at offset k of the element? */
static bool
takes(const struct text *t, const struct text_elem *e, size_t k, uint8_t b)
{
	switch (e->kind) {
	case ELEM_LIT:
		return k < e->lit.n && e->lit.p[k] == b;
	case ELEM_LIT_CASE:
		return k < e->lit.n && lower(e->lit.p[k]) == lower(b);
	case ELEM_TOK:
		for (size_t i = 0; i < t->separators.n; i++)
			if (t->separators.p[i] == b)
				return false;
		return true;
	case ELEM_LINE:
		return b != '\r' && b != '\n';
	case ELEM_SPAN:
		return (e->max == 0 || k < e->max) &&
		    (t->class[e->class].has[b / 8] & 1 << b % 8) != 0;
	case ELEM_ANY:
		return k < e->min;
	case ELEM_LEN:
		if (e->format == FMT_TEXT)
			return b >= '0' && b <= '9' && (e->min == 0 || k < e->min);
		return k < e->min;
	default:
		return true;
	}
}

static bool
enough(const struct text_elem *e, size_t n)
{
	switch (e->kind) {
	case ELEM_LIT:
	case ELEM_LIT_CASE:
		return n == e->lit.n;
	case ELEM_TOK:
		return n >= 1;
	case ELEM_SPAN:
		return n >= e->min;
	case ELEM_ANY:
		return n == e->min;
	case ELEM_LEN:
		return e->min == 0 ? n >= 1 : n == e->min;
	default:
		return true;
	}
}

/* Longest first, then shorter ones: end[i] is where element i ends. */
static bool
match_from(const struct text *t, const struct text_template *tp, uint32_t i, struct span m,
    size_t at, size_t *end)
{
	size_t most = 0;

	if (i == tp->nelem)
		return at == m.n;
	while (at + most < m.n && takes(t, &tp->elem[i], most, m.p[at + most]))
		most++;
	for (size_t n = most + 1; n-- > 0;) {
		if (!enough(&tp->elem[i], n))
			continue;
		end[i] = at + n;
		if (match_from(t, tp, i + 1, m, at + n, end))
			return true;
	}
	return false;
}

/* The greatest number of leading bytes after which the template is still alive. */
static size_t
alive_from(const struct text *t, const struct text_template *tp, uint32_t i, struct span m,
    size_t at)
{
	size_t most = 0, best;

	if (i == tp->nelem)
		return at;
	while (at + most < m.n && takes(t, &tp->elem[i], most, m.p[at + most]))
		most++;
	best = at + most;
	for (size_t n = most + 1; n-- > 0;)
		if (enough(&tp->elem[i], n))
			best = MAX(best, alive_from(t, tp, i + 1, m, at + n));
	return best;
}

static bool
matches(const struct text *t, uint32_t i, struct span m, size_t **end)
{
	*end = calloc(t->template[i].nelem + 1, sizeof **end);
	if (match_from(t, &t->template[i], 0, m, 0, *end))
		return true;
	free(*end);
	*end = NULL;
	return false;
}

bool
naive_matches(const struct text *t, uint32_t i, struct span message)
{
	size_t *end;
	bool yes = matches(t, i, message, &end);

	free(end);
	return yes;
}

static struct span
value_of(const struct naive *c, uint32_t slot)
{
	return span_of(c->slot[slot].p, c->slot[slot].n);
}

static void
fill(struct naive *c, uint32_t slot, struct span s, bool filled)
{
	struct naive_value *v = &c->slot[slot];

	free(v->p);
	v->p = malloc(s.n + 1);
	v->n = s.n;
	if (s.n > 0)
		memcpy(v->p, s.p, s.n);
	v->filled = filled;
	v->when = ++c->clock;
}

static void
fill_fields(struct naive *c, const struct text_template *tp, struct span m, const size_t *end,
    uint32_t complete)
{
	for (uint32_t i = 0; i < tp->nfield; i++) {
		const struct text_field *f = &tp->field[i];
		size_t from = f->first > 0 ? end[f->first - 1] : 0;
		if (f->last < complete)
			fill(c, f->slot, span_of(m.p + from, end[f->last] - from), true);
		else
			fill(c, f->slot, span_of(NULL, 0), false);
	}
}

/* What later turns may still know. */
static void
forget(struct naive *c)
{
	for (;;) {
		size_t all = 0;
		struct naive_value *oldest = NULL;
		for (uint32_t i = 0; i < MODEL_SLOTS; i++) {
			struct naive_value *v = &c->slot[i];
			if (v->n == 0)
				continue;
			if (v->n > KEEP_VALUE || !(c->read_slots & 1u << i)) {
				v->n = 0;
				continue;
			}
			all += v->n + KEEP_EXTRA;
			if (oldest == NULL || v->when < oldest->when)
				oldest = v;
		}
		if (all <= KEEP_ALL)
			return;
		oldest->n = 0;
	}
}

static const struct text_pair *
map_find(const struct text_map *m, struct span key)
{
	for (uint32_t i = 0; i < m->n; i++)
		if (span_eq(m->pair[i].key, key))
			return &m->pair[i];
	return NULL;
}

static bool
is_member(const struct text_hostset *h, struct span s)
{
	for (uint32_t i = 0; i < h->n; i++)
		if (span_eq(h->base[i], s))
			return true;
	return false;
}

static bool
guard_holds(const struct naive *c, const struct text_guard *g)
{
	const struct text *t = c->t;
	struct span v = value_of(c, g->slot);

	switch (g->kind) {
	case GUARD_KNOWN:
		return map_find(&t->map[g->index], v) != NULL;
	case GUARD_UNKNOWN:
		return map_find(&t->map[g->index], v) == NULL;
	case GUARD_EQ:
		return span_eq(v, g->lit);
	case GUARD_NE:
		return !span_eq(v, g->lit);
	case GUARD_IN:
		return is_member(&t->hostset[g->index], v);
	case GUARD_NOTIN:
		return !is_member(&t->hostset[g->index], v);
	case GUARD_EMPTY:
		return t->hostset[g->index].n == 0 || t->hostset[g->index].base[0].n == 0;
	case GUARD_NONEMPTY:
		return t->hostset[g->index].n > 0 && t->hostset[g->index].base[0].n > 0;
	default:
		return c->history[g->back - 1] == (int32_t)g->index;
	}
}

static bool
same_guards(const struct text_alt *a, const struct text_alt *b)
{
	if (a->nguard != b->nguard)
		return false;
	for (uint32_t i = 0; i < a->nguard; i++) {
		const struct text_guard *g = &a->guard[i], *h = &b->guard[i];
		if (g->kind != h->kind || g->slot != h->slot || g->index != h->index ||
		    g->back != h->back || !span_eq(g->lit, h->lit))
			return false;
	}
	return true;
}

static uint64_t
draw(const struct naive *c, uint8_t scope, uint64_t point, uint32_t block)
{
	struct prf_env env = { c->env.key, &c->env.own, &c->env.peer, c->env.connection, c->turn };

	return prf(&env, scope, point, block);
}

static bool
guards_hold(const struct naive *c, const struct text_alt *a)
{
	for (uint32_t i = 0; i < a->nguard; i++)
		if (!guard_holds(c, &a->guard[i]))
			return false;
	return true;
}

/* The first alternative whose guards hold, or nalt. */
static uint32_t
first_open(const struct naive *c, const struct text_turn *turn)
{
	uint32_t i = 0;

	while (i < turn->nalt && !guards_hold(c, &turn->alt[i]))
		i++;
	return i;
}

static uint32_t
choose(const struct naive *c, const struct text_turn *turn, uint32_t number)
{
	uint32_t first = first_open(c, turn), n = 0;
	uint64_t sum = 0, r;

	while (first + n < turn->nalt && same_guards(&turn->alt[first], &turn->alt[first + n]))
		sum += turn->alt[first + n++].weight;
	r = draw(c, turn->alt[first].scope, 4ull * number + 2, 0) % sum;
	for (uint32_t i = first;; i++) {
		if (r < turn->alt[i].weight)
			return i;
		r -= turn->alt[i].weight;
	}
}

/* Where a turn for the event stands: in the state itself only, or along its chain. */
static bool
turn_in(const struct naive *c, uint32_t state, enum event_kind event, uint32_t arg, uint32_t *at)
{
	const struct text_state *s = &c->t->state[state];

	for (*at = 0; *at < s->nturn; ++*at) {
		const struct text_turn *turn = &s->turn[*at];
		if (turn->event == event && (event == EVENT_SILENCE || turn->arg == arg) &&
		    first_open(c, turn) < turn->nalt)
			return true;
	}
	return false;
}

static bool
turn_along(const struct naive *c, enum event_kind event, uint32_t arg, uint32_t *state,
    uint32_t *at)
{
	for (int32_t s = (int32_t)c->state; s >= 0; s = c->t->state[s].backoff) {
		*state = (uint32_t)s;
		if (turn_in(c, *state, event, arg, at))
			return true;
	}
	return false;
}

struct buffer {
	uint8_t *p;
	size_t n;
};

static void
append(struct buffer *b, const void *p, size_t n)
{
	b->p = realloc(b->p, b->n + n + 1);
	if (n > 0)
		memcpy(b->p + b->n, p, n);
	b->n += n;
}

static void
append_text(struct buffer *b, uint64_t v, unsigned base, size_t width)
{
	char digits[32];
	int n = snprintf(digits, sizeof digits, base == 10 ? "%llu" : "%llx",
	    (unsigned long long)v);

	for (size_t i = (size_t)n; i < width; i++)
		append(b, "0", 1);
	append(b, digits, (size_t)n);
}

static void
append_binary(struct buffer *b, uint64_t v, size_t width, bool big)
{
	for (size_t i = 0; i < width; i++) {
		size_t shift = 8 * (big ? width - 1 - i : i);
		uint8_t byte = (uint8_t)(v >> shift);
		append(b, &byte, 1);
	}
}

static unsigned
digit_of(uint8_t b, unsigned base)
{
	if (b >= '0' && b <= '9')
		return b - '0' + 0u;
	b = lower(b);
	return base == 16 && b >= 'a' && b <= 'f' ? b - 'a' + 10u : 99;
}

static void
seq(struct buffer *b, const struct text_op *o, struct span v)
{
	unsigned base = o->format == FMT_HEX ? 16 : 10;
	bool number = true;
	uint64_t n = 0;

	if (o->format == FMT_BE || o->format == FMT_LE) {
		bool good = v.n >= 1 && v.n <= 8;
		for (size_t i = 0; good && i < v.n; i++)
			n |= (uint64_t)v.p[i] << 8 * (o->format == FMT_BE ? v.n - 1 - i : i);
		append_binary(b, n + (uint64_t)o->delta, o->len > 0 ? o->len : good ? v.n : 4,
		    o->format == FMT_BE);
		return;
	}
	number = v.n >= 1 && v.n <= (base == 16 ? 15 : 18);
	for (size_t i = 0; i < v.n && number; i++) {
		number = digit_of(v.p[i], base) < base;
		n = n * base + digit_of(v.p[i], base);
	}
	if (!number)
		n = 0;
	__int128 sum = (__int128)n + o->delta;
	sum = sum < 0 ? 0 : sum > INT64_MAX ? INT64_MAX : sum;
	append_text(b, (uint64_t)sum, base,
	    o->len > 0 ? o->len : number && v.p[0] == '0' ? v.n : 0);
}

static void
part(struct buffer *b, const struct text_op *o, struct span v)
{
	for (size_t i = 0; i + o->lit.n <= v.n; i++) {
		if (memcmp(v.p + i, o->lit.p, o->lit.n) != 0)
			continue;
		if (o->after)
			append(b, v.p + i + o->lit.n, v.n - i - o->lit.n);
		else
			append(b, v.p, i);
		return;
	}
}

static void
data(const struct naive *c, struct buffer *b, uint32_t table)
{
	const struct text_data *d = &c->t->data[table];
	uint64_t sum = 0, r;

	for (uint32_t i = 0; i < d->n; i++)
		sum += d->choice[i].weight;
	r = draw(c, d->scope, 4ull * table, 0) % sum;
	for (uint32_t i = 0;; i++) {
		if (r < d->choice[i].weight) {
			append(b, d->choice[i].value.p, d->choice[i].value.n);
			return;
		}
		r -= d->choice[i].weight;
	}
}

static void
rand_bytes(const struct naive *c, struct buffer *b, const struct text_op *o, uint64_t number)
{
	uint8_t member[256];
	unsigned n = 0;

	for (unsigned v = 0; v < 256; v++)
		if (c->t->class[o->index].has[v / 8] & 1 << v % 8)
			member[n++] = (uint8_t)v;
	for (uint32_t i = 0; i < o->len; i++) {
		uint64_t r = draw(c, o->scope, 4 * number + 1, i / 4);
		append(b, &member[(r >> 16 * (i % 4) & 0xffff) % n], 1);
	}
}

static void
address(struct buffer *b, const struct addr *a, uint8_t format)
{
	bool v4 = addr_is_v4(a);
	const uint8_t *p = v4 ? a->b + 12 : a->b;
	size_t n = v4 ? 4 : 16;
	char text[ADDR_TEXT];

	if (format == FMT_TEXT) {
		append(b, text, (size_t)addr_print(text, a));
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (format == FMT_HEX) {
			append_text(b, p[i], 16, 2);
		} else if (format == FMT_COMMA) {
			append(b, ",", i > 0);
			append_text(b, p[i], 10, 0);
		} else {
			append(b, format == FMT_BE ? p + i : p + n - 1 - i, 1);
		}
	}
}

static void
port(struct buffer *b, uint16_t v, uint8_t format)
{
	switch (format) {
	case FMT_TEXT:
		append_text(b, v, 10, 0);
		break;
	case FMT_HEX:
		append_text(b, v, 16, 4);
		break;
	case FMT_COMMA:
		append_text(b, v >> 8, 10, 0);
		append(b, ",", 1);
		append_text(b, v & 0xff, 10, 0);
		break;
	default:
		append_binary(b, v, 2, format == FMT_BE);
	}
}

static void
time_text(struct buffer *b, struct span form, int64_t s)
{
	static const char days[] = "SunMonTueWedThuFriSat",
	    months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm;
	time_t when;

	s = s < 0 ? 0 : s > 253402300799 ? 253402300799 : s;
	when = s;
	gmtime_r(&when, &tm);
	for (size_t i = 0; i < form.n; i++) {
		if (form.p[i] != '%') {
			append(b, form.p + i, 1);
			continue;
		}
		switch (form.p[++i]) {
		case 'a':
			append(b, days + 3 * tm.tm_wday, 3);
			break;
		case 'b':
			append(b, months + 3 * tm.tm_mon, 3);
			break;
		case 'd':
			append_text(b, (uint64_t)tm.tm_mday, 10, 2);
			break;
		case 'e':
			append(b, " ", tm.tm_mday < 10);
			append_text(b, (uint64_t)tm.tm_mday, 10, 0);
			break;
		case 'H':
			append_text(b, (uint64_t)tm.tm_hour, 10, 2);
			break;
		case 'M':
			append_text(b, (uint64_t)tm.tm_min, 10, 2);
			break;
		case 'S':
			append_text(b, (uint64_t)tm.tm_sec, 10, 2);
			break;
		case 'Y':
			append_text(b, (uint64_t)tm.tm_year + 1900, 10, 4);
			break;
		case 'y':
			append_text(b, (uint64_t)tm.tm_year % 100, 10, 2);
			break;
		case 'm':
			append_text(b, (uint64_t)tm.tm_mon + 1, 10, 2);
			break;
		case 'j':
			append_text(b, (uint64_t)tm.tm_yday + 1, 10, 3);
			break;
		case 's':
			append_text(b, (uint64_t)s, 10, 0);
			break;
		case 'T':
			time_text(b, span_str("%H:%M:%S"), s);
			break;
		case 'Z':
			append(b, "GMT", 3);
			break;
		default:
			append(b, "%", 1);
		}
	}
}

static void
time_op(const struct naive *c, struct buffer *b, const struct text_op *o)
{
	int64_t ms = c->env.now_ms, s = ms / 1000 - (ms % 1000 < 0);

	if (o->format == FMT_TEXT) {
		__int128 sum = (__int128)s + o->delta;
		time_text(b, o->lit, sum < 0 ? 0 : sum > INT64_MAX ? INT64_MAX : (int64_t)sum);
	} else if (o->format == FMT_HEX) {
		append_text(b, (uint64_t)s + (uint64_t)o->delta, 16, o->len);
	} else {
		append_binary(b, (uint64_t)s + (uint64_t)o->delta, o->len, o->format == FMT_BE);
	}
}

/* All ops but LEN. */
static void
render_op(const struct naive *c, const struct text_op *o, uint64_t number, struct buffer *b)
{
	const struct text *t = c->t;
	struct span v = value_of(c, o->slot);
	const struct text_pair *pair;
	uint8_t var[HOSTVAR_MAX];

	switch (o->kind) {
	case OP_LIT:
		append(b, o->lit.p, o->lit.n);
		break;
	case OP_FIELD:
		v = span_sub(v, o->from, o->len > 0 ? o->len : SIZE_MAX);
		append(b, v.p, v.n);
		break;
	case OP_SEQ:
		seq(b, o, v);
		break;
	case OP_PART:
		part(b, o, v);
		break;
	case OP_DATA:
		data(c, b, o->index);
		break;
	case OP_MAP:
		if ((pair = map_find(&t->map[o->index], v)) != NULL)
			append(b, pair->value.p, pair->value.n);
		break;
	case OP_RAND:
		rand_bytes(c, b, o, number);
		break;
	case OP_VAR:
		append(b, var, hostvar_value(var, t->var[o->index].type, t->var[o->index].preset,
		    c->env.key, &c->env.own));
		break;
	case OP_ADDR:
		address(b, o->peer ? &c->env.peer : &c->env.own, o->format);
		break;
	case OP_PORT:
		port(b, o->peer ? c->env.peer_port : c->env.own_port, o->format);
		break;
	case OP_TIME:
		time_op(c, b, o);
		break;
	case OP_REG:
		if (t->hostset[o->index].n > 0)
			append(b, t->hostset[o->index].base[0].p, t->hostset[o->index].base[0].n);
		break;
	case OP_SET:
		for (uint32_t i = 0; i < t->hostset[o->index].n; i++) {
			append(b, o->lit.p, i > 0 ? o->lit.n : 0);
			append(b, t->hostset[o->index].base[i].p, t->hostset[o->index].base[i].n);
		}
		break;
	}
}

/* Where a length at op i of ops [from, to) starts to count: the number of the op. */
static uint32_t
counts_from(const struct text_op *op, uint32_t from, uint32_t to, uint32_t i)
{
	for (uint32_t k = i + 1; k < to; k++)
		if (op[k].kind == OP_MARK)
			return k;
	for (uint32_t k = from; k < i; k++)
		if (op[k].kind == OP_MARK)
			return k;
	return i + 1;
}

static void
length_op(struct buffer *b, const struct text_op *o, uint64_t count)
{
	__int128 sum = (__int128)count + o->delta;
	uint64_t v = sum < 0 ? 0 : (uint64_t)sum;
	struct buffer digits = { NULL, 0 };

	if (o->format == FMT_BE || o->format == FMT_LE) {
		append_binary(b, v, o->len, o->format == FMT_BE);
		return;
	}
	append_text(&digits, v, o->format == FMT_HEX ? 16 : 10, o->len);
	if (o->len > 0)
		append(b, digits.p + digits.n - o->len, o->len);
	else
		append(b, digits.p, digits.n);
	free(digits.p);
}

/* Ops [from, to) are one message. From its end, so that what a length counts is there. */
static void
render_message(const struct naive *c, const struct text_reply *r, uint32_t from, uint32_t to,
    uint64_t number, struct buffer *piece)
{
	for (uint32_t i = to; i-- > from;) {
		const struct text_op *o = &r->op[i];
		if (o->kind != OP_LEN) {
			render_op(c, o, number + i, &piece[i]);
			continue;
		}
		uint32_t start = counts_from(r->op, from, to, i);
		uint64_t count = start < i ? o->len : 0;
		for (uint32_t k = start; k < to; k++)
			count += k == i ? 0 : piece[k].n;
		if (start < i)		/* those before it are not rendered yet */
			for (uint32_t k = start; k < i; k++) {
				struct buffer b = { NULL, 0 };
				if (r->op[k].kind == OP_LEN)
					append_text(&b, 0, 10, r->op[k].len);
				else
					render_op(c, &r->op[k], number + k, &b);
				count += b.n;
				free(b.p);
			}
		length_op(&piece[i], o, count);
	}
}

static void
render(const struct naive *c, uint32_t reply, struct naive_turn *out)
{
	const struct text_reply *r = &c->t->reply[reply];
	struct buffer *piece = calloc(r->nop + 1, sizeof *piece), all = { NULL, 0 };
	uint64_t number = 0;
	uint32_t from = 0;

	for (uint32_t i = 0; i < reply; i++)
		number += c->t->reply[i].nop;
	for (uint32_t i = 0; i <= r->nop; i++) {
		if (i < r->nop && r->op[i].kind != OP_BREAK)
			continue;
		size_t begin = all.n;
		render_message(c, r, from, i, number, piece);
		for (uint32_t k = from; k < i; k++)
			append(&all, piece[k].p, piece[k].n);
		if (c->t->proto == MODEL_UDP)
			all.n = MIN(all.n, begin + DATAGRAM);
		if (out->datagrams < ARRAY_LEN(out->datagram))
			out->datagram[out->datagrams++] = all.n;
		from = i + 1;
	}
	for (uint32_t i = 0; i < r->nop; i++)
		free(piece[i].p);
	free(piece);
	out->out = all.p;
	out->n = MIN(all.n, (size_t)MODEL_REPLY_BYTES);
}

static void
take(struct naive *c, uint32_t state, uint32_t at, struct naive_turn *out)
{
	const struct text *t = c->t;
	uint32_t number = at;

	for (uint32_t i = 0; i < state; i++)
		number += t->state[i].nturn;
	out->taken = true;
	out->where = state;
	out->turn = at;
	out->alt = choose(c, &t->state[state].turn[at], number);

	const struct text_alt *a = &t->state[state].turn[at].alt[out->alt];
	out->close = a->close;
	out->reset = a->reset;
	out->pending = a->pending;
	out->delay_ms = a->delay_ms;
	if (a->reply >= 0)
		render(c, (uint32_t)a->reply, out);
	c->state = a->next;
}

static bool
exact(struct naive *c, struct span m, uint32_t i, uint32_t *state, uint32_t *at)
{
	struct naive_value before[MODEL_SLOTS];
	size_t *end;
	bool found;

	if (!matches(c->t, i, m, &end))
		return false;
	for (uint32_t s = 0; s < MODEL_SLOTS; s++) {	/* the guards must see its fields */
		before[s] = c->slot[s];
		c->slot[s].p = memcpy(malloc(before[s].n + 1), before[s].n > 0 ? before[s].p :
		    (uint8_t *)"", before[s].n);
	}
	fill_fields(c, &c->t->template[i], m, end, c->t->template[i].nelem);
	found = turn_along(c, EVENT_MESSAGE, i, state, at);
	for (uint32_t s = 0; s < MODEL_SLOTS; s++) {
		free(found ? before[s].p : c->slot[s].p);
		if (!found)
			c->slot[s] = before[s];
	}
	free(end);
	return found;
}

/* The most probable state that expects template i; its slots are filled where it is taken. */
static bool
resync(struct naive *c, struct span m, uint32_t i, uint32_t *state, uint32_t *at)
{
	const struct text *t = c->t;
	uint64_t sum = 0;
	int64_t best = -1;
	size_t *end;
	struct naive trial = *c;

	for (uint32_t s = 0; s < t->nstate; s++)
		for (uint32_t k = 0; k < t->state[s].nturn; k++) {
			const struct text_turn *turn = &t->state[s].turn[k];
			if (turn->event != EVENT_MESSAGE || turn->arg != i)
				continue;
			sum += t->state[s].support;
			if (best < 0 || t->state[s].support > t->state[best].support)
				best = s;
		}
	if (sum == 0 || 2ull * t->state[best].support < sum)
		return false;
	for (uint32_t s = 0; s < MODEL_SLOTS; s++)
		trial.slot[s].p = memcpy(malloc(c->slot[s].n + 1), c->slot[s].n > 0 ?
		    c->slot[s].p : (uint8_t *)"", c->slot[s].n);
	matches(t, i, m, &end);
	fill_fields(&trial, &t->template[i], m, end, t->template[i].nelem);
	free(end);
	*state = (uint32_t)best;
	if (turn_in(&trial, *state, EVENT_MESSAGE, i, at)) {
		naive_fini(c);
		*c = trial;
		return true;
	}
	naive_fini(&trial);
	return false;
}

/* Where each element of the template ends in m, as far as it goes; returns how many are complete. */
static uint32_t
go_along(const struct text *t, const struct text_template *tp, struct span m, size_t *end,
    size_t *fixed, size_t *fixed_all)
{
	size_t at = 0;
	uint32_t complete = 0;
	bool stopped = false;

	*fixed = *fixed_all = 0;
	for (uint32_t i = 0; i < tp->nelem; i++) {
		const struct text_elem *e = &tp->elem[i];
		bool lit = e->kind == ELEM_LIT || e->kind == ELEM_LIT_CASE;
		size_t n = 0;
		while (!stopped && at + n < m.n && takes(t, e, n, m.p[at + n]))
			n++;
		if (lit) {
			*fixed += n;
			*fixed_all += e->lit.n;
		}
		stopped = stopped || !enough(e, n);
		at += n;
		end[i] = at;
		complete += !stopped;
	}
	return complete;
}

static bool
near(struct naive *c, struct span m, int32_t *template, uint32_t *state, uint32_t *at)
{
	const struct text *t = c->t;
	size_t most = 0, fixed, fixed_all;
	int64_t best = -1;

	for (uint32_t i = 0; i < t->ntemplate; i++)
		most = MAX(most, alive_from(t, &t->template[i], 0, m, 0));
	for (uint32_t i = 0; i < t->ntemplate; i++)
		if (alive_from(t, &t->template[i], 0, m, 0) == most &&
		    (best < 0 || t->template[i].support > t->template[best].support))
			best = i;
	if (best < 0)
		return false;

	const struct text_template *tp = &t->template[best];
	size_t *end = calloc(tp->nelem + 1, sizeof *end);
	struct naive trial = *c;
	bool found = false;
	uint32_t complete = go_along(t, tp, span_sub(m, 0, most), end, &fixed, &fixed_all);

	if (fixed >= 1 && 10 * fixed >= 6 * fixed_all) {
		for (uint32_t s = 0; s < MODEL_SLOTS; s++)
			trial.slot[s].p = memcpy(malloc(c->slot[s].n + 1), c->slot[s].n > 0 ?
			    c->slot[s].p : (uint8_t *)"", c->slot[s].n);
		fill_fields(&trial, tp, m, end, complete);
		found = turn_along(&trial, EVENT_MESSAGE, (uint32_t)best, state, at);
		if (found) {
			naive_fini(c);
			*c = trial;
			*template = (int32_t)best;
		} else {
			naive_fini(&trial);
		}
	}
	free(end);
	return found;
}

/* How the message is understood, and which turn answers it. */
static uint8_t
understand(struct naive *c, struct span m, int32_t *template, uint32_t *state, uint32_t *at)
{
	const struct text *t = c->t;

	for (uint32_t i = 0; i < t->ntemplate; i++)
		if (exact(c, m, i, state, at)) {
			*template = (int32_t)i;
			return MATCH_EXACT;
		}
	for (uint32_t i = 0; i < t->ntemplate; i++) {
		bool expected = false;
		for (uint32_t s = 0; s < t->nstate && !expected; s++)
			for (uint32_t k = 0; k < t->state[s].nturn; k++)
				expected = expected ||
				    (t->state[s].turn[k].event == EVENT_MESSAGE &&
				    t->state[s].turn[k].arg == i);
		if (!expected || !naive_matches(t, i, m))
			continue;
		if (!resync(c, m, i, state, at))
			break;
		*template = (int32_t)i;
		return MATCH_RESYNC;
	}
	if (near(c, m, template, state, at))
		return MATCH_NEAR;
	*template = -1;
	return turn_along(c, EVENT_OTHER, 0, state, at) ? MATCH_OTHER : MATCH_NONE;
}

void
naive_message(struct naive *c, struct span m, struct naive_turn *out)
{
	uint32_t state, at;

	memset(out, 0, sizeof *out);
	out->template = -1;
	c->turn++;
	out->match = understand(c, m, &out->template, &state, &at);
	if (out->match != MATCH_NONE)
		take(c, state, at, out);
	c->history[2] = c->history[1];
	c->history[1] = c->history[0];
	c->history[0] = out->template;
	forget(c);
}

void
naive_event(struct naive *c, enum event_kind event, uint32_t arg, struct naive_turn *out)
{
	uint32_t state, at;

	memset(out, 0, sizeof *out);
	out->template = -1;
	if (!turn_along(c, event, arg, &state, &at))
		return;
	if (event == EVENT_SILENCE && arg < c->t->state[state].turn[at].arg)
		return;
	c->turn++;
	take(c, state, at, out);
}

static void
reads(struct naive *c, uint32_t slot)
{
	c->read_slots |= 1u << slot;
}

void
naive_init(struct naive *c, const struct text *t, const struct session_env *env)
{
	memset(c, 0, sizeof *c);
	c->t = t;
	c->env = *env;
	c->state = t->start;
	c->history[0] = c->history[1] = c->history[2] = -1;
	for (uint32_t i = 0; i < t->nreply; i++)
		for (uint32_t k = 0; k < t->reply[i].nop; k++) {
			const struct text_op *o = &t->reply[i].op[k];
			if (o->kind == OP_FIELD || o->kind == OP_SEQ || o->kind == OP_PART ||
			    o->kind == OP_MAP)
				reads(c, o->slot);
		}
	for (uint32_t i = 0; i < t->nstate; i++)
		for (uint32_t k = 0; k < t->state[i].nturn; k++)
			for (uint32_t a = 0; a < t->state[i].turn[k].nalt; a++) {
				const struct text_alt *alt = &t->state[i].turn[k].alt[a];
				for (uint32_t g = 0; g < alt->nguard; g++)
					if (alt->guard[g].kind != GUARD_EMPTY &&
					    alt->guard[g].kind != GUARD_NONEMPTY &&
					    alt->guard[g].kind != GUARD_HISTORY)
						reads(c, alt->guard[g].slot);
				for (uint32_t e = 0; e < alt->neffect; e++)
					if (alt->effect[e].kind != EFFECT_POP &&
					    alt->effect[e].kind != EFFECT_CLEAR)
						reads(c, alt->effect[e].slot);
			}
}

void
naive_fini(struct naive *c)
{
	for (uint32_t i = 0; i < MODEL_SLOTS; i++)
		free(c->slot[i].p);
	memset(c->slot, 0, sizeof c->slot);
}

void
naive_turn_fini(struct naive_turn *out)
{
	free(out->out);
	out->out = NULL;
}
