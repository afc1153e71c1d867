#pragma once
/*
 * crowd.h - clients by number and the frames they send, and a sensor's set for them to talk to.
 *
 * For benches and for the instruction counts: everything follows from the number, so that a crowd of ten
 * million needs no memory of its own. Addresses are spread over 10.0.0.0/8 and 198.19.0.0/16. A client looks like
 * Linux: a SYN with 20 bytes of options, timestamps on all that follows. Frames have right sums.
 *
 * The set is what docs/mynahd.example.yaml describes: one /16, persona linux, ports without a service reset, echo
 * answered. Its models are made here, so that requests have 60 bytes and answers 200: docs/benchmarks.md.
 */
#include "dataplane/wire.h"
#include "models/set.h"

enum { CROWD_FTP = 21, CROWD_WEB = 80, CROWD_DNS = 53 };	/* the server speaks first; the client; UDP */
enum { CROWD_REQUEST = 60, CROWD_ANSWER = 200, CROWD_BANNER = 77 };	/* bytes */

struct crowd {
	uint8_t mac[6], sensor_mac[6];
};

struct client {
	uint32_t number;
	uint16_t port;			/* of the sensor */
	uint32_t seq, ack;		/* next of its own, next expected */
	uint32_t ts_echo;		/* the sensor's last timestamp */
};

struct set *crowd_set(void);
/* The model on CROWD_FTP once more, for a swap: every answer differs in its first word. */
struct model *crowd_model(unsigned version);

uint32_t crowd_isn(uint32_t number);
struct addr crowd_own(uint32_t number);		/* whom it talks to */
uint16_t crowd_port(uint32_t number);		/* its own */
/* Each writes a frame and returns its length. */
size_t	crowd_syn(const struct crowd *w, uint8_t *to, const struct client *c);
size_t	crowd_segment(const struct crowd *w, uint8_t *to, const struct client *c, uint8_t flags, struct span payload);
size_t	crowd_datagram(const struct crowd *w, uint8_t *to, uint32_t number);
size_t	crowd_ping(const struct crowd *w, uint8_t *to, uint32_t number);
struct span crowd_request(uint32_t number);	/* of CROWD_REQUEST bytes, valid until the thread's next call */
/* Is it an answer to that client? Takes its numbers over into c; false: something is wrong with it. */
bool	crowd_hears(struct client *c, const struct wire *w);
