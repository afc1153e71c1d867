#include "control/conf.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "control/conf_inside.h"
#include "control/proto.h"

enum { PATH_LONGEST = 1024, SOCKET_LONGEST = 107 };	/* sun_path less its NUL */

const cyaml_strval_t conf_switches[CONF_SWITCHES] = { { "yes", SWITCH_YES }, { "no", SWITCH_NO },
	{ "true", SWITCH_YES }, { "false", SWITCH_NO } };
static const cyaml_strval_t actions[] = { { "reset", CONF_RESET }, { "silent", CONF_SILENT },
	{ "drop", CONF_DROP }, { "handshake", CONF_HANDSHAKE } };

#define TEXT(key, optional, type, member, longest)                                             \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | (optional), type, member, 1, longest)
#define NUMBER(key, optional, type, member) CYAML_FIELD_UINT(key, optional, type, member)
#define SWITCH(key, type, member)                                                              \
	CYAML_FIELD_ENUM(key, CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, type, member, conf_switches, \
	    CONF_SWITCHES)
#define ACTION(key, type, member)                                                              \
	CYAML_FIELD_ENUM(key, CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, type, member, actions,  \
	    ARRAY_LEN(actions))
#define SERVICES(type, member)                                                                 \
	CYAML_FIELD_SEQUENCE("services", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member,   \
	    &service_value, 0, CONF_SERVICES)
#define NEEDED 0

