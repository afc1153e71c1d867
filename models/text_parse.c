/*
 * The text model is read in one pass: each statement has a reader, which takes the lines that
 * belong to it. References may point forward; those are kept and looked at when everything is
 * read. What a reader cannot see by itself, text_check_at() sees.
 */
#include <errno.h>
#include <stdlib.h>

#include "models/text_read.h"

void *
read_more(struct parser *p, struct vec *v, size_t size)
{
	void *at;

	if (v->n == v->cap) {
		size_t cap = v->cap > 0 ? v->cap * 2 : 16;
		void *bytes = realloc(v->p, cap * size);
		if (bytes == NULL)
			lex_no_memory(&p->x);
		v->p = bytes;
		v->cap = cap;
	}
	at = (uint8_t *)v->p + v->n++ * size;
	return memset(at, 0, size);
}

void *
read_keep(struct parser *p, struct vec *v, size_t size, uint32_t *n)
{
	void *to = v->n > 0 ? lex_alloc(&p->x, v->n, size) : NULL;

	if (v->n > 0)
		memcpy(to, v->p, v->n * size);
	*n = (uint32_t)v->n;
	v->n = 0;
	return to;
}

void
read_spot(struct parser *p, enum text_part part)
{
	struct text_spot *at = MORE(p, &p->spot[part], struct text_spot);

	*at = (struct text_spot){ p->x.line, p->x.col };
}

void
read_index(struct parser *p, const char *what, size_t is)
{
	uint32_t line = p->x.line, col = p->x.col;
	uint64_t v = lex_number(&p->x, what, UINT32_MAX);

	if (v != is)
		lex_fail_at(&p->x, line, col, "%s %llu stands where %s %zu is expected", what,
		    (unsigned long long)v, what, is);
}

static const char *const ref_names[] = {
	[REF_VAR] = "variable", [REF_CLASS] = "class", [REF_EOM] = "eom", [REF_DATA] = "data",
	[REF_MAP] = "map", [REF_TEMPLATE] = "template", [REF_REPLY] = "reply",
	[REF_STATE] = "state", [REF_SET] = "set", [REF_REGISTER] = "register",
	[REF_HOSTSET] = "set or register",
};

static size_t
defined(const struct parser *p, enum ref_kind kind)
{
	const struct vec *of[] = {
		[REF_VAR] = &p->var, [REF_CLASS] = &p->class, [REF_EOM] = &p->eom,
		[REF_DATA] = &p->data, [REF_MAP] = &p->map, [REF_TEMPLATE] = &p->template,
		[REF_REPLY] = &p->reply, [REF_STATE] = &p->state, [REF_SET] = &p->hostset,
		[REF_REGISTER] = &p->hostset, [REF_HOSTSET] = &p->hostset,
	};
	return of[kind]->n;
}

uint32_t
read_ref(struct parser *p, enum ref_kind kind)
{
	struct forward f = { kind, 0, p->x.line, p->x.col };

	f.index = (uint32_t)lex_number(&p->x, ref_names[kind], INT32_MAX);
	if (f.index >= defined(p, kind) || kind == REF_SET || kind == REF_REGISTER)
		*MORE(p, &p->forward, struct forward) = f;
	return f.index;
}

static void
check_forward(struct parser *p)
{
	const struct forward *f = p->forward.p;
	const struct text_hostset *h = p->hostset.p;

	for (size_t i = 0; i < p->forward.n; i++, f++) {
		if (f->index >= defined(p, f->kind))
			lex_fail_at(&p->x, f->line, f->col, "%s %u is not defined",
			    ref_names[f->kind], f->index);
		if ((f->kind == REF_SET && h[f->index].is_register) ||
		    (f->kind == REF_REGISTER && !h[f->index].is_register))
			lex_fail_at(&p->x, f->line, f->col, "%u is no %s", f->index,
			    ref_names[f->kind]);
	}
}

uint32_t
read_u32(struct parser *p, const char *what)
{
	return (uint32_t)lex_number(&p->x, what, UINT32_MAX);
}

uint32_t
read_slot(struct parser *p)
{
	return (uint32_t)lex_number(&p->x, "a slot", MODEL_SLOTS - 1);
}

bool
read_option(struct parser *p, const char *word, unsigned *seen, unsigned bit)
{
	if (!lex_is(&p->x, word))
		return false;
	if (*seen & bit)
		lex_fail(&p->x, "'%s' stands twice", word);
	*seen |= bit;
	lex_next(&p->x);
	return true;
}

