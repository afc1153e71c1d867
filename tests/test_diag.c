#include <errno.h>

#include <criterion/criterion.h>

#include "models/diag.h"

Test(diag, keeps_the_sentence_and_hands_the_error_through)
{
	struct diag why;

	cr_expect_eq(diag_set(&why, -EINVAL, "%s:%d: no such key", "mynahd.yaml", 7), -EINVAL);
	cr_expect_str_eq(why.text, "mynahd.yaml:7: no such key");
	cr_expect_eq(diag_set(NULL, -ENOENT, "nobody listens"), -ENOENT);
}

Test(diag, is_one_line_whatever_it_quotes)
{
	struct diag why;

	diag_set(&why, -1, "there is no key \"%s\".", "a\nb\r\t\x1b[1mc\x7f\xc3\xa4");
	cr_expect_str_eq(why.text, "there is no key \"a?b???[1mc?\xc3\xa4\".");
}
