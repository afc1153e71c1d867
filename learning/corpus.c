#include "learning/corpus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "learning/gather.h"

enum { PROGRESS_PACKETS = 4096, PORTS = 65536, LISTED = 5, RIVAL = 4 };

struct service {
	uint32_t conversations;
	uint16_t port;
	uint8_t proto;
};

static const char *
proto_name(uint8_t proto)
{
	return proto == PROTO_TCP ? "tcp" : "udp";
}

static void
close_trace(void *arg)
{
	struct trace **t = arg;

	trace_close(*t);
	*t = NULL;
}

static void
tell(const struct corpus_options *o, const char *stage, double fraction)
{
	if (o->progress != NULL)
		o->progress(o->ctx, stage, fraction);
}

static int
read_source(struct gather *g, struct corpus_source *source, double done, double share, struct diag *why)
{
	struct trace **t = pool_alloc(g->pool, sizeof *t);	/* a job that ends early closes it too */
	struct trace_packet packet;
	int err;

	pool_defer(g->pool, close_trace, t);
	tell(g->options, "read", done);
	err = trace_open(t, source->name, why);
	if (err < 0)
		return err;
	while (trace_next(*t, &packet)) {
		gather_packet(g, &packet);
		if (++source->packets % PROGRESS_PACKETS == 0)
			tell(g->options, "read", done + share * trace_fraction(*t));
	}
	if (trace_warning(*t) != NULL)
		source->warning = pool_copy(g->pool, trace_warning(*t), strlen(trace_warning(*t)) + 1);
	gather_end_source(g);
	close_trace(t);
	tell(g->options, "read", done + share);
	return 0;
}

static int
by_conversations(const void *pa, const void *pb)
{
	const struct service *a = pa, *b = pb;

	if (a->conversations != b->conversations)
		return a->conversations < b->conversations ? 1 : -1;
	return a->proto != b->proto ? (int)a->proto - b->proto : (int)a->port - b->port;
}

/* "tcp/21 (1199), udp/53 (12)": those with at least the given number. */
static void
list_services(char *to, size_t room, const struct service *s, size_t n, uint32_t least)
{
	size_t at = 0;

	to[0] = '\0';
	for (size_t i = 0; i < n && i < LISTED && s[i].conversations >= MAX(least, 1u); i++)
		at += (size_t)snprintf(to + at, room - at, "%s%s/%u (%u)", i > 0 ? ", " : "",
		    proto_name(s[i].proto), s[i].port, s[i].conversations);
}

/* The ports that were counted at all, the busiest first; two empty entries follow. */
static struct service *
busiest(struct pool *p, const uint32_t *tcp, const uint32_t *udp, size_t *n)
{
	const uint32_t *counts[] = { tcp, udp };
	struct service *s;

	*n = 0;
	for (unsigned i = 0; i < 2 * PORTS; i++)
		*n += counts[i / PORTS][i % PORTS] > 0;
	s = pool_array(p, *n + 2, sizeof *s);
	*n = 0;
	for (unsigned i = 0; i < 2 * PORTS; i++) {
		uint32_t count = counts[i / PORTS][i % PORTS];

		if (count > 0)
			s[(*n)++] = (struct service){ count, (uint16_t)i, i < PORTS ? PROTO_TCP : PROTO_UDP };
	}
	qsort(s, *n, sizeof *s, by_conversations);
	return s;
}

static const char *
what_was_read(const struct corpus *c, char *to, size_t room)
{
	if (c->nsources == 1)
		return c->sources[0].name;
	snprintf(to, room, "the %u captures from %s on", c->nsources, c->sources[0].name);
	return to;
}

/* What may be the reason that nothing was found, behind a blank: at most one, the weightiest. */
static const char *
likely_reason(const struct corpus *c, char *to, size_t room)
{
	const struct corpus_report *r = &c->report;

	for (uint32_t i = 0; i < c->nsources; i++) {
		if (c->sources[i].warning != NULL)
			return snprintf(to, room, " %s", c->sources[i].warning), to;
	}
	to[0] = '\0';
	if (r->packets == 0)
		snprintf(to, room, " It holds no packets.");
	else if (r->cut_packets * 4 > r->packets)
		snprintf(to, room, " %llu packets were recorded without all their bytes; record whole ones "
		    "(tcpdump -s 0).", (unsigned long long)r->cut_packets);
	else if (r->fault[WIRE_OK] * 2 < r->packets)
		snprintf(to, room, " %llu of its %llu frames are not IP or damaged.",
		    (unsigned long long)(r->packets - r->fault[WIRE_OK]), (unsigned long long)r->packets);
	else if (r->fault[WIRE_OK] > r->other_protocol)
		snprintf(to, room, " See that both directions were captured.");
	return to;
}

