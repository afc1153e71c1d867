#include "models/path.h"
#include "tests/cases.h"

static const struct {
	const char *base, *name, *path;
} cases[] = {
	{ "", "", "/" },
	{ "/", "a", "/a" },
	{ "/a", "b", "/a/b" },
	{ "/a", "b/c/", "/a/b/c" },
	{ "/a", "/b", "/b" },
	{ "/a/b", "..", "/a" },
	{ "/a", "..", "/" },
	{ "/", "..", "/" },
	{ "/a", "../../../x", "/x" },
	{ "/a", "././/b", "/a/b" },
	{ "/a", "...", "/a/..." },
};

EACH_CASE(path, means_what_it_means_everywhere, cases)
{
	uint8_t to[PATH_BYTES];
	size_t n = path_join(to, span_str(cases[*i].base), span_str(cases[*i].name));

	cr_expect(span_eq(span_of(to, n), span_str(cases[*i].path)), "%s + %s: %.*s", cases[*i].base,
	    cases[*i].name, (int)n, to);
}

Test(path, has_room_for_62_bytes_and_not_for_one_more)
{
	char name[64];
	uint8_t to[PATH_BYTES];

	memset(name, 'x', sizeof name);
	cr_expect_eq(path_join(to, span_str("/"), span_of(name, PATH_BYTES - 1)), PATH_BYTES);
	cr_expect_eq(path_join(to, span_str("/"), span_of(name, PATH_BYTES)), 0);
	cr_expect_eq(path_join(to, span_str("/a"), span_of(name, PATH_BYTES - 2)), 0);
}

Test(path, knows_what_is_directly_below)
{
	cr_expect(path_is_child(span_str("/a"), span_str("/")));
	cr_expect(path_is_child(span_str("/a/b"), span_str("/a")));
	cr_expect_not(path_is_child(span_str("/a/b"), span_str("/")));
	cr_expect_not(path_is_child(span_str("/"), span_str("/")));
	cr_expect_not(path_is_child(span_str("/ab"), span_str("/a")));
	cr_expect(span_eq(path_parent(span_str("/a/b")), span_str("/a")));
	cr_expect(span_eq(path_parent(span_str("/a")), span_str("/")));
	cr_expect(span_eq(path_parent(span_str("/")), span_str("/")));
}
