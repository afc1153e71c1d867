#pragma once
/*
 * learners.h - the ways from conversations to a text model.
 *
 *	prisma		captures alone: clusters, states, rules (choose.h picks what names the events)
 *	scriptgen	captures alone, of binary services above all: regions and dependencies
 *	mining		a definition of the service beside the captures: commands with a memory
 *	auto		of those that apply the one that answers best (join.h)
 *
 * Each fills t, as learn_corpus() does, and its own part of the report, whose corpus and number of conversations
 * are there already. 0, or -errno with a sentence.
 */
#include "learning/learn.h"

typedef int learner_fn(struct text *t, struct pool *pool, const struct corpus *c, const bool *use,
    const struct learn_params *p, struct learn_report *report, struct diag *why);

learner_fn learn_prisma, learn_scriptgen, learn_mining, learn_auto;

/*
 * The model before, where what was chosen for it still serves: it is the same service's, and the choice was made among
 * about as many conversations as there are now, a quarter more or fewer. NULL: it does not.
 */
const struct text *learner_before(struct pool *pool, const struct corpus *c, const struct learn_params *p,
    uint32_t conversations);
