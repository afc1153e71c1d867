#pragma once
/*
 * corpus.h - captures in, conversations of one service's messages out.
 *
 * TCP: a conversation is one connection, from its SYN on (a SYN with another sequence
 * number opens a new one on the same ports); a message is everything one side says until
 * the other speaks. UDP: a conversation is one client address and port with one server,
 * until CORPUS_UDP_IDLE_S of silence; a message is one datagram. What is still open when a
 * capture ends is flushed, and the end of a connection is no message: the two defects of
 * the original's session builder (PRISMA12, Harry). Conversations do not cross captures.
 *
 * The server is the receiver of the SYN, otherwise the side on the service's port. A UDP
 * server may answer from another port than it was asked on (TFTP, RFC 1350 4); such a
 * conversation is one.
 *
 * Everything returned lives in the pool. Same captures, same order: conversations stand
 * in the order of their first packets. Call inside pool_run().
 */
#include "dataplane/frag.h"
#include "learning/pool.h"
#include "models/diag.h"

enum { CORPUS_UDP_IDLE_S = 30, CORPUS_MESSAGE_BYTES = 1 << 20 };

/* The first thing that ended a connection. */
enum conversation_end { END_NONE, END_FIN_CLIENT, END_FIN_SERVER, END_RST_CLIENT, END_RST_SERVER };

struct message {
	struct span bytes;
	int64_t first_ns, last_ns;	/* when its first and last piece were captured */
	uint8_t side;			/* enum side */
	bool cut;			/* bytes are missing in it or before it, or it passed the limit */
};

struct conversation {
	struct addr client, server;
	uint16_t client_port, server_port;
	uint32_t first, n;		/* its messages; n is 0 only when whole and nobody spoke */
	uint32_t source;		/* index of the capture */
	uint8_t proto;
	uint8_t end;			/* enum conversation_end */
	bool whole;			/* no byte is missing; TCP: and the handshake was seen */
	bool moved;			/* UDP: the server answered from another port */
	int64_t start_ns, end_ns;	/* first and last packet */
};

/* A TCP connection at a port that the server announced to the client: corpus_options.related. */
struct related_talk {
	struct addr client, server;
	uint16_t server_port;
	bool whole;
	int64_t start_ns, data_ns, end_ns;	/* data_ns: the first byte; where none is, the last packet */
	struct span said[2];			/* by enum side: the first CORPUS_MESSAGE_BYTES of it */
};

struct corpus_source {
	const char *name;
	uint64_t packets;
	uint32_t conversations;		/* with those that were left out */
	const char *warning;		/* a sentence, or NULL */
};

struct corpus_server {
	struct addr addr;
	uint32_t conversations;
};

/* What was read, what was not used, and why. */
struct corpus_report {
	uint64_t packets, bytes;
	uint64_t fault[WIRE_FAULTS];	/* frames by what was wrong; [WIRE_OK] were right */
	uint64_t frag[FRAG_VERDICTS];	/* IP fragments by what became of them */
	uint64_t frag_lost;		/* datagrams that never became whole */
	uint64_t cut_packets;		/* the snap length took bytes away */
	uint64_t other_protocol;	/* packets: neither TCP nor UDP */
	uint64_t other_service;		/* packets of TCP and UDP on other ports */
	uint64_t stray;			/* TCP segments that begin no conversation and belong to none */
	uint64_t unanswered;		/* connections tried: no answer or refused */
	uint64_t silent;		/* conversations without payload, and not whole */
	uint64_t no_handshake, gaps;	/* used conversations that are not whole, by why */
	uint64_t old_bytes;		/* payload seen again */
	uint64_t left_out, left_out_messages;	/* conversations beyond the budget */
	uint32_t secrets;		/* of clients that were made up anew (scrub.h), */
	uint64_t secret_places;		/* and where they stood */
};

struct corpus {
	struct conversation *conversations;
	struct message *messages;
	struct corpus_source *sources;
	struct corpus_server *servers;	/* by address */
	struct related_talk *related;	/* in the order of their first packets */
	uint32_t nconversations, nmessages, nsources, nservers, nrelated;
	uint8_t proto;			/* of the service: PROTO_TCP or PROTO_UDP */
	uint16_t port;
	struct corpus_report report;
};

struct corpus_options {
	uint8_t proto;			/* 0: either */
	uint16_t port;			/* 0: work out which service the captures hold */
	uint64_t seed;			/* of hash tables; changes no result */
	bool related;			/* TCP: keep what goes over connections that a server announces, too */
	size_t budget_bytes;		/* of conversations kept, see thin.h; 0: all of them */
	void (*progress)(void *ctx, const char *stage, double fraction);	/* may be NULL */
	void *ctx;
};

/* 0, or a negative errno and one sentence that names the file, or the services found. */
int	corpus_load(struct corpus **out, struct pool *p, const struct corpus_options *o,
	    const char *const *paths, size_t npaths, struct diag *why);
/*
 * Which conversations to keep for evaluation: percent of them, rounded, at least one if
 * there are two; the same ones for the same seed. One flag per conversation.
 */
bool	*corpus_split(struct pool *p, const struct corpus *c, unsigned percent, uint64_t seed);
/*
 * Which conversations the sensor never learns from, about percent of them: one flag each. A
 * function of the conversation alone (its ends, its start, what it said first), so the same ones
 * are held out whatever captures stand beside it, and those of a smaller percent are among them.
 */
bool	*corpus_held_out(struct pool *p, const struct corpus *c, unsigned percent);
/* A number that chance drew for a conversation, likewise a function of it alone; of another draw. */
uint64_t corpus_lot(const struct corpus *c, uint32_t conversation);
/* A corpus of the conversations with a flag alone; all else is the old one's. NULL: of all. */
struct corpus *corpus_part(struct pool *p, const struct corpus *c, const bool *use);
