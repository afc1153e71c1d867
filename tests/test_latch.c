#include "learning/latch.h"
#include "tests/learned.h"
#include "tests/pooled.h"

enum { TALKS = 90, LONG = 12 };

static uint32_t
chance(uint32_t *x, uint32_t n)
{
	*x = *x * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)*x * n >> 32);
}

/* Words that change nothing, as many as chance wants. */
static void
small_talk(struct handmade *h, uint32_t *x)
{
	static const char *const word[] = { "NOOP", "HELP", "DATE", "STAT" };

	for (uint32_t n = chance(x, 4); n > 0; n--) {
		const char *w = word[chance(x, ARRAY_LEN(word))];

		handmade_say(h, SIDE_CLIENT, span_str(handmade_line(h, "%s\r\n", w)));
		handmade_say(h, SIDE_SERVER, span_str(handmade_line(h, "200 %s is fine\r\n", w)));
	}
}

static void
ask(struct handmade *h, const char *question, const char *answer)
{
	handmade_say(h, SIDE_CLIENT, span_str(question));
	handmade_say(h, SIDE_SERVER, span_str(answer));
}

/* A lamp that is switched on and off, a door that is opened and shut, and a bell that changes nothing. */
static struct handmade
houses(struct pool *pool)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	uint32_t x = 1;

	for (unsigned i = 0; i < TALKS; i++) {
		bool lamp = false, door = false;

		handmade_open(&h);
		for (unsigned k = 0; k < LONG; k++) {
			small_talk(&h, &x);
			switch (chance(&x, 5)) {
			case 0:
				lamp = !lamp;
				ask(&h, lamp ? "ON\r\n" : "OFF\r\n", "200 switched\r\n");
				break;
			case 1:
				door = !door;
				ask(&h, door ? "OPEN\r\n" : "SHUT\r\n", "200 moved\r\n");
				break;
			case 2:
				ask(&h, "RING\r\n", "200 rang\r\n");
				break;
			case 3:
				ask(&h, "LOOK\r\n", lamp ? "250 a room\r\n" : "550 darkness\r\n");
				break;
			default:
				ask(&h, "ENTER\r\n", door ? "251 inside\r\n" : "551 outside\r\n");
			}
		}
	}
	return h;
}

static struct held
after(struct pool *pool, const struct learned *l, const struct latches *latches, struct held held,
    const char *question, const char *answer)
{
	return latches_after(latches, held, template_named(pool, &l->client, LEVEL_FULL, question),
	    template_named(pool, &l->server, LEVEL_FULL, answer));
}

POOLED(latch, two_memories_are_independent_of_each_other_and_of_small_talk)
{
	struct handmade h = houses(pool);
	struct learned *l = learned_from(&h, false);
	struct held dark = { { 0 } }, lit, both, open;
	struct latches latches;

	latches_learn(&latches, pool, &l->x, &l->client, &l->server);
	cr_assert_eq(latches.n, 2);
	cr_expect_eq(latches.nvalues[0], 2);
	cr_expect_eq(latches.nvalues[1], 2);
	lit = after(pool, l, &latches, dark, "ON;", "200 switched;");
	open = after(pool, l, &latches, dark, "OPEN;", "200 moved;");
	both = after(pool, l, &latches, lit, "OPEN;", "200 moved;");
	cr_expect_neq(memcmp(&lit, &dark, sizeof lit), 0);
	cr_expect_neq(memcmp(&open, &dark, sizeof open), 0);
	cr_expect_neq(memcmp(&lit, &open, sizeof open), 0);
	cr_expect_neq(memcmp(&both, &lit, sizeof both), 0);
	cr_expect_neq(memcmp(&both, &open, sizeof both), 0);
	both = after(pool, l, &latches, both, "OFF;", "200 switched;");
	cr_expect_eq(memcmp(&both, &open, sizeof both), 0, "the door stays open in the dark");
	for (uint32_t i = 0; i < latches.npairs; i++)
		cr_expect(latches.pair[i].client != template_named(pool, &l->client, LEVEL_FULL, "RING;"),
		    "a bell is no memory");
}

POOLED(latch, what_was_never_seen_sets_nothing)
{
	struct handmade h = houses(pool);
	struct learned *l = learned_from(&h, false);
	struct held lit = { { 0 } }, then;
	struct latches latches;

	latches_learn(&latches, pool, &l->x, &l->client, &l->server);
	lit = after(pool, l, &latches, lit, "ON;", "200 switched;");
	then = latches_after(&latches, lit, template_named(pool, &l->client, LEVEL_FULL, "ON;"),
	    NO_TEMPLATE);
	cr_expect_eq(memcmp(&then, &lit, sizeof lit), 0);
	then = latches_after(&latches, lit, l->client.n, 0);
	cr_expect_eq(memcmp(&then, &lit, sizeof lit), 0);
}

