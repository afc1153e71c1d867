#pragma once
/*
 * say.h - what a TCP conversation has to say: how much is out, what may go now, segments. Only for stack_*.c.
 *
 * Sequence numbers: snd_una .. snd_nxt is out, up to snd_max() was out once, up to say_end() there is payload,
 * and the FIN stands behind it. tcp.c decides what acknowledgements mean.
 */
#include "dataplane/inside.h"

static inline struct talk *
say_talk(const struct stack *s, const struct flow *f)	/* NULL: payload never moved */
{
	return f->talk != 0 ? talk_at(&s->talks, f->talk) : NULL;
}

static inline struct loss *
say_loss(const struct stack *s, const struct flow *f)	/* NULL: nothing was lost */
{
	const struct talk *t = say_talk(s, f);

	return t != NULL && t->flags & TALK_LOSS ? losses_find(&s->losses, flow_id(&s->flows, f)) : NULL;
}

/* One past the last byte of payload that we have to say, FIN not counted. */
uint32_t say_end(const struct stack *s, const struct flow *f);
/* Highest sequence number sent, + 1. */
uint32_t say_max(const struct stack *s, const struct flow *f);
/* Go-back-N: from the first byte not acknowledged. */
void	say_fall_back(const struct stack *s, struct flow *f);
/* What the segment says of losses: a duplicate ACK, SACK blocks, or that one was mended. */
void	say_heard(struct stack *s, struct flow *f, const struct wire_tcp *seg, const struct tcp_step *step);
/* What the segment and the network say of congestion: RFC 3168. */
void	say_congestion(struct stack *s, struct flow *f, const struct packet *p);
/* Its time is over: slow start, from the first byte not acknowledged. */
void	say_timeout(struct stack *s, struct flow *f);
/* Is there anything that the peer must still acknowledge, or that waits to be sent? */
bool	say_owes(const struct stack *s, const struct flow *f);
/* Bytes beyond rcv_nxt that we would take. */
uint32_t say_window(struct stack *s, const struct flow *f);
/* One ACK; of: what the segment that it answers brought, NULL: nothing. */
void	say_ack(struct stack *s, struct packet *p, struct flow *f, const struct tcp_step *of);
/* We reset: what the peer sends from now on meets a closed port. */
void	say_reset(struct stack *s, struct packet *p, struct flow *f);
/* One byte into a closed window. */
void	say_probe(struct stack *s, struct flow *f);
/* Says what may be said now; ack: if that is nothing, an ACK of this must go (NULL: none). p may be NULL. */
void	say(struct stack *s, struct packet *p, struct flow *f, const struct tcp_step *ack);

static inline bool
is_closing(const struct flow *f)
{
	return f->flags & (FLOW_FIN_QUEUED | FLOW_RST_QUEUED);
}

/* It belongs to another conversation and has no turns of its own: stack_related.c. */
static inline bool
is_related(const struct stack *s, const struct flow *f)
{
	return f->talk != 0 && f->state != FLOW_UDP && talk_at(&s->talks, f->talk)->flags & TALK_RELATED;
}
