#pragma once
/*
 * wire.h - headers: parse them, build them, sum them. Network byte order ends here.
 *
 * wire_parse() reads one frame from Ethernet (0 to 2 VLAN tags), Linux cooked v1/v2,
 * BSD loopback or raw IP and leaves host-order fields and spans into the frame. It checks
 * every length against the bytes that are there and trusts nothing else. It neither
 * allocates nor keeps state; any thread may call it. learning/ uses the same parser as the
 * stack. RFC 791, 792, 768, 9293, 7323, 2018, 8200, 4443, 826; IEEE 802.1Q. Addresses are of either width.
 */
#include "models/addr.h"
#include "models/bytes.h"

enum { WIRE_ETHER_HEADER = 14, WIRE_IPV4_HEADER = 20, WIRE_IPV6_HEADER = 40, WIRE_UDP_HEADER = 8,
	WIRE_TCP_HEADER = 20, WIRE_ICMP_HEADER = 8, WIRE_ARP_PACKET = 28 };
enum { ETHERTYPE_IP4 = 0x0800, ETHERTYPE_ARP4 = 0x0806, ETHERTYPE_VLAN1 = 0x8100,
	ETHERTYPE_QINQ = 0x88a8, ETHERTYPE_QINQ_OLD = 0x9100, ETHERTYPE_IP6 = 0x86dd };
enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ICMP6 = 58 };
enum { ICMP6_TOO_BIG = 2, ICMP6_ECHO = 128, ICMP6_ECHO_REPLY = 129, ICMP6_SOLICIT = 135, ICMP6_ADVERT = 136 };
enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32,
	TCP_ECE = 64, TCP_CWR = 128 };
enum { ECN_ECT0 = 2, ECN_CE = 3 };	/* of tos: RFC 3168 5 */

/* Link layers, named as in <pcap/dlt.h> but without needing it. */
enum wire_link { WIRE_ETHER, WIRE_RAW_IP, WIRE_SLL, WIRE_SLL2, WIRE_NULL };

/* Why a frame is not what it says. Every value has a name (wire_fault_name) and a counter. */
enum wire_fault {
	WIRE_OK,
	WIRE_SHORT_LINK,	/* the frame ends inside the link header */
	WIRE_NOT_IP,		/* neither IPv4, IPv6 nor ARP: not for us */
	WIRE_SHORT_IP,		/* ends inside the IP header, or total length below the header's */
	WIRE_BAD_VERSION,	/* IP version nibble disagrees with the link layer */
	WIRE_BAD_IHL,		/* header length below 20 or beyond the packet */
	WIRE_CUT,		/* total length larger than the frame */
	WIRE_BAD_IP_SUM,
	WIRE_SHORT_L4,		/* ends inside the TCP, UDP or ICMP header */
	WIRE_BAD_OFFSET,	/* TCP data offset below 5 or beyond the segment */
	WIRE_BAD_UDP_LENGTH,
	WIRE_BAD_L4_SUM,
	WIRE_BAD_ARP,
	WIRE_BAD_EXTENSION,	/* more than 8 IPv6 extension headers */
	WIRE_FAULTS
};

enum { WIRE_CHECK_SUMS = 1,	/* verify IP, TCP, UDP, ICMP sums; without it they are trusted */
	WIRE_ALLOW_CUT = 2 };	/* captures: the snap length may have cut the payload; total length
				 * 0 means a segment not yet cut up by the card: all the frame has */

struct wire_tcp {
	uint32_t seq, ack;
	uint16_t win;		/* as on the wire, unscaled */
	uint16_t urgent;
	uint8_t flags;
	uint8_t header;		/* bytes, with options */
	/* options; has_* say whether they were there and well formed */
	bool has_mss, has_wscale, has_sack_ok, has_ts;
	uint16_t mss;
	uint8_t wscale;		/* as offered, may exceed 14 */
	uint8_t nsack;		/* blocks, at most 4 */
	uint32_t ts_val, ts_ecr;
	struct { uint32_t from, to; } sack[4];
	struct span options;	/* raw, for the record */
};

