/* Personas: kinds of machines as data. What an entry does not say is as persona_linux has it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/conf_inside.h"

enum { PLACE = 64 };	/* "personas[14].options[3]" */
enum { RESET_ODD = 1, IGNORE_ODD };

/* enum persona_ids shifted by one, so that 0 is "not given" */
static const cyaml_strval_t ids[] = { { "conversation", IDS_FLOW + 1 }, { "path", IDS_PATH + 1 },
	{ "zero", IDS_ZERO + 1 }, { "random", IDS_RANDOM + 1 } };
static const cyaml_strval_t odd[] = { { "reset", RESET_ODD }, { "ignore", IGNORE_ODD } };

#define NUMBER(key, member) CYAML_FIELD_UINT(key, CYAML_FLAG_OPTIONAL, struct conf_persona, member)
#define WORD(key, member, words)                                                                  \
	CYAML_FIELD_ENUM(key, CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct conf_persona, member, words, \
	    ARRAY_LEN(words))
#define SWITCH(key, member)                                                                       \
	CYAML_FIELD_ENUM(key, CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct conf_persona, member,       \
	    conf_switches, CONF_SWITCHES)

static const cyaml_schema_value_t group_value = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 31)
};
static const cyaml_schema_field_t fields[] = {
	CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct conf_persona, name, 1, 63),
	NUMBER("ttl", ttl),
	SWITCH("df", df),
	WORD("ip-id", ids, ids),
	NUMBER("mss", mss),
	NUMBER("window", window),
	SWITCH("whole-segments", whole_segments),
	CYAML_FIELD_UINT_PTR("window-scale", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct conf_persona, wscale),
	CYAML_FIELD_SEQUENCE("options", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct conf_persona, options,
	    &group_value, 1, PERSONA_GROUPS),
	NUMBER("timestamp-rate", ts_hz),
	NUMBER("first-timeout", rto_first_ms),
	NUMBER("least-timeout", rto_min_ms),
	NUMBER("longest-timeout", rto_max_ms),
	NUMBER("retries", retries),
	SWITCH("ecn", ecn),
	WORD("odd-flags", odd_flags, odd),
	SWITCH("echo-code", echo_code),
	NUMBER("quote", quote),
	NUMBER("unreachable-every", unreachable_ms),
	CYAML_FIELD_END
};
const cyaml_schema_value_t conf_persona_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct conf_persona, fields)
};

static const struct {
	const char *word;
	uint8_t kind;
} words[] = { { "mss", OPT_MSS }, { "sok", OPT_SACK_OK }, { "ts", OPT_TS }, { "ws", OPT_WSCALE }, { "eol", OPT_END } };

static int
default_options(struct conf_persona *c, const struct persona *p)
{
	c->options = calloc(PERSONA_GROUPS, sizeof *c->options);
	for (unsigned i = 0; c->options != NULL && i < PERSONA_GROUPS && p->options[i].kind[0] != 0; i++) {
		char group[32] = "";

		for (unsigned k = 0; k < PERSONA_KINDS; k++)
			for (unsigned w = 0; w < ARRAY_LEN(words); w++)
				if (p->options[i].kind[k] == words[w].kind && words[w].kind != OPT_END)
					snprintf(group + strlen(group), sizeof group - strlen(group), "%s%s", k > 0 ? " " : "", words[w].word);
		if ((c->options[i] = strdup(group)) == NULL)
			return -ENOMEM;
		c->options_count++;
	}
	return c->options != NULL ? 0 : -ENOMEM;
}

int
conf_persona_defaults(struct conf_persona *c)
{
	const struct persona *p = &persona_linux;

	c->ttl = c->ttl ? c->ttl : p->ttl;
	c->df = c->df ? c->df : p->df ? SWITCH_YES : SWITCH_NO;
	c->ids = c->ids ? c->ids : p->ids + 1u;
	c->mss = c->mss ? c->mss : p->mss;
	c->window = c->window ? c->window : p->window;
	c->whole_segments = c->whole_segments ? c->whole_segments : p->whole_segments ? SWITCH_YES : SWITCH_NO;
	c->ts_hz = c->ts_hz ? c->ts_hz : p->ts_hz;
	c->rto_first_ms = c->rto_first_ms ? c->rto_first_ms : p->rto_first_ms;
	c->rto_min_ms = c->rto_min_ms ? c->rto_min_ms : p->rto_min_ms;
	c->rto_max_ms = c->rto_max_ms ? c->rto_max_ms : p->rto_max_ms;
	c->retries = c->retries ? c->retries : p->retries;
	c->odd_flags = c->odd_flags ? c->odd_flags : p->odd_flags_reset ? RESET_ODD : IGNORE_ODD;
	c->ecn = c->ecn ? c->ecn : p->ecn ? SWITCH_YES : SWITCH_NO;
	c->echo_code = c->echo_code ? c->echo_code : p->echo_keeps_code ? SWITCH_YES : SWITCH_NO;
	c->quote = c->quote ? c->quote : p->quote_max;
	c->unreachable_ms = c->unreachable_ms ? c->unreachable_ms : p->icmp_unreachable_ms;
	if (c->wscale == NULL) {
		if ((c->wscale = malloc(sizeof *c->wscale)) == NULL)
			return -ENOMEM;
		*c->wscale = p->wscale;
	}
	return c->options != NULL ? 0 : default_options(c, p);
}

