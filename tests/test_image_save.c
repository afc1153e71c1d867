#include "models/image_save.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "models/image.h"
#include "tests/cases.h"
#include "tests/model_of.h"

static char dir[32], path[64], tmp[64];

static void
room(void)
{
	strcpy(dir, "/tmp/mynah-save-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/m.img", dir);
	snprintf(tmp, sizeof tmp, "%s/m.img.tmp", dir);
}

static void
clean(void)
{
	unlink(path);
	unlink(tmp);
	rmdir(dir);
}

TestSuite(image_save, .init = room, .fini = clean);

static void
expect_file(const char *bytes)
{
	char *file = file_of(path);

	cr_expect_str_eq(file, bytes);
	free(file);
}

Test(image_save, the_file_holds_the_bytes_and_nothing_is_left_beside_it)
{
	struct diag why = { "" };

	cr_assert_eq(image_save(path, span_str("first"), &why), 0, "%s", why.text);
	expect_file("first");
	cr_expect_eq(access(tmp, F_OK), -1);
}

Test(image_save, a_reader_of_the_old_file_keeps_it)
{
	struct diag why = { "" };
	char old[32] = "";
	FILE *f;

	cr_assert_eq(image_save(path, span_str(IMAGE_MAGIC " first"), &why), 0, "%s", why.text);
	f = fopen(path, "r");
	cr_assert_not_null(f);
	cr_assert_eq(image_save(path, span_str("second"), &why), 0, "%s", why.text);
	expect_file("second");
	cr_expect_eq(fread(old, 1, sizeof old - 1, f), sizeof IMAGE_MAGIC - 1 + 6);
	cr_expect_str_eq(old, IMAGE_MAGIC " first");
	fclose(f);
}

Test(image_save, a_file_that_is_no_model_is_kept)
{
	struct diag why = { "" };
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f);
	fputs("a capture, perhaps", f);
	fclose(f);
	cr_expect_lt(image_save(path, span_str("bytes"), &why), 0);
	cr_expect_not_null(strstr(why.text, path), "%s", why.text);
	expect_file("a capture, perhaps");
	cr_expect_eq(access(tmp, F_OK), -1);
}

Test(image_save, what_is_no_file_is_not_replaced)
{
	struct diag why = { "" };
	struct stat st;

	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_lt(image_save(path, span_str("bytes"), &why), 0);
	cr_expect_neq(why.text[0], '\0');
	cr_assert_eq(stat(path, &st), 0);
	cr_expect(S_ISFIFO(st.st_mode));
}

Test(image_save, a_folder_that_is_not_there_is_a_sentence_with_the_path)
{
	struct diag why = { "" };
	char nowhere[96];

	snprintf(nowhere, sizeof nowhere, "%s/none/m.img", dir);
	cr_expect_lt(image_save(nowhere, span_str("bytes"), &why), 0);
	cr_expect_not_null(strstr(why.text, nowhere), "%s", why.text);
}

Test(image_save, a_link_that_stands_beside_it_is_not_written_through)
{
	struct diag why = { "" };
	char other[80];
	FILE *f;

	snprintf(other, sizeof other, "%s/other", dir);
	f = fopen(other, "w");
	cr_assert_not_null(f);
	fputs("kept", f);
	fclose(f);
	cr_assert_eq(symlink(other, tmp), 0);
	cr_assert_eq(image_save(path, span_str("bytes"), &why), 0, "%s", why.text);
	expect_file("bytes");
	f = fopen(other, "r");
	cr_assert_not_null(f);
	cr_expect_eq(fgetc(f), 'k');
	fclose(f);
	unlink(other);
}

Test(image_save, a_folder_may_be_a_link)
{
	struct diag why = { "" };
	char link[80], there[96];

	snprintf(link, sizeof link, "%s/link", dir);
	snprintf(there, sizeof there, "%s/m.img", link);
	cr_assert_eq(symlink(dir, link), 0);
	cr_expect_eq(image_save(there, span_str("bytes"), &why), 0, "%s", why.text);
	expect_file("bytes");
	unlink(link);
}
