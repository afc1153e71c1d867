#pragma once
/*
 * definition.h - what a user says of a service before it is mined: its commands, how they look on
 * the wire, which answers count as equal, and which relations are worth looking for.
 *
 * SM05 3 asks for commands, numbers of arguments, constants, meta-rules and N_max; captures hold verbs
 * and reply codes, so the file says how these map. Grammar: docs/learning.md, "Service mining".
 * The lexer is the text model's, so errors begin with file:line:column.
 *
 * Ownership: definition_parse() makes what definition_fini() frees; all spans point there.
 */
#include "models/bytes.h"
#include "models/diag.h"
#include "models/vocab.h"

enum { DEFINITION_ARGS = 4, DEFINITION_COMMANDS = 64, DEFINITION_FEW = 64, DEFINITION_NMAX = 10,
	DEFINITION_BYTES = 1 << 20 };

enum definition_framing { FRAMING_LINE, FRAMING_HTTP1, FRAMING_DATAGRAM };
enum definition_answer {
	ANSWER_CLASS,		/* of the reply's code */
	ANSWER_CODE,
	ANSWER_CAPTURE,		/* what stands between two strings in the reply with that code */
	ANSWER_DATA,		/* body, or content of the data channel */
	ANSWER_LINES,		/* of names, the last word of each line */
};
enum definition_meta { META_EXACT, META_SUBSTRING, META_NOTSUBSTRING, META_MAP };
enum definition_between { BETWEEN_ANY, BETWEEN_ARG, BETWEEN_RESP, BETWEEN_ARG_RESP, BETWEEN_RESP_RESP };

struct code_pattern {
	char c[3];		/* digits or '?' */
};

struct definition_channel {
	struct span name;
	uint8_t proto;		/* MODEL_TCP, MODEL_UDP */
	uint16_t port;		/* 0: dynamic */
	bool data;
	struct span refused;	/* data: what is said where no connection can be made; nothing: not said */
};

struct definition_const {
	struct span name;
	struct span *spelling;
	uint32_t nspelling;	/* 0: a class of replies */
};

struct definition_class {
	struct span name;
	struct code_pattern *pattern;
	uint32_t npattern;
};

struct definition_command {
	struct span name;
	struct span *verb;
	uint32_t nverb;
	uint8_t least, most;	/* arguments */
	bool rest;		/* the last one is the rest of the line */
	uint8_t answer;		/* enum definition_answer */
	struct code_pattern code;	/* CAPTURE */
	struct span before, after;
	struct code_pattern *more;	/* codes of replies that do not end the interaction */
	uint32_t nmore;
	int32_t alias;		/* the command it stands for, or -1 */
	uint32_t alias_arg[DEFINITION_ARGS];	/* constants */
	uint8_t nalias;
};

struct definition_map {		/* characters replaced or, with nothing to put there, deleted */
	struct span from, to;
};

struct definition_rule {	/* a meta-rule: SM05 4.2 (a) to (d) */
	uint8_t kind, between;
	struct span name;	/* MAP */
	struct definition_map *map;
	uint32_t nmap;
};

struct definition {
	struct span name;
	uint32_t version;
	uint8_t framing;
	struct span end;	/* LINE: of a line */
	bool multiline;		/* "220-" lines go on */
	bool fold;		/* case of verbs means nothing */
	uint8_t scope;		/* of what is remembered: SCOPE_PAIR, SCOPE_HOST, SCOPE_CONNECTION */
	uint32_t nmax;
	struct definition_channel *channel;	uint32_t nchannel;
	struct definition_const *constant;	uint32_t nconstant;
	struct definition_class *class;		uint32_t nclass;
	struct definition_command *command;	uint32_t ncommand;
	struct definition_rule *rule;		uint32_t nrule;
	struct span *ignore;			uint32_t nignore;
	void *owned;
};

/* 0, or -EINVAL/-ENOMEM with file, line and column. */
int	definition_parse(struct definition *d, const char *name, struct span from, struct diag *why);
int	definition_load(struct definition *d, const char *path, struct diag *why);
void	definition_fini(struct definition *d);

bool	code_fits(const struct code_pattern *p, const char code[3]);
/* Class of a code, or -1. */
int32_t	definition_class_of(const struct definition *d, const char code[3]);
/* The command of a verb, or -1. */
int32_t	definition_find(const struct definition *d, struct span verb);
bool	definition_ignores(const struct definition *d, struct span verb);
/* The constant that is spelled so, or -1. */
int32_t	definition_constant_of(const struct definition *d, struct span s);
/* Does it have a TCP channel for data, whose connections captures may hold? */
bool	definition_has_data(const struct definition *d);
