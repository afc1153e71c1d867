#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/secret.h"
#include "tests/cases.h"
#include "tests/file.h"

static char place[] = "/tmp/mynah-secret-XXXXXX";
static struct diag why;

static void
go_somewhere(void)
{
	enter_new_folder(place);
}

static void
leave(void)
{
	unlink("key");
	rmdir(place);
}

TestSuite(secret, .init = go_somewhere, .fini = leave);

Test(secret, the_first_start_makes_it_and_the_next_reads_it)
{
	uint8_t first[SECRET_BYTES] = { 0 }, again[SECRET_BYTES] = { 0 }, zero[SECRET_BYTES] = { 0 };
	struct stat st;

	cr_assert_eq(secret_check("key", &why), 0, "looking makes nothing");
	cr_assert_neq(access("key", F_OK), 0);
	cr_assert_eq(secret_load(first, "key", &why), 0, "%s", why.text);
	cr_assert_eq(secret_load(again, "key", &why), 0, "%s", why.text);
	cr_expect_arr_eq(first, again, SECRET_BYTES);
	cr_expect_arr_neq(first, zero, SECRET_BYTES);
	cr_assert_eq(stat("key", &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
	cr_assert_eq(unlink("key"), 0);
	cr_expect_eq(rmdir(place), 0, "nothing else was left behind");
}

static const struct {
	const char *what;
	size_t n;
	mode_t mode;
	const char *sentence;
} cases[] = {
	{ "empty", 0, 0600, "key is no key file: it must hold exactly 16 bytes." },
	{ "short", 15, 0600, "key is no key file: it must hold exactly 16 bytes." },
	{ "long", 17, 0600, "key is no key file: it must hold exactly 16 bytes." },
	{ "open to others", 16, 0640, "key can be read by others; its mode must be 0600." },
};

EACH_CASE(secret, a_file_that_is_none_is_refused_and_kept, cases)
{
	uint8_t key[SECRET_BYTES];
	struct stat st;
	int fd = open("key", O_CREAT | O_WRONLY, 0600);

	cr_assert_eq(write(fd, "0123456789abcdefg", cases[*i].n), (ssize_t)cases[*i].n);
	cr_assert_eq(fchmod(fd, cases[*i].mode), 0);
	close(fd);
	cr_expect_lt(secret_load(key, "key", &why), 0, "%s", cases[*i].what);
	cr_expect_str_eq(why.text, cases[*i].sentence);
	cr_expect_lt(secret_check("key", &why), 0);
	cr_assert_eq(stat("key", &st), 0);
	cr_expect_eq(st.st_size, (off_t)cases[*i].n);
}

Test(secret, a_folder_that_is_not_there_is_named)
{
	uint8_t key[SECRET_BYTES];

	cr_expect_eq(secret_load(key, "no/key", &why), -ENOENT);
	cr_expect_str_eq(why.text, "The key file no/key cannot be made: No such file or directory.");
}
