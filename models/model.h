#pragma once
/*
 * model.h - a loaded, verified, read-only model.
 *
 * The image file is the only way in. model_load() reads it into private memory, verifies
 * every offset, count and index once (image.h), and from then on nothing is checked again.
 * Threads: load and destroy belong to control; everything that takes a const struct model
 * is pure and may be called by any thread.
 */
#include "models/bytes.h"
#include "models/diag.h"
#include "models/vocab.h"

struct model;
struct text;

/* 0, or -errno with a sentence that names the file and the check that failed. */
int	model_load(struct model **out, const char *path, struct diag *why);
/* The same from bytes, which are copied; name stands in the sentence. */
int	model_from_bytes(struct model **out, const char *name, struct span image, struct diag *why);
void	model_destroy(struct model *m);

struct span model_name(const struct model *m);
uint8_t	model_proto(const struct model *m);		/* MODEL_TCP or MODEL_UDP */
bool	model_speaks_first(const struct model *m);	/* answers CONNECT with bytes */
bool	model_stateless(const struct model *m);		/* every turn starts and ends in one state, no history */
bool	model_keeps_pair(const struct model *m);	/* it has sets or registers of a pair of addresses, */
bool	model_keeps_own(const struct model *m);	/* of its own address */
bool	model_opens(const struct model *m);		/* it expects related connections */
uint64_t model_schema(const struct model *m);	/* of its name, sets and registers: models with one share what was changed */
uint32_t model_idle_ms(const struct model *m);
uint32_t model_reply_max(const struct model *m);	/* bytes of its longest turn */
const char *model_version(const struct model *m);	/* 16 hex digits of its content hash */
size_t	model_bytes(const struct model *m);		/* memory it holds */
/* Bytes of the automaton's tables: steps of its states, and cells. */
size_t	model_automaton(const struct model *m, uint32_t *states, uint32_t *classes);
struct span model_image(const struct model *m);		/* the image it was loaded from */

/* The text that the image carries, inflated; *to is malloc'ed. 0 or -errno. */
int	model_text(const struct model *m, char **to, size_t *n, struct diag *why);
