#pragma once
/*
 * contest.h - who answers best: models are learned without a part of the conversations, and answer the
 * clients of that part; so with every part in turn, a half or less.
 *
 * A model is judged by what it makes of its own words, as on air, by conversations it has not seen.
 * An entrant is whoever has a model for each heat (choose.h: ways to name messages; join.h: learners).
 * All memory is the pool's; same input, same outcome.
 */
#include "learning/built.h"
#include "learning/eval.h"

enum { CONTEST_HEATS = 5 };		/* at most */
enum { CONTEST_HOPELESS = 3 };		/* so much of a lead is not made up for */

struct heat {
	bool *use, *left_out;		/* per conversation: learned from, played */
	uint32_t replies;		/* of those left out that are judged; 0: nobody spoke yet */
};

struct contest {
	struct pool *pool;
	struct pool_mark mark;
	const struct progress *progress;
	struct eval_scale scale;
	struct heat heat[CONTEST_HEATS];
	uint32_t nheats;		/* as many as parts */
	struct built *built;
};

enum { CONTEST_RIGHT = 1, CONTEST_EQUAL = 2 };	/* the right kind of reply (eval.h); to the byte */

struct entrant {
	uint8_t *said[CONTEST_HEATS];	/* per reply: CONTEST_*; NULL: was not in this heat */
	uint32_t right, equal;		/* of all */
};

/*
 * parts: 2 to CONTEST_HEATS; use as in lesson.h. Until contest_end() nothing may be deferred; that gives back what was
 * allocated meanwhile.
 */
void	contest_begin(struct contest *c, struct pool *pool, const struct corpus *corpus, const bool *use,
	    uint32_t parts, const struct progress *progress);
void	contest_end(struct contest *c);
/* Room for what is said in a heat, by nobody so far. */
uint8_t	*contest_room(struct contest *c);
/*
 * What the model says to those left out of a heat; one that cannot be made is silent. *r: how, whose lines do not
 * remember the model.
 */
void	contest_speak(struct contest *c, uint32_t heat, const struct text *t, uint8_t *said, struct eval_report *r);
/* Adds a heat's replies to right and equal. */
void	contest_count(const struct contest *c, struct entrant *e, uint32_t heat);
/* Replies of all heats. */
uint32_t contest_played(const struct contest *c);
/* Replies for which a said what is wanted (CONTEST_*) and b did not, in heats that both were in. */
uint32_t contest_alone(const struct contest *c, const struct entrant *a, const struct entrant *b, uint8_t wanted);
/*
 * How much more often a said what is wanted (CONTEST_*) than b: of the replies for which only one of them did a's less
 * b's, by the square root of both, which is what chance makes of equals. Beyond 1 it is clearly better. In heats that
 * both were in.
 */
double	contest_lead(const struct contest *c, const struct entrant *a, const struct entrant *b, uint8_t wanted);
/*
 * Does a answer better than b? He is right clearly more often, and either not to be made up for (CONTEST_HOPELESS) or
 * not that far behind in what is right to the byte; or neither is, and he is so to the byte clearly more often.
 */
bool	contest_beats(const struct contest *c, const struct entrant *a, const struct entrant *b);
/*
 * Of those that are not clearly worse than the one most often right the one that is right to the byte most
 * often, the first of equals. n > 0.
 */
uint32_t contest_winner(const struct contest *c, const struct entrant *e, uint32_t n);
