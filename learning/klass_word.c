#include "learning/klass_word.h"

enum {
	ECHO_PERCENT = 10,	/* of replies that were asked for: then the service repeats tags or echoes */
	LEAD_PERCENT = 90,	/* of replies that begin with one word */
	STATUS_PERCENT = 90,	/* of those: followed by a number of the usual width */
	WIDTH_PERCENT = 95,	/* of numbers that have one width: then they are codes */
	KNOWN_CONVERSATIONS = 3,	/* that make a word known, where there are so many ... */
	MANY_CONVERSATIONS = 20,
	KNOWN_ONE_IN = 250,	/* ... and one in so many */
	WIDTHS = 8,
};

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

/* The next word of *rest, which then begins behind it; empty at the end. */
static struct span
next_word(struct span *rest)
{
	size_t from = 0, n = 0;
	struct span w;

	while (from < rest->n && is_blank(rest->p[from]))
		from++;
	while (from + n < rest->n && !is_blank(rest->p[from + n]))
		n++;
	w = span_sub(*rest, from, n);
	*rest = span_sub(*rest, from + n, rest->n);
	return w;
}

/* What follows the client's first word where a line begins with it; all when none does. */
static struct span
behind_echo(struct span asked, struct span said, bool *found)
{
	struct span words = asked, tag = next_word(&words), rest = said, after;

	*found = false;
	if (tag.n == 0 || (!is_digit(tag.p[0]) && !is_letter(tag.p[0])))
		return said;
	while (rest.n > 0) {
		const uint8_t *end = memchr(rest.p, '\n', rest.n);
		size_t line = end == NULL ? rest.n : (size_t)(end - rest.p) + 1;

		if (rest.n >= tag.n && memcmp(rest.p, tag.p, tag.n) == 0 &&
		    (rest.n == tag.n || is_blank(rest.p[tag.n]))) {
			*found = true;
			rest = span_sub(rest, tag.n, rest.n);
			break;
		}
		rest = span_sub(rest, line, rest.n);
	}
	if (!*found)
		return said;
	for (;;) {			/* an echo of the whole line goes on */
		struct span word = next_word(&words);

		after = rest;
		if (word.n == 0 || !span_eq(next_word(&after), word))
			return rest;
		rest = after;
	}
}

static size_t
digits(struct span w)
{
	size_t n = 0;

	while (n < w.n && is_digit(w.p[n]))
		n++;
	return n;
}

/* Letters, digits and _ at the beginning of a word, behind at most one other byte. */
static struct klass_name
name_of(struct span w, bool numbers)
{
	struct klass_name name = { 0 };
	size_t i = 0, nd;

	if (w.n > 0 && !is_letter(w.p[0]) && !is_digit(w.p[0])) {
		klass_put(&name, w.p[i++]);
		if (i + 1 < w.n && w.p[i] == '-' && is_digit(w.p[i + 1]))
			klass_put(&name, '-');	/* less than nothing: not there */
		if (i < w.n && (is_digit(w.p[i]) || name.n > 1))
			return name;
	}
	nd = digits(span_sub(w, i, w.n));
	if (nd > 0 && (i + nd == w.n || !is_letter(w.p[i + nd])) && !numbers) {
		klass_put(&name, '#');
		return name;
	}
	while (i < w.n && (is_letter(w.p[i]) || is_digit(w.p[i])))
		klass_put(&name, w.p[i++]);
	return name;
}

static bool
is_number(const struct klass_name *n)
{
	return n->n > 0 && digits(span_of(n->b, n->n)) == n->n;
}

/* The name before it is known whether it is data. */
static struct klass_name
first_name(const struct klass_word *k, const struct klass_pair *pair)
{
	struct span rest = pair->said, first;
	struct klass_name name, more;
	bool found = !k->echoes;

	if (!found)
		rest = behind_echo(pair->asked, pair->said, &found);
	if (!found)
		rest = behind_echo(pair->before, pair->said, &found);
	first = next_word(&rest);
	name = name_of(first, k->numbers);
	if (k->status && klass_eq(&name, &k->lead))
		name = name_of(next_word(&rest), k->numbers);
	else if (name.n == 1 && first.n == 1 && !is_letter(name.b[0]) && !is_digit(name.b[0])) {
		more = name_of(next_word(&rest), k->numbers);	/* a mark that stands alone */
		for (unsigned i = 0; i < more.n; i++)
			klass_put(&name, more.b[i]);
	}
	return name;
}

