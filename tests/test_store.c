/* What a store keeps, for how long, and what it refuses. Crashes are in test_store_crash.c. */
#include <errno.h>

#include "tests/cases.h"
#include "tests/file.h"
#include "tests/store_rig.h"

static char place[] = "/tmp/mynah-store-XXXXXX";
static struct diag why;
static struct store *s;

static void
begin(void)
{
	enter_new_folder(place);
	cr_assert_eq(store_open(&s, "state", &no_limits, &why), 0, "%s", why.text);
}

static void
end(void)
{
	if (s != NULL)
		store_close(s);
	cr_expect_eq(system("chmod -R u+rwx . && rm -rf ./* ./.[!.]*"), 0);
	rmdir(place);
}

TestSuite(store, .init = begin, .fini = end, .timeout = 60);

static const struct store_service *
again(const struct store_limits *limits)
{
	const struct store_service *v;

	if (s != NULL)
		store_close(s);
	s = NULL;
	cr_assert_eq(store_open(&s, "state", limits, &why), 0, "%s", why.text);
	v = store_service(s, "ftp", &why);
	cr_assert_not_null(v, "%s", why.text);
	expect_whole(v, "state");
	return v;
}

Test(store, a_service_begins_empty)
{
	const struct store_service *v = again(&no_limits);

	cr_expect_str_eq(v->name, "ftp");
	cr_expect_str_eq(v->configured, "");
	cr_expect_eq(v->nmodels + v->ncaptures, 0u);
	cr_expect_eq(v->on_air, -1);
	cr_expect_eq(v->before, -1);
}

Test(store, what_was_said_is_there_after_a_restart)
{
	const struct store_service *v = again(&no_limits);
	const char *files[1];
	uint32_t talks = 40;

	cr_expect_eq(add_model(s, "ftp", 1, &why), 0, "%s", why.text);
	cr_expect_eq(add_model(s, "ftp", 2, &why), 1, "%s", why.text);
	cr_expect_eq(store_configured(s, "ftp", version_of(1), &why), 0, "%s", why.text);
	cr_expect_eq(store_on_air(s, "ftp", version_of(1), &why), 0, "%s", why.text);
	cr_expect_eq(store_on_air(s, "ftp", version_of(2), &why), 0, "%s", why.text);
	cr_expect_eq(add_capture(s, "ftp", 1, &why), 0, "%s", why.text);
	cr_expect_eq(add_capture(s, "ftp", 2, &why), 1, "%s", why.text);
	files[0] = v->capture[0].file;
	cr_expect_eq(store_judge(s, "ftp", files, &talks, 1, CAPTURE_LEARNED, &why), 0, "%s", why.text);
	v = again(&no_limits);
	cr_expect_str_eq(v->configured, version_of(1));
	cr_expect_eq(v->nmodels, 2u);
	cr_expect_eq(v->on_air, 1);
	cr_expect_eq(v->before, 0);
	cr_expect_eq(v->model[1].origin, ORIGIN_LOADED);
	cr_expect_eq(v->ncaptures, 2u);
	cr_expect_str_eq(v->capture[0].origin, "c1.pcap");
	cr_expect_eq(v->capture[0].state, CAPTURE_LEARNED);
	cr_expect_eq(v->capture[0].conversations, 40u);
	cr_expect_eq(v->capture[1].state, CAPTURE_NEW, "what the job did not see stays new");
	cr_expect_gt(v->capture[1].arrived_ms, INT64_C(1500000000000));
}

Test(store, going_back_twice_is_where_one_was)
{
	const struct store_service *v = again(&no_limits);

	add_model(s, "ftp", 1, &why);
	add_model(s, "ftp", 2, &why);
	store_on_air(s, "ftp", version_of(1), &why);
	store_on_air(s, "ftp", version_of(2), &why);
	store_on_air(s, "ftp", version_of(2), &why);
	cr_expect_eq(v->before, 0, "saying it twice changes nothing");
	store_on_air(s, "ftp", v->model[v->before].version, &why);
	cr_expect_eq(v->on_air, 0);
	cr_expect_eq(v->before, 1);
	store_on_air(s, "ftp", v->model[v->before].version, &why);
	cr_expect_eq(v->on_air, 1);
	cr_expect_eq(v->before, 0);
	cr_expect_eq(store_on_air(s, "ftp", version_of(3), &why), -ENOENT);
	cr_expect_str_eq(why.text, "Service \"ftp\" has no model 0000000000000003.");
}

