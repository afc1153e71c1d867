#include "tests/conv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/conv_inside.h"
#include "tests/machines.h"

enum { SLACK_MS = 20 };

static int
do_expect(struct conv *c, uint64_t after_ns, uint64_t from_ns)
{
	static struct spec p;
	static struct rig_frame f;
	uint64_t slack = after_ns / 10 + SLACK_MS * 1000000ull, late;

	if (conv_read_spec(c, &p, true) < 0)
		return -1;
	if (after_ns > 0 && c->rig.nout == 0)
		rig_wait(&c->rig, after_ns + slack, true);
	if (!rig_take(&c->rig, &f))
		return conv_fail(c, "nothing was sent");
	late = f.at_ns - from_ns;
	if (late + slack < after_ns || late > after_ns + slack)
		return conv_fail(c, "sent after %llu ms, expected %llu", (unsigned long long)(late / 1000000),
		    (unsigned long long)(after_ns / 1000000));
	stack_check(c->rig.s);
	return conv_compare(c, &p, &f);
}

static uint64_t
duration(struct conv *c, const char *s)
{
	char *end;
	double v = strtod(s + 1, &end);

	if (*s != '+')
		conv_fail(c, "a line begins with +time, set or end, not %s", s);
	if (strcmp(end, "ms") == 0)
		return (uint64_t)(v * 1e6);
	if (strcmp(end, "s") == 0)
		return (uint64_t)(v * 1e9);
	if (strcmp(end, "m") == 0)
		return (uint64_t)(v * 60e9);
	return (uint64_t)v;
}

static int
set_persona(struct conv *c, const char *name)
{
	static const struct persona *const known[] = { &persona_linux, &machine_windows,
		&machine_plain, &machine_wide };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i]->name, name) == 0) {
			c->persona = *known[i];
			persona_make(&c->persona);
			c->rig.range->profile[0]->persona = &c->persona;
			return 0;
		}
	return conv_fail(c, "no persona is called %s", name);
}

static int
do_set(struct conv *c)
{
	while (c->at < c->nwords && !c->failed) {
		const char *w = conv_next(c);

		if (strcmp(w, "persona") == 0) {
			if (set_persona(c, conv_next(c)) < 0)
				return -1;
		} else if (strcmp(w, "model") == 0) {
			c->slot = rig_model(&c->rig, conv_next(c));
		} else if (strcmp(w, "clock") == 0) {
			c->rig.start_ns += conv_number(c) * 1000000000ull;
		} else if (strcmp(w, "action") == 0) {
			const char *a = conv_next(c);
			static const char *const names[] = { "silent", "drop", "reset", "handshake", "answer" };
			unsigned i = 0;

			while (i < ARRAY_LEN(names) && strcmp(names[i], a) != 0)
				i++;
			if (i == ARRAY_LEN(names))
				return conv_fail(c, "no such action");
			rig_service(&c->rig, c->proto, c->own_port, i, 0);
			c->slot = 0;
			c->proto = 0;		/* said by hand */
		} else if (strcmp(w, "others") == 0) {
			bool silent = strcmp(conv_next(c), "silent") == 0;

			c->rig.range->profile[0]->other_tcp.action = silent ? ACTION_SILENT : ACTION_RESET;
		} else if (strcmp(w, "own-port") == 0) {
			c->own_port = (uint16_t)conv_number(c);
		} else if (strcmp(w, "udp") == 0) {
			c->proto = PROTO_UDP;
		} else if (strcmp(w, "isn") == 0) {
			c->isn = conv_number(c);
		} else if (strcmp(w, "ratio") == 0) {
			c->rig.c.udp_ratio = conv_number(c);
		} else if (strcmp(w, "lifetime") == 0) {
			c->rig.c.lifetime_ms = conv_number(c) * 1000;
		} else if (strcmp(w, "idle") == 0) {
			c->rig.c.idle_tcp_ms = conv_number(c) * 1000;
		} else if (strcmp(w, "flows") == 0) {
			c->rig.c.flows = conv_number(c);
			c->rig.c.flows_six = c->six ? c->rig.c.flows : 0;
		} else if (strcmp(w, "syn-acks") == 0) {
			c->rig.c.syn_ack_per_prefix = conv_number(c);
		} else if (strcmp(w, "on-link") == 0) {
			c->rig.range->on_link = true;
		} else if (strcmp(w, "no-ping") == 0) {
			c->rig.range->profile[0]->ping = false;
		} else if (strcmp(w, "four") == 0) {
			c->four_only = true;
		} else if (strcmp(w, "no-room") == 0) {
			c->rig.no_room = true;
		} else if (strcmp(w, "vlan") == 0) {
			if (c->nvlan < 2)
				c->vlan[c->nvlan++] = (uint16_t)conv_number(c);
		} else {
			return conv_fail(c, "no setting is called %s", w);
		}
	}
	return c->failed ? -1 : 0;
}

