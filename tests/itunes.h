#pragma once
/*
 * itunes.h - sessions of events of the reference capture itunes-xbmc, for parity tests.
 *
 * Reads <shared>/reference/itunes-xbmc/{itunes-xbmc.harry,itunes-xbmc.cluster}. Symbol:
 * 2 * event, plus 1 for the server's side.
 */
#include <stdio.h>
#include <string.h>

#include "learning/markov.h"

enum { ITUNES_MESSAGES = 822, ITUNES_SESSIONS = 21 };

static inline int
itunes_sessions(struct pool *pool, struct markov_seq *seqs)
{
	const char *dir = TEST_SHARED "/reference/itunes-xbmc/itunes-xbmc";
	char path[512], side[8], line[512];
	uint32_t *symbol = pool_array(pool, ITUNES_SESSIONS * ITUNES_MESSAGES, sizeof *symbol);
	unsigned event, session, n = 0;
	FILE *harry, *cluster;

	snprintf(path, sizeof path, "%s.harry", dir);
	harry = fopen(path, "r");
	snprintf(path, sizeof path, "%s.cluster", dir);
	cluster = fopen(path, "r");
	for (uint32_t i = 0; i < ITUNES_SESSIONS; i++)
		seqs[i] = (struct markov_seq){ symbol + i * ITUNES_MESSAGES, 0 };
	if (harry == NULL || cluster == NULL || fgets(line, sizeof line, harry) == NULL)
		goto out;
	while (n < ITUNES_MESSAGES && fgets(line, sizeof line, harry) != NULL
	    && sscanf(line, "%u %*u %7s", &session, side) == 2
	    && fscanf(cluster, "%u", &event) == 1 && session < ITUNES_SESSIONS) {
		symbol[session * ITUNES_MESSAGES + seqs[session].n++] =
		    2 * event + (strcmp(side, "UAS") == 0);
		n++;	/* sessions are interleaved in the file */
	}
out:
	if (harry != NULL)
		fclose(harry);
	if (cluster != NULL)
		fclose(cluster);
	return n == ITUNES_MESSAGES ? 0 : -1;
}