Test(store, a_model_that_is_there_is_found_and_mended)
{
	const struct store_service *v = again(&no_limits);

	add_model(s, "ftp", 1, &why);
	add_model(s, "ftp", 2, &why);
	put_text(v->model[0].file, "damage");
	cr_expect_eq(add_model(s, "ftp", 1, &why), 0, "%s", why.text);
	cr_expect_eq(again(&no_limits)->nmodels, 2u);
}

Test(store, old_models_go_but_not_those_that_are_needed)
{
	const struct store_service *v = again(&no_limits);

	add_model(s, "ftp", 0, &why);
	store_on_air(s, "ftp", version_of(0), &why);
	add_model(s, "ftp", 1, &why);
	store_on_air(s, "ftp", version_of(1), &why);
	for (unsigned i = 2; i < 50; i++)
		cr_assert_geq(add_model(s, "ftp", i, &why), 0, "%s", why.text);
	v = again(&no_limits);
	cr_expect_eq(v->nmodels, (uint32_t)STORE_MODELS);
	cr_expect_str_eq(v->model[v->before].version, version_of(0));
	cr_expect_str_eq(v->model[v->on_air].version, version_of(1));
	cr_expect_str_eq(v->model[2].version, version_of(50 - STORE_MODELS + 2));
	cr_expect_str_eq(v->model[v->nmodels - 1].version, version_of(49));
}

Test(store, one_sensor_per_folder)
{
	struct store *other;
	char says[80];

	cr_expect_eq(store_open(&other, "state", &no_limits, &why), -EBUSY);
	snprintf(says, sizeof says, "is in use by process %ld;", (long)getpid());
	cr_expect_not_null(strstr(why.text, says), "%s", why.text);
	again(&no_limits);
}

/* ---- captures ---- */

Test(store, a_capture_is_moved_not_doubled)
{
	struct stat before, after;

	again(&no_limits);
	put_text("a.pcap", "capture 1\n");
	cr_assert_eq(stat("a.pcap", &before), 0);
	cr_expect_eq(store_add_capture(s, "ftp", "a.pcap", &why), 0, "%s", why.text);
	cr_expect_eq(access("a.pcap", F_OK), -1);
	cr_assert_eq(stat(store_service(s, "ftp", &why)->capture[0].file, &after), 0);
	cr_expect_eq(before.st_ino, after.st_ino);
	put_text("b.pcap", "capture 1\n");
	cr_expect_eq(store_add_capture(s, "ftp", "b.pcap", &why), -EEXIST);
	cr_expect_eq(access("b.pcap", F_OK), -1);
	cr_expect_eq(again(&no_limits)->ncaptures, 1u);
}

Test(store, a_refused_capture_that_is_offered_again_is_new_again)
{
	const struct store_service *v = again(&no_limits);
	const char *file;

	for (unsigned i = 0; i < 2; i++)
		cr_assert_eq(add_capture(s, "ftp", i, &why), (int)i, "%s", why.text);
	file = v->capture[0].file;
	cr_assert_eq(store_judge(s, "ftp", &file, &(uint32_t){ 7 }, 1, CAPTURE_REFUSED, &why), 0);
	put_text("again.pcap", "capture 0\n");
	cr_expect_eq(store_add_capture(s, "ftp", "again.pcap", &why), 1, "%s", why.text);
	cr_expect_eq(access("again.pcap", F_OK), -1);
	v = again(&no_limits);
	cr_assert_eq(v->ncaptures, 2u);
	cr_expect_str_eq(v->capture[1].origin, "again.pcap");
	cr_expect_eq(v->capture[1].state, CAPTURE_NEW);
	cr_expect_eq(v->capture[1].conversations, 0u);
	put_text("again.pcap", "capture 0\n");
	cr_expect_eq(store_add_capture(s, "ftp", "again.pcap", &why), -EEXIST, "while it is new");
	file = v->capture[1].file;
	cr_assert_eq(store_judge(s, "ftp", &file, NULL, 1, CAPTURE_LEARNED, &why), 0);
	put_text("again.pcap", "capture 0\n");
	cr_expect_eq(store_add_capture(s, "ftp", "again.pcap", &why), -EEXIST, "and once it is learned");
}

