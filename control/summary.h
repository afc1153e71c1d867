#pragma once
/*
 * summary.h - the numbers of a model: for people, and the same as JSON.
 */
#include <jansson.h>
#include <stdio.h>

#include "models/model.h"
#include "models/text.h"

struct summary {
	const struct text *t;
	const struct model *m;
	uint32_t template[ORIGIN_N], reply[ORIGIN_N], alt[ORIGIN_N];	/* by origin */
	uint32_t op[ORIGIN_N][OP_KIND_N];	/* what replies are made of */
	uint32_t event[EVENT_KIND_N];		/* turns by kind */
	uint32_t guard[GUARD_KIND_N], effect[EFFECT_KIND_N], eom[EOM_KIND_N];
	uint32_t late, least_ms, most_ms;	/* alternatives with a learned delay */
	uint32_t templates, replies, states, data, maps, vars;	/* of both machines, as all that stands above and below */
	uint32_t for_second;		/* templates that the second machine answers */
	uint32_t turns, alts, backoffs, closes, resets, pendings;
	uint32_t scope[SCOPE_N];	/* data tables by whom a choice is the same for */
	uint64_t values, pairs;		/* of data tables, of maps */
};

/* t is the text of m; both must stay as long as s. */
void	summary_of(struct summary *s, const struct model *m, const struct text *t);
void	summary_print(const struct summary *s, FILE *to);
/* The caller's reference; NULL: no memory. */
json_t	*summary_object(const struct summary *s);
/* That of a model, whose text is read for it. NULL: no memory. */
json_t	*summary_object_of(const struct model *m);
/* One object on one line. 0 or -ENOMEM. */
int	summary_json(const struct summary *s, FILE *to);
