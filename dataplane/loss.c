#include "dataplane/loss.h"

enum { WAYS = 4, DUP_THRESH = 3, LEAST_SEGMENTS = 2, CWND_MAX = 255 };

size_t
losses_bytes(uint32_t n)
{
	return (size_t)n * sizeof(struct loss);
}

void
losses_init(struct losses *ls, void *mem, uint32_t n)
{
	assert((n & (n - 1)) == 0 && n >= WAYS);
	*ls = (struct losses){ .e = mem, .n = n };
}

static struct loss *
ways_of(const struct losses *ls, uint32_t id)
{
	return &ls->e[(id * 0x9e3779b1u >> 8) & (ls->n - 1) & ~(uint32_t)(WAYS - 1)];
}

struct loss *
losses_find(const struct losses *ls, uint32_t id)
{
	struct loss *way = ways_of(ls, id);

	for (int i = 0; i < WAYS; i++) {
		if (way[i].id == id)
			return &way[i];
	}
	return NULL;
}

struct loss *
losses_take(struct losses *ls, uint32_t id, uint32_t una, uint32_t now_ms)
{
	struct loss *way = ways_of(ls, id), *to = losses_find(ls, id);

	for (int i = 0; to == NULL && i < WAYS; i++) {
		if (way[i].id == 0)
			to = &way[i];
	}
	if (to == NULL) {
		to = way;
		for (int i = 1; i < WAYS; i++) {
			if ((int32_t)(way[i].time_ms - to->time_ms) < 0)
				to = &way[i];
		}
	}
	*to = (struct loss){ .id = id, .time_ms = now_ms, .recover = una, .mended = una, .ssthresh = CWND_MAX };
	return to;
}

/* What was acknowledged need not be remembered. */
static void
forget_before(struct loss *l, uint32_t una)
{
	uint8_t kept = 0;

	for (uint8_t i = 0; i < l->nsacked; i++) {
		if (tcp_before(una, l->sacked[i].from))
			l->sacked[kept++] = l->sacked[i];
	}
	l->nsacked = kept;
}

/* One block of a SACK option; one that is old (RFC 2883) or of what was never sent says nothing. */
static void
note(struct loss *l, const struct flight *f, struct tcp_range r)
{
	uint8_t i = 0, j;

	if (!tcp_before(f->una, r.from) || !tcp_before(r.from, r.to) || tcp_before(f->max, r.to))
		return;
	while (i < l->nsacked && tcp_before(l->sacked[i].to, r.from))
		i++;
	for (j = i; j < l->nsacked && !tcp_before(r.to, l->sacked[j].from); j++) {
		r.from = tcp_before(l->sacked[j].from, r.from) ? l->sacked[j].from : r.from;
		r.to = tcp_before(r.to, l->sacked[j].to) ? l->sacked[j].to : r.to;
	}
	if (i == j && l->nsacked == LOSS_RANGES)
		return;		/* seen again when there is room */
	memmove(l->sacked + i + 1, l->sacked + j, (size_t)(l->nsacked - j) * sizeof l->sacked[0]);
	l->nsacked = (uint8_t)(l->nsacked - (j - i) + 1);
	l->sacked[i] = r;
}

/* RFC 6675 4, IsLost(): is enough of what lies behind range i and later there, so that what lies before is not? */
static bool
is_lost(const struct loss *l, const struct flight *f, uint8_t i)
{
	uint32_t bytes = 0;

	for (uint8_t k = i; k < l->nsacked; k++)
		bytes += l->sacked[k].to - l->sacked[k].from;
	return l->nsacked - i >= DUP_THRESH || bytes > (DUP_THRESH - 1) * f->segment;
}

/* The gap before range i. */
static struct tcp_range
gap(const struct loss *l, const struct flight *f, uint8_t i)
{
	return (struct tcp_range){ i > 0 ? l->sacked[i - 1].to : f->una, l->sacked[i].from };
}

static uint8_t
half(const struct flight *f)	/* RFC 5681 (4), in segments */
{
	return (uint8_t)MIN(MAX((f->max - f->una) / f->segment / 2, LEAST_SEGMENTS), CWND_MAX);
}