static void
read_service(struct parser *p)
{
	p->t.name = lex_string(&p->x, "the service's name");
	if (lex_take(&p->x, "udp"))
		p->t.proto = MODEL_UDP;
	else {
		lex_expect(&p->x, "tcp");
		p->t.proto = MODEL_TCP;
	}
	lex_eol(&p->x);
}

static void
read_channel(struct parser *p)
{
	p->t.channel = (uint8_t)lex_vocab(&p->x, &vocab_channel);
	lex_eol(&p->x);
}

static void
read_learner(struct parser *p)
{
	p->t.learner = lex_string(&p->x, "the learner's name");
	lex_expect(&p->x, "order");
	p->t.order = read_u32(p, "the order");
	lex_expect(&p->x, "seed");
	p->t.seed = lex_number(&p->x, "the seed", UINT64_MAX);
	if (lex_take(&p->x, "events"))
		p->t.clusterer = lex_string(&p->x, "the clusterer's name");
	if (lex_take(&p->x, "of"))
		p->t.chosen_of = read_u32(p, "a number of conversations");
	lex_eol(&p->x);
}

static void
read_source(struct parser *p)
{
	struct text_source *s = MORE(p, &p->source, struct text_source);

	s->name = lex_string(&p->x, "the capture's name");
	lex_expect(&p->x, "conversations");
	s->conversations = read_u32(p, "conversations");
	lex_expect(&p->x, "messages");
	s->messages = read_u32(p, "messages");
	lex_eol(&p->x);
}

static void
read_separators(struct parser *p)
{
	p->t.separators = lex_string(&p->x, "the separators");
	lex_eol(&p->x);
}

static void
read_start(struct parser *p)
{
	p->t.start = read_ref(p, REF_STATE);
	lex_eol(&p->x);
}

static void
read_var(struct parser *p)
{
	struct text_var *v;

	read_spot(p, PART_VAR);
	read_index(p, "var", p->var.n);
	v = MORE(p, &p->var, struct text_var);
	v->type = (uint8_t)lex_vocab(&p->x, &vocab_var);
	v->preset = lex_string(&p->x, "the preset");
	lex_eol(&p->x);
}

static unsigned
hex_byte(struct parser *p, struct span s)
{
	static const char digits[] = "0123456789abcdef";
	const char *hi = s.n == 2 ? memchr(digits, s.p[0], 16) : NULL;
	const char *lo = s.n == 2 ? memchr(digits, s.p[1], 16) : NULL;

	if (hi == NULL || lo == NULL)
		lex_fail(&p->x, "a byte as two hexadecimal digits, or a range like 30-39, is "
		    "expected here");
	return (unsigned)((hi - digits) << 4 | (lo - digits));
}

static void
read_class(struct parser *p)
{
	struct text_class *c;

	read_spot(p, PART_CLASS);
	read_index(p, "class", p->class.n);
	c = MORE(p, &p->class, struct text_class);
	while (p->x.kind == LEX_WORD) {
		struct span s = p->x.text;
		bool range = s.n == 5 && s.p[2] == '-';
		unsigned from = hex_byte(p, range ? span_sub(s, 0, 2) : s);
		unsigned to = range ? hex_byte(p, span_sub(s, 3, 2)) : from;
		if (to < from)
			lex_fail(&p->x, "a range of bytes goes upward");
		for (unsigned b = from; b <= to; b++)
			c->has[b / 8] |= (uint8_t)(1 << b % 8);
		lex_next(&p->x);
	}
	lex_eol(&p->x);
}

static void
read_hostset(struct parser *p, bool is_register)
{
	struct text_hostset *h;

	read_spot(p, PART_HOSTSET);
	read_index(p, is_register ? "register" : "set", p->hostset.n);
	h = MORE(p, &p->hostset, struct text_hostset);
	h->is_register = is_register;
	lex_expect(&p->x, "scope");
	h->scope = (uint8_t)lex_vocab(&p->x, &vocab_scope);
	h->under = -1;
	if (!is_register && lex_take(&p->x, "under"))
		h->under = (int32_t)read_ref(p, REF_REGISTER);
	while (p->x.kind == LEX_STRING)
		*MORE(p, &p->span, struct span) = lex_string(&p->x, "a member");
	h->base = KEEP(p, &p->span, struct span, &h->n);
	lex_eol(&p->x);
}

static void
read_set(struct parser *p)
{
	read_hostset(p, false);
}

static void
read_register(struct parser *p)
{
	read_hostset(p, true);
}

