#pragma once
/*
 * boxes.h - a service with two memories: who is logged in, and whether a box was picked.
 */
#include "tests/handmade.h"

enum { BOXES_TALKS = 50 };

static inline uint32_t
boxes_chance(uint32_t *x, uint32_t n)
{
	*x = *x * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)*x * n >> 32);
}

static inline void
boxes_ask(struct handmade *h, const char *question, const char *answer)
{
	handmade_say(h, SIDE_CLIENT, span_str(question));
	handmade_say(h, SIDE_SERVER, span_str(answer));
}

static inline void
boxes_small_talk(struct handmade *h, uint32_t *x, uint32_t n)
{
	static const char *const word[] = { "NOOP", "HELP", "DATE" };

	while (n-- > 0) {
		const char *w = word[boxes_chance(x, ARRAY_LEN(word))];

		boxes_ask(h, handmade_line(h, "%s\r\n", w), handmade_line(h, "200 %s is fine\r\n", w));
	}
}

/*
 * Who logs in may look, and a box that was picked may be opened, however much is said between. Nobody
 * picks a box before he logs in, and nobody puts one down.
 */
static inline struct handmade
boxes(struct pool *pool)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	uint32_t x = 3;

	for (unsigned i = 0; i < BOXES_TALKS; i++) {
		bool in = false, box = false;

		handmade_open(&h);
		handmade_say(&h, SIDE_SERVER, span_str("220 ready\r\n"));
		for (unsigned k = 0; k < 14; k++) {
			boxes_small_talk(&h, &x, boxes_chance(&x, 4));
			switch (boxes_chance(&x, 6)) {
			case 0:
				boxes_ask(&h, "LOGIN\r\n", in ? "503 again\r\n" : "230 welcome\r\n");
				in = true;
				break;
			case 1:
				boxes_ask(&h, "LOGOUT\r\n", "231 gone\r\n");
				in = false;
				break;
			case 2:
				if (in)
					boxes_ask(&h, "PICK\r\n", "250 picked\r\n");
				box |= in;
				break;
			case 3:
				boxes_ask(&h, "LOOK\r\n", in ? "251 a view\r\n" : "530 who are you\r\n");
				break;
			default:
				boxes_ask(&h, "OPEN\r\n", box ? "252 opened\r\n" : "550 which\r\n");
			}
		}
	}
	return h;
}
