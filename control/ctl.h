#pragma once
/*
 * ctl.h - the control socket: a UNIX stream socket, lines in, JSON lines out (proto.h).
 *
 * Whoever connects is treated as hostile: bounded clients, lines and answers, nothing blocks,
 * a client that neither asks nor reads is closed after a while, and when all places are taken
 * the one idle longest makes room. What a command does is the caller's: one function.
 *
 * Threads: control. ctl_open() binds, ctl_close() removes the socket file.
 */
#include <jansson.h>

#include "models/diag.h"

enum { CTL_CLIENTS = 32, CTL_IDLE_MS = 10 * 1000 };

struct ctl;
/* A new object that ctl puts "ok" into and frees. ok starts as true; a refusal sets it to false. */
typedef json_t *ctl_answer(void *ctx, unsigned argc, char *const *argv, bool *ok);

/* {"error": sentence} and *ok = false: how every command refuses. */
json_t	*ctl_refuse(bool *ok, const char *fmt, ...) PRINTF(2, 3);
/* 0, or -errno with a sentence; -EADDRINUSE when another program answers there. */
int	ctl_open(struct ctl **out, const char *path, ctl_answer *answer, void *ctx, struct diag *why);
/* Becomes readable when ctl_turn() has something to do. */
int	ctl_fd(const struct ctl *c);
/* Serves what can be served now, without waiting. now_ms: any monotonic clock. */
void	ctl_turn(struct ctl *c, int64_t now_ms);
unsigned ctl_clients(const struct ctl *c);
/* Is somebody there? For --check. */
bool	ctl_in_use(const char *path);
void	ctl_close(struct ctl *c);
