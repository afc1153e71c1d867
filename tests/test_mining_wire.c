/* Through the whole stack: recorded peers walk twice through a model, and it remembers the first time. */
#include "learning/mining/canonical.h"
#include "tests/mining_rig.h"
#include "tests/tool.h"

static struct canonical *
traces_of(struct pool *pool, const char *path)
{
	struct corpus_options o = { .proto = PROTO_TCP, .port = 21 };
	struct canonical *to = pool_alloc(pool, sizeof *to);
	struct diag why = { "" };
	struct corpus *c;

	cr_assert_eq(corpus_load(&c, pool, &o, &path, 1, &why), 0, "%s", why.text);
	canonical_make(to, pool, ftp_definition(pool), c, NULL);
	return to;
}

POOLED(mining_wire, what_a_peer_did_is_there_in_its_next_conversation)
{
	const struct canonical *real, *ours;
	uint32_t right = 0, all = 0;

	tool_enter();
	cr_assert_eq(tool_run("\"$M\" learn --learner mining --definition " TEST_ROOT "/scripts/services/ftp.service "
	    "-o m.mynah \"$D\"/ftp-walks.pcap.gz >said && \"$M\" replay -m m.mynah@21 \"$D\"/ftp-walks.pcap.gz out.pcap >said"), 0);
	real = traces_of(pool, TEST_ROOT "/tests/data/ftp-walks.pcap.gz");
	ours = traces_of(pool, "out.pcap");
	cr_assert_eq(ours->nconversations, real->nconversations);
	for (uint32_t v = 0; v < real->nconversations; v++)
		for (uint32_t i = real->first[v], k = ours->first[v]; i < real->first[v + 1]; i++, k++) {
			all++;
			right += k < ours->first[v + 1] && memcmp(real->inter[i].code, ours->inter[k].code, 3) == 0;
		}
	cr_expect_geq(all, 1900);
	cr_expect_geq(right * 1000ull, all * 995ull, "%u of %u", right, all);
	tool_leave();
}
