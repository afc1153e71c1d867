#pragma once
/*
 * joined.h - what came of it when several learners competed, for people, as mynah learn prints it, and as JSON.
 */
#include <jansson.h>
#include <stdio.h>

#include "learning/join.h"
#include "models/text.h"

/* Nothing where nobody competed. */
void	joined_print(const struct join_report *j, FILE *to);
/* The learners; an empty list where nobody competed. The caller's reference, as below. */
json_t	*joined_json(const struct join_report *j);
/* Each kind of message (learning/merge.h) with what every learner made of it; made: the model that was written. */
json_t	*joined_kinds_json(const struct join_report *j, const struct text *made);
