/* Bytes to nearly right segments of live conversations (peers.c); every invariant after each. */
#include "tests/peers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct reader from = reader_of(span_of(data, n));
	struct peers peers;
	static struct rig r;

	if (r.mem == NULL) {
		rig_init(&r);
		rig_service(&r, PROTO_TCP, 21, ACTION_ANSWER, rig_model(&r, "talk-small"));
		rig_service(&r, PROTO_UDP, 53, ACTION_ANSWER, rig_model(&r, "udp-small"));
		r.c.flows = 64;
		rig_start(&r);
	} else {
		rig_restart(&r);
	}
	peers_init(&peers);
	while (peers_step(&peers, &r, &from)) {
		peers_learn(&peers, &r);
		stack_check(r.s);
		if (r.frames != 0)
			__builtin_trap();
	}
	stack_shutdown(r.s, r.set, 0);
	stack_check(r.s);
	return 0;
}
