#pragma once
/*
 * merge.h - which learner answers which kind of message: unified-model.md 17.
 *
 * Learners answered clients that they had not learned from (join.h). What kind of message each was says the first
 * learner, who was right most often: his model of all conversations takes it for one of its templates; but where he
 * did not know it, or had nothing to say, when he had not learned from it, that is what it is. Where the recorded
 * server was silent, speaking counts against a learner. Kinds for which another one was right clearly more often
 * (contest.h), and not clearly more seldom to the byte, are answered by a second machine, that one's (models/second.h).
 */
#include "learning/eval.h"
#include "models/text.h"

enum { MERGE_LEARNERS = 3 };
enum { MERGE_CONNECT = -3, MERGE_SILENT = -2, MERGE_OTHER = -1 };	/* the connection; without an answer; not understood */

struct merge_score {
	uint32_t played, right, unasked;	/* replies; of them the right kind; said where the server was silent */
	uint32_t won, lost;		/* by how many of both this learner did better, worse than the first */
	uint32_t closer, farther;	/* by how many of the replies that were right to the byte */
};

struct merge_kind {
	int32_t template;		/* of the first's model, or MERGE_* */
	struct merge_score score[MERGE_LEARNERS];	/* in conversations that this learner was played */
	uint32_t by;			/* learner that answers it */
};

struct merge_report {
	struct merge_kind *kind;	/* those that were played: MERGE_* upward */
	uint32_t n;
	uint32_t first, second;		/* the learner whose templates they are, and who answers some of them; equal: nobody */
};

struct merge_answer {			/* to one message, or to the connection */
	uint16_t played, right, equal, unasked;
	bool spoke, known;		/* something was said; as an answer to what it was taken for */
};

struct merge {
	const struct corpus *corpus;
	uint32_t learners;
	bool *heard[MERGE_LEARNERS];	/* per conversation */
	struct merge_answer *answer[MERGE_LEARNERS];	/* per message of the corpus; behind them per connection */
};

/* Memory is the pool's; corpus: what is played from, or another one of as many messages and conversations. */
void	merge_begin(struct merge *m, struct pool *pool, const struct corpus *corpus, uint32_t learners);
/* What a learner's model said to conversations that it was not learned from. */
void	merge_hear(struct merge *m, uint32_t learner, const struct eval_report *r);
/* r: how the first's model of all conversations takes those that were heard. */
void	merge_sort(struct merge_report *out, struct pool *pool, const struct merge *m, uint32_t first,
    const struct eval_report *r);
/*
 * Who is the second, and what he answers; nobody, unless that makes half a percent of what was played right. The
 * second machine only speaks: a learner with a definition can be no second.
 */
void	merge_choose(struct merge_report *r, const bool *may, uint32_t learners);
/* Both in one model, t, as was chosen; second is the model of the second learner. */
void	merge_write(struct text *t, struct text *second, const struct merge_report *r);
/* The same as in the model before: the second answers the templates that look as those did, and the same other kinds. */
void	merge_again(struct text *t, struct text *second, const struct text *before);
/* The first answers all. */
void	merge_alone(struct merge_report *r);
