/*
 * Ten thousand conversations in mid-dialogue under a thousand swaps of their model: the real stack, set and reload,
 * in process, with a clock of our own. Each version says something else, and every conversation
 * must hear its own to the end, byte for byte, lost answers that are rendered again included.
 */
#include <criterion/criterion.h>

#include "tests/heap.h"
#include "tests/swaps.h"

enum { CALLERS = 11000, OPEN = 10000, SWAPS = 1000, STEPS = 250, FLOWS = 16384, CALLS = 1 << 19,
	LATEST_AFTER = 2 };

static struct diag why;
static struct swaps w;
static struct reload *const r = &w.reload;
static struct callers *const c = &w.callers;
static unsigned offered, on_air;	/* versions: written last, and speaking */
static uint64_t ended, wrong_voice, not_closed;

static void
note_end(void *ctx, const char *file, const char *name, int slot, const struct diag *said)
{
	cr_assert_gt(slot, 0, "%s as %s: %s", file, name, said->text);
	*(unsigned *)ctx = offered;
}

static void
begin(void)
{
	swaps_begin(&w, CALLERS, FLOWS, CALLS);
	r->ended = note_end;
	r->ctx = &on_air;
}

static void
end(void)
{
	swaps_end(&w);
}

TestSuite(swaps, .init = begin, .fini = end, .timeout = 280);

/* As mynahd's loop: retire, then the records of what has ended, whose voices are still known. */
static void
control_turn(void)
{
	reload_retire(r);
	for (unsigned i = 0; i < w.rig.nrecords; i++) {
		const struct record *rec = &w.rig.record[i];
		char voice[32];

		if (rec->kind != RECORD_FLOW)
			continue;
		ended++;
		snprintf(voice, sizeof voice, "voice-%u", callers_version(c, rec));
		wrong_voice += strcmp(r->voice[rec->slot].model, voice) != 0;
		not_closed += rec->end != END_CLOSED;
	}
	w.rig.nrecords = 0;
	cr_assert_eq(callers_on_air(set_current()), on_air);
}

static void
a_round(void)
{
	callers_round(c, set_current(), STEPS);
	cr_assert(c->fault[0] == '\0', "%s", c->fault);
	cr_assert_lt(w.rig.nrecords, RIG_RECORDS);
	control_turn();
}

static void
offer(unsigned version)
{
	int slot = swaps_offer(&w, version, &why);

	cr_assert_geq(slot, 0, "%s", why.text);
	offered = version;
	if (slot > 0)
		on_air = version;
}

/* Who holds a slot, by the callers' own books. */
static void
expect_pins_match(void)
{
	for (unsigned slot = 1; slot < SET_SLOTS; slot++) {
		unsigned version;

		if (set_current()->slot[slot] == NULL)
			cr_assert_eq(reload_pins(r, slot), 0);
		else if (sscanf(r->voice[slot].model, "voice-%u", &version) == 1)
			cr_assert_eq(reload_pins(r, slot), c->per_version[version], "version %u", version);
	}
}

/* A thousand swaps, each as soon as the one before has found its slot, or has waited too long for one. */
static unsigned
swap_under_talk(void)
{
	unsigned version = 0, waited = 0, superseded = 0;

	while (r->loaded <= SWAPS) {
		cr_assert_lt(version, CALLERS_VERSIONS - 1);
		if (reload_waiting(r) == 0) {
			cr_assert_geq(c->open, OPEN, "in mid-dialogue at swap %u", version);
			offer(++version);
			waited = 0;
		} else if (++waited == LATEST_AFTER) {
			superseded++;	/* the newer one will speak, this one never */
			offer(++version);
		}
		a_round();
		if (version % 50 == 0)
			expect_pins_match();
	}
	return superseded;
}

static void
expect_all_given_back(void)
{
	struct stack_memory m;

	stack_check(w.rig.s);
	stack_memory(w.rig.s, &m);
	cr_expect_eq(stack_flows(w.rig.s), 0);
	cr_expect_eq(m.part[PART_TALKS].used, 0);
	cr_expect_eq(m.part[PART_ARENAS].used, 0);
	cr_expect_eq(m.part[PART_HOLDS].used, 0);
	cr_expect_eq(w.rig.frames, 0);
	cr_expect_eq(swaps_slots(), 1);
	for (unsigned slot = 1; slot < SET_SLOTS; slot++)
		cr_expect_eq(reload_pins(r, slot), 0, "slot %u", slot);
}

Test(swaps, no_conversation_is_reset_or_mixed_and_all_memory_comes_back)
{
	size_t before = heap_bytes(), after;
	unsigned superseded;

	callers_fill(c, set_current());
	superseded = swap_under_talk();
	for (c->closing = true; stack_flows(w.rig.s) > 0;)
		a_round();
	reload_retire(r);
	offer(0);			/* as in the beginning */
	reload_retire(r);
	control_turn();
	after = heap_bytes();
	printf("%lu swaps, %lu busy, %lu retried, %u superseded, %u conversations, %lu answers, %lu lost, "
	    "%lu sent again, %lu of them off air, %lu handshakes across a swap, %lu rounds\n", r->loaded - 1,
	    r->busy, r->retried, superseded, c->conversations, c->answers, c->lost, c->again, c->again_off_air,
	    c->late, c->round);
	expect_all_given_back();
	cr_expect_eq(after, before, "%zu bytes instead of %zu", after, before);
	cr_expect_eq(ended, c->conversations);
	cr_expect_eq(wrong_voice, 0);
	cr_expect_eq(not_closed, 0);
	cr_expect_eq(stack_counters(w.rig.s)->rst_out, 0);
	/* It must have been hard, or it proves nothing. */
	cr_expect_geq(r->loaded - 1, SWAPS);
	cr_expect_gt(r->busy, 10);
	cr_expect_gt(r->retried, 10);
	cr_expect_gt(superseded, 1);
	cr_expect_gt(c->again_off_air, 1000);
	cr_expect_gt(c->late, 100);
	cr_expect_eq(r->refused, 0);
}
