#include "learning/learn.h"
#include "learning/player.h"
#include "tests/mining_rig.h"

static const struct definition *
http_definition(struct pool *pool)
{
	struct definition *d = pool_alloc(pool, sizeof *d);
	struct diag why = { "" };

	cr_assert_eq(definition_load(d, TEST_ROOT "/scripts/services/http.service", &why), 0, "%s", why.text);
	pool_defer(pool, mining_rig_fini, d);
	return d;
}

static void
request(struct handmade *h, const char *verb, const char *name, const char *reply)
{
	handmade_say(h, SIDE_CLIENT, span_str(handmade_line(h, "%s %s HTTP/1.1\r\nHost: x\r\n\r\n", verb, name)));
	handmade_say(h, SIDE_SERVER, span_str(reply));
}

static const char *
page(struct handmade *h, const char *name, unsigned second, bool body)
{
	return handmade_line(h, "HTTP/1.1 200 OK\r\nServer: s\r\nDate: %02u\r\nLast-Modified: %s\r\nType: text\r\n\r\n%s%s",
	    second, name, body ? "content of " : "", body ? name : "");
}

static const char *
missing(struct handmade *h, const char *name)
{
	return handmade_line(h, "HTTP/1.1 404 Not Found\r\nServer: s\r\n\r\nThere is no %s here.", name);
}

static void
expect(struct pool *pool, const struct model *m, const char *verb, const char *name, const char *said, const char *unsaid)
{
	struct session_env env = { .own = addr_v4(0xc6130001), .peer = addr_v4(0xc0000201) };
	char *line = pool_alloc(pool, 200);
	struct player p;

	player_init(&p, pool, m, &env, false);
	player_connect(&p);
	snprintf(line, 200, "%s %s HTTP/1.1\r\nHost: elsewhere\r\n\r\n", verb, name);
	player_hear(&p, span_str(line), 0);
	cr_expect(memmem(p.out, p.nout, said, strlen(said)) != NULL, "%s %s: %.*s", verb, name, (int)p.nout, p.out);
	cr_expect(unsaid == NULL || memmem(p.out, p.nout, unsaid, strlen(unsaid)) == NULL, "%s %s: %.*s", verb, name,
	    (int)p.nout, p.out);
}

POOLED(mining_recall, what_exists_is_answered_whole_its_head_alone_and_errors_repeat_the_name)
{
	static const char *const names[] = { "/a", "/b", "/c", "/d" };
	struct handmade h = handmade(pool, PROTO_TCP, 80);
	struct learn_params p = { .learner = "mining", .definition = http_definition(pool) };
	struct learned made;
	struct diag why = { "" };

	for (unsigned i = 0; i < 24; i++) {
		const char *name = names[i % 4], *none = handmade_line(&h, "/none%u", i % 7);

		handmade_open(&h)->client = addr_v4(0xc6120100 + i);
		if (i % 5 < 2)
			request(&h, "GET", none, missing(&h, none));
		for (unsigned k = 0; k < 1 + i % 3; k++)
			request(&h, "GET", name, page(&h, name, i, true));
		if (i % 2)
			request(&h, "GET", none, missing(&h, none));
		if (i % 4 != 3)
			request(&h, "HEAD", name, page(&h, name, i + 1, false));
		if (i % 3)
			request(&h, "HEAD", none, missing(&h, none));
	}
	cr_assert_eq(learn_image(&made, pool, h.c, NULL, &p, &why), 0, "%s", why.text);
	expect(pool, made.model, "GET", "/b", "content of /b", NULL);
	expect(pool, made.model, "HEAD", "/b", "Last-Modified: /b\r\n", "content");
	expect(pool, made.model, "HEAD", "/d", "Last-Modified: /d\r\n", "content");	/* never asked for */
	expect(pool, made.model, "GET", "/neverseen", "There is no /neverseen here.", NULL);
}
