#pragma once
/*
 * split.h - which conversations are held out, so that no client of theirs is learned from.
 */
#include "learning/corpus.h"

enum { SPLIT_CLIENTS = 5 };		/* fewer client addresses cannot be split */

/*
 * Whole clients, drawn by seed until about percent of the conversations are theirs; one who would
 * make it twice that is passed over. One flag per conversation; NULL: too few clients.
 */
bool	*split_by_client(struct pool *p, const struct corpus *c, unsigned percent, uint64_t seed);
