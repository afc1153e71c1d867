#pragma once
/*
 * klass.h - what kind of reply a message is, without knowing its protocol.
 *
 * A reply that begins with text has the word that tells (klass_word.h): 331, 404, +OK, NO, ":". One
 * that begins with other bytes has the first field of its head that takes few values and is no echo
 * of what was asked (klass_field.h), or of its parts the first that does (klass_parts.h). Learned from genuine server messages and what was asked before
 * them; a function of these. docs/learning.md tells how.
 */
#include "learning/klass_field.h"
#include "learning/klass_parts.h"
#include "learning/klass_word.h"

struct klass {
	struct klass_word word;
	struct klass_parts parts;	/* not found: the field tells */
	struct klass_field field;
};

/* Does a message begin with text? */
bool	klass_is_text(struct span m);
/* The replies of a conversation and what each answers; room for all its messages. Returns their number. */
uint32_t klass_pairs(struct klass_pair *to, const struct corpus *c, uint32_t conversation);
void	klass_learn(struct klass *k, struct pool *pool, const struct corpus *c);
/* The same from n replies of one's own choice, none of them empty, conversation by conversation. */
void	klass_learn_pairs(struct klass *k, struct pool *pool, const struct klass_pair *all, uint32_t n);
/* Silence has the empty name. */
struct klass_name klass_of(const struct klass *k, const struct klass_pair *pair);
