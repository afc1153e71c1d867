/* Both sides as PRISMA tells them: states, forms, contexts and rules; parity with the original. */
#include "learning/prisma.h"
#include "tests/cases.h"
#include "tests/itunes.h"
#include "tests/pooled.h"

/* Conversations as strings: "c0 HELLO x" is a client's message of event 0. */
static struct prisma_input
talks(struct pool *pool, const char *const (*talk)[4], uint32_t n)
{
	struct prisma_message *m = pool_array(pool, n * 4, sizeof *m);
	uint32_t *first = pool_array(pool, n + 1, sizeof *first), at = 0;

	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < 4 && talk[i][k] != NULL; k++)
			m[at++] = (struct prisma_message){ .bytes = span_str(talk[i][k] + 3),
				.event = (uint32_t)(talk[i][k][1] - '0'), .server = talk[i][k][0] == 's' };
		first[i + 1] = at;
	}
	return (struct prisma_input){ m, first, n };
}

static const char *const counting[][4] = {
	{ "c0 GET 7 alpha", "s0 GOT 10 alpha", "c1 BYE once", "s1 bye a" },
	{ "c0 GET 20 beta", "s0 GOT 23 beta", "c1 BYE once", "s1 bye b" },
	{ "c0 GET 5 gamma", "s0 GOT 8 gamma", "c1 BYE once", NULL },
	{ "c0 GET 9 delta", "s0 GOT 12 delta", NULL },
};

/* The context of a length whose last form begins with these bytes. */
static const struct text_context *
context_of(const struct text_prisma *t, uint32_t length, const char *begins)
{
	for (uint32_t i = 0; i < t->ncontext; i++) {
		const struct text_context *c = &t->context[i];
		const struct text_form *f = &t->form[c->form[c->nform - 1]];

		if (c->nform == length && f->npiece > 0 && f->piece[0].n >= strlen(begins) &&
		    memcmp(f->piece[0].p, begins, strlen(begins)) == 0)
			return c;
	}
	cr_assert_fail("no context of length %u for %s", length, begins);
	return NULL;
}

POOLED(prisma, an_increment_is_inferred_and_lower_orders_are_learned)
{
	struct prisma_input in = talks(pool, counting, ARRAY_LEN(counting));
	struct prisma_params p = prisma_params(&(struct lexer){ 0 });
	const struct text_context *c;
	struct prisma_report r;
	struct text_prisma t;
	struct diag why;
	struct text whole = { .name = span_str("x"), .proto = MODEL_TCP, .nstate = 1,
		.state = (struct text_state[]){ { .backoff = -1, .eom = -1 } } };

	prisma_learn(&t, pool, &in, &p, &r);
	c = context_of(&t, 3, "GOT ");
	cr_assert_eq(c->nrule, 2);
	cr_expect_eq(c->count, 4);
	for (uint32_t k = 0; k < 2; k++) {
		cr_expect_eq(c->rule[k].kind, c->rule[k].field == 0 ? PRISMA_SEQ : PRISMA_COPY);
		cr_expect_eq(c->rule[k].back, 1);
		cr_expect_eq(c->rule[k].source, c->rule[k].field);
		cr_expect(c->rule[k].kind == PRISMA_COPY || c->rule[k].delta == 3);
	}
	c = context_of(&t, 1, "GOT ");		/* seen alone: what was recorded, two together */
	cr_assert_eq(c->nrule, 1);
	cr_expect_eq(c->rule[0].kind, PRISMA_DATA);
	cr_expect_eq(c->rule[0].n, 2);
	cr_expect_eq(t.values[c->rule[0].values].ncolumn, 2);
	cr_expect_eq(t.values[c->rule[0].values].nrow, 4);
	whole.prisma = t;
	cr_expect_eq(text_check(&whole, &why), 0, "%s", why.text);
	p.original = true;
	prisma_learn(&t, pool, &in, &p, &r);
	cr_expect_eq(r.rule[PRISMA_SEQ], 0);	/* published: only by one */
}

