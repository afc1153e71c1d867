#pragma once
/*
 * phrase.h - what a server says, with what it repeats taken out: "257 \"<path>\" created".
 *
 * A phrase is bytes in which views stand for what differs between interactions: the argument, the path
 * that it names, the register after the interaction, the server's address, the port that it announces, the verb where
 * what nobody declared is answered with it as a word, and the argument of an earlier form ("the user who gave this name"). Which of the first three are taken out of a form's
 * replies is chosen so that fewest phrases remain; of equal choices the one with most of those that differ and stand in all of
 * its replies, then the one with fewest views.
 */
#include "learning/mining/world.h"

enum phrase_view { VIEW_ARG, VIEW_PATH, VIEW_REG, PHRASE_CHOSEN,
	VIEW_OWN = PHRASE_CHOSEN, VIEW_OWN_COMMA, VIEW_PORT, VIEW_PORT_COMMA, VIEW_VERB, PHRASE_VIEWS };	/* these always */
/*
 * In a phrase: a view follows, PHRASE_VIEWS for the byte itself, or PHRASE_EARLIER and a form, whose
 * argument was said last.
 */
enum { PHRASE_MARK = 0, PHRASE_EARLIER = PHRASE_VIEWS + 1, PHRASE_FORMS = 200,
	PHRASE_LATER = 255 };	/* from here on it is said when the related connection has ended */

struct phrases {
	struct intern text;	/* encoded */
	uint32_t *of;		/* per interaction: its phrase; SYMBOL_NONE: the server said nothing */
	uint32_t *count;	/* per phrase */
};

/* Is the view in the phrase? */
bool	phrase_has(const struct phrases *p, uint32_t phrase, uint8_t view);
/* view: of world_run(). */
void	phrases_find(struct phrases *p, const struct world *w, const struct world_view *view);
