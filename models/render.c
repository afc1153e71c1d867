#include "models/render.h"

#include "models/format.h"
#include "models/host.h"
#include "models/hostvar.h"
#include "models/lines.h"
#include "models/match.h"
#include "models/related.h"

enum { DATAGRAM_BYTES = MODEL_DATAGRAM_BYTES };

/*
 * Where rendered bytes go: those inside the window are written, all are counted. The window is
 * given in bytes of the reply; a message that is cut (limit) counts up to the cut only.
 */
struct out {
	uint8_t *to;		/* NULL: only count */
	size_t from, room;	/* window */
	size_t at;		/* bytes of the reply so far */
	size_t limit;		/* value of at where the present message is cut */
};

static void
put(struct out *o, const void *bytes, size_t n)
{
	n = MIN(n, o->limit - o->at);
	if (o->to != NULL && o->at >= o->from && o->at + n <= o->from + o->room) {
		if (n > 0)
			memcpy(o->to + (o->at - o->from), bytes, n);
	} else if (o->to != NULL && o->at + n > o->from && o->at < o->from + o->room) {
		size_t skip = o->from > o->at ? o->from - o->at : 0;
		size_t end = MIN(o->at + n, o->from + o->room);

		memcpy(o->to + (o->at + skip - o->from), (const uint8_t *)bytes + skip,
		    end - o->at - skip);
	}
	o->at += n;
}

static void
put_repeated(struct out *o, uint8_t byte, size_t n)
{
	uint8_t some[64];

	memset(some, byte, sizeof some);
	for (; n > sizeof some; n -= sizeof some)
		put(o, some, sizeof some);
	put(o, some, n);
}

/* Leading zeros up to width; more digits than that are all written, or the lowest width of them. */
static void
put_number(struct out *o, uint64_t v, enum format f, size_t width, bool cut)
{
	uint8_t digits[FORMAT_MAX];
	size_t n = format_digits(digits, v, f);

	if (width > n)
		put_repeated(o, '0', width - n);
	if (cut && width > 0 && n > width)
		put(o, digits + n - width, width);
	else
		put(o, digits, n);
}

static void
put_binary(struct out *o, uint64_t v, unsigned width, enum format f)
{
	uint8_t bytes[8];

	put(o, bytes, format_binary(bytes, v, width, f));
}

static struct prf_env
prf_env_of(const struct render *r)
{
	return (struct prf_env){ .key = r->env->key, .own = &r->env->own, .peer = &r->env->peer,
		.connection = r->env->connection, .turn = r->turn };
}

/* Digits to a number; false if it is none of 1 to 18 (hex: 15) digits. */
static bool
parse_digits(struct span s, enum format f, uint64_t *v)
{
	*v = 0;
	if (s.n < 1 || s.n > (f == FMT_HEX ? 15 : 18))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		int d = c >= '0' && c <= '9' ? c - '0' :
		    f == FMT_HEX && c >= 'a' && c <= 'f' ? c - 'a' + 10 :
		    f == FMT_HEX && c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;

		if (d < 0) {
			*v = 0;
			return false;
		}
		*v = *v * (f == FMT_HEX ? 16 : 10) + (unsigned)d;
	}
	return true;
}

static void
op_seq(struct out *o, const struct image_op *op, struct span slot)
{
	uint64_t v = 0;
	int64_t sum;
	bool number;

	if (op->format == FMT_BE || op->format == FMT_LE) {
		number = slot.n >= 1 && slot.n <= 8;
		for (size_t i = 0; number && i < slot.n; i++)
			v = v << 8 | slot.p[op->format == FMT_LE ? slot.n - 1 - i : i];
		put_binary(o, v + (uint64_t)op->delta,
		    op->len > 0 ? op->len : number ? (unsigned)slot.n : 4, op->format);
		return;
	}
	number = parse_digits(slot, op->format, &v);
	if (__builtin_add_overflow((int64_t)v, op->delta, &sum))
		sum = INT64_MAX;	/* v is never below 0 */
	put_number(o, (uint64_t)MAX(sum, 0), op->format,
	    op->len > 0 ? op->len : number && slot.p[0] == '0' ? slot.n : 0, false);
}

