#include "learning/habit.h"
#include "tests/learned.h"
#include "tests/pooled.h"

POOLED(habit, an_answer_to_many_subjects_is_generic_and_one_to_few_is_not)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct learned *l;
	const bool *generic;
	uint32_t no, yes;

	for (unsigned k = 0; k < 20; k++) {
		handmade_talk(&h, "<220 ready\r\n", handmade_line(&h, ">C%c%c\r\n", 'A' + k % 5, 'A' + k / 5),
		    "<500 What?\r\n", NULL);
		handmade_talk(&h, "<220 ready\r\n", k % 2 ? ">NOOP\r\n" : ">ALLO\r\n", "<200 Fine.\r\n",
		    NULL);
	}
	l = learned_from(&h, false);
	generic = l->rules.habits.generic;
	no = template_named(pool, &l->server, LEVEL_FULL, "500 What?;");
	yes = template_named(pool, &l->server, LEVEL_FULL, "200 Fine.;");
	cr_assert(no != NO_TEMPLATE && yes != NO_TEMPLATE, "%s", template_list(pool, &l->server));
	cr_expect(generic[no], "20 different words got it");
	cr_expect_not(generic[yes], "two got it");
}

POOLED(habit, the_same_subject_in_capitals_is_the_same_subject)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct learned *l;
	uint32_t t;

	for (unsigned k = 0; k < 16; k++)	/* noop, Noop, nOop, ... */
		handmade_talk(&h, "<220 ready\r\n", handmade_line(&h, ">%c%c%c%c\r\n", k & 1 ? 'N' : 'n',
		    k & 2 ? 'O' : 'o', k & 4 ? 'O' : 'o', k & 8 ? 'P' : 'p'), "<200 Fine.\r\n", NULL);
	l = learned_from(&h, false);
	t = template_named(pool, &l->server, LEVEL_FULL, "200 Fine.;");
	cr_assert_neq(t, NO_TEMPLATE);
	cr_expect_not(l->rules.habits.generic[t]);
}

/* Datagrams of six bytes: an id, which is repeated, a 1, which is a 1 in answers, and zeros. */
static struct learned *
binary(struct pool *pool, unsigned ids, bool repeated)
{
	struct handmade h = handmade(pool, PROTO_UDP, 53);

	for (unsigned k = 0; k < 60; k++) {
		uint8_t *ask = pool_alloc(pool, 6), *answer = pool_alloc(pool, 6);

		ask[0] = (uint8_t)(k % ids * 7 + 1);
		ask[1] = 1;
		answer[0] = repeated ? ask[0] : (uint8_t)(ask[0] + 1);
		answer[1] = 1;
		answer[2] = 0x80;
		handmade_open(&h);
		handmade_say(&h, SIDE_CLIENT, span_of(ask, 6));
		handmade_say(&h, SIDE_SERVER, span_of(answer, 6));
	}
	return learned_from(&h, true);
}

POOLED(habit, a_byte_that_varies_and_comes_back_is_an_echo)
{
	const struct learned *l = binary(pool, 30, true);

	cr_expect(habit_echoes(&l->rules.habits, 0));
	cr_expect_not(habit_echoes(&l->rules.habits, 1), "a constant equals a constant by chance");
	cr_expect_not(habit_echoes(&l->rules.habits, 2), "0 was answered by 128");
	cr_expect_not(habit_echoes(&l->rules.habits, 3));
	cr_expect_not(habit_echoes(&l->rules.habits, HABIT_BYTES), "nobody looked there");
	cr_expect_not(habit_echoes(&l->rules.habits, UINT32_MAX));
}

POOLED(habit, a_byte_that_varies_and_does_not_come_back_is_none)
{
	cr_expect_not(habit_echoes(&binary(pool, 30, false)->rules.habits, 0));
}

POOLED(habit, text_has_no_echoes)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	const struct learned *l;

	for (unsigned k = 0; k < 20; k++)
		handmade_talk(&h, handmade_line(&h, ">x%u\r\n", k), handmade_line(&h, "<x%u\r\n", k),
		    NULL);
	l = learned_from(&h, false);
	for (uint32_t j = 0; j < HABIT_BYTES; j++)
		cr_expect_not(habit_echoes(&l->rules.habits, j), "%u", j);
}
