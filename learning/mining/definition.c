#include "learning/mining/definition.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "models/text_lex.h"

struct list {			/* grows in the lexer's memory: at most DEFINITION_FEW entries */
	void *p;
	uint32_t n;
};

struct parser {
	struct lexer x;
	struct definition d;
	struct list channel, constant, class, command, rule, ignore;
	bool service, framing;
};

static void *
more(struct parser *p, struct list *l, size_t size, const char *what)
{
	if (l->p == NULL)
		l->p = lex_alloc(&p->x, DEFINITION_FEW, size);
	if (l->n == DEFINITION_FEW)
		lex_fail(&p->x, "more than %d %s", DEFINITION_FEW, what);
	return (uint8_t *)l->p + l->n++ * size;
}

static struct span
word(struct parser *p, const char *what)
{
	size_t n = p->x.text.n;
	void *copy;

	if (p->x.kind != LEX_WORD)
		lex_fail(&p->x, "%s is expected here", what);
	copy = memcpy(lex_alloc(&p->x, n, 1), p->x.text.p, n);
	lex_next(&p->x);
	return span_of(copy, n);
}

static struct span *
strings(struct parser *p, uint32_t *n, const char *what)
{
	struct list l = { 0 };

	while (p->x.kind == LEX_STRING)
		*(struct span *)more(p, &l, sizeof(struct span), what) = lex_string(&p->x, what);
	*n = l.n;
	return l.p;
}

/* The name just read is one of these, or the end of reading. */
static uint32_t
known(struct parser *p, const struct list *l, size_t size, const char *what)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (p->x.kind == LEX_WORD &&
		    span_eq(*(struct span *)((uint8_t *)l->p + i * size), p->x.text)) {
			lex_next(&p->x);
			return i;
		}
	lex_fail(&p->x, "no %s of this name stands above", what);
}

/* Names of one kind differ. */
static void
unused(struct parser *p, const struct list *l, size_t size, const char *what)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (p->x.kind == LEX_WORD &&
		    span_eq(*(struct span *)((uint8_t *)l->p + i * size), p->x.text))
			lex_fail(&p->x, "there is a %s of this name already", what);
}

static bool
at_pattern(const struct parser *p)
{
	if (p->x.kind != LEX_WORD || p->x.text.n != 3)
		return false;
	for (unsigned i = 0; i < 3; i++)
		if (!isdigit(p->x.text.p[i]) && p->x.text.p[i] != '?')
			return false;
	return true;
}

static struct code_pattern
pattern(struct parser *p)
{
	struct code_pattern c;

	if (!at_pattern(p))
		lex_fail(&p->x, "a code is expected here: three digits, with ? for any");
	memcpy(c.c, p->x.text.p, sizeof c.c);
	lex_next(&p->x);
	return c;
}

static void
read_service(struct parser *p)
{
	p->d.name = word(p, "the service's name");
	p->d.version = (uint32_t)lex_number(&p->x, "the version of the definition", 1);
	p->service = true;
}

static void
read_channel(struct parser *p)
{
	struct definition_channel *c;

	unused(p, &p->channel, sizeof *c, "channel");
	c = more(p, &p->channel, sizeof *c, "channels");
	c->name = word(p, "the channel's name");
	c->proto = lex_take(&p->x, "udp") ? MODEL_UDP : (lex_expect(&p->x, "tcp"), MODEL_TCP);
	if (!lex_take(&p->x, "dynamic"))
		c->port = (uint16_t)lex_number(&p->x, "a port, or dynamic,", UINT16_MAX);
	if (!lex_take(&p->x, "role"))
		return;
	c->data = lex_take(&p->x, "data");
	if (!c->data)
		lex_expect(&p->x, "control");
	else if (lex_take(&p->x, "refused"))
		c->refused = lex_string(&p->x, "what is said where there is no connection");
}

static void
read_framing(struct parser *p)
{
	known(p, &p->channel, sizeof(struct definition_channel), "channel");
	p->framing = true;
	if (lex_take(&p->x, "http1")) {
		p->d.framing = FRAMING_HTTP1;
	} else if (lex_take(&p->x, "datagram")) {
		p->d.framing = FRAMING_DATAGRAM;
	} else {
		lex_expect(&p->x, "line");
		p->d.framing = FRAMING_LINE;
		p->d.end = lex_string(&p->x, "the end of a line");
		if (p->d.end.n == 0)
			lex_fail(&p->x, "the end of a line has at least one byte");
	}
}

