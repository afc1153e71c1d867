/*
 * mutate_image - random models, a few numbers of their images changed, through fuzz_image.c with
 * messages that fit the model. A plain program: mutate_image [-n rounds] [seed].
 */
#include <unistd.h>

#include "models/image.h"
#include "tests/fuzz.h"
#include "tests/fuzz_image.h"
#include "tests/model_of.h"
#include "tests/random_model.h"

enum { EVENTS = 100, SCRIPT_ROOM = EVENTS * (3 + RANDOM_MESSAGE) };

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

/* What a client does, in the language of fuzz_image.c. */
static size_t
put_script(uint8_t *to, const struct text *t, struct dice *d)
{
	size_t at = 0, n;

	for (int i = 0; i < EVENTS; i++) {
		bool event = roll(d, 8) == 0;

		n = event ? roll(d, 5000) : random_message(t, d, to + at + 3);
		to[at] = (uint8_t)(event ? roll(d, 32) : 32 + roll(d, 224));
		to[at + 1] = (uint8_t)(n >> 8);
		to[at + 2] = (uint8_t)n;
		at += 3 + (event ? 0 : n);
	}
	return at;
}

static void
one(struct span image, const struct text *t, struct dice *d)
{
	uint8_t *p = malloc(image.n + SCRIPT_ROOM);
	size_t n;

	memcpy(p, image.p, image.n);
	mutate(p, image.n, (const struct image_header *)image.p, d);
	n = put_script(p + image.n, t, d);
	LLVMFuzzerTestOneInput(p, image.n + n);
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
		struct text t = (roll(&d, 3) > 0 ? random_model : random_pair)(&d, roll(&d, 2), &tries);
		struct span image = image_of(&t);

		for (int k = 0; k < 200; k++)
			one(image, &t, &d);
		free((void *)image.p);
		text_fini(&t);
	}
	printf("%lu refused, %lu accepted, %lu turns\n", fuzz_image_count.refused,
	    fuzz_image_count.accepted, fuzz_image_count.turns);
	return fuzz_image_count.accepted > 0 && fuzz_image_count.refused > 0 ? 0 : 1;
}
