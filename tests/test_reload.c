#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/reload.h"
#include "tests/cases.h"
#include "tests/file.h"
#include "tests/model_of.h"

static const char configuration[] =
    "ports:\n- device: net_null0\n  link-address: 192.0.2.2\n"
    "models:\n- {name: archive, file: ftp.mynah}\n- {name: names, file: dns.mynah}\n"
    "prefixes:\n- prefix: 198.19.0.0/16\n  action: silent\n"
    "  services: [{port: tcp/21, model: archive}, {port: tcp/2121, model: archive}, {port: udp/53, model: names},"
    " {port: tcp/25, action: handshake}]\n";

static char place[] = "/tmp/mynah-reload-XXXXXX";
static struct diag why;
static struct conf *c;
static struct reload r;
static const uint8_t site_key[PRF_KEY] = { 7 };
static struct pins worker[2];

static void
put_file(const char *name, const void *bytes, size_t n)
{
	FILE *f = fopen(name, "w");

	cr_assert_not_null(f);
	fwrite(bytes, 1, n, f);
	fclose(f);
}

/* banner: what its first vector claims that it says; NULL: the truth. */
static void
put_model(const char *name, const char *source, const char *banner)
{
	char *text = file_of(source);
	struct text t = text_of(text);
	struct span image;

	if (banner != NULL)
		t.vector[0].line[1] = span_str(banner);
	image = image_of(&t);
	put_file(name, image.p, image.n);
	free((void *)image.p);
	text_fini(&t);
	free(text);
}

static void
begin(void)
{
	enter_new_folder(place);
	put_model("ftp.mynah", TEST_ROOT "/tests/data/models/ftp-small.txt", NULL);
	put_model("dns.mynah", TEST_ROOT "/tests/data/models/dns-small.txt", NULL);
	put_file("x.yaml", configuration, strlen(configuration));
	cr_assert_eq(conf_load(&c, "x.yaml", &why), 0, "%s", why.text);
	r.pins[r.npins++] = &worker[0];
	r.pins[r.npins++] = &worker[1];
	cr_assert_eq(reload_first(&r, c, site_key, &why), 0, "%s", why.text);
}

static void
end(void)
{
	static const char *const made[] = { "ftp.mynah", "dns.mynah", "x.yaml", "bad.mynah", "fifo",
		"lies.mynah" };

	reload_fini(&r);
	set_fini();
	conf_free(c);
	for (size_t i = 0; i < ARRAY_LEN(made); i++)
		unlink(made[i]);
	rmdir(place);
}

TestSuite(reload, .init = begin, .fini = end, .timeout = 60);

static struct target
shows(uint8_t proto, uint16_t port)
{
	struct addr own = addr_v4(0xc6130102);
	const struct range *range = set_range(set_current(), &own);

	cr_assert_not_null(range);
	return set_lookup(set_profile(range, &own), proto, port);
}

Test(reload, the_configuration_is_on_air)
{
	struct target ftp = shows(MODEL_TCP, 21);

	cr_expect_eq(ftp.action, ACTION_ANSWER);
	cr_expect_eq(shows(MODEL_TCP, 2121).slot, ftp.slot, "one model may have two ports");
	cr_expect_neq(shows(MODEL_UDP, 53).slot, ftp.slot);
	cr_expect_eq(shows(MODEL_TCP, 25).action, ACTION_HANDSHAKE);
	cr_expect_eq(shows(MODEL_TCP, 26).action, ACTION_SILENT);
	cr_expect_eq(shows(MODEL_UDP, 26).action, ACTION_SILENT);
	cr_expect_str_eq(r.voice[ftp.slot].service, "archive");
	cr_expect_str_eq(r.voice[ftp.slot].model, "ftp-small");
	cr_expect_eq(strlen(r.voice[ftp.slot].version), 16);
}

Test(reload, an_old_model_stays_as_long_as_a_conversation_holds_it)
{
	uint8_t old = shows(MODEL_TCP, 21).slot;
	int slot;

	pin(&worker[1], old);
	slot = reload_load(&r, "ftp.mynah", "archive", &why);
	cr_assert_gt(slot, 0, "%s", why.text);
	cr_expect_neq(slot, old);
	cr_expect_eq(shows(MODEL_TCP, 21).slot, slot);
	cr_expect_eq(shows(MODEL_TCP, 2121).slot, slot);
	reload_retire(&r);
	cr_expect_not_null(set_current()->slot[old]);
	cr_expect_eq(reload_pins(&r, old), 1);
	unpin(&worker[1], old);
	reload_retire(&r);
	cr_expect_null(set_current()->slot[old]);
	cr_expect_eq(r.retired, 1);
	cr_expect_str_eq(r.voice[old].service, "archive", "its last records still have a name");
}

