#pragma once
/*
 * transfer.h - forms whose data crosses a connection of its own: which announce one, which send or take on it,
 * and what they send.
 *
 * Told by the corpus's related talks alone. What is sent for an argument is kept as it was sent, the commonest of
 * each; a list without an argument becomes the names that the world's sets hold, each as a line of the kind that
 * members of its set had.
 */
#include "learning/mining/world.h"
#include "models/text.h"

enum { TRANSFER_SUPPORT = 3, TRANSFER_BYTES = MODEL_REPLY_BYTES - 1, TRANSFER_MAP_BYTES = 8 << 20 };
enum transfer_kind { TRANSFER_NONE, TRANSFER_SENDS, TRANSFER_TAKES };

struct transfers {
	bool *announces;	/* per form */
	uint8_t *kind;		/* per form: enum transfer_kind */
};

/* Lines of a list, of one spelling of a command. */
struct transfer_lines {
	struct span before[WORLD_SETS];	/* the name */
	struct text_map known;	/* path -> its whole line */
	uint32_t lines, placed;	/* seen; of them with a name that some set holds */
};

void	transfers_find(struct transfers *t, struct pool *pool, const struct world *w);
/* What was sent, or early said, for each argument of the form; sorted. */
void	transfer_contents(struct text_map *to, struct pool *pool, const struct world *w, uint32_t form, bool early);
/* What the form was sent most often, whatever it was asked for. */
struct span transfer_usual(const struct world *w, struct pool *pool, uint32_t form);
/* Each program tells what its form adds to which set. view: of world_run(). */
void	transfer_list(struct transfer_lines *to, struct pool *pool, const struct world *w,
    const struct program *program, const struct world_view *view, uint32_t form, struct span verb);