Test(store, a_capture_that_fails_alone_is_refused_after_some_tries)
{
	const struct store_service *v = again(&no_limits);
	const char *files[2];

	for (unsigned i = 0; i < 2; i++)
		cr_assert_eq(add_capture(s, "ftp", i, &why), (int)i, "%s", why.text);
	for (unsigned i = 0; i < 2; i++)
		files[i] = v->capture[i].file;
	cr_expect_eq(store_past_limit(s, "ftp", files, 2, &why), 0, "%s", why.text);
	v = again(&no_limits);
	cr_expect(v->capture[0].among == 2 && v->capture[1].among == 2 && v->capture[0].tries == 0);
	for (unsigned k = 1; k <= STORE_TRIES; k++) {
		v = again(&no_limits);
		files[0] = v->capture[0].file;
		cr_expect_eq(store_past_limit(s, "ftp", files, 1, &why), k == STORE_TRIES, "%s", why.text);
		cr_expect(v->capture[0].among == 1 && v->capture[0].tries == k);
	}
	v = again(&no_limits);
	cr_expect_eq(v->capture[0].state, CAPTURE_REFUSED);
	cr_expect_eq(v->capture[1].state, CAPTURE_NEW);
	files[1] = v->capture[1].file;
	cr_expect_eq(store_within_limit(s, "ftp", &files[1], 1, &why), 0, "%s", why.text);
	cr_expect_eq(v->capture[1].among, 0u);
}

Test(store, a_capture_that_somebody_can_still_write_to_is_copied)
{
	const struct store_service *v = again(&no_limits);

	put_text("a.pcap", "capture 1\n");
	cr_assert_eq(link("a.pcap", "kept"), 0);
	cr_expect_eq(store_add_capture(s, "ftp", "a.pcap", &why), 0, "%s", why.text);
	put_text("kept", "something else\n");
	v = again(&no_limits);
	cr_expect_eq(v->ncaptures, 1u);
}

Test(store, a_capture_that_is_still_written_is_not_taken)
{
	FILE *f = fopen("a.pcap", "w");

	again(&no_limits);
	fputs("capture", f);
	fflush(f);
	cr_expect_eq(store_add_capture(s, "ftp", "a.pcap", &why), -EAGAIN);
	cr_expect_not_null(strstr(why.text, "a.pcap is still being written"), "%s", why.text);
	fclose(f);
	cr_expect_eq(store_add_capture(s, "ftp", "a.pcap", &why), 0, "%s", why.text);
	cr_expect_eq(again(&no_limits)->ncaptures, 1u);
}

/* Its sum takes long; what was renamed over it meanwhile is another capture, which arrives again. */
Test(store, only_the_capture_that_was_read_is_removed)
{
	int fd;

	put_text("a.pcap", "capture 1\n");
	fd = durable_open("a.pcap");
	put_text("next", "capture 2\n");
	cr_assert_eq(rename("next", "a.pcap"), 0);
	cr_expect_eq(durable_unlink("a.pcap", fd), 0);
	cr_expect_eq(access("a.pcap", F_OK), 0);
	close(fd);
	fd = durable_open("a.pcap");
	cr_expect_eq(durable_unlink("a.pcap", fd), 0);
	cr_expect_eq(access("a.pcap", F_OK), -1);
	cr_expect_eq(durable_unlink("a.pcap", fd), 0, "gone already");
	close(fd);
}

static const struct {
	const char *make, *file, *says;
} odd[] = {
	{ "ln -s m.mynah l.pcap; echo x >m.mynah", "l.pcap", "l.pcap cannot be read: it is not a file" },
	{ "mkfifo f.pcap", "f.pcap", "f.pcap cannot be read: it is not a file" },
	{ "mkdir d.pcap", "d.pcap", "d.pcap cannot be read: it is not a file" },
	{ ":", "none.pcap", "none.pcap cannot be read: No such file" },
	{ ":", "/dev/zero", "/dev/zero cannot be read: it is not a file" },
	{ ": >e.pcap", "e.pcap", "e.pcap is empty" },
	{ "truncate -s 1T huge.pcap", "huge.pcap", "has 1099511627776 bytes" },	/* and it is not read */
	{ "head -c 2000 /dev/zero >big.pcap", "big.pcap", "has 2000 bytes; all captures of a service may have 1000" },
};

EACH_CASE(store, what_is_no_capture_stays_where_it_is, odd)
{
	struct store_limits limits = { .capture_bytes = 1000 };

	again(&limits);
	cr_assert_eq(system(odd[*i].make), 0);
	cr_expect_lt(store_add_capture(s, "ftp", odd[*i].file, &why), 0);
	cr_expect_not_null(strstr(why.text, odd[*i].says), "%s", why.text);
	cr_expect_eq(again(&limits)->ncaptures, 0u);
}

