#pragma once
/*
 * wording.h - which phrase a form is answered with: a list of conditions, the first that holds.
 *
 * A program tells success from failure; that a failure has several sentences ("no such file", "is a
 * directory") is told here, by one more condition each on what the world was: whether the path or
 * its parent was in a set, whether something was below it. Greedy: the condition under which one
 * phrase is right for most interactions, and wrong for at most WORDING_WRONG of a hundred, goes first.
 */
#include "learning/mining/phrase.h"

enum { WORDING_MOST = 12, WORDING_WRONG = 5 };
enum wording_look { LOOK_ALWAYS, LOOK_IN, LOOK_NOTIN, LOOK_LEAF, LOOK_PARENT };

struct wording {
	bool good;		/* the program's guard must hold; else it does not matter any more */
	uint8_t look, set;	/* and this */
	uint32_t phrase;	/* SYMBOL_NONE: silence */
	uint32_t n, right;	/* interactions that came here; answered with the phrase */
	bool closes;		/* the server mostly closed then */
};

struct wordings {
	struct wording c[WORDING_MOST];
	uint32_t n;
};

/*
 * list: interactions of one form, in one phase. Successes first, the last of each kind always holds. Where none of them
 * succeeded the phase refuses it, whatever the world is, and the guard does not matter.
 */
void	wordings_make(struct wordings *to, const struct world *w, const struct program *p,
    const struct world_view *view, const struct phrases *phrases, const uint32_t *list, uint32_t n);
