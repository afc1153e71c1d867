#pragma once
/*
 * inside.h - what the stack is made of; only for stack*.c. stack.h is the front door.
 *
 * stack.c       memory, frames out, the passes over a burst, the timers' loop
 * stack_foresee.c  what can be computed for a burst at once, ahead of the decisions
 * stack_flow.c  a conversation's birth and end, its deadline, its record
 * stack_syn.c   TCP segments of nobody: handshakes, closed ports, ghosts
 * stack_tcp.c   TCP segments of a conversation, its turns, its timers
 * stack_say.c   what a TCP conversation has to say and what may go now: say.h
 * stack_related.c  TCP connections that belong to a conversation
 * stack_udp.c   datagrams; stack_icmp.c  echo, errors, who has an address
 * stack_memory.c  what the memory is for; stack_view.c  conversations, both for control
 */
#include "dataplane/cookie.h"
#include "dataplane/expect.h"
#include "dataplane/flow.h"
#include "dataplane/frag.h"
#include "dataplane/halfopen.h"
#include "dataplane/limit.h"
#include "dataplane/link.h"
#include "dataplane/lone.h"
#include "dataplane/loss.h"
#include "dataplane/hosts.h"
#include "dataplane/ident.h"
#include "dataplane/recent.h"
#include "dataplane/stack.h"
#include "dataplane/talk.h"
#include "dataplane/tcp.h"
#include "dataplane/wheel.h"
#include "models/match.h"

enum { STACK_MTU = 1500, STACK_SCRATCH = 2048, RELATED_NEWS = 8 };

/* One frame of a burst on its way through the passes. */
struct packet {
	_Alignas(64) struct wire w;
	struct frame *frame;		/* data is NULL once it left again */
	const struct profile *profile;	/* of dst */
	struct flow_key key;
	uint64_t hash;
	const struct flow *flow;	/* the conversation that it belongs to; NULL: not known, or none */
	bool whole;			/* put together from fragments: w points elsewhere */
	/* found out for a burst at once: stack_foresee.c */
	uint32_t clock;			/* offset of the clock of dst; TCP only */
	uint32_t maybe;			/* flow_expect(), when the table had seen so many */
	uint32_t added;
	const struct cookie_task *cookie;	/* NULL: was not foreseen */
	const struct match_ahead *ahead;	/* of its payload; NULL as above */
};

enum { BURST_CHUNK = 32 };		/* packets that go through the passes together */

/* Where what was foreseen stands until the decisions are made. */
struct foreseen {
	struct cookie_task cookie[BURST_CHUNK];
	struct match_ahead match[BURST_CHUNK];
};

/* The conversation that is being looked at, and what follows from its addresses: found out once, not for each question. */
struct scene {
	const struct flow *flow;	/* NULL: of none */
	const struct persona *persona;	/* of our end */
	uint32_t window;		/* that it has for this one, while nothing waits */
	uint32_t clock;			/* its, now; only where timestamps were agreed */
	struct speaker speaker;
};

struct stack {
	struct counters count;
	struct pins pins;
	struct stack_config c;
	struct sink sink;
	struct persona persona;		/* of addresses of which nothing is said */
	/* of this turn */
	const struct set *set;
	uint64_t now_ms;
	int64_t wall_ms;
	const struct packet *here;	/* what is being decided, NULL: nothing that came */
	struct scene scene;
	/* conversations */
	struct flow_table flows;
	struct wheel wheel;
	struct talks talks;
	struct losses losses;
	struct links links;
	struct recent recent;
	struct hosts hosts;
	struct expects expects;
	uint32_t related[RELATED_NEWS], nrelated;	/* of them, those with news since the last segment */
	uint64_t expects_ms;		/* when they were last looked through */
	/* no state per peer */
	struct cookies cookies;
	struct halfopen half;
	struct lone lone;
	uint32_t lone_ms;		/* when it was last looked through */
	struct frag_table *frags;
	struct prefixes one_to_one;	/* SYN-ACK, ICMP */
	struct prefixes udp;
	struct once unreachable;	/* one per peer and time */
	struct bucket unreachable_all, scans, unknowns, arps;
	uint64_t random;
	struct idents idents;
	uint64_t clock_key[2];		/* offsets of the hosts' clocks, flow ids */
	uint8_t scratch[STACK_SCRATCH];
};

enum flow_timer {
	TIMER_IDLE, TIMER_RESEND, TIMER_SPEAK, TIMER_PUSH, TIMER_SILENCE,
};

static inline uint32_t
now32(const struct stack *s)
{
	return (uint32_t)s->now_ms;
}

/* What own shows, NULL: it is none of ours. */
static inline const struct profile *
profile_of(const struct stack *s, const struct addr *own)
{
	const struct range *r = set_range(s->set, own);

	return r == NULL ? NULL : set_profile(r, own);
}

/* The packet being decided, if it came to that address: what it needs was found out for the burst. */
static inline const struct packet *
stack_packet_to(const struct stack *s, const struct addr *own)
{
	return s->here != NULL && addr_eq(own, &s->here->w.dst) ? s->here : NULL;
}

static inline void
drop(struct stack *s, enum drop why)
{
	COUNT(s->count.drop[why], 1);
}

/* stack.c: frames out */
/* The IP-ID of a packet outside of conversations, whose ends and DF stand in o already. */
uint16_t stack_ident(struct stack *s, const struct wire_out *o, const struct persona *persona);
/* A reply's header back to where the packet came from: addresses, ports, way, persona. */
void	stack_reply_to(struct stack *s, const struct packet *p, struct wire_out *o);
/* Room for a frame of bytes: the packet's own if it is still here (p may be NULL), else the sink's. */
bool	stack_frame(struct stack *s, struct packet *p, size_t bytes, struct frame *to);
/* The only function that sends: writes headers around the n bytes of payload in f. */
void	stack_send(struct stack *s, struct frame *f, const struct wire_out *o, size_t n);
/* Both in one, with the payload copied. */
bool	stack_answer(struct stack *s, struct packet *p, const struct wire_out *o, struct span payload);
void	stack_record(struct stack *s, const struct record *r);
uint64_t stack_random(struct stack *s);

