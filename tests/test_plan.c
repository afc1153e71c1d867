#include "control/plan.h"

#include <criterion/criterion.h>
#include <errno.h>

static struct set *s;
static struct range *r;
static struct diag why;

/* 198.19.0.0/16: some web servers and FTP servers; nobody else speaks. */
static void
begin(void)
{
	struct addr net = addr_v4(0xc6130000), one = addr_v4(0xc6130107);

	s = set_create(NULL);
	r = set_add_range(s, &net, 112);
	r->profile[0]->other_tcp.action = ACTION_SILENT;
	snprintf(s->name[3], sizeof s->name[3], "web");
	for (unsigned k = 1; k <= 2; k++)
		snprintf(set_add_profile(r)->name, sizeof r->profile[k]->name, k == 1 ? "servers" : "doors");
	r->density[r->ndensity++] = 20;
	r->profile[1]->tcp[80] = r->profile[1]->tcp[81] = (struct target){ ACTION_ANSWER, 3 };
	r->profile[1]->tcp[82] = (struct target){ ACTION_HANDSHAKE, 0 };
	r->profile[1]->udp[53] = (struct target){ ACTION_DROP, 0 };
	r->profile[2]->udp[7] = (struct target){ ACTION_SILENT, 0 };
	set_add_range(s, &one, 128)->profile[0]->other_tcp.action = ACTION_HANDSHAKE;
}

static void
end(void)
{
	set_discard(s);
}

TestSuite(plan, .init = begin, .fini = end, .timeout = 60);

/* The profile of that name, or of that prefix. */
static const json_t *
find(const json_t *plan, const char *key, const char *value)
{
	size_t i;
	json_t *o;

	json_array_foreach(json_object_get(plan, "profiles"), i, o)
		if (strcmp(json_string_value(json_object_get(o, key)), value) == 0)
			return o;
	return NULL;
}

static const char *
text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static json_int_t
number_of(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

Test(plan, says_what_every_profile_shows)
{
	json_t *plan = plan_profiles(s);
	const json_t *servers = find(plan, "profile", "servers"), *doors = find(plan, "profile", "doors"),
	    *others = find(plan, "profile", "(others)"), *one = find(plan, "prefix", "198.19.1.7/32");

	cr_expect_str_eq(text_of(servers, "ports"), "tcp/80-81 web, tcp/82 handshake, udp/53 drop");
	cr_expect_str_eq(text_of(servers, "persona"), "linux");
	cr_expect_str_eq(text_of(servers, "prefix"), "198.19.0.0/16");
	cr_expect_str_eq(text_of(doors, "other_ports"), "reset");
	cr_expect_str_eq(text_of(others, "other_ports"), "silent");
	cr_expect_str_eq(text_of(others, "ports"), "none");
	cr_expect_str_eq(text_of(one, "profile"), "(all)");
	cr_expect_eq(number_of(one, "addresses"), 1);
	cr_expect_eq(number_of(servers, "addresses") + number_of(doors, "addresses") + number_of(others, "addresses"), 65535,
	    "the address of a longer prefix is not counted");
	json_decref(plan);
}

Test(plan, lists_the_addresses_with_open_ports_as_the_stack_draws_them)
{
	json_t *plan = plan_addresses(s, "198.19.0.0/16", &why), *list = json_object_get(plan, "addresses");
	size_t at = 0;

	cr_assert_not_null(plan, "%s", why.text);
	for (uint32_t i = 0; i < 65536; i++) {
		struct addr own = addr_v4(0xc6130000 + i);
		bool alone = i == 0x107;
		const json_t *row = json_array_get(list, at);
		char text[ADDR_TEXT];

		if (!alone && set_profile(r, &own) != r->profile[1])
			continue;
		addr_print(text, &own);
		cr_assert_str_eq(text_of(row, "address"), text);
		cr_expect_str_eq(text_of(row, "profile"), alone ? "(all)" : "servers");
		at++;
	}
	cr_expect_eq(json_array_size(list), at);
	cr_expect_gt(at, 4000);
	json_decref(plan);
}

Test(plan, one_address_may_be_asked_for)
{
	json_t *plan = plan_addresses(s, "198.19.1.7", &why);

	cr_assert_not_null(plan, "%s", why.text);
	cr_expect_eq(json_array_size(json_object_get(plan, "addresses")), 1);
	json_decref(plan);
}

Test(plan, what_is_not_ours_or_too_much_is_refused)
{
	cr_expect_null(plan_addresses(s, "198.18.0.0/16", &why));
	cr_expect_str_eq(why.text, "198.18.0.0/16 is in none of our prefixes.");
	cr_expect_null(plan_addresses(s, "198.18.0.0/15", &why));
	cr_expect_str_eq(why.text, "198.18.0.0/15 has more than 65536 addresses; name a smaller prefix.");
	cr_expect_null(plan_addresses(s, "198.19.0.1/16", &why));
	cr_expect_str_eq(why.text, "\"198.19.0.1/16\" is no address and no prefix like 198.19.3.0/24.");
	cr_expect_null(plan_addresses(s, "everything", &why));
}
