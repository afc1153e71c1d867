/*
 * fuzz_image.c - images whose checksums were made to fit after their bytes were changed.
 *
 * Checksums hide what the structural checks of image_verify() would have to find; here nothing
 * hides it. What is refused is fine; what is accepted must answer 100 messages within bounds,
 * which a sanitizer watches. A plain program: fuzz_image [-n rounds] [seed].
 */
#include <unistd.h>

#include "models/image.h"
#include "models/session.h"
#include "tests/model_of.h"
#include "tests/random_model.h"

static uint64_t accepted, refused, turns;

/* 100 messages and events, everything rendered, by someone who acknowledges nothing. */
static void
converse(const struct model *m, const struct text *t, struct dice *d)
{
	static uint8_t out[MODEL_REPLY_BYTES];
	struct session_env env = { .own = addr_v4(0xc6130001), .peer = addr_v4(0xc0000201), .key = { 1 },
		.now_ms = (int64_t)roll(d, 1u << 31) * 1000 };
	struct session s;
	struct arena a = { 0 };
	struct fields f;
	struct turn turn;

	session_init(&s, m);
	for (int i = 0; i < 100; i++) {
		uint8_t message[RANDOM_MESSAGE];
		size_t n = random_message(t, d, message), boundary;

		if (roll(d, 8) == 0)
			session_event(&s, &a, m, &env, roll(d, EVENT_KIND_N), roll(d, 5000), &f, &turn);
		else
			session_feed(&s, roll(d, 9) ? &a : NULL, m, &env, span_of(message, n),
			    roll(d, 2) ? FEED_DATAGRAM : FEED_PUSH | FEED_END, &f, &turn);
		session_silence_ms(&s, m);
		session_pause_ms(&s, m);
		turns += turn.taken;
		if (!turn.taken)
			continue;
		for (size_t at = 0; at < turn.out_len; ) {
			size_t got = session_render(&s, &f, m, &env, at, out, sizeof out, &boundary);

			if (got == 0 || got > turn.out_len - at)
				abort();
			at += got;
		}
	}
	model_speaks_first(m);
	model_stateless(m);
}

/* A few numbers in sections (or anywhere) become others; the text stays in most cases. */
static void
mutate(uint8_t *p, size_t n, const struct image_header *h, struct dice *d)
{
	static const uint32_t odd[] = { 0, 1, 2, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000,
		0xfffffffe, 0xffffffff };

	for (uint32_t k = 1 + roll(d, 3); k-- > 0;) {
		const struct image_extent *x = &h->section[roll(d, IMAGE_TEXT)];
		size_t at = x->bytes > 0 ? x->at + roll(d, x->bytes) : roll(d, (uint32_t)n);
		uint32_t v = roll(d, 3) ? odd[roll(d, ARRAY_LEN(odd))] : roll(d, 300);

		switch (roll(d, 4)) {
		case 0:
			p[at] ^= (uint8_t)(1u << roll(d, 8));
			break;
		case 1:
			p[at] = (uint8_t)v;
			break;
		case 2:
			memcpy(p + (at & ~(size_t)3), &v, 4);
			break;
		default:
			memcpy(&v, p + (at & ~(size_t)3), 4);
			v += roll(d, 2) ? 1 : UINT32_MAX;
			memcpy(p + (at & ~(size_t)3), &v, 4);
		}
	}
}

static void
one(struct span image, const struct text *t, struct dice *d)
{
	uint8_t *p = malloc(image.n);
	struct diag why = { "" };
	struct model *m;

	memcpy(p, image.p, image.n);
	mutate(p, image.n, (const struct image_header *)image.p, d);
	if (memcmp(p, image.p, sizeof(struct image_header)) == 0)
		image_sum(p);
	if (model_from_bytes(&m, "mutated", span_of(p, image.n), &why) == 0) {
		accepted++;
		converse(m, t, d);
		model_destroy(m);
	} else {
		refused++;
		if (why.text[0] == '\0')
			abort();
	}
	free(p);
}

int
main(int argc, char **argv)
{
	struct dice d = { 88172645463325252u };
	unsigned long rounds = 20000;
	uint32_t tries = 0;
	int o;

	while ((o = getopt(argc, argv, "n:")) != -1) {
		if (o != 'n')
			return 2;
		rounds = strtoul(optarg, NULL, 10);
	}
	if (optind < argc)
		d.x ^= strtoull(argv[optind], NULL, 10) << 20;
	for (unsigned long i = 0; i < rounds; i += 200) {
		struct text t = random_model(&d, roll(&d, 2), &tries);
		struct span image = image_of(&t);

		for (int k = 0; k < 200; k++)
			one(image, &t, &d);
		free((void *)image.p);
		text_fini(&t);
	}
	printf("%lu refused, %lu accepted, %lu turns\n", refused, accepted, turns);
	return accepted > 0 && refused > 0 ? 0 : 1;
}