struct klass_name
klass_word_of(const struct klass_word *k, const struct klass_pair *pair)
{
	struct klass_name name = first_name(k, pair);
	uint32_t id = intern_find(&k->known, span_of(name.b, name.n));

	if (name.n == 0)
		klass_put(&name, ' ');
	if (is_number(&name) || (id != INTERN_NONE && k->conversations[id] >= k->least))
		return name;
	if (is_letter(name.b[0]) || is_digit(name.b[0]))
		name.n = 0;
	else
		name.n = 1;
	klass_put(&name, '~');
	return name;
}

static void
learn_echo(struct klass_word *k, const struct klass_pair *pair, uint32_t n)
{
	uint32_t asked = 0, echoed = 0;
	bool found;

	for (uint32_t i = 0; i < n; i++) {
		behind_echo(pair[i].asked, pair[i].said, &found);
		asked += pair[i].asked.n > 0;
		echoed += found;
	}
	k->echoes = echoed * 100ull > asked * (uint64_t)ECHO_PERCENT;
}

/* Is the word behind the first one that nearly all begin with a number of one width? */
static void
learn_lead(struct klass_word *k, const struct klass_pair *pair, uint32_t n)
{
	uint32_t votes = 0, same = 0, width[WIDTHS] = { 0 }, most = 0;

	for (uint32_t i = 0; i < n; i++) {	/* majority by Boyer and Moore's vote */
		struct klass_name name = first_name(k, &pair[i]);

		if (votes == 0)
			k->lead = name;
		votes += klass_eq(&name, &k->lead) ? 1 : -1;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct klass_name name = first_name(k, &pair[i]);
		struct span rest = pair[i].said;

		if (!klass_eq(&name, &k->lead))
			continue;
		same++;
		next_word(&rest);
		name = name_of(next_word(&rest), true);
		if (is_number(&name) && name.n > 1 && name.n < WIDTHS)
			width[name.n]++;
	}
	for (unsigned i = 0; i < WIDTHS; i++)
		most = MAX(most, width[i]);
	k->status = n > 0 && !is_number(&k->lead) && same * 100ull >= n * (uint64_t)LEAD_PERCENT &&
	    most * 100ull >= same * (uint64_t)STATUS_PERCENT;
}

static void
learn_numbers(struct klass_word *k, const struct klass_pair *pair, uint32_t n)
{
	uint32_t width[WIDTHS] = { 0 }, all = 0, most = 0;

	k->numbers = true;
	for (uint32_t i = 0; i < n; i++) {
		struct klass_name name = first_name(k, &pair[i]);

		if (!is_number(&name))
			continue;
		all++;
		width[MIN(name.n, (uint8_t)(WIDTHS - 1))]++;
	}
	for (unsigned i = 2; i < WIDTHS - 1; i++)
		most = MAX(most, width[i]);
	k->numbers = most * 100ull >= all * (uint64_t)WIDTH_PERCENT;
}

/* In how many conversations each name was seen. */
static void
learn_known(struct klass_word *k, struct pool *pool, const struct klass_pair *pair, uint32_t n)
{
	uint32_t conversations = 0, before = UINT32_MAX;

	k->conversations = pool_array(pool, n + 1, sizeof *k->conversations);
	k->last = pool_array(pool, n + 1, sizeof *k->last);
	for (uint32_t i = 0; i < n; i++) {
		struct klass_name name = first_name(k, &pair[i]);
		uint32_t id = intern_find(&k->known, span_of(name.b, name.n));

		if (id == INTERN_NONE)
			id = intern_add(&k->known, span_of(pool_copy(pool, name.b, name.n), name.n));
		conversations += pair[i].conversation != before;
		before = pair[i].conversation;
		k->conversations[id] += k->last[id] != before + 1;
		k->last[id] = before + 1;
	}
	k->least = conversations < MANY_CONVERSATIONS ? 1
	    : MAX((uint32_t)KNOWN_CONVERSATIONS, conversations / KNOWN_ONE_IN);
}

void
klass_word_learn(struct klass_word *k, struct pool *pool, const struct klass_pair *pair, uint32_t n)
{
	*k = (struct klass_word){ .numbers = true };
	intern_init(&k->known, pool);
	learn_echo(k, pair, n);
	learn_lead(k, pair, n);
	learn_numbers(k, pair, n);
	learn_known(k, pool, pair, n);
}
