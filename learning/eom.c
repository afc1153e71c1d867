#include "learning/eom.h"

#include <stdio.h>

#include "learning/intern.h"

enum { MAX_TERM = 5, MIN_SHARE_PERCENT = 80, MAX_OFFSET = 15 };

static const uint8_t *
find(struct span s, size_t from, struct span what)
{
	return from > s.n ? NULL : memmem(s.p + from, s.n - from, what.p, what.n);
}

/* The number that stands behind label in a head, or -1. */
static int64_t
decimal_after(struct span head, struct span label)
{
	const uint8_t *p = find(head, 0, label), *end = head.p + head.n;
	int64_t v = 0;

	if (p == NULL)
		return -1;
	p += label.n;
	if (p == end || *p < '0' || *p > '9')
		return -1;
	for (; p < end && *p >= '0' && *p <= '9' && v <= MODEL_MESSAGE_BYTES; p++)
		v = v * 10 + (*p - '0');
	return v;
}

static int64_t
length_field(const struct text_eom *e, struct span s)
{
	int64_t v = 0;

	if (s.n < (size_t)e->at + e->width)
		return -1;
	for (unsigned i = 0; i < e->width; i++)
		v |= (int64_t)s.p[e->at + i] << 8 * (e->format == FMT_BE ? e->width - 1 - i : i);
	return v * e->times + e->plus;
}

size_t
eom_first(const struct text_eom *e, struct span s)
{
	const uint8_t *p;
	int64_t body;
	size_t head;

	switch (e->kind) {
	case EOM_TERM:
		p = find(s, 0, e->term);
		return p == NULL ? 0 : (size_t)(p - s.p) + e->term.n;
	case EOM_DECIMAL:
		p = find(s, 0, e->term);
		if (p == NULL)
			return 0;
		head = (size_t)(p - s.p) + e->term.n;
		body = decimal_after(span_sub(s, 0, head), e->label);
		return body < 0 ? head : head + (size_t)body <= s.n ? head + (size_t)body : 0;
	case EOM_LENGTH:
		body = length_field(e, s);
		return body > 0 && (size_t)body <= s.n ? (size_t)body : 0;
	default:
		return s.n;
	}
}

/* Share of messages, in 1/10000, that the rule ends exactly at their end, as one message. */
static uint32_t
score(const struct text_eom *e, const struct span *m, size_t n)
{
	size_t good = 0;

	for (size_t i = 0; i < n; i++)
		good += m[i].n > 0 && eom_first(e, m[i]) == m[i].n;
	return n == 0 ? 0 : (uint32_t)(good * 10000 / n);
}

/* Keeps the better rule; a longer terminator wins a near tie. */
static void
consider(struct text_eom *best, uint32_t *best_score, const struct text_eom *e,
    const struct span *m, size_t n)
{
	uint32_t sc = score(e, m, n);
	uint32_t handicap = e->term.n > best->term.n ? 50 : 0;

	if (sc * 100 < 10000u * MIN_SHARE_PERCENT || sc + handicap <= *best_score)
		return;
	*best = *e;
	best->error = 1.0 - sc / 10000.0;
	*best_score = sc;
}

/*
 * What stands before the number that equals the body's length, in the messages that go on
 * after term; empty when there is no such number.
 */
static struct span
body_label(struct pool *pool, struct span term, const struct span *m, size_t n)
{
	struct intern labels;
	uint32_t *votes, best = 0;

	intern_init(&labels, pool);
	votes = pool_array(pool, n + 1, sizeof *votes);
	for (size_t i = 0; i < n; i++) {
		const uint8_t *p = find(m[i], 0, term);
		size_t head = p == NULL ? 0 : (size_t)(p - m[i].p) + term.n;
		char number[24];
		const uint8_t *at, *line;

		if (p == NULL || head == m[i].n)
			continue;
		snprintf(number, sizeof number, "%zu", m[i].n - head);
		at = find(span_sub(m[i], 0, head), 0, span_str(number));
		for (line = at; line != NULL && line > m[i].p && line[-1] != '\n'; line--)
			;
		if (at == NULL || at - line < 3)
			continue;
		votes[intern_add(&labels, span_of(line, (size_t)(at - line)))]++;
	}
	for (uint32_t id = 1; id < labels.n; id++)
		best = votes[id] > votes[best] ? id : best;
	return labels.n > 0 && votes[best] >= 2 ? labels.value[best] : (struct span){ 0 };
}

static void
try_terminators(struct text_eom *best, uint32_t *best_score, struct pool *pool,
    const struct span *m, size_t n)
{
	for (size_t len = 1; len <= MAX_TERM; len++) {
		struct intern ends;
		uint32_t *votes = pool_array(pool, n + 1, sizeof *votes), top = 0;
		struct text_eom e = { .kind = EOM_TERM };

		intern_init(&ends, pool);
		for (size_t i = 0; i < n; i++)
			if (m[i].n >= len)
				votes[intern_add(&ends, span_of(m[i].p + m[i].n - len, len))]++;
		for (uint32_t id = 1; id < ends.n; id++)
			top = votes[id] > votes[top] ? id : top;
		if (ends.n == 0 || votes[top] < 2)
			return;
		e.term = ends.value[top];
		consider(best, best_score, &e, m, n);
		e.label = body_label(pool, e.term, m, n);
		e.kind = EOM_DECIMAL;
		if (e.label.n > 0)
			consider(best, best_score, &e, m, n);
	}
}

static void
try_lengths(struct text_eom *best, uint32_t *best_score, const struct span *m, size_t n)
{
	for (uint32_t at = 0; at <= MAX_OFFSET; at++) {
		for (unsigned k = 0; k < 6; k++) {
			struct text_eom e = { .kind = EOM_LENGTH, .at = at, .times = 1,
				.width = (uint8_t)(1u << k / 2),
				.format = k % 2 ? FMT_LE : FMT_BE };
			int64_t v = n > 0 ? length_field(&e, m[0]) : -1;

			if (v < 0 || v > MODEL_MESSAGE_BYTES || (e.width == 1 && e.format == FMT_LE))
				continue;
			e.plus = (int32_t)((int64_t)m[0].n - v);
			if (e.plus >= 0)
				consider(best, best_score, &e, m, n);
		}
	}
}

void
eom_learn(struct text_eom *out, struct pool *pool, const struct span *message, size_t n)
{
	uint32_t best_score = 0;

	*out = (struct text_eom){ .kind = EOM_PUSH };
	try_terminators(out, &best_score, pool, message, n);
	try_lengths(out, &best_score, message, n);
}