static const cyaml_schema_field_t port_fields[] = {
	TEXT("device", NEEDED, struct conf_port, device, 255),
	TEXT("link-address", NEEDED, struct conf_port, link_address, 45),
	TEXT("link-address-ipv6", CYAML_FLAG_OPTIONAL, struct conf_port, link_address_ipv6, 45),
	TEXT("mac", CYAML_FLAG_OPTIONAL, struct conf_port, mac, 17),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t port_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct conf_port, port_fields)
};
static const cyaml_schema_value_t core_value = {
	CYAML_VALUE_UINT(CYAML_FLAG_DEFAULT, uint32_t)
};
static const cyaml_schema_field_t cores_fields[] = {
	NUMBER("control", NEEDED, struct conf_cores, control),
	CYAML_FIELD_SEQUENCE("workers", CYAML_FLAG_POINTER, struct conf_cores, workers, &core_value,
	    1, CONF_WORKERS),
	CYAML_FIELD_END
};
static const cyaml_schema_field_t model_fields[] = {
	TEXT("name", NEEDED, struct conf_model, name, 63),
	TEXT("file", NEEDED, struct conf_model, file, PATH_LONGEST),
	TEXT("definition", CYAML_FLAG_OPTIONAL, struct conf_model, definition, PATH_LONGEST),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t model_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct conf_model, model_fields)
};
static const cyaml_schema_field_t service_fields[] = {
	TEXT("port", NEEDED, struct conf_service, port, 15),
	TEXT("model", CYAML_FLAG_OPTIONAL, struct conf_service, model, 63),
	CYAML_FIELD_ENUM_PTR("action", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT,
	    struct conf_service, action, actions, ARRAY_LEN(actions)),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t service_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct conf_service, service_fields)
};
static const cyaml_schema_field_t profile_fields[] = {
	TEXT("name", NEEDED, struct conf_profile, name, 63),
	NUMBER("share", CYAML_FLAG_OPTIONAL, struct conf_profile, share),
	ACTION("action", struct conf_profile, action),
	SWITCH("ping", struct conf_profile, ping),
	TEXT("persona", CYAML_FLAG_OPTIONAL, struct conf_profile, persona, 63),
	SERVICES(struct conf_profile, services),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t profile_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct conf_profile, profile_fields)
};
static const cyaml_schema_value_t density_value = {
	CYAML_VALUE_UINT(CYAML_FLAG_DEFAULT, uint32_t)
};
static const cyaml_schema_field_t prefix_fields[] = {
	TEXT("prefix", NEEDED, struct conf_prefix, prefix, 49),
	ACTION("action", struct conf_prefix, shows.action),
	SWITCH("on-link", struct conf_prefix, on_link),
	SWITCH("ping", struct conf_prefix, shows.ping),
	TEXT("persona", CYAML_FLAG_OPTIONAL, struct conf_prefix, shows.persona, 63),
	SERVICES(struct conf_prefix, shows.services),
	CYAML_FIELD_SEQUENCE("profiles", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct conf_prefix,
	    profiles, &profile_value, 0, SET_PROFILES - 1),
	CYAML_FIELD_SEQUENCE("density", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct conf_prefix,
	    density, &density_value, 0, SET_DENSITIES),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t prefix_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct conf_prefix, prefix_fields)
};
static const cyaml_schema_field_t limits_fields[] = {
	NUMBER("flows", CYAML_FLAG_OPTIONAL, struct conf_limits, flows),
	NUMBER("idle-tcp", CYAML_FLAG_OPTIONAL, struct conf_limits, idle_tcp_s),
	NUMBER("idle-udp", CYAML_FLAG_OPTIONAL, struct conf_limits, idle_udp_s),
	NUMBER("lifetime", CYAML_FLAG_OPTIONAL, struct conf_limits, lifetime_s),
	NUMBER("udp-ratio", CYAML_FLAG_OPTIONAL, struct conf_limits, udp_ratio),
	NUMBER("syn-acks", CYAML_FLAG_OPTIONAL, struct conf_limits, syn_acks),
	NUMBER("record-lines", CYAML_FLAG_OPTIONAL, struct conf_limits, records),
	CYAML_FIELD_END
};
static const cyaml_schema_field_t training_fields[] = {
	NUMBER("seconds", CYAML_FLAG_OPTIONAL, struct conf_training, seconds),
	NUMBER("memory-mb", CYAML_FLAG_OPTIONAL, struct conf_training, memory_mb),
	NUMBER("hold-out", CYAML_FLAG_OPTIONAL, struct conf_training, hold_out),
	SWITCH("scrub", struct conf_training, scrub),
	NUMBER("corpus-mb", CYAML_FLAG_OPTIONAL, struct conf_training, corpus_mb),
	NUMBER("corpus-days", CYAML_FLAG_OPTIONAL, struct conf_training, corpus_days),
	CYAML_FIELD_END
};
static const cyaml_schema_field_t top_fields[] = {
	TEXT("host", CYAML_FLAG_OPTIONAL, struct conf, host, 63),
	CYAML_FIELD_SEQUENCE("ports", CYAML_FLAG_POINTER, struct conf, ports, &port_value, 1, CONF_PORTS),
	SWITCH("huge-pages", struct conf, huge_pages),
	NUMBER("worker-threads", CYAML_FLAG_OPTIONAL, struct conf, workers),
	CYAML_FIELD_MAPPING_PTR("cores", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct conf, cores,
	    cores_fields),
	CYAML_FIELD_SEQUENCE("models", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct conf, models,
	    &model_value, 0, SET_SLOTS - 1),
	CYAML_FIELD_SEQUENCE("personas", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct conf, personas,
	    &conf_persona_value, 0, CONF_PERSONAS),
	CYAML_FIELD_SEQUENCE("prefixes", CYAML_FLAG_POINTER, struct conf, prefixes, &prefix_value, 1,
	    SET_RANGES),
	TEXT("control-socket", CYAML_FLAG_OPTIONAL, struct conf, control, SOCKET_LONGEST),
	TEXT("record-file", CYAML_FLAG_OPTIONAL, struct conf, records, PATH_LONGEST),
	TEXT("key-file", CYAML_FLAG_OPTIONAL, struct conf, key, PATH_LONGEST),
	TEXT("state-folder", CYAML_FLAG_OPTIONAL, struct conf, state, PATH_LONGEST),
	TEXT("spool-folder", CYAML_FLAG_OPTIONAL, struct conf, spool, PATH_LONGEST),
	TEXT("user", CYAML_FLAG_OPTIONAL, struct conf, user, 31),
	CYAML_FIELD_MAPPING("limits", CYAML_FLAG_OPTIONAL, struct conf, limits, limits_fields),
	CYAML_FIELD_MAPPING("training", CYAML_FLAG_OPTIONAL, struct conf, training, training_fields),
	CYAML_FIELD_END
};
const cyaml_schema_value_t conf_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct conf, top_fields)
};

