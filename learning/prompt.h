#pragma once
/*
 * prompt.h - what a server says after which a client's message ends otherwise than elsewhere.
 *
 * A service has one rule for the end of a message (ending.h), and some replies that change it
 * for what comes next: the body of a mail after "go on, end with a dot". Such a reply says
 * nothing of its own, so it is the same bytes every time; it is found by what the service's
 * rule does to the messages behind it: it cuts most of them into pieces that do not begin like
 * any message that came alone. Where texts are so many that no rule holds for the whole
 * service, the first messages of its conversations give the rule that cuts. (Pieces that do are several messages, sent in one go.) No
 * protocol is known here.
 */
#include "learning/ending.h"
#include "learning/intern.h"

struct heard {			/* a message whose end is known, and what was said before it */
	struct span before, message;
	bool opens;		/* the first of its conversation: nothing asked for a text yet */
};

struct prompt {
	struct span said;	/* the whole reply, not empty */
	uint32_t rule;		/* of the next message */
};

struct prompts {
	struct text_eom *rule;	/* [0] where no prompt was said */
	uint32_t nrules;
	struct prompt *prompt;
	uint32_t n;
};

/* The spans of h must live as long as the result; the rest of it lives in the pool. */
void	prompts_learn(struct prompts *out, struct pool *pool, const struct heard *h, size_t n);
/* One rule of a kind that needs no more than its name, and no prompts. */
void	prompts_none(struct prompts *out, struct pool *pool, enum eom_kind kind);
/* The rule for what comes after a reply, or after several in one go: the last of them counts. */
uint32_t prompts_after(const struct prompts *p, struct span reply);