Test(reload, without_a_free_slot_it_is_busy_and_later_it_is_not)
{
	int slot, loaded = 0;

	for (int k = 1; k < SET_SLOTS; k++)
		pin(&worker[0], (uint8_t)k);
	while ((slot = reload_load(&r, "ftp.mynah", "archive", &why)) > 0)
		loaded++;
	cr_expect_eq(slot, -EBUSY);
	cr_expect_eq(loaded, SET_SLOTS - 3);
	cr_expect_eq(r.busy, 1);
	cr_expect_not_null(strstr(why.text, "try later"));
	cr_expect_eq(shows(MODEL_TCP, 21).action, ACTION_ANSWER);
	for (int k = 1; k < SET_SLOTS; k++)
		unpin(&worker[0], (uint8_t)k);
	reload_retire(&r);
	cr_expect_gt(reload_load(&r, "ftp.mynah", "archive", &why), 0, "%s", why.text);
}

Test(reload, a_model_without_a_name_finds_the_one_service_of_its_protocol)
{
	uint8_t ftp = shows(MODEL_TCP, 21).slot;

	cr_expect_gt(reload_load(&r, "dns.mynah", NULL, &why), 0, "%s", why.text);
	cr_expect_eq(shows(MODEL_TCP, 21).slot, ftp);
}

/* ---- what waits for a free slot ---- */

static int ended_slot;
static char ended_with[1024];
static unsigned ends;

static void
note_end(void *ctx, const char *file, const char *name, int slot, const struct diag *said)
{
	cr_expect_eq(ctx, &ends);
	ends++;
	ended_slot = slot;
	snprintf(ended_with, sizeof ended_with, "%s as %s: %s", file, name, said->text);
}

/* Every slot holds a model that a conversation still uses. */
static void
fill_all_slots(void)
{
	r.ended = note_end;
	r.ctx = &ends;
	for (int k = 1; k < SET_SLOTS; k++)
		pin(&worker[0], (uint8_t)k);
	while (reload_load(&r, "ftp.mynah", "archive", &why) > 0)
		;
	cr_assert_eq(r.busy, 1);
}

static uint8_t
unpin_one_off_air(void)
{
	uint8_t slot = 1;

	while (set_current()->on_air[slot] || worker[0].n[slot] == 0)
		slot++;
	unpin(&worker[0], slot);
	return slot;
}

Test(reload, without_a_free_slot_a_file_can_wait_for_one)
{
	uint8_t freed, before;

	fill_all_slots();
	before = shows(MODEL_TCP, 21).slot;
	cr_expect_eq(reload_later(&r, "ftp.mynah", "archive", &why), 0, "%s", why.text);
	cr_expect_eq(reload_waiting(&r), 1);
	cr_expect(reload_waits(&r, "ftp.mynah", "archive"));
	cr_expect_not(reload_waits(&r, "ftp.mynah", "web") || reload_waits(&r, "other", "archive"));
	cr_expect_eq(r.busy, 2);
	reload_retire(&r);
	cr_expect_eq(r.retried, 0, "nothing was free");
	cr_expect_eq(shows(MODEL_TCP, 21).slot, before);
	freed = unpin_one_off_air();
	reload_retire(&r);
	cr_expect_null(set_current()->slot[freed], "its last records are drained before it is taken");
	cr_expect_eq(ends, 0);
	reload_retire(&r);
	cr_expect_eq(shows(MODEL_TCP, 21).slot, freed);
	cr_expect_eq(shows(MODEL_TCP, 2121).slot, freed);
	cr_expect_eq(reload_waiting(&r), 0);
	cr_expect_not(reload_waits(&r, "ftp.mynah", "archive"));
	cr_expect_eq(r.retried, 1);
	cr_expect_eq(r.busy, 2);
	cr_expect_eq(ends, 1);
	cr_expect_eq(ended_slot, freed);
	reload_fini(&r);
}

