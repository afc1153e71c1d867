#pragma once
/*
 * stack.h - frames in, frames out: dispatch, counters, limits. No input or output of its own.
 *
 * The same code runs in a worker, under Criterion, in a fuzzer and in mynah replay. Time comes
 * in as an argument, frames go out through a sink. A stack belongs to one worker and shares
 * nothing for writing; it allocates nothing after stack_init().
 *
 * Never initiates, never amplifies: every frame sent belongs to a proven flow or is charged to
 * a received frame; no SYN without ACK ever leaves. One function sends (stack.c, emit()).
 */
#include "dataplane/persona.h"
#include "dataplane/record.h"
#include "dataplane/wire.h"
#include "models/set.h"

/* One frame's bytes. The port fills it from an mbuf, a test from an array. */
struct frame {
	uint8_t *data;
	uint32_t len, room;		/* bytes; room from data on */
	void *owner;			/* the mbuf */
};

/* Where frames go. get() yields an empty frame or data == NULL; put() hands it over for sending. */
struct sink {
	struct frame (*get)(void *ctx);
	void (*put)(void *ctx, const struct frame *f);
	void (*record)(void *ctx, const struct record *r);
	void *ctx;
};

/* Each has a name (drop_name) and a counter; a test sees to it that each can happen. */
#define DROPS(X)                                                                               \
	X(DROP_NONE, "none")                                                                   \
	X(DROP_MALFORMED, "malformed")		/* with the wire fault counted beside */       \
	X(DROP_NOT_OURS, "not-ours")		/* MAC or address of somebody else */          \
	X(DROP_MARTIAN, "martian")		/* impossible source: ours, multicast (IP, MAC), nobody, loopback, port 0 */ \
	X(DROP_ACTION, "action")		/* the range says silent or drop */            \
	X(DROP_BAD_COOKIE, "bad-cookie")                                                       \
	X(DROP_OUT_OF_WINDOW, "out-of-window")                                                 \
	X(DROP_PAWS, "paws")                                                                   \
	X(DROP_RECENTLY_CLOSED, "recently-closed")                                             \
	X(DROP_RATIO, "ratio")			/* would have answered more than allowed */    \
	X(DROP_RATE, "rate")			/* a limit per second */                       \
	X(DROP_NO_FLOW, "no-flow")		/* RST or FIN for nobody */                    \
	X(DROP_TABLE_FULL, "table-full")                                                       \
	X(DROP_NO_TALK, "no-talk")		/* payload slab empty */                       \
	X(DROP_NO_CHANNEL, "no-channel")	/* no place for a connection that a turn expects */ \
	X(DROP_NO_HOLD, "no-hold")		/* quota of incomplete messages used up */     \
	X(DROP_NO_FRAME, "no-frame")		/* sink had none */                            \
	X(DROP_FRAGMENT, "fragment")		/* waiting, overlapping, too many, too old */  \
	X(DROP_UNHANDLED, "unhandled")		/* protocol or type that we do not speak */
#define DROP_ENUM(name, text) name,
enum drop { DROPS(DROP_ENUM) DROP_N };
#undef DROP_ENUM
const char *drop_name(enum drop d);

struct counters {			/* written by the stack, read by anyone, relaxed */
	_Alignas(64) uint64_t frames_in, bytes_in, frames_out, bytes_out;
	uint64_t arp_in, icmp_in, udp_in, tcp_in, other_in;
	uint64_t syn_in, syn_ack_out, rst_out, unreachable_out, echo_out;
	uint64_t flows_opened, flows_closed, flows_evicted, retransmits, turns;
	uint64_t match[MATCH_NONE + 1];
	uint64_t records, records_dropped;
	uint64_t drop[DROP_N];
	uint64_t fault[WIRE_FAULTS];
};

struct stack_config {
	uint32_t flows;			/* capacity for IPv4 */
	uint32_t flows_six;		/* for IPv6; 0 where no prefix is */
	uint32_t talks, arenas, holds;	/* slabs; 0: a share of flows */
	uint32_t idle_tcp_ms, idle_udp_ms, lifetime_ms;
	uint32_t udp_ratio;		/* bytes out per byte in towards an unproven peer, 1..3 */
	uint32_t syn_ack_per_prefix;	/* per second and /24, or /64 of IPv6 */
	bool trust_sums;		/* somebody verified them before: a bench, no port of ours yet */
	uint8_t mac[6];			/* ours on the link */
	struct addr link_addr;		/* our next-hop address: ARP is answered for it */
	struct addr link_addr_six;	/* the same for IPv6 and neighbour solicitations; zero: none */
	uint8_t key[16];		/* the site's secret */
	uint8_t worker;			/* number, for records */
	uint64_t seed;			/* from getrandom(); fixed in tests */
};
/* Sensible values for everything but mac, link_addr and key. */
void	stack_defaults(struct stack_config *c);

