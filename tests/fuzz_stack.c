/*
 * fuzz_stack - conversations: bytes to delays and nearly right segments of live flows (peers.h),
 * what a stack may answer watched after each (witness.h).
 *
 * The first byte says whether the sink has no frame now and then, whether received frames have
 * no room to turn round in, and whether all of it goes over IPv6.
 */
#include "tests/fuzz.h"
#include "tests/peers.h"
#include "tests/witness.h"

enum { FLOWS = 64, STEPS_MAX = 1000, NO_FRAMES = 1, NO_ROOM = 2, SIX = 4 };

static void
set_up(struct rig *r, bool six)
{
	rig_init(r);
	if (six)
		rig_six(r);
	r->range->on_link = true;
	r->range->profile[0]->other_tcp.action = r->range->profile[0]->other_udp.action = ACTION_RESET;
	rig_service(r, PROTO_TCP, 21, ACTION_ANSWER, rig_model(r, "talk-small"));
	rig_service(r, PROTO_TCP, 22, ACTION_ANSWER, rig_model(r, "pause-small"));
	rig_service(r, PROTO_TCP, 23, ACTION_HANDSHAKE, 0);
	rig_service(r, PROTO_TCP, 80, ACTION_ANSWER, rig_model(r, "ftp-small"));
	rig_service(r, PROTO_TCP, 20, ACTION_ANSWER, rig_model(r, "channel"));
	rig_service(r, PROTO_UDP, 53, ACTION_ANSWER, rig_model(r, "udp-small"));
	r->c.flows = FLOWS;
	r->c.flows_six = six ? FLOWS : 0;
	rig_start(r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct reader from = reader_of(span_of(data, n));
	uint8_t frame[PEER_FRAME], how = rd_u8(&from);
	bool six = how & SIX;
	struct witness witness;
	struct peers peers;
	uint64_t wait_ns;
	uint32_t len;
	static struct rig rigs[2];
	struct rig *r = &rigs[six];

	if (r->mem == NULL)
		set_up(r, six);
	else
		rig_restart(r);
	peers_init(&peers, six);
	witness_init(&witness, r);
	for (int i = 0; i < STEPS_MAX && peers_frame(&peers, &from, &wait_ns, frame, &len); i++) {
		unsigned before;

		r->no_frames = how & NO_FRAMES && i % 17 == 0;
		r->no_room = how & NO_ROOM && i % 13 == 0;
		rig_wait(r, wait_ns, false);
		witness_timers(&witness);
		before = r->nout;
		rig_input(r, frame, len);
		witness_answers(&witness, span_of(frame, len), before);
		peers_learn(&peers, r);
		stack_check(r->s);
	}
	stack_shutdown(r->s, r->set, 0);
	stack_check(r->s);
	witness_end(&witness);
	return 0;
}