static void
start(struct conv *c)
{
	if (c->started)
		return;
	c->started = true;
	if (c->slot != 0)
		rig_service(&c->rig, c->proto == 0 ? PROTO_TCP : c->proto, c->own_port, ACTION_ANSWER,
		    c->slot);
	rig_start(&c->rig);
}

static int
check_records(struct conv *c, const char *wanted)
{
	static const char *const ends[RECORD_ENDS] = { "closed", "peer-reset", "our-reset", "idle",
		"lifetime", "evicted", "given-up", "shutdown" };
	char got[256] = "";

	for (unsigned i = 0; i < c->rig.nrecords; i++) {
		const struct record *r = &c->rig.record[i];

		if (r->kind != RECORD_FLOW)
			continue;
		snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", got[0] ? "," : "", ends[r->end]);
	}
	return strcmp(got, wanted) == 0 ? 0 : conv_fail(c, "records %s, expected %s", got, wanted);
}

/* Of each transfer: which way, broken off or not, its name, bytes, the start of their SHA-256; is there a flow of it? */
static int
check_transfers(struct conv *c, const char *wanted)
{
	char got[256] = "";

	for (unsigned i = 0; i < c->rig.nrecords; i++) {
		const struct record *r = &c->rig.record[i];
		const struct record_transfer *t = &r->transfer;
		bool of = false;

		if (r->kind != RECORD_TRANSFER)
			continue;
		for (unsigned k = 0; k < c->rig.nrecords; k++)
			of |= c->rig.record[k].kind == RECORD_FLOW && c->rig.record[k].flow_id == r->flow_id &&
			    c->rig.record[k].parent == r->parent && r->parent != r->flow_id;
		snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s%s:%.*s:%u:%02x%02x%02x%02x%s", got[0] ? "," : "",
		    t->taken ? "took" : "sent", t->whole ? "" : "-part", t->nname, t->asked + t->name_at, t->bytes, t->sum[0], t->sum[1], t->sum[2], t->sum[3], of ? "" : ":no-flow");
	}
	return strcmp(got, wanted) == 0 ? 0 : conv_fail(c, "transfers %s, expected %s", got, wanted);
}

static int
check_drop(struct conv *c, const char *name)
{
	uint64_t n = conv_number(c);

	for (int i = 0; i < DROP_N; i++) {
		if (strcmp(drop_name(i), name) == 0)
			return stack_counters(c->rig.s)->drop[i] == n ? 0 : conv_fail(c,
			    "%s dropped %llu times, expected %llu", name,
			    (unsigned long long)stack_counters(c->rig.s)->drop[i], (unsigned long long)n);
	}
	return conv_fail(c, "no drop is called %s", name);
}

