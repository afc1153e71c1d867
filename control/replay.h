#pragma once
/*
 * replay.h - the client side of a capture, answered by the real stack, offline.
 *
 * A client shim stands between the two. Each recorded client packet keeps its time, order,
 * sequence numbers and payload; its acknowledgement is replaced by what our stack has said so
 * far, its timestamp echo by our clock, and its SACK blocks, which speak of somebody else's
 * data, go. Where our side says something that no recorded packet acknowledges in time, the
 * shim acknowledges it after 40 ms as a client would.
 */
#include "models/diag.h"
#include "models/model.h"

enum { REPLAY_MODELS = 16 };

struct replay_service {
	struct model *m;
	uint16_t port;		/* 0: every port of its protocol that the capture has */
};

/* Each packet of the capture is one of the clients', one of the recorded servers', or skipped. */
struct replay_report {
	uint64_t packets;		/* read */
	uint64_t client_packets, server_packets, our_packets, added_acks;
	uint64_t conversations, turns;
	uint64_t skipped_damaged, skipped_disguised, skipped_fragments, skipped_cut, skipped_mid, skipped_ended,
	    skipped_backwards, skipped_others;
	char warning[256];		/* why the capture ended early, or "" */
};

/* Answers in, writes both directions to out. 0, or -errno with a sentence. The models stay the caller's. */
int	replay(const struct replay_service *services, unsigned n, const char *in, const char *out,
    struct replay_report *report, struct diag *why);