Test(store, names_from_the_spool_do_no_harm_in_logs)
{
	const struct store_service *v = again(&no_limits);

	put_text("a\n\x1b[2J\xff.pcap", "capture 1\n");
	cr_expect_eq(store_add_capture(s, "ftp", "a\n\x1b[2J\xff.pcap", &why), 0, "%s", why.text);
	v = again(&no_limits);
	cr_expect_str_eq(v->capture[0].origin, "a??[2J?.pcap");
}

Test(store, the_oldest_judged_captures_go_and_new_ones_never)
{
	static const enum capture_state state[] = { CAPTURE_NEW, CAPTURE_LEARNED, CAPTURE_REFUSED, CAPTURE_LEARNED,
		CAPTURE_NEW };
	const struct store_service *v = again(&no_limits);
	struct store_limits limits = { .capture_bytes = 10 * ARRAY_LEN(state) };

	for (unsigned i = 0; i < ARRAY_LEN(state); i++) {
		const char *file;

		cr_assert_eq(add_capture(s, "ftp", i, &why), (int)i, "%s", why.text);
		file = v->capture[i].file;
		cr_assert_eq(store_judge(s, "ftp", &file, NULL, 1, state[i], &why), 0, "%s", why.text);
	}
	cr_expect_eq(again(&limits)->ncaptures, 5u, "10 bytes each");
	limits.capture_bytes -= 1;
	v = again(&limits);
	cr_assert_eq(v->ncaptures, 4u);
	cr_expect_str_eq(v->capture[1].origin, "c2.pcap");
	limits.capture_bytes = 21;
	v = again(&limits);
	cr_assert_eq(v->ncaptures, 2u);
	cr_expect_str_eq(v->capture[0].origin, "c0.pcap");
	cr_expect_str_eq(v->capture[1].origin, "c4.pcap");
	limits.capture_bytes = 1;
	cr_expect_eq(again(&limits)->ncaptures, 2u, "both are new");
}

/* A manifest's line with other words: sed runs over the file while nobody has it open. */
static void
edit(const char *sed)
{
	char line[300];

	if (s != NULL)
		store_close(s);
	s = NULL;
	snprintf(line, sizeof line, "sed -i '%s' state/ftp/manifest.json", sed);
	cr_assert_eq(system(line), 0);
}

Test(store, captures_go_with_the_years)
{
	struct store_limits limits = { .capture_days = 30 };
	const char *file;

	again(&limits);
	add_capture(s, "ftp", 1, &why);
	add_capture(s, "ftp", 2, &why);
	file = store_service(s, "ftp", &why)->capture[0].file;
	store_judge(s, "ftp", &file, NULL, 1, CAPTURE_LEARNED, &why);
	cr_expect_eq(again(&limits)->ncaptures, 2u);
	edit("s/\"arrived_ms\": [0-9]*/\"arrived_ms\": 1500000000000/");
	cr_expect_eq(again(&no_limits)->ncaptures, 2u);
	cr_expect_eq(again(&limits)->ncaptures, 1u);
}

Test(store, a_manifest_from_before_tries_were_counted_is_read)
{
	const struct store_service *v;

	again(&no_limits);
	add_capture(s, "ftp", 1, &why);
	edit("s/\"state\": \"new\",/\"state\": \"new\"/; /\"among\"/d; /\"tries\"/d");
	v = again(&no_limits);
	cr_assert_eq(v->ncaptures, 1u);
	cr_expect(v->capture[0].among == 0 && v->capture[0].tries == 0);
}

Test(store, tries_that_somebody_wrote_are_still_counts_after_the_next)
{
	const char *file;

	again(&no_limits);
	add_capture(s, "ftp", 1, &why);
	edit("s/\"tries\": [0-9]*/\"tries\": 3/");
	file = again(&no_limits)->capture[0].file;
	cr_expect_eq(store_past_limit(s, "ftp", &file, 1, &why), 1, "%s", why.text);
	cr_expect_eq(again(&no_limits)->capture[0].state, CAPTURE_REFUSED);
}

/* ---- what is found on the disk ---- */

static const char *const names[] = { "", ".", "..", ".hidden", "a/b", "/etc", "a b", "a\nb",
	"0123456789012345678901234567890123456789012345678901234567890123" };

