#include "control/export.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "control/community.h"
#include "control/log.h"
#include "dataplane/wire.h"

static const char *const ends[RECORD_ENDS] = {
	[END_CLOSED] = "closed", [END_PEER_RESET] = "peer-reset", [END_OUR_RESET] = "our-reset",
	[END_IDLE] = "idle", [END_LIFETIME] = "lifetime", [END_EVICTED] = "evicted",
	[END_GIVEN_UP] = "given-up", [END_SHUTDOWN] = "shutdown",
};

/* Suricata's form: microseconds, and a zone without its colon. */
static json_t *
stamp(int64_t ms)
{
	char text[40];
	time_t s = (time_t)(ms / 1000);
	struct tm tm;

	gmtime_r(&s, &tm);
	return json_sprintf("%.*s.%03d000+0000", (int)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm),
	    text, (int)(ms % 1000));
}

/* Zeek's conn_state for a side that only ever answers. */
static const char *
conn_state(const struct record *r)
{
	if (r->proto != PROTO_TCP)
		return r->packets_out > 0 ? "SF" : "S0";
	if (r->kind == RECORD_SCAN)
		return r->packets_out == 0 ? "S0" : r->flags_out & TCP_RST ? "REJ" :
		    r->flags_in & TCP_RST ? "RSTO" : "OTH";
	switch (r->end) {
	case END_CLOSED:	return "SF";
	case END_PEER_RESET:	return "RSTO";
	case END_OUR_RESET:	return "RSTR";
	default:		return r->closed_first == 1 ? "S2" : r->closed_first == 2 ? "S3" : "S1";
	}
}

static bool
was_closed(const struct record *r)
{
	return r->end == END_CLOSED || r->end == END_PEER_RESET || r->end == END_OUR_RESET;
}

static const char *
flow_reason(const struct record *r)
{
	return r->end == END_SHUTDOWN ? "shutdown" :
	    r->end == END_EVICTED || r->end == END_LIFETIME ? "forced" : "timeout";
}

static json_t *
flow_object(const struct record *r)
{
	return json_pack("{sI sI sI sI so so sI ss ss}", "pkts_toserver", (json_int_t)r->packets_in,
	    "pkts_toclient", (json_int_t)r->packets_out, "bytes_toserver", (json_int_t)r->bytes_in,
	    "bytes_toclient", (json_int_t)r->bytes_out, "start", stamp(r->start_ms), "end", stamp(r->last_ms),
	    "age", (json_int_t)((r->last_ms - r->start_ms) / 1000), "state",
	    r->kind == RECORD_SCAN ? "new" : was_closed(r) ? "closed" : "established", "reason",
	    flow_reason(r));
}

static json_t *
tcp_object(const struct record *r)
{
	return json_pack("{so so ss}", "tcp_flags_ts", json_sprintf("%02x", r->flags_in), "tcp_flags_tc",
	    json_sprintf("%02x", r->flags_out), "state",
	    r->kind == RECORD_SCAN ? "syn_recv" : was_closed(r) ? "closed" : "established");
}

/* Oldest of the remembered states first. */
static json_t *
path_array(const struct record *r)
{
	json_t *a = json_array();
	unsigned have = MIN(r->turns, (unsigned)SESSION_PATH);

	for (unsigned i = 0; i < have; i++)
		json_array_append_new(a, json_integer(r->path[(r->turns - have + i) % SESSION_PATH]));
	return a;
}

/* Bytes that anybody may have chosen: what is no printable ASCII is written \xHH, a backslash twice. */
static json_t *
plain_text(struct span s)
{
	char text[4 * RECORD_ASKED + 1];
	size_t n = 0;

	for (size_t i = 0; i < MIN(s.n, (size_t)RECORD_ASKED); i++)
		n += (size_t)(s.p[i] < ' ' || s.p[i] > '~' ? sprintf(text + n, "\\x%02x", s.p[i]) :
		    s.p[i] == '\\' ? sprintf(text + n, "\\\\") : sprintf(text + n, "%c", s.p[i]));
	return json_stringn(text, n);
}

static struct span
name_of(const struct record_transfer *t)
{
	return span_sub(span_of(t->asked, MIN(t->nasked, sizeof t->asked)), t->name_at, t->nname);
}

/* The words before the name. */
static struct span
command_of(const struct record_transfer *t)
{
	struct span s = span_sub(span_of(t->asked, MIN(t->nasked, sizeof t->asked)), 0,
	    t->nname > 0 ? t->name_at : SIZE_MAX);

	while (s.n > 0 && s.p[s.n - 1] == ' ')
		s.n--;
	return s;
}