/*
 * The service with by far the most conversations in which the server said something: a
 * rival with a fourth as many makes us ask. Attempts nobody answered do not count, so a
 * scan beside a service is no rival.
 */
static int
work_out_service(struct corpus *c, struct pool *p, const struct gather *g, struct diag *why)
{
	uint32_t *answered = pool_array(p, 2 * PORTS, sizeof *answered);
	char list[256], name[256], reason[256];
	struct service *s;
	size_t n;

	for (const struct talk *t = g->first; t != NULL; t = t->next)
		answered[(t->proto == PROTO_TCP ? 0 : PORTS) + t->port[SIDE_SERVER]] += talk_is_answered(t);
	for (unsigned row = 0; row < LEFT_OUT_ROWS; row++)
		for (const struct left_out *l = g->left_out[row]; l != NULL; l = l->next)
			answered[(l->proto == PROTO_TCP ? 0 : PORTS) + l->port] += (uint32_t)l->answered;
	s = busiest(p, answered, answered + PORTS, &n);
	if (s[0].conversations == 0)
		return diag_set(why, -ENOENT, "%s: no conversation in which a server answers "
		    "(%llu packets read).%s", what_was_read(c, name, sizeof name),
		    (unsigned long long)c->report.packets, likely_reason(c, reason, sizeof reason));
	if (s[1].conversations > 0 && (uint64_t)s[1].conversations * RIVAL >= s[0].conversations) {
		list_services(list, sizeof list, s, n, s[0].conversations / RIVAL);
		return diag_set(why, -EINVAL, "%s: several services talk here, by conversations %s; "
		    "say which one with --port.", what_was_read(c, name, sizeof name), list);
	}
	c->proto = s[0].proto;
	c->port = s[0].port;
	return 0;
}

static int
no_such_service(const struct corpus *c, struct pool *p, const struct gather *g, struct diag *why)
{
	char list[256], name[256], reason[256];
	size_t n;
	struct service *s = busiest(p, g->others[0], g->others[1], &n);

	list_services(list, sizeof list, s, n, 1);
	return diag_set(why, -ENOENT, "%s: no conversation on %s/%u (%llu packets read%s%s).%s",
	    what_was_read(c, name, sizeof name), c->proto == 0 ? "port" : proto_name(c->proto), c->port,
	    (unsigned long long)c->report.packets, list[0] ? "; most go to " : "", list,
	    likely_reason(c, reason, sizeof reason));
}

static int
by_addr(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct addr));
}

/* Addresses that serve the port, known for sure, in order. */
static struct addr *
sure_servers(const struct corpus *c, struct pool *p, const struct gather *g, size_t *n)
{
	struct addr *a;
	size_t room = 0;

	for (const struct talk *t = g->first; t != NULL; t = t->next)
		room++;
	a = pool_array(p, room, sizeof *a);
	*n = 0;
	for (const struct talk *t = g->first; t != NULL; t = t->next) {
		if (t->port[SIDE_SERVER] == c->port && t->port[SIDE_CLIENT] != c->port && talk_is_answered(t))
			a[(*n)++] = t->addr[SIDE_SERVER];
	}
	qsort(a, *n, sizeof *a, by_addr);
	return a;
}

/*
 * Guesses made packet by packet, made good now that all is known: who sits on the service's
 * port, and when both do, who serves it to others.
 */
static void
correct_guesses(const struct corpus *c, struct pool *p, const struct gather *g)
{
	size_t n;
	const struct addr *servers;

	for (struct talk *t = g->first; t != NULL; t = t->next) {
		if (t->guessed && t->proto == c->proto && t->port[SIDE_SERVER] != c->port &&
		    t->port[SIDE_CLIENT] == c->port)
			talk_flip(t);
	}
	servers = sure_servers(c, p, g, &n);
	for (struct talk *t = g->first; t != NULL && n > 0; t = t->next) {
		if (t->guessed && t->proto == c->proto && t->port[SIDE_SERVER] == t->port[SIDE_CLIENT] &&
		    bsearch(&t->addr[SIDE_CLIENT], servers, n, sizeof *servers, by_addr) != NULL &&
		    bsearch(&t->addr[SIDE_SERVER], servers, n, sizeof *servers, by_addr) == NULL)
			talk_flip(t);
	}
}

/* Does the talk become a conversation? If not, says why in the report. */
static bool
is_used(struct corpus *c, const struct talk *t)
{
	if (t->proto == c->proto && t->port[SIDE_SERVER] == c->port)
		return talk_count(t, &c->report);
	c->report.other_service += t->packets;
	return false;
}

