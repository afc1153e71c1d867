#include "control/figures.h"

#include <stdio.h>

static json_t *
score_json(const struct baseline_score *b, const struct eval_report *r)
{
	return json_pack("{s:f, s:f}",
	    "class_agreement_messages", share(b->class_messages, r->messages),
	    "class_agreement_conversations", share(b->class_conversations, r->conversations));
}

static json_t *
judged_json(double v)
{
	return v < 0 ? json_null() : json_real(v);
}

static json_t *
both_json(const struct bidirectional *b)
{
	return b->conversations == 0 ? json_null() : json_pack("{s:i, s:i, s:o, s:o}",
	    "conversations", (int)b->conversations, "messages", (int)b->messages,
	    "syntax_conversations_ok", judged_json(b->syntax),
	    "semantic_conversations_ok", judged_json(b->semantics));
}

/* Of each position that the server reached, the share of messages. */
static json_t *
by_position(const struct completeness *c, enum completeness_kind kind)
{
	json_t *shares = json_array();

	for (unsigned i = 0; i < COMPLETENESS_POSITIONS && c->at[i].messages > 0; i++)
		json_array_append_new(shares, json_real(share(c->at[i].of[kind], c->at[i].messages)));
	return shares;
}

static json_t *
best_json(const struct completeness *c)
{
	return c->repeats == 0 ? json_null() : json_pack("{s:i, s:o, s:o, s:o, s:o, s:o}",
	    "repeats", (int)c->repeats,
	    "equal", by_position(c, BEST_EQUAL),
	    "by_sum_90", by_position(c, BEST_SUM_90),
	    "by_sum_75", by_position(c, BEST_SUM_75),
	    "by_longer_90", by_position(c, BEST_LONGER_90),
	    "by_longer_75", by_position(c, BEST_LONGER_75));
}

json_t *
figures_json(const struct figures_column *c)
{
	const struct eval_report *r = &c->report;

	return json_pack("{s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:i, s:o?, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "conversations", (int)r->conversations, "messages", (int)r->messages,
	    "class_agreement_messages", share(r->class_messages, r->messages),
	    "class_agreement_conversations", share(r->class_conversations, r->conversations),
	    "byte_equal", share(r->equal, r->messages), "similarity", r->similarity,
	    "full_length", share(r->full_length, r->conversations), "unasked", (int)r->unasked,
	    "model", c->summary,
	    "refuser", c->baselines.refuses ? score_json(&c->baselines.refuser, r) : json_null(),
	    "table", c->has_baselines ? score_json(&c->baselines.table, r) : json_null(),
	    "syntax_conversations_ok", judged_json(c->syntax),
	    "semantic_conversations_ok", judged_json(c->semantics),
	    "completeness", best_json(&c->best), "bidirectional", both_json(&c->both));
}

enum row { ROW_CONVERSATIONS, ROW_MESSAGES, ROW_CLASS_MESSAGES, ROW_TABLE_MESSAGES, ROW_REFUSER_MESSAGES,
	ROW_CLASS_CONVERSATIONS, ROW_TABLE_CONVERSATIONS, ROW_REFUSER_CONVERSATIONS, ROW_EQUAL,
	ROW_SIMILARITY, ROW_FULL, ROW_SYNTAX, ROW_SEMANTICS, ROW_UNASKED,
	ROW_BEST, ROW_SUM_90, ROW_SUM_75, ROW_LONGER_90, ROW_LONGER_75,
	ROW_BOTH_CONVERSATIONS, ROW_BOTH_MESSAGES, ROW_BOTH_SYNTAX, ROW_BOTH_SEMANTICS, ROWS };

static const char *const names[ROWS] = { "conversations", "server messages", "class agreement, messages",
	"  a table", "  a refuser", "class agreement, conversations", "  a table", "  a refuser",
	"equal byte for byte", "similarity", "full length reached", "right syntax, conversations",
	"right semantics, conversations", "said unasked", "best of all times, equal", "  at least 0.9 by sum",
	"  at least 0.75 by sum", "  at least 0.9 by longer", "  at least 0.75 by longer", "both sides, conversations",
	"  messages", "  right syntax", "  right semantics" };

static bool
is_count(enum row row)
{
	return row == ROW_CONVERSATIONS || row == ROW_MESSAGES || row == ROW_UNASKED ||
	    row == ROW_BOTH_CONVERSATIONS || row == ROW_BOTH_MESSAGES;
}

