/* What a schema cannot say of prefixes, profiles and services. */
#include <errno.h>
#include <string.h>

#include "control/conf_inside.h"
#include "control/service.h"
#include "dataplane/persona.h"

enum { PLACE = 64 };	/* "prefixes[63].profiles[14]" */

static int
find_model(const struct conf *c, const char *name)
{
	for (uint32_t i = 0; i < c->models_count; i++)
		if (strcmp(c->models[i].name, name) == 0)
			return (int)i;
	return -ENOENT;
}

static bool
overlaps(const struct conf_service *a, const struct conf_service *b)
{
	return a->proto == b->proto && a->first <= b->last && b->first <= a->last;
}

/* place: of what the service belongs to. */
static int
check_service(const struct checking *k, const char *place, const struct conf_profile *f, uint32_t j)
{
	struct conf_service *s = &f->services[j];
	char path[PLACE + 32];
	int at;

	snprintf(path, sizeof path, "%s.services[%u].port", place, j);
	if (!service_ports(s->port, &s->proto, &s->first, &s->last))
		return conf_bad(k, path, "port is \"%s\"; it must be tcp/ or udp/ and a number from 1 to 65535, "
		    "or two like tcp/1000-1999.", s->port);
	for (uint32_t o = 0; o < j; o++)
		if (overlaps(&f->services[o], s))
			return conf_bad(k, path, "port %s has a service already: %s.", s->port, f->services[o].port);
	if ((s->model == NULL) == (s->action == NULL))
		return conf_bad(k, path, "the service on %s must have either a model or an action.", s->port);
	if (s->model == NULL)
		return 0;
	snprintf(path, sizeof path, "%s.services[%u].model", place, j);
	at = find_model(k->c, s->model);
	if (at < 0)
		return conf_bad(k, path, "model \"%s\" is not in the list of models.", s->model);
	s->model_index = (uint32_t)at;
	return 0;
}

/* What the prefix itself shows (n = 0), or its profile n - 1. */
static int
check_profile(const struct checking *k, uint32_t i, uint32_t n)
{
	struct conf_prefix *p = &k->c->prefixes[i];
	struct conf_profile *f = conf_profile(p, n);
	char place[PLACE], path[PLACE + 32];
	int err = 0;

	snprintf(place, sizeof place, n > 0 ? "prefixes[%u].profiles[%u]" : "prefixes[%u]", i, n - 1);
	snprintf(path, sizeof path, "%s.name", place);
	if (n > 0 && !conf_plain_name(f->name))
		return conf_bad(k, path, "name is \"%s\"; allowed are letters, digits, dot, underscore, hyphen.", f->name);
	for (uint32_t o = 1; o < n; o++)
		if (strcmp(conf_profile(p, o)->name, f->name) == 0)
			return conf_bad(k, path, "profile \"%s\" of %s stands here a second time.", f->name, p->prefix);
	snprintf(path, sizeof path, "%s.persona", place);
	f->who = conf_persona(k->c, f->persona);
	if (f->who == NULL)
		return conf_bad(k, path, "persona \"%s\" is neither linux nor in the list of personas.", f->persona);
	for (uint32_t j = 0; err == 0 && j < f->services_count; j++)
		err = check_service(k, place, f, j);
	return err;
}

/* Ranges of which no host has an address: nobody, loopback, groups. RFC 6890, RFC 4291 2.5; as sources they are refused, too. */
static const struct {
	const char *prefix, *what;
} nobodys[] = {
	{ "0.0.0.0/8", "say that there is none yet" },
	{ "127.0.0.0/8", "are of loopback" },
	{ "224.0.0.0/3", "are of groups, or reserved" },
	{ "::/127", "are nobody's, or loopback" },
	{ "ff00::/8", "are of groups" },
};

/* Why no host can have an address of p, NULL: it can. */
static const char *
nobody_has(const struct conf_prefix *p)
{
	for (size_t i = 0; i < ARRAY_LEN(nobodys); i++) {
		struct addr addr;
		unsigned bits;

		if (addr_parse_prefix(&addr, &bits, nobodys[i].prefix) == 0 && p->bits >= bits && addr_in(&p->addr, &addr, bits))
			return nobodys[i].what;
	}
	return NULL;
}

int
conf_check_prefix(const struct checking *k, uint32_t i)
{
	struct conf_prefix *p = &k->c->prefixes[i];
	const char *nobody;
	char path[PLACE];
	int err = addr_parse_prefix(&p->addr, &p->bits, p->prefix);

	snprintf(path, sizeof path, "prefixes[%u].prefix", i);
	if (err == -EINVAL)
		return conf_bad(k, path, "prefix is \"%s\"; it must be an address and its bits like 198.19.0.0/16.",
		    p->prefix);
	if (err < 0)
		return conf_bad(k, path, "prefix \"%s\" has bits set behind its length.", p->prefix);
	nobody = nobody_has(p);
	if (nobody != NULL)
		return conf_bad(k, path, "prefix %s is no network of hosts: its addresses %s. Give one that is routed here.",
		    p->prefix, nobody);
	for (uint32_t j = 0; j < i; j++)
		if (k->c->prefixes[j].bits == p->bits && addr_eq(&k->c->prefixes[j].addr, &p->addr))
			return conf_bad(k, path, "prefix %s stands here a second time.", p->prefix);
	for (uint32_t j = 0; j < k->c->ports_count; j++)
		if (addr_in(&k->c->ports[j].link, &p->addr, p->bits))
			return conf_bad(k, path, "prefix %s contains the link-address %s.", p->prefix,
			    k->c->ports[j].link_address);
	for (uint32_t j = 0; j < k->c->ports_count; j++)
		if (k->c->ports[j].link_address_ipv6 != NULL && addr_in(&k->c->ports[j].link_six, &p->addr, p->bits))
			return conf_bad(k, path, "prefix %s contains the link-address-ipv6 %s.", p->prefix,
			    k->c->ports[j].link_address_ipv6);
	snprintf(path, sizeof path, "prefixes[%u].density", i);
	if (p->density_count > 0 && p->profiles_count == 0)
		return conf_bad(k, path, "density says how many addresses have one of the profiles of %s; give some.",
		    p->prefix);
	for (uint32_t n = 0; err == 0 && n <= p->profiles_count; n++)
		err = check_profile(k, i, n);
	return err;
}
