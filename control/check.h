#pragma once
/*
 * check.h - transcripts judged by the rules of their protocol (scripts/semantics), in a child.
 */
#include <stdbool.h>
#include <stdint.h>

#include "models/diag.h"

enum { CHECK_PATH_BYTES = 32 };
enum { CHECK_SYNTAX = 1, CHECK_BOTH = 2 };	/* else semantics; else what the server said */

/* Makes an empty file for transcripts. 0, or -errno and a sentence. */
int	check_path(char path[CHECK_PATH_BYTES], struct diag *why);

/*
 * The share of conversations in transcripts of which every message is right, 0 to 1: alone by
 * tshark's dissectors (CHECK_SYNTAX), else by what was said before. -1: not to be had, and a sentence on
 * standard error says why. proto is PROTO_TCP or PROTO_UDP.
 */
double	check_transcripts(const char *transcripts, uint8_t proto, uint16_t port, unsigned how);
