#include "learning/kin.h"

#include <math.h>
#include <stdlib.h>

#include "learning/alike.h"
#include "learning/tally.h"

enum {
	MIN_SAMPLES = 16,	/* of a node */
	MIN_BYTES = 2,		/* of a word that names something */
	MIN_BETTER = 4,		/* replies that kin must foretell better */
	MAX_MENTIONS = 256,	/* of one value that are looked at */
};

struct mention {		/* a value in a message */
	uint32_t value, fact, exchange;
};

struct weight {			/* a fact among the samples: how often they got what known ones get, and strangers */
	uint32_t known, strange;
};

struct judge {
	const struct kin *kin;
	struct weight *weight;		/* per fact */
	uint32_t *seen;			/* per fact: sample + 1 that counted it last */
	uint32_t known, strange;	/* kinds of replies */
};

/* The most general template: a question, whatever it names. */
static uint32_t
question_of(const struct rules *r, uint32_t exchange)
{
	uint32_t u = r->x->exchange[exchange].client, level = LEVELS - 1;

	while (level > 0 && r->client->of[level][u] == NO_TEMPLATE)
		level--;
	return r->client->of[level][u];
}

static int
mention_cmp(const void *a, const void *b)
{
	const struct mention *x = a, *y = b;

	return x->value != y->value ? (x->value > y->value) - (x->value < y->value)
	    : (x->exchange > y->exchange) - (x->exchange < y->exchange);
}

void
kin_learn(struct kin *out, struct pool *pool, const struct rules *r)
{
	const struct exchanges *x = r->x;
	size_t room = 0, n = 0;

	*out = (struct kin){ .r = r };
	for (uint32_t i = 0; i < x->n; i++)
		room += x->exchange[i].client == NO_UNIT ? 0 : x->unit[x->exchange[i].client].ntoken;
	out->mention = pool_array(pool, room + 1, sizeof *out->mention);
	out->first = pool_array(pool, (size_t)x->values.n + 2, sizeof *out->first);
	intern_init(&out->facts, pool);
	for (uint32_t i = 0; i < x->n; i++) {
		const struct exchange *e = &x->exchange[i];
		const struct unit *u;
		uint32_t fact;

		if (!e->known || e->client == NO_UNIT || question_of(r, i) == NO_TEMPLATE)
			continue;
		u = &x->unit[e->client];
		fact = pair_number(&out->facts, question_of(r, i), e->kind);
		for (uint32_t j = 1; j < u->ntoken; j++)
			if ((u->token[j].kind == TOKEN_WORD || u->token[j].kind == TOKEN_RUN) && u->token[j].bytes.n >= MIN_BYTES)
				out->mention[n++] = (struct mention){ u->value[j], fact, i };
	}
	qsort(out->mention, n, sizeof *out->mention, mention_cmp);
	for (size_t i = 0; i < n; i++)
		out->first[out->mention[i].value + 1]++;
	for (uint32_t v = 0; v <= x->values.n; v++)
		out->first[v + 1] += out->first[v];
}

/* The next fact about a value, once each, from other conversations; false: none is left. */
static bool
next_fact(const struct judge *j, uint32_t value, uint32_t conversation, uint32_t mark, uint32_t *at, uint32_t *fact)
{
	const struct kin *kin = j->kin;
	uint32_t end = MIN(kin->first[value + 1], kin->first[value] + MAX_MENTIONS);

	for (; kin->first[value] + *at < end; (*at)++) {
		const struct mention *m = &kin->mention[kin->first[value] + *at];

		if (kin->r->x->exchange[m->exchange].conversation == conversation || j->seen[m->fact] == mark)
			continue;
		j->seen[m->fact] = mark;
		*fact = m->fact;
		return true;
	}
	return false;
}

/* What the facts about a value say on the average: above 0 it is as known ones, 0: nothing. own: what its reply added. */
static double
verdict(const struct judge *j, uint32_t value, uint32_t conversation, uint32_t mark, struct weight own)
{
	uint32_t at = 0, fact, n = 0;
	double sum = 0;

	while (next_fact(j, value, conversation, mark, &at, &fact)) {
		double known = j->weight[fact].known - own.known, strange = j->weight[fact].strange - own.strange;

		if (known + strange == 0)
			continue;
		sum += log((known + 1) / (strange + 1));
		n++;
	}
	return n == 0 ? 0 : sum / n;
}

static struct weight
vote_of(const struct judge *j, const struct answer *a)
{
	uint32_t kind = answer_kind(j->kin->r->x, a);

	return (struct weight){ kind == j->known, kind == j->strange };
}

