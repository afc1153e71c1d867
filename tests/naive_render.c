/* Replies, as docs/model-format.md section 7 says. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "models/hostvar.h"
#include "tests/naive.h"

enum { DATAGRAM = 1472 };

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
	b = naive_lower(b);
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
	r = naive_draw(c, d->scope, 4ull * table, 0) % sum;
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
		uint64_t r = naive_draw(c, o->scope, 4 * number + 1, i / 4);
		append(b, &member[(r >> 16 * (i % 4) & 0xffff) % n], 1);
	}
}

/* Line by line, without looking ahead; at is 0 at first. */
bool
naive_next_line(struct span v, size_t *at, struct span *line)
{
	size_t from = *at, to;

	while (*at == 0 && from < v.n && v.p[from++] != '\n')
		;
	for (to = from; to < v.n && v.p[to] != '\n'; to++)
		;
	*at = to + (to < v.n);
	*line = span_of(v.p + from, to - from - (to > from && v.p[to - 1] == '\r'));
	return line->n > 0;
}

static void
lines(struct buffer *b, const struct text_op *o, struct span v)
{
	const uint8_t *said = NULL;
	struct span line;

	for (size_t at = 0; naive_next_line(v, &at, &line);) {
		if (line.n < o->lit.n || memcmp(line.p, o->lit.p, o->lit.n) != 0)
			continue;
		if (said != NULL)
			append(b, said, *said == '\r' ? 2 : 1);
		append(b, line.p, line.n);
		said = line.p + line.n;
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

/* Members of a set; of one below a register the names directly below it. */
static void
set_op(const struct naive *c, struct buffer *b, const struct text_op *o)
{
	const struct text_hostset *h = &c->t->hostset[o->index];
	struct span dir = { 0 };
	uint8_t path[NAIVE_PATH];
	unsigned said = 0;

	if (h->under >= 0 && c->t->hostset[h->under].n > 0)
		dir = c->t->hostset[h->under].base[0];
	dir = naive_path(dir, span_of("", 0), path);
	for (uint32_t i = 0; i < h->n; i++) {
		struct span m = h->base[i];
		const struct text_pair *known = o->kind == OP_EACH ? naive_map_find(&c->t->map[o->from], m) : NULL;
		if (h->under >= 0 && !naive_is_below(m, dir))
			continue;
		if (h->under >= 0)
			m = span_sub(m, dir.n + (dir.n > 1), m.n);
		if (known != NULL) {
			append(b, known->value.p, known->value.n);
			continue;
		}
		append(b, o->lit.p, o->kind == OP_EACH || said++ > 0 ? o->lit.n : 0);
		append(b, m.p, m.n);
		append(b, o->behind.p, o->kind == OP_EACH ? o->behind.n : 0);
	}
}

/* All ops but LEN. */
static void
render_op(const struct naive *c, const struct text_op *o, uint64_t number, struct buffer *b)
{
	const struct text *t = c->t;
	struct span v = naive_value_of(c, o->slot), base = { 0 };
	uint8_t path[NAIVE_PATH];
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
	case OP_LINES:
		lines(b, o, v);
		break;
	case OP_DATA:
		data(c, b, o->index);
		break;
	case OP_MAP:
		if ((pair = naive_map_find(&t->map[o->index], v)) != NULL)
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
	case OP_ANNOUNCED:
		port(b, (uint16_t)(32768 + naive_draw(c, SCOPE_TURN, 1023, 0) % 28232), o->format);
		break;
	case OP_TIME:
		time_op(c, b, o);
		break;
	case OP_REG:
		if (t->hostset[o->index].n > 0)
			append(b, t->hostset[o->index].base[0].p, t->hostset[o->index].base[0].n);
		break;
	case OP_SET:
	case OP_EACH:
		set_op(c, b, o);
		break;
	case OP_PATH:
		if (t->hostset[o->index].n > 0)
			base = t->hostset[o->index].base[0];
		base = naive_path(base, naive_value_of(c, o->slot), path);
		append(b, base.p, base.n);
		break;
	}
}

/* The end that closes length i, as brackets do, or the end of the message. */
static uint32_t
counts_to(const struct text_op *op, uint32_t to, uint32_t i)
{
	uint32_t open = 1, k = i + 1;

	for (; k < to; k++) {
		if (op[k].kind == OP_LEN)
			open++;
		if (op[k].kind == OP_END && --open == 0)
			break;
	}
	return k;
}

/* Where a length at op i of ops [from, to) starts to count: the number of the op. */
static uint32_t
counts_from(const struct text_op *op, uint32_t from, uint32_t to, uint32_t i)
{
	if (counts_to(op, to, i) < to)
		return i + 1;
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
		for (uint32_t k = start; k < counts_to(r->op, to, i); k++)
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

void
naive_render(const struct naive *c, uint32_t reply, struct naive_turn *out)
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
