#pragma once
/*
 * verdict.h - what a learning job found, as JSON: for records and for the control socket
 * (docs/records.md). Threads: control.
 */
#include <jansson.h>

#include "control/store.h"
#include "control/trainer.h"

/* A sentence may quote a file's name, which may be anything. */
json_t	*verdict_sentence(const struct diag *why);
/*
 * People know a capture by the name that it came with, not by its file's in the store: puts that
 * into a sentence wherever it names a capture of the service.
 */
void	verdict_by_origin(struct diag *why, const struct store_service *v);
/* All numbers of a job that has a verdict. */
json_t	*verdict_json(const struct trainer_result *r);
/* cancelled, time, memory, captures (unfit), few, error: why a job has none. */
const char *verdict_reason(const struct trainer_result *r);
/* The captures of a service: where from, since when, what became of them. */
json_t	*verdict_corpus(const struct store_service *v);
const char *verdict_origin(uint8_t model_origin);
