#include "learning/separators.h"
#include "tests/handmade.h"
#include "tests/pooled.h"

enum { PAIRS = 60 };

/* Does '=' separate words after these? said has a %s for the id that was asked. */
static bool
separates(struct pool *pool, const char *asked, const char *said)
{
	struct handmade h = handmade(pool, PROTO_UDP, 5060);
	struct separators_pair pair[PAIRS];
	struct lexer l;

	for (unsigned i = 0; i < PAIRS; i++) {
		char id[16];

		sprintf(id, "%08x", 0x9e3779b1u * (i + 1));
		pair[i].asked = span_str(handmade_line(&h, asked, id));
		pair[i].said = span_str(handmade_line(&h, said, id));
	}
	lexer_learn(&l, false, &pair[0].asked, 1);
	separators_learn(&l, pool, pair, PAIRS);
	cr_expect(lexer_is_separator(&l, ' '));
	return lexer_is_separator(&l, '=');
}

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

POOLED(separators, punctuation_around_what_comes_back_separates)
{
	cr_expect(separates(pool, "CALL a;id=%s;x", "OK b;id=%s;received"));
}

POOLED(separators, whole_words_that_come_back_need_none)
{
	cr_expect_not(separates(pool, "CALL id=%s now", "OK id=%s fine"));
}

POOLED(separators, nothing_that_comes_back_needs_none)
{
	cr_expect_not(separates(pool, "CALL id=%s now", "OK %.0s a;id=5"));
}

POOLED(separators, what_everybody_says_is_no_echo)
{
	cr_expect_not(separates(pool, "CALL via=proxy;a %.0s", "OK via=proxy;b %.0s"));
}
