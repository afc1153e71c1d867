#include <stdlib.h>

#include "dataplane/flow.h"
#include "dataplane/wire.h"
#include "tests/cases.h"

static uint64_t
next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static struct flow_key
key(uint32_t i, uint8_t proto)
{
	struct addr own = addr_v4(0xc6130000 + i % 65536), peer = addr_v4(0xcb007100 + i / 65536);
	struct flow_key k;

	flow_key_of(NULL, &k, &own, 21, &peer, (uint16_t)(1024 + i % 40000), proto);
	return k;
}

static struct flow_table *
table(uint32_t n)
{
	static struct flow_table t;
	static const uint64_t secret[2] = { 1, 2 };
	void *mem = aligned_alloc(64, flow_table_bytes(n, 0));

	memset(mem, 0, flow_table_bytes(n, 0));
	flow_table_init(&t, mem, n, 0, secret);
	return &t;
}

Test(flow, table_agrees_with_a_naive_map)
{
	enum { N = 512, KEYS = 1500, STEPS = 200000, CHECK_EACH = 1000 };
	struct flow_table *t = table(N);
	static struct flow *naive[KEYS];
	uint32_t live = 0;
	uint64_t x = 7;

	for (int step = 0; step < STEPS; step++) {
		uint32_t i = (uint32_t)(next_random(&x) % KEYS);
		struct flow_key k = key(i, i % 5 == 0 ? PROTO_UDP : PROTO_TCP);
		uint64_t h = flow_hash(t, &k);

		cr_assert_eq(flow_find(t, &k, h), naive[i], "step %d", step);
		if (naive[i] != NULL && next_random(&x) % 2) {
			flow_del(t, naive[i]);
			naive[i] = NULL;
			live--;
		} else if (naive[i] == NULL && live < N) {
			naive[i] = flow_add(t, &k, h, NULL);
			cr_assert_not_null(naive[i], "no place at %u of %u", live, N);
			live++;
		} else if (naive[i] == NULL) {
			cr_assert_null(flow_add(t, &k, h, NULL));
		}
		cr_assert_eq(t->used, live);
		if (step % CHECK_EACH == 0)
			flow_table_check(t);
	}
	free(t->flow);
}

/* As a burst asks: first where it may be, then whether it is. Some find two entries, or nobody but the stash. */
Test(flow, what_is_expected_is_what_is_found)
{
	enum { N = 1 << 14, KEYS = 3 << 14 };
	struct flow_table *t = table(N);
	uint32_t many = 0, none = 0;

	for (uint32_t i = 0; i < N; i++) {
		struct flow_key k = key(i * 3, PROTO_TCP);
		struct flow *f = flow_add(t, &k, flow_hash(t, &k), NULL);

		f->state = i % 7 == 0 ? FLOW_UDP : FLOW_ESTABLISHED;	/* then it is none of TCP */
	}
	for (uint32_t i = 0; i < KEYS; i++) {
		struct flow_key k = key(i, PROTO_TCP);
		uint64_t h = flow_hash(t, &k);
		uint32_t id = flow_expect(t, h);
		struct flow *f = flow_find(t, &k, h);

		many += id == FLOW_MANY;
		none += id == 0;
		if (id != FLOW_MANY)
			cr_assert_eq(id != 0 ? flow_confirm(t, &k, id) : NULL, f, "key %u", i);
	}
	cr_expect_gt(none, KEYS / 2);
	cr_expect_gt(many, 0);
	cr_expect_lt(many, KEYS / 100);
	free(t->flow);
}

Test(flow, who_ended_is_not_confirmed)
{
	struct flow_table *t = table(1 << 14);
	struct flow_key k = key(1, PROTO_TCP);
	uint64_t h = flow_hash(t, &k);
	struct flow *f = flow_add(t, &k, h, NULL);
	uint32_t id = flow_expect(t, h);

	f->state = FLOW_ESTABLISHED;
	cr_expect_eq(flow_confirm(t, &k, id), f);
	flow_del(t, f);
	cr_expect_null(flow_confirm(t, &k, id));
	free(t->flow);
}

Test(flow, every_entry_of_a_large_table_can_be_used)
{
	enum { N = 1 << 17 };
	struct flow_table *t = table(N);

	for (uint32_t i = 0; i < N; i++) {
		struct flow_key k = key(i * 7, PROTO_TCP);

		cr_assert_not_null(flow_add(t, &k, flow_hash(t, &k), NULL), "at %u", i);
	}
	cr_expect_leq(t->nstash, 4);
	flow_table_check(t);
	free(t->flow);
}

Test(flow, udp_and_tcp_of_the_same_ports_are_two)
{
	struct flow_table *t = table(64);
	struct flow_key tcp = key(1, PROTO_TCP), udp = key(1, PROTO_UDP);
	struct flow *f = flow_add(t, &tcp, flow_hash(t, &tcp), NULL);

	cr_expect_null(flow_find(t, &udp, flow_hash(t, &udp)));
	cr_expect_neq(flow_add(t, &udp, flow_hash(t, &udp), NULL), f);
	cr_expect_eq(flow_find(t, &tcp, flow_hash(t, &tcp)), f);
	free(t->flow);
}

Test(flow, an_idle_flow_and_its_index_fit_80_bytes)
{
	cr_expect_leq(flow_table_bytes(1 << 20, 0) >> 20, 80);
}
