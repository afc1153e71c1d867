#pragma once
/*
 * odd.h - messages that a model can hear or say only in part, or not at all, counted for the report.
 *
 * Encrypted and compressed bytes are told by how many different values a message has: as many as chance gives.
 * Text and records of numbers have far fewer.
 */
#include "learning/corpus.h"

enum {
	ODD_RANDOM_BYTES = 32,		/* shorter messages are not judged */
	ODD_RANDOM_PERCENT = 90,	/* of the values that chance gives */
};

struct odd {
	uint32_t messages;		/* all that were looked at */
	uint32_t empty;			/* neither asked nor answered anything */
	uint32_t random;		/* as if encrypted */
	uint32_t long_client;		/* longer than a model hears at once: it comes in pieces */
	uint32_t long_server;		/* longer than a model says: its beginning is used */
};

/* use[c]: count conversation c; NULL: all. */
void	odd_count(struct odd *out, const struct corpus *c, const bool *use);
