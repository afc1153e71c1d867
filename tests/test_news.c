/* What happens to the models on air, told as records. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/news.h"
#include "tests/cases.h"
#include "tests/file.h"
#include "tests/model_of.h"

static const char text[] = "mynah-model 1\nservice \"small\" tcp\nlearner \"hand\" order 1 seed 1\nstart 0\n"
    "state 0 support 1 \"only\"\n";

static char place[] = "/tmp/mynah-news-XXXXXX";
static struct export x;
static struct reload r;
static struct news n;
static struct diag why;

static void
voice(int slot, const char *version)
{
	r.voice[slot] = (struct voice){ .service = "archive", .model = "small" };
	snprintf(r.voice[slot].version, sizeof r.voice[slot].version, "%s", version);
}

/* One model, in slot 1. */
static void
begin(void)
{
	struct addr wide = addr_v4(0xc6130000);
	struct set *s = set_create(NULL);

	enter_new_folder(place);
	cr_assert_eq(export_open(&x, "records", "here", 10, &why), 0, "%s", why.text);
	cr_assert_eq(set_add(s, "archive", model_of(text)), 1);
	set_add_range(s, &wide, 112)->profile[0]->tcp[21] = (struct target){ ACTION_ANSWER, 1 };
	set_publish(s);
	voice(1, "00000000000000a0");
}

static void
end(void)
{
	export_close(&x);
	set_fini();
	unlink("records");
	cr_expect_eq(chdir("/"), 0);
	cr_expect_eq(rmdir(place), 0);
}

TestSuite(news, .init = begin, .fini = end, .timeout = 60);

static void
look(void)
{
	news_retired(&n, &x, &r, 1000);
}

/* The only record so far; the caller frees it. */
static json_t *
told(void)
{
	json_t *o;

	export_flush(&x);
	o = json_load_file("records", 0, NULL);	/* more than one line is no JSON */
	cr_assert_not_null(o, "there is not exactly one record");
	return o;
}

static const char *
word(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(json_object_get(o, "mynah"), key));

	return s != NULL ? s : "(none)";
}

static const struct {
	const char *command, *service;
	int slot;
	const char *action, *told_service, *version;
} commands[] = {
	{ "load", "archive", 1, "load", "archive", "00000000000000a0" },
	{ "load", NULL, 1, "load", "archive", "00000000000000a0" },
	{ "rollback", "archive", 1, "rollback", "archive", "00000000000000a0" },
	{ "load", "archive", -EBUSY, "busy", "archive", "" },
	{ "load", NULL, -EBADMSG, "refused", "", "" },
	{ "rollback", "nowhere", -ENOENT, "refused", "nowhere", "" },
};

EACH_CASE(news, a_command_is_a_record_of_what_came_of_it, commands)
{
	json_t *o;

	diag_set(&why, 0, "that is why.");
	news_command(&x, &r, commands[*i].command, commands[*i].service, commands[*i].slot, &why, 1000);
	o = told();
	cr_expect_str_eq(word(o, "action"), commands[*i].action);
	cr_expect_str_eq(word(o, "service"), commands[*i].told_service);
	cr_expect_str_eq(word(o, "version"), commands[*i].version);
	if (commands[*i].slot > 0) {
		cr_expect_eq(json_integer_value(json_object_get(json_object_get(o, "mynah"), "slot")), 1);
		cr_expect_str_eq(word(o, "why"), "(none)");
	} else {
		cr_expect_str_eq(word(o, "command"), commands[*i].command);
		cr_expect_str_eq(word(o, "why"), "that is why.");
	}
	json_decref(o);
}

/* Another model takes slot 2, and slot 1 is freed: its voice is still told. */
static void
swap(void)
{
	struct set *s = set_create(set_current());
	int slot = set_add(s, "archive", model_of(text));

	cr_assert_eq(slot, 2);
	set_repoint(s, 1, 2);
	set_publish(s);
	voice(2, "00000000000000b1");
}

Test(news, a_model_that_is_freed_is_told_once)
{
	json_t *o;

	look();
	swap();
	look();
	cr_assert_eq(set_retire(NULL, 0), 1);
	look();
	look();
	o = told();
	cr_expect_str_eq(word(o, "action"), "retire");
	cr_expect_str_eq(word(o, "service"), "archive");
	cr_expect_str_eq(word(o, "version"), "00000000000000a0");
	cr_expect_eq(json_integer_value(json_object_get(json_object_get(o, "mynah"), "slot")), 1);
	json_decref(o);
}

Test(news, a_model_that_is_held_is_not_told)
{
	static struct pins pins;
	const struct pins *all[] = { &pins };

	look();
	pin(&pins, 1);
	swap();
	cr_assert_eq(set_retire(all, 1), 0);
	look();
	export_flush(&x);
	cr_expect_eq(x.lines, 0u);
	unpin(&pins, 1);
	cr_assert_eq(set_retire(all, 1), 1);
	look();
	json_decref(told());
}