static int
do_end(struct conv *c)
{
	const struct counters *n = stack_counters(c->rig.s);

	if (c->rig.nout > 0)
		return conv_fail(c, "something was sent that no line expects");
	while (c->at < c->nwords && !c->failed) {
		const char *w = conv_next(c);

		if (strcmp(w, "flows") == 0) {
			uint32_t want = conv_number(c);

			if (stack_flows(c->rig.s) != want)
				return conv_fail(c, "%u flows, expected %u", stack_flows(c->rig.s), want);
		} else if (strcmp(w, "buffers") == 0) {
			conv_next(c);
			if (c->rig.frames != 0)
				return conv_fail(c, "%d frames did not come back", c->rig.frames);
			if (stack_flows(c->rig.s) == 0 && (c->rig.s->talks.talk.used != 0 ||
			    c->rig.s->talks.cell.used != 0 || c->rig.s->talks.arena.used != 0))
				return conv_fail(c, "slabs are in use without a flow");
		} else if (strcmp(w, "records") == 0) {
			if (check_records(c, conv_next(c)) < 0)
				return -1;
		} else if (strcmp(w, "transfers") == 0) {
			if (check_transfers(c, conv_next(c)) < 0)
				return -1;
		} else if (strcmp(w, "drop") == 0) {
			if (check_drop(c, conv_next(c)) < 0)
				return -1;
		} else if (strcmp(w, "retransmits") == 0) {
			uint32_t want = conv_number(c);

			if (n->retransmits != want)
				return conv_fail(c, "%llu retransmits", (unsigned long long)n->retransmits);
		} else if (strcmp(w, "turns") == 0) {
			uint32_t want = conv_number(c);

			if (n->turns != want)
				return conv_fail(c, "%llu turns", (unsigned long long)n->turns);
		} else if (strcmp(w, "scans") == 0) {
			uint32_t want = conv_number(c), got = 0;

			for (unsigned i = 0; i < c->rig.nrecords; i++)
				got += c->rig.record[i].kind == RECORD_SCAN;
			if (got != want)
				return conv_fail(c, "%u scan records", got);
		} else {
			return conv_fail(c, "cannot check %s", w);
		}
	}
	return c->failed ? -1 : 0;
}

static int
do_line(struct conv *c, const char *text, uint64_t *last_ns)
{
	const char *w;
	uint64_t after;

	conv_split(c, text);
	if (c->nwords == 0)
		return 0;
	w = conv_next(c);
	if (strcmp(w, "set") == 0)
		return do_set(c);
	start(c);
	if (*last_ns == 0)
		*last_ns = c->rig.now_ns;
	if (strcmp(w, "end") == 0)
		return do_end(c);
	if (strcmp(w, "shutdown") == 0) {
		stack_shutdown(c->rig.s, c->rig.set, c->rig.start_wall_ms);
		return 0;
	}
	after = duration(c, w);
	if (c->failed)
		return -1;
	if (conv_accept(c, "<")) {
		int err = do_expect(c, after, *last_ns);

		*last_ns = c->rig.now_ns;
		return err;
	}
	if (c->rig.nout > 0)
		return conv_fail(c, "something was sent that no line expects");
	if (after > 0)
		rig_wait(&c->rig, after, false);
	*last_ns = c->rig.now_ns;
	if (conv_accept(c, ">"))
		return conv_send(c);
	if (conv_accept(c, "quiet"))
		return c->rig.nout == 0 ? 0 : conv_fail(c, "something was sent");
	return conv_fail(c, "expected > < or quiet, not %s", conv_peek(c));
}

int
conv_run(const char *path, bool six, char *why, size_t room)
{
	static struct conv c;
	FILE *f = fopen(path, "r");
	char text[4096];
	uint64_t last_ns = 0;
	int err = 0;

	if (f == NULL) {
		snprintf(why, room, "%s: %s", path, strerror(errno));
		return -1;
	}
	c = (struct conv){ .path = path, .why = why, .room = room, .isn = 1000, .own = RIG_OWN,
		.client = RIG_CLIENT, .own_port = 21, .client_port = 40000, .proto = PROTO_TCP,
		.six = six };
	rig_init(&c.rig);
	if (six)
		rig_six(&c.rig);
	while (err == 0 && !(six && c.four_only) && fgets(text, sizeof text, f) != NULL) {
		c.line++;
		err = do_line(&c, text, &last_ns);
	}
	fclose(f);
	rig_fini(&c.rig);
	return six && c.four_only ? CONV_FOUR : err;
}
