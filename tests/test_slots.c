#include "models/slots.h"
#include "tests/cases.h"
#include "tests/model_of.h"

/* ftp-small: slot 0 the user, 1 and 2 paths, 3 a first word. */
static struct text
ftp(void)
{
	char *file = file_of(TEST_ROOT "/tests/data/models/ftp-small.txt");
	struct text t = text_of(file);

	free(file);
	return t;
}

Test(slots, a_template_fills_the_slots_of_its_fields)
{
	struct text t = ftp();

	cr_expect_eq(slots_filled(&t.template[0]), 0, "SYST has no field");
	cr_expect_eq(slots_filled(&t.template[3]), 1u << 0, "USER");
	cr_expect_eq(slots_filled(&t.template[6]), 1u << 2, "MKD");
	text_fini(&t);
}

static const struct {
	struct text_op op;
	uint32_t slots;
} ops[] = {
	{ { .kind = OP_LIT, .slot = 5 }, 0 },
	{ { .kind = OP_FIELD, .slot = 5 }, 1u << 5 },
	{ { .kind = OP_SEQ, .slot = 0 }, 1 },
	{ { .kind = OP_PART, .slot = 31 }, 1u << 31 },
	{ { .kind = OP_MAP, .slot = 3 }, 1u << 3 },
	{ { .kind = OP_LINES, .slot = 7 }, 1u << 7 },
	{ { .kind = OP_DATA, .slot = 3 }, 0 },
	{ { .kind = OP_RAND, .slot = 3 }, 0 },
	{ { .kind = OP_TIME, .slot = 3 }, 0 },
	{ { .kind = OP_LEN, .slot = 3 }, 0 },
	{ { .kind = OP_VAR, .slot = 3 }, 0 },
};

EACH_CASE(slots, an_op_reads_the_slot_that_it_repeats, ops)
{
	cr_expect_eq(slots_op(&ops[*i].op), ops[*i].slots, "%s",
	    vocab_name(&vocab_op, ops[*i].op.kind));
}

static const struct {
	struct text_guard guard;
	uint32_t slots;
} guards[] = {
	{ { .kind = GUARD_KNOWN, .slot = 4 }, 1u << 4 },
	{ { .kind = GUARD_UNKNOWN, .slot = 4 }, 1u << 4 },
	{ { .kind = GUARD_EQ, .slot = 31 }, 1u << 31 },
	{ { .kind = GUARD_NE, .slot = 4 }, 1u << 4 },
	{ { .kind = GUARD_PAIR, .slot = 4, .back = 6 }, 1u << 4 | 1u << 6 },
	{ { .kind = GUARD_HISTORY, .slot = 4, .back = 1 }, 0 },
	{ { .kind = GUARD_CHANNEL, .slot = 4 }, 0 },
};

EACH_CASE(slots, a_guard_reads_the_slots_that_it_looks_at, guards)
{
	cr_expect_eq(slots_guard(&guards[*i].guard), guards[*i].slots, "%s",
	    vocab_name(&vocab_guard, guards[*i].guard.kind));
}

Test(slots, what_the_own_template_fills_is_not_from_earlier)
{
	struct text_op op[] = { { .kind = OP_FIELD, .slot = 0 }, { .kind = OP_FIELD, .slot = 1 } };
	struct text_field field = { .slot = 1 };
	struct text_template tpl = { .field = &field, .nfield = 1 };
	struct text_reply reply = { .op = op, .nop = 2 };
	struct text_alt alt = { .reply = 0 };
	struct text_turn turn = { .event = EVENT_MESSAGE, .alt = &alt, .nalt = 1 };
	struct text t = { .template = &tpl, .ntemplate = 1, .reply = &reply, .nreply = 1 };
	uint32_t reads = 1u << 7, earlier = 0;

	slots_turn(&t, &turn, &reads, &earlier);
	cr_expect_eq(reads, 1u << 7 | 3, "added to what was there");
	cr_expect_eq(earlier, 1, "only the one that the message does not bring");
	alt.reply = -1;
	reads = earlier = 0;
	slots_turn(&t, &turn, &reads, &earlier);
	cr_expect_eq(reads, 0, "nothing is said");
}

Test(slots, a_state_reads_what_the_states_behind_it_read)
{
	struct text_op op = { .kind = OP_FIELD, .slot = 2 };
	struct text_reply reply = { .op = &op, .nop = 1 };
	struct text_alt alt = { .reply = 0 };
	struct text_turn turn = { .event = EVENT_CONNECT, .alt = &alt, .nalt = 1 };
	struct text_state state[] = { { .backoff = -1, .turn = &turn, .nturn = 1 },
		{ .backoff = 0 }, { .backoff = -1 } };
	struct text t = { .reply = &reply, .nreply = 1, .state = state, .nstate = 3 };

	cr_expect_eq(slots_state(&t, 0), 1u << 2);
	cr_expect_eq(slots_state(&t, 1), 1u << 2);
	cr_expect_eq(slots_state(&t, 2), 0);
}
