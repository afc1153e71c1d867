#include "learning/scriptgen/refine.h"

#include "tests/pooled.h"

enum { MESSAGES = 400, NAMES = 40 };

struct set {			/* requests "nn? name.", of one label with all but the question mark free */
	struct intern messages;
	struct kinds_member member[MESSAGES];
	struct label label[64];
	struct span key;
	struct kinds kinds;
};

static void
add_message(struct set *s, struct pool *pool, uint32_t i, uint32_t name, uint32_t answer)
{
	char *m = pool_alloc(pool, 16);

	snprintf(m, 16, "%02u?nm%02u.", i * 7 % 100, name);
	s->member[i] = (struct kinds_member){ intern_add(&s->messages, span_str(m)), 1,
		{ pool_copy(pool, &answer, sizeof answer), pool_copy(pool, &(uint32_t){ 1 }, sizeof(uint32_t)), 1 } };
}

static uint32_t
refined(struct set *s, struct pool *pool)
{
	struct matches matches;

	label_of_message(&s->label[0], pool, s->messages.value[0], 64);
	for (uint32_t o = 0; o < 7; o++)
		if (o != 2)
			label_free(&s->label[0], 0, o);
	s->key = label_key(pool, &s->label[0]);
	s->kinds = (struct kinds){ .label = s->label, .key = &s->key, .n = 1, .of = pool_array(pool, MESSAGES, sizeof(uint32_t)) };
	matches_init(&matches, pool, pool, &s->messages);
	return refine_labels(&s->kinds, &matches, s->member, MESSAGES);
}

/* Ten of 400 messages have the one name that exists: the whole name is the value, the number in front is none. */
POOLED(refine, a_name_with_an_answer_of_its_own_has_a_label_of_its_own)
{
	struct set s;

	intern_init(&s.messages, pool);
	for (uint32_t i = 0; i < MESSAGES; i++)
		add_message(&s, pool, i, i % NAMES, i % NAMES == 17);
	cr_assert_eq(refined(&s, pool), 1);
	cr_assert_str_eq(label_print(pool, &s.kinds.label[0]), "..?....\\x2e");
	cr_assert_eq(s.kinds.label[1].fixed, s.kinds.label[0].fixed + 4, "%s", label_print(pool, &s.kinds.label[1]));
	cr_assert_str_eq(label_print(pool, &s.kinds.label[1]), "..?nm17\\x2e");
}

POOLED(refine, what_values_do_not_decide_leaves_a_label_alone)
{
	struct set s;
	uint32_t seed = 1;

	intern_init(&s.messages, pool);
	for (uint32_t i = 0; i < MESSAGES; i++) {
		seed = seed * 1103515245 + 12345;
		add_message(&s, pool, i, i % NAMES, (seed >> 16) % 10 == 0);
	}
	cr_assert_eq(refined(&s, pool), 0);
}

/* Three of a value are too few to believe it. */
POOLED(refine, a_value_that_was_seldom_said_decides_nothing)
{
	struct set s;

	intern_init(&s.messages, pool);
	for (uint32_t i = 0; i < MESSAGES; i++)
		add_message(&s, pool, i, i < 3 ? 99 : i % NAMES, i < 3);
	cr_assert_eq(refined(&s, pool), 0);
}

/* A hundred names are more than are told apart; the first digit of them decides. */
POOLED(refine, a_byte_that_decides_is_a_value_by_itself)
{
	struct set s;

	intern_init(&s.messages, pool);
	for (uint32_t i = 0; i < MESSAGES; i++)
		add_message(&s, pool, i, i % 100, i % 100 / 10 == 3);
	cr_assert_eq(refined(&s, pool), 1);
	cr_assert_str_eq(label_print(pool, &s.kinds.label[1]), "..?..3.\\x2e");
}
