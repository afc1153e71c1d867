/*
 * bench_render.c - an answer's bytes: 200 of them, with no, one and four dynamic parts.
 */
#include <stdio.h>
#include <string.h>

#include "models/render.h"
#include "tests/bench.h"
#include "tests/model_of.h"

enum { BURST = 32, ANSWER = 200, FIELD = 10 };

static const struct {
	const char *name, *say;		/* %s: filling up to ANSWER bytes */
	unsigned dynamic;		/* bytes that are not filling */
} answers[] = {
	{ "render-0", "\"%.*s\"", 0 },
	{ "render-1", "\"%.*s\" field 0", FIELD },
	{ "render-4", "field 0 \"%.*s\" field 1 field 2 \" \" field 3", 4 * FIELD + 1 },
};

static struct model *
build(unsigned which)
{
	char filling[ANSWER + 1], say[512], text[4096];

	memset(filling, 'a', sizeof filling);
	snprintf(say, sizeof say, answers[which].say, (int)(ANSWER - answers[which].dynamic), filling);
	snprintf(text, sizeof text, "mynah-model 1\nservice \"r\" tcp\nchannel plain\nlearner \"hand\" order 1 seed 1\n"
	    "separators \" \"\nstart 0\neom 0 push error 0x0p+0\ntemplate 0 support 1 from hand\n"
	    "  match tok \" \" tok \" \" tok \" \" tok\n  field 0 0 0\n  field 1 2 2\n  field 2 4 4\n  field 3 6 6\n"
	    "reply 0 support 1 from hand\n  say %s\nstate 0 eom 0 support 1 \"any\"\n  on message 0\n"
	    "    alt weight 1 say 0 goto 0 from hand\n", say);
	return model_of(text);
}

static void
measure(unsigned which, uint64_t slice)
{
	static struct samples s;
	struct model *m = build(which);
	struct session_env env = { .own = addr_v4(0xc6130001), .peer = addr_v4(0x0a000001), .own_port = 21,
		.peer_port = 1024, .now_ms = 1700000000000 };
	struct fields f = { .has = 15 };
	struct render r = { .f = &f, .env = &env, .turn = 1, .turn_ms = env.now_ms };
	uint8_t to[1500];

	for (unsigned k = 0; k < 4; k++)
		f.slot[k] = span_of("0123456789", FIELD);
	samples_init(&s);
	for (uint64_t end = bench_ticks() + slice; bench_ticks() < end;) {
		uint64_t t0 = bench_ticks();
		size_t n = 0;

		for (unsigned k = 0; k < BURST; k++)
			n += render(&m->i, 0, &r, 0, to, sizeof to, NULL);
		samples_add(&s, bench_ticks() - t0);
		if (n != BURST * ANSWER)
			bench_die("%s: %zu bytes instead of %d.", answers[which].name, n, BURST * ANSWER);
	}
	bench_figure(answers[which].name, "ticks/answer", &s, BURST);
	samples_fini(&s);
	model_destroy(m);
}

int
main(int argc, char **argv)
{
	struct bench_options o;
	double tick_hz;

	bench_start(&o, argc, argv);
	tick_hz = bench_tick_hz(50);
	for (unsigned i = 0; i < ARRAY_LEN(answers); i++)
		measure(i, (uint64_t)(o.seconds * tick_hz));
	return 0;
}