Test(reload, where_a_slot_is_free_nothing_waits)
{
	cr_expect_gt(reload_later(&r, "ftp.mynah", NULL, &why), 0, "%s", why.text);
	cr_expect_lt(reload_later(&r, "none.mynah", "archive", &why), 0);
	cr_expect_lt(reload_later(&r, "ftp.mynah", "web", &why), 0);
	cr_expect_eq(reload_waiting(&r), 0);
	cr_expect_eq(r.refused, 2);
}

Test(reload, the_newest_file_waits_and_each_service_has_a_place)
{
	fill_all_slots();
	put_model("old.mynah", TEST_ROOT "/tests/data/models/ftp-small.txt", NULL);
	cr_expect_eq(reload_later(&r, "old.mynah", "archive", &why), 0, "%s", why.text);
	cr_expect_eq(reload_later(&r, "dns.mynah", "names", &why), 0, "%s", why.text);
	cr_expect_eq(reload_later(&r, "ftp.mynah", "archive", &why), 0, "%s", why.text);
	cr_expect_eq(reload_waiting(&r), 2);
	cr_assert_eq(unlink("old.mynah"), 0);
	unpin_one_off_air();
	reload_retire(&r);
	reload_retire(&r);
	cr_expect_str_eq(ended_with, "ftp.mynah as archive: ");
	cr_expect_gt(ended_slot, 0);
	cr_expect_eq(reload_waiting(&r), 1);
	unpin_one_off_air();
	reload_retire(&r);
	reload_retire(&r);
	cr_expect_str_eq(ended_with, "dns.mynah as names: ");
	cr_expect_eq(reload_waiting(&r), 0);
	cr_expect_eq(r.retried, 2);
	reload_fini(&r);
}

Test(reload, what_an_operator_loads_ends_the_wait_of_an_older_file)
{
	fill_all_slots();
	cr_expect_eq(reload_later(&r, "ftp.mynah", "archive", &why), 0, "%s", why.text);
	unpin_one_off_air();
	cr_expect_eq(set_retire(r.pins, r.npins), 1);
	cr_expect_gt(reload_load(&r, "ftp.mynah", "archive", &why), 0, "%s", why.text);
	cr_expect_eq(reload_waiting(&r), 0);
	unpin_one_off_air();
	reload_retire(&r);
	reload_retire(&r);
	cr_expect_eq(r.retried, 0);
	cr_expect_eq(ends, 0);
	reload_fini(&r);
}

Test(reload, a_file_that_is_gone_when_its_turn_comes_is_refused_with_a_sentence)
{
	fill_all_slots();
	put_model("old.mynah", TEST_ROOT "/tests/data/models/ftp-small.txt", NULL);
	cr_expect_eq(reload_later(&r, "old.mynah", "archive", &why), 0, "%s", why.text);
	cr_assert_eq(unlink("old.mynah"), 0);
	unpin_one_off_air();
	reload_retire(&r);
	reload_retire(&r);
	cr_expect_eq(ended_slot, -ENOENT);
	cr_expect_not_null(strstr(ended_with, "The model old.mynah cannot be read"), "%s", ended_with);
	cr_expect_eq(reload_waiting(&r), 0);
	cr_expect_eq(r.refused, 1);
	reload_fini(&r);
}

Test(reload, what_waits_at_the_end_is_forgotten)
{
	fill_all_slots();
	cr_expect_eq(reload_later(&r, "ftp.mynah", "archive", &why), 0, "%s", why.text);
	cr_expect_eq(reload_later(&r, "dns.mynah", "names", &why), 0, "%s", why.text);
	reload_fini(&r);
	cr_expect_eq(reload_waiting(&r), 0);
}

static const struct {
	const char *what, *file, *name, *says;
} refused[] = {
	{ "no such file", "none.mynah", NULL, "none.mynah" },
	{ "a folder", ".", NULL, ". is not a file" },
	{ "a fifo, which would keep us waiting", "fifo", NULL, "fifo is not a file" },
	{ "not a model", "x.yaml", "archive", "x.yaml" },
	{ "half a model", "bad.mynah", "archive", "bad.mynah" },
	{ "a model that does not say what it said", "lies.mynah", "archive",
	    "The model lies.mynah is refused: The model \"ftp-small\" does not say" },
	{ "no such service", "ftp.mynah", "web", "\"web\"" },
	{ "the wrong protocol", "dns.mynah", "archive", "dns.mynah speaks udp" },
};

