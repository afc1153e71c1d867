#include "learning/ending.h"

#include <ctype.h>
#include <stdio.h>

#include "learning/intern.h"
#include "models/eom.h"

enum {
	MAX_TERM = 5,
	MIN_SHARE_PERCENT = 80,
	NEAR_TIE = 50,		/* of 10000 messages */
	MAX_OFFSET = 15,
	MAX_MARKS = 4,
	MARK_ONE_IN = 20,	/* messages has a line with the mark */
	ONE_BODY_IN = 10,	/* messages that go on; the others may be several in one go */
};

static const uint8_t *
find(struct span s, struct span what)
{
	return memmem(s.p, s.n, what.p, what.n);
}

static struct eom
rule_of(const struct text_eom *e)
{
	return (struct eom){ .kind = e->kind, .width = e->width, .format = e->format, .at = e->at,
		.times = e->times, .plus = e->plus, .term = e->term, .label = e->label };
}

static bool
tells(const struct text_eom *e)
{
	return e->kind == EOM_TERM || e->kind == EOM_DECIMAL || e->kind == EOM_LENGTH || e->kind == EOM_PARTS;
}

size_t
ending_lacks(const struct text_eom *e, struct span s)
{
	struct eom rule = rule_of(e);
	size_t n = tells(e) && s.n < MODEL_MESSAGE_BYTES ? eom_end(&rule, s, 0) : 0;

	return n > s.n ? n - s.n : 0;
}

size_t
ending_first(const struct text_eom *e, struct span s)
{
	struct eom rule = rule_of(e);
	size_t n = MIN(s.n, (size_t)MODEL_MESSAGE_BYTES);

	if (tells(e))
		n = eom_end(&rule, span_sub(s, 0, n), 0);
	if (n == 0)	/* the runtime waits no longer */
		n = MODEL_MESSAGE_BYTES;
	return n <= s.n ? n : 0;
}

/* Share of messages, in 1/10000, that the rule ends exactly at their end, as one message. */
static uint32_t
score(const struct text_eom *e, const struct span *m, size_t n)
{
	size_t good = 0;

	for (size_t i = 0; i < n; i++)
		good += m[i].n > 0 && ending_first(e, m[i]) == m[i].n;
	return n == 0 ? 0 : (uint32_t)(good * 10000 / n);
}

static bool
has_letters(struct span s)
{
	size_t i = 0;

	while (i < s.n && !isalnum(s.p[i]))
		i++;
	return i < s.n;
}

/* Keeps the better rule; a longer terminator wins a near tie, if no word seems to be in it. */
static void
consider(struct text_eom *best, uint32_t *best_score, const struct text_eom *e,
    const struct span *m, size_t n)
{
	uint32_t sc = score(e, m, n);
	uint32_t bonus = e->term.n > best->term.n && !has_letters(e->term) ? NEAR_TIE : 0;

	if (sc * 100 < 10000u * MIN_SHARE_PERCENT || sc + bonus <= *best_score)
		return;
	*best = *e;
	best->error = 1.0 - sc / 10000.0;
	*best_score = sc;
}

/*
 * What stands before the number that equals the body's length, in a good part of the messages
 * that go on after term; empty when there is no such number.
 */
static struct span
body_label(struct pool *pool, struct span term, const struct span *m, size_t n)
{
	struct intern labels;
	uint32_t *votes, best = 0, bodies = 0;

	intern_init(&labels, pool);
	votes = pool_array(pool, n + 1, sizeof *votes);
	for (size_t i = 0; i < n; i++) {
		const uint8_t *p = find(m[i], term);
		size_t head = p == NULL ? 0 : (size_t)(p - m[i].p) + term.n;
		char number[24];
		const uint8_t *at, *line;

		if (p == NULL || head == m[i].n)
			continue;
		bodies++;
		snprintf(number, sizeof number, "%zu", m[i].n - head);
		at = find(span_sub(m[i], 0, head), span_str(number));
		for (line = at; line != NULL && line > m[i].p && line[-1] != '\n'; line--)
			;
		while (at != NULL && at > line && (at[-1] == ' ' || at[-1] == '\t'))
			at--;	/* blanks are skipped at run time, however many */
		if (at == NULL || at - line < 3)
			continue;
		votes[intern_add(&labels, span_of(line, (size_t)(at - line)))]++;
	}
	for (uint32_t id = 1; id < labels.n; id++)
		best = votes[id] > votes[best] ? id : best;
	return labels.n > 0 && votes[best] >= 2 && votes[best] * ONE_BODY_IN > bodies ?
	    labels.value[best] : (struct span){ 0 };
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
			struct eom rule = rule_of(&e);
			int64_t v = n > 0 ? eom_field(&rule, m[0]) : -1;

			if (v < 0 || v > MODEL_MESSAGE_BYTES || (e.width == 1 && e.format == FMT_LE))
				continue;
			e.plus = (int32_t)((int64_t)m[0].n - v);
			if (e.plus >= 0)
				consider(best, best_score, &e, m, n);
		}
	}
}

/* How many messages have a line that is a punctuation byte and a number, by that byte; 4 marks at most. */
static unsigned
find_marks(uint8_t mark[MAX_MARKS], struct span term, const struct span *m, size_t n)
{
	uint32_t votes[256] = { 0 };
	unsigned found = 0;

	for (size_t i = 0; i < n; i++) {
		bool has[256] = { false };
		struct span left = m[i];
		const uint8_t *end;

		for (; (end = find(left, term)) != NULL; left = span_sub(left, (size_t)(end - left.p) + term.n, left.n)) {
			size_t k = 1, line = (size_t)(end - left.p);

			while (k < line && isdigit(left.p[k]))
				k++;
			if (k == line && line > 1 && ispunct(left.p[0]) && !has[left.p[0]])
				votes[left.p[0]]++;
			has[left.p[0]] |= k == line && line > 1;
		}
	}
	for (; found < MAX_MARKS; found++) {
		unsigned best = 0;

		for (unsigned b = 1; b < 256; b++)
			best = votes[b] > votes[best] ? b : best;
		if (votes[best] * MARK_ONE_IN < n || votes[best] == 0)
			break;
		mark[found] = (uint8_t)best;
		votes[best] = 0;
	}
	return found;
}

/* Lines, of which some tell how many bytes, and some how many parts follow. */
static void
try_parts(struct text_eom *best, uint32_t *best_score, struct pool *pool, const struct span *m, size_t n)
{
	uint8_t mark[MAX_MARKS];
	unsigned marks = find_marks(mark, span_str("\r\n"), m, n);

	for (unsigned a = 0; a < marks; a++) {
		for (unsigned b = 0; b < marks; b++) {
			uint8_t label[EOM_MARKS] = { mark[a], mark[b] };
			struct text_eom e = { .kind = EOM_PARTS, .term = span_str("\r\n"),
				.label = span_of(pool_copy(pool, label, sizeof label), sizeof label) };

			if (a != b)
				consider(best, best_score, &e, m, n);
		}
	}
}

void
ending_learn(struct text_eom *out, struct pool *pool, const struct span *message, size_t n)
{
	uint32_t best_score = 0;

	*out = (struct text_eom){ .kind = EOM_PUSH };
	try_terminators(out, &best_score, pool, message, n);
	try_lengths(out, &best_score, message, n);
	try_parts(out, &best_score, pool, message, n);
}
