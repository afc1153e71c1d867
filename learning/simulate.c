#include "learning/simulate.h"

#include "learning/player.h"
#include "learning/sides.h"

enum {
	PACE_MS = 200,		/* between two messages */
	GAP_MS = 60000,		/* between the beginnings of conversations */
	WAITS = 2,		/* both sides wait; then somebody must say something */
};

struct simulation {
	struct pool *pool;
	const struct simulate_how *how;
	struct simulated *out;
	struct lens client, server;
	struct player model;
	uint32_t room;
	size_t bytes;
	int64_t now_ms;
	bool over;
};

static void
note(struct simulation *s, uint8_t side, struct span said)
{
	struct played *p = &s->out->said;

	if (p->n == s->room) {
		s->room = MAX(2 * s->room, 16u);
		p->line = pool_grow(s->pool, p->line, p->n, s->room, sizeof *p->line);
	}
	p->line[p->n++] = (struct play_line){ .side = side, .time_ns = s->now_ms * 1000000,
		.said = said, .recorded = said, .state = s->model.s.state,
		.match = s->model.last.match, .conf = s->model.last.conf };
	s->now_ms += PACE_MS;
	s->bytes += said.n;
	s->over |= p->n >= SIMULATE_MESSAGES || s->bytes >= SIMULATE_BYTES;
}

/* What the model said becomes messages, heard by the client: datagrams one by one, a stream at once. */
static void
deliver(struct simulation *s)
{
	struct player *m = &s->model;
	bool datagrams = s->how->proto == MODEL_UDP;
	size_t from = 0;

	for (uint32_t i = datagrams ? 0 : m->nend - (m->nend > 0); i < m->nend; i++) {
		struct span said = span_of(m->out + from, m->end[i] - from);

		from = m->end[i];
		note(s, SIDE_SERVER, said);
		lens_hear(&s->client, said);
	}
	player_forget(m);
	s->over |= m->over;
}

static void
client_says(struct simulation *s, struct span said)
{
	note(s, SIDE_CLIENT, said);
	if (s->how->server == NULL) {
		lens_hear(&s->server, said);
		return;
	}
	player_hear(&s->model, said, s->now_ms);
	deliver(s);
}

/* One turn of a side that is played by LENS. Returns whether it said something. */
static bool
take_turn(struct simulation *s, struct lens *l, bool must)
{
	struct span said;

	switch (lens_speak(l, must, &said)) {
	case LENS_SAYS:
		if (!l->server) {
			client_says(s, said);
			return true;
		}
		note(s, SIDE_SERVER, said);
		lens_hear(&s->client, said);
		return true;
	case LENS_ENDS:
		s->over = true;
		return false;
	case LENS_WAITS:
		break;
	}
	return false;
}

void
simulate(struct simulated *out, struct pool *pool, const struct simulate_how *how,
    uint32_t number)
{
	struct simulation s = { .pool = pool, .how = how, .out = out };
	uint64_t seed = hash_stir(how->seed + hash_stir(number + 1));
	unsigned waited = 0;

	*out = (struct simulated){ 0 };
	memcpy(out->env.key, how->key, sizeof out->env.key);
	out->env.own = addr_v4(SIDES_SERVER);
	out->env.own_port = how->book->p->port;
	out->env.peer = addr_v4(SIDES_CLIENT);
	out->env.peer_port = SIDES_CLIENT_PORT;
	out->env.connection = number;
	out->env.now_ms = s.now_ms = how->start_ms + (int64_t)number * GAP_MS;
	lens_init(&s.client, pool, how->book, false, seed);
	lens_init(&s.server, pool, how->book, true, hash_stir(seed));
	if (how->server != NULL) {
		player_init(&s.model, pool, how->server, &out->env, how->proto == MODEL_UDP);
		if (how->proto == MODEL_TCP)
			player_connect(&s.model);
		deliver(&s);
	}
	while (!s.over) {
		bool must = waited >= WAITS, spoke = false;

		if (how->server == NULL)
			spoke = take_turn(&s, &s.server, must);
		if (!s.over)
			spoke |= take_turn(&s, &s.client, must);
		waited = spoke ? 0 : waited + 1;
	}
}
