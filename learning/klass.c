#include "learning/klass.h"

enum { HEAD = 8 };		/* bytes by which text is told from other bytes */

bool
klass_is_text(struct span m)
{
	for (size_t i = 0; i < m.n && i < HEAD; i++) {
		uint8_t c = m.p[i];

		if ((c < ' ' && c != '\t' && c != '\r' && c != '\n' && c != 0x1b) || c >= 0x7f)
			return false;
	}
	return true;
}

struct klass_name
klass_of(const struct klass *k, const struct klass_pair *pair)
{
	if (pair->said.n == 0)
		return (struct klass_name){ 0 };
	if (klass_is_text(pair->said))
		return klass_word_of(&k->word, pair);
	return k->parts.parts.found ? klass_parts_of(&k->parts, pair->said)
	    : klass_field_of(&k->field, pair->said);
}

/* What a reply answers is the next message that was not answered. */
uint32_t
klass_pairs(struct klass_pair *to, const struct corpus *c, uint32_t conversation)
{
	const struct conversation *v = &c->conversations[conversation];
	const struct message *m = c->messages + v->first;
	struct span asked = { 0 }, before = { 0 };
	uint32_t n = 0, open = 0;	/* open: first message of the client that has no answer */

	for (uint32_t i = 0; i < v->n; i++) {
		struct klass_pair p = { .said = m[i].bytes, .conversation = conversation };

		if (m[i].side == SIDE_CLIENT) {
			open = i > 0 && m[i - 1].side == SIDE_SERVER ? i : open;
			continue;
		}
		if (open < i && m[open].side == SIDE_CLIENT && m[open].bytes.p != asked.p) {
			before = asked;
			asked = m[open].bytes;
		}
		open += open + 1 < i && m[open + 1].side == SIDE_CLIENT;
		p.asked = asked;
		p.before = before;
		if (p.said.n > 0)
			to[n++] = p;
	}
	return n;
}

void
klass_learn_pairs(struct klass *k, struct pool *pool, const struct klass_pair *all, uint32_t n)
{
	struct klass_pair *text = pool_array(pool, n + 1, sizeof *text);
	struct klass_pair *binary = pool_array(pool, n + 1, sizeof *binary);
	uint32_t ntext = 0, nbinary = 0;

	for (uint32_t i = 0; i < n; i++)
		if (klass_is_text(all[i].said))
			text[ntext++] = all[i];
		else
			binary[nbinary++] = all[i];
	klass_word_learn(&k->word, pool, text, ntext);
	klass_parts_learn(&k->parts, pool, binary, nbinary);
	klass_field_learn(&k->field, pool, binary, nbinary);
}

void
klass_learn(struct klass *k, struct pool *pool, const struct corpus *c)
{
	struct klass_pair *all = pool_array(pool, c->nmessages + 1, sizeof *all);
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->nconversations; i++)
		n += klass_pairs(all + n, c, i);
	klass_learn_pairs(k, pool, all, n);
}