static const char *const coincidence[][4] = {
	{ "c0 A 1", "s0 x 1", NULL },
	{ "c0 A 1", "s0 x 1", NULL },
	{ "c0 B 2 3", "s2 y 2", NULL },
	{ "c0 B 4 5", "s2 y 4", NULL },
	{ "c0 A 6", "s1 x", NULL },
	{ "c1 C", "s0 x 9", NULL },
};

POOLED(prisma, a_value_that_never_varies_bears_no_rule_out)
{
	struct prisma_input in = talks(pool, coincidence, ARRAY_LEN(coincidence));
	struct prisma_params p = prisma_params(&(struct lexer){ 0 });
	struct prisma_report r;
	struct text_prisma t;

	p.max_rows = 1;
	prisma_learn(&t, pool, &in, &p, &r);
	for (uint32_t i = 0; i < t.ncontext; i++) {
		const struct text_context *c = &t.context[i];
		const struct text_form *f = &t.form[c->form[c->nform - 1]];

		if (c->nform < 2 || f->npiece == 0 || f->nfield == 0 || c->form[c->nform - 2] < 0)
			continue;
		for (uint32_t k = 0; k < c->nrule; k++)
			cr_expect_eq(c->rule[k].kind, t.form[c->form[c->nform - 2]].nfield == 2 ?
			    PRISMA_COPY : PRISMA_DATA);
	}
	cr_expect_gt(r.rows_left_out, 0);	/* one row of each table is all there may be */
	for (uint32_t i = 0; i < t.nvalues; i++)
		cr_expect_eq(t.values[i].nrow, 1);
}

static const char *const lined[][4] = {
	{ "c0 To: Ann\nSeq: 1 ASK\n", "s0 For Ann", NULL },
	{ "c0 To: Bob Hu\nSeq: 2\n", "s0 For Bob", NULL },
	{ "c0 To: Cid\nSeq: 3 ASK\n", "s0 For Cid", NULL },
	{ "c0 To: Dan Li\nSeq: 4\n", "s0 For Dan", NULL },
};

POOLED(prisma, lines_of_other_lengths_are_other_forms)
{
	struct prisma_input in = talks(pool, lined, ARRAY_LEN(lined));
	struct prisma_params p = prisma_params(&(struct lexer){ 0 });
	struct prisma_report r;
	struct text_prisma t;

	prisma_learn(&t, pool, &in, &p, &r);
	cr_expect_eq(r.forms, 3);		/* ten tokens each time, but the lines end elsewhere */
	cr_assert_eq(t.form[0].npiece, 5);
	cr_expect(span_eq(t.form[0].piece[2], span_str("\nSeq: ")));
	p.original = true;
	prisma_learn(&t, pool, &in, &p, &r);
	cr_expect_eq(r.forms, 2);		/* published: by number of tokens */
}

POOLED(prisma, bytes_that_are_no_text_are_tokens_one_by_one)
{
	static const char *const binary[][4] = {
		{ "c0 \x01\x02?", "s0 \x01\x02!", NULL },
		{ "c0 \x03\x04?", "s0 \x03\x04!", NULL },
	};
	struct prisma_input in = talks(pool, binary, 2);
	struct prisma_params p = prisma_params(&(struct lexer){ .binary = true });
	struct prisma_report r;
	struct text_prisma t;

	prisma_learn(&t, pool, &in, &p, &r);
	cr_assert_eq(r.forms, 2);
	cr_expect_eq(t.form[0].nfield, 2);
	cr_expect_eq(t.form[0].npiece, 3);
	cr_expect_eq(r.rule[PRISMA_COPY], 4);	/* after one message, and after two */
	cr_expect_eq(t.separators.n, 0);
}

