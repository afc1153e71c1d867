#pragma once
/*
 * slots.h - which fields a model fills, which it reads, and which of these come from earlier
 * messages: the compiler's answer to what a conversation must keep.
 *
 * All are masks, bit by slot. The text passed text_check(). Pure.
 */
#include "models/text.h"

uint32_t slots_filled(const struct text_template *tpl);
uint32_t slots_op(const struct text_op *op);
uint32_t slots_guard(const struct text_guard *g);
/* A reply that is sent on another channel is read from, too. */
uint32_t slots_effect(const struct text *t, const struct text_effect *e);
/* Adds what a turn reads, and what of it its own template does not fill. */
void	slots_turn(const struct text *t, const struct text_turn *turn, uint32_t *reads,
    uint32_t *earlier);
/* What the turns of a state, and of those it backs off to, read. */
uint32_t slots_state(const struct text *t, uint32_t state);
