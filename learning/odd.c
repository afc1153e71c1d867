#include "learning/odd.h"

#include "models/vocab.h"

/* Values that n random bytes have, on average: 256 (1 - (255/256)^n). */
static double
values_by_chance(size_t n)
{
	double missing = 256;

	for (size_t i = 0; i < n && missing > 1; i++)
		missing *= 255.0 / 256.0;
	return 256 - missing;
}

static bool
looks_random(struct span s)
{
	bool has[256] = { false };
	unsigned n = 0;

	if (s.n < ODD_RANDOM_BYTES)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		n += !has[s.p[i]];
		has[s.p[i]] = true;
	}
	return n * 100 >= ODD_RANDOM_PERCENT * values_by_chance(s.n);
}

void
odd_count(struct odd *out, const struct corpus *c, const bool *use)
{
	*out = (struct odd){ 0 };
	for (uint32_t v = 0; v < c->nconversations; v++) {
		const struct conversation *talk = &c->conversations[v];

		for (uint32_t i = talk->first; i < talk->first + talk->n && (use == NULL || use[v]); i++) {
			const struct message *m = &c->messages[i];

			out->messages++;
			out->empty += m->bytes.n == 0;
			out->random += looks_random(m->bytes);
			out->long_client += m->side == SIDE_CLIENT && m->bytes.n > MODEL_MESSAGE_BYTES;
			out->long_server += m->side == SIDE_SERVER && m->bytes.n > MODEL_REPLY_BYTES;
		}
	}
}
