#pragma once
/*
 * phase.h - what a conversation has come to, as far as that alone decides answers: a login.
 *
 * A phase is the last of a few marks that happened, a mark is a form answered with a code. Marks are
 * chosen one by one: the one that makes most interactions sure, that is, members of a cell (form,
 * phase) in which all answers have one code. Each cell costs something, so that small ones
 * that are pure by chance are not worth a mark. Phases become states of the model.
 */
#include "learning/mining/form.h"

enum { PHASE_MARKS = 7 };	/* so 8 phases; phase 0: none happened yet */

struct phase_mark {
	uint32_t form;
	char code[3];
};

struct phases {
	struct phase_mark mark[PHASE_MARKS];
	uint32_t n;		/* marks; one phase more */
	uint8_t *of;		/* per interaction: the phase it came in */
	bool *sure;		/* per interaction: its cell has one code */
};

void	phases_find(struct phases *p, struct pool *pool, const struct forms *f);
/* The phase after an interaction of the form with that code. */
uint32_t phase_after(const struct phases *p, uint32_t phase, uint32_t form, const char code[3]);
