#include "learning/lesson.h"

#include <errno.h>

#include "learning/drawn.h"
#include "learning/embed.h"
#include "learning/usual.h"

bool
lesson_is_binary(const struct corpus *c, struct pool *pool)
{
	struct span *m = pool_array(pool, c->nmessages + 1, sizeof *m);
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->nmessages; i++)
		if (c->messages[i].side == SIDE_CLIENT)
			m[n++] = c->messages[i].bytes;
	return !embed_is_text(m, n);
}

int
lesson_learn(struct lesson *l, struct pool *pool, const struct corpus *c, const bool *use,
    const struct progress *progress, struct diag *why)
{
	*l = (struct lesson){ .pool = pool, .corpus = c, .binary = lesson_is_binary(c, pool) };
	progress_at(progress, "exchanges", 0);
	exchanges_make(&l->x, pool, c, use, l->binary);
	progress_at(progress, "templates", 0);
	templates_of_server(&l->server, pool, &l->x);
	if (l->server.n == 0)
		return diag_set(why, -ENODATA, "%s: the server on %s/%u never answers what a client says, "
		    "so there is nothing to learn; see that both directions were captured.",
		    c->sources[0].name, c->proto == PROTO_TCP ? "tcp" : "udp", c->port);
	templates_of_client(&l->client, pool, &l->x, &l->server);
	progress_at(progress, "rules", 0);
	rules_learn(&l->rules, pool, &l->x, &l->client, &l->server);
	progress_at(progress, "latches", 0);
	latches_learn(&l->latches, pool, &l->x, &l->client, &l->server);
	regardless_learn(&l->manners, pool, &l->rules, &l->latches);
	l->after = pool_array(pool, l->x.prompts.nrules, sizeof *l->after);
	for (uint32_t rule = 1; rule < l->x.prompts.nrules; rule++)
		l->after[rule] = usual_after(&l->rules, pool, rule);
	drawn_learn(&l->rules);
	return 0;
}
