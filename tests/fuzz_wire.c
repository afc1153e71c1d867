/*
 * fuzz_wire.c - any bytes as a frame of every link layer, and as IP fragments.
 *
 * The first byte chooses link layer and flags. What parses must lie within the frame.
 */
#include <stdlib.h>

#include "dataplane/frag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
must_lie_within(struct span part, struct span whole)
{
	if (part.n > 0 && (part.p < whole.p || part.p + part.n > whole.p + whole.n))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	enum { ENTRIES = 4, ROOM = 65515 };
	static struct frag_table *t;
	static int64_t now_ns;
	struct span frame, packet;
	struct wire w;

	if (n == 0)
		return 0;
	if (t == NULL)
		t = frag_init(calloc(1, frag_bytes(ENTRIES, ROOM)), ENTRIES, ROOM, 1);
	frame = span_of(data + 1, n - 1);
	if (wire_parse(&w, data[0] % 5, frame, data[0] >> 4 & 3) != WIRE_OK)
		return 0;
	must_lie_within(w.ip, frame);
	must_lie_within(w.l4, w.ip);
	must_lie_within(w.payload, w.l4);
	must_lie_within(w.tcp.options, w.l4);
	if ((w.more_fragments || w.frag_offset > 0) &&
	    frag_input(t, &w, now_ns += 1000000, &packet) == FRAG_WHOLE)
		wire_parse(&w, WIRE_RAW_IP, packet, WIRE_CHECK_SUMS);
	return 0;
}
