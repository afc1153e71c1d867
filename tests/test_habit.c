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

/*
 * Twelve bytes: flags, of which the lowest is repeated, and a stamp in the last four, whose first
 * is a constant, repeated from the second on.
 */
static struct learned *
stamped(struct pool *pool, bool repeated)
{
	struct handmade h = handmade(pool, PROTO_UDP, 123);

	for (unsigned k = 0; k < 120; k++) {
		uint8_t *ask = pool_array(pool, 12, 1), *answer = pool_array(pool, 12, 1);

		ask[0] = k * 2654435761u >> 16 & 0x3f;
		answer[0] = (uint8_t)(0x84 | (repeated ? ask[0] & 1 : k % 2));
		ask[8] = 0xee;
		for (unsigned i = 9; i < 12; i++)
			ask[i] = (uint8_t)((k + i) * 2654435761u >> 16);
		memcpy(answer + 1, ask + 8, repeated ? 4 : 1);
		answer[5] = 7;
		handmade_open(&h);
		handmade_say(&h, SIDE_CLIENT, span_of(ask, 12));
		handmade_say(&h, SIDE_SERVER, span_of(answer, 12));
	}
	return learned_from(&h, true);
}

POOLED(habit, a_bit_of_a_byte_that_comes_back_is_an_echo_of_that_bit)
{
	struct echo e = habit_echo(&stamped(pool, true)->rules.habits, 0);

	cr_expect_eq(e.mask, 0x01, "%02x: a constant bit equals a constant by chance", e.mask);
	cr_expect_eq(e.from, 0);
	cr_expect_eq(habit_echo(&stamped(pool, false)->rules.habits, 0).mask, 0);
}

POOLED(habit, a_run_that_looks_random_comes_back_elsewhere_with_its_constant_front)
{
	const struct learned *l = stamped(pool, true);

	for (uint32_t j = 1; j <= 4; j++) {
		struct echo e = habit_echo(&l->rules.habits, j);

		cr_expect_eq(e.mask, 0xff, "%u", j);
		cr_expect_eq(e.from, j + 7, "%u: %u", j, e.from);
		cr_expect_not(habit_echoes(&l->rules.habits, j), "not the same place");
	}
	cr_expect_eq(habit_echo(&l->rules.habits, 5).mask, 0, "behind it nothing is repeated");
}

POOLED(habit, an_echo_is_a_rule_of_the_answers_whose_questions_vary_there)
{
	const struct learned *l = stamped(pool, true);
	uint32_t bits = 0, copies = 0, full = 0;

	for (uint32_t i = 0; i < l->rules.n; i++) {
		const struct answer *a = &l->rules.answer[i];

		full += l->client.t[a->client].level == LEVEL_FULL;	/* a head has no bytes from 9 on */
		for (uint32_t k = 0; k < a->nfields; k++) {
			bits += a->rule[k].kind == RULE_BITS && a->rule[k].rest_bits == 0x84;
			copies += a->rule[k].kind == RULE_COPY && a->rule[k].from.first >= 9;
		}
	}
	cr_expect_eq(bits, l->rules.n, "%u of %u", bits, l->rules.n);
	cr_expect_gt(full, 0u);
	cr_expect_eq(copies, 3 * full, "%u of 3 times %u", copies, full);
}

POOLED(habit, a_constant_alone_is_no_run)
{
	cr_expect_eq(habit_echo(&stamped(pool, false)->rules.habits, 1).mask, 0);
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
