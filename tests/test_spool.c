#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/spool.h"
#include "tests/cases.h"
#include "tests/file.h"

enum { FTP, DNS };

static char place[] = "/tmp/mynah-spool-XXXXXX";
static const char *const services[] = { "ftp", "dns" };
static struct diag why;
static struct spool *s;

static void
shell(const char *line)
{
	cr_assert_eq(system(line), 0, "%s", line);
}

static void
begin(void)
{
	enter_new_folder(place);
	shell("mkdir -p in/ftp out");
}

static void
end(void)
{
	if (s != NULL)
		spool_close(s);
	shell("rm -rf in out err");
	rmdir(place);
}

TestSuite(spool, .init = begin, .fini = end, .timeout = 60);

static void
open_spool(void)
{
	cr_assert_eq(spool_open(&s, "in", services, ARRAY_LEN(services), &why), 0, "%s", why.text);
}

/* Names taken from a service, each followed by a space. */
static const char *
taken(int service)
{
	static char all[1 << 16];
	char path[4096];
	size_t at = 0;

	all[0] = '\0';
	while (spool_take(s, service, path, sizeof path))
		at += (size_t)snprintf(all + at, sizeof all - at, "%s ", strrchr(path, '/') + 1);
	return all;
}

Test(spool, folders_are_made_and_what_lies_there_is_taken_by_name)
{
	char path[4096], want[4096];

	shell(": >in/ftp/b.pcap; : >in/ftp/a.pcap.gz; : >in/ftp/.hidden; : >in/ftp/c.pcap.part; : >in/ftp/d.tmp");
	open_spool();
	cr_expect_eq(access("in/dns", W_OK), 0);
	spool_turn(s, 0);
	cr_expect_eq(spool_ready(s, 0), FTP, "it has lain there long enough");
	cr_assert(spool_take(s, FTP, path, sizeof path));
	snprintf(want, sizeof want, "%s/in/ftp/a.pcap.gz", place);
	cr_expect_str_eq(path, want);
	cr_expect_str_eq(taken(FTP), "b.pcap ");
	cr_expect_str_eq(taken(DNS), "");
	cr_expect_eq(spool_ready(s, 1 << 20), -1);
}

static const struct {
	const char *what, *line, *taken;
} arrivals[] = {
	{ "closed after writing", "echo x >in/ftp/a", "a " },
	{ "renamed into place", "echo x >in/ftp/a.part; mv in/ftp/a.part in/ftp/a", "a " },
	{ "moved in", "echo x >out/a; mv out/a in/ftp/a", "a " },
	{ "written twice is one file", "echo x >in/ftp/a; echo y >>in/ftp/a", "a " },
	{ "in the order of arrival", "echo x >in/ftp/b; echo y >in/ftp/a", "b a " },
	{ "gone again", "echo x >in/ftp/a; rm in/ftp/a", "" },
	{ "work in progress", "echo x >in/ftp/.a; echo x >in/ftp/a.tmp; echo x >in/ftp/a.part", "" },
	{ "a link", "echo x >out/a; ln -s \"$PWD/out/a\" out/l; mv out/l in/ftp", "" },
	{ "a fifo", "mkfifo out/f; mv out/f in/ftp", "" },
	{ "a folder", "mkdir out/d; mv out/d in/ftp; mkdir in/ftp/e", "" },
	{ "in another service", "echo x >in/dns/a", "" },
	{ "the folder made again", "echo x >in/ftp/old; rm -r in/ftp; mkdir in/ftp; echo x >in/ftp/a", "a " },
	{ "the folder moved away", "mv in/ftp out; echo x >out/ftp/a", "" },
	{ "the folder moved away and back", "mv in/ftp out; echo x >out/ftp/a; mv out/ftp in; echo x >in/ftp/b", "a b " },
	{ "the folder is a link", "rmdir in/ftp; ln -s ../out in/ftp; echo x >in/ftp/a", "" },
	{ "everything removed", "rm -r in", "" },
	{ "odd names", "echo x >\"in/ftp/a b\tc\"; printf x >in/ftp/$(printf '\\377')", "a b\tc \377 " },
};