/*
 * stack_foresee.c: passes C to E. Hashes and matches of at most BURST_CHUNK packets at once, and the memory that their
 * decisions will read is asked for. Pure functions of the packets: nothing that a decision before may change.
 */
void	stack_foresee(struct stack *s, struct foreseen *to, struct packet *const packets[], unsigned n);
/* stack.c: the packet's conversation, NULL if there is none */
struct flow *stack_flow_of(const struct stack *s, struct packet *p);

/* stack_flow.c */
/* A conversation of p's key, its slot pinned, due in idle_ms; NULL: no room, counted. */
struct flow *stack_open(struct stack *s, struct packet *p, uint8_t slot, uint32_t idle_ms);
/* Writes the record and gives everything back. */
void	stack_end(struct stack *s, struct flow *f, enum record_end how);
void	stack_due(struct stack *s, struct flow *f, enum flow_timer what, uint32_t in_ms);
void	stack_count_in(struct flow *f, const struct packet *p);
void	stack_count_out(struct flow *f, size_t ip_bytes);
/* From here on f is looked at. */
void	stack_meet(struct stack *s, const struct flow *f);
/* Who speaks in f, until another one is looked at, or f's turn changes what its answers depend on: to be asked anew. */
const struct speaker *stack_speaker(struct stack *s, const struct flow *f);
/* Header of a frame to the flow's peer. */
void	stack_flow_to(struct stack *s, const struct flow *f, struct wire_out *o);
/* A record of p alone, if the sample has room for it. */
void	stack_scan(struct stack *s, const struct packet *p);
/* The same of a SYN to an open port: how is FIN or RST, when the peer ended it so, else 0. */
void	stack_lone(struct stack *s, const struct lone_syn *l, uint8_t how);
/* What its records call it: 51 bits, the same as long as it lives. */
uint64_t stack_flow_id(const struct stack *s, const struct flow *f);
/* Counts the turn, and notes a message that nothing explains. */
void	stack_turn(struct stack *s, const struct flow *f, const struct turn *t);
uint32_t stack_host_clock(const struct stack *s, const struct addr *own, const struct persona *persona);

static inline const struct scene *
stack_scene(struct stack *s, const struct flow *f)
{
	if (s->scene.flow != f)
		stack_meet(s, f);
	return &s->scene;
}

static inline const struct persona *
stack_persona(struct stack *s, const struct flow *f)
{
	return stack_scene(s, f)->persona;
}

/* the protocols */
void	stack_arp(struct stack *s, struct packet *p);
void	stack_solicited(struct stack *s, struct packet *p);	/* IPv6's question who has an address */
void	stack_icmp(struct stack *s, struct packet *p);
void	stack_unreachable(struct stack *s, struct packet *p);
void	stack_udp(struct stack *s, struct packet *p);
void	stack_stranger(struct stack *s, struct packet *p);	/* TCP without a flow */
void	stack_refuse(struct stack *s, struct packet *p);	/* a reset, unless p is one: RFC 9293 3.10.7.1 */
/* Will the answer to a stranger's p want a cookie made or judged? Then t says which. */
bool	stack_wants_cookie(const struct stack *s, const struct packet *p, struct cookie_task *t);
void	stack_segment(struct stack *s, struct packet *p, struct flow *f);
/* The conversation begins with the segment in p. */
void	stack_begin(struct stack *s, struct packet *p, struct flow *f);
void	stack_path_mtu(struct stack *s, struct flow *f, uint32_t seq, uint16_t mtu);
/* An event for the conversation's model; what it answers goes out. False: not now, it is still speaking. */
bool	stack_tell(struct stack *s, struct flow *f, enum event_kind event, uint32_t arg);
/* Says what f has to say now, and looks again when it is due. */
void	stack_say(struct stack *s, struct flow *f);

/* stack_related.c */
/* What a turn of f wants with a connection of its own; for open, send and take. */
void	stack_related_turn(struct stack *s, struct flow *f, const struct turn *turn);
/* Is p's sender expected on p's port? */
bool	stack_related_awaits(const struct stack *s, const struct packet *p);
/* f, just opened by p, is a connection that was expected. */
void	stack_related_came(struct stack *s, const struct packet *p, struct flow *f);
void	stack_related_heard(struct stack *s, const struct flow *f, struct span data);
void	stack_related_went(struct stack *s, const struct flow *f);	/* more was acknowledged; it can still be read */
/* stack_flow_id() of the conversation that a related connection belongs to; 0: it is none, or not any more. */
uint64_t stack_related_parent(const struct stack *s, const struct flow *f);
void	stack_related_look(struct stack *s, const struct flow *f);	/* after a segment of it */
/* What an answer of f depends on: of a related connection, its conversation's. */
void	stack_related_speaker(const struct stack *s, const struct flow *f, struct session_env *env);
void	stack_related_end(struct stack *s, const struct flow *f);	/* f ends, of either kind */
void	stack_related_tell(struct stack *s);	/* models hear what happened; flows may end in it */
void	stack_related_due(struct stack *s);	/* who did not come; what could not be told */

void	stack_halfopen(struct stack *s);	/* repeats SYN-ACKs that are due */
void	stack_lone_due(struct stack *s);	/* tells of SYNs that came to nothing */
void	stack_flow_due(struct stack *s, struct flow *f);
