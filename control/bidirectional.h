#pragma once
/*
 * bidirectional.h - how right a model is when it plays both sides (PRISMA12, "bidirectional").
 */
#include <stdbool.h>

#include "models/diag.h"
#include "models/model.h"

enum { BIDIRECTIONAL_MAX = 1000000 };	/* conversations */

struct bidirectional {
	uint32_t conversations, messages;	/* 0: not asked for */
	double syntax, semantics;		/* shares of conversations; -1: not judged */
};

/*
 * Has m talk with itself n times, and, with check, the rules of the protocol judge both sides.
 * name: of the model, in sentences. 0, or -errno and a sentence; -ENODATA: it knows no clients.
 */
int	bidirectional_run(struct bidirectional *out, const struct model *m, const char *name,
	    uint32_t n, uint16_t port, bool check, struct diag *why);