/* Talks that were left out are counted like the others. */
static void
count_left_out(struct corpus *c, const struct left_out *l)
{
	struct corpus_report *r = &c->report;

	if (l->proto != c->proto || l->port != c->port) {
		r->other_service += l->packets;
		return;
	}
	r->left_out += l->conversations;
	r->left_out_messages += l->messages;
	r->unanswered += l->report.unanswered;
	r->silent += l->report.silent;
	r->gaps += l->report.gaps;
	r->no_handshake += l->report.no_handshake;
	c->sources[l->source].conversations += (uint32_t)l->conversations;
}

static void
take_talk(struct corpus *c, const struct talk *t)
{
	c->conversations[c->nconversations++] = (struct conversation){
		.client = t->addr[SIDE_CLIENT], .server = t->addr[SIDE_SERVER],
		.client_port = t->port[SIDE_CLIENT], .server_port = t->port[SIDE_SERVER],
		.first = c->nmessages, .n = t->n, .source = t->source, .proto = t->proto,
		.end = t->end, .whole = talk_is_whole(t), .moved = t->moved,
		.start_ns = t->start_ns, .end_ns = t->end_ns,
	};
	if (t->n > 0)
		memcpy(c->messages + c->nmessages, t->messages, t->n * sizeof *t->messages);
	c->nmessages += t->n;
	c->sources[t->source].conversations++;
}

static void
count_servers(struct corpus *c, struct pool *p)
{
	struct addr *a = pool_array(p, c->nconversations, sizeof *a);
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->nconversations; i++)
		a[i] = c->conversations[i].server;
	qsort(a, c->nconversations, sizeof *a, by_addr);
	for (uint32_t i = 0; i < c->nconversations; i++)
		n += i == 0 || !addr_eq(&a[i], &a[i - 1]);
	c->servers = pool_array(p, n, sizeof *c->servers);
	for (uint32_t i = 0; i < c->nconversations; i++) {
		if (i == 0 || !addr_eq(&a[i], &a[i - 1]))
			c->servers[c->nservers++].addr = a[i];
		c->servers[c->nservers - 1].conversations++;
	}
}

/* All that one side said, as one. */
static struct span
said_by(struct pool *p, const struct talk *t, enum side side)
{
	struct span s = { 0 };
	uint8_t *to;
	size_t n = 0;

	for (uint32_t i = 0; i < t->n; i++)
		n += t->messages[i].side == side ? t->messages[i].bytes.n : 0;
	to = pool_alloc(p, n + 1);
	for (uint32_t i = 0; i < t->n; i++)
		if (t->messages[i].side == side) {
			memcpy(to + s.n, t->messages[i].bytes.p, t->messages[i].bytes.n);
			s.n += t->messages[i].bytes.n;
		}
	s.p = to;
	return s;
}

static void
take_related(struct corpus *c, struct pool *p, const struct talk *t)
{
	c->related = pool_grow(p, c->related, c->nrelated, c->nrelated + 1u, sizeof *c->related);
	c->related[c->nrelated++] = (struct related_talk){ .client = t->addr[SIDE_CLIENT],
		.server = t->addr[SIDE_SERVER], .server_port = t->port[SIDE_SERVER], .whole = talk_is_whole(t),
		.start_ns = t->start_ns, .data_ns = t->n > 0 ? t->messages[0].first_ns : t->end_ns, .end_ns = t->end_ns,
		.said = { [SIDE_CLIENT] = said_by(p, t, SIDE_CLIENT), [SIDE_SERVER] = said_by(p, t, SIDE_SERVER) } };
}

static int
fill(struct corpus *c, struct pool *p, const struct gather *g, struct diag *why)
{
	size_t talks = 0, messages = 0;

	for (const struct talk *t = g->first; t != NULL; t = t->next) {
		talks++;
		messages += t->n;
	}
	if (talks > UINT32_MAX || messages > UINT32_MAX)
		return diag_set(why, -E2BIG, "%s: more than 2^32 messages; give fewer captures.",
		    c->sources[0].name);
	c->conversations = pool_array(p, talks, sizeof *c->conversations);
	c->messages = pool_array(p, messages, sizeof *c->messages);
	for (const struct talk *t = g->first; t != NULL; t = t->next) {
		if (t->related && t->port[SIDE_SERVER] != c->port && talk_is_whole(t))
			take_related(c, p, t);
		else if (is_used(c, t))
			take_talk(c, t);
	}
	for (unsigned row = 0; row < LEFT_OUT_ROWS; row++)
		for (const struct left_out *l = g->left_out[row]; l != NULL; l = l->next)
			count_left_out(c, l);
	if (c->nconversations == 0)
		return no_such_service(c, p, g, why);
	count_servers(c, p);
	return 0;
}

