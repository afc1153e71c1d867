#include "learning/repeats.h"

#include "learning/intern.h"
#include "models/lines.h"

enum {
	MAX_NAMES = 64,
	LEAST_VALUES = 4,	/* different ones that came back */
	MOST_PERCENT = 50,	/* of replies with such a line begin it with the question's */
	WRITTEN_PERCENT = 2,	/* of them write into it */
};

struct count {
	uint32_t seen, repeated, written, values;
};

struct span
repeats_name(const struct lexer *l, struct span line)
{
	size_t n = 0;

	while (n < line.n && !lexer_is_separator(l, line.p[n]))
		n++;
	return n == 0 || n == line.n || line.p[n] == '\r' || line.p[n] == '\n'
	    ? span_of(line.p, 0) : span_sub(line, 0, n + 1);
}

/* Bytes of said that are the question's lines of a name; 0: others, or more of a word follows. */
static size_t
repeated(const struct lexer *l, struct span asked, struct span said, struct span name)
{
	struct line line = { { 0 }, { 0 } };
	size_t n = 0;

	for (struct span end = line.end; lines_next(&asked, name, &line); end = line.end) {
		struct span rest = span_sub(said, n, SIZE_MAX);

		if (!span_eq(span_sub(rest, 0, end.n), end) ||
		    !span_eq(span_sub(rest, end.n, line.bytes.n), line.bytes))
			return 0;
		n += end.n + line.bytes.n;
	}
	return n < said.n && !lexer_is_separator(l, said.p[n]) ? 0 : n;
}

static struct span
next_word(const struct lexer *l, struct span *rest)
{
	size_t from = 0, n;

	while (from < rest->n && lexer_is_separator(l, rest->p[from]))
		from++;
	for (n = from; n < rest->n && !lexer_is_separator(l, rest->p[n]);)
		n++;
	struct span word = span_sub(*rest, from, n - from);

	*rest = span_sub(*rest, n, SIZE_MAX);
	return word;
}

/* Are the words of one line in another, in their order? */
static bool
holds_words(const struct lexer *l, struct span line, struct span words)
{
	for (struct span w; (w = next_word(l, &words)).n > 0;) {
		struct span v = next_word(l, &line);

		while (v.n > 0 && !span_eq(v, w))
			v = next_word(l, &line);
		if (v.n == 0)
			return false;
	}
	return true;
}

/* Bytes of said that are lines of a name, each with the words of one of the question's; 0: others. */
static size_t
written_into(const struct lexer *l, struct span asked, struct span said, struct span name)
{
	struct line line;
	size_t at = 0, n = 0;

	while (lines_next(&asked, name, &line)) {
		struct span rest = span_sub(said, at, SIZE_MAX);
		const uint8_t *lf = rest.n == 0 ? NULL : memchr(rest.p, '\n', rest.n);
		size_t whole = lf == NULL ? rest.n : (size_t)(lf - rest.p) + 1;

		if (!span_eq(span_sub(rest, 0, name.n), name) ||
		    !holds_words(l, span_sub(rest, 0, whole), line.bytes))
			return 0;
		n = at + whole - (lf != NULL) - (whole > 1 && lf != NULL && lf[-1] == '\r');
		at += whole;
	}
	return n;
}

/* The number of a name that the question has a line of; INTERN_NONE: it has none, or there are too many. */
static uint32_t
number_of(struct intern *names, struct span asked, struct span name)
{
	struct line line;

	if (name.n == 0 || !lines_next(&asked, name, &line))
		return INTERN_NONE;
	return names->n < MAX_NAMES ? intern_add(names, name) : intern_find(names, name);
}

static void
count_pair(struct count *count, struct intern *names, struct intern *values, const struct lexer *l,
    const struct separators_pair *p)
{
	struct span rest = p->said;
	struct line line;

	while (lines_next(&rest, span_str(""), &line)) {
		struct span name = repeats_name(l, line.bytes);
		uint32_t id = number_of(names, p->asked, name), before = values->n;
		size_t n = id == INTERN_NONE ? 0 : repeated(l, p->asked, rest, name);

		if (id == INTERN_NONE)
			continue;
		count[id].seen++;
		count[id].written += n == 0 && written_into(l, p->asked, rest, name) > 0;
		count[id].repeated += n > 0;
		if (n > 0 && count[id].values < LEAST_VALUES) {
			intern_add(values, span_sub(rest, 0, n));
			count[id].values += values->n > before;
		}
	}
}

void
repeats_learn(struct repeats *out, struct pool *pool, const struct lexer *l,
    const struct separators_pair *pair, uint32_t n)
{
	struct count count[MAX_NAMES] = { { 0 } };
	struct intern names, values;

	intern_init(&names, pool);
	intern_init(&values, pool);
	for (uint32_t i = 0; i < n; i++)
		count_pair(count, &names, &values, l, &pair[i]);
	*out = (struct repeats){ .name = pool_array(pool, MAX_NAMES, sizeof *out->name),
		.written = pool_array(pool, MAX_NAMES, sizeof *out->written) };
	for (uint32_t i = 0; i < names.n; i++) {
		const struct count *c = &count[i];

		if (c->values < LEAST_VALUES ||
		    (c->repeated + c->written) * 100ull < c->seen * (uint64_t)MOST_PERCENT)
			continue;
		out->written[out->n] = c->written * 100ull > c->seen * (uint64_t)WRITTEN_PERCENT;
		out->name[out->n++] = names.value[i];
	}
}

size_t
repeats_at(const struct repeats *r, const struct lexer *l, struct span asked, struct span said,
    uint32_t *name)
{
	for (*name = 0; *name < r->n; ++*name) {
		struct span begins = r->name[*name];
		size_t n = !span_eq(span_sub(said, 0, begins.n), begins) ? 0
		    : r->written[*name] ? written_into(l, asked, said, begins)
		    : repeated(l, asked, said, begins);

		if (n > 0)
			return n;
	}
	return 0;
}
