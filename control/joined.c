#include "control/joined.h"

#include <stdlib.h>

#include "control/figures.h"

/* Kinds that the second learner answers in the model, and how much of what was played that is. */
static uint32_t
answered(const struct merge_report *m, uint32_t *played)
{
	uint32_t n = 0;

	*played = 0;
	for (uint32_t k = 0; k < m->n; k++)
		if (m->kind[k].by != m->first) {
			n++;
			*played += m->kind[k].score[m->first].played;
		}
	return n;
}

void
joined_print(const struct join_report *j, FILE *to)
{
	uint32_t kinds, played;

	if (j->n == 0)
		return;
	fputs("  learners:", to);
	for (uint32_t i = 0; i < j->n; i++)
		fprintf(to, "%s %s%s %.1f %%", i > 0 ? "," : "", j->entry[i].learner, i == j->chosen ? " (taken)" : "",
		    100 * share(j->entry[i].right, j->entry[i].played));
	fputs(" right of what they were not learned from\n", to);
	if (j->merge.second == j->merge.first)
		return;
	kinds = answered(&j->merge, &played);
	fprintf(to, "  beside it %s answers %u of %u kinds of messages, %.1f %% of what was played\n",
	    j->entry[j->merge.second].learner, kinds, j->merge.n,
	    100 * share(played, j->entry[j->chosen].played));
}

json_t *
joined_json(const struct join_report *j)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < j->n; i++)
		json_array_append_new(list, json_pack("{s:s, s:i, s:i, s:i, s:b}", "learner", j->entry[i].learner,
		    "played", (int)j->entry[i].played, "right", (int)j->entry[i].right, "equal", (int)j->entry[i].equal,
		    "chosen", i == j->chosen));
	return list;
}

/* What the messages of a kind look like; NULL: none was one of the first's templates. */
static json_t *
looks(const struct merge_kind *k, const struct text *made)
{
	json_t *o;
	char *match;
	size_t n;

	if (k->template < 0 || text_print_match(&made->template[k->template], &match, &n) < 0)
		return json_null();
	o = json_pack("s%", match, n);
	free(match);
	return o;
}

json_t *
joined_kinds_json(const struct join_report *j, const struct text *made)
{
	static const char *const names[] = { [MERGE_CONNECT - MERGE_CONNECT] = "connect",
		[MERGE_SILENT - MERGE_CONNECT] = "silent", [MERGE_OTHER - MERGE_CONNECT] = "other" };
	const struct merge_report *m = &j->merge;
	json_t *list = json_array();

	for (uint32_t k = 0; k < m->n; k++) {
		const struct merge_kind *kind = &m->kind[k];
		json_t *learners = json_object();

		for (uint32_t i = 0; i < j->n; i++)
			json_object_set_new(learners, j->entry[i].learner, json_pack("{s:i, s:i, s:i}", "played",
			    (int)kind->score[i].played, "right", (int)kind->score[i].right, "unasked",
			    (int)kind->score[i].unasked));
		json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:o, s:s}", "kind",
		    kind->template < 0 ? names[kind->template - MERGE_CONNECT] : "template", "template",
		    kind->template < 0 ? json_null() : json_integer(kind->template), "looks", looks(kind, made), "learners", learners, "by",
		    j->entry[kind->by].learner));
	}
	return list;
}
