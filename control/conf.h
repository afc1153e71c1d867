#pragma once
/*
 * conf.h - mynahd.yaml: what the sensor is told.
 *
 * One schema table (conf_schema) says which keys there are; libcyaml fills the structs from
 * it, prints them in the same syntax, and the test of the manual reads it. What a schema
 * cannot say (a port twice, a model that is nowhere listed) is checked after it, with the
 * line. File names are relative to the YAML file's folder and absolute once loaded.
 *
 * Threads: control. conf_load() hands over a struct that conf_free() frees.
 */
#include <cyaml/cyaml.h>
#include <stdio.h>

#include "dataplane/persona.h"
#include "models/addr.h"
#include "models/diag.h"
#include "models/set.h"

enum { CONF_PORTS = 8, CONF_PERSONAS = 64, CONF_WORKERS = 64, CONF_SERVICES = 4096 };
enum conf_switch { SWITCH_UNSET, SWITCH_YES, SWITCH_NO };
/* enum action shifted by one, so that 0 is "not given" */
enum conf_action { CONF_UNSET, CONF_SILENT, CONF_DROP, CONF_RESET, CONF_HANDSHAKE };

struct conf_port {
	char *device;		/* PCI address or vdev string */
	char *link_address;	/* next hop: ARP is answered for it */
	char *link_address_ipv6;	/* the same for IPv6; NULL: none */
	char *mac;		/* NULL: the port's own */
	struct addr link, link_six;	/* from here on: worked out, not in the file */
	uint8_t mac_bytes[6];
};

struct conf_cores {
	uint32_t control;
	uint32_t *workers;
	uint32_t workers_count;
};

struct conf_model {
	char *name, *file;
	char *definition;	/* a file, what learning is told of the service; NULL: nothing */
};

struct conf_service {
	char *port;		/* tcp/21, tcp/1000-1999 */
	char *model;		/* one of both, the other is NULL */
	enum conf_action *action;
	uint8_t proto;		/* MODEL_TCP or MODEL_UDP */
	uint16_t first, last;
	uint32_t model_index;
};

struct conf_persona {		/* as struct persona, 0 and NULL: as Linux */
	char *name;
	uint32_t ttl, mss, window, ts_hz;
	uint32_t *wscale;
	enum conf_switch df, whole_segments, ecn, echo_code;
	uint32_t ids, odd_flags;	/* conf_persona.c */
	char **options;
	uint32_t options_count;
	uint32_t rto_first_ms, rto_min_ms, rto_max_ms, retries;
	uint32_t quote, unreachable_ms;
	struct persona made;
};

struct conf_profile {
	char *name;
	uint32_t share;
	enum conf_action action;	/* ports without a service */
	enum conf_switch ping;
	char *persona;
	struct conf_service *services;
	uint32_t services_count;
	const struct persona *who;
};

struct conf_prefix {
	char *prefix;
	enum conf_switch on_link;
	struct conf_profile shows;	/* of addresses that have none of the profiles; without name and share */
	struct conf_profile *profiles;
	uint32_t profiles_count;
	uint32_t *density;	/* percent of addresses that have one */
	uint32_t density_count;
	struct addr addr;
	unsigned bits;		/* of 128 */
};

struct conf_limits {
	uint32_t flows;		/* per worker and port, a power of two */
	uint32_t idle_tcp_s, idle_udp_s, lifetime_s;
	uint32_t udp_ratio;
	uint32_t syn_acks;	/* per second and /24, or /64 of IPv6 */
	uint32_t records;	/* lines per second */
};

struct conf_training {
	uint32_t seconds, memory_mb;	/* a job's limits */
	uint32_t hold_out;		/* percent of conversations that judge and are not learned */
	enum conf_switch scrub;		/* secrets of the clients are made up anew first (learning/scrub.h) */
	uint32_t corpus_mb, corpus_days;	/* kept per service; days 0: for ever */
};

struct conf {
	char *host;		/* the sensor's name in records; NULL: the machine's */
	char *user;		/* NULL: stay who we are */
	char *control, *records, *key;	/* files */
	char *state, *spool;	/* folders; NULL: nothing is kept, nothing is learned */
	enum conf_switch huge_pages;
	uint32_t workers;
	struct conf_cores *cores;	/* NULL: threads float */
	struct conf_port *ports;
	uint32_t ports_count;
	struct conf_model *models;
	uint32_t models_count;
	struct conf_persona *personas;
	uint32_t personas_count;
	struct conf_prefix *prefixes;
	uint32_t prefixes_count;
	struct conf_limits limits;
	struct conf_training training;
	struct persona linux_itself;	/* the one that is built in, made */
};

extern const cyaml_schema_value_t conf_schema;

/* 0, or -errno with a sentence that names file, line, key, value and what is allowed. */
int	conf_load(struct conf **out, const char *path, struct diag *why);
/* By name, of those in the file and the one that is built in; NULL: there is none. As long as c lives. */
const struct persona *conf_persona(const struct conf *c, const char *name);
/* What addresses of a prefix show: the one without a name (k = 0), then those with; NULL behind the last. */
struct conf_profile *conf_profile(struct conf_prefix *p, uint32_t k);
/* All services of all profiles, in the order of the file; NULL behind the last. */
struct conf_service *conf_service(const struct conf *c, uint32_t n);
/* The configuration in effect, in its own syntax. */
int	conf_print(const struct conf *c, FILE *to, struct diag *why);
void	conf_free(struct conf *c);
