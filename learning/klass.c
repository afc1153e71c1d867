#include "learning/klass.h"

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span
word_of(struct span m, unsigned index)
{
	size_t from = 0, n;

	for (;; index--) {
		while (from < m.n && is_blank(m.p[from]))
			from++;
		for (n = 0; from + n < m.n && !is_blank(m.p[from + n]); n++)
			;
		if (index == 0)
			return span_sub(m, from, n);
		from += n;
	}
}

static bool
is_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

struct klass_name
klass_of(const struct klass *k, struct span m)
{
	struct klass_name name = { 0 };
	struct span w;

	if (m.n == 0)
		return name;
	if (k->binary) {
		for (unsigned i = 0; i < 4; i++)
			if (k->use[i] && i < m.n)
				name.b[name.n++] = m.p[i];
		name.b[name.n++] = 1;	/* not silence, even with no byte in use */
		return name;
	}
	w = word_of(m, k->word);
	for (size_t i = 0; i < w.n && i < KLASS_BYTES && (i == 0 || is_alnum(w.p[i])); i++)
		name.b[name.n++] = w.p[i];
	if (name.n == 0)
		name.b[name.n++] = ' ';
	return name;
}

void
klass_learn(struct klass *k, const struct corpus *c, bool binary)
{
	struct klass first = { .word = 0 };
	struct klass_name top = { 0 }, name;
	bool seen[4][256] = { { false } };
	unsigned distinct[4] = { 0 };
	uint32_t votes = 0, n = 0, same = 0;

	*k = (struct klass){ .binary = binary };
	for (uint32_t i = 0; i < c->nmessages; i++) {
		const struct message *m = &c->messages[i];

		if (m->side != SIDE_SERVER || m->bytes.n == 0)
			continue;
		n++;
		for (unsigned j = 0; j < 4 && j < m->bytes.n; j++) {
			distinct[j] += !seen[j][m->bytes.p[j]];
			seen[j][m->bytes.p[j]] = true;
		}
		name = klass_of(&first, m->bytes);	/* majority by Boyer and Moore's vote */
		if (votes == 0)
			top = name;
		votes += klass_eq(&name, &top) ? 1 : -1;
	}
	for (uint32_t i = 0; i < c->nmessages && !binary; i++) {
		name = klass_of(&first, c->messages[i].bytes);
		same += c->messages[i].side == SIDE_SERVER && klass_eq(&name, &top);
	}
	k->word = !binary && same * 100ull >= n * 97ull;
	for (unsigned j = 0; j < 4; j++)
		k->use[j] = binary && distinct[j] <= 32;
}