/* Two bytes, a name of any length before a dot, and what is wanted of it. */
static const char *const named[][4] = {
	{ "c0 \x01\x02" "ann.?", "s0 \x01\x02" "ann.!", NULL },
	{ "c0 \x03\x04" "bobby.?", "s0 \x03\x04" "bobby.!", NULL },
	{ "c0 \x05\x06" ".?", "s0 \x05\x06" ".!", NULL },
	{ "c0 \x07\x08" "ab", "s0 \x07\x08" "ab", NULL },
};

POOLED(prisma, a_run_is_one_token_whatever_its_length)
{
	struct prisma_input in = talks(pool, named, ARRAY_LEN(named));
	struct prisma_params p = prisma_params(&(struct lexer){ .binary = true, .has_run = true, .head = 2,
		.delimiter = '.' });
	struct prisma_report r;
	struct text_prisma t;

	prisma_learn(&t, pool, &in, &p, &r);
	cr_expect(t.has_run && t.head == 2 && t.delimiter == '.');
	cr_assert_eq(r.forms, 6);		/* of each side: with a name, without, with no dot to end it */
	cr_expect_eq(t.form[0].count, 2);
	cr_expect_eq(t.form[0].nfield, 3);
	cr_assert_eq(t.form[0].npiece, 4);
	cr_expect(span_eq(t.form[0].piece[3], span_str(".?")));
	for (uint32_t i = 0; i < t.ncontext; i++)	/* the answer's name is the question's, as a whole */
		if (t.context[i].nform == 2 && t.context[i].count == 2 && t.context[i].form[0] >= 0)
			cr_expect(t.context[i].nrule == 1 && t.context[i].rule[0].kind == PRISMA_COPY &&
			    t.context[i].rule[0].n == 3);
}

static struct prisma_params
as_published(uint32_t order)
{
	return (struct prisma_params){ .order = order, .separators = " \t\r\n", .original = true };
}

static const struct {
	uint32_t order, nodes, forms, with_fields, contexts, rule[PRISMA_RULE_N];
} published[] = {	/* reference/itunes-xbmc/expected.json; copy, seq, add, part, data */
	{ 1, 12, 59, 36, 126, { 24, 37, 1, 0, 277 } },
	{ 2, 35, 82, 45, 203, { 194, 103, 1, 10, 810 } },
	{ 3, 71, 110, 61, 290, { 219, 124, 1, 13, 811 } },
};

POOLED(prisma, itunes_has_the_templates_and_rules_of_the_original)
{
	struct prisma_input in;

	if (itunes_conversations(pool, &in) < 0)
		SKIP_WITHOUT("reference/itunes-xbmc");
	for (size_t i = 0; i < ARRAY_LEN(published); i++) {
		struct prisma_params p = as_published(published[i].order);
		struct prisma_report r;
		struct text_prisma t;

		prisma_learn(&t, pool, &in, &p, &r);
		printf("itunes order %u: states %u / %u, templates %u / %u, with fields %u / %u, "
		       "contexts %u / %u\n", p.order, r.nodes, published[i].nodes, r.forms,
		    published[i].forms, r.with_fields, published[i].with_fields, r.contexts,
		    published[i].contexts);
		cr_expect_eq(r.nodes, published[i].nodes);
		cr_expect_eq(r.forms, published[i].forms);
		cr_expect_eq(r.with_fields, published[i].with_fields);
		cr_expect_eq(r.contexts, published[i].contexts);
		for (uint32_t k = 0; k < PRISMA_RULE_N; k++) {
			printf("  %s rules %u / %u\n", vocab_name(&vocab_prisma, k), r.rule[k],
			    published[i].rule[k]);
			cr_expect_eq(r.rule[k], published[i].rule[k]);
		}
	}
}

/* The original's own files, which carry its templates and rules of order 2. */
struct original {
	struct pool *pool;
	const struct text_prisma *t;
	int32_t form[100];		/* ours, by the original's number */
	uint32_t templates, rules, equal_templates, equal_rules;
};

static FILE *
original_file(const char *what)
{
	char path[512];

	snprintf(path, sizeof path, TEST_SHARED "/reference/itunes-xbmc/itunes-xbmc.%s", what);
	return fopen(path, "r");
}

