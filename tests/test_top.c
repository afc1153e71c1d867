#include "control/top.h"

#include <criterion/criterion.h>

enum { HOUR = 3600000, START = 1700000000 };
#define START_MS (START * 1000ll)

static struct top t;
static struct set *s;

static void
begin(void)
{
	struct addr net = addr_v4(0xc6130000);
	struct range *r;

	s = set_create(NULL);
	r = set_add_range(s, &net, 112);
	snprintf(set_add_profile(r)->name, sizeof r->profile[1]->name, "web");
}

static void
end(void)
{
	set_discard(s);
}

TestSuite(top, .init = begin, .fini = end, .timeout = 60);

static void
comes(uint32_t from, uint16_t port, unsigned times, int64_t ms)
{
	struct record r = { .proto = MODEL_TCP, .peer = addr_v4(0xc6336400 + from), .own = addr_v4(0xc6130101),
		.own_port = port, .bytes_in = 100 };

	while (times-- > 0)
		top_add(&t, s, &r, ms);
}

/* The n-th of a list, as "key records". */
static const char *
place(json_t *told, const char *list, const char *name, size_t n)
{
	static char text[96];
	json_t *o = json_array_get(json_object_get(told, list), n);

	if (o == NULL)
		return "";
	snprintf(text, sizeof text, "%s %lld", json_string_value(json_object_get(o, name)),
	    (long long)json_integer_value(json_object_get(o, "records")));
	return text;
}

Test(top, the_most_frequent_come_first)
{
	json_t *told;

	comes(1, 21, 3, START_MS);
	comes(2, 80, 7, START_MS + 1000);
	told = top_tell(&t, START_MS + 5000);
	cr_expect_str_eq(place(told, "sources", "source", 0), "198.51.100.2 7");
	cr_expect_str_eq(place(told, "sources", "source", 1), "198.51.100.1 3");
	cr_expect_str_eq(place(told, "ports", "port", 0), "tcp/80 7");
	cr_expect_str_eq(place(told, "profiles", "profile", 0), "web 10");
	cr_expect_eq(json_integer_value(json_object_get(told, "seconds")), 5);
	json_decref(told);
}

Test(top, counts_of_ten_to_twenty_minutes_are_told)
{
	json_t *told;

	comes(1, 21, 3, START_MS);
	comes(1, 21, 2, START_MS + 11 * 60000);
	told = top_tell(&t, START_MS + 12 * 60000);
	cr_expect_str_eq(place(told, "sources", "source", 0), "198.51.100.1 5");
	json_decref(told);
	told = top_tell(&t, START_MS + 22 * 60000);
	cr_expect_str_eq(place(told, "sources", "source", 0), "198.51.100.1 2");
	json_decref(told);
	told = top_tell(&t, START_MS + HOUR);
	cr_expect_str_eq(place(told, "sources", "source", 0), "");
	json_decref(told);
}

/* The first source came so many times; what is told may be too high, but says by how much. */
static void
expect_first(json_t *told, const char *source, json_int_t times)
{
	json_t *first = json_array_get(json_object_get(told, "sources"), 0);
	json_int_t records = json_integer_value(json_object_get(first, "records"));
	json_int_t spare = json_integer_value(json_object_get(first, "too_high_by_at_most"));

	cr_expect_str_eq(json_string_value(json_object_get(first, "source")), source);
	cr_expect_geq(records, times);
	cr_expect_leq(records - spare, times);
}

Test(top, who_comes_often_is_found_among_ever_so_many)
{
	json_t *told;

	for (uint32_t i = 0; i < 20000; i++) {
		comes(1000 + i, 23, 1, START_MS);
		if (i % 10 == 0)
			comes(7, 23, 1, START_MS);
	}
	told = top_tell(&t, START_MS);
	expect_first(told, "198.51.100.7", 2000);
	cr_expect_eq(json_array_size(json_object_get(told, "sources")), TOP_LISTED);
	cr_expect_str_eq(place(told, "ports", "port", 0), "tcp/23 22000");
	json_decref(told);
}

Test(top, who_came_often_before_is_not_lost_behind_many_who_come_once)
{
	json_t *told;

	comes(7, 23, 5000, START_MS);
	for (uint32_t i = 0; i < 2 * TOP_KEPT; i++)
		comes(1000 + i, 23, 1, START_MS + 11 * 60000);
	told = top_tell(&t, START_MS + 12 * 60000);
	expect_first(told, "198.51.100.7", 5000);
	json_decref(told);
}

Test(top, nothing_counted_is_no_list)
{
	json_t *told = top_tell(&t, START_MS);

	cr_expect_eq(json_array_size(json_object_get(told, "sources")), 0);
	cr_expect_eq(json_integer_value(json_object_get(told, "seconds")), 0);
	json_decref(told);
}
