#include "models/set.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

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

	cr_expect_eq(set_lookup(r->profile[0], MODEL_TCP, 80).action, ACTION_RESET);
	r->profile[0]->other_udp = (struct target){ ACTION_SILENT, 0 };
	r->profile[0]->tcp[21] = (struct target){ ACTION_ANSWER, 3 };
	cr_expect_eq(set_lookup(r->profile[0], MODEL_UDP, 80).action, ACTION_SILENT);
	cr_expect_eq(set_lookup(r->profile[0], MODEL_TCP, 21).slot, 3);
	cr_expect_eq(set_lookup(r->profile[0], MODEL_TCP, 80).action, ACTION_RESET);
	set_discard(s);
}

/* Addresses of a /24 of 198.19.0.0/16 that show each of the range's profiles. */
static void
count_profiles(uint32_t of[SET_PROFILES], const struct range *r, unsigned block)
{
	for (uint32_t i = 0; i < 256; i++) {
		struct addr own = addr_v4(0xc6130000 + block * 256 + i);

		for (uint32_t k = 0; k < r->nprofiles; k++)
			of[k] += set_profile(r, &own) == r->profile[k];
	}
}

Test(set, addresses_draw_profiles_by_their_shares)
{
	struct set *s = set_create(NULL);
	struct addr wide = net16(), own = addr("198.19.7.1");
	struct range *r = set_add_range(s, &wide, 112);
	uint32_t of[SET_PROFILES] = { 0 };

	cr_expect_eq(set_profile(r, &own), r->profile[0]);
	cr_assert_not_null(set_add_profile(r));
	cr_assert_not_null(set_add_profile(r));
	r->profile[1]->share = 3;
	for (unsigned block = 0; block < 256; block++)
		count_profiles(of, r, block);
	cr_expect_eq(of[0], 0, "without a density all addresses are hosts");
	cr_expect_eq(of[1] + of[2], 65536);
	cr_expect_lt(abs((int)of[2] - 16384), 600, "%u", of[2]);
	set_discard(s);
}

Test(set, blocks_of_256_are_as_dense_as_they_draw)
{
	struct set *s = set_create(NULL);
	struct addr wide = net16();
	struct range *r = set_add_range(s, &wide, 112);
	unsigned empty = 0, full = 0;

	cr_assert_not_null(set_add_profile(r));
	r->density[r->ndensity++] = 0;
	r->density[r->ndensity++] = 50;
	r->density[r->ndensity++] = 100;
	for (unsigned block = 0; block < 256; block++) {
		uint32_t of[SET_PROFILES] = { 0 };

		count_profiles(of, r, block);
		empty += of[1] == 0;
		full += of[0] == 0;
		cr_expect(of[1] == 0 || of[0] == 0 || abs((int)of[1] - 128) < 48, "%u", of[1]);
	}
	cr_expect_lt(abs((int)empty - 85), 40, "%u", empty);
	cr_expect_lt(abs((int)full - 85), 40, "%u", full);
	set_discard(s);
}

Test(set, another_key_draws_another_network)
{
	struct set *s = set_create(NULL);
	struct addr wide = net16();
	struct range *r = set_add_range(s, &wide, 112);
	const struct profile *before[256];
	static const uint8_t keys[2][PRF_KEY] = { { 0 }, { 1 } };
	unsigned same = 0;

	cr_assert_not_null(set_add_profile(r));
	cr_assert_not_null(set_add_profile(r));
	for (unsigned round = 0; round < 3; round++) {
		r->key = keys[round == 2];
		same = 0;
		for (uint32_t i = 0; i < 256; i++) {
			struct addr own = addr_v4(0xc6130000 + i);
			const struct profile *now = set_profile(r, &own);

			same += round > 0 && now == before[i];
			before[i] = round == 0 ? now : before[i];
		}
		cr_expect(round == 0 || (round == 1 && same == 256) || (round == 2 && same < 192), "%u", same);
	}
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

	r->profile[0]->tcp[21] = (struct target){ ACTION_ANSWER, (uint8_t)set_add(s, "small", model_of(small)) };
	set_publish(s);
}

Test(set, a_copy_has_profiles_of_its_own)
{
	struct set *s = set_create(NULL), *copy;
	struct addr wide = net16();
	struct range *r = set_add_range(s, &wide, 112);

	cr_assert_not_null(set_add_profile(r));
	r->profile[1]->tcp[80] = (struct target){ ACTION_ANSWER, 5 };
	copy = set_create(s);
	set_repoint(copy, 5, 6);
	cr_expect_eq(set_lookup(copy->range[0]->profile[1], MODEL_TCP, 80).slot, 6);
	cr_expect_eq(set_lookup(r->profile[1], MODEL_TCP, 80).slot, 5);
	for (unsigned k = 2; k < SET_PROFILES; k++)
		cr_expect_not_null(set_add_profile(r));
	cr_expect_null(set_add_profile(r));
	set_discard(s);
	set_discard(copy);
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
	cr_expect_eq(set_lookup(set_profile(set_range(set_current(), &host), &host), MODEL_TCP, 21).slot, 2);
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