static void
op_part(struct out *o, const struct image_op *op, struct span slot, struct span separator)
{
	const uint8_t *hit = slot.n == 0 ? NULL :
	    memmem(slot.p, slot.n, separator.p, separator.n);

	if (hit == NULL)
		return;
	if (op->flags & OP_AFTER)
		put(o, hit + separator.n, slot.n - (size_t)(hit - slot.p) - separator.n);
	else
		put(o, slot.p, (size_t)(hit - slot.p));
}

static void
op_data(struct out *o, const struct image *i, uint32_t table, const struct render *r)
{
	const struct image_data *d = &i->data[table];
	struct prf_env env = prf_env_of(r);
	uint32_t x = (uint32_t)(prf(&env, d->scope, prf_point_data(table), 0) % d->weight);
	uint32_t lo = 0, hi = d->n;	/* choice[lo].before <= x < choice[hi].before */
	struct span value;

	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		*(i->choice[d->choice + mid].before <= x ? &lo : &hi) = mid;
	}
	value = image_bytes(i, i->choice[d->choice + lo].value);
	put(o, value.p, value.n);
}

static void
op_rand(struct out *o, const struct image *i, const struct image_op *op, const struct render *r)
{
	const struct image_class *c = &i->class[op->index];
	uint64_t point = prf_point_rand((uint32_t)(op - i->op)), x = 0;
	struct prf_env env = prf_env_of(r);

	if (o->to == NULL) {
		o->at += MIN(op->len, o->limit - o->at);
		return;
	}
	for (uint32_t k = 0; k < op->len && o->at < o->limit; k++) {
		uint32_t member;

		if (k % 4 == 0)
			x = prf(&env, op->scope, point, k / 4);
		member = (uint32_t)(x >> 16 * (k % 4) & 0xffff) % c->n;
		put(o, &c->member[member], 1);
	}
}

static void
op_time(struct out *o, const struct image *i, const struct image_op *op, const struct render *r)
{
	int64_t ms = r->turn_ms, whole = ms / 1000 - (ms % 1000 < 0), s;
	struct span format = image_bytes(i, op->lit);
	uint8_t word[FORMAT_MAX];

	if (__builtin_add_overflow(whole, op->delta, &s))
		s = op->delta < 0 ? INT64_MIN : INT64_MAX;
	if (op->format == FMT_HEX)
		put_number(o, (uint64_t)s, FMT_HEX, op->len, false);
	else if (op->format != FMT_TEXT)
		put_binary(o, (uint64_t)s, op->len, op->format);
	if (op->format != FMT_TEXT)
		return;
	s = MIN(MAX(s, 0), 253402300799);
	for (size_t k = 0; k < format.n; k++) {
		if (format.p[k] == '%')
			put(o, word, format_time(word, s, (char)format.p[++k]));
		else
			put(o, &format.p[k], 1);
	}
}

/* As they stand, without the end of the last one. */
static void
op_lines(struct out *o, struct span s, struct span name)
{
	struct line line = { { 0 }, { 0 } };

	for (struct span end = line.end; lines_next(&s, name, &line); end = line.end) {
		put(o, end.p, end.n);
		put(o, line.bytes.p, line.bytes.n);
	}
}

static void
op_len(struct out *o, const struct image_op *op, uint64_t counted)
{
	int64_t sum;

	if (__builtin_add_overflow((int64_t)counted, op->delta, &sum))
		sum = INT64_MAX;
	sum = MAX(sum, 0);
	if (op->format == FMT_BE || op->format == FMT_LE)
		put_binary(o, (uint64_t)sum, op->len, op->format);
	else
		put_number(o, (uint64_t)sum, op->format, op->len, true);
}

