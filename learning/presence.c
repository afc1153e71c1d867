#include "learning/presence.h"

#include "learning/intern.h"
#include "models/lines.h"

enum { MAX_NAMES = 64, LOOKED_AT = 4096 };	/* names that are counted, in so many messages */

static struct span
message_of(const struct rules *r, uint32_t exchange)
{
	return r->x->unit[r->x->exchange[exchange].client].bytes;
}

bool
presence_of(const struct rules *r, struct span name, uint32_t exchange)
{
	struct span rest = message_of(r, exchange);
	struct line line;

	return lines_next(&rest, name, &line);
}

uint32_t
presence_names(struct span *out, uint32_t max, struct pool *pool, const struct rules *r,
    const uint32_t *exchange, uint32_t n, uint32_t least)
{
	uint32_t with[MAX_NAMES] = { 0 }, last[MAX_NAMES] = { 0 }, m = 0, looked = MIN(n, (uint32_t)LOOKED_AT);
	struct intern names;

	intern_init(&names, pool);
	for (uint32_t i = 0; i < looked; i++) {
		struct span rest = message_of(r, exchange[i]);
		struct line line;

		while (lines_next(&rest, span_str(""), &line)) {
			struct span name = repeats_name(&r->x->client_lexer, line.bytes);
			uint32_t id = name.n == 0 ? INTERN_NONE
			    : names.n < MAX_NAMES ? intern_add(&names, name) : intern_find(&names, name);

			if (id == INTERN_NONE || last[id] == i + 1)
				continue;
			last[id] = i + 1;
			with[id]++;
		}
	}
	for (uint32_t id = 0; id < names.n && m < max; id++)
		if (with[id] >= least && looked - with[id] >= least)
			out[m++] = names.value[id];
	return m;
}
