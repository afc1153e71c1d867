#pragma once
/*
 * text.h - the model as text: the contract between learners, people and the compiler.
 *
 * struct text is a parsed model, complete: whatever an image can do is written here, and an
 * image carries this text (compressed). The format is documented in docs/model-format.md.
 * text_parse() reads any layout; text_print() writes the one canonical layout, so that
 * print(parse(print(t))) == print(t) byte for byte. Floats are printed in hexadecimal.
 * There is no time of making in it.
 *
 * Ownership: a struct text made by text_parse() owns all it points at (text_fini()).
 * A learner may fill one from its own pool and must then not call text_fini().
 * All references between parts are indices into these arrays. -1 means none.
 * Threads: none; no clock, no locale.
 */
#include "models/bytes.h"
#include "models/diag.h"
#include "models/vocab.h"

enum { TEXT_VERSION = 1 };

struct text_source {		/* a capture that was learned from */
	struct span name;
	uint32_t conversations, messages;
};

struct text_var {		/* host variable; a persona and the address fill it */
	uint8_t type;		/* enum var_type */
	struct span preset;	/* what the capture's server said */
};

struct text_class {
	uint8_t has[32];	/* bit b of byte v: value v * 8 + b belongs to it */
};

struct text_hostset {		/* set or register of a host */
	bool is_register;
	uint8_t scope;
	int32_t under;		/* set: members are paths, fields mean them below this register; -1 */
	struct span *base;	/* members it starts with; a register has 0 or 1 */
	uint32_t n;
};

struct text_eom {
	uint8_t kind;		/* enum eom_kind */
	uint8_t width;		/* LENGTH: bytes of the field, 1 2 4 */
	uint8_t format;		/* LENGTH: FMT_BE or FMT_LE */
	uint32_t at;		/* LENGTH: offset of the field */
	int32_t times, plus;	/* LENGTH: message = times * value + plus bytes */
	uint32_t ms;		/* IDLE */
	struct span term;	/* TERM, DECIMAL: end of the head */
	struct span label;	/* DECIMAL: what stands before the number */
	double error;		/* share of boundaries it got wrong on held-out conversations */
};

struct text_choice {
	uint32_t weight;
	struct span value;
};

struct text_data {		/* recorded values of one place */
	uint8_t scope;
	struct text_choice *choice;
	uint32_t n;
};

struct text_pair {
	struct span key, value;
};

struct text_map {		/* functional dependency seen in the captures: sorted by key */
	struct text_pair *pair;
	uint32_t n;
};

struct text_elem {
	uint8_t kind;		/* enum elem_kind */
	uint8_t format;		/* LEN: FMT_BE, FMT_LE, FMT_TEXT */
	int32_t class;		/* SPAN */
	uint32_t min, max;	/* SPAN, COUNTED; ANY and LEN: min = width */
	struct span lit;
};

struct text_field {		/* bytes of elements first..last go into a slot */
	uint32_t slot, first, last;
};

struct text_template {		/* what a client says */
	struct text_elem *elem;
	struct text_field *field;
	uint32_t nelem, nfield;
	uint32_t support;	/* messages */
	int32_t cluster;	/* PRISMA's event; -1 none */
	uint8_t origin;
	bool second;		/* the second machine answers it */
};

struct text_op {
	uint8_t kind;		/* enum op_kind */
	uint8_t format;		/* enum format */
	uint8_t scope;		/* RAND */
	bool peer;		/* ADDR, PORT: the peer's, else our own */
	bool after;		/* PART: the part after the separator, else before */
	uint32_t slot;		/* FIELD SEQ PART MAP PATH */
	uint32_t index;		/* DATA MAP VAR REG SET PATH EACH(set) RAND(class): which one */
	uint32_t from, len;	/* FIELD: chunk, len 0 = to the end; RAND: len; SEQ/LEN/TIME: width; EACH: from = map */
	int64_t delta;		/* SEQ: added; LEN: added; TIME: seconds added (epoch) */
	struct span lit;	/* LIT; PART, SET: separator; TIME: strftime-like format, FMT_TEXT; EACH: before */
	struct span behind;	/* EACH */
};

struct text_reply {		/* what the server says: one or more messages */
	struct text_op *op;
	uint32_t nop;
	uint32_t support;
	int32_t cluster;
	uint8_t origin;
};

struct text_guard {
	uint8_t kind;
	uint32_t slot;		/* field looked at */
	uint32_t index;		/* map, set, register, template; HISTORY: template */
	uint32_t back;		/* HISTORY: 1 = the message before this one; PAIR: second slot */
	struct span lit;	/* EQ, NE */
};

struct text_effect {
	uint8_t kind;
	uint32_t slot, index;	/* index: set, register; SEND: reply */
};

struct text_alt {		/* one way to answer: first whose guards hold, then by weight */
	struct text_guard guard[MODEL_GUARDS];
	struct text_effect effect[MODEL_EFFECTS];
	uint32_t nguard, neffect;
	uint32_t weight;
	int32_t reply;		/* -1: nothing is said */
	uint32_t next;		/* state */
	uint32_t delay_ms;	/* learned pause before the answer */
	bool close, reset, pending;	/* after the answer; pending: somebody else delivers it */
	double conf;		/* 0..1 */
	uint8_t origin;
	uint8_t scope;		/* of the choice among alternatives with equal guards */
};

struct text_turn {
	uint8_t event;		/* enum event_kind */
	uint32_t arg;		/* MESSAGE: template; SILENCE: ms; CHANNEL: enum channel_news */
	struct text_alt *alt;
	uint32_t nalt;
};