/* The answer that most known values get, of another kind than strangers do, in words for any value; NULL: none. */
static const struct answer *
answer_of_known(const struct judge *j, const struct keyed *k, uint32_t n, struct pool *pool)
{
	struct tally *t = pool_array(pool, n + 1, sizeof *t);
	uint32_t m = 0;

	for (uint32_t i = 0; i < n; i++)
		if (k[i].answer != NULL && answer_kind(j->kin->r->x, k[i].answer) != j->strange)
			t[m++] = (struct tally){ .answer = k[i].answer, .n = 1 };
	m = tally(j->kin->r->x, t, m);
	for (uint32_t i = 0; i < m && answer_kind(j->kin->r->x, t[i].answer) == answer_kind(j->kin->r->x, t[0].answer); i++) {
		const struct answer *a = t[i].answer->has_map ? t[i].answer->drawn : t[i].answer;

		if (a != NULL)
			return a;
	}
	return NULL;
}

/* Weighs the facts by the samples, and says whether they foretell these clearly better than chance does. */
static bool
weigh(struct judge *j, const uint32_t *value, const struct keyed *k, const uint32_t *exchange, uint32_t n)
{
	uint32_t right = 0, before = 0, differ = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct weight own = vote_of(j, k[i].answer);
		uint32_t at = 0, fact;

		while (value[i] != INTERN_NONE && next_fact(j, value[i],
		    j->kin->r->x->exchange[exchange[k[i].sample]].conversation, i + 1, &at, &fact)) {
			j->weight[fact].known += own.known;
			j->weight[fact].strange += own.strange;
		}
	}
	for (uint32_t i = 0; i < n; i++) {
		struct weight own = vote_of(j, k[i].answer);

		if (value[i] == INTERN_NONE || own.known + own.strange == 0 || verdict(j, value[i],
		    j->kin->r->x->exchange[exchange[k[i].sample]].conversation, n + i + 1, own) <= 0)
			continue;
		differ++;
		right += own.known;
		before += own.strange;
	}
	return right >= before + MIN_BETTER + (uint32_t)sqrt(differ);
}

static int
span_order(const void *a, const void *b)
{
	return span_cmp(*(const struct span *)a, *(const struct span *)b);
}

/* Before what strangers get. */
static void
insert(struct node *nd, struct pool *pool, struct choice new)
{
	struct choice *c = pool_array(pool, nd->nchoices + 1, sizeof *c);
	memcpy(c, nd->choice, (nd->nchoices - 1) * sizeof *c);
	c[nd->nchoices - 1] = new;
	c[nd->nchoices] = nd->choice[nd->nchoices - 1];
	nd->choice = c;
	nd->nchoices++;
}

void
kin_choose(const struct kin *kin, struct pool *pool, struct node *nd, const struct source *field,
    const struct keyed *k, const uint32_t *exchange, uint32_t n)
{
	const struct exchanges *x = kin->r->x;
	const struct choice *last = nd->nchoices == 0 ? NULL : &nd->choice[nd->nchoices - 1];
	struct judge j = { .kin = kin };
	const struct answer *answer;
	uint32_t *value, m = 0;
	struct span *alike;
	bool *sampled, told = false;	/* by how values begin */

	for (uint32_t i = 0; i < nd->nchoices; i++)
		told |= nd->choice[i].begins;
	if (n < MIN_SAMPLES || last == NULL || last->guarded || told)
		return;
	j.strange = answer_kind(x, last->answer);
	answer = answer_of_known(&j, k, n, pool);
	if (answer == NULL)
		return;
	j.known = answer_kind(x, answer);
	value = pool_array(pool, n + 1, sizeof *value);
	sampled = pool_array(pool, x->values.n + 1, sizeof *sampled);
	j.weight = pool_array(pool, kin->facts.n + 1, sizeof *j.weight);
	j.seen = pool_array(pool, kin->facts.n + 1, sizeof *j.seen);
	for (uint32_t i = 0; i < n; i++) {
		value[i] = intern_find(&x->values, k[i].key);
		if (value[i] != INTERN_NONE)
			sampled[value[i]] = true;
	}
	if (!weigh(&j, value, k, exchange, n))
		return;
	alike = pool_array(pool, x->values.n + 1, sizeof *alike);
	for (uint32_t v = 0; v < x->values.n; v++)
		if (!sampled[v] && verdict(&j, v, NO_UNIT, 2 * n + v + 1, (struct weight){ 0 }) > 0)
			alike[m++] = x->values.value[v];
	if (m == 0)
		return;
	qsort(alike, m, sizeof *alike, span_order);
	insert(nd, pool, (struct choice){ .answer = answer, .guarded = true, .value = alike,
		.by = pool_copy(pool, &(struct key){ .one = *field }, sizeof(struct key)),
		.nvalues = m, .support = m });
}
