#pragma once
/*
 * machine.h - SG05's state machine: a tree of what clients said, simplified, that grows with samples.
 *
 * A state is reached by a row of labels from the root and holds what the server answered to the last
 * of them. Simplification goes from the root down, as in the paper: requests that have one label are one
 * edge, and their states become one before the next level is looked at. The raw tree of literal requests
 * is what the sequences are; it is not kept beside them.
 *
 * Where the requests come from that are aligned together: those that leave one state
 * (per_state, as published), or those of all states, which gives rare states labels that others
 * paid for and is what learning uses. Bytes that answers repeat are free in the labels too
 * (response.h), unless they tell labels apart.
 *
 * machine_update() after machine_add() gives the same machine as one made of all samples at once, in
 * any order: the machine is a function of the set of sequences, and what it costs to work out is in the
 * memos. States are numbered by level, then by their parent, then by label, so equal machines are equal.
 */
#include "learning/scriptgen/types.h"

struct machine_params {
	struct kinds_params request, response;
	uint32_t depth;			/* steps from the root; 32 */
	uint32_t states;		/* 30,000 */
	uint32_t bytes;			/* of all labels together; beyond, long ones end in a tail */
	bool per_state;
};

struct state {
	uint32_t parent, label;		/* label KINDS_NONE: the root */
	uint32_t depth;
	uint32_t visits;
	uint32_t first_child, nchildren; /* side by side, by label */
};

struct machine {
	struct pool *pool;
	struct pool work;		/* of the last update */
	const struct intern *messages;	/* of both sides; grows */
	struct machine_params p;
	struct sequence *sequence;
	uint32_t nsequences, room;
	struct kinds_memo *requests, *forms;
	struct responses_memo *dependencies;
	struct types_memo *type_counts;

	/* the machine, of all sequences at the last update */
	struct kinds form;		/* of answers; of[] by message is form_of */
	uint32_t *form_of;
	uint32_t *said;			/* per message: how often a server said it */
	struct types types;		/* none in text */
	struct label *label;
	struct span *label_key;
	uint32_t nlabels;
	uint32_t **label_of;		/* per step */
	uint32_t **state_of;		/* after each step, KINDS_NONE: beyond the thresholds */
	struct state *state;
	uint32_t nstates;
	uint32_t cut;			/* sequences that a threshold ended */
};

struct machine_params machine_params(bool text);
void	machine_init(struct machine *m, struct pool *pool, const struct intern *messages,
    const struct machine_params *p);
/* The steps must live as long as the machine. */
void	machine_add(struct machine *m, struct sequence s);
/* What the last one made is gone. */
void	machine_update(struct machine *m);
/* What responses_find() wants to know. */
struct responses_input machine_responses(const struct machine *m, bool history);
/* For people and tests: a state a line, with its label, visits and answers. Any two equal machines print alike. */
const char *machine_print(const struct machine *m);
