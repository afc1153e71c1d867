#include "learning/scriptgen/label.h"

#include "tests/pooled.h"

/* The label of rows; - is a gap. */
static struct label
label_of(struct pool *pool, const char *const *say, uint32_t n, bool text)
{
	uint32_t columns = (uint32_t)strlen(say[0]);
	struct alignment a = { n, columns, pool_array(pool, n * columns, sizeof *a.cell) };
	struct region_params p = region_params();
	struct regions r;
	struct label l;

	for (uint32_t i = 0; i < n; i++)
		for (uint32_t c = 0; c < columns; c++)
			a.cell[i * columns + c] = say[i][c] == '-' ? ALIGN_NONE : (uint8_t)say[i][c];
	regions_find(&r, pool, &a, &p);
	label_make(&l, pool, &a, &r, false, text);
	return l;
}

static bool
matches(const struct label *l, const char *message)
{
	struct span value[LABEL_SEGMENTS];

	return label_match(l, span_str(message), value);
}

POOLED(label, words_of_text_stay_whole)
{
	const char *const say[] = { "USER anna---;", "USER barbara;", "USER hanna--;" };
	struct label l = label_of(pool, say, 3, true);
	struct span value[LABEL_SEGMENTS];

	cr_assert_str_eq(label_print(pool, &l), "USER [1..];");
	cr_assert(label_match(&l, span_str("USER zoe;"), value));
	cr_assert(span_eq(value[1], span_str("zoe")));
	cr_assert_not(matches(&l, "USER ;"), "no name had no letter");
	cr_assert_not(matches(&l, "USER a b;"), "no name had a blank");
	cr_assert_not(matches(&l, "USER zoe"));
}

POOLED(label, numbers_are_digits_of_any_number)
{
	const char *const say[] = { "take 1;", "take 2;", "take 7;" };
	struct label l = label_of(pool, say, 3, true);

	cr_assert(matches(&l, "take 12345;"));
	cr_assert_not(matches(&l, "take x;"));
}

POOLED(label, binary_regions_keep_their_width)
{
	const char *const say[] = { "\1a\x80z", "\1b\x81z", "\1c\x82z", "\1d\x83z" };
	struct label l = label_of(pool, say, 4, false);

	cr_assert_str_eq(label_print(pool, &l), "\\x01..z");
	cr_assert_eq(l.fixed, 2);
	cr_assert(matches(&l, "\1\xff\xffz"));
	cr_assert_not(matches(&l, "\1az"));
}

POOLED(label, what_has_no_clear_end_is_cut_off)
{
	const char *const say[] = { "\1\x80\x81--\2", "\1\x82\x83\2\x84\2", "\1\x85\x86--\2" };
	struct label l = label_of(pool, say, 3, false);

	cr_assert_str_eq(label_print(pool, &l), "\\x01..[..]");
	cr_assert(matches(&l, "\1xyz") && matches(&l, "\1xy"));
	cr_assert_not(matches(&l, "\1x"));
}

POOLED(label, freed_cut_and_copied)
{
	struct label l, copy, cut;

	label_of_message(&l, pool, span_str("abcdef"), 1024);
	copy = label_copy(pool, &l);
	label_free(&copy, 0, 1);
	cr_assert_str_eq(label_print(pool, &copy), "a.cdef");
	cr_assert_str_eq(label_print(pool, &l), "abcdef", "the copy shares nothing");
	cr_assert(l.fixed == 6 && copy.fixed == 5);
	cr_assert_lt(label_order(&l, label_key(pool, &l), &copy, label_key(pool, &copy)), 0);
	cut = label_copy(pool, &copy);
	label_cut(&cut, 3);
	cr_assert_str_eq(label_print(pool, &cut), "a.c[..]");
	cr_assert_eq(cut.fixed, 2);
	cr_assert(matches(&cut, "axc and more"));
	label_of_message(&l, pool, span_str("abcdef"), 4);
	cr_assert_str_eq(label_print(pool, &l), "abcd[..]");
	label_of_message(&l, pool, span_str(""), 4);
	cr_assert(matches(&l, "") && !matches(&l, "a"));
}
