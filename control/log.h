#pragma once
/*
 * log.h - what the operator reads while mynahd runs: plain sentences on standard error.
 *
 * Never called by a worker. One call writes one line.
 */
#include "models/base.h"

void	log_say(const char *fmt, ...) PRINTF(1, 2);
