#pragma once
/*
 * conv.h - conversations as files: the .conv language of docs/conversations.md, read and carried out.
 *
 * One line per event: time since the last one, direction, segment. A segment from us must
 * come out at its time (within 10 % and 20 ms); one that no line expects is an error, and so is
 * silence where one expects something. Sequence numbers are relative to each side's first.
 */
#include <stdbool.h>
#include <stddef.h>

/*
 * 0, or -1 with a sentence "file:line: ..." in why. six: the same over IPv6; CONV_FOUR if it says that it is of IPv4 only.
 */
enum { CONV_FOUR = 1 };
int	conv_run(const char *path, bool six, char *why, size_t room);