/* A port without a protocol: the one that has conversations on it, TCP if both do. */
static void
work_out_protocol(struct corpus *c, const struct gather *g)
{
	for (const struct talk *t = g->first; t != NULL; t = t->next) {
		if (c->proto != PROTO_TCP && t->n > 0)
			c->proto = t->proto;
	}
}

int
corpus_load(struct corpus **out, struct pool *p, const struct corpus_options *o,
    const char *const *paths, size_t npaths, struct diag *why)
{
	struct corpus *c = pool_alloc(p, sizeof *c);
	struct gather g;
	int err;

	if (npaths == 0)
		return diag_set(why, -EINVAL, "No capture was given.");
	c->sources = pool_array(p, npaths, sizeof *c->sources);
	c->nsources = (uint32_t)npaths;
	c->proto = o->proto;
	c->port = o->port;
	gather_init(&g, p, o, &c->report);
	for (size_t i = 0; i < npaths; i++) {
		c->sources[i].name = pool_copy(p, paths[i], strlen(paths[i]) + 1);
		err = read_source(&g, &c->sources[i], (double)i / (double)npaths, 1.0 / (double)npaths, why);
		if (err < 0)
			return err;
	}
	if (c->port == 0) {
		err = work_out_service(c, p, &g, why);
		if (err < 0)
			return err;
	} else if (c->proto == 0) {
		work_out_protocol(c, &g);
	}
	correct_guesses(c, p, &g);
	err = fill(c, p, &g, why);
	if (err < 0)
		return err;
	*out = c;
	return 0;
}

struct draw {
	uint64_t hash;
	uint32_t i;
};

static int
by_hash(const void *pa, const void *pb)
{
	const struct draw *a = pa, *b = pb;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return a->i < b->i ? -1 : a->i > b->i;
}

bool *
corpus_split(struct pool *p, const struct corpus *c, unsigned percent, uint64_t seed)
{
	bool *held = pool_array(p, c->nconversations, sizeof *held);
	struct draw *d = pool_array(p, c->nconversations, sizeof *d);
	uint64_t n = ((uint64_t)c->nconversations * MIN(percent, 100u) + 50) / 100;

	if (n == 0 && percent > 0 && c->nconversations >= 2)
		n = 1;
	for (uint32_t i = 0; i < c->nconversations; i++)
		d[i] = (struct draw){ span_hash(span_of(&i, sizeof i), seed), i };
	qsort(d, c->nconversations, sizeof *d, by_hash);
	for (uint64_t k = 0; k < n; k++)
		held[d[k].i] = true;
	return held;
}

/* Fixed for ever: another number here, and models would have learned what they are judged by. */
static uint64_t
who_and_when(const struct corpus *c, const struct conversation *v)
{
	uint8_t key[2 * sizeof(struct addr) + 2 * sizeof(uint16_t) + sizeof(uint64_t) + 1], *at = key;

	memcpy(at, &v->client, sizeof v->client);
	at += sizeof v->client;
	memcpy(at, &v->server, sizeof v->server);
	at += sizeof v->server;
	store_be16(at, v->client_port);
	store_be16(at + 2, v->server_port);
	store_be32(at + 4, (uint32_t)((uint64_t)v->start_ns >> 32));
	store_be32(at + 8, (uint32_t)v->start_ns);
	at[12] = v->proto;
	static_assert(sizeof key == 2 * sizeof(struct addr) + 13, "no byte is left over");
	return span_hash(span_of(key, sizeof key),
	    v->n > 0 ? span_hash(c->messages[v->first].bytes, 0) : 0);
}

bool *
corpus_held_out(struct pool *p, const struct corpus *c, unsigned percent)
{
	bool *held = pool_array(p, c->nconversations, sizeof *held);

	for (uint32_t i = 0; i < c->nconversations; i++)
		held[i] = hash_stir(who_and_when(c, &c->conversations[i])) % 100 < percent;
	return held;
}

uint64_t
corpus_lot(const struct corpus *c, uint32_t conversation)
{
	return hash_stir(~hash_stir(who_and_when(c, &c->conversations[conversation])));
}

struct corpus *
corpus_part(struct pool *p, const struct corpus *c, const bool *use)
{
	struct corpus *part = pool_copy(p, c, sizeof *c);

	part->conversations = pool_array(p, (size_t)c->nconversations + 1, sizeof *part->conversations);
	part->nconversations = 0;
	for (uint32_t i = 0; i < c->nconversations; i++)
		if (use == NULL || use[i])
			part->conversations[part->nconversations++] = c->conversations[i];
	return part;
}