static const struct schema_range ranges[] = {
	{ "worker-threads", 1, CONF_WORKERS },
	{ "control", 0, 1023 },
	{ "an entry of workers", 0, 1023 },
	{ "ttl", 1, 255 },
	{ "mss", 536, 1460 },
	{ "window", 536, 65535 },
	{ "window-scale", 0, 14 },
	{ "timestamp-rate", 1, 1000 },
	{ "first-timeout", 100, 120000 },
	{ "least-timeout", 1, 120000 },
	{ "longest-timeout", 1000, 240000 },
	{ "retries", 1, 7 },
	{ "quote", 28, 548 },
	{ "unreachable-every", 1, 60000 },
	{ "share", 1, 1000 },
	{ "an entry of density", 0, 100 },
	{ "flows", 1024, 1 << 26 },
	{ "idle-tcp", 1, 86400 },
	{ "idle-udp", 1, 86400 },
	{ "lifetime", 1, 604800 },
	{ "udp-ratio", 1, 3 },
	{ "syn-acks", 1, 100000000 },
	{ "record-lines", 1, 10000000 },
	{ "seconds", 1, 86400 },
	{ "memory-mb", 64, 1 << 20 },
	{ "hold-out", 1, 50 },
	{ "corpus-mb", 1, 1 << 24 },
	{ "corpus-days", 0, 36500 },
};

static void
silent(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
	(void)level;
	(void)ctx;
	(void)fmt;
	(void)args;
}

static const cyaml_config_t cyaml = {
	.log_fn = silent, .mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR,
	.flags = CYAML_CFG_STYLE_BLOCK,
};