EACH_CASE(spool, a_file_counts_when_it_is_whole_and_in_its_place, arrivals)
{
	open_spool();
	shell(arrivals[*i].line);
	spool_turn(s, 1000);
	cr_expect_str_eq(taken(FTP), arrivals[*i].taken, "%s: \"%s\"", arrivals[*i].what, taken(FTP));
	shell("mkdir -p in/ftp in/dns");
}

Test(spool, a_device_is_left_alone)
{
	open_spool();
	if (mknod("out/z", S_IFCHR | 0600, 0x0105) < 0)
		cr_skip_test("only root makes devices");
	shell("mv out/z in/ftp");
	spool_turn(s, 0);
	cr_expect_str_eq(taken(FTP), "");
}

Test(spool, a_batch_is_complete_when_nothing_more_arrives)
{
	struct pollfd p;

	open_spool();
	spool_turn(s, 0);
	p = (struct pollfd){ spool_fd(s), POLLIN, 0 };
	cr_expect_eq(poll(&p, 1, 0), 0);
	shell("echo x >in/dns/a");
	cr_expect_eq(poll(&p, 1, 0), 1);
	spool_turn(s, 1000);
	cr_expect_eq(spool_ready(s, 1000 + SPOOL_SETTLE_MS - 1), -1);
	shell("echo x >in/dns/b");
	spool_turn(s, 2000);
	cr_expect_eq(spool_ready(s, 1000 + SPOOL_SETTLE_MS), -1);
	cr_expect_eq(spool_ready(s, 2000 + SPOOL_SETTLE_MS), DNS);
	cr_expect_str_eq(taken(DNS), "a b ");
	cr_expect_eq(spool_ready(s, 2000 + SPOOL_SETTLE_MS), -1);
}

Test(spool, a_batch_that_never_ends_is_taken_all_the_same)
{
	int64_t ms;

	open_spool();
	for (ms = 0; ms <= SPOOL_LONGEST_MS && spool_ready(s, ms) < 0; ms += SPOOL_SETTLE_MS / 2) {
		shell("echo x >in/ftp/a; echo x >in/ftp/b");
		spool_turn(s, ms);
	}
	cr_expect_eq(ms, SPOOL_LONGEST_MS);
	cr_expect_str_eq(taken(FTP), "a b ");
}

Test(spool, services_take_turns_while_files_still_arrive)
{
	char path[4096], line[64], order[32] = "";

	open_spool();
	shell("echo x >in/dns/a; echo x >in/dns/b");
	for (int k = 0; k < 8; k++) {
		int64_t ms = SPOOL_LONGEST_MS + k;
		int ready;

		snprintf(line, sizeof line, "echo x >in/ftp/%d-a; echo x >in/ftp/%d-b", k, k);
		shell(line);
		spool_turn(s, k == 0 ? 0 : ms);
		ready = spool_ready(s, ms);
		sprintf(order + strlen(order), "%d ", ready);
		if (ready >= 0)
			cr_expect(spool_take(s, ready, path, sizeof path));
	}
	cr_expect_str_eq(order, "0 1 0 1 -1 -1 -1 -1 ", "%s", order);
}

Test(spool, what_arrives_while_a_batch_is_taken_is_the_next_one)
{
	char path[4096];

	open_spool();
	shell("echo x >in/ftp/a; echo x >in/ftp/b");
	spool_turn(s, 0);
	cr_expect(spool_batch_over(s, FTP));
	cr_expect(spool_take(s, FTP, path, sizeof path));
	cr_expect_not(spool_batch_over(s, FTP));
	shell("echo x >in/ftp/c");
	spool_turn(s, SPOOL_LONGEST_MS);
	cr_expect_eq(spool_ready(s, SPOOL_LONGEST_MS), FTP, "half taken");
	cr_expect(spool_take(s, FTP, path, sizeof path));
	cr_expect(spool_batch_over(s, FTP));
	cr_expect_eq(spool_ready(s, SPOOL_LONGEST_MS), -1);
	cr_expect_eq(spool_ready(s, SPOOL_LONGEST_MS + SPOOL_SETTLE_MS), FTP);
	cr_expect_str_eq(taken(FTP), "c ");
}