struct listing {
	struct out *o;
	struct span between;
	bool later;		/* a member stands before this one */
};

static void
list_member(void *ctx, struct span name, struct span member)
{
	struct listing *l = ctx;

	(void)member;
	if (l->later)
		put(l->o, l->between.p, l->between.n);
	put(l->o, name.p, name.n);
	l->later = true;
}

struct lining {
	struct out *o;
	const struct image *i;
	const struct image_op *op;
};

/* What was recorded of the member, or its name between what stands before and behind. */
static void
line_member(void *ctx, struct span name, struct span member)
{
	const struct lining *l = ctx;
	struct span known = match_map(l->i, l->op->len, member), around = image_bytes(l->i, l->op->lit);

	if (known.p != NULL) {
		put(l->o, known.p, known.n);
		return;
	}
	put(l->o, around.p, l->op->from);
	put(l->o, name.p, name.n);
	put(l->o, around.p + l->op->from, around.n - l->op->from);
}

static void
op_host(struct out *o, const struct image *i, const struct image_op *op, const struct render *r, struct span s)
{
	struct host_view v = host_view_of(i, r->env, op->index);
	struct listing l = { o, image_bytes(i, op->lit), false };
	uint8_t path[PATH_BYTES];

	if (op->kind == OP_EACH) {
		host_list(&v, op->index, line_member, &(struct lining){ o, i, op });
		return;
	}
	if (op->kind == OP_SET) {
		host_list(&v, op->index, list_member, &l);
		return;
	}
	s = op->kind == OP_REG ? host_register(&v, op->index) : host_member(&v, op->index, s, path);
	put(o, s.p, s.n);
}

/* Any op; counted is for OP_LEN. */
static void
put_op(struct out *o, const struct image *i, const struct image_op *op, const struct render *r,
    uint64_t counted)
{
	struct span lit = image_bytes(i, op->lit), s = field_of(r->f, op->slot);
	uint8_t some[MAX((int)FORMAT_MAX, (int)HOSTVAR_MAX)];

	switch (op->kind) {
	case OP_LIT:
		put(o, lit.p, lit.n);
		break;
	case OP_FIELD:
		s = span_sub(s, op->from, op->len > 0 ? op->len : SIZE_MAX);
		put(o, s.p, s.n);
		break;
	case OP_SEQ:
		op_seq(o, op, s);
		break;
	case OP_PART:
		op_part(o, op, s, lit);
		break;
	case OP_LINES:
		op_lines(o, s, lit);
		break;
	case OP_DATA:
		op_data(o, i, op->index, r);
		break;
	case OP_MAP:
		s = match_map(i, op->index, s);
		put(o, s.p, s.n);
		break;
	case OP_RAND:
		op_rand(o, i, op, r);
		break;
	case OP_VAR:
		put(o, some, hostvar_value(some, i->var[op->index].type,
		    image_bytes(i, i->var[op->index].preset), r->env->key, &r->env->own));
		break;
	case OP_ADDR:
		put(o, some, format_addr(some, op->flags & OP_PEER ? &r->env->peer : &r->env->own,
		    op->format));
		break;
	case OP_PORT:
		put(o, some, format_port(some,
		    op->flags & OP_PEER ? r->env->peer_port : r->env->own_port, op->format));
		break;
	case OP_ANNOUNCED:
		put(o, some, format_port(some, related_port(r->env, r->turn), op->format));
		break;
	case OP_TIME:
		op_time(o, i, op, r);
		break;
	case OP_LEN:
		op_len(o, op, counted);
		break;
	case OP_REG:
	case OP_SET:
	case OP_PATH:
	case OP_EACH:
		op_host(o, i, op, r, s);
		break;
	}
}

/* Values of the OP_LENs of one message, in their order. */
struct lengths {
	uint64_t value[IMAGE_LENS];
	uint32_t n;
};