static void
read_eom(struct parser *p)
{
	struct text_eom *e;

	read_spot(p, PART_EOM);
	read_index(p, "eom", p->eom.n);
	e = MORE(p, &p->eom, struct text_eom);
	e->kind = (uint8_t)lex_vocab(&p->x, &vocab_eom);
	switch (e->kind) {
	case EOM_TERM:
		e->term = lex_string(&p->x, "the terminator");
		break;
	case EOM_LENGTH:
		lex_expect(&p->x, "at");
		e->at = read_u32(p, "the offset of the length field");
		lex_expect(&p->x, "width");
		e->width = (uint8_t)lex_number(&p->x, "the width of the length field", 4);
		e->format = (uint8_t)lex_vocab(&p->x, &vocab_format);
		lex_expect(&p->x, "times");
		e->times = (int32_t)lex_integer(&p->x, "times", INT32_MIN, INT32_MAX);
		lex_expect(&p->x, "plus");
		e->plus = (int32_t)lex_integer(&p->x, "plus", INT32_MIN, INT32_MAX);
		break;
	case EOM_DECIMAL:
		lex_expect(&p->x, "label");
		e->label = lex_string(&p->x, "the label");
		lex_expect(&p->x, "term");
		e->term = lex_string(&p->x, "the terminator");
		break;
	case EOM_PARTS:
		e->label = lex_string(&p->x, "the marks");
		lex_expect(&p->x, "term");
		e->term = lex_string(&p->x, "the end of a line");
		break;
	case EOM_IDLE:
		e->ms = read_u32(p, "the time in ms");
		break;
	}
	if (lex_take(&p->x, "error"))
		e->error = lex_float(&p->x, "the share of wrong boundaries");
	lex_eol(&p->x);
}

static void
read_data(struct parser *p)
{
	struct text_data *d;

	read_spot(p, PART_DATA);
	read_index(p, "data", p->data.n);
	d = MORE(p, &p->data, struct text_data);
	lex_expect(&p->x, "scope");
	d->scope = (uint8_t)lex_vocab(&p->x, &vocab_scope);
	lex_eol(&p->x);
	while (lex_at_number(&p->x)) {
		struct text_choice *c = MORE(p, &p->choice, struct text_choice);
		c->weight = read_u32(p, "the weight");
		c->value = lex_string(&p->x, "the value");
		lex_eol(&p->x);
	}
	d->choice = KEEP(p, &p->choice, struct text_choice, &d->n);
}

static void
read_map(struct parser *p)
{
	struct text_map *m;

	read_spot(p, PART_MAP);
	read_index(p, "map", p->map.n);
	m = MORE(p, &p->map, struct text_map);
	lex_eol(&p->x);
	while (p->x.kind == LEX_STRING) {
		struct text_pair *pair = MORE(p, &p->pair, struct text_pair);
		pair->key = lex_string(&p->x, "the key");
		pair->value = lex_string(&p->x, "the value");
		lex_eol(&p->x);
	}
	m->pair = KEEP(p, &p->pair, struct text_pair, &m->n);
}

static const struct {
	const char *word;
	void (*read)(struct parser *p);
	bool once;
} statements[] = {
	{ "service",    read_service,    true },
	{ "channel",    read_channel,    true },
	{ "learner",    read_learner,    true },
	{ "source",     read_source,     false },
	{ "separators", read_separators, true },
	{ "start",      read_start,      true },
	{ "var",        read_var,        false },
	{ "class",      read_class,      false },
	{ "set",        read_set,        false },
	{ "register",   read_register,   false },
	{ "eom",        read_eom,        false },
	{ "data",       read_data,       false },
	{ "map",        read_map,        false },
	{ "template",   read_template,   false },
	{ "reply",      read_reply,      false },
	{ "state",      read_state,      false },
	{ "basis",      read_basis,      false },
	{ "prisma",     read_prisma,     true },
	{ "vector",     read_vector,     false },
};

static void
read_statement(struct parser *p)
{
	for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
		if (!lex_is(&p->x, statements[i].word))
			continue;
		if (statements[i].once)
			read_option(p, statements[i].word, &p->seen, 1u << i);
		else
			lex_next(&p->x);
		statements[i].read(p);
		return;
	}
	if (p->x.kind == LEX_WORD)
		lex_fail(&p->x, "'%.*s' begins no statement", (int)MIN(p->x.text.n, (size_t)40),
		    (const char *)p->x.text.p);
	lex_fail(&p->x, "a statement begins with a word, not with a string");
}

static void
read_version(struct parser *p)
{
	lex_next(&p->x);
	lex_expect(&p->x, "mynah-model");
	if (lex_number(&p->x, "the version of the format", UINT32_MAX) != TEXT_VERSION)
		lex_fail_at(&p->x, 1, 1, "this program reads version %d of the format only",
		    TEXT_VERSION);
	lex_eol(&p->x);
}

