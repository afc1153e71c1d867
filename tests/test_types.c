#include "learning/scriptgen/machine.h"
#include "tests/pooled.h"

/* A head that answers repeat: '~', the type, two bytes of the conversation, a counter, a name of it; then a body. */
enum { TYPE = 1, OWN = 2, COUNTER = 4, NAME = 5, HEAD = 7, MESSAGE = 40 };

struct desk {
	struct pool *pool;
	struct intern messages;
	struct machine m;
	uint32_t seed;
};

static uint8_t
drawn(struct desk *d)
{
	d->seed = d->seed * 1103515245 + 12345;
	return (uint8_t)(d->seed >> 16);
}

/* The body's length and bytes depend on the type, and differ each time. */
static struct span
asked_of(struct desk *d, uint8_t type, uint16_t own, uint8_t counter, uint8_t name)
{
	uint8_t *m = pool_alloc(d->pool, MESSAGE);
	uint32_t n = HEAD + 6 + type % 8;

	memcpy(m, (uint8_t[]){ '~', type, (uint8_t)(own >> 8), (uint8_t)own, counter, name, 0 }, HEAD);
	for (uint32_t i = HEAD; i < n; i++)
		m[i] = i % 3 == 0 ? drawn(d) : (uint8_t)(i * type);
	return span_of(m, n);
}

static struct span
said_to(struct desk *d, struct span asked)
{
	uint8_t *m = pool_alloc(d->pool, MESSAGE);
	uint32_t n = HEAD + 2 + asked.p[TYPE] % 4;
	struct span same = span_str("what all answers end with");

	memcpy(m, asked.p, HEAD);
	memset(m + HEAD, 0x80 | asked.p[TYPE], n - HEAD);
	memcpy(m + n, same.p, same.n);
	return span_of(m, n + same.n);
}

static void
talk(struct desk *d, uint32_t conversation, const uint8_t *type, uint32_t n)
{
	struct sequence s = { pool_array(d->pool, n, sizeof *s.step), n };

	for (uint32_t i = 0; i < n; i++) {
		struct span asked = asked_of(d, type[i], (uint16_t)(conversation * 2654435761u >> 16),
		    (uint8_t)i, (uint8_t)(conversation % 5));

		s.step[i] = (struct step){ intern_add(&d->messages, asked),
			intern_add(&d->messages, said_to(d, asked)), 0, 0 };
	}
	machine_add(&d->m, s);
}

static const uint8_t visits[][6] = { { 1, 5, 5, 9, 5, 2 }, { 1, 9, 9, 5, 9, 2 }, { 1, 5, 9, 9, 5, 5 } };

static void
open_desk(struct desk *d, struct pool *pool)
{
	struct machine_params p = machine_params(false);

	*d = (struct desk){ .pool = pool, .seed = 3 };
	intern_init(&d->messages, pool);
	machine_init(&d->m, pool, &d->messages, &p);
	for (uint32_t i = 0; i < 24; i++)
		talk(d, i, visits[i % 3], 6);
	machine_update(&d->m);
}

POOLED(types, a_type_comes_again_in_a_conversation_and_in_others)
{
	struct desk d;

	open_desk(&d, pool);
	cr_assert_eq(d.m.types.n, 1);
	cr_assert_eq(d.m.types.offset[0], TYPE);
}

POOLED(types, a_number_of_the_conversation_and_a_counter_identify)
{
	struct desk d;

	open_desk(&d, pool);
	cr_assert(d.m.types.identifier[OWN] && d.m.types.identifier[OWN + 1] && d.m.types.identifier[COUNTER]);
	cr_assert(!d.m.types.identifier[0] && !d.m.types.identifier[TYPE] && !d.m.types.identifier[NAME]);
}

POOLED(types, no_label_is_of_two_types_or_of_one_number)
{
	struct desk d;

	open_desk(&d, pool);
	cr_assert_gt(d.m.nlabels, 3u);
	for (uint32_t l = 0; l < d.m.nlabels; l++) {
		const struct segment *s = d.m.label[l].segment;

		cr_assert(s->rigid && s->fixed[TYPE], "%s", label_print(pool, &d.m.label[l]));
		cr_assert(!s->fixed[OWN] && !s->fixed[COUNTER], "%s", label_print(pool, &d.m.label[l]));
	}
}

/* Else what tells them apart, and the numbers that answers repeat, might lie in a run of any length. */
POOLED(types, no_form_of_answers_is_of_two_types)
{
	struct desk d;

	open_desk(&d, pool);
	cr_assert_gt(d.m.form.n, 3u);
	for (uint32_t f = 0; f < d.m.form.n; f++) {
		const struct segment *s = d.m.form.label[f].segment;

		cr_assert(s->rigid && s->n >= HEAD && s->fixed[TYPE], "%s", label_print(pool, &d.m.form.label[f]));
	}
}

/* A body as none before it: what is known of it is its type. */
POOLED(types, what_is_unlike_all_others_has_a_label_of_its_type)
{
	static const uint8_t odd[] = { '~', 9, 1, 2, 3, 4, 0, 'q', 'u', 'i', 't', 'e', ' ', 'e', 'l', 's', 'e', '!' };
	struct span value[LABEL_SEGMENTS];
	uint32_t matching = 0;
	struct desk d;

	open_desk(&d, pool);
	for (uint32_t l = 0; l < d.m.nlabels; l++)
		matching += label_match(&d.m.label[l], span_of(odd, sizeof odd), value);
	cr_assert_gt(matching, 0u);
}

/* What is counted conversation by conversation is what all of them together say, after each one. */
POOLED(types, found_one_conversation_at_a_time_they_are_those_of_all_at_once)
{
	struct desk d;

	open_desk(&d, pool);
	for (uint32_t i = 24; i < 60; i++) {
		struct machine_params p = machine_params(false);
		struct machine all;
		uint8_t other[6] = { 1, (uint8_t)(i % 11), 5, (uint8_t)(i % 7), 9, 9 };

		talk(&d, i, i % 2 == 0 ? visits[i % 3] : other, 6);
		machine_update(&d.m);
		machine_init(&all, pool, &d.messages, &p);
		for (uint32_t q = 0; q < d.m.nsequences; q++)
			machine_add(&all, d.m.sequence[q]);
		machine_update(&all);
		cr_assert_eq(memcmp(&d.m.types, &all.types, sizeof all.types), 0, "after %u", i);
	}
}