static void
read_multiline(struct parser *p)
{
	p->d.multiline = lex_take(&p->x, "dash");
	if (!p->d.multiline)
		lex_expect(&p->x, "none");
}

static void
read_case(struct parser *p)
{
	p->d.fold = lex_take(&p->x, "fold");
	if (!p->d.fold)
		lex_expect(&p->x, "exact");
}

static void
read_const(struct parser *p)
{
	struct definition_const *c;

	unused(p, &p->constant, sizeof *c, "constant");
	c = more(p, &p->constant, sizeof *c, "constants");
	c->name = word(p, "the constant's name");
	c->spelling = strings(p, &c->nspelling, "spellings");
}

static void
read_class(struct parser *p)
{
	struct definition_class *c;
	struct list l = { 0 };

	unused(p, &p->class, sizeof *c, "class");
	c = more(p, &p->class, sizeof *c, "classes");
	c->name = word(p, "the name of the class");
	do
		*(struct code_pattern *)more(p, &l, sizeof(struct code_pattern), "codes") = pattern(p);
	while (p->x.kind == LEX_WORD);
	c->pattern = l.p;
	c->npattern = l.n;
}

static void
read_answer(struct parser *p, struct definition_command *c)
{
	if (lex_take(&p->x, "class")) {
		c->answer = ANSWER_CLASS;
	} else if (lex_take(&p->x, "code")) {
		c->answer = ANSWER_CODE;
	} else if (lex_take(&p->x, "capture")) {
		c->answer = ANSWER_CAPTURE;
		c->code = pattern(p);
		c->before = lex_string(&p->x, "what stands before the value");
		c->after = lex_string(&p->x, "what stands behind the value");
	} else {
		lex_expect(&p->x, "data");
		c->answer = lex_take(&p->x, "lines") ? ANSWER_LINES : ANSWER_DATA;
	}
}

static void
read_command(struct parser *p)
{
	struct definition_command *c;
	struct span n;

	unused(p, &p->command, sizeof *c, "command");
	c = more(p, &p->command, sizeof *c, "commands");
	c->alias = -1;
	c->name = word(p, "the command's name");
	lex_expect(&p->x, "verb");
	c->verb = strings(p, &c->nverb, "verbs");
	if (c->nverb == 0)
		lex_fail(&p->x, "a verb in quotes is expected here");
	lex_expect(&p->x, "args");
	n = p->x.text;
	if (p->x.kind == LEX_WORD && n.n == 4 && memcmp(n.p + 1, "..", 2) == 0 && isdigit(n.p[0]) &&
	    isdigit(n.p[3])) {
		c->least = (uint8_t)(n.p[0] - '0');
		c->most = (uint8_t)(n.p[3] - '0');
		if (c->most < c->least || c->most > DEFINITION_ARGS)
			lex_fail(&p->x, "a number of arguments goes upward, to %d at most", DEFINITION_ARGS);
		lex_next(&p->x);
	} else {
		c->least = c->most = (uint8_t)lex_number(&p->x, "a number of arguments", DEFINITION_ARGS);
	}
	c->rest = lex_take(&p->x, "rest");
	lex_expect(&p->x, "->");
	read_answer(p, c);
}

static void
read_alias(struct parser *p)
{
	struct definition_command *c = p->command.p;
	uint32_t from = known(p, &p->command, sizeof *c, "command");

	lex_expect(&p->x, "=>");
	c[from].alias = (int32_t)known(p, &p->command, sizeof *c, "command");
	if (c[from].alias == (int32_t)from || c[c[from].alias].alias >= 0)
		lex_fail(&p->x, "an alias stands for a command that is none itself");
	c[from].nalias = 0;
	while (p->x.kind == LEX_WORD) {
		uint32_t k = known(p, &p->constant, sizeof(struct definition_const), "constant");

		if (c[from].nalias == DEFINITION_ARGS)
			lex_fail(&p->x, "more than %d arguments", DEFINITION_ARGS);
		c[from].alias_arg[c[from].nalias++] = k;
	}
}

