#include "control/verdict.h"

#include <errno.h>
#include <string.h>

json_t *
verdict_sentence(const struct diag *why)
{
	json_t *text = json_string(why->text);

	return text != NULL ? text : json_string("(not UTF-8)");
}

void
verdict_by_origin(struct diag *why, const struct store_service *v)
{
	for (uint32_t i = 0; i < v->ncaptures; i++) {
		const struct store_capture *c = &v->capture[i];
		struct diag before = *why;
		const char *at = strstr(before.text, c->file);

		if (at != NULL)
			diag_set(why, 0, "%.*s%s%s", (int)(at - before.text), before.text, c->origin,
			    at + strlen(c->file));
	}
}

static json_t *
count_json(const struct gate_count *c)
{
	return json_pack("{sI sI sI sI sI sb}", "judged", (json_int_t)c->judged, "running", (json_int_t)c->running,
	    "candidate", (json_int_t)c->candidate, "won", (json_int_t)c->won, "lost", (json_int_t)c->lost, "worse",
	    c->worse);
}

static json_t *
set_json(const struct gate_verdict *v, enum gate_set set)
{
	return json_pack("{so so}", "replies", count_json(&v->messages[set]), "conversations",
	    count_json(&v->conversations[set]));
}

json_t *
verdict_json(const struct trainer_result *r)
{
	const struct gate_verdict *v = &r->verdict;

	return json_pack("{sb so sI sb so so sb sI sf sI}", "passed", v->passed, "why", verdict_sentence(&v->why),
	    "vectors", (json_int_t)v->vectors, "old_by_vectors", v->by_vectors, "old", set_json(v, GATE_OLD), "new",
	    set_json(v, GATE_NEW), "warm", r->warm, "captures", (json_int_t)r->ncaptures, "seconds", r->seconds,
	    "peak_bytes", (json_int_t)r->peak_bytes);
}

const char *
verdict_reason(const struct trainer_result *r)
{
	switch (r->err) {
	case -ECANCELED:	return "cancelled";
	case -ETIMEDOUT:	return "time";
	case -ENOMEM:		return "memory";
	case -ENODATA:		return "few";
	default:		return r->unfit ? "captures" : "error";
	}
}

static const char *
state_name(uint8_t state)
{
	static const char *const names[] = { [CAPTURE_NEW] = "new", [CAPTURE_LEARNED] = "learned",
		[CAPTURE_REFUSED] = "refused" };

	return state < ARRAY_LEN(names) ? names[state] : "?";
}

static json_t *
name_json(const char *name)
{
	json_t *text = json_string(name);

	return text != NULL ? text : json_string("(not UTF-8)");
}

json_t *
verdict_corpus(const struct store_service *v)
{
	json_t *list = json_array();
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < v->ncaptures; i++) {
		const struct store_capture *c = &v->capture[i];

		bytes += c->bytes;
		json_array_append_new(list, json_pack("{so ss sI sI sI ss}", "capture", name_json(c->origin), "state",
		    state_name(c->state), "conversations", (json_int_t)c->conversations, "bytes", (json_int_t)c->bytes,
		    "arrived", (json_int_t)(c->arrived_ms / 1000), "sha256", c->sha256));
	}
	return json_pack("{ss sI sI so}", "service", v->name, "captures", (json_int_t)v->ncaptures, "bytes",
	    (json_int_t)bytes, "corpus", list);
}

const char *
verdict_origin(uint8_t origin)
{
	static const char *const names[] = { [ORIGIN_CONFIGURED] = "configured", [ORIGIN_LOADED] = "loaded",
		[ORIGIN_TRAINED] = "trained" };

	return origin < ARRAY_LEN(names) ? names[origin] : "?";
}
