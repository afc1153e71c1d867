#include "learning/source.h"

#include "learning/rules.h"

enum {
	LOOK_BACK = 64,		/* exchanges searched for the last message of a template */
	LOOK_NEAR = 24,		/* exchanges in which sources are looked for */
	NONCE_BYTES = 4,	/* neighbouring byte fields that may be one value */
	MAX_FIELDS = 32,	/* of a template that are looked at */
	TELLING = 8,		/* bytes of a template that are remembered */
	FEW_VALUES = 16,	/* that such a byte takes, */
	FEW_SUPPORT = 5,	/* each in so many messages on the average */
};

static struct span
range_in(const struct unit *u, const struct template *t, uint32_t first, uint32_t last)
{
	struct span a = row_token(u, (enum level)t->level, first);
	struct span b = first == last ? a : row_token(u, (enum level)t->level, last);

	return span_of(a.p, (size_t)(b.p + b.n - a.p));
}

struct span
source_bytes(const struct rules *r, const struct source *s, uint32_t exchange)
{
	const struct template *t = &r->client->t[s->template];
	const struct exchange *e = &r->x->exchange[exchange];
	unsigned left = LOOK_BACK;

	if (!s->earlier)
		return range_in(&r->x->unit[e->client], t, s->first, s->last);
	for (uint32_t i = e->previous; i != NO_UNIT && left-- > 0; i = r->x->exchange[i].previous) {
		uint32_t u = r->x->exchange[i].client;

		if (u != NO_UNIT && r->client->of[t->level][u] == s->template)
			return range_in(&r->x->unit[u], t, s->first, s->last);
	}
	return (struct span){ 0 };
}

/* Single fields, then runs of them, which begin with a word, not with a stray byte. */
uint32_t
sources_of(const struct rules *r, uint32_t template, struct source *out, uint32_t max)
{
	const struct template *t = &r->client->t[template];
	uint32_t field[MAX_FIELDS], nf = 0, n = 0;

	for (uint32_t j = 0; j < t->ntoken && nf < MAX_FIELDS; j++)
		if (t->is_field[j])
			field[nf++] = j;
	for (uint32_t i = 0; i < nf && n < max; i++)
		out[n++] = (struct source){ template, field[i], field[i], false };
	for (uint32_t i = 0, run = 0; i < nf && n < max; i++) {	/* neighbouring bytes: a nonce */
		bool byte = t->token[field[i]].kind == TOKEN_BYTE;

		run = byte && i > 0 && field[i] == field[i - 1] + 1 ? run + 1 : byte;
		if (run >= NONCE_BYTES)
			out[n++] = (struct source){ template, field[i] + 1 - run, field[i], false };
	}
	for (uint32_t i = 0; i < nf; i++) {
		uint8_t kind = t->token[field[i]].kind;

		for (uint32_t j = i + 1; j < nf && n < max && kind != TOKEN_BYTE; j++)
			out[n++] = (struct source){ template, field[i], field[j], false };
	}
	return n;
}

bool
source_subject(const struct rules *r, uint32_t template, struct source *out)
{
	const struct template *t = &r->client->t[template];
	bool found = false;

	*out = (struct source){ .template = template };
	for (uint32_t j = 0; j < t->ntoken; j++) {
		uint8_t kind = t->token[j].kind;

		if (!t->is_field[j] || (!found && kind == TOKEN_BYTE) ||
		    (found && kind == TOKEN_REST))
			continue;
		out->first = found ? out->first : j;
		out->last = j;
		found = true;
	}
	return found;
}

/* Is a part in it that hardly ever comes again? */
static bool
holds_id(const struct rules *r, const struct source *s)
{
	for (uint32_t j = s->first; j <= s->last && j < HABIT_BYTES; j++)
		if (r->habits.id != NULL && r->habits.id[j] && r->client->t[s->template].token[j].kind == TOKEN_PART)
			return true;
	return false;
}

/* Sources that may decide a value: not the bytes beside a run that varies, nor ids. */
uint32_t
sources_deciding(const struct rules *r, uint32_t template, struct source *out, uint32_t max)
{
	const struct template *t = &r->client->t[template];
	uint32_t n = sources_of(r, template, out, max), kept = 0;
	bool run = false;

	for (uint32_t j = 0; j < t->ntoken; j++)
		run |= t->is_field[j] && t->token[j].kind == TOKEN_RUN;
	for (uint32_t i = 0; i < n; i++)
		if ((!run || t->token[out[i].first].kind == TOKEN_RUN) && !holds_id(r, &out[i]))
			out[kept++] = out[i];
	return kept;
}

