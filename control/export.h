#pragma once
/*
 * export.h - records out: one JSON line per finished conversation, as Suricata's EVE has them, and
 * one for what happens to a model.
 *
 * Lines are gathered and written whole; when the disk is full, the rate is exceeded, a line is longer
 * than EXPORT_LINE or there is no memory to make it, it is counted and dropped, never waited for, and
 * a line that got half onto the disk is taken back.
 * Fields: docs/records.md. Threads: control.
 */
#include <jansson.h>
#include <stdio.h>

#include "dataplane/record.h"
#include "models/diag.h"

enum { EXPORT_BUFFER = 1 << 16, EXPORT_LINE = 4096 };

struct voice {		/* who spoke from a slot */
	char service[64];	/* its name in the configuration */
	char model[64];		/* the model's own name */
	char version[17];
	int64_t since;		/* Unix, s: on air */
};

struct export {
	const char *path;		/* NULL: records are counted only; borrowed */
	const char *host;
	int fd;				/* -1: not open */
	bool broken;			/* half a line is in something that cannot be cut */
	size_t n;			/* bytes gathered */
	uint32_t in_buffer;		/* lines gathered */
	uint32_t per_second, left;
	int64_t second;
	uint64_t lines, dropped_rate, dropped_disk;
	uint64_t dropped_line;		/* too long, or no memory for it */
	char buffer[EXPORT_BUFFER];
};

/*
 * 0, or -errno with a sentence. Half a line that a killed program left at the end of the file is
 * taken back, here and in export_reopen().
 */
int	export_open(struct export *x, const char *path, const char *host, uint32_t per_second,
    struct diag *why);
/* After logrotate has moved the file away. The old one stays in use when the new one cannot be opened. */
int	export_reopen(struct export *x, struct diag *why);
/* One record as a line with its newline; 0 when it does not fit into room. */
size_t	export_line(char *to, size_t room, const struct record *r, const struct voice *v, const char *host);
void	export_record(struct export *x, const struct record *r, const struct voice *v, int64_t now_ms);
/*
 * What happened to a model of a service; version may be "". Takes more, an object with what else
 * there is to say (NULL: nothing). These are few: the rate does not count them.
 */
void	export_note(struct export *x, const char *action, const char *service, const char *version,
    json_t *more, int64_t now_ms);
void	export_flush(struct export *x);
void	export_close(struct export *x);
