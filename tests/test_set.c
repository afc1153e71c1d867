#include "models/set.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "tests/model_of.h"

static const char small[] =
    "mynah-model 1\nservice \"small\" tcp\nlearner \"hand\" order 1 seed 1\nstart 0\n"
    "state 0 support 1 \"only\"\n";

static struct addr
addr(const char *text)
{
	struct addr a = { { 0 } };

	cr_assert_eq(addr_parse(&a, text), 0);
	return a;
}

static struct addr net16(void) { return addr("198.19.0.0"); }

Test(set, the_longest_prefix_owns_an_address)
{
	struct set *s = set_create(NULL);
	struct addr host = addr("198.19.7.1"), other = addr("198.19.7.2"), foreign = addr("198.18.0.1");
	struct addr wide = net16();
	struct range *r16 = set_add_range(s, &wide, 112), *r32 = set_add_range(s, &host, 128);

	cr_expect_eq(set_range(s, &host), r32);
	cr_expect_eq(set_range(s, &other), r16);
	cr_expect_null(set_range(s, &foreign));
	set_discard(s);
}

Test(set, a_port_without_a_service_does_what_the_range_says)
{
	struct set *s = set_create(NULL);
	struct addr wide = net16();
	struct range *r = set_add_range(s, &wide, 112);

	cr_expect_eq(set_lookup(r, MODEL_TCP, 80).action, ACTION_RESET);
	r->other_udp = (struct target){ ACTION_SILENT, 0 };
	r->tcp[21] = (struct target){ ACTION_ANSWER, 3 };
	cr_expect_eq(set_lookup(r, MODEL_UDP, 80).action, ACTION_SILENT);
	cr_expect_eq(set_lookup(r, MODEL_TCP, 21).slot, 3);
	cr_expect_eq(set_lookup(r, MODEL_TCP, 80).action, ACTION_RESET);
	set_discard(s);
}

Test(set, takes_so_many_ranges_and_models_and_no_more)
{
	struct set *s = set_create(NULL);
	struct addr wide = net16();
	struct model *m = model_of(small);

	for (int i = 0; i < SET_RANGES; i++)
		cr_expect_not_null(set_add_range(s, &wide, 112));
	cr_expect_null(set_add_range(s, &wide, 112));
	for (int i = 1; i < SET_SLOTS; i++)
		cr_expect_eq(set_add(s, "small", m), i);
	cr_expect_eq(set_add(s, "small", m), -ENOSPC);
	set_discard(s);
	model_destroy(m);
}

/* Puts a new model of "small" on air beside what there is. */
static int
swap(void)
{
	struct set *s = set_create(set_current());
	int old = set_find(s, "small"), new = set_add(s, "small", model_of(small));

	cr_assert_gt(new, 0);
	set_repoint(s, (uint8_t)old, (uint8_t)new);
	set_publish(s);
	return new;
}

static void
first_set(void)
{
	struct set *s = set_create(NULL);
	struct addr wide = net16();
	struct range *r = set_add_range(s, &wide, 112);

	r->tcp[21] = (struct target){ ACTION_ANSWER, (uint8_t)set_add(s, "small", model_of(small)) };
	set_publish(s);
}

Test(set, a_pinned_model_outlives_its_time_on_air)
{
	static struct pins a, b;
	const struct pins *const pins[] = { &a, &b };
	struct addr host = net16();

	first_set();
	cr_expect_eq(set_find(set_current(), "small"), 1);
	pin(&b, 1);
	cr_expect_eq(swap(), 2);
	cr_expect_eq(set_lookup(set_range(set_current(), &host), MODEL_TCP, 21).slot, 2);
	cr_expect_eq(set_retire(pins, 2), 0);
	cr_expect_not_null(set_current()->slot[1]);
	unpin(&b, 1);
	cr_expect_eq(set_retire(pins, 2), 1);
	cr_expect_null(set_current()->slot[1]);
	cr_expect_str_empty(set_current()->name[1]);
	cr_expect_eq(set_current()->generation, 3);
	cr_expect_eq(swap(), 1);	/* the slot is free again */
	set_fini();
	cr_expect_null(set_current());
}

Test(set, without_a_free_slot_a_swap_is_refused_until_one_is_retired)
{
	static struct pins a;
	const struct pins *const pins[] = { &a };
	struct set *s;
	struct model *m = model_of(small);

	first_set();
	for (int i = 2; i < SET_SLOTS; i++)
		swap();
	s = set_create(set_current());
	cr_expect_eq(set_add(s, "small", m), -ENOSPC);
	set_discard(s);
	cr_expect_eq(set_retire(pins, 1), SET_SLOTS - 2);
	s = set_create(set_current());
	cr_expect_eq(set_add(s, "small", m), 1);
	set_discard(s);
	model_destroy(m);
	set_fini();
}