static size_t
op_bytes(const struct image *i, const struct image_op *op, const struct render *r, uint64_t counted)
{
	struct out o = { .limit = SIZE_MAX };

	put_op(&o, i, op, r, counted);
	return o.at;
}

/*
 * From the message's end backwards, so that what a length counts is known when it is met; one
 * that counts from a mark before it has a fixed width and gets its value at that mark.
 */
static void
measure(struct lengths *l, const struct image *i, const struct image_op *op, uint32_t n,
    const struct render *r)
{
	uint64_t after = 0, mark = 0;	/* bytes from here, and from the mark met last, to the end */
	uint64_t end[IMAGE_LENS];	/* and from the ends whose lengths are to come */
	uint32_t nlen = 0, nend = 0, at;

	for (uint32_t k = 0; k < n; k++)
		nlen += op[k].kind == OP_LEN;
	l->n = at = nlen;
	for (uint32_t k = n; k-- > 0;) {
		uint64_t counted = 0;

		if (op[k].kind == OP_MARK)
			mark = after;
		if (op[k].kind == OP_END)
			end[nend++] = after;
		if (op[k].kind == OP_LEN) {
			counted = op[k].flags & OP_COUNTS_MARK ? mark
			    : op[k].flags & OP_COUNTS_END ? after - end[--nend] : after;
			l->value[--at] = counted;
		}
		after += op_bytes(i, &op[k], r, counted);
	}
	for (uint32_t k = 0; k < n; k++)
		if (op[k].kind == OP_LEN) {
			if (op[k].flags & OP_COUNTS_BEFORE)
				l->value[at] = mark;	/* the first one, met last */
			at++;
		}
}

/* Ops [0, n) of one message. */
static void
put_message(struct out *o, const struct image *i, const struct image_op *op, uint32_t n, bool lens,
    const struct render *r)
{
	struct lengths l;
	uint32_t at = 0;

	if (lens)
		measure(&l, i, op, n, r);
	for (uint32_t k = 0; k < n; k++) {
		if (op[k].kind == OP_LIT)	/* every other op */
			put(o, i->str + op[k].lit.at, op[k].lit.n);
		else
			put_op(o, i, &op[k], r, op[k].kind == OP_LEN ? l.value[at++] : 0);
	}
}

static uint32_t
message_ops(const struct image_op *op, uint32_t n)
{
	uint32_t k = 0;

	while (k < n && op[k].kind != OP_BREAK)
		k++;
	return k;
}

/* The whole reply, or of a datagram service up to the end of the message that byte `only` is in. */
static size_t
put_reply(struct out *o, const struct image *i, uint32_t reply, const struct render *r, size_t only)
{
	const struct image_reply *rep = &i->reply[reply];
	const struct image_op *op = &i->op[rep->op];
	bool udp = i->model->proto == MODEL_UDP;
	uint32_t n = rep->nop;

	for (uint32_t k = 0; k < n && o->at < MODEL_REPLY_BYTES; k++) {
		uint32_t m = message_ops(op + k, n - k);

		o->limit = MIN(o->at + (udp ? DATAGRAM_BYTES : MODEL_REPLY_BYTES),
		    (size_t)MODEL_REPLY_BYTES);
		put_message(o, i, op + k, m, rep->nlen > 0, r);
		k += m;
		if (udp && o->at > only)
			break;
	}
	return o->at;
}

size_t
render_length(const struct image *i, uint32_t reply, const struct render *r)
{
	struct out o = { 0 };

	return put_reply(&o, i, reply, r, SIZE_MAX);
}

size_t
render(const struct image *i, uint32_t reply, const struct render *r, size_t from, uint8_t *to,
    size_t room, size_t *boundary)
{
	struct out o = { .to = to, .from = from, .room = room };
	size_t end = put_reply(&o, i, reply, r, from);

	if (boundary != NULL)
		*boundary = end;
	return end > from ? MIN(end - from, room) : 0;
}
