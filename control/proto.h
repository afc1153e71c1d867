#pragma once
/*
 * proto.h - what mynah ctl and mynahd say to each other.
 *
 * A request is one line of words separated by single spaces; inside a word, space, %, newline
 * and other control bytes stand as %XX. The answer is one line of JSON: {"ok":true, ...} or
 * {"ok":false, "error":"One sentence."}. Then the next request may follow. Anybody who may
 * open the socket may ask: its file mode is the only lock.
 */
#include <stddef.h>

#define CTL_FOLDER "/run/mynah"
#define CTL_SOCKET CTL_FOLDER "/mynahd.sock"	/* where neither side was told otherwise */

enum { CTL_LINE = 4096, CTL_WORDS = 4 };	/* bytes with the newline; words of a request */

#define CTL_COMMANDS(X)                                                                        \
	X("status", "", "uptime, rates, models on air, drops, memory")                         \
	X("models", "", "what is on air, and what conversations still hold")                   \
	X("load", " FILE [NAME]", "put a model on air; conversations in progress keep theirs")  \
	X("rollback", " NAME", "put the model before back on air; once more: the later one")   \
	X("retrain", " NAME", "learn a service again, from what is kept and what is new")     \
	X("cancel", "", "end learning; what is on air stays")                                 \
	X("corpus", " NAME", "captures that are kept of a service, and what became of them")  \
	X("flows", "", "conversations under way, at most 256, and counts by worker")            \
	X("top", "", "who came most in the last minutes, to which ports and profiles")           \
	X("plan", " [PREFIX]", "what our addresses show; with a prefix, which of its addresses have open ports") \
	X("counters", "", "every counter")                                                     \
	X("stop", "", "end every conversation and the program")