struct text_state {
	struct span note;	/* its history, for people; also its signature over retraining */
	int32_t backoff;	/* state with a shorter history, asked when this one has no turn */
	int32_t eom;
	uint32_t idle_ms;	/* 0: the default of the transport */
	uint32_t support;
	struct text_turn *turn;	/* sorted by event, then arg */
	uint32_t nturn;
};

struct text_weight {
	uint32_t feature;
	double value;
};

struct text_basis {		/* PRISMA's event basis, for projection and warm starts */
	struct span *feature;	/* bytes of each kept feature */
	uint32_t nfeature;
	uint32_t ngram;		/* 0: tokens */
	struct text_weight **column;	/* per cluster, sparse */
	uint32_t *ncolumn;
	uint32_t ncluster;
};

struct text_vector {		/* a conversation the compiled model must reproduce */
	struct span *line;	/* alternately client and server; the first may be empty */
	uint32_t n;
};

/*
 * How both sides talk, as PRISMA12 tells it: what the simulator plays (learning/lens.h). It is
 * not compiled; an image carries it only in its text. A message is a row of tokens: runs of
 * separators and runs of other bytes in turn, or single bytes where there are no separators; then what
 * stands behind the head and before the next delimiter may be one token, too.
 */
enum { PRISMA_MAX_ORDER = 16 };
#define PRISMA_START (UINT32_MAX - 1)
#define PRISMA_END   UINT32_MAX

struct text_way {
	uint32_t to, count;	/* node; times it was gone */
};

struct text_node {		/* a state of the Markov model: the last symbols, oldest first */
	uint32_t *symbol;	/* order of them: 2 * event, plus 1 for the server; or PRISMA_* */
	struct text_way *way;	/* ascending */
	uint32_t nway;
};

struct text_form {		/* a template: what messages of one shape say in a state */
	uint32_t node, count;	/* messages */
	struct span *piece;	/* fixed tokens, joined; an empty one is a field of one token */
	uint32_t npiece, nfield; /* nfield of the pieces are empty */
};

struct text_row {
	uint32_t count;
	struct span *value;	/* ncolumn of the table: they stood in one message */
};

struct text_values {		/* recorded values */
	uint32_t total;		/* rows seen; what the learner's limit left out is not in row */
	uint32_t ncolumn;
	struct text_row *row;
	uint32_t nrow;
};

struct text_rule {		/* fills fields of the context's last form */
	uint8_t kind;		/* enum prisma_rule */
	bool after;		/* ADD: the rest stands before the source; PART: what follows lit */
	uint32_t field, n;	/* filled: n from field on, from as many sources or columns */
	uint32_t back, source;	/* from this field of the message so many before; 0: of this one */
	int64_t delta;		/* SEQ: added */
	struct span lit;	/* PART: separator */
	uint32_t values, column; /* DATA, ADD: rules with one table draw one row of it */
};

struct text_context {		/* forms of successive messages, oldest first; -1: none yet */
	int32_t *form;
	uint32_t nform;		/* 1 .. order + 1 */
	uint32_t count;		/* times it was seen */
	struct text_rule *rule;	/* in the order in which they fill */
	uint32_t nrule;
};

struct text_prisma {
	uint32_t order;		/* 0: the model has no such part */
	uint16_t port;		/* the server's in the captures; its ends are those of a vector */
	struct span separators;	/* of tokens; empty: every byte is one */
	bool has_run;		/* no separators: one token is longer, */
	uint32_t head;		/* behind so many bytes */
	uint8_t delimiter;	/* and before this one */
	struct text_node *node;		uint32_t nnode;	/* 0 is where conversations begin */
	struct text_form *form;		uint32_t nform;
	struct text_values *values;	uint32_t nvalues;
	struct text_context *context;	uint32_t ncontext;
};

struct text {
	struct span name;
	uint8_t proto;		/* MODEL_TCP, MODEL_UDP */
	uint8_t channel;
	struct span learner;	/* "prisma" */
	uint32_t order;		/* of its Markov model */
	uint64_t seed;
	struct span clusterer;	/* that names the events; empty: nobody says */
	uint32_t chosen_of;	/* conversations among which learner, clusterer and order were chosen; 0: nobody says */
	struct span separators;	/* token separators; empty for binary services */
	uint32_t start;		/* first state */
	struct text_source *source;	uint32_t nsource;
	struct text_var *var;		uint32_t nvar;
	struct text_class *class;	uint32_t nclass;
	struct text_hostset *hostset;	uint32_t nhostset;
	struct text_eom *eom;		uint32_t neom;
	struct text_data *data;		uint32_t ndata;
	struct text_map *map;		uint32_t nmap;
	struct text_template *template;	uint32_t ntemplate;	/* most specific first */
	struct text_reply *reply;	uint32_t nreply;
	struct text_state *state;	uint32_t nstate;
	struct text_basis basis[SIDES];	/* by enum side */
	struct text_prisma prisma;
	struct text_vector *vector;	uint32_t nvector;
	struct text *second;	/* a machine that follows every conversation beside this one, of the same name and
				   protocol; NULL: there is none */
	uint8_t second_for;	/* what it answers besides templates: bits, 1 << enum second_kind */
	void *owned;		/* text_parse()'s memory */
};

/* Parses and checks references, ranges and limits. 0, or -EINVAL/-ENOMEM with file, line, column. */
int	text_parse(struct text *t, const char *name, struct span from, struct diag *why);
/* The same check alone, for a struct text that a learner made; why names the part. */
int	text_check(const struct text *t, struct diag *why);
/* Canonical text; *to is malloc'ed, NUL-terminated, *n without it. 0 or -ENOMEM. */
int	text_print(const struct text *t, char **to, size_t *n);
/* What one template looks like: its match line in the canonical text, without the newline; likewise. */
int	text_print_match(const struct text_template *template, char **to, size_t *n);
void	text_fini(struct text *t);