struct wire {
	struct addr src, dst;	/* of IP; here where none lies across two cache lines */
	enum wire_link link;
	uint8_t smac[6], dmac[6];
	uint16_t vlan[2];	/* outermost first, TCI without priority bits */
	uint16_t tpid[2];	/* the ethertypes that announced them */
	uint8_t nvlan;
	uint16_t ethertype;
	/* IP */
	uint8_t proto, ttl, tos;
	uint16_t ihl;		/* bytes; for IPv6 the header with its extensions */
	uint16_t ip_id;
	uint32_t cut;		/* bytes of the packet that the frame lacks, only with WIRE_ALLOW_CUT */
	bool df, more_fragments;
	uint16_t frag_offset;	/* bytes; a fragment when this or more_fragments is non-zero: no L4 parsed */
	struct span ip;		/* the packet from its IP header, trimmed to its total length */
	struct span l4;		/* from the L4 header on */
	/* L4 */
	uint16_t sport, dport;	/* TCP, UDP */
	struct wire_tcp tcp;
	uint8_t icmp_type, icmp_code;
	uint16_t icmp_id, icmp_seq;
	struct span payload;	/* after the L4 header; ICMP: after its 8 bytes */
	/* ARP for IPv4 over Ethernet */
	uint16_t arp_op;
	uint8_t arp_sha[6];
	uint32_t arp_spa, arp_tpa;
};

/* Fills w and returns WIRE_OK or the first fault; fields parsed before it are valid. */
enum wire_fault wire_parse(struct wire *w, enum wire_link link, struct span frame, unsigned flags);
const char *wire_fault_name(enum wire_fault f);	/* "bad-ip-sum": names counters and reports */

/*
 * RFC 1071 sum of bytes, not folded: hand the result of one piece to the next (all but the
 * last of even length), then fold. Between the two it is a number in no useful byte order.
 */
uint64_t wire_sum(struct span s, uint64_t sum);
uint16_t wire_sum_fold(uint64_t sum);	/* host order, complemented */

static inline size_t
wire_ip_header(const struct addr *a)	/* bytes, without options or extensions */
{
	return addr_is_v4(a) ? WIRE_IPV4_HEADER : WIRE_IPV6_HEADER;
}

/* What a reply frame says. Addresses and ports are ours -> theirs. */
struct wire_out {
	struct addr src, dst;
	uint8_t smac[6], dmac[6];
	uint16_t vlan[2];
	uint16_t tpid[2];		/* 0: 802.1Q, and 802.1ad for the outer of two */
	uint8_t nvlan;
	uint8_t proto, ttl, tos;
	uint16_t ip_id;
	bool df;
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint8_t tcp_flags;
	uint16_t win;
	const uint8_t *options;		/* TCP options, padded to 4 bytes, at most 40 */
	uint8_t noptions;
	uint8_t icmp_type, icmp_code;
	uint32_t icmp_rest;		/* the four bytes after the ICMP checksum, as a number */
};

/* Bytes of all headers of such a frame: where its payload begins. Other protocols than TCP,
 * UDP and ICMP have none behind IP. */
size_t	wire_header_bytes(const struct wire_out *o);
/*
 * Writes the headers into frame, whose payload of n bytes already stands behind them at
 * wire_header_bytes(o), and all sums. Returns the frame's length (not padded to Ethernet's
 * 60), 0 if room is too small or the packet would pass 65,535 bytes.
 */
size_t	wire_build(const struct wire_out *o, uint8_t *frame, size_t room, size_t n);
/* An ARP reply: is_at says addr to the frame's sender. Returns the frame's length. */
size_t	wire_build_arp(const struct wire *request, const uint8_t is_at[6], uint8_t *frame, size_t room);
