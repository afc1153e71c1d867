#pragma once
/*
 * itunes.h - the reference capture itunes-xbmc, for parity tests: its sessions of events
 * (<shared>/reference/itunes-xbmc/itunes-xbmc.{harry,cluster}; symbol 2 * event, plus 1
 * for the server's side), and its messages (.drk, payload lines, merged as the original
 * did, spec/prisma.md 1.2, with its defects).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "learning/markov.h"
#include "learning/prisma.h"
#include "models/bytes.h"

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

struct itunes_line {
	double time_s;			/* of the last payload merged into it */
	char from[32], to[32];
	uint8_t *bytes;
	uint32_t n, order;
	bool answered, open;
};

static inline int
itunes_by_time(const void *a, const void *b)
{
	const struct itunes_line *x = a, *y = b;

	if (x->time_s != y->time_s)
		return x->time_s < y->time_s ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static inline uint32_t
itunes_unescape(uint8_t *to, const char *from)
{
	uint32_t n = 0;
	unsigned byte;

	while (*from != '\0' && *from != '\n') {
		if (*from == '%' && sscanf(from + 1, "%2x", &byte) == 1) {
			to[n++] = (uint8_t)byte;
			from += 3;
		} else {
			to[n++] = (uint8_t)*from++;
		}
	}
	return n;
}

/* Number of messages, or -1. */
static inline int
itunes_messages(struct pool *pool, struct span *message)
{
	enum { LINE = 1 << 20, MAX = 1000 };
	struct itunes_line *all = pool_array(pool, MAX, sizeof *all);
	char *line = pool_alloc(pool, LINE), flag[4];
	uint8_t *bytes = pool_alloc(pool, LINE);
	uint32_t n = 0, kept = 0;
	gzFile f = gzopen(TEST_SHARED "/reference/itunes-xbmc/itunes-xbmc.drk", "rb");

	if (f == NULL)
		return -1;
	while (n < MAX && gzgets(f, line, LINE) != NULL) {
		struct itunes_line now = { .open = true }, *last = NULL;
		int at = 0;
		uint32_t size;

		if (sscanf(line, "%lf %3s %31s %31s%n", &now.time_s, flag, now.from, now.to, &at) != 4)
			continue;
		size = itunes_unescape(bytes, line + at + (line[at] == ' '));
		for (uint32_t i = 0; i < n; i++) {
			bool open = all[i].open;

			if (open && !strcmp(all[i].from, now.from) && !strcmp(all[i].to, now.to))
				last = &all[i];
			if (open && !strcmp(all[i].from, now.to) && !strcmp(all[i].to, now.from))
				all[i].answered = true;
		}
		if (last != NULL && !last->answered && now.time_s - last->time_s < 10) {
			last->bytes = pool_grow(pool, last->bytes, last->n, last->n + size, 1);
			memcpy(last->bytes + last->n, bytes, size);
			last->n += size;
			last->time_s = now.time_s;
			continue;
		}
		if (last != NULL)
			last->open = false;	/* complete */
		now.bytes = pool_copy(pool, bytes, size);
		now.n = size;
		now.order = n;
		all[n++] = now;
	}
	gzclose(f);
	qsort(all, n, sizeof *all, itunes_by_time);
	for (uint32_t i = 0; i < n; i++) {
		/* the original's defect: what is pending and answered at the end is lost */
		if (!(all[i].open && all[i].answered) && kept < ITUNES_MESSAGES)
			message[kept++] = span_of(all[i].bytes, all[i].n);
	}
	return (int)kept;
}

/* Events of the messages in the same order. */
static inline int
itunes_events(uint32_t *event)
{
	FILE *f = fopen(TEST_SHARED "/reference/itunes-xbmc/itunes-xbmc.cluster", "r");
	int n = 0;

	while (f != NULL && n < ITUNES_MESSAGES && fscanf(f, "%u", &event[n]) == 1)
		n++;
	if (f != NULL)
		fclose(f);
	return n;
}

/*
 * The sessions as PRISMA takes them: messages in the order of their sessions, with event and
 * side. 0, or -1.
 */
static inline int
itunes_conversations(struct pool *pool, struct prisma_input *in)
{
	struct prisma_message *m = pool_array(pool, ITUNES_MESSAGES, sizeof *m);
	struct span *bytes = pool_array(pool, ITUNES_MESSAGES, sizeof *bytes);
	uint32_t *first = pool_array(pool, ITUNES_SESSIONS + 1, sizeof *first);
	struct markov_seq seqs[ITUNES_SESSIONS];
	unsigned session, n = 0;
	uint32_t at[ITUNES_SESSIONS];
	char line[512];
	FILE *harry;

	if (itunes_sessions(pool, seqs) < 0 || itunes_messages(pool, bytes) != ITUNES_MESSAGES)
		return -1;
	for (uint32_t s = 0; s < ITUNES_SESSIONS; s++) {
		at[s] = first[s];
		first[s + 1] = first[s] + seqs[s].n;
		for (uint32_t i = 0; i < seqs[s].n; i++)
			m[first[s] + i] = (struct prisma_message){ .event = seqs[s].symbol[i] / 2,
				.server = seqs[s].symbol[i] % 2 != 0 };
	}
	harry = fopen(TEST_SHARED "/reference/itunes-xbmc/itunes-xbmc.harry", "r");
	if (harry == NULL)
		return -1;
	if (fgets(line, sizeof line, harry) != NULL)
		while (n < ITUNES_MESSAGES && fgets(line, sizeof line, harry) != NULL &&
		    sscanf(line, "%u", &session) == 1 && session < ITUNES_SESSIONS)
			m[at[session]++].bytes = bytes[n++];
	fclose(harry);
	*in = (struct prisma_input){ m, first, ITUNES_SESSIONS };
	return n == ITUNES_MESSAGES ? 0 : -1;
}