/*
 * How a token divides the messages of a template: equal for tokens that divide them alike. False: into one, or
 * too many.
 */
static bool
division_of(const struct exchanges *x, const struct template *t, uint32_t token, uint64_t *out)
{
	uint32_t seen[FEW_VALUES], n = 0;

	*out = 0;
	for (uint32_t i = 0; i < t->support; i++) {
		uint32_t v = x->unit[t->member[i]].value[token], k = 0;

		while (k < n && seen[k] != v)
			k++;
		if (k == FEW_VALUES)
			return false;
		if (k == n)
			seen[n++] = v;
		*out = hash_stir(*out + k + 1);
	}
	return n > 1 && n * FEW_SUPPORT <= t->support;
}

static bool *
telling_of(const struct exchanges *x, const struct template *t, struct pool *pool)
{
	bool *tells = pool_array(pool, t->ntoken + 1, sizeof *tells);
	uint64_t division[TELLING];
	uint32_t n = 0, k;

	for (uint32_t j = 0; j < t->ntoken && n < TELLING; j++) {
		if (!t->is_field[j] || t->token[j].kind != TOKEN_BYTE || !division_of(x, t, j, &division[n]))
			continue;
		for (k = 0; division[k] != division[n];)
			k++;
		tells[j] = k == n;
		n += k == n;
	}
	return tells;
}

bool **
sources_telling(const struct exchanges *x, const struct templates *client, struct pool *pool)
{
	bool **tells = pool_array(pool, client->n + 1, sizeof *tells);

	for (uint32_t i = 0; x->client_lexer.binary && i < client->n; i++)
		if (client->t[i].level == LEVEL_FULL)
			tells[i] = telling_of(x, &client->t[i], pool);
	return tells;
}

/* A field that may decide what is answered later: a word or a name, or a byte that tells. */
static bool
may_be_remembered(const struct rules *r, enum remembered what, uint32_t template, uint32_t token)
{
	const struct template *t = &r->client->t[template];
	uint8_t kind = t->token[token].kind;

	if (what == REMEMBERED_BYTES)
		return r->telling[template] != NULL && r->telling[template][token];
	return t->is_field[token] && (kind == TOKEN_WORD || kind == TOKEN_RUN);
}

static bool
has_source(const struct source *list, uint32_t n, uint32_t template, uint32_t token)
{
	for (uint32_t i = 0; i < n; i++)
		if (list[i].template == template && list[i].first == token)
			return true;
	return false;
}

/*
 * Is t a template of the client message of exchange e? Then its fields cannot be a source from
 * earlier: what this message has in them is in view before the answer is chosen.
 */
static bool
is_of_message(const struct rules *r, uint32_t e, uint32_t t)
{
	uint32_t u = r->x->exchange[e].client;

	for (unsigned l = 0; u != NO_UNIT && l < LEVELS; l++)
		if (r->client->of[l][u] == t)
			return true;
	return false;
}

uint32_t
sources_earlier(const struct rules *r, enum remembered what, const uint32_t *exchange, uint32_t nexchange,
    struct source *out, uint32_t max)
{
	uint32_t n = 0, looked = MIN(nexchange, (uint32_t)SAMPLES_LOOKED_AT);

	for (uint32_t k = 0; k < looked; k++) {
		uint32_t e = exchange[sample_at(k, nexchange)];
		unsigned left = LOOK_NEAR;

		for (uint32_t i = r->x->exchange[e].previous; i != NO_UNIT && left-- > 0;
		    i = r->x->exchange[i].previous) {
			uint32_t u = r->x->exchange[i].client, t;

			if (u == NO_UNIT)
				continue;
			t = r->client->of[LEVEL_FULL][u];
			if (is_of_message(r, e, t))
				continue;
			for (uint32_t j = 0; j < r->client->t[t].ntoken && n < max; j++)
				if (may_be_remembered(r, what, t, j) && !has_source(out, n, t, j))
					out[n++] = (struct source){ t, j, j, true };
		}
	}
	return n;
}
