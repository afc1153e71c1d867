#include "learning/reasm.h"

struct reasm_piece {
	struct reasm_piece *prev, *next;
	uint32_t seq;
	int64_t ts_ns;
	struct span bytes;
};

static int32_t
distance(uint32_t from, uint32_t to)
{
	return (int32_t)(to - from);
}

void
reasm_syn(struct reasm *r, uint32_t isn)
{
	if (r->has_syn)
		return;
	r->has_syn = true;
	r->isn = isn;
	if (!r->open)
		r->next = isn + 1;
	r->open = true;
}

static void
hand_out(struct reasm *r, struct span bytes, int64_t ts_ns, reasm_deliver deliver, void *ctx)
{
	r->next += (uint32_t)bytes.n;
	if (bytes.n > 0)
		deliver(ctx, bytes, ts_ns);
}

/* Hands out held pieces that now begin where we stand. */
static void
drain(struct reasm *r, reasm_deliver deliver, void *ctx)
{
	struct reasm_piece *q;

	while ((q = r->first) != NULL && distance(r->next, q->seq) <= 0) {
		int32_t over = distance(q->seq, r->next);

		r->first = q->next;
		if (q->next != NULL)
			q->next->prev = NULL;
		else
			r->last = NULL;
		r->pieces--;
		r->held_bytes -= q->bytes.n;
		r->old_bytes += MIN((size_t)over, q->bytes.n);
		hand_out(r, span_sub(q->bytes, (size_t)over, SIZE_MAX), q->ts_ns, deliver, ctx);
	}
	if (r->has_fin && distance(r->next, r->fin_at) <= 0) {
		r->fin_done = true;	/* nothing stands behind a FIN */
		r->first = r->last = NULL;
		r->pieces = 0;
		r->held_bytes = 0;
	}
}

static void
insert_after(struct reasm *r, struct reasm_piece *before, struct reasm_piece *q)
{
	q->prev = before;
	q->next = before != NULL ? before->next : r->first;
	if (q->next != NULL)
		q->next->prev = q;
	else
		r->last = q;
	if (before != NULL)
		before->next = q;
	else
		r->first = q;
	r->pieces++;
	r->held_bytes += q->bytes.n;
}

/* Keeps the parts of an early segment that nobody has sent before. */
static void
hold(struct reasm *r, struct pool *p, uint32_t seq, struct span s, int64_t ts_ns)
{
	struct reasm_piece *before = r->last;

	while (before != NULL && distance(seq, before->seq) > 0)
		before = before->prev;
	while (s.n > 0) {
		struct reasm_piece *after = before != NULL ? before->next : r->first, *q;
		size_t skip = 0, room = s.n;

		if (before != NULL) {
			int32_t free_at = distance(seq, before->seq + (uint32_t)before->bytes.n);

			skip = free_at > 0 ? MIN((size_t)free_at, s.n) : 0;
		}
		if (after != NULL)
			room = MIN(room, (size_t)MAX(distance(seq, after->seq), 0));
		r->old_bytes += skip;
		if (room > skip) {
			q = pool_alloc(p, sizeof *q);
			q->seq = seq + (uint32_t)skip;
			q->ts_ns = ts_ns;
			q->bytes = span_of(pool_copy(p, s.p + skip, room - skip), room - skip);
			insert_after(r, before, q);
		}
		room = MAX(room, skip);
		seq += (uint32_t)room;
		s = span_sub(s, room, SIZE_MAX);
		before = after;
	}
}

/* Steps over the hole we stand at, to upto or to the first held byte if that comes earlier. */
static void
give_up(struct reasm *r, uint32_t upto, reasm_deliver deliver, void *ctx)
{
	if (r->first != NULL && distance(r->first->seq, upto) > 0)
		upto = r->first->seq;
	if (r->has_fin && distance(r->fin_at, upto) > 0)
		upto = r->fin_at;	/* the FIN counts one, but is no byte */
	if (distance(r->next, upto) > 0) {
		r->next = upto;
		r->gaps++;
	}
	drain(r, deliver, ctx);
}

void
reasm_segment(struct reasm *r, struct pool *p, uint32_t seq, struct span payload, bool fin,
    int64_t ts_ns, reasm_deliver deliver, void *ctx)
{
	int32_t ahead;

	if (!r->open) {
		r->open = true;
		r->next = seq;
	}
	ahead = distance(r->next, seq);
	if (r->fin_done || ahead >= REASM_AHEAD || ahead <= -REASM_AHEAD)
		return;		/* not of this connection: RFC 7323 2.2 knows no such window */
	if (fin && !r->has_fin) {
		r->has_fin = true;
		r->fin_at = seq + (uint32_t)payload.n;
	}
	if (ahead <= 0) {
		size_t old = MIN((size_t)-ahead, payload.n);

		r->old_bytes += old;
		payload = span_sub(payload, old, SIZE_MAX);
		if (r->first != NULL && payload.n > 0) {	/* what is held came first, and wins */
			hold(r, p, r->next, payload, ts_ns);
			payload.n = 0;
		}
		hand_out(r, payload, ts_ns, deliver, ctx);
	} else if (payload.n > 0) {
		hold(r, p, seq, payload, ts_ns);
	}
	drain(r, deliver, ctx);
	while (r->pieces > REASM_PIECES || r->held_bytes > REASM_BYTES)
		give_up(r, r->first->seq, deliver, ctx);
}

void
reasm_acked(struct reasm *r, uint32_t ack)
{
	if (!r->open) {		/* seen from the other side first */
		r->open = true;
		r->next = ack;
	}
	if (distance(r->next, ack) >= REASM_AHEAD)
		return;
	if (!r->has_ack || distance(r->acked, ack) > 0)
		r->acked = ack;
	r->has_ack = true;
}

void
reasm_settle(struct reasm *r, reasm_deliver deliver, void *ctx)
{
	while (r->has_ack && !r->fin_done && distance(r->next, r->acked) > 0) {
		uint32_t was = r->next;

		give_up(r, r->acked, deliver, ctx);
		if (r->next == was)
			return;
	}
}

void
reasm_end(struct reasm *r, reasm_deliver deliver, void *ctx)
{
	reasm_settle(r, deliver, ctx);
	while (r->first != NULL)
		give_up(r, r->first->seq, deliver, ctx);
	if (r->has_fin && !r->fin_done)
		give_up(r, r->fin_at, deliver, ctx);
}
