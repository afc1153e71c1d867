#include "control/top.h"

#include <stdio.h>
#include <stdlib.h>

enum { SPAN_MS = TOP_MINUTES * 60000 };

static struct top_entry *
find(struct top_table *t, const char *key, uint64_t hash)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (t->entry[i].hash == hash && strcmp(t->entry[i].key, key) == 0)
			return &t->entry[i];
	return NULL;
}

static struct top_entry *
rarest(struct top_table *t)
{
	struct top_entry *least = &t->entry[0];

	for (uint32_t i = 1; i < t->n; i++)
		if (t->entry[i].records < least->records)
			least = &t->entry[i];
	return least;
}

static void
count(struct top_table *t, const char *key, uint64_t bytes)
{
	uint64_t hash = span_hash(span_str(key), 0), inherited = 0;
	struct top_entry *e = find(t, key, hash);

	if (e == NULL) {
		if (t->n == TOP_KEPT) {
			e = rarest(t);
			inherited = e->records;
		} else {
			e = &t->entry[t->n++];
		}
		*e = (struct top_entry){ .hash = hash, .records = inherited, .inherited = inherited };
		snprintf(e->key, sizeof e->key, "%s", key);
	}
	e->records++;
	e->bytes += bytes;
}

/* After TOP_MINUTES what was counted becomes what was before; nothing does that is older, or if the clock went back. */
static void
turn(struct top *t, int64_t now_ms)
{
	int64_t passed = now_ms - t->since_ms;

	if (t->since_ms != 0 && passed >= 0 && passed < SPAN_MS)
		return;
	t->before_ms = passed >= 0 && passed < 2 * SPAN_MS ? t->since_ms : 0;
	memcpy(t->before, t->now, sizeof t->before);
	for (int k = 0; k < TOP_KINDS; k++)
		t->now[k].n = 0;
	t->since_ms = now_ms;
}

void
top_add(struct top *t, const struct set *s, const struct record *r, int64_t now_ms)
{
	const struct range *range = set_range(s, &r->own);
	char key[TOP_KEY];

	turn(t, now_ms);
	addr_print(key, &r->peer);
	count(&t->now[TOP_SOURCES], key, r->bytes_in);
	snprintf(key, sizeof key, "%s/%u", r->proto == MODEL_UDP ? "udp" : "tcp", r->own_port);
	count(&t->now[TOP_PORTS], key, r->bytes_in);
	if (range != NULL && range->nprofiles > 1)
		count(&t->now[TOP_PROFILES], set_profile_name(range, set_profile(range, &r->own)), r->bytes_in);
}

static int
by_records(const void *a, const void *b)
{
	const struct top_entry *x = a, *y = b;

	return x->records != y->records ? (x->records < y->records) - (x->records > y->records) : strcmp(x->key, y->key);
}

/* What another table counted of the same key; if it is full and has not kept it, that was at most what it kept least. */
static void
add_count(struct top_entry *to, struct top_table *other)
{
	const struct top_entry *e = find(other, to->key, to->hash);
	uint64_t most = other->n == TOP_KEPT ? rarest(other)->records : 0;

	to->records += e != NULL ? e->records : most;
	to->inherited += e != NULL ? e->inherited : most;
	to->bytes += e != NULL ? e->bytes : 0;
}

/* What was counted now and before, most records first; to has room for both. Returns how many. */
static uint32_t
merge(struct top_entry *to, struct top *t, enum top_kind kind)
{
	struct top_table *now = &t->now[kind], *before = &t->before[kind];
	uint32_t n = now->n;

	memcpy(to, now->entry, n * sizeof *to);
	for (uint32_t i = 0; t->before_ms != 0 && i < now->n; i++)
		add_count(&to[i], before);
	for (uint32_t i = 0; t->before_ms != 0 && i < before->n; i++)
		if (find(now, before->entry[i].key, before->entry[i].hash) == NULL) {
			to[n] = before->entry[i];
			add_count(&to[n++], now);
		}
	qsort(to, n, sizeof *to, by_records);
	return n;
}

static json_t *
list(struct top *t, enum top_kind kind, const char *name)
{
	struct top_entry both[2 * TOP_KEPT];
	uint32_t n = merge(both, t, kind);
	json_t *out = json_array();

	for (uint32_t i = 0; i < MIN(n, (uint32_t)TOP_LISTED); i++) {
		const struct top_entry *e = &both[i];
		json_t *o = json_pack("{ss sI sI}", name, e->key, "records", (json_int_t)e->records, "bytes_in",
		    (json_int_t)e->bytes);

		if (e->inherited > 0)
			json_object_set_new(o, "too_high_by_at_most", json_integer((json_int_t)e->inherited));
		json_array_append_new(out, o);
	}
	return out;
}

json_t *
top_tell(struct top *t, int64_t now_ms)
{
	int64_t since;

	turn(t, now_ms);
	since = t->before_ms != 0 ? t->before_ms : t->since_ms;
	return json_pack("{sI so so so}", "seconds", (json_int_t)((now_ms - since) / 1000),
	    "sources", list(t, TOP_SOURCES, "source"), "ports", list(t, TOP_PORTS, "port"),
	    "profiles", list(t, TOP_PROFILES, "profile"));
}
