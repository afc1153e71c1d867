/* Batches of captures with some that no job can afford; the trainer is a rule of three lines. */
#include "control/due.h"
#include "tests/cases.h"

enum { MOST = 256 };

static struct store_capture captures[MOST];
static struct store_service v = { .capture = captures };
static bool take[MOST];

static const struct {
	const char *what;
	unsigned n, culprit;	/* every culprit-th; 0: none */
	unsigned most;		/* captures that a job can afford together */
	unsigned few;		/* as many and nothing old are too few */
} batches[] = {
	{ "one that is good", 1, 0, MOST, 0 },
	{ "one that is not", 1, 1, MOST, 0 },
	{ "two", 2, 2, MOST, 0 },
	{ "one of seven", 7, 7, MOST, 0 },
	{ "one of many", 256, 256, MOST, 0 },
	{ "some of many", 200, 19, MOST, 0 },
	{ "all", 32, 1, MOST, 0 },
	{ "none alone, but too many together", 100, 0, 10, 0 },
	{ "also with culprits", 100, 9, 10, 0 },
	{ "too few apart, too many together", 8, 0, 7, 7 },
	{ "too few apart and culprits", 64, 9, 16, 2 },
};

static bool
is_culprit(uint32_t i, unsigned every)
{
	return every != 0 && (i + 1) % every == 0;
}

static uint32_t
in_state(enum capture_state state)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < v.ncaptures; i++)
		n += captures[i].state == state;
	return n;
}

/* What store.h does with the end of a job. */
static enum due_end
learn(size_t batch, uint32_t nnew)
{
	bool past = nnew > batches[batch].most;
	enum due_end end;

	for (uint32_t i = 0; i < v.ncaptures; i++)
		past |= take[i] && is_culprit(i, batches[batch].culprit);
	end = past ? DUE_PAST : in_state(CAPTURE_LEARNED) == 0 && nnew <= batches[batch].few ? DUE_FEW : DUE_JUDGED;
	for (uint32_t i = 0; i < v.ncaptures; i++) {
		struct store_capture *c = &captures[i];

		if (!take[i])
			continue;
		cr_expect_eq(c->state, CAPTURE_NEW);
		cr_expect(c->among == 0 || nnew <= MAX(c->among / 2, 1u), "%u among %u", nnew, c->among);
		if (end == DUE_JUDGED)
			c->state = CAPTURE_LEARNED;
		c->among = end == DUE_PAST ? nnew : 0;
		c->tries += end == DUE_PAST && nnew == 1;
		if (c->tries == STORE_TRIES)
			c->state = CAPTURE_REFUSED;
	}
	return end;
}

/* Jobs until nothing more is to be done at once. */
static unsigned
jobs(size_t batch)
{
	unsigned n = 0;
	uint32_t nnew;
	enum due kind;

	do {
		nnew = 0;
		kind = due_next(&v, take);
		for (uint32_t i = 0; i < v.ncaptures; i++)
			nnew += take[i];
		cr_expect_eq(kind == DUE_NONE, nnew == 0);
		cr_assert_lt(++n, 2000u, "it does not end");
	} while (nnew > 0 && due_more(&v, kind, learn(batch, nnew), nnew));
	return n;
}

EACH_CASE(due, who_is_at_fault_is_alone_and_the_others_are_learned, batches)
{
	unsigned n = batches[*i].n, culprits = batches[*i].culprit ? n / batches[*i].culprit : 0;

	v.ncaptures = n;
	jobs(*i);
	for (uint32_t k = 0; k < n; k++)
		if (is_culprit(k, batches[*i].culprit))
			cr_expect_eq(captures[k].among, 1u, "%s: culprit %u", batches[*i].what, k);
	if (batches[*i].few < batches[*i].most)
		cr_expect_eq(in_state(CAPTURE_LEARNED), n - culprits, "%s: %u", batches[*i].what,
		    in_state(CAPTURE_LEARNED));
	for (unsigned k = 0; k < STORE_TRIES * culprits; k++)
		jobs(*i);
	cr_expect_eq(in_state(CAPTURE_REFUSED), culprits, "%s: %u", batches[*i].what, in_state(CAPTURE_REFUSED));
}

Test(due, one_of_many_is_found_in_few_jobs)
{
	v.ncaptures = 256;
	cr_expect_leq(jobs(4), 1 + 8 * 9u / 2 + 9);
}

Test(due, behind_each_batch_one_that_failed_alone_is_tried_again)
{
	v.ncaptures = 3;
	captures[0] = (struct store_capture){ .among = 1, .tries = 1 };
	captures[1] = (struct store_capture){ .among = 1, .tries = 2 };
	cr_expect_eq(due_next(&v, take), DUE_FRESH);
	cr_expect(!take[0] && !take[1] && take[2]);
	captures[2].state = CAPTURE_LEARNED;
	cr_expect(due_more(&v, DUE_FRESH, DUE_JUDGED, 1));
	cr_expect_eq(due_next(&v, take), DUE_ALONE);
	cr_expect(take[0] && !take[1] && !take[2]);
	cr_expect_not(due_more(&v, DUE_ALONE, DUE_PAST, 1));
}

Test(due, nothing_new_is_nothing_to_take)
{
	v.ncaptures = 2;
	captures[0].state = CAPTURE_LEARNED;
	captures[1].state = CAPTURE_REFUSED;
	cr_expect_eq(due_next(&v, take), DUE_NONE);
	cr_expect(!take[0] && !take[1]);
	cr_expect_not(due_more(&v, DUE_NONE, DUE_JUDGED, 0));
}