/* Coins: whatever word came before, the next toss is as it likes. */
POOLED(latch, chance_becomes_no_memory)
{
	for (uint32_t seed = 1; seed <= 10; seed++) {
		struct handmade h = handmade(pool, PROTO_TCP, 21);
		struct latches latches;
		struct learned *l;
		uint32_t x = seed * 7919;

		for (unsigned i = 0; i < TALKS; i++) {
			handmade_open(&h);
			for (unsigned k = 0; k < LONG; k++) {
				small_talk(&h, &x);
				ask(&h, "TOSS\r\n", chance(&x, 2) ? "250 heads\r\n" : "550 tails\r\n");
			}
		}
		l = learned_from(&h, false);
		latches_learn(&latches, pool, &l->x, &l->client, &l->server);
		cr_expect_eq(latches.n, 0, "seed %u", seed);
	}
}

POOLED(latch, one_conversation_after_another_begins_with_nothing_held)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct latches latches;
	struct learned *l;
	uint32_t x = 5;

	for (unsigned i = 0; i < TALKS; i++) {
		handmade_open(&h);
		small_talk(&h, &x);
		for (uint32_t k = chance(&x, 3); k > 0; k--) {
			ask(&h, "LIST\r\n", "530 who are you\r\n");
			small_talk(&h, &x);
		}
		ask(&h, "LOGIN\r\n", "230 welcome\r\n");
		small_talk(&h, &x);
		ask(&h, "LIST\r\n", "250 all of it\r\n");
	}
	l = learned_from(&h, false);
	latches_learn(&latches, pool, &l->x, &l->client, &l->server);
	cr_assert_eq(latches.n, 1);
	cr_expect_eq(latches.nvalues[0], 2);
}

POOLED(latch, a_template_of_any_level_sets_what_its_messages_set)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct held held = { { 0 } };
	struct latches latches;
	uint32_t x = 5, general;
	struct learned *l;

	for (unsigned i = 0; i < TALKS; i++) {
		handmade_open(&h);
		small_talk(&h, &x);
		for (uint32_t k = chance(&x, 3); k > 0; k--) {
			ask(&h, "LIST\r\n", "530 who are you\r\n");
			small_talk(&h, &x);
		}
		ask(&h, handmade_line(&h, "LOGIN u%u p%u\r\n", i, i * 3), "230 welcome\r\n");
		small_talk(&h, &x);
		ask(&h, "LIST\r\n", "250 all of it\r\n");
	}
	l = learned_from(&h, false);
	latches_learn(&latches, pool, &l->x, &l->client, &l->server);
	general = template_named(pool, &l->client, LEVEL_WORD, "LOGIN _;");
	cr_assert_neq(general, NO_TEMPLATE, "%s", template_list(pool, &l->client));
	held = latches_after(&latches, held, general,
	    template_named(pool, &l->server, LEVEL_FULL, "230 welcome;"));
	cr_expect_eq(held.value[0], 1);
}

/* What is in an open book is told in as many words as chance wants; a shut one tells nothing. */
POOLED(latch, replies_of_one_kind_need_not_be_alike)
{
	static const char *const page[] = { "250 a\r\n", "250 a b\r\n", "250 a b c\r\n",
		"250 a b c d\r\n", "250 a b c d e\r\n", "250 a b c d e f\r\n", "250 a b c d e f g\r\n",
		"250 a b c d e f g h\r\n", "250 a b c d e f g h i\r\n", "250 a b c d e f g h i j\r\n" };
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct held shut = { { 0 } }, open;
	struct latches latches;
	struct learned *l;
	uint32_t x = 3;

	for (unsigned i = 0; i < TALKS / 3; i++) {
		handmade_open(&h);
		ask(&h, "READ\r\n", "550 it is shut\r\n");
		ask(&h, "READ\r\n", "550 it is shut\r\n");
		ask(&h, "OPEN\r\n", "200 moved\r\n");
		small_talk(&h, &x);
		ask(&h, "READ\r\n", page[chance(&x, ARRAY_LEN(page))]);
	}
	l = learned_from(&h, false);
	latches_learn(&latches, pool, &l->x, &l->client, &l->server);
	cr_assert_eq(latches.n, 1);
	open = after(pool, l, &latches, shut, "OPEN;", "200 moved;");
	cr_expect_neq(memcmp(&open, &shut, sizeof open), 0);
}