EACH_CASE(reload, what_is_refused_changes_nothing, refused)
{
	const struct set *before = set_current();
	char *image = file_of("ftp.mynah");

	put_file("bad.mynah", image, 4000);
	free(image);
	put_model("lies.mynah", TEST_ROOT "/tests/data/models/ftp-small.txt", "220 Another archive.\r\n");
	cr_assert_eq(mkfifo("fifo", 0600), 0);
	cr_expect_lt(reload_load(&r, refused[*i].file, refused[*i].name, &why), 0, "%s", refused[*i].what);
	cr_expect_not_null(strstr(why.text, refused[*i].says), "%s: %s", refused[*i].what, why.text);
	cr_expect_eq(set_current(), before);
	cr_expect_eq(r.refused, 1);
}

Test(reload, checking_publishes_nothing)
{
	const struct set *before = set_current();

	cr_expect_eq(reload_check(c, &why), 0, "%s", why.text);
	cr_expect_eq(set_current(), before);
	c->prefixes[0].shows.services[2].model_index = 0;	/* as if udp/53 had the FTP model */
	cr_expect_eq(reload_check(c, &why), -EINVAL);
	cr_expect_not_null(strstr(why.text, "ftp.mynah speaks tcp"), "%s", why.text);
	cr_expect_eq(unlink("dns.mynah"), 0);
	cr_expect_lt(reload_check(c, &why), 0);
	cr_expect_not_null(strstr(why.text, "dns.mynah"), "%s", why.text);
}

/* ---- back again ---- */

static void
put_version(const char *name, const char *from, const char *to)
{
	char line[400];

	snprintf(line, sizeof line, "sed 's/%s/%s/' " TEST_ROOT "/tests/data/models/ftp-small.txt >v.txt", from, to);
	cr_assert_eq(system(line), 0);
	put_model(name, "v.txt", NULL);
	unlink("v.txt");
}

static const char *
version_on_air(void)
{
	return r.voice[shows(MODEL_TCP, 21).slot].version;
}

/* Another model than ftp.mynah, on air as "archive"; its version in to. */
static void
load_another(const char *name, const char *greeting, char to[17])
{
	put_version(name, "220 ", greeting);
	cr_assert_gt(reload_load(&r, name, "archive", &why), 0, "%s", why.text);
	snprintf(to, 17, "%s", version_on_air());
}

Test(reload, rollback_goes_back_and_forth)
{
	char first[17], second[17];

	snprintf(first, sizeof first, "%s", version_on_air());
	cr_expect_eq(reload_rollback(&r, "archive", &why), -ENOENT);
	cr_expect_str_eq(why.text, "Service \"archive\" had no other model before; there is nothing to go back to.");
	load_another("two.mynah", "220-", second);
	cr_assert_str_neq(first, second);
	cr_expect_gt(reload_rollback(&r, "archive", &why), 0, "%s", why.text);
	cr_expect_str_eq(version_on_air(), first);
	cr_expect_gt(reload_rollback(&r, "archive", &why), 0, "%s", why.text);
	cr_expect_str_eq(version_on_air(), second);
	cr_expect_eq(reload_rollback(&r, "web", &why), -ENOENT);
	cr_expect_not_null(strstr(why.text, "There is no service \"web\" on air; there are: "), "%s", why.text);
	unlink("two.mynah");
}

Test(reload, without_a_store_a_file_that_was_replaced_is_no_way_back)
{
	char version[17];

	load_another("two.mynah", "220-", version);
	put_version("ftp.mynah", "220 ", "220=");
	cr_expect_eq(reload_rollback(&r, "archive", &why), -ESTALE);
	cr_expect_not_null(strstr(why.text, "ftp.mynah holds model "), "%s", why.text);
	cr_expect_str_eq(version_on_air(), version);
	unlink("two.mynah");
}

/* ---- with a store ---- */

static const struct store_limits no_limits;

static void
stop(void)
{
	reload_fini(&r);
	set_fini();
	if (r.store != NULL)
		store_close(r.store);
	r = (struct reload){ .pins = { &worker[0], &worker[1] }, .npins = 2 };
}

