#pragma once
/*
 * storm.h - frames that nobody should send, made from a seed: wrong lengths, header lengths, offsets and
 * options, tiny and overlapping fragments, in TCP, UDP, ICMP, ARP, IPv6 and VLANs; half of them with right sums.
 * Of IPv6 most go to addresses of ours: an IPv4 address has its place there as rig_map() says.
 *
 * The same seed makes the same frames for a test over the stack and for the laboratory's sender. A
 * frame may be aimed at an open conversation: it then says something that would end or change it,
 * and has a fault for which it must be refused. Threads: one owner.
 */
#include "dataplane/wire.h"

enum { STORM_ROOM = 1514, STORM_LEAST = 14, STORM_PIECES = 8 };

/* certain: no host may take such a frame, whatever else is in it. */
#define STORM_FAULTS(X)                                                                        \
	X(STORM_BAD_SUM, "bad sum", true)                                                      \
	X(STORM_VERSION, "IP version", true)                                                   \
	X(STORM_IHL, "IP header length", true)                                                 \
	X(STORM_TOTAL_SHORT, "total length below the header", true)                            \
	X(STORM_TOTAL_LONG, "total length beyond the frame", true)                             \
	X(STORM_CUT, "frame cut", true)                                                        \
	X(STORM_SHORT_L4, "packet ends in the L4 header", true)                                \
	X(STORM_L4_LENGTH, "TCP offset or UDP length", true)                                   \
	X(STORM_TINY, "tiny first fragment", true)                                             \
	X(STORM_BEYOND, "fragment ends beyond 65535", true)                                    \
	X(STORM_FRAGMENTS, "fragments that overlap, lack, repeat", false)                      \
	X(STORM_TCP_OPTIONS, "TCP options", false)                                             \
	X(STORM_IP_OPTIONS, "IP options", false)                                               \
	X(STORM_FLAGS, "TCP flags, ICMP types", false)                                         \
	X(STORM_SOURCE, "impossible source", false)                                            \
	X(STORM_ARP, "ARP", false)                                                             \
	X(STORM_IP6, "IPv6 and its extensions", false)                                         \
	X(STORM_BYTES, "some bytes", false)                                                    \
	X(STORM_RUBBISH, "nothing but rubbish", false)
#define STORM_ENUM(name, text, certain) name,
enum storm_fault { STORM_FAULTS(STORM_ENUM) STORM_N };
#undef STORM_ENUM
const char *storm_fault_name(enum storm_fault f);

struct storm_frame {
	uint32_t len;		/* STORM_LEAST or more */
	enum storm_fault fault;
	bool certain;		/* must be refused */
	uint8_t bytes[STORM_ROOM];
};

/* A conversation to aim at, as its client stands. */
struct storm_target {
	uint32_t peer, own;	/* IPv4 */
	uint16_t peer_port, own_port;
	uint32_t seq, ack;
};

struct storm {
	uint64_t random;
	uint8_t smac[6], dmac[6];
	uint32_t prefix, link_addr;	/* 16 bits of prefix count; who is asked for by ARP */
	struct storm_frame piece[STORM_PIECES];	/* fragments to come */
	unsigned npieces;
	uint16_t ip_id;
};

void	storm_init(struct storm *s, uint64_t seed, const uint8_t smac[6], const uint8_t dmac[6],
    uint32_t prefix, uint32_t link_addr);
/* A number below n. */
uint32_t storm_pick(struct storm *s, uint32_t n);
/* The next frame from anywhere to anywhere. */
void	storm_next(struct storm *s, struct storm_frame *to);
/* A frame of the conversation with a fault for which it must be refused. */
void	storm_aim(struct storm *s, const struct storm_target *at, struct storm_frame *to);
