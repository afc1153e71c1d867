#pragma once
/*
 * learn.h - the pipeline: captures in, text model out.
 *
 * learn() is a function of captures, parameters and seed; it allocates from the job's pool,
 * reads no clock and writes no file. Stages in order: corpus, exchanges, templates, rules,
 * clusters (PRISMA's events), Markov model, decisions, emit, both sides; other learners (learners.h) take the
 * corpus or the exchanges and do the rest themselves. The tool and the sensor's trainer
 * call learn_image(), which also compiles the text and records its self-test. What they give it went
 * through learn_scrub() before.
 */
#include "learning/choose.h"
#include "learning/corpus.h"
#include "learning/join.h"
#include "learning/mining/mining.h"
#include "learning/naming.h"
#include "learning/odd.h"
#include "learning/prisma.h"
#include "learning/scriptgen/scriptgen.h"
#include "models/compile.h"
#include "models/model.h"

enum { LEARN_MIN_CONVERSATIONS = 5, LEARN_BUDGET_BYTES = 16 << 20 };

struct learn_params {
	const char *learner;		/* one that learn_has_learner(); NULL: auto */
	const struct definition *definition; /* "mining": of the service; "auto": NULL, there is none */
	const char *name;		/* of the service; NULL: from the port */
	uint8_t proto;			/* 0: work out */
	uint16_t port;
	uint64_t seed;
	const char *clusterer;		/* NULL: the one that speaks best (choose.h) */
	uint32_t order;			/* 0: likewise */
	const struct text *before;	/* the model before, where learning starts; NULL: none */
	unsigned spare;			/* learn() only: percent of conversations that are held out */
	size_t budget_bytes;		/* learn() only: of conversations kept (thin.h); 0: LEARN_BUDGET_BYTES */
	bool no_scrub;			/* learn_scrub(): people's secrets stay as they are */
	bool server_only;		/* without how both sides talk: for who is to answer only */
	const struct progress *progress;
};

struct learn_report {
	const struct corpus *corpus;
	uint32_t conversations, exchanges, pipelined, silent, extra;
	uint32_t client_templates, server_templates, answers;
	struct join_report join;	/* "auto": which learner */
	struct choose_report choice;
	bool kept;			/* learner, clusterer and order are those of the model before */
	const char *clusterer;		/* what it came to: by what messages are named, */
	uint32_t order, clusters;	/* over how long a history; the side that has more */
	double foretold;		/* share of replies, each left out of its own evidence */
	struct cluster_report nmf;	/* of the client's side */
	bool has_nmf;
	uint32_t markov_states, dfa_states, minimal_states;
	struct emit_report emit;
	struct prisma_report sides;	/* how both talk, for the simulator */
	struct scriptgen_report scriptgen; /* tree 0: another learner was asked for */
	struct mining_report mining;	/* of that learner; the others' fields are empty then */
	struct odd odd;
	bool binary;
};

/* "auto", which is the best of those that apply (join.h), "prisma", "scriptgen", "mining". */
bool	learn_has_learner(const char *name);
/* Would what p asks for read a definition? */
bool	learn_uses_definition(const struct learn_params *p);
/* And with it what goes over connections that a server announces, so that captures have to keep it (corpus_options)? */
bool	learn_uses_related(const struct learn_params *p);
/*
 * Fills t from the pool (do not text_fini() it). use[c] NULL or false: conversation c is held
 * out. 0, or -errno with a sentence.
 */
int	learn_corpus(struct text *t, struct pool *pool, const struct corpus *c, const bool *use,
	    const struct learn_params *p, struct learn_report *report, struct diag *why);

struct learned {
	struct text text;		/* of the image; like learn_corpus() */
	struct learn_report report;
	struct compile_report compiled;
	struct span image;		/* both until pool_fini() */
	const struct model *model;	/* of this image, loaded */
};

/*
 * The corpus with people's secrets made up anew (scrub.h), or as it is where p says so. Of all of it, also of
 * what is held out: who is played to a model speaks the words it was learned from.
 */
const struct corpus *learn_scrub(struct pool *pool, const struct corpus *c, const struct learn_params *p);
/*
 * learn_corpus(), compile() and compile_vectors(): what the first image says to some of the conversations
 * becomes the vectors that the second one carries (learning/vectors.h); they say the same.
 */
int	learn_image(struct learned *out, struct pool *pool, const struct corpus *c, const bool *use,
	    const struct learn_params *p, struct diag *why);
/* corpus_load(), learn_scrub() and learn_image() of everything. */
int	learn(struct learned *out, struct pool *pool, const char *const *paths, size_t n,
	    const struct learn_params *p, struct diag *why);
