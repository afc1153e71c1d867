#pragma once
/*
 * emission.h - a machine as a text model.
 *
 * A label is a template, a state of the machine a state of the model. What the machine says where a
 * client leaves the tree is SG05's open end; here a state that has no edge for a message asks the state
 * of one step of history (whatever was said after this label, anywhere in the machine), and that one
 * the state of none. States of the tree that would answer nothing otherwise than these do, and lead to none that
 * does, are left out: that is the merging of states that behave alike.
 *
 * Of the kinds of answer (klass.h) that were seen after an edge the most frequent is said, its variants by
 * their frequency. What nothing matches gets the answer that most labels share (spec/scriptgen.md 7.3),
 * if three do.
 */
#include "learning/scriptgen/wording.h"

struct emission_report {
	uint32_t states, kept;		/* of the model; of them states of the tree */
	uint32_t turns, left_out;	/* labels: the automaton would have had no room */
};

/* Fills templates and states of t, in which the replies are already. */
void	emission_make(struct text *t, const struct wording_input *in, const struct wording *w,
    struct emission_report *report);