static uint32_t
symbol_of(const char *name)
{
	unsigned event;
	char side[4];

	if (strcmp(name, "START") == 0)
		return PRISMA_START;
	cr_assert_eq(sscanf(name, "%u.%3s", &event, side), 2, "%s", name);
	return 2 * event + (strcmp(side, "UAS") == 0);
}

/* Tokens of a form joined, a byte 0 for each field; their number in *n. */
static struct span
joined(struct original *o, const struct text_form *f, uint32_t *n)
{
	uint8_t *to = pool_alloc(o->pool, 1 << 16), *at = to;

	*n = 0;
	for (uint32_t k = 0; k < f->npiece; k++) {
		struct span rest = f->piece[k];

		*n += rest.n == 0;
		if (rest.n == 0)
			*at++ = '\0';
		while (rest.n > 0) {
			struct span token = prisma_token(o->t, *n, &rest);

			at = mempcpy(at, token.p, token.n);
			++*n;
		}
	}
	return span_of(to, (size_t)(at - to));
}

/* Reads a template of the file; is there one of ours that is the same? */
static void
compare_template(struct original *o, FILE *f, char *head)
{
	char *line = pool_alloc(o->pool, 1 << 20), *state, *colon;
	unsigned id, count, ntokens, n;
	uint8_t *bytes = pool_alloc(o->pool, 1 << 16), field[2000] = { 0 };
	uint32_t symbol[2], size = 0;

	cr_assert_eq(sscanf(head, "TEMPLATE id:%u", &id), 1);
	state = strstr(head, "state:") + 6;
	cr_assert_eq(sscanf(strchr(state, ' '), " count:%u ntokens:%u", &count, &ntokens), 2);
	colon = strstr(head, "fields:") + 7;
	*strchr(state, ' ') = '\0';
	symbol[1] = symbol_of(strchr(state, '|') + 1);
	*strchr(state, '|') = '\0';
	symbol[0] = symbol_of(state);
	for (char *at = strtok(colon, ",\n"); at != NULL; at = strtok(NULL, ",\n"))
		field[atoi(at)] = 1;
	for (unsigned i = 0; i < ntokens && fgets(line, 1 << 20, f) != NULL; i++) {
		if (field[i])
			bytes[size++] = '\0';
		else
			size += itunes_unescape(bytes + size, line);
	}
	o->templates++;
	for (uint32_t i = 0; i < o->t->nform; i++) {
		const struct text_form *form = &o->t->form[i];
		struct span own = joined(o, form, &n);

		if (memcmp(o->t->node[form->node].symbol, symbol, sizeof symbol) != 0 || n != ntokens)
			continue;
		o->form[id] = (int32_t)i;
		o->equal_templates += form->count == count && span_eq(own, span_of(bytes, size));
	}
}

static int
by_bytes(const void *a, const void *b)
{
	return span_cmp(*(const struct span *)a, *(const struct span *)b);
}

/* Values between commas, and those of a column, as often as each was seen: the same? */
static bool
same_values(struct original *o, const struct text_values *v, uint32_t column, char *list)
{
	struct span *theirs = pool_array(o->pool, ITUNES_MESSAGES, sizeof *theirs);
	struct span *ours = pool_array(o->pool, ITUNES_MESSAGES, sizeof *ours);
	uint32_t n = 0, m = 0;
	char *item;

	list[strcspn(list, "\n")] = '\0';
	while ((item = strsep(&list, ",")) != NULL) {
		uint8_t *bytes = pool_alloc(o->pool, strlen(item) + 1);

		theirs[n++] = span_of(bytes, itunes_unescape(bytes, item));
	}
	for (uint32_t r = 0; r < v->nrow; r++)
		for (uint32_t k = 0; k < v->row[r].count; k++)
			ours[m++] = v->row[r].value[column];
	if (n != m)
		return false;
	qsort(theirs, n, sizeof *theirs, by_bytes);
	qsort(ours, n, sizeof *ours, by_bytes);
	for (uint32_t i = 0; i < n; i++)
		if (!span_eq(theirs[i], ours[i]))
			return false;
	return true;
}

