#pragma once
/*
 * check.h - transcripts judged by the rules of their protocol (scripts/semantics), in a child.
 */
#include <stdbool.h>
#include <stdint.h>

/*
 * The share of conversations in transcripts of which every message is right, 0 to 1: alone by
 * tshark's dissectors (syntax), else by what was said before. -1: not to be had, and a sentence on
 * standard error says why. proto is PROTO_TCP or PROTO_UDP.
 */
double	check_transcripts(const char *transcripts, uint8_t proto, uint16_t port, bool syntax);
