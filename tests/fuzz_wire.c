/*
 * fuzz_wire - any bytes as frames of every link layer, and as IP fragments.
 *
 * The input is a sequence of frames, each behind a byte (link layer, flags, time) and its length.
 * What parses must lie within the frame, also when it was put together.
 */
#include "dataplane/frag.h"
#include "tests/fuzz.h"

enum { ENTRIES = 4, ROOM = 4096, FRAMES_MAX = 64 };

static void
check(const struct wire *w, struct span frame)
{
	const struct { struct span part, whole; } inside[] = {
		{ w->ip, frame }, { w->l4, w->ip }, { w->payload, w->l4 }, { w->tcp.options, w->l4 },
	};

	for (unsigned i = 0; i < ARRAY_LEN(inside); i++) {
		struct span part = inside[i].part, whole = inside[i].whole;

		fuzz_must(part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n),
		    "what was parsed lies within the frame");
	}
	fuzz_must(w->nvlan <= ARRAY_LEN(w->vlan) && w->tcp.nsack <= ARRAY_LEN(w->tcp.sack),
	    "what was counted has a place");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint64_t *memory;
	struct reader from = reader_of(span_of(data, n));
	struct frag_table *t;
	int64_t now_ns = 0;

	if (memory == NULL)
		memory = malloc(frag_bytes(ENTRIES, ROOM));
	memset(memory, 0, frag_bytes(ENTRIES, ROOM));
	t = frag_init(memory, ENTRIES, ROOM, 1);
	for (int i = 0; i < FRAMES_MAX && from.p < from.end; i++) {
		uint8_t how = rd_u8(&from);
		size_t want = rd_be16(&from);
		struct span frame = rd_bytes(&from, MIN(want, (size_t)(from.end - from.p))), whole;
		struct wire w;

		now_ns += (how >> 5) * INT64_C(500000000);
		if (wire_parse(&w, how % 5, frame, how >> 3 & 3) != WIRE_OK)
			continue;
		check(&w, frame);
		if ((w.more_fragments || w.frag_offset > 0) &&
		    frag_input(t, &w, now_ns, &whole) == FRAG_WHOLE &&
		    wire_parse(&w, WIRE_RAW_IP, whole, WIRE_CHECK_SUMS) == WIRE_OK)
			check(&w, whole);
	}
	return 0;
}
