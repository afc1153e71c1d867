#pragma once
/*
 * trace.h - capture files in, packet by packet, and one kind of capture file out.
 *
 * Reads pcap (micro- and nanoseconds, either byte order) and pcapng, each also gzipped,
 * through libpcap and zlib. A file that ends in the middle yields what stands before the
 * break; trace_warning() then says so. One link type per file: libpcap refuses a pcapng
 * whose interfaces differ in it, and its sentence is passed on.
 *
 * A packet's bytes belong to the trace and last until the next call. A trace belongs to
 * one thread.
 */
#include "dataplane/wire.h"
#include "models/diag.h"

struct trace;
struct trace_out;

struct trace_packet {
	int64_t ts_ns;		/* since 1970 */
	enum wire_link link;
	struct span data;	/* what was captured */
	uint32_t orig_len;	/* bytes on the wire */
};

/* 0, or a negative errno with one sentence that names the file. */
int	trace_open(struct trace **out, const char *path, struct diag *why);
/* 1 and a packet, or 0 at the end. */
int	trace_next(struct trace *t, struct trace_packet *p);
/* After the end: why it came early, or NULL if it did not. Lasts as long as the trace. */
const char *trace_warning(const struct trace *t);
/* How much of the file has been read, 0 to 1; 0 while the size is unknown (a pipe). */
double	trace_fraction(const struct trace *t);
void	trace_close(struct trace *t);

/* An Ethernet pcap at path once trace_finish() returns 0; until then beside it, at path.tmp. */
int	trace_create(struct trace_out **out, const char *path, struct diag *why);
void	trace_write(struct trace_out *t, int64_t ts_ns, struct span frame);	/* to microseconds */
/* Syncs and renames. Frees t in any case; on failure nothing is left at path.tmp. */
int	trace_finish(struct trace_out *t, struct diag *why);
/* Frees t and removes path.tmp. */
void	trace_abandon(struct trace_out *t);
