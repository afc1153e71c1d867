#include "control/due.h"

struct tally {			/* new captures */
	uint32_t fresh, alone;
	uint32_t largest;	/* company of those that failed together; 0: there are none */
};

static struct tally
count(const struct store_service *v)
{
	struct tally n = { 0 };

	for (uint32_t i = 0; i < v->ncaptures; i++) {
		const struct store_capture *c = &v->capture[i];

		if (c->state != CAPTURE_NEW)
			continue;
		n.fresh += c->among == 0;
		n.alone += c->among == 1;
		if (c->among > MAX(n.largest, 1u))
			n.largest = c->among;
	}
	return n;
}

/* The oldest, at most that many. */
static void
choose(const struct store_service *v, bool *take, uint32_t among, uint32_t most)
{
	for (uint32_t i = 0; i < v->ncaptures; i++) {
		const struct store_capture *c = &v->capture[i];

		take[i] = most > 0 && c->state == CAPTURE_NEW && c->among == among;
		most -= take[i];
	}
}

enum due
due_next(const struct store_service *v, bool *take)
{
	struct tally n = count(v);

	if (n.largest > 0) {
		choose(v, take, n.largest, n.largest / 2);
		return DUE_PART;
	}
	if (n.fresh > 0) {
		choose(v, take, 0, n.fresh);
		return DUE_FRESH;
	}
	choose(v, take, 1, 1);
	return n.alone > 0 ? DUE_ALONE : DUE_NONE;
}

bool
due_more(const struct store_service *v, enum due kind, enum due_end end, uint32_t nnew)
{
	struct tally n = count(v);

	if (n.largest > 0 || end == DUE_FEW)
		return n.largest > 0;
	if (kind == DUE_PART)
		return n.fresh > 0;
	/* one that has just failed alone waits for the next batch */
	return kind == DUE_FRESH && n.alone > (end == DUE_PAST && nnew == 1);
}
