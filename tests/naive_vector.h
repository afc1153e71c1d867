#pragma once
/*
 * naive_vector.h - the vectors of a text model, played by its second implementation.
 */
#include <stdlib.h>

#include <criterion/criterion.h>

#include "tests/naive.h"

/* An event, whose reply goes behind what was said before. */
static inline void
naive_append(struct naive *c, enum channel_news news, struct naive_turn *turn)
{
	struct naive_turn next;

	naive_event(c, EVENT_CHANNEL, news, &next);
	turn->out = realloc(turn->out, turn->n + next.n + 1);
	cr_assert_not_null(turn->out);
	if (next.n > 0)
		memcpy(turn->out + turn->n, next.out, next.n);
	turn->n += next.n;
	naive_turn_fini(&next);
}

/* A related connection that was expected opens and ends at once when it is used (docs/model-format.md 5). */
static inline void
naive_relate(struct naive *c, struct naive_turn *turn)
{
	bool was = c->env.channel;

	c->env.channel |= turn->taken && turn->open;
	if (!turn->taken || (turn->send == 0 && !turn->take))
		return;
	c->env.channel = false;
	naive_append(c, was ? CHANNEL_OPENED : CHANNEL_FAILED, turn);
	if (was)
		naive_append(c, CHANNEL_ENDED, turn);
}

static inline void
naive_expect_line(const char *model, const struct text_vector *v, uint32_t i, struct naive_turn *turn)
{
	struct span said = span_of(turn->out, turn->n);

	if (i < v->n)
		cr_expect(span_eq(said, v->line[i]), "%s, line %u: '%.*s' instead of '%.*s'", model, i,
		    (int)said.n, (const char *)said.p, (int)v->line[i].n, (const char *)v->line[i].p);
	naive_turn_fini(turn);
}

/* A vector of the text, line by line; model names it. */
static inline void
naive_expect_vector(const char *model, const struct text *t, const struct text_vector *v)
{
	struct session_env env = { .own = addr_v4(0xc6130001), .peer = addr_v4(0xc0000201) };
	struct naive c;
	struct naive_turn turn;
	uint32_t i = 0;

	naive_init(&c, t, &env);
	if (t->proto == MODEL_TCP) {
		naive_event(&c, EVENT_CONNECT, 0, &turn);
		naive_relate(&c, &turn);
		if (v->n > 0 && v->line[0].n == 0)
			naive_expect_line(model, v, (i += 2) - 1, &turn);
		else
			naive_turn_fini(&turn);
	}
	for (; i < v->n; i += 2) {
		naive_message(&c, v->line[i], &turn);
		naive_relate(&c, &turn);
		naive_expect_line(model, v, i + 1, &turn);
	}
	naive_fini(&c);
}
