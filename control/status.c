#include "control/status.h"

#include <jemalloc/jemalloc.h>
#include <poll.h>
#include <string.h>

#include "control/verdict.h"

enum { TOP_DROPS = 5, LISTED = 256, PATIENCE_MS = 200 };

static uint64_t
read64(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

/* One counter over all stacks, at the same place in each. */
static uint64_t
total(const struct sensor *s, size_t offset)
{
	uint64_t n = 0;

	for (unsigned w = 0; w < s->nworkers; w++)
		for (unsigned p = 0; p < worker_ports(s->worker[w]); p++)
			n += read64((const uint64_t *)((const char *)stack_counters(worker_stack(s->worker[w], p)) +
			    offset));
	return n;
}
#define TOTAL(s, member) total(s, offsetof(struct counters, member))

static uint64_t
total_drop(const struct sensor *s, unsigned reason)
{
	return total(s, offsetof(struct counters, drop) + reason * sizeof(uint64_t));
}

static uint64_t
total_flows(const struct sensor *s)
{
	uint64_t n = 0;

	for (unsigned w = 0; w < s->nworkers; w++)
		for (unsigned p = 0; p < worker_ports(s->worker[w]); p++)
			n += stack_flows(worker_stack(s->worker[w], p));
	return n;
}

static uint64_t
ring_drops(const struct sensor *s)
{
	uint64_t n = 0;

	for (unsigned w = 0; w < s->nworkers; w++)
		n += read64(&worker_counters(s->worker[w])->records_dropped);
	return n;
}

static json_t *
integer(uint64_t v)
{
	return json_integer((json_int_t)v);
}

void
status_sample(struct sensor *s, int64_t now_ms)
{
	uint64_t in, out;
	double seconds = (double)(now_ms - s->sampled_ms) / 1000;

	if (seconds < 1)
		return;
	in = TOTAL(s, frames_in);
	out = TOTAL(s, frames_out);
	s->in_per_s = (double)(in - s->sampled_in) / seconds;
	s->out_per_s = (double)(out - s->sampled_out) / seconds;
	s->sampled_in = in;
	s->sampled_out = out;
	s->sampled_ms = now_ms;
}

/* The reasons that count most, largest first. */
static json_t *
top_drops(const struct sensor *s)
{
	json_t *o = json_object();
	bool told[DROP_N] = { [DROP_NONE] = true };

	for (unsigned i = 0; i < TOP_DROPS; i++) {
		unsigned best = DROP_NONE;
		uint64_t most = 0;

		for (unsigned d = 0; d < DROP_N; d++)
			if (!told[d] && total_drop(s, d) > most) {
				most = total_drop(s, d);
				best = d;
			}
		if (most == 0)
			break;
		told[best] = true;
		json_object_set_new(o, drop_name(best), integer(most));
	}
	return o;
}

/* Where the model on air came from, and where rollback goes. */
static void
add_past(json_t *o, const struct sensor *s, const struct voice *v)
{
	const struct store_service *kept =
	    s->reload.store == NULL ? NULL : store_service(s->reload.store, v->service, NULL);

	if (kept == NULL || kept->on_air < 0)
		return;
	json_object_set_new(o, "origin", json_string(verdict_origin(kept->model[kept->on_air].origin)));
	if (kept->before >= 0)
		json_object_set_new(o, "before", json_string(kept->model[kept->before].version));
}

static json_t *
models_array(const struct sensor *s)
{
	const struct set *set = set_current();
	json_t *list = json_array();

	for (unsigned i = 1; i < SET_SLOTS; i++) {
		const struct voice *v = &s->reload.voice[i];

		json_t *o;

		if (set->slot[i] == NULL)
			continue;
		o = json_pack("{ss ss ss si sb sI sI}", "name", v->service, "model", v->model, "version", v->version,
		    "slot", (int)i, "on_air", set->on_air[i], "pins", (json_int_t)reload_pins(&s->reload, i), "since",
		    (json_int_t)v->since);
		if (set->on_air[i])
			add_past(o, s, v);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *
loads_object(const struct sensor *s)
{
	const struct reload *r = &s->reload;

	return json_pack("{sI sI sI sI sI sI sI}", "generation", (json_int_t)set_current()->generation, "loaded",
	    (json_int_t)r->loaded, "refused", (json_int_t)r->refused, "busy", (json_int_t)r->busy, "waiting",
	    (json_int_t)reload_waiting(r), "retried", (json_int_t)r->retried, "retired", (json_int_t)r->retired);
}

static json_t *
records_object(const struct sensor *s)
{
	const struct export *x = &s->export;

	return json_pack("{sI sI sI sI sI}", "lines", (json_int_t)x->lines, "dropped_ring",
	    (json_int_t)ring_drops(s), "dropped_rate", (json_int_t)x->dropped_rate, "dropped_disk",
	    (json_int_t)x->dropped_disk, "dropped_line", (json_int_t)x->dropped_line);
}

static size_t
heap(const char *what)
{
	size_t v = 0, n = sizeof v;
	uint64_t epoch = 1;

	mallctl("epoch", NULL, NULL, &epoch, sizeof epoch);
	mallctl(what, &v, &n, NULL, 0);
	return v;
}

/* Parts and classes of all stacks together; what one flow takes is the same in each but for rounding. */
static void
add_memory(const struct sensor *s, struct stack_memory *sum)
{
	*sum = (struct stack_memory){ 0 };
	for (unsigned w = 0; w < s->nworkers; w++)
		for (unsigned p = 0; p < worker_ports(s->worker[w]); p++) {
			struct stack_memory m;

			stack_memory(worker_stack(s->worker[w], p), &m);
			for (int i = 0; i < PARTS_N; i++) {
				sum->part[i].bytes += m.part[i].bytes;
				sum->part[i].n += m.part[i].n;
				sum->part[i].used += m.part[i].used;
				sum->part[i].peak += m.part[i].peak;
			}
			for (int i = 0; i < CLASSES_N; i++) {
				sum->class[i].bytes = MAX(sum->class[i].bytes, m.class[i].bytes);
				sum->class[i].flows += m.class[i].flows;
			}
			sum->wheel_bytes = MAX(sum->wheel_bytes, m.wheel_bytes);
		}
}

static json_t *
classes_array(const struct stack_memory *m)
{
	json_t *list = json_array();

	for (int i = 0; i < CLASSES_N; i++)
		json_array_append_new(list, json_pack("{ss sI sI}", "class", flow_class_name((enum flow_class)i),
		    "bytes", (json_int_t)m->class[i].bytes, "flows", (json_int_t)m->class[i].flows));
	return list;
}

static json_t *
parts_array(const struct stack_memory *m)
{
	json_t *list = json_array();

	for (int i = 0; i < PARTS_N; i++)
		json_array_append_new(list, json_pack("{ss sI sI sI sI}", "part", stack_part_name((enum stack_part)i),
		    "bytes", (json_int_t)m->part[i].bytes, "places", (json_int_t)m->part[i].n, "used",
		    (json_int_t)m->part[i].used, "peak", (json_int_t)m->part[i].peak));
	return list;
}

static json_t *
memory_object(const struct sensor *s)
{
	struct stack_memory m;
	size_t tables = 0, models = 0;
	const struct set *set = set_current();

	for (unsigned w = 0; w < s->nworkers; w++)
		tables += worker_bytes(s->worker[w]);
	for (unsigned i = 1; i < SET_SLOTS; i++)
		models += set->slot[i] != NULL ? model_bytes(set->slot[i]) : 0;
	add_memory(s, &m);
	return json_pack("{sI sI sI sI sI so so}", "tables", (json_int_t)tables, "models", (json_int_t)models,
	    "heap", (json_int_t)heap("stats.allocated"), "bytes_per_flow",
	    (json_int_t)(s->nworkers ? stack_bytes_per_flow(worker_stack(s->worker[0], 0)) : 0),
	    "wheel_per_flow", (json_int_t)m.wheel_bytes, "flow_classes", classes_array(&m), "parts",
	    parts_array(&m));
}

json_t *
status_status(const struct sensor *s, int64_t now_ms)
{
	json_t *o = json_object();

	json_object_set_new(o, "version", json_string(MYNAH_VERSION));
	json_object_set_new(o, "uptime", integer((uint64_t)(now_ms - s->start_ms) / 1000));
	json_object_set_new(o, "workers", integer(s->nworkers));
	json_object_set_new(o, "frames_in_per_s", json_real((double)(int64_t)s->in_per_s));
	json_object_set_new(o, "frames_out_per_s", json_real((double)(int64_t)s->out_per_s));
	json_object_set_new(o, "frames_in", integer(TOTAL(s, frames_in)));
	json_object_set_new(o, "frames_out", integer(TOTAL(s, frames_out)));
	json_object_set_new(o, "flows", integer(total_flows(s)));
	json_object_set_new(o, "models", models_array(s));
	json_object_set_new(o, "loads", loads_object(s));
	json_object_set_new(o, "drops", top_drops(s));
	json_object_set_new(o, "records", records_object(s));
	json_object_set_new(o, "memory", memory_object(s));
	return o;
}

json_t *
status_models(const struct sensor *s)
{
	return json_pack("{so}", "models", models_array(s));
}

static json_t *
conversation(const struct sensor *s, const struct flow_view *v)
{
	char peer[ADDR_TEXT], own[ADDR_TEXT];
	json_t *o;

	addr_print(peer, &v->peer);
	addr_print(own, &v->own);
	o = json_pack("{ss si ss si ss ss}", "peer", peer, "peer_port", v->peer_port, "own", own, "own_port",
	    v->own_port, "proto", v->proto == PROTO_UDP ? "udp" : "tcp", "state", flow_state_name(v->state));
	if (v->slot != 0)
		json_object_set_new(o, "service", json_string(s->reload.voice[v->slot].service));
	json_object_set_new(o, "age", integer(v->age_ms / 1000));
	json_object_set_new(o, "bytes_in", integer(v->bytes_in));
	json_object_set_new(o, "bytes_out", integer(v->bytes_out));
	json_object_set_new(o, "turns", integer(v->turns));
	json_object_set_new(o, "model_state", integer(v->model_state));
	return o;
}

/* Every worker makes its list at the same time. */
static json_t *
conversations(const struct sensor *s)
{
	json_t *list = json_array();
	int left = PATIENCE_MS;

	for (unsigned w = 0; w < s->nworkers; w++)
		worker_look(s->worker[w]);
	for (unsigned w = 0; w < s->nworkers; w++) {
		const struct flow_view *v;
		int n;

		while ((n = worker_seen(s->worker[w], &v)) < 0 && left-- > 0)
			poll(NULL, 0, 1);
		for (int i = 0; i < n && json_array_size(list) < LISTED; i++)
			json_array_append_new(list, conversation(s, &v[i]));
	}
	return list;
}

json_t *
status_flows(const struct sensor *s)
{
	json_t *list = json_array();

	for (unsigned w = 0; w < s->nworkers; w++)
		for (unsigned p = 0; p < worker_ports(s->worker[w]); p++) {
			const struct stack *k = worker_stack(s->worker[w], p);
			const struct counters *c = stack_counters(k);

			json_array_append_new(list, json_pack("{si ss sI sI sI sI}", "worker", (int)w, "port",
			    port_name(s->port[p]), "flows", (json_int_t)stack_flows(k), "opened",
			    (json_int_t)read64(&c->flows_opened), "closed", (json_int_t)read64(&c->flows_closed),
			    "evicted", (json_int_t)read64(&c->flows_evicted)));
		}
	return json_pack("{sI so so}", "flows", (json_int_t)total_flows(s), "workers", list, "conversations",
	    conversations(s));
}

static json_t *
named(const struct sensor *s, size_t offset, unsigned n, const char *(*name)(unsigned))
{
	json_t *o = json_object();

	for (unsigned i = 0; i < n; i++)
		json_object_set_new(o, name(i), integer(total(s, offset + i * sizeof(uint64_t))));
	return o;
}

static const char *
name_drop(unsigned i)
{
	return drop_name(i);
}

static const char *
name_fault(unsigned i)
{
	return wire_fault_name(i);
}

static const char *
name_match(unsigned i)
{
	static const char *const names[] = { "exact", "resync", "near", "other", "none" };

	static_assert(ARRAY_LEN(names) == MATCH_NONE + 1, "every kind has a name");
	return names[i];
}

static json_t *
ports_array(const struct sensor *s)
{
	json_t *list = json_array();

	for (unsigned p = 0; p < s->nports; p++) {
		struct port_counters c;

		port_counters(s->port[p], &c);
		json_array_append_new(list, json_pack("{ss sI sI sI sI sI}", "port", port_name(s->port[p]), "rx",
		    (json_int_t)c.rx, "rx_missed", (json_int_t)c.rx_missed, "rx_errors",
		    (json_int_t)c.rx_errors, "tx", (json_int_t)c.tx, "tx_errors", (json_int_t)c.tx_errors));
	}
	return list;
}

static json_t *
workers_array(const struct sensor *s)
{
	json_t *list = json_array();

	for (unsigned w = 0; w < s->nworkers; w++) {
		const struct worker_counters *c = worker_counters(s->worker[w]);

		json_array_append_new(list, json_pack("{sI sI sI sI sI}", "turns", (json_int_t)read64(&c->turns),
		    "busy_turns", (json_int_t)read64(&c->busy_turns), "sleeps", (json_int_t)read64(&c->sleeps),
		    "records_dropped", (json_int_t)read64(&c->records_dropped), "tx_dropped",
		    (json_int_t)worker_tx_dropped(s->worker[w])));
	}
	return list;
}

json_t *
status_counters(const struct sensor *s)
{
	static const struct {
		const char *name;
		size_t offset;
	} plain[] = {
#define PLAIN(member) { #member, offsetof(struct counters, member) }
		PLAIN(frames_in), PLAIN(bytes_in), PLAIN(frames_out), PLAIN(bytes_out), PLAIN(arp_in),
		PLAIN(icmp_in), PLAIN(udp_in), PLAIN(tcp_in), PLAIN(other_in), PLAIN(syn_in),
		PLAIN(syn_ack_out), PLAIN(rst_out), PLAIN(unreachable_out), PLAIN(echo_out),
		PLAIN(flows_opened), PLAIN(flows_closed), PLAIN(flows_evicted), PLAIN(retransmits),
		PLAIN(turns), PLAIN(records), PLAIN(records_dropped),
#undef PLAIN
	};
	json_t *o = json_object();

	for (unsigned i = 0; i < ARRAY_LEN(plain); i++)
		json_object_set_new(o, plain[i].name, integer(total(s, plain[i].offset)));
	json_object_set_new(o, "match", named(s, offsetof(struct counters, match), MATCH_NONE + 1, name_match));
	json_object_set_new(o, "drop", named(s, offsetof(struct counters, drop), DROP_N, name_drop));
	json_object_set_new(o, "fault", named(s, offsetof(struct counters, fault), WIRE_FAULTS, name_fault));
	json_object_set_new(o, "ports", ports_array(s));
	json_object_set_new(o, "workers", workers_array(s));
	json_object_set_new(o, "record_file", records_object(s));
	return o;
}
