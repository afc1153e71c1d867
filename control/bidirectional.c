#include "control/bidirectional.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "control/both_sides.h"
#include "control/check.h"
#include "control/transcript.h"

struct taking {
	struct bidirectional *out;
	FILE *to;			/* NULL: nobody will judge it */
	uint8_t proto;			/* of the model */
	struct diag *why;
};

static int
take(void *ctx, struct pool *pool, uint32_t number, const struct simulated *s)
{
	struct taking *t = ctx;

	t->out->conversations++;
	t->out->messages += s->said.n;
	if (t->to == NULL || transcript_add(t->to, pool, number, t->proto, s) == 0)
		return 0;
	return diag_set(t->why, -EIO, "what both sides said could not be written for its rules; the "
	    "disk may be full.");
}

int
bidirectional_run(struct bidirectional *out, const struct model *m, const char *name, uint32_t n,
    uint16_t port, bool check, struct diag *why)
{
	struct taking t = { .out = out, .proto = model_proto(m), .why = why };
	struct both_sides how = { .model = m, .name = name, .conversations = n, .each = take, .ctx = &t };
	char path[CHECK_PATH_BYTES];
	int err = 0;

	*out = (struct bidirectional){ .syntax = -1, .semantics = -1 };
	if (check) {
		err = check_path(path, why);
		if (err < 0)
			return err;
		t.to = fopen(path, "w");
	}
	if (check && t.to == NULL)
		err = diag_set(why, -errno, "%s: cannot be written.", path);
	if (err == 0)
		err = both_sides_run(&how, why);
	if (t.to != NULL && fclose(t.to) != 0 && err == 0)
		err = diag_set(why, -EIO, "%s: not all of it could be written.", path);
	if (check && err == 0) {
		uint8_t proto = t.proto == MODEL_UDP ? PROTO_UDP : PROTO_TCP;

		out->syntax = check_transcripts(path, proto, port, CHECK_SYNTAX | CHECK_BOTH);
		out->semantics = check_transcripts(path, proto, port, CHECK_BOTH);
	}
	if (check)
		unlink(path);
	return err;
}
