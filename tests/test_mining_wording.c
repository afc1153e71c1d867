/* Which sentence a command is answered with, beyond what its program tells. */
#include "learning/learn.h"
#include "learning/player.h"
#include "tests/mining_rig.h"

struct caller {
	struct player p;
	struct pool *pool;
};

static const struct model *
mine(struct handmade *h)
{
	struct learn_params p = { .learner = "mining", .definition = ftp_definition(h->pool) };
	struct learned *made = pool_alloc(h->pool, sizeof *made);
	struct diag why = { "" };

	cr_assert_eq(learn_image(made, h->pool, h->c, NULL, &p, &why), 0, "%s", why.text);
	return made->model;
}

static struct caller *
call(struct pool *pool, const struct model *m, struct host *host, uint32_t connection)
{
	struct session_env env = { .own = addr_v4(0xc6130001), .peer = addr_v4(0xc0000201), .pair_host = host,
		.own_host = host, .connection = connection };
	struct caller *c = pool_alloc(pool, sizeof *c);

	c->pool = pool;
	player_init(&c->p, pool, m, &env, false);
	player_connect(&c->p);
	return c;
}

static void
expect(struct caller *c, const char *line, const char *answer)
{
	char *with_end = pool_alloc(c->pool, strlen(line) + 3), *said;

	snprintf(with_end, strlen(line) + 3, "%s\r\n", line);
	player_forget(&c->p);
	player_hear(&c->p, span_str(with_end), 0);
	said = pool_array(c->pool, c->p.nout + 1u, 1);
	if (c->p.nout > 2)
		memcpy(said, c->p.out, c->p.nout - 2);
	cr_expect_str_eq(said, answer, "%s", line);
}

/* Conversations of peers of their own, who make names that are there from then on; before the login nobody may. */
static struct handmade
makers(struct pool *pool)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	for (unsigned i = 0; i < 24; i++) {
		const char *one = handmade_line(&h, "MKD n%u", i % 5), *other = handmade_line(&h, "MKD n%u", (i + 1) % 5);

		handmade_open(&h)->client = addr_v4(0xc6120100 + i);
		handmade_say(&h, SIDE_SERVER, span_str("220 here\r\n"));
		ask(&h, one, "530 log in");
		ask(&h, "PASS x", "230 welcome");
		ask(&h, one, "257 made");
		ask(&h, i % 2 ? one : other, i % 2 ? "550 is there" : "257 made");
		ask(&h, i % 2 ? other : one, i % 2 ? "257 made" : "550 is there");
		ask(&h, other, "550 is there");
	}
	return h;
}

POOLED(mining_wording, what_a_phase_refuses_it_refuses_whatever_the_peer_did_before)
{
	struct handmade h = makers(pool);
	const struct model *m = mine(&h);
	struct host host = { 0 };
	struct caller *a = call(pool, m, &host, 1), *b;

	expect(a, "MKD n1", "530 log in");
	expect(a, "PASS x", "230 welcome");
	expect(a, "MKD n1", "257 made");
	expect(a, "MKD n1", "550 is there");
	b = call(pool, m, &host, 2);
	expect(b, "MKD n1", "530 log in");	/* not silence, and not what strange verbs are told */
}

POOLED(mining_wording, verbs_that_were_hardly_ever_tried_before_the_login_are_told_what_others_were_told_there)
{
	static const char *const early[] = { "HUM", "WALTZ twice" }, *const late[] = { "HUM", "WALTZ twice", "DANCE", "REEL" };
	struct handmade h = makers(pool);
	const struct model *m;
	struct caller *a;

	for (unsigned i = 0; i < 24; i++) {
		handmade_open(&h)->client = addr_v4(0xc6120200 + i);
		handmade_say(&h, SIDE_SERVER, span_str("220 here\r\n"));
		ask(&h, i == 0 ? "REEL" : early[i % 2], "530 log in");
		ask(&h, "PASS x", "230 welcome");
		ask(&h, late[i % 4], "500 what?");
		ask(&h, late[(i + 1) % 4], "500 what?");
	}
	m = mine(&h);
	a = call(pool, m, NULL, 1);
	expect(a, "DANCE", "530 log in");
	expect(a, "REEL", "530 log in");	/* once, and often otherwise after it */
	expect(a, "TROT", "530 log in");
	expect(a, "PASS x", "230 welcome");
	expect(a, "DANCE", "500 what?");
	expect(a, "TROT", "500 what?");
}
