#pragma once
/*
 * gather.h - packets of a capture to talks, conversations in the making.
 *
 * The half of corpus.c that does not know which service is wanted, or only filters by it:
 * finds a packet's talk, puts TCP in order, cuts streams into messages. Lives in the job's
 * pool. A table entry is found by hash in expected constant time; caller sets the seed.
 */
#include "learning/corpus.h"
#include "learning/keys.h"
#include "learning/reasm.h"
#include "learning/thin.h"
#include "learning/trace.h"

struct talk {
	struct talk *next;		/* in the order of first packets */
	struct addr addr[2];		/* by enum side */
	uint16_t port[2];
	uint8_t proto, end;
	bool guessed;			/* which side serves was not seen, only guessed */
	bool moved, cut;
	bool related;			/* at a port that another talk announced */
	uint32_t source;
	int64_t start_ns, end_ns;
	uint64_t packets;
	struct reasm dir[2];		/* TCP: what each side says */
	uint32_t gaps[2];		/* of dir, already told in a message */
	struct message *messages;
	uint32_t n, room;
	struct talk *before;		/* the other way along next */
	struct talk *queued;		/* behind it in gather's queue */
	int64_t queued_ns;		/* end_ns when it was put there */
	struct talk_key *keys;		/* that mean it */
	uint64_t lot;			/* thin.h: the highest goes first */
	size_t weight;
};

/* Of the talks that were left out, what the report wants to know: those of one service in one capture. */
struct left_out {
	struct left_out *next;
	uint32_t source;
	uint16_t port;
	uint8_t proto;
	uint64_t conversations, answered, messages, packets;
	struct corpus_report report;	/* counters of talks only */
};

enum { LEFT_OUT_ROWS = 64 };

struct gather {
	struct pool *pool;
	const struct corpus_options *options;
	struct corpus_report *report;
	struct talk *first, *last;
	struct talk *source_first;	/* first of the current capture */
	struct keys keys;		/* of the current capture */
	uint32_t source;
	struct reuse memory;		/* of talks, their messages and keys */
	struct thin thin;
	struct talk *queue, *queue_end;	/* talks that may go on */
	struct left_out *left_out[LEFT_OUT_ROWS];
	struct frag_table *frag;	/* made for the first fragment */
	uint32_t *others[2];		/* TCP, UDP: attempts by port that the filter refused */
};

void	gather_init(struct gather *g, struct pool *p, const struct corpus_options *o,
	    struct corpus_report *report);
void	gather_packet(struct gather *g, const struct trace_packet *packet);
/* The current capture is over: flushes what is open and forgets the keys. */
void	gather_end_source(struct gather *g);
bool	talk_is_whole(const struct talk *t);
bool	talk_is_answered(const struct talk *t);
/* Counts a talk of the service in the report. false: nothing is to be learned from it. */
bool	talk_count(const struct talk *t, struct corpus_report *r);
/* Exchanges client and server. */
void	talk_flip(struct talk *t);