static unsigned
find_word(const char *at, size_t n)
{
	unsigned w = 0;

	while (w < ARRAY_LEN(words) && (strlen(words[w].word) != n || memcmp(words[w].word, at, n) != 0))
		w++;
	return w;
}

/* One group of options; *seen: those before it. */
static int
read_group(const struct checking *k, const char *path, const char *text, struct option_group *g, unsigned *seen)
{
	unsigned nkinds = 0;

	for (const char *at = text + strspn(text, " "); *at != '\0'; ) {
		size_t n = strcspn(at, " ");
		unsigned w = find_word(at, n);

		if (w == ARRAY_LEN(words) || g->ends)
			return conf_bad(k, path, "\"%.*s\" in options is none of the words mss, sok, ts, ws, and eol as the last.",
			    (int)n, at);
		if (*seen & 1u << w)
			return conf_bad(k, path, "\"%s\" stands here a second time.", words[w].word);
		*seen |= 1u << w;
		if (words[w].kind == OPT_END)
			g->ends = true;
		else if (nkinds < PERSONA_KINDS)
			g->kind[nkinds++] = words[w].kind;
		else
			return conf_bad(k, path, "a group of options has at most %d of them.", PERSONA_KINDS);
		at += n + strspn(at + n, " ");
	}
	return nkinds > 0 ? 0 : conf_bad(k, path, "a group of options is empty.");
}

static int
read_options(const struct checking *k, const char *place, const struct conf_persona *c, struct persona *p)
{
	char path[PLACE + 16];
	unsigned seen = 0;

	for (uint32_t i = 0; i < c->options_count; i++) {
		int err;

		snprintf(path, sizeof path, "%s.options[%u]", place, i);
		err = read_group(k, path, c->options[i], &p->options[i], &seen);
		if (err < 0)
			return err;
		if (p->options[i].ends && i + 1 < c->options_count)
			return conf_bad(k, path, "eol ends the last group of options, and none before it.");
	}
	snprintf(path, sizeof path, "%s.options", place);
	return seen & 1 ? 0 : conf_bad(k, path, "options lack mss, which every machine announces.");
}

static int
check_name(const struct checking *k, const char *place, uint32_t i)
{
	const char *name = k->c->personas[i].name;
	char path[PLACE + 16];

	snprintf(path, sizeof path, "%s.name", place);
	if (!conf_plain_name(name))
		return conf_bad(k, path, "name is \"%s\"; allowed are letters, digits, dot, underscore, hyphen.", name);
	if (strcmp(name, persona_linux.name) == 0)
		return conf_bad(k, path, "persona \"%s\" is built in; give this one another name.", name);
	for (uint32_t o = 0; o < i; o++)
		if (strcmp(k->c->personas[o].name, name) == 0)
			return conf_bad(k, path, "persona \"%s\" stands here a second time.", name);
	return 0;
}

int
conf_check_persona(const struct checking *k, uint32_t i)
{
	struct conf_persona *c = &k->c->personas[i];
	struct persona *p = &c->made;
	char place[PLACE], path[PLACE + 16];
	int err;

	snprintf(place, sizeof place, "personas[%u]", i);
	*p = (struct persona){ .ttl = (uint8_t)c->ttl, .df = c->df == SWITCH_YES, .ids = (uint8_t)(c->ids - 1),
		.mss = (uint16_t)c->mss, .window = (uint16_t)c->window,
		.whole_segments = c->whole_segments == SWITCH_YES, .wscale = (uint8_t)*c->wscale,
		.ts_hz = (uint16_t)c->ts_hz, .rto_min_ms = c->rto_min_ms, .rto_first_ms = c->rto_first_ms,
		.rto_max_ms = c->rto_max_ms, .retries = (uint8_t)c->retries,
		.ecn = c->ecn == SWITCH_YES, .odd_flags_reset = c->odd_flags == RESET_ODD, .echo_keeps_code = c->echo_code == SWITCH_YES,
		.quote_max = (uint16_t)c->quote, .icmp_unreachable_ms = c->unreachable_ms };
	snprintf(p->name, sizeof p->name, "%s", c->name);
	err = check_name(k, place, i);
	if (err == 0)
		err = read_options(k, place, c, p);
	if (err < 0)
		return err;
	snprintf(path, sizeof path, "%s.window", place);
	if (c->window < c->mss)
		return conf_bad(k, path, "window is %u; it must hold a segment of mss %u.", c->window, c->mss);
	snprintf(path, sizeof path, "%s.first-timeout", place);
	if (c->rto_first_ms < c->rto_min_ms || c->rto_first_ms > c->rto_max_ms)
		return conf_bad(k, path, "first-timeout is %u; it must lie between least-timeout %u and longest-timeout %u.",
		    c->rto_first_ms, c->rto_min_ms, c->rto_max_ms);
	persona_make(p);
	return 0;
}

const struct persona *
conf_persona(const struct conf *c, const char *name)
{
	for (uint32_t i = 0; i < c->personas_count; i++)
		if (strcmp(c->personas[i].name, name) == 0)
			return &c->personas[i].made;
	return strcmp(name, persona_linux.name) == 0 ? &c->linux_itself : NULL;
}
