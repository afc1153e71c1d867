#pragma once
/*
 * scriptgen.h - the learner ScriptGen: from exchanges of conversations to a text model.
 *
 * SG05 = Leita, Mermoud, Dacier, ACSAC 2005; SG06 = Leita, Dacier, Massicotte, RAID 2006. The stages, each a
 * module of this folder:
 *
 *	sequence	conversations as requests and answers
 *	align, guide	messages side by side; which with which
 *	region, micro	what the columns are; which of them tell requests apart
 *	label, kinds	what a set of messages looks like
 *	machine		the states, and how they grow with new samples
 *	depend, response which bytes of answers follow from requests
 *	wording, emission the text model (models/text.h)
 *
 * Deterministic, no clock; memory is the pool's.
 */
#include "learning/exchange.h"
#include "learning/scriptgen/depend.h"
#include "models/text.h"

struct scriptgen_report {
	uint32_t sequences, left_out, cut;	/* conversations; cut: longer than is looked at */
	uint32_t labels, forms, tree;		/* tree: states of the simplified machine */
	uint32_t responses;			/* label and form of answer */
	uint32_t habits;
	uint32_t links[LINK_KINDS];		/* by enum link_kind, in what is said */
	uint32_t states, kept, turns;		/* of the model; kept: states of the tree among them */
	uint32_t labels_left_out;		/* the automaton would have had no room */
};

/*
 * Fills all but name, sources and parameters of t; server_only: nor how both sides talk. False: no conversation was captured from its
 * beginning with an answer in it.
 */
bool	scriptgen_make(struct text *t, struct pool *pool, const struct exchanges *x,
    const struct corpus *c, bool text, bool server_only, struct scriptgen_report *report);
