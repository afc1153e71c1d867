#include "control/transcript.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* Each byte as the UTF-8 of the code point of its value. */
static json_t *
bytes_json(struct pool *pool, struct span s)
{
	uint8_t *to = pool_alloc(pool, 2 * s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] >= 0x80)
			to[n++] = 0xc0 | s.p[i] >> 6;
		to[n++] = s.p[i] < 0x80 ? s.p[i] : 0x80 | (s.p[i] & 0x3f);
	}
	return json_stringn((const char *)to, n);
}

static json_t *
client_json(struct pool *pool, const struct play_line *l)
{
	json_t *o = json_pack("{s:s, s:f, s:o}", "from", "client", "time", (double)l->time_ns / 1e9,
	    "bytes", bytes_json(pool, l->said));

	if (o != NULL && !span_eq(l->said, l->recorded))
		json_object_set_new(o, "recorded", bytes_json(pool, l->recorded));
	return o;
}

/* e NULL: the recorded server was silent here. */
static json_t *
server_json(struct pool *pool, const struct play_line *l, const struct eval_line *e)
{
	static const char *const match[] = { "exact", "resync", "near", "other", "none" };
	json_t *o = json_pack("{s:s, s:f, s:o, s:o, s:i, s:s, s:f}", "from", "server",
	    "time", (double)l->time_ns / 1e9, "bytes", bytes_json(pool, l->said),
	    "recorded", bytes_json(pool, l->recorded), "state", (int)l->state,
	    "match", match[MIN(l->match, (uint8_t)MATCH_NONE)], "confidence", l->conf / 255.0);

	if (o != NULL && e != NULL) {
		json_object_set_new(o, "class", bytes_json(pool, span_of(e->klass.b, e->klass.n)));
		json_object_set_new(o, "class_agrees", json_boolean(e->same_class));
		json_object_set_new(o, "equal", json_boolean(e->equal));
		json_object_set_new(o, "similarity", json_real(e->similarity));
	}
	return o;
}

static json_t *
talk_json(struct pool *pool, const struct corpus *c, const struct eval_report *r,
    const struct eval_talk *talk)
{
	const struct conversation *v = &c->conversations[talk->conversation];
	const struct eval_line *e = &r->line[talk->line];
	char client[ADDR_TEXT], server[ADDR_TEXT];
	json_t *messages = json_array();

	addr_print(client, &v->client);
	addr_print(server, &v->server);
	for (uint32_t i = 0; i < talk->played.n; i++) {
		const struct play_line *l = &talk->played.line[i];

		json_array_append_new(messages, l->side == SIDE_CLIENT ? client_json(pool, l)
		    : server_json(pool, l, l->recorded.n > 0 ? e++ : NULL));
	}
	return json_pack("{s:i, s:s, s:s, s:i, s:s, s:i, s:o}", "conversation", (int)talk->conversation,
	    "proto", v->proto == PROTO_UDP ? "udp" : "tcp",
	    "client", client, "client_port", (int)v->client_port,
	    "server", server, "server_port", (int)v->server_port,
	    "messages", messages);
}

int
transcript_add(FILE *f, struct pool *pool, uint32_t number, uint8_t proto,
    const struct simulated *s)
{
	char client[ADDR_TEXT], server[ADDR_TEXT];
	json_t *messages = json_array(), *o;
	bool bad;

	addr_print(client, &s->env.peer);
	addr_print(server, &s->env.own);
	for (uint32_t i = 0; i < s->said.n; i++) {
		const struct play_line *l = &s->said.line[i];

		json_array_append_new(messages, json_pack("{s:s, s:f, s:o}",
		    "from", l->side == SIDE_CLIENT ? "client" : "server",
		    "time", (double)l->time_ns / 1e9, "bytes", bytes_json(pool, l->said)));
	}
	o = json_pack("{s:i, s:s, s:s, s:i, s:s, s:i, s:o}", "conversation", (int)number,
	    "proto", proto == MODEL_UDP ? "udp" : "tcp",
	    "client", client, "client_port", (int)s->env.peer_port,
	    "server", server, "server_port", (int)s->env.own_port, "messages", messages);
	bad = o == NULL || json_dumpf(o, f, JSON_COMPACT) != 0 || fputc('\n', f) == EOF;
	json_decref(o);
	return bad ? -EIO : 0;
}

int
transcript_write(const char *path, const struct corpus *c, const struct eval_report *r,
    struct pool *pool, struct diag *why)
{
	FILE *f = fopen(path, "w");
	bool bad = false;

	if (f == NULL)
		return diag_set(why, -errno, "%s: cannot be written: %s.", path, strerror(errno));
	for (uint32_t i = 0; i < r->conversations && !bad; i++) {
		json_t *o = talk_json(pool, c, r, &r->talk[i]);

		bad = o == NULL || json_dumpf(o, f, JSON_COMPACT) != 0 || fputc('\n', f) == EOF;
		json_decref(o);
	}
	if (fclose(f) != 0 || bad)
		return diag_set(why, -EIO, "%s: not all of it could be written; the disk may be full.",
		    path);
	return 0;
}