/* Is there a figure for it? */
static bool
has(const struct figures_column *c, enum row row)
{
	switch (row) {
	case ROW_TABLE_MESSAGES:
	case ROW_TABLE_CONVERSATIONS:
		return c->has_baselines;
	case ROW_REFUSER_MESSAGES:
	case ROW_REFUSER_CONVERSATIONS:
		return c->baselines.refuses;
	case ROW_SYNTAX:
		return c->syntax >= 0;
	case ROW_SEMANTICS:
		return c->semantics >= 0;
	case ROW_BEST:
	case ROW_SUM_90:
	case ROW_SUM_75:
	case ROW_LONGER_90:
	case ROW_LONGER_75:
		return c->best.repeats > 0;
	case ROW_BOTH_CONVERSATIONS:
	case ROW_BOTH_MESSAGES:
		return c->both.conversations > 0;
	case ROW_BOTH_SYNTAX:
		return c->both.conversations > 0 && c->both.syntax >= 0;
	case ROW_BOTH_SEMANTICS:
		return c->both.conversations > 0 && c->both.semantics >= 0;
	default:
		return true;
	}
}

static double
value(const struct figures_column *c, enum row row)
{
	const struct eval_report *r = &c->report;
	const struct baselines *b = &c->baselines;
	const struct completeness_shares *best = &c->best.all;

	switch (row) {
	case ROW_CONVERSATIONS:
		return r->conversations;
	case ROW_MESSAGES:
		return r->messages;
	case ROW_CLASS_MESSAGES:
		return share(r->class_messages, r->messages);
	case ROW_TABLE_MESSAGES:
		return share(b->table.class_messages, r->messages);
	case ROW_REFUSER_MESSAGES:
		return share(b->refuser.class_messages, r->messages);
	case ROW_CLASS_CONVERSATIONS:
		return share(r->class_conversations, r->conversations);
	case ROW_TABLE_CONVERSATIONS:
		return share(b->table.class_conversations, r->conversations);
	case ROW_REFUSER_CONVERSATIONS:
		return share(b->refuser.class_conversations, r->conversations);
	case ROW_EQUAL:
		return share(r->equal, r->messages);
	case ROW_SIMILARITY:
		return r->similarity;
	case ROW_FULL:
		return share(r->full_length, r->conversations);
	case ROW_SYNTAX:
		return c->syntax;
	case ROW_SEMANTICS:
		return c->semantics;
	case ROW_BEST:
	case ROW_SUM_90:
	case ROW_SUM_75:
	case ROW_LONGER_90:
	case ROW_LONGER_75:
		return share(best->of[BEST_EQUAL + row - ROW_BEST], best->messages);
	case ROW_BOTH_CONVERSATIONS:
		return c->both.conversations;
	case ROW_BOTH_MESSAGES:
		return c->both.messages;
	case ROW_BOTH_SYNTAX:
		return c->both.syntax;
	case ROW_BOTH_SEMANTICS:
		return c->both.semantics;
	case ROW_UNASKED:
	case ROWS:
		break;
	}
	return r->unasked;
}

/* Does a column have it? */
static bool
is_wanted(const struct figures_column *column, unsigned n, enum row row)
{
	bool wanted = false;

	for (unsigned i = 0; i < n; i++)
		wanted |= has(&column[i], row);
	return wanted;
}

bool
figures_next(struct figures_row *to, const struct figures_column *column, unsigned n, unsigned *at)
{
	while (*at < ROWS && !is_wanted(column, n, *at))
		++*at;
	if (*at == ROWS)
		return false;
	to->name = names[*at];
	for (unsigned i = 0; i < n; i++) {
		double v = value(&column[i], *at);

		if (is_count(*at))
			snprintf(to->cell[i], sizeof to->cell[i], "%.0f", v);
		else if (!has(&column[i], *at))
			snprintf(to->cell[i], sizeof to->cell[i], "none");
		else
			snprintf(to->cell[i], sizeof to->cell[i], "%.2f %%", 100 * v);
	}
	++*at;
	return true;
}

void
figures_print(const struct figures_column *column, unsigned n)
{
	bool refused = false, learned = false;
	struct figures_row row;
	unsigned at = 0;

	for (unsigned i = 0; i < n; i++) {
		learned |= column[i].has_baselines;
		refused |= column[i].baselines.refuses;
	}
	if (column[0].title != NULL) {
		printf("%-31s", "");
		for (unsigned i = 0; i < n; i++)
			printf(" %16s", column[i].title);
		putchar('\n');
	}
	while (figures_next(&row, column, n, &at)) {
		printf("%-31s", row.name);
		for (unsigned i = 0; i < n; i++)
			printf(" %16s", row.cell[i]);
		putchar('\n');
	}
	if (learned && !refused)
		puts("this service refuses nothing: it has no refuser");
}
