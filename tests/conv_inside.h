#pragma once
/*
 * conv_inside.h - what the parts of conv.c share: a conversation under way, the words of its line, and
 * what such a line says of a packet.
 */
#include <errno.h>

#include "dataplane/inside.h"
#include "tests/rig.h"

enum { WORDS = 64, WORD = 1024, NAMES = 16, CONNS = 16, PAYLOAD = 9000 };

/* One client port: both sides' first sequence numbers. */
struct conn {
	uint16_t port, own_port;	/* client's, sensor's */
	uint32_t isn, their_isn;
};

struct name {
	char name[32];
	uint32_t value;
	uint16_t id;
};

struct conv {
	struct rig rig;
	struct persona persona;	/* what the address shows, if the file says */
	const char *path;
	int line;
	char *why;
	size_t room;
	char word[WORDS][WORD];
	int nwords, at;
	struct conn conn[CONNS];
	int nconns;
	struct name name[NAMES];
	int nnames;
	uint32_t isn;		/* for the next new connection */
	uint32_t own, client;
	uint16_t own_port, client_port;
	uint8_t slot;
	bool started, six, four_only;
	uint16_t ip_id;		/* of the last that came out */
	uint16_t vlan[2];
	uint8_t nvlan;
	uint8_t proto;
	bool failed;
};

/* What a line says about a packet, in either direction. */
struct spec {
	struct wire_out o;
	uint8_t options[TCP_OPTIONS_MAX], mask[TCP_OPTIONS_MAX];
	int noptions;		/* -1: not said */
	uint8_t payload[PAYLOAD + WIRE_TCP_HEADER];
	size_t n;
	bool open_end, has_payload, has_seq, has_ack, has_win, has_size, has_id;
	bool has_ip_id, has_df, has_tos;
	int ip_id;		/* -1: one more than the packet before */
	char name[32];
	uint16_t port;
	/* mischief */
	bool bad_sum, bad_ip_sum, ip_options, foreign;
	int cut, pad, offset, split, ttl;
	uint8_t src_set, dst_set;
	bool reversed, gap, overlap, arp, no_sum, quoting;
	uint32_t arp_target, src, dst, mtu, quote_seq;
};

/* conv_words.c: 0 or -1 and why. The first failure of a conversation is the one that is told. */
int	conv_fail(struct conv *c, const char *fmt, ...) PRINTF(2, 3);
/* The words of a line, then one after the other: "" when there are no more. */
void	conv_split(struct conv *c, const char *s);
const char *conv_peek(const struct conv *c);
const char *conv_next(struct conv *c);
bool	conv_accept(struct conv *c, const char *word);
uint32_t conv_number(struct conv *c);
void	conv_save(struct conv *c, const char *name, uint32_t value, uint16_t id);
/* Into to, PAYLOAD bytes. *open_end: it ended in "*", which stands for anything; NULL: that is a byte like others. */
size_t	conv_string(struct conv *c, uint8_t *to, bool *open_end);
/* TCP_OPTIONS_MAX bytes each; SACK is relative to isn; ours: what the sensor is expected to announce. How many, or -1. */
int	conv_options(struct conv *c, const char *s, uint8_t *to, uint8_t *mask, uint32_t isn, bool ours);

/* conv_spec.c */
/* An address of the language, which are of IPv4, as the conversation has it: a /24 becomes a /64. */
struct addr conv_addr(const struct conv *c, uint32_t a);
struct conn *conv_conn(struct conv *c, uint16_t port);
bool	conv_is_tcp_flags(const char *s);
uint8_t	conv_tcp_flags(const char *s);
/* ours: what the sensor is expected to send. */
int	conv_read_spec(struct conv *c, struct spec *p, bool ours);

/* conv_send.c: a line's packet to the stack. */
int	conv_send(struct conv *c);

/* conv_compare.c: a frame of the stack with what a line says. */
int	conv_compare(struct conv *c, const struct spec *p, const struct rig_frame *f);