EACH_CASE(store, a_service_is_a_plain_name, names)
{
	cr_expect_null(store_service(s, names[*i], &why));
	cr_expect_not_null(strstr(why.text, "cannot have a folder of that name"), "%s", why.text);
	cr_expect_lt(add_model(s, names[*i], 1, &why), 0);
	cr_expect_lt(add_capture(s, names[*i], 1, &why), 0);
}

static const struct {
	const char *sed, *says;
} damages[] = {
	{ "1s/{/[/", "manifest.json line 2: " },
	{ "$d", "manifest.json line " },
	{ "s/\"format\": 1/\"format\": 2/", "line 2: format is 2; this program knows 1" },
	{ "s/\"service\": \"ftp\"/\"service\": \"web\"/", "line 3: it is of service \"web\", not of \"ftp\"" },
	{ "s/\"configured\": \"\"/\"configured\": \"..\"/", "line 4: configured is \"..\"" },
	{ "s/\"on_air\": \".*\"/\"on_air\": \"ffffffffffffffff\"/", "line 5: on_air is \"ffffffffffffffff\", which is none" },
	{ "s/\"before\": \".*\"/\"before\": \"0000000000000002\"/", "line 6: before and on_air are the same model" },
	{ "s/\"before\": .*/\"before\": 7,/", "manifest.json line 1: " },
	{ "s/\"format\": 1,/\"format\": 1, \"format\": 1,/", "manifest.json line 2: " },
	{ "s/\"format\": 1,/\"format\": 1, \"more\": 1,/", "more" },
	{ "0,/\"version\".*/s//\"version\": \"..\\/..\\/..\\/etc\\/x\",/",
	  "line 8: version is \"../../../etc/x\"; it must be 16 hexadecimal digits" },
	{ "s/\"version\": \"0000000000000002\"/\"version\": \"0000000000000001\"/", "line 13: version 0000000000000001 stands" },
	{ "0,/\"origin\": \"loaded\"/s//\"origin\": \"made up\"/", "line 8: origin is \"made up\"" },
	{ "s/\"added_ms\": .*/\"added_ms\": \"now\",/", "line 8: " },
	{ "s/\"sha256\": \"/&\\//", "line 20: sha256 is \"/" },
	{ "s/\"bytes\": [0-9]*/\"bytes\": -1/", "line 20: bytes or conversations" },
	{ "s/\"conversations\": [0-9]*/\"conversations\": 4294967296/", "line 20: bytes or conversations" },
	{ "s/\"arrived_ms\": [0-9]*/\"arrived_ms\": -9223372036854775808/", "line 20: arrived_ms is before 1970" },
	{ "s/\"bytes\": [0-9]*/\"bytes\": 1e300/", "line 20: " },
	{ "s/\"bytes\": [0-9]*/\"bytes\": 99999999999999999999/", "line 23: " },
	{ "s/\"among\": [0-9]*/\"among\": -1/", "line 20: among or tries" },
	{ "s/\"tries\": [0-9]*/\"tries\": 4/", "line 20: among or tries" },
	{ "s/\"state\": \"new\"/\"state\": \"old\"/", "line 20: state is \"old\"" },
	{ "s/\"origin\": \"c1.pcap\"/\"origin\": \"\\\\u0000\"/", "line 22: " },
	{ "s/\"models\": \\[/\"models\": {}, \"x\": [/", "manifest.json line " },
};

EACH_CASE(store, a_manifest_that_lies_is_named_and_nothing_is_removed, damages)
{
	again(&no_limits);
	add_model(s, "ftp", 1, &why);
	add_model(s, "ftp", 2, &why);
	store_on_air(s, "ftp", version_of(2), &why);
	add_capture(s, "ftp", 1, &why);
	edit(damages[*i].sed);
	put_text("state/ftp/models/left.mynah", "over");
	cr_expect_eq(store_open(&s, "state", &no_limits, &why), -EINVAL, "%s", damages[*i].says);
	cr_expect_not_null(strstr(why.text, damages[*i].says), "%s\n%s", damages[*i].says, why.text);
	cr_expect_not_null(strstr(why.text, "Nothing was removed"), "%s", why.text);
	cr_expect_eq(files_in("state/ftp/models"), 3u);
	cr_expect_eq(files_in("state/ftp/captures"), 1u);
	s = NULL;
}

