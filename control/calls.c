#include "control/calls.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum { TABLE_FIRST = 1024 };
#define LATEST_NS (INT64_MAX / 2)

static uint64_t
hash_of(const struct conv *k)
{
	uint64_t h = span_hash(span_of(k->client.b, sizeof k->client.b), k->client_port);

	h = span_hash(span_of(k->server.b, sizeof k->server.b), h ^ k->server_port);
	return h ^ k->proto;
}

static bool
same(const struct conv *a, const struct conv *b)
{
	return a->proto == b->proto && a->client_port == b->client_port &&
	    a->server_port == b->server_port && addr_eq(&a->client, &b->client) &&
	    addr_eq(&a->server, &b->server);
}

struct conv *
calls_place(const struct calls *all, const struct conv *k)
{
	size_t at = hash_of(k) & (all->room - 1);

	while (all->conv[at].used && !same(&all->conv[at], k))
		at = (at + 1) & (all->room - 1);
	return &all->conv[at];
}

static int
grow(struct calls *all)
{
	struct conv *old = all->conv;
	size_t room = all->room;

	all->room = room != 0 ? 2 * room : TABLE_FIRST;
	all->conv = calloc(all->room, sizeof *all->conv);
	if (all->conv == NULL) {
		all->conv = old;
		all->room = room;
		return -ENOMEM;
	}
	for (size_t i = 0; i < room; i++) {
		if (old[i].used)
			*calls_place(all, &old[i]) = old[i];
	}
	free(old);
	return 0;
}

struct conv
calls_key(const struct wire *w, bool from_client)
{
	return from_client ?
	    (struct conv){ .client = w->src, .server = w->dst, .client_port = w->sport,
		.server_port = w->dport, .proto = w->proto } :
	    (struct conv){ .client = w->dst, .server = w->src, .client_port = w->dport,
		.server_port = w->sport, .proto = w->proto };
}

bool
calls_usable(struct wire *w, const struct trace_packet *p, struct replay_report *n)
{
	n->packets++;
	if (wire_parse(w, p->link, p->data, WIRE_ALLOW_CUT) != WIRE_OK) {
		n->skipped_damaged++;
		return false;
	}
	if (w->ethertype == ETHERTYPE_ARP4) {
		n->skipped_others++;
		return false;
	}
	if (w->ethertype == ETHERTYPE_IP6 && (addr_is_v4(&w->src) || addr_is_v4(&w->dst))) {
		n->skipped_disguised++;	/* the stack takes none; here they would pass for IPv4 */
		return false;
	}
	if (w->more_fragments || w->frag_offset > 0) {
		n->skipped_fragments++;
		return false;
	}
	if (w->proto != PROTO_TCP && w->proto != PROTO_UDP) {
		n->skipped_others++;
		return false;
	}
	return true;
}

int64_t
calls_moment(const struct trace_packet *p)
{
	return MAX(0, MIN(p->ts_ns, LATEST_NS));
}

/* A capture in which nobody calls anybody, and what is in it instead. */
static int
no_conversation(const char *path, const struct replay_report *n, struct diag *why)
{
	static const struct { size_t at; const char *what; } reasons[] = {
		{ offsetof(struct replay_report, skipped_disguised), "IPv6 with addresses of IPv4" },
		{ offsetof(struct replay_report, skipped_fragments), "fragments" },
		{ offsetof(struct replay_report, skipped_damaged), "damaged or not IP" },
		{ offsetof(struct replay_report, skipped_others), "neither TCP nor UDP" },
	};
	char most[64] = "";
	uint64_t least = n->packets / 2;

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
		uint64_t k = *(const uint64_t *)((const char *)n + reasons[i].at);

		if (k <= least)
			continue;
		least = k;
		snprintf(most, sizeof most, ", %llu of them %s", (unsigned long long)k, reasons[i].what);
	}
	return diag_set(why, -ENODATA, "%s: no conversation begins in it (%llu packets read%s).%s%s", path,
	    (unsigned long long)n->packets, most, n->warning[0] != '\0' ? " " : "", n->warning);
}

/* First reading: who is a client of whom? A SYN says so, or who sends the first datagram. */
static int
read_sides(struct calls *all, const char *path, struct diag *why)
{
	struct replay_report seen = { 0 };
	struct trace_packet p;
	struct trace *t;
	struct wire w;
	int err = trace_open(&t, path, why);

	if (err < 0)
		return err;
	while (err == 0 && trace_next(t, &p)) {
		struct conv k, *at;

		if (all->first_ns == 0)
			all->first_ns = calls_moment(&p);
		if (!calls_usable(&w, &p, &seen))
			continue;
		if (w.proto == PROTO_TCP && (w.tcp.flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
			continue;
		k = calls_key(&w, false);
		if (w.proto == PROTO_UDP && calls_place(all, &k)->used)
			continue;	/* an answer */
		k = calls_key(&w, true);
		at = calls_place(all, &k);
		if (at->used)
			continue;
		*at = k;
		at->used = true;
		if (++all->n > all->room / 2 && (err = grow(all)) < 0)
			diag_set(why, err, "%s: not enough memory for its %zu conversations.", path, all->n);
	}
	if (trace_warning(t) != NULL)
		snprintf(seen.warning, sizeof seen.warning, "%s", trace_warning(t));
	trace_close(t);
	if (err == 0 && all->n == 0)
		err = no_conversation(path, &seen, why);
	return err;
}

/* An address, and how much more often it was called than it called. */
struct host {
	struct addr addr;
	int64_t balance;
};

static int
by_addr(const void *a, const void *b)
{
	return memcmp(((const struct host *)a)->addr.b, ((const struct host *)b)->addr.b, sizeof(struct addr));
}

static bool
is_server(const struct host *h, size_t n, const struct addr *a)
{
	struct host key = { .addr = *a };
	const struct host *at = bsearch(&key, h, n, sizeof *h, by_addr);

	return at != NULL && at->balance > 0;
}

/* Who both calls and is called is what it is more often; calls the other way are left out. */
static int
part_hosts(struct calls *all)
{
	struct host *h = calloc(2 * all->n, sizeof *h);
	size_t n = 0, kept = 0;

	if (h == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < all->room; i++) {
		if (!all->conv[i].used)
			continue;
		h[n++] = (struct host){ all->conv[i].server, 1 };
		h[n++] = (struct host){ all->conv[i].client, -1 };
	}
	qsort(h, n, sizeof *h, by_addr);
	for (size_t i = 1; i < n; i++) {
		if (addr_eq(&h[kept].addr, &h[i].addr))
			h[kept].balance += h[i].balance;
		else
			h[++kept] = h[i];
	}
	for (size_t i = 0; i < all->room; i++) {
		struct conv *c = &all->conv[i];

		c->backwards = c->used && (!is_server(h, kept + 1, &c->server) ||
		    is_server(h, kept + 1, &c->client));
	}
	free(h);
	return 0;
}

int
calls_read(struct calls *all, const char *path, struct diag *why)
{
	int err;

	*all = (struct calls){ 0 };
	err = grow(all);
	if (err == 0 && (err = read_sides(all, path, why)) < 0)
		goto free_conv;
	if (err == 0)
		err = part_hosts(all);
	if (err == 0)
		return 0;
	diag_set(why, err, "%s: not enough memory for its conversations.", path);
free_conv:
	calls_fini(all);
	return err;
}

void
calls_fini(struct calls *all)
{
	free(all->conv);
	*all = (struct calls){ 0 };
}