static void
start(void)
{
	stop();
	cr_assert_eq(store_open(&r.store, "state", &no_limits, &why), 0, "%s", why.text);
	cr_assert_eq(reload_first(&r, c, site_key, &why), 0, "%s", why.text);
}

static void
clean(void)
{
	stop();
	cr_assert_eq(system("rm -rf state two.mynah"), 0);
}

TestSuite(reload_store, .init = begin, .fini = end, .timeout = 60);

Test(reload_store, what_was_loaded_speaks_after_a_restart)
{
	char first[17], second[17];

	start();
	snprintf(first, sizeof first, "%s", version_on_air());
	load_another("two.mynah", "220-", second);
	unlink("two.mynah");
	start();
	cr_expect_str_eq(version_on_air(), second);
	cr_expect_gt(reload_rollback(&r, "archive", &why), 0, "%s", why.text);
	cr_expect_str_eq(version_on_air(), first);
	start();
	cr_expect_str_eq(version_on_air(), first);
	cr_expect_gt(reload_rollback(&r, "archive", &why), 0, "%s", why.text);
	cr_expect_str_eq(version_on_air(), second);
	cr_expect_eq(reload_rollback(&r, "names", &why), -ENOENT);
	clean();
}

Test(reload_store, a_configured_file_that_changed_counts)
{
	char loaded[17];
	const struct store_service *v;

	start();
	load_another("two.mynah", "220-", loaded);
	put_version("ftp.mynah", "220 ", "220=");
	start();
	cr_expect_str_neq(version_on_air(), loaded);
	v = store_service(r.store, "archive", &why);
	cr_expect_str_eq(v->configured, version_on_air());
	cr_expect_str_eq(v->model[v->on_air].version, version_on_air());
	cr_expect_eq(v->model[v->on_air].origin, ORIGIN_CONFIGURED);
	cr_expect_str_eq(v->model[v->before].version, loaded, "the way back leads to what was on air");
	clean();
}

static const struct {
	const char *what, *line;
} damages[] = {
	{ "cut", "truncate -s 3000 state/archive/models/$v.mynah" },
	{ "removed", "rm state/archive/models/$v.mynah" },
	{ "another model", "cp ftp.mynah state/archive/models/$v.mynah" },
	{ "of another protocol", "cp dns.mynah state/archive/models/$v.mynah" },
	{ "a link", "rm state/archive/models/$v.mynah; ln -s $PWD/two.mynah state/archive/models/$v.mynah" },
};

EACH_CASE(reload_store, a_kept_image_that_is_damaged_gives_way_to_the_configured_file, damages)
{
	char first[17], loaded[17], line[200];

	start();
	snprintf(first, sizeof first, "%s", version_on_air());
	load_another("two.mynah", "220-", loaded);
	stop();
	snprintf(line, sizeof line, "v=%s; %s", loaded, damages[*i].line);
	cr_assert_eq(system(line), 0);
	start();
	cr_expect_str_eq(version_on_air(), first, "%s", damages[*i].what);
	cr_expect_lt(reload_rollback(&r, "archive", &why), 0, "%s", damages[*i].what);
	cr_expect_str_eq(version_on_air(), first, "%s", damages[*i].what);
	clean();
}

Test(reload_store, what_was_refused_is_not_kept)
{
	const struct store_service *v;

	start();
	cr_expect_lt(reload_load(&r, "dns.mynah", "archive", &why), 0);
	cr_expect_lt(reload_load(&r, "x.yaml", "archive", &why), 0);
	cr_expect_lt(reload_load(&r, "ftp.mynah", "web", &why), 0);
	v = store_service(r.store, "archive", &why);
	cr_expect_eq(v->nmodels, 1u);
	cr_expect_neq(access("state/web", F_OK), 0);
	clean();
}

Test(reload_store, what_cannot_be_kept_is_not_published)
{
	const char *before;

	start();
	before = version_on_air();
	cr_assert_eq(system("mv state/archive/models state/gone"), 0);
	put_version("two.mynah", "220 ", "220-");
	cr_expect_lt(reload_load(&r, "two.mynah", "archive", &why), 0);
	cr_expect_not_null(strstr(why.text, "cannot be copied to "), "%s", why.text);
	cr_expect_eq(version_on_air(), before);
	clean();
}