/* Any byte of it as any other: it opens, or there is a sentence. */
Test(store, any_damage_gives_a_sentence_or_a_record)
{
	static const char odd_bytes[] = "\0\n\"{}[],:\\0-e\xff";
	char whole[4096], text[4096];
	struct store_service v;
	size_t n;

	again(&no_limits);
	add_model(s, "ftp", 1, &why);
	add_model(s, "ftp", 2, &why);
	store_on_air(s, "ftp", version_of(2), &why);
	add_capture(s, "ftp", 1, &why);
	n = get_text(whole, sizeof whole, "state/ftp/manifest.json");
	for (size_t at = 0; at < n; at++)
		for (size_t k = 0; k < sizeof odd_bytes; k++) {
			FILE *f = fopen("manifest.json", "w");

			memcpy(text, whole, n);
			text[at] = odd_bytes[k];
			fwrite(text, 1, k == 0 ? at : n, f);
			fclose(f);
			manifest_init(&v, "ftp");
			why.text[0] = '\0';
			if (manifest_load(&v, ".", &why) == 0)
				manifest_fini(&v);
			else
				cr_assert_not_null(strstr(why.text, "manifest.json line "), "byte %zu as %02x: \"%s\"", at,
				    (unsigned char)odd_bytes[k], why.text);
		}
}

static const struct {
	const char *make, *says;
} places[] = {
	{ "rm state/ftp/manifest.json; mkfifo state/ftp/manifest.json", "manifest.json cannot be read: it is not a file" },
	{ "rm state/ftp/manifest.json; ln -s /etc/passwd state/ftp/manifest.json", "cannot be read: it is not a file" },
	{ "head -c 5000000 /dev/zero >state/ftp/manifest.json", "larger than" },
	{ "mv state/ftp/models .; ln -s $PWD/models state/ftp/models", "state/ftp/models cannot be made: Not a directory" },
	{ "rm -r state; : >state", "The state folder state cannot be made: Not a directory" },
	{ "rm -r state; ln -s / state", "The state folder state cannot be made: Not a directory" },
	{ "rm state/.lock; ln -s /etc/passwd state/.lock", ".lock cannot be opened" },
};

EACH_CASE(store, what_stands_in_the_way_is_named, places)
{
	again(&no_limits);
	add_model(s, "ftp", 1, &why);
	edit("");
	cr_assert_eq(system(places[*i].make), 0);
	cr_expect_lt(store_open(&s, "state", &no_limits, &why), 0, "%s", places[*i].says);
	cr_expect_not_null(strstr(why.text, places[*i].says), "%s\n%s", places[*i].says, why.text);
	s = NULL;
}

Test(store, files_without_a_manifest_are_not_judged)
{
	again(&no_limits);
	add_capture(s, "ftp", 1, &why);
	edit("");
	unlink("state/ftp/manifest.json");
	cr_assert_eq(store_open(&s, "state", &no_limits, &why), 0, "%s", why.text);
	cr_expect_null(store_service(s, "ftp", &why));
	cr_expect_not_null(strstr(why.text, "captures holds files, but"), "%s", why.text);
	cr_expect_eq(files_in("state/ftp/captures"), 1u);
}

Test(store, leftovers_go_and_other_peoples_folders_stay)
{
	again(&no_limits);
	add_model(s, "ftp", 1, &why);
	put_text("state/ftp/manifest.json.tmp", "half");
	put_text("state/ftp/models/x.mynah.tmp", "half");
	put_text("state/ftp/captures/x.pcap", "whole, but in no record");
	cr_assert_eq(system("mkdir -p state/other/models && : >state/other/models/x && : >state/file"), 0);
	cr_expect_eq(again(&no_limits)->nmodels, 1u);
	cr_expect_eq(files_in("state/other/models"), 1u);
	cr_expect_eq(access("state/file", F_OK), 0);
}

Test(store, what_people_removed_is_no_longer_in_the_record)
{
	const struct store_service *v = again(&no_limits);

	for (unsigned i = 0; i < 3; i++) {
		add_model(s, "ftp", i, &why);
		store_on_air(s, "ftp", version_of(i), &why);
		add_capture(s, "ftp", i, &why);
	}
	unlink(v->model[1].file);
	unlink(v->capture[0].file);
	put_text(v->capture[1].file, "cut");
	v = again(&no_limits);
	cr_expect_eq(v->nmodels, 2u);
	cr_expect_eq(v->before, -1);
	cr_expect_str_eq(v->model[v->on_air].version, version_of(2));
	cr_expect_eq(v->ncaptures, 1u);
	cr_expect_str_eq(v->capture[0].origin, "c2.pcap");
}
