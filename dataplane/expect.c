#include "dataplane/expect.h"

size_t
expects_bytes(uint32_t n)
{
	return (size_t)n * sizeof(struct expected);
}

void
expects_init(struct expects *x, void *mem, uint32_t n, uint64_t secret)
{
	assert((n & (n - 1)) == 0 && n >= EXPECT_WAYS);
	*x = (struct expects){ .e = mem, .n = n, .secret = secret };
}

static struct expected *
bucket_of(const struct expects *x, const struct addr *own, const struct addr *peer)
{
	uint64_t h = span_hash(span_of(peer->b, sizeof peer->b), span_hash(span_of(own->b, sizeof own->b), x->secret));

	return &x->e[(h >> 16) & (x->n - 1) & ~(uint64_t)(EXPECT_WAYS - 1)];
}

/* Where a pair's places may be; NULL: nobody expects anything, and most packets go no further. */
static struct expected *
in_use(const struct expects *x, const struct addr *own, const struct addr *peer)
{
	return x->used == 0 ? NULL : bucket_of(x, own, peer);
}

static bool
is_of(const struct expected *e, const struct addr *own, const struct addr *peer)
{
	return e->control != 0 && addr_eq(&e->peer, peer) && addr_eq(&e->own, own);
}

/* Nobody came, and nobody waits for that to be told. */
static bool
is_stale(const struct expected *e, uint32_t now_ms)
{
	return !(e->flags & (EXPECT_CAME | EXPECT_ASKED)) && (int32_t)(now_ms - e->due_ms) >= 0;
}

struct expected *
expects_add(struct expects *x, const struct addr *own, const struct addr *peer, uint32_t control, uint32_t now_ms)
{
	struct expected *set = bucket_of(x, own, peer);

	assert(control != 0);
	for (int i = 0; i < EXPECT_WAYS; i++) {
		if (set[i].control != 0 && is_stale(&set[i], now_ms))
			expects_free(x, &set[i]);
		if (set[i].control != 0)
			continue;
		set[i] = (struct expected){ .own = *own, .peer = *peer, .control = control,
			.due_ms = now_ms + EXPECT_WAIT_MS };
		COUNT(x->used, 1);
		return &set[i];
	}
	return NULL;
}

struct expected *
expects_at(const struct expects *x, const struct addr *own, const struct addr *peer, uint16_t port, uint32_t now_ms)
{
	struct expected *set = port < RELATED_FIRST || port > RELATED_LAST ? NULL : in_use(x, own, peer);

	for (int i = 0; set != NULL && i < EXPECT_WAYS; i++)
		if (set[i].port == port && is_of(&set[i], own, peer) && !(set[i].flags & EXPECT_CAME) &&
		    (int32_t)(now_ms - set[i].due_ms) < 0)
			return &set[i];
	return NULL;
}

/* A pair's place of a conversation, for a flow that came (0: any), and with none of these flags. */
static struct expected *
place_of(const struct expects *x, const struct addr *own, const struct addr *peer, uint32_t control, uint32_t data,
    uint8_t without)
{
	struct expected *set = in_use(x, own, peer);

	for (int i = 0; set != NULL && i < EXPECT_WAYS; i++)
		if (is_of(&set[i], own, peer) && (control == 0 || set[i].control == control) &&
		    (data == 0 || set[i].data == data) && !(set[i].flags & without))
			return &set[i];
	return NULL;
}

struct expected *
expects_of(const struct expects *x, const struct addr *own, const struct addr *peer, uint32_t control)
{
	return place_of(x, own, peer, control, 0, EXPECT_DONE);
}

struct expected *
expects_with(const struct expects *x, const struct addr *own, const struct addr *peer, uint32_t data)
{
	return place_of(x, own, peer, 0, data, 0);
}

struct expected *
expects_any(const struct expects *x, const struct addr *own, const struct addr *peer, uint32_t control)
{
	return place_of(x, own, peer, control, 0, 0);
}

void
expects_free(struct expects *x, struct expected *e)
{
	assert(e->control != 0);
	e->control = e->data = 0;
	COUNT(x->used, -1);
}

struct expected *
expects_next(struct expects *x)
{
	struct expected *e = &x->e[x->next++ & (x->n - 1)];

	return e->control != 0 ? e : NULL;
}
