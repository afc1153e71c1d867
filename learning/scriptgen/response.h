#pragma once
/*
 * response.h - what is answered to a label: samples of one form of answer, and its dependencies.
 *
 * All requests of one label that got an answer of one form (labels of the server's messages are called
 * forms) are the samples of an answer, wherever in the machine they stand. At most DEPEND_SAMPLES
 * are looked at, those with the lowest hashes. Bytes that several responses repeat, or that all
 * of them together show to be repeated where they stood, are habits of the service: where samples are
 * too few to tell, they are believed.
 */
#include "learning/scriptgen/depend.h"
#include "learning/scriptgen/kinds.h"
#include "learning/scriptgen/sequence.h"

struct where {			/* a step of a conversation */
	uint32_t sequence, step;
};

struct response {
	uint32_t label, form;
	struct where *sample;	/* different pairs of messages */
	uint32_t n;
	uint32_t origin[DEPEND_HISTORY + 1]; /* labels: this one, then earlier ones */
	uint32_t norigins;
	struct links links;
};

struct responses_input {
	const struct intern *messages;
	const struct sequence *sequence;
	uint32_t nsequences;
	uint32_t *const *label_of;	/* per step of a sequence: its request's label, or KINDS_NONE */
	const uint32_t *form_of;	/* per message, or KINDS_NONE */
	const struct label *label, *form;
	const struct span *label_key, *form_key;
	bool history;			/* look at earlier requests, too */
};

struct responses {
	struct response *response;	/* by label, then form */
	uint32_t n;
	struct habit *habit;
	uint32_t nhabits;
};

struct responses_memo;

struct responses_memo *responses_memo_create(struct pool *pool);
/* The memo remembers what depends on samples alone: it does not help with history. */
void	responses_find(struct responses *out, struct pool *pool, struct responses_memo *memo,
    const struct responses_input *in);