static void
read_more(struct parser *p)
{
	struct definition_command *c = (struct definition_command *)p->command.p +
	    known(p, &p->command, sizeof *c, "command");
	struct list l = { c->more, c->nmore };

	*(struct code_pattern *)more(p, &l, sizeof(struct code_pattern), "codes") = pattern(p);
	c->more = l.p;
	c->nmore = l.n;
}

static void
read_ignore(struct parser *p)
{
	do
		*(struct span *)more(p, &p->ignore, sizeof(struct span), "verbs") =
		    lex_string(&p->x, "a verb");
	while (p->x.kind == LEX_STRING);
}

static void
read_meta(struct parser *p)
{
	static const char *const kinds[] = { "exact", "substring", "notsubstring", "map" };
	static const char *const between[] = { "", "arg", "resp", "arg-resp", "resp-resp" };
	struct definition_rule *r = more(p, &p->rule, sizeof *r, "meta-rules");
	struct list l = { 0 };

	while (r->kind < ARRAY_LEN(kinds) && !lex_take(&p->x, kinds[r->kind]))
		r->kind++;
	if (r->kind == ARRAY_LEN(kinds))
		lex_fail(&p->x, "exact, substring, notsubstring or map is expected here");
	for (uint8_t i = 1; r->kind != META_MAP && i < ARRAY_LEN(between); i++)
		if (lex_take(&p->x, between[i]))
			r->between = i;
	if (r->kind != META_MAP)
		return;
	r->name = word(p, "the name of the map");
	lex_expect(&p->x, "{");
	while (!lex_take(&p->x, "}")) {
		struct definition_map *m = more(p, &l, sizeof *m, "replacements");

		m->from = lex_string(&p->x, "what is replaced, or }");
		if (m->from.n == 0)
			lex_fail(&p->x, "nothing cannot be replaced");
		lex_expect(&p->x, "=>");
		m->to = lex_string(&p->x, "what is put there");
	}
	r->map = l.p;
	r->nmap = l.n;
}

static void
read_nmax(struct parser *p)
{
	uint32_t line = p->x.line, col = p->x.col;

	p->d.nmax = (uint32_t)lex_number(&p->x, "nmax", DEFINITION_NMAX);
	if (p->d.nmax == 0)
		lex_fail_at(&p->x, line, col, "nmax is 1 to %d", DEFINITION_NMAX);
}

static void
read_scope(struct parser *p)
{
	if (lex_take(&p->x, "host"))
		p->d.scope = SCOPE_HOST;
	else if (lex_take(&p->x, "connection"))
		p->d.scope = SCOPE_CONNECTION;
	else
		lex_expect(&p->x, "peer");
}

static const struct {
	const char *word;
	void (*read)(struct parser *p);
} statements[] = {
	{ "service", read_service }, { "channel", read_channel }, { "framing", read_framing },
	{ "multiline", read_multiline }, { "case", read_case }, { "const", read_const },
	{ "alias", read_alias }, { "class", read_class }, { "command", read_command },
	{ "resp-more", read_more }, { "ignore", read_ignore }, { "meta", read_meta },
	{ "nmax", read_nmax }, { "scope", read_scope },
};

static void
read_line(struct parser *p)
{
	for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
		if (!lex_is(&p->x, statements[i].word))
			continue;
		lex_next(&p->x);
		statements[i].read(p);
		lex_eol(&p->x);
		return;
	}
	lex_fail(&p->x, "a line of a service definition does not begin so");
}

static void
read_all(struct parser *p)
{
	struct definition *d = &p->d;

	lex_next(&p->x);
	while (p->x.kind != LEX_END)
		read_line(p);
	if (!p->service)
		lex_fail(&p->x, "the definition has no line 'service NAME 1'");
	if (!p->framing)
		lex_fail(&p->x, "the definition has no line 'framing CHANNEL ...'");
	if (p->command.n == 0)
		lex_fail(&p->x, "the definition has no command");
	d->channel = p->channel.p, d->nchannel = p->channel.n;
	d->constant = p->constant.p, d->nconstant = p->constant.n;
	d->class = p->class.p, d->nclass = p->class.n;
	d->command = p->command.p, d->ncommand = p->command.n;
	d->rule = p->rule.p, d->nrule = p->rule.n;
	d->ignore = p->ignore.p, d->nignore = p->ignore.n;
}