/* As Suricata has a file that it saw pass. */
static json_t *
file_object(const struct record_transfer *t)
{
	json_t *o = json_pack("{sb ss sb sI}", "gaps", false, "state", t->whole ? "CLOSED" : "TRUNCATED", "stored", false,
	    "size", (json_int_t)t->bytes);
	char sum[2 * RECORD_SUM + 1];

	for (size_t i = 0; i < RECORD_SUM; i++)
		sprintf(sum + 2 * i, "%02x", t->sum[i]);
	json_object_set_new(o, "sha256", json_string(sum));
	if (t->nname > 0)
		json_object_set_new(o, "filename", plain_text(name_of(t)));
	return o;
}

static void
add_voice(json_t *o, const struct record *r, const struct voice *v)
{
	json_object_set_new(o, "model", json_string(v->model));
	json_object_set_new(o, "model_version", json_string(v->version));
	json_object_set_new(o, "slot", json_integer(r->slot));
}

static json_t *
transfer_object(const struct record *r, const struct voice *v)
{
	json_t *o = json_pack("{si ss ss so ss}", "schema", 1, "kind", "transfer", "action", "answer", "command",
	    plain_text(command_of(&r->transfer)), "direction", r->transfer.taken ? "to_server" : "to_client");

	add_voice(o, r, v);
	return o;
}

static json_t *
mynah_object(const struct record *r, const struct voice *v)
{
	static const char *const kinds[] = { "conversation", "scan", "novel" };
	json_t *o = json_pack("{si ss ss ss}", "schema", 1, "kind",
	    kinds[MIN(r->kind, (unsigned)RECORD_UNKNOWN)], "conn_state", conn_state(r), "action",
	    r->slot != 0 ? "answer" : "handshake");

	if (r->kind != RECORD_SCAN)
		json_object_set_new(o, "end", json_string(r->end < RECORD_ENDS ? ends[r->end] : "?"));
	if (r->slot == 0)
		return o;
	add_voice(o, r, v);
	json_object_set_new(o, "path", path_array(r));
	json_object_set_new(o, "turns", json_integer(r->turns));
	json_object_set_new(o, "matched", json_integer(r->turns - MIN(r->missed, r->turns)));
	json_object_set_new(o, "novel", json_integer(r->missed));
	json_object_set_new(o, "confidence", json_real((double)((r->conf * 100 + 127) / 255) / 100));
	return o;
}

static void
add_vlan(json_t *o, const struct record *r)
{
	json_t *a = json_array();

	for (unsigned i = 0; i < MIN(r->vlan_n, 2u); i++)
		json_array_append_new(a, json_integer(r->vlan[i] & 0xfff));
	json_object_set_new(o, "vlan", a);
}

/* Takes o. The bytes of its line with the newline; 0 when they do not fit. */
static size_t
finish_line(char *to, size_t room, json_t *o)
{
	size_t n = json_dumpb(o, to, room, JSON_COMPACT | JSON_REAL_PRECISION(3));

	json_decref(o);
	if (n == 0 || n >= room)
		return 0;
	to[n] = '\n';
	return n + 1;
}

static const char *
event_type(const struct record *r)
{
	return r->kind == RECORD_TRANSFER ? "fileinfo" : r->kind == RECORD_UNKNOWN ? "mynah" : "flow";
}

size_t
export_line(char *to, size_t room, const struct record *r, const struct voice *v, const char *host)
{
	char peer[ADDR_TEXT], own[ADDR_TEXT], id[COMMUNITY_TEXT];
	json_t *o;

	addr_print(peer, &r->peer);
	addr_print(own, &r->own);
	community_id(id, &r->peer, r->peer_port, &r->own, r->own_port, r->proto);
	o = json_pack("{so sI ss ss ss si ss si ss ss}", "timestamp", stamp(r->last_ms), "flow_id",
	    (json_int_t)(r->flow_id & RECORD_FLOW_ID), "event_type",
	    event_type(r), "host", host, "src_ip", peer, "src_port",
	    (int)r->peer_port, "dest_ip", own, "dest_port", (int)r->own_port, "proto",
	    r->proto == PROTO_TCP ? "TCP" : r->proto == PROTO_UDP ? "UDP" : "ICMP", "community_id", id);
	if (r->parent != 0)
		json_object_set_new(o, "parent_id", json_integer((json_int_t)(r->parent & RECORD_FLOW_ID)));
	if (r->vlan_n > 0)
		add_vlan(o, r);
	if (r->slot != 0)
		json_object_set_new(o, "app_proto", json_string(v->service));
	if (r->kind == RECORD_TRANSFER) {
		json_object_set_new(o, "fileinfo", file_object(&r->transfer));
		json_object_set_new(o, "mynah", transfer_object(r, v));
		return finish_line(to, room, o);
	}
	json_object_set_new(o, "flow", flow_object(r));
	if (r->proto == PROTO_TCP)
		json_object_set_new(o, "tcp", tcp_object(r));
	json_object_set_new(o, "mynah", mynah_object(r, v));
	return finish_line(to, room, o);
}

/*
 * A program that was killed while it wrote may have left half a line, shorter than what is
 * gathered for one write: it is taken back. fd may not be able to read.
 */