struct stack;
/* Bytes of memory that stack_init() wants, 64-byte aligned, zeroed; 0 for a configuration that cannot be. */
size_t	stack_bytes(const struct stack_config *c);
struct stack *stack_init(void *mem, const struct stack_config *c, const struct sink *sink);
/*
 * One poll turn: n frames, consumed (the sink's owner frees those it was not handed back; a
 * frame may be turned round and put() again, then *frames[i].data is NULL on return). set is
 * valid for this call only. now_ns is monotonic, wall_ms Unix time.
 */
void	stack_burst(struct stack *s, const struct set *set, struct frame *frames, unsigned n,
    uint64_t now_ns, int64_t wall_ms);
/* Expires timers, bounded work. Returns ns until the next one is due (for idle sleep), at most 1 s. */
uint64_t stack_timers(struct stack *s, const struct set *set, uint64_t now_ns, int64_t wall_ms);
/* Ends every conversation with END_SHUTDOWN records, silently. */
void	stack_shutdown(struct stack *s, const struct set *set, int64_t wall_ms);

const struct counters *stack_counters(const struct stack *s);
const struct pins *stack_pins(const struct stack *s);
uint32_t stack_flows(const struct stack *s);	/* conversations now; any thread */
uint32_t stack_bytes_per_flow(const struct stack *s);

/* One conversation, as it stands. */
struct flow_view {
	struct addr peer, own;
	uint16_t peer_port, own_port;
	uint8_t proto, slot, state;	/* flow_state_name() */
	uint16_t turns, model_state;	/* 0 until a model spoke */
	uint32_t age_ms;
	uint32_t bytes_in, bytes_out;	/* of IP packets */
};
/*
 * Conversations from place *at on (0: the first) among the next look places, at most room of them; returns how
 * many. *at is then where to go on, 0 at the end. Only for the thread that owns the stack.
 */
unsigned stack_list(const struct stack *s, uint32_t *at, uint32_t look, struct flow_view *to, unsigned room);
const char *flow_state_name(uint8_t state);

/* What the memory of stack_bytes() is for. */
#define STACK_PARTS(X)                                                                         \
	X(PART_FLOWS, "flows")			/* line 0 */                                   \
	X(PART_INDEX, "index")                                                                 \
	X(PART_WHEEL, "wheel")                                                                 \
	X(PART_TALKS, "talks")			/* line 1, when payload moved */               \
	X(PART_ARENAS, "arenas")		/* captured fields */                          \
	X(PART_HOLDS, "holds")			/* incomplete messages, frozen answers */      \
	X(PART_LOSSES, "losses")		/* what peers lack, and how fast they get it */ \
	X(PART_RECENT, "recently-closed")                                                      \
	X(PART_HOSTS, "hosts")			/* what peers changed, over conversations */    \
	X(PART_EXPECTED, "expected")		/* connections that belong to a conversation */ \
	X(PART_LONE, "lone-syns")                                                              \
	X(PART_HALFOPEN, "half-open")                                                          \
	X(PART_FRAGMENTS, "fragments")                                                         \
	X(PART_LIMITS, "limits")                                                               \
	X(PART_REST, "rest")
#define PART_ENUM(name, text) name,
enum stack_part { STACK_PARTS(PART_ENUM) PARTS_N };
#undef PART_ENUM
enum flow_class { CLASS_IDLE, CLASS_TALK, CLASS_ARENA, CLASSES_N };

struct stack_memory {
	struct {
		uint64_t bytes;		/* all of it */
		uint32_t n, used;	/* places; used is 0 where nobody counts */
		uint32_t peak;		/* slabs only */
	} part[PARTS_N];
	struct {
		uint32_t bytes;		/* of one flow: its line, its share of the index, talk, arena */
		uint32_t flows;		/* now */
	} class[CLASSES_N];
	uint32_t wheel_bytes;		/* of one flow, beyond those of its class */
};
const char *stack_part_name(enum stack_part p);
const char *flow_class_name(enum flow_class c);
/* Any thread; numbers that move while they are read may differ by a few. */
void	stack_memory(const struct stack *s, struct stack_memory *m);
/* Every invariant of tables and slabs; aborts when broken. For tests, after each step. */
void	stack_check(const struct stack *s);