/* False: there is none. */
static bool
our_rule(const struct original *o, const int id[3], unsigned field, struct text_rule *to)
{
	for (uint32_t i = 0; i < o->t->ncontext; i++) {
		const struct text_context *c = &o->t->context[i];
		bool same = true;

		for (int k = 0; k < 3; k++)
			same &= c->form[k] == (id[k] < 0 ? -1 : o->form[id[k]]);
		for (uint32_t k = 0; k < c->nrule && same; k++) {
			uint32_t in = field - c->rule[k].field;

			if (field < c->rule[k].field || in >= c->rule[k].n)
				continue;
			*to = c->rule[k];
			to->source += in;
			to->column += in;
			return true;
		}
	}
	return false;
}

static void
compare_rule(struct original *o, const char *head, char *more)
{
	static const char *const kind[] = { "ExactRule", "SeqRule", "CopyCompleteRule",
		"CopyPartialRule", "DataRule" };
	struct text_rule r;
	int id[3], from;
	unsigned source, field;
	bool same;

	cr_assert_eq(sscanf(head, "RULE transition:%d;%d;%d srcId:%d srcField:%u dstField:%u",
	    &id[0], &id[1], &id[2], &from, &source, &field), 6, "%s", head);
	o->rules++;
	if (!our_rule(o, id, field, &r) || strstr(head, kind[r.kind]) == NULL)
		return;
	same = r.kind == PRISMA_DATA || (r.back == (uint32_t)-from - 1 && r.source == source);
	if (r.kind == PRISMA_SEQ)
		same &= r.delta == 1 && strncmp(more, "diff:1", 6) == 0;
	if (r.kind == PRISMA_ADD)
		same &= r.after == (strstr(more, "AS_SUFFIX") != NULL) && same_values(o,
		    &o->t->values[r.values], r.column, strstr(more, "rest:") + 5);
	if (r.kind == PRISMA_PART) {
		uint8_t sep[512];
		uint32_t n = itunes_unescape(sep, strstr(more, "sep:") + 4);

		same &= r.after == (strstr(more, "THE_SUFFIX") != NULL) &&
		    span_eq(r.lit, span_of(sep, n));
	}
	if (r.kind == PRISMA_DATA)
		same &= same_values(o, &o->t->values[r.values], r.column, more + 5);
	o->equal_rules += same;
}

POOLED(prisma, itunes_equals_the_files_of_the_original)
{
	struct prisma_params p = as_published(2);
	struct original o = { .pool = pool };
	char *line = pool_alloc(pool, 1 << 20), *more = pool_alloc(pool, 1 << 20);
	struct prisma_input in;
	struct prisma_report r;
	struct text_prisma t;
	FILE *f;

	if (itunes_conversations(pool, &in) < 0)
		SKIP_WITHOUT("reference/itunes-xbmc");
	prisma_learn(&t, pool, &in, &p, &r);
	o.t = &t;
	f = original_file("templates");
	cr_assert_not_null(f);
	while (fgets(line, 1 << 20, f) != NULL)
		compare_template(&o, f, line);
	fclose(f);
	f = original_file("rules");
	cr_assert_not_null(f);
	while (fgets(line, 1 << 20, f) != NULL && fgets(more, 1 << 20, f) != NULL)
		compare_rule(&o, line, more);
	fclose(f);
	printf("itunes order 2: templates equal %u / %u, rules equal %u / %u\n", o.equal_templates,
	    o.templates, o.equal_rules, o.rules);
	cr_expect_eq(o.templates, 82);
	cr_expect_eq(o.equal_templates, 82);
	cr_expect_eq(o.rules, 1118);
	cr_expect_eq(o.equal_rules, 1118);
}
