#pragma once
/*
 * manifest.h - manifest.json: the record of one service in the store, as text and back.
 *
 * Files are not named in it but follow from versions and sums, so that no manifest can point
 * out of its folder. Whatever it holds is checked: numbers, digits, counts, nothing twice.
 *
 * Threads: control. A record owns its lists; manifest_fini() frees them.
 */
#include "control/store.h"

#define MANIFEST "manifest.json"

/*
 * Reads FOLDER/manifest.json, which must be of to->name; the rest of *to is filled. 0, -ENOENT
 * without a sentence when there is none, or -errno with a sentence that names file and line.
 */
int	manifest_load(struct store_service *to, const char *folder, struct diag *why);
/* malloc'ed, or NULL without memory. */
char	*manifest_text(const struct store_service *s);
/* The record of name when it is new. */
void	manifest_init(struct store_service *to, const char *name);
int	manifest_copy(struct store_service *to, const struct store_service *from, const char *folder);
/*
 * One more at the end. Its file's name is made here, its origin copied. The index, or -ENOMEM.
 * Beyond the counts that store.h allows is the caller's fault.
 */
int	manifest_add_model(struct store_service *s, const char *folder, const struct store_model *m);
int	manifest_add_capture(struct store_service *s, const char *folder, const struct store_capture *c);
void	manifest_remove_model(struct store_service *s, uint32_t i);
void	manifest_remove_capture(struct store_service *s, uint32_t i);
/* Their index, or -1. */
int32_t	manifest_find_model(const struct store_service *s, const char *version);
int32_t	manifest_find_capture(const struct store_service *s, const char *sha256);
void	manifest_fini(struct store_service *s);
