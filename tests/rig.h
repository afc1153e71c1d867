#pragma once
/*
 * rig.h - a stack on the workbench: a set with one range, a clock that tests turn, frames and
 * records caught in arrays. No Criterion in here: conversations, fuzzers and tests share it.
 */
#include "dataplane/stack.h"

enum { RIG_OUT = 1024, RIG_RECORDS = 4096, RIG_ROOM = 2048 };

struct rig_frame {
	uint64_t at_ns;
	uint32_t len;
	uint8_t bytes[RIG_ROOM];
};

struct rig {
	struct stack *s;
	void *mem;
	size_t bytes;
	struct stack_config c;
	struct set *set;
	struct range *range;		/* 198.19.0.0/16 */
	struct model *model[8];
	unsigned nmodels;
	uint64_t now_ns, start_ns;
	int64_t start_wall_ms;
	struct rig_frame *out;		/* what the stack sent, oldest first */
	unsigned nout;
	struct record *record;
	unsigned nrecords;
	int frames;			/* taken from the sink and not put back: must be 0 */
	bool no_frames;			/* the sink is empty */
	bool no_room;			/* received frames have none to turn round in */
};

#define RIG_OWN	   0xc6130001u	/* 198.19.0.1 */
#define RIG_CLIENT 0xcb007105u	/* 203.0.113.5 */
extern const uint8_t rig_mac[6], rig_router[6];

#define RIG_LINK   0xc0000202u	/* 192.0.2.2 */
/* Sensible defaults; change them, then rig_start(). */
void	rig_init(struct rig *r);
/* From here on range is 2001:db8:c613::/48, where an IPv4 address has the place that rig_map() says. */
void	rig_six(struct rig *r);
struct addr rig_map(uint32_t a);
void	rig_start(struct rig *r);
/* The same set and configuration with a fresh stack in the same memory. */
void	rig_restart(struct rig *r);
void	rig_fini(struct rig *r);
/* Compiles tests/data/models/NAME.txt or a text and puts it on air. Returns its slot; aborts on errors. */
uint8_t	rig_model(struct rig *r, const char *name);
uint8_t	rig_model_text(struct rig *r, const char *name, const char *text);
void	rig_service(struct rig *r, uint8_t proto, uint16_t port, enum action action, uint8_t slot);
/* One received frame, copied. */
void	rig_input(struct rig *r, const uint8_t *bytes, uint32_t len);
/* Time passes, timers run when the stack asks for it; stops early when a frame comes out if told so. */
void	rig_wait(struct rig *r, uint64_t ns, bool until_output);
/* Takes the oldest frame. False: none. */
bool	rig_take(struct rig *r, struct rig_frame *to);