/* Up to the line second, or the end. */
static void
read_machine(struct parser *p)
{
	struct text *t = &p->t;

	while (p->x.kind != LEX_END && !lex_is(&p->x, "second"))
		read_statement(p);
	if (t->proto == 0)
		lex_fail(&p->x, "the model has no line 'service NAME tcp|udp'");
	check_forward(p);
	t->source = KEEP(p, &p->source, struct text_source, &t->nsource);
	t->var = KEEP(p, &p->var, struct text_var, &t->nvar);
	t->class = KEEP(p, &p->class, struct text_class, &t->nclass);
	t->hostset = KEEP(p, &p->hostset, struct text_hostset, &t->nhostset);
	t->eom = KEEP(p, &p->eom, struct text_eom, &t->neom);
	t->data = KEEP(p, &p->data, struct text_data, &t->ndata);
	t->map = KEEP(p, &p->map, struct text_map, &t->nmap);
	t->template = KEEP(p, &p->template, struct text_template, &t->ntemplate);
	t->reply = KEEP(p, &p->reply, struct text_reply, &t->nreply);
	t->state = KEEP(p, &p->state, struct text_state, &t->nstate);
	t->vector = KEEP(p, &p->vector, struct text_vector, &t->nvector);
}

static void
free_vecs(struct parser *p)
{
	struct vec *all[] = { &p->source, &p->var, &p->class, &p->hostset, &p->eom, &p->data,
		&p->map, &p->template, &p->reply, &p->state, &p->vector, &p->feature, &p->column,
		&p->ncolumn, &p->elem, &p->field, &p->op, &p->span, &p->choice, &p->pair,
		&p->weight, &p->alt, &p->turn, &p->forward, &p->node, &p->form, &p->values,
		&p->context, &p->way, &p->row, &p->rule };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		free(all[i]->p);
	for (size_t i = 0; i < PART_N; i++)
		free(p->spot[i].p);
}

/* What was read, as the check sees it. */
static int
check_machine(struct parser *p)
{
	struct text_spots spots = { .file = p->x.file };

	for (size_t i = 0; i < PART_N; i++) {
		spots.at[i] = p->spot[i].p;
		spots.n[i] = p->spot[i].n;
		p->spot[i].n = 0;
	}
	p->forward.n = 0;
	return text_check_at(&p->t, &spots, p->x.why);
}

/* The line second, and all behind it, which describes a machine like what stands before. */
static int
read_second(struct parser *p)
{
	struct text first = p->t;
	int err;

	lex_next(&p->x);
	while (p->x.kind == LEX_WORD)
		first.second_for |= (uint8_t)(1u << lex_vocab(&p->x, &vocab_second));
	lex_eol(&p->x);
	first.second = lex_alloc(&p->x, 1, sizeof *first.second);
	p->t = (struct text){ .name = first.name, .proto = first.proto };
	p->seen = 3;	/* service and channel are those of the first */
	read_machine(p);
	if (lex_is(&p->x, "second"))
		lex_fail(&p->x, "there is a second machine already");
	err = check_machine(p);
	*first.second = p->t;
	p->t = first;
	return err;
}

static int
read_model(struct parser *p)
{
	int err;

	read_version(p);
	read_machine(p);
	err = check_machine(p);
	if (err == 0 && p->x.kind != LEX_END)
		err = read_second(p);
	return err < 0 ? err : text_check_second(&p->t, p->x.file, p->x.why);
}

/* Apart from its caller, whose variables then are not at the mercy of longjmp. */
static int
read_guarded(struct parser *p)
{
	if (setjmp(p->x.out) != 0)
		return p->x.err;
	return read_model(p);
}

int
text_parse(struct text *t, const char *name, struct span from, struct diag *why)
{
	struct parser *p;
	int err;

	memset(t, 0, sizeof *t);
	if (from.n > TEXT_MAX_BYTES)
		return diag_set(why, -EINVAL, "%.80s: %zu bytes are too many, a text model has at "
		    "most %d", name, from.n, TEXT_MAX_BYTES);
	p = calloc(1, sizeof *p);
	if (p == NULL)
		return diag_set(why, -ENOMEM, "%.80s: not enough memory for this model", name);
	p->x = (struct lexer){ .file = name, .p = from.p, .end = from.p + from.n, .next_line = 1,
		.why = why };
	err = read_guarded(p);
	if (err == 0) {
		*t = p->t;
		t->owned = p->x.mem;
	} else {
		text_free_chunks(p->x.mem);
	}
	free_vecs(p);
	free(p);
	return err;
}

void
text_fini(struct text *t)
{
	text_free_chunks(t->owned);
	memset(t, 0, sizeof *t);
}
