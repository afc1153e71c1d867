#include "models/vocab.h"
#include "tests/cases.h"

Test(vocab, every_word_is_found_again_and_stands_for_one_value)
{
	for (unsigned v = 0; vocab_all[v] != NULL; v++) {
		const struct vocab *list = vocab_all[v];

		cr_expect_gt(list->n, 0, "%s", list->what);
		for (uint32_t k = 0; k < list->n; k++)
			cr_expect_eq(vocab_find(list, span_str(vocab_name(list, k))), (int)k,
			    "%s %s", list->what, vocab_name(list, k));
	}
}

Test(vocab, a_value_that_is_none_has_a_name_that_is_no_word)
{
	for (unsigned v = 0; vocab_all[v] != NULL; v++) {
		cr_expect_str_eq(vocab_name(vocab_all[v], vocab_all[v]->n), "?");
		cr_expect_str_eq(vocab_name(vocab_all[v], UINT32_MAX), "?");
		cr_expect_eq(vocab_find(vocab_all[v], span_str("?")), -1);
	}
}

static const char *const no_words[] = { "", "lite", "li", "LIT", "lit ", "message" };

EACH_CASE(vocab, only_a_whole_word_of_the_list_is_one, no_words)
{
	cr_expect_eq(vocab_find(&vocab_elem, span_str(no_words[*i])), -1, "%s", no_words[*i]);
}

/* Images store these values: a word that moves changes what old models mean. */
static const struct {
	const struct vocab *list;
	const char *word;
	int value;
} stored[] = {
	{ &vocab_op, "lit", 0 }, { &vocab_op, "time", 10 }, { &vocab_op, "break", 15 },
	{ &vocab_format, "text", 0 }, { &vocab_format, "le", 4 },
	{ &vocab_event, "message", 0 }, { &vocab_event, "other", 5 },
	{ &vocab_scope, "image", 0 }, { &vocab_scope, "turn", 4 },
	{ &vocab_eom, "term", 0 }, { &vocab_eom, "datagram", 6 },
	{ &vocab_var, "address", 0 }, { &vocab_var, "name", 5 },
	{ &vocab_effect, "add", 0 }, { &vocab_effect, "open", 6 },
	{ &vocab_guard, "known", 0 }, { &vocab_guard, "known-pair", 9 },
	{ &vocab_guard, "begins", 14 }, { &vocab_guard, "no-line", 16 },
};

EACH_CASE(vocab, a_stored_value_keeps_its_word, stored)
{
	cr_expect_eq(vocab_find(stored[*i].list, span_str(stored[*i].word)), stored[*i].value, "%s",
	    stored[*i].word);
}