/* Apart from its caller, whose variables then are not at the mercy of longjmp. */
static int
read_guarded(struct parser *p)
{
	if (setjmp(p->x.out) != 0)
		return p->x.err;
	read_all(p);
	return 0;
}

int
definition_parse(struct definition *d, const char *name, struct span from, struct diag *why)
{
	struct parser *p;
	int err;

	*d = (struct definition){ 0 };
	if (from.n > DEFINITION_BYTES)
		return diag_set(why, -EINVAL, "%.80s: %zu bytes are too many, a service definition has at "
		    "most %d.", name, from.n, DEFINITION_BYTES);
	p = calloc(1, sizeof *p);
	if (p == NULL)
		return diag_set(why, -ENOMEM, "%.80s: not enough memory for this definition.", name);
	p->d = (struct definition){ .scope = SCOPE_PAIR, .nmax = DEFINITION_NMAX };
	p->x = (struct lexer){ .file = name, .p = from.p, .end = from.p + from.n, .next_line = 1, .why = why };
	err = read_guarded(p);
	if (err == 0) {
		*d = p->d;
		d->owned = p->x.mem;
	} else {
		text_free_chunks(p->x.mem);
	}
	free(p);
	return err;
}

int
definition_load(struct definition *d, const char *path, struct diag *why)
{
	FILE *f = fopen(path, "rb");
	struct span s;
	uint8_t *bytes;
	int err;

	*d = (struct definition){ 0 };
	if (f == NULL)
		return diag_set(why, -errno, "%s: the definition of the service cannot be read: %s; ftp.service and "
		    "http.service are installed in share/mynah/services.", path, strerror(errno));
	bytes = malloc(DEFINITION_BYTES + 1);
	s = span_of(bytes, bytes == NULL ? 0 : fread(bytes, 1, DEFINITION_BYTES + 1, f));
	if (bytes == NULL || ferror(f))
		err = diag_set(why, bytes == NULL ? -ENOMEM : -EIO, "%s: reading it failed.", path);
	else
		err = definition_parse(d, path, s, why);
	fclose(f);
	free(bytes);
	return err;
}

void
definition_fini(struct definition *d)
{
	text_free_chunks(d->owned);
	*d = (struct definition){ 0 };
}

bool
code_fits(const struct code_pattern *p, const char code[3])
{
	for (unsigned i = 0; i < 3; i++)
		if (p->c[i] != '?' && p->c[i] != code[i])
			return false;
	return true;
}

int32_t
definition_class_of(const struct definition *d, const char code[3])
{
	for (uint32_t i = 0; i < d->nclass; i++)
		for (uint32_t k = 0; k < d->class[i].npattern; k++)
			if (code_fits(&d->class[i].pattern[k], code))
				return (int32_t)i;
	return -1;
}

static bool
same_verb(const struct definition *d, struct span a, struct span b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (d->fold ? tolower(a.p[i]) != tolower(b.p[i]) : a.p[i] != b.p[i])
			return false;
	return true;
}

int32_t
definition_find(const struct definition *d, struct span verb)
{
	for (uint32_t i = 0; i < d->ncommand; i++)
		for (uint32_t k = 0; k < d->command[i].nverb; k++)
			if (same_verb(d, verb, d->command[i].verb[k]))
				return (int32_t)i;
	return -1;
}

bool
definition_ignores(const struct definition *d, struct span verb)
{
	for (uint32_t i = 0; i < d->nignore; i++)
		if (same_verb(d, verb, d->ignore[i]))
			return true;
	return false;
}

int32_t
definition_constant_of(const struct definition *d, struct span s)
{
	for (uint32_t i = 0; i < d->nconstant; i++)
		for (uint32_t k = 0; k < d->constant[i].nspelling; k++)
			if (span_eq(s, d->constant[i].spelling[k]))
				return (int32_t)i;
	return -1;
}

bool
definition_has_data(const struct definition *d)
{
	for (uint32_t i = 0; i < d->nchannel; i++)
		if (d->channel[i].data && d->channel[i].proto == MODEL_TCP)
			return true;
	return false;
}
