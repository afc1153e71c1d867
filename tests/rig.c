#include "tests/rig.h"

#include <stdio.h>
#include <stdlib.h>

#include "models/compile.h"

const uint8_t rig_mac[6] = { 2, 0, 0, 0, 0, 1 }, rig_router[6] = { 2, 0, 0, 0, 0, 2 };

static void
die(const char *what)
{
	fprintf(stderr, "rig: %s\n", what);
	abort();
}

static struct frame
get(void *ctx)
{
	struct rig *r = ctx;

	if (r->no_frames)
		return (struct frame){ 0 };
	r->frames++;
	return (struct frame){ .data = malloc(RIG_ROOM), .room = RIG_ROOM, .owner = r };
}

/* Whatever a test does to the stack: what leaves is whole, and never begins a connection. */
static void
inspect(const struct frame *f)
{
	struct wire w;

	if (wire_parse(&w, WIRE_ETHER, span_of(f->data, f->len), WIRE_CHECK_SUMS) != WIRE_OK)
		die("a frame of ours is malformed");
	if (w.proto == PROTO_TCP && (w.tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		die("a SYN leaves");
}

static void
put(void *ctx, const struct frame *f)
{
	struct rig *r = ctx;
	struct rig_frame *to;

	inspect(f);
	if (r->nout == RIG_OUT)
		die("a flood of frames");
	to = &r->out[r->nout++];
	to->at_ns = r->now_ns;
	to->len = f->len;
	memcpy(to->bytes, f->data, f->len);
	free(f->data);
	r->frames--;
}

static void
keep(void *ctx, const struct record *rec)
{
	struct rig *r = ctx;

	if (r->nrecords < RIG_RECORDS)
		r->record[r->nrecords++] = *rec;
}

static struct range *
add_range(struct rig *r, struct addr prefix, unsigned bits)
{
	struct range *range = set_add_range(r->set, &prefix, bits);

	range->profile[0]->ping = true;
	return range;
}

void
rig_init(struct rig *r)
{
	struct addr prefix = addr_v4(RIG_OWN & 0xffff0000u);

	*r = (struct rig){ .start_ns = 1000000000000, .start_wall_ms = 1700000000000 };
	stack_defaults(&r->c);
	r->c.flows = 256;
	r->c.seed = 42;
	memcpy(r->c.mac, rig_mac, sizeof r->c.mac);
	memset(r->c.key, 7, sizeof r->c.key);
	r->c.link_addr = addr_v4(RIG_LINK);
	r->out = calloc(RIG_OUT, sizeof *r->out);
	r->record = calloc(RIG_RECORDS, sizeof *r->record);
	r->set = set_create(NULL);
	r->range = add_range(r, prefix, 112);
}

struct addr
rig_map(uint32_t a)
{
	struct addr six = { .b = { 0x20, 0x01, 0x0d, 0xb8 } };

	store_be32(six.b + 4, a & 0xffffff00);
	store_be32(six.b + 12, a);
	return six;
}

void
rig_six(struct rig *r)
{
	r->range = add_range(r, rig_map(RIG_OWN & 0xffff0000u), 48);
	memset(r->range->prefix.b + 12, 0, 4);
	r->c.flows_six = r->c.flows;
	r->c.link_addr_six = rig_map(RIG_LINK);
}

static void
start(struct rig *r)
{
	const struct sink sink = { get, put, keep, r };

	memset(r->mem, 0, r->bytes);
	r->now_ns = r->start_ns;
	r->s = stack_init(r->mem, &r->c, &sink);
}

void
rig_start(struct rig *r)
{
	r->bytes = stack_bytes(&r->c);
	if (r->bytes == 0)
		die("this configuration cannot be");
	r->mem = aligned_alloc(64, r->bytes);
	start(r);
}

void
rig_restart(struct rig *r)
{
	r->nout = r->nrecords = 0;
	r->frames = 0;
	start(r);
}

void
rig_fini(struct rig *r)
{
	free(r->mem);
	set_discard(r->set);
	for (unsigned i = 0; i < r->nmodels; i++)
		model_destroy(r->model[i]);
	free(r->out);
	free(r->record);
}

static uint8_t
on_air(struct rig *r, const char *name, struct text *t)
{
	struct diag why = { 0 };
	struct model *m = NULL;
	uint8_t *image;
	size_t n;
	int slot;

	if (compile(t, &image, &n, NULL, &why) < 0 ||
	    model_from_bytes(&m, name, span_of(image, n), &why) < 0)
		die(why.text);
	text_fini(t);
	free(image);
	r->model[r->nmodels++] = m;
	slot = set_add(r->set, name, m);
	if (slot < 0)
		die("no slot");
	return (uint8_t)slot;
}

uint8_t
rig_model_text(struct rig *r, const char *name, const char *text)
{
	struct diag why = { 0 };
	struct text t;

	if (text_parse(&t, name, span_str(text), &why) < 0)
		die(why.text);
	return on_air(r, name, &t);
}

uint8_t
rig_model(struct rig *r, const char *name)
{
	static char text[1 << 20];
	char path[512];
	FILE *f;
	size_t n;

	snprintf(path, sizeof path, "%s/tests/data/models/%s.txt", TEST_ROOT, name);
	f = fopen(path, "r");
	if (f == NULL)
		die(path);
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	fclose(f);
	return rig_model_text(r, name, text);
}

void
rig_service(struct rig *r, uint8_t proto, uint16_t port, enum action action, uint8_t slot)
{
	struct target *t = proto == PROTO_TCP ? r->range->profile[0]->tcp : r->range->profile[0]->udp;

	t[port] = (struct target){ .action = (uint8_t)action, .slot = slot };
}

static int64_t
wall(const struct rig *r)
{
	return r->start_wall_ms + (int64_t)((r->now_ns - r->start_ns) / 1000000);
}

void
rig_input(struct rig *r, const uint8_t *bytes, uint32_t len)
{
	uint32_t room = r->no_room ? len : RIG_ROOM;
	struct frame f = { .data = malloc(MAX(room, 1)), .len = len, .room = room, .owner = r };
	uint8_t *mine = f.data;

	if (len > RIG_ROOM)
		die("a frame longer than any link carries");
	memcpy(f.data, bytes, len);
	r->frames++;
	stack_burst(r->s, r->set, &f, 1, r->now_ns, wall(r));
	if (f.data != NULL) {
		free(mine);
		r->frames--;
	}
}

void
rig_wait(struct rig *r, uint64_t ns, bool until_output)
{
	uint64_t end = r->now_ns + ns;

	for (;;) {
		uint64_t idle = stack_timers(r->s, r->set, r->now_ns, wall(r));

		if (r->now_ns >= end || (until_output && r->nout > 0))
			return;
		r->now_ns += MIN(end - r->now_ns, MAX(idle, 1000000));
	}
}

bool
rig_take(struct rig *r, struct rig_frame *to)
{
	if (r->nout == 0)
		return false;
	*to = r->out[0];
	memmove(r->out, r->out + 1, --r->nout * sizeof r->out[0]);
	return true;
}