Test(spool, each_is_given_once_unless_it_arrives_again)
{
	open_spool();
	shell("echo x >in/ftp/a");
	spool_turn(s, 0);
	cr_expect_str_eq(taken(FTP), "a ");
	spool_turn(s, 0);
	cr_expect_str_eq(taken(FTP), "");
	shell("echo y >>in/ftp/a");
	spool_turn(s, 0);
	cr_expect_str_eq(taken(FTP), "a ");
}

Test(spool, hundreds_of_files_in_any_portion)
{
	char path[4096];
	unsigned n = 0;

	open_spool();
	for (int k = 0; k < 5; k++) {
		shell("for i in $(seq 300); do : >in/ftp/$$-$i; done");
		spool_turn(s, k);
		for (int take = 0; take < 100; take++)
			n += spool_take(s, FTP, path, sizeof path);
	}
	while (spool_take(s, FTP, path, sizeof path))
		n++;
	cr_expect_eq(n, 1500u);
}

/* The kernel keeps 16384 events (fs.inotify.max_queued_events) and then says only that there were more. */
Test(spool, what_the_kernel_forgot_to_say_is_found)
{
	unsigned most = 16384;
	char name[32], path[4096];
	FILE *f = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
	unsigned n = 0;

	if (f == NULL || fscanf(f, "%u", &most) != 1 || most > 100000)
		cr_skip_test("the queue of events is too long to fill");
	fclose(f);
	open_spool();
	for (unsigned k = 0; k < most + 10; k++) {	/* two names in turn, or events would be merged */
		snprintf(name, sizeof name, "in/ftp/f%u", k % 2);
		fclose(fopen(name, "w"));
	}
	shell("echo x >in/ftp/last; echo x >in/dns/last");
	for (int k = 0; k < 100; k++)
		spool_turn(s, k);
	while (spool_take(s, FTP, path, sizeof path))
		n++;
	cr_expect_eq(n, 3u, "%u", n);
	cr_expect_str_eq(taken(DNS), "last ");
}

Test(spool, strays_are_said_once)
{
	static char said[1 << 16];
	int saved = dup(STDERR_FILENO);
	FILE *f;

	shell(": >in/lies; mkdir in/web");
	cr_assert_not_null(freopen("err", "w", stderr));
	open_spool();
	shell("echo x >in/a; echo x >in/b; mkdir in/ssh in/pop; ln -s x out/l; mv out/l in/ftp");
	spool_turn(s, 0);
	taken(FTP);
	dup2(saved, STDERR_FILENO);
	f = fopen("err", "r");
	said[fread(said, 1, sizeof said - 1, f)] = '\0';
	fclose(f);
	cr_expect_not_null(strstr(said, "/in/lies is in no service's folder"), "%s", said);
	cr_expect_not_null(strstr(said, "/in/web is of no service"), "%s", said);
	cr_expect_not_null(strstr(said, "/in/ftp/l is not a file and is left alone"), "%s", said);
	cr_expect_null(strstr(said, "/in/ssh"), "%s", said);
}

static const struct {
	const char *make, *says;
} bad[] = {
	{ "rm -r in; : >in", "The spool folder in cannot be made and watched: Not a directory" },
	{ "rm -r in; ln -s out in", "The spool folder in cannot be made and watched: Not a directory" },
	{ "rm -r in/ftp; : >in/ftp", "/in/ftp cannot be made and watched: Not a directory" },
	{ "rm -r in/ftp; ln -s ../out in/ftp", "/in/ftp cannot be made and watched: Not a directory" },
};

EACH_CASE(spool, what_cannot_be_a_spool_is_named, bad)
{
	shell(bad[*i].make);
	cr_expect_lt(spool_open(&s, "in", services, ARRAY_LEN(services), &why), 0);
	cr_expect_not_null(strstr(why.text, bad[*i].says), "%s", why.text);
	s = NULL;
}