/* RFC 5681 3.2, steps 2 and 3; RFC 6582 3.2, step 2: not for what was said again after a timeout. */
static void
recover(struct loss *l, const struct flight *f, uint8_t *cwnd)
{
	bool enough = f->sack ? l->nsacked > 0 && is_lost(l, f, 0) : l->again >= DUP_THRESH;

	if (!enough || f->una == f->max || tcp_before(f->una, l->recover))
		return;
	l->recovering = true;
	l->recover = f->max;
	*cwnd = l->ssthresh = half(f);
}

void
loss_ack(struct loss *l, const struct flight *f, const struct wire_tcp *seg, uint32_t bytes, bool again, uint8_t *cwnd)
{
	bool over = !tcp_before(f->una, l->recover);
	uint32_t arrived = bytes / f->segment;

	forget_before(l, f->una);
	for (uint8_t i = 0; f->sack && i < seg->nsack; i++)
		note(l, f, (struct tcp_range){ seg->sack[i].from, seg->sack[i].to });
	if (tcp_before(l->mended, f->una))
		l->mended = f->una;
	if (over)
		l->recover = f->una;
	if (l->recovering && over) {
		l->recovering = false;
		l->again = 0;
	} else if (bytes > 0 && l->recovering) {	/* the first of them was lost, the others had said so */
		l->again -= (uint16_t)MIN(arrived > 0 ? arrived - 1 : 0, l->again);
	} else if (bytes > 0) {
		l->again = 0;
	} else if (again && !f->sack && l->again * f->segment < f->max - f->una) {
		l->again++;
	}
	if (!l->recovering)
		recover(l, f, cwnd);
}

void
loss_timeout(struct loss *l, const struct flight *f, bool first, uint8_t *cwnd)
{
	if (first)
		l->ssthresh = half(f);
	l->recover = f->max;
	*cwnd = 1;
	loss_fall_back(l);
}

bool
loss_congested(struct loss *l, const struct flight *f, uint8_t *cwnd)
{
	if (l->recovering || tcp_before(f->una, l->recover))
		return false;
	l->recover = f->max;
	*cwnd = l->ssthresh = half(f);
	return true;
}

void
loss_fall_back(struct loss *l)
{
	l->recovering = false;
	l->nsacked = 0;
	l->again = 0;
}

uint8_t
loss_cwnd(struct loss *l, uint8_t cwnd, uint32_t bytes, uint32_t segment)
{
	if (l == NULL || (cwnd < l->ssthresh && !l->recovering))
		return (uint8_t)MIN(cwnd + MAX(bytes / segment, 1u), CWND_MAX);
	if (l->recovering)
		return cwnd;
	l->credit += bytes;
	if (l->credit < cwnd * segment)
		return cwnd;
	l->credit = 0;
	return (uint8_t)MIN(cwnd + 1u, CWND_MAX);
}

uint32_t
loss_pipe(const struct loss *l, const struct flight *f)
{
	uint32_t pipe = f->max - f->una, seq;

	if (!f->sack) {
		pipe -= MIN(l->again * f->segment, pipe);
		return pipe - MIN(loss_next(l, f, &seq), pipe);
	}
	for (uint8_t i = 0; i < l->nsacked; i++) {
		struct tcp_range g = gap(l, f, i);

		pipe -= l->sacked[i].to - l->sacked[i].from;
		if (tcp_before(g.from, l->mended))
			g.from = l->mended;
		if (is_lost(l, f, i) && tcp_before(g.from, g.to))
			pipe -= g.to - g.from;
	}
	return pipe;
}

uint32_t
loss_next(const struct loss *l, const struct flight *f, uint32_t *seq)
{
	*seq = f->una;
	if (!l->recovering)
		return 0;
	if (!f->sack && l->mended == f->una)
		return MIN(f->segment, f->max - f->una);
	for (uint8_t i = 0; i < l->nsacked; i++) {
		struct tcp_range g = gap(l, f, i);

		if (tcp_before(g.from, l->mended))
			g.from = l->mended;
		*seq = g.from;
		if (tcp_before(g.from, g.to) && (i == 0 || is_lost(l, f, i)))
			return MIN(f->segment, g.to - g.from);
	}
	return 0;
}
