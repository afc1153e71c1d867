#pragma once
/*
 * learned.h - a handmade corpus through the stages up to the rules, for tests of any of them.
 */
#include "learning/memory.h"
#include "learning/rules.h"
#include "tests/handmade.h"

struct learned {
	struct exchanges x;
	struct templates client, server;
	struct rules rules;
};

/* In the pool, which the stages keep pointing at. */
static inline struct learned *
learned_from(struct handmade *h, bool binary)
{
	struct learned *l = pool_alloc(h->pool, sizeof *l);

	exchanges_make(&l->x, h->pool, h->c, NULL, binary);
	templates_of_server(&l->server, h->pool, &l->x);
	templates_of_client(&l->client, h->pool, &l->x, &l->server);
	rules_learn(&l->rules, h->pool, &l->x, &l->client, &l->server);
	return l;
}

/* Every template has a name of its own. */
static inline struct symbols
symbols_of_templates(struct pool *pool, const struct learned *l)
{
	uint32_t *client = pool_array(pool, l->client.n + 1, sizeof *client);
	uint32_t *server = pool_array(pool, l->server.n + 1, sizeof *server);

	for (uint32_t i = 0; i < l->client.n; i++)
		client[i] = 2 * i;
	for (uint32_t i = 0; i < l->server.n; i++)
		server[i] = 2 * i + 1;
	return (struct symbols){ client, server, 2 * l->server.n + 1, 2 * l->client.n };
}

/*
 * A template as words: fixed bytes as they are, _ for a field, ... for a tail, blanks for
 * themselves and ; for a line end.
 */
static inline const char *
template_words(struct pool *pool, const struct template *t)
{
	char *to = pool_alloc(pool, 2048);
	size_t at = 0;

	for (uint32_t j = 0; j < t->ntoken; j++) {
		struct span b = t->token[j].bytes;

		if (t->is_field[j])
			to[at++] = '_';
		for (size_t k = 0; k < b.n && !t->is_field[j]; k++)
			if (b.p[k] != '\r')
				to[at++] = b.p[k] == '\n' ? ';' : (char)b.p[k];
	}
	return strcpy(to + at, t->tail ? "..." : "") - at;
}

/* The template of these words on a level, or NO_TEMPLATE. */
static inline uint32_t
template_named(struct pool *pool, const struct templates *ts, enum level level, const char *words)
{
	for (uint32_t i = 0; i < ts->n; i++)
		if (ts->t[i].level == level && strcmp(template_words(pool, &ts->t[i]), words) == 0)
			return i;
	return NO_TEMPLATE;
}

/* All of a level, one a line, for messages of failed assertions. */
static inline const char *
template_list(struct pool *pool, const struct templates *ts)
{
	char *to = pool_alloc(pool, 65536);
	size_t at = 0;

	for (uint32_t i = 0; i < ts->n && at < 60000; i++)
		at += (size_t)sprintf(to + at, "\n  %u: %u x %s", ts->t[i].level, ts->t[i].support,
		    template_words(pool, &ts->t[i]));
	return to;
}