static void
end_with_a_line(int fd, const char *path)
{
	char tail[EXPORT_BUFFER];
	struct stat st;
	const char *last;
	ssize_t n;
	int from;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return;
	from = open(path, O_RDONLY | O_CLOEXEC);
	n = from < 0 ? -1 : pread(from, tail, sizeof tail, MAX(st.st_size - (off_t)sizeof tail, 0));
	if (from >= 0)
		close(from);
	if (n <= 0 || tail[n - 1] == '\n')
		return;
	last = memrchr(tail, '\n', (size_t)n);
	if (last == NULL && st.st_size > (off_t)sizeof tail)
		return;			/* no record is that long: not ours */
	n -= last == NULL ? 0 : last + 1 - tail;
	if (ftruncate(fd, st.st_size - n) < 0)
		log_say("%s ends with half a line, which cannot be removed: %s.", path, strerror(errno));
}

static int
open_file(const char *path, struct diag *why)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0640);

	if (fd < 0)
		return diag_set(why, -errno, "The record file %s cannot be opened: %s.", path, strerror(errno));
	end_with_a_line(fd, path);
	return fd;
}

int
export_open(struct export *x, const char *path, const char *host, uint32_t per_second, struct diag *why)
{
	memset(x, 0, sizeof *x);
	x->path = path;
	x->host = host;
	x->per_second = per_second;
	x->fd = -1;
	if (path == NULL)
		return 0;
	x->fd = open_file(path, why);
	return x->fd < 0 ? x->fd : 0;
}

int
export_reopen(struct export *x, struct diag *why)
{
	int fd;

	if (x->path == NULL)
		return 0;
	export_flush(x);
	fd = open_file(x->path, why);
	if (fd < 0)
		return fd;
	close(x->fd);
	x->fd = fd;
	x->broken = false;
	return 0;
}

/* n bytes of a line stand behind what is gathered; 0: there was none to be had. */
static void
gathered(struct export *x, size_t n)
{
	x->n += n;
	x->in_buffer += n > 0;
	x->dropped_line += n == 0;
}

void
export_record(struct export *x, const struct record *r, const struct voice *v, int64_t now_ms)
{
	if (x->fd < 0)
		return;
	if (now_ms / 1000 != x->second) {
		x->second = now_ms / 1000;
		x->left = x->per_second;
	}
	if (x->left == 0) {
		x->dropped_rate++;
		return;
	}
	x->left--;
	if (x->n + EXPORT_LINE > sizeof x->buffer)
		export_flush(x);
	gathered(x, export_line(x->buffer + x->n, EXPORT_LINE, r, v, x->host));
}

void
export_note(struct export *x, const char *action, const char *service, const char *version, json_t *more,
    int64_t now_ms)
{
	json_t *o, *mynah;

	if (x->fd >= 0) {
		mynah = json_pack("{si ss ss ss ss}", "schema", 1, "kind", "model", "action", action, "service", service,
		    "version", version);
		if (more != NULL && json_object_update(mynah, more) < 0) {
			json_decref(mynah);	/* then there is no line */
			mynah = NULL;
		}
		o = json_pack("{so ss ss so}", "timestamp", stamp(now_ms), "event_type", "mynah", "host", x->host, "mynah",
		    mynah);
		if (x->n + EXPORT_LINE > sizeof x->buffer)
			export_flush(x);
		gathered(x, finish_line(x->buffer + x->n, EXPORT_LINE, o));
	}
	json_decref(more);
}

static uint32_t
count_lines(const char *p, size_t n)
{
	uint32_t lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += p[i] == '\n';
	return lines;
}

/* Cuts what was written back to its last whole line. */
static void
take_back(struct export *x, size_t written)
{
	const char *last = memrchr(x->buffer, '\n', written);
	size_t whole = last == NULL ? 0 : (size_t)(last + 1 - x->buffer);
	struct stat st;

	if (written > whole && (fstat(x->fd, &st) < 0 || !S_ISREG(st.st_mode) ||
		ftruncate(x->fd, st.st_size - (off_t)(written - whole)) < 0))
		x->broken = true;
}

void
export_flush(struct export *x)
{
	ssize_t got;
	uint32_t whole;

	if (x->n == 0)
		return;
	if (x->broken && write(x->fd, "\n", 1) == 1)
		x->broken = false;
	got = x->broken ? -1 : write(x->fd, x->buffer, x->n);
	if (got < 0)
		got = 0;
	whole = count_lines(x->buffer, (size_t)got);
	if ((size_t)got < x->n)
		take_back(x, (size_t)got);
	x->lines += whole;
	x->dropped_disk += x->in_buffer - whole;
	x->n = 0;
	x->in_buffer = 0;
}

void
export_close(struct export *x)
{
	export_flush(x);
	if (x->fd >= 0)
		close(x->fd);
	x->fd = -1;
}
