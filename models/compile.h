#pragma once
/*
 * compile.h - text model to image bytes.
 *
 * Deterministic: one text, one image, byte for byte, on every machine. The image carries the
 * canonical text compressed, so mynah show --text and mynah compile are inverse to each other.
 * Templates beyond the automaton's budget are left out, those that are longest for their support
 * first, which the report says.
 */
#include "models/diag.h"
#include "models/text.h"

struct compile_report {
	uint32_t automaton_states, byte_classes;
	size_t automaton_bytes, image_bytes;
	uint32_t templates_left_out;	/* over the budget: answered by the nearest instead */
};

/* *image is malloc'ed. 0 or -errno with a sentence. r may be NULL. */
int	compile(const struct text *t, uint8_t **image, size_t *n, struct compile_report *r,
    struct diag *why);
/*
 * What compile() would make of a text of which an image is there already, but for the vectors: these stand in
 * its text only, so the tables are taken from the image.
 */
int	compile_vectors(const struct text *t, struct span old, uint8_t **image, size_t *n, struct diag *why);