int
conf_bad(const struct checking *k, const char *path, const char *fmt, ...)
{
	char rest[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(rest, sizeof rest, fmt, ap);
	va_end(ap);
	return diag_set(k->why, -EINVAL, "%s line %u: %s", k->f->path, schema_line(k->f, path), rest);
}

static char *
join(const char *folder, size_t n, const char *name)
{
	char *to;

	if (name[0] == '/')
		return strdup(name);
	return asprintf(&to, "%.*s/%s", (int)n, folder, name) < 0 ? NULL : to;
}

/* Makes *name absolute, seen from the folder of the YAML file. */
static int
resolve(const struct checking *k, const char *path, char **name)
{
	char real[PATH_MAX], *to;
	const char *slash;

	if (*name == NULL)
		return 0;
	if (realpath(path, real) == NULL)
		return diag_set(k->why, -errno, "%s: %s.", path, strerror(errno));
	slash = strrchr(real, '/');
	to = join(real, (size_t)(slash - real), *name);
	if (to == NULL)
		return diag_set(k->why, -ENOMEM, "%s: no memory.", path);
	free(*name);
	*name = to;
	return 0;
}

/* Is a, a folder, the folder b or below it, going by their names? */
static bool
is_below(const char *a, const char *b)
{
	size_t n = strlen(b);

	while (n > 1 && b[n - 1] == '/')
		n--;
	return strncmp(a, b, n) == 0 && (a[n] == '\0' || a[n] == '/');
}

static int
resolve_all(const struct checking *k, const char *path)
{
	struct conf *c = k->c;
	int err = resolve(k, path, &c->control);

	if (err == 0)
		err = resolve(k, path, &c->records);
	if (err == 0)
		err = resolve(k, path, &c->key);
	if (err == 0)
		err = resolve(k, path, &c->state);
	if (err == 0)
		err = resolve(k, path, &c->spool);
	if (err == 0 && c->spool != NULL && (is_below(c->spool, c->state) || is_below(c->state, c->spool)))
		err = conf_bad(k, "spool-folder", "the spool-folder and the state-folder must not be one, nor one in the "
		    "other: what is in the spool is taken away.");
	for (uint32_t i = 0; err == 0 && i < c->models_count; i++)
		err = resolve(k, path, &c->models[i].file);
	for (uint32_t i = 0; err == 0 && i < c->models_count; i++)
		err = resolve(k, path, &c->models[i].definition);
	if (err == 0 && strlen(c->control) > SOCKET_LONGEST)
		err = conf_bad(k, "control-socket", "control-socket is %zu characters long with its folder; "
		    "a socket's name has at most %d.", strlen(c->control), SOCKET_LONGEST);
	return err;
}

struct conf_profile *
conf_profile(struct conf_prefix *p, uint32_t k)
{
	return k == 0 ? &p->shows : k <= p->profiles_count ? &p->profiles[k - 1] : NULL;
}

struct conf_service *
conf_service(const struct conf *c, uint32_t n)
{
	struct conf_profile *f;

	for (uint32_t i = 0; i < c->prefixes_count; i++)
		for (uint32_t k = 0; (f = conf_profile(&c->prefixes[i], k)) != NULL; k++) {
			if (n < f->services_count)
				return &f->services[n];
			n -= f->services_count;
		}
	return NULL;
}

static int
set_prefix_defaults(struct conf_prefix *p)
{
	struct conf_profile *f;

	p->on_link = p->on_link ? p->on_link : SWITCH_NO;
	for (uint32_t k = 0; (f = conf_profile(p, k)) != NULL; k++) {
		f->share = f->share ? f->share : 1;
		f->action = f->action ? f->action : CONF_RESET;
		f->ping = f->ping ? f->ping : SWITCH_YES;
		if (f->persona == NULL && (f->persona = strdup("linux")) == NULL)
			return -ENOMEM;
	}
	return 0;
}

/* Keys that were not given, before names become absolute. */
static int
set_defaults(struct conf *c)
{
	struct conf_limits *l = &c->limits;
	struct conf_training *t = &c->training;

	if (c->control == NULL)
		c->control = strdup(CTL_SOCKET);
	if (c->key == NULL)
		c->key = strdup("mynahd.key");
	if (c->control == NULL || c->key == NULL)
		return -ENOMEM;
	if (c->huge_pages == SWITCH_UNSET)
		c->huge_pages = SWITCH_NO;
	if (c->workers == 0)
		c->workers = c->cores != NULL ? c->cores->workers_count : 1;
	l->flows = l->flows ? l->flows : 65536;
	l->idle_tcp_s = l->idle_tcp_s ? l->idle_tcp_s : 300;
	l->idle_udp_s = l->idle_udp_s ? l->idle_udp_s : 30;
	l->lifetime_s = l->lifetime_s ? l->lifetime_s : 3600;
	l->udp_ratio = l->udp_ratio ? l->udp_ratio : 3;
	l->syn_acks = l->syn_acks ? l->syn_acks : 100000;
	l->records = l->records ? l->records : 20000;
	t->seconds = t->seconds ? t->seconds : 600;
	t->memory_mb = t->memory_mb ? t->memory_mb : 2048;
	t->hold_out = t->hold_out ? t->hold_out : 10;
	t->scrub = t->scrub ? t->scrub : SWITCH_YES;
	t->corpus_mb = t->corpus_mb ? t->corpus_mb : 1024;
	c->linux_itself = persona_linux;
	persona_make(&c->linux_itself);
	for (uint32_t i = 0; i < c->personas_count; i++)
		if (conf_persona_defaults(&c->personas[i]) < 0)
			return -ENOMEM;
	for (uint32_t i = 0; i < c->prefixes_count; i++)
		if (set_prefix_defaults(&c->prefixes[i]) < 0)
			return -ENOMEM;
	return 0;
}

static int
check_port(const struct checking *k, uint32_t i)
{
	struct conf_port *p = &k->c->ports[i];
	char path[64];
	unsigned m[6];
	int end = 0;

	snprintf(path, sizeof path, "ports[%u].link-address", i);
	if (addr_parse(&p->link, p->link_address) < 0 || !addr_is_v4(&p->link))
		return conf_bad(k, path, "link-address is \"%s\"; it must be an IPv4 address like 192.0.2.2.",
		    p->link_address);
	snprintf(path, sizeof path, "ports[%u].link-address-ipv6", i);
	if (p->link_address_ipv6 != NULL && (addr_parse(&p->link_six, p->link_address_ipv6) < 0 ||
	    addr_is_v4(&p->link_six)))
		return conf_bad(k, path, "link-address-ipv6 is \"%s\"; it must be an IPv6 address like 2001:db8::2.",
		    p->link_address_ipv6);
	snprintf(path, sizeof path, "ports[%u].mac", i);
	if (p->mac != NULL) {
		if (sscanf(p->mac, "%2x:%2x:%2x:%2x:%2x:%2x%n", &m[0], &m[1], &m[2], &m[3], &m[4], &m[5],
			&end) != 6 || p->mac[end] != '\0' || (m[0] & 1))
			return conf_bad(k, path, "mac is \"%s\"; it must be a unicast address like 02:00:00:00:00:02.",
			    p->mac);
		for (int j = 0; j < 6; j++)
			p->mac_bytes[j] = (uint8_t)m[j];
	}
	snprintf(path, sizeof path, "ports[%u].device", i);
	for (uint32_t j = 0; j < i; j++)
		if (strcmp(k->c->ports[j].device, p->device) == 0)
			return conf_bad(k, path, "device \"%s\" stands here a second time.", p->device);
	return 0;
}

static int
check_cores(const struct checking *k)
{
	const struct conf_cores *o = k->c->cores;
	char path[64];

	if (o == NULL)
		return 0;
	if (k->c->workers != o->workers_count)
		return conf_bad(k, "worker-threads", "worker-threads is %u, but cores lists %u for workers; "
		    "leave worker-threads out.", k->c->workers, o->workers_count);
	for (uint32_t i = 0; i < o->workers_count; i++) {
		snprintf(path, sizeof path, "cores.workers[%u]", i);
		if (o->workers[i] == o->control)
			return conf_bad(k, path, "core %u is the control core already.", o->control);
		for (uint32_t j = 0; j < i; j++)
			if (o->workers[i] == o->workers[j])
				return conf_bad(k, path, "core %u stands here a second time.", o->workers[i]);
	}
	return 0;
}

bool
conf_plain_name(const char *s)
{
	return s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == '\0';
}

static int
check_model(const struct checking *k, uint32_t i)
{
	const struct conf_model *m = &k->c->models[i];
	char path[64];

	snprintf(path, sizeof path, "models[%u].name", i);
	if (!conf_plain_name(m->name))
		return conf_bad(k, path, "name is \"%s\"; allowed are letters, digits, dot, underscore, hyphen.",
		    m->name);
	for (uint32_t j = 0; j < i; j++)
		if (strcmp(k->c->models[j].name, m->name) == 0)
			return conf_bad(k, path, "model \"%s\" stands here a second time.", m->name);
	return 0;
}

static int
check_all(const struct checking *k)
{
	int err = check_cores(k);

	for (uint32_t i = 0; err == 0 && i < k->c->ports_count; i++)
		err = check_port(k, i);
	for (uint32_t i = 0; err == 0 && i < k->c->models_count; i++)
		err = check_model(k, i);
	for (uint32_t i = 0; err == 0 && i < k->c->personas_count; i++)
		err = conf_check_persona(k, i);
	for (uint32_t i = 0; err == 0 && i < k->c->prefixes_count; i++)
		err = conf_check_prefix(k, i);
	if (err == 0 && k->c->host != NULL && !conf_plain_name(k->c->host))
		err = conf_bad(k, "host", "host is \"%s\"; allowed are letters, digits, dot, underscore, hyphen.",
		    k->c->host);
	if (err == 0 && k->c->spool != NULL && k->c->state == NULL)
		err = conf_bad(k, "spool-folder", "captures from a spool-folder are kept in a state-folder; give one.");
	return err;
}

int
conf_load(struct conf **out, const char *path, struct diag *why)
{
	struct schema_file f;
	struct checking k = { .f = &f, .why = why };
	cyaml_err_t said;
	int err;

	err = schema_open(&f, path, why);
	if (err < 0)
		return err;
	err = schema_check(&f, &conf_schema, ranges, ARRAY_LEN(ranges), why);
	if (err < 0)
		goto close;
	said = cyaml_load_data((const uint8_t *)f.text, f.n, &cyaml, &conf_schema,
	    (cyaml_data_t **)&k.c, NULL);
	if (said != CYAML_OK) {
		err = diag_set(why, -EINVAL, "%s: %s.", path, cyaml_strerror(said));
		goto close;
	}
	err = set_defaults(k.c);
	if (err < 0)
		diag_set(why, err, "%s: no memory.", path);
	else
		err = check_all(&k);
	if (err == 0)
		err = resolve_all(&k, path);
	if (err == 0)
		*out = k.c;
	else
		conf_free(k.c);
close:
	schema_close(&f);
	return err;
}

int
conf_print(const struct conf *c, FILE *to, struct diag *why)
{
	cyaml_err_t said;
	char *text = NULL;
	size_t n = 0;

	said = cyaml_save_data(&text, &n, &cyaml, &conf_schema, c, 0);
	if (said != CYAML_OK)
		return diag_set(why, -EINVAL, "The configuration cannot be printed: %s.", cyaml_strerror(said));
	fwrite(text, 1, n, to);
	cyaml.mem_fn(NULL, text, 0);
	return 0;
}

void
conf_free(struct conf *c)
{
	cyaml_free(&cyaml, &conf_schema, c, 0);
}
