#include "control/schema.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { FILE_MAX = 1 << 20 };	/* bytes; a configuration is a few hundred */

struct walk {
	const struct schema_file *f;
	const struct schema_range *ranges;
	size_t nranges;
	struct diag *why;
};

static yaml_node_t *
node(const struct schema_file *f, int id)
{
	return yaml_document_get_node((yaml_document_t *)&f->doc, id);
}

static unsigned
line_of(const yaml_node_t *n)
{
	return (unsigned)n->start_mark.line + 1;
}

static const char *
scalar(const yaml_node_t *n)
{
	return (const char *)n->data.scalar.value;
}

static const char *
kind_name(yaml_node_type_t t)
{
	return t == YAML_SEQUENCE_NODE ? "a list" : t == YAML_MAPPING_NODE ? "a mapping" : "a single value";
}

static int
read_text(struct schema_file *f, struct diag *why)
{
	struct stat st;
	FILE *in = fopen(f->path, "re");

	if (in == NULL)
		return diag_set(why, -errno, "%s: %s.", f->path, strerror(errno));
	if (fstat(fileno(in), &st) == 0 && !S_ISREG(st.st_mode)) {
		fclose(in);
		return diag_set(why, -EINVAL, "%s is not a file.", f->path);
	}
	f->text = malloc(FILE_MAX + 1);
	if (f->text != NULL)
		f->n = fread(f->text, 1, FILE_MAX + 1, in);
	fclose(in);
	if (f->text == NULL)
		return diag_set(why, -ENOMEM, "%s: no memory.", f->path);
	if (f->n > FILE_MAX) {
		free(f->text);
		return diag_set(why, -EFBIG, "%s is larger than %d bytes.", f->path, FILE_MAX);
	}
	return 0;
}

static int
no_second_document(struct schema_file *f, yaml_parser_t *parser, struct diag *why)
{
	yaml_document_t more;
	int err = 0;

	if (!yaml_parser_load(parser, &more))
		return diag_set(why, -EINVAL, "%s line %zu: %s.", f->path,
		    parser->problem_mark.line + 1, parser->problem);
	if (yaml_document_get_root_node(&more) != NULL)
		err = diag_set(why, -EINVAL, "%s line %u: a second document begins here; only one is read.",
		    f->path, (unsigned)more.start_mark.line + 1);
	yaml_document_delete(&more);
	return err;
}

/* YAML's most frequent stumbling block; its parser does not name it. */
static bool
at_tab(const struct schema_file *f, const yaml_parser_t *parser)
{
	size_t at = parser->problem_mark.index;		/* of characters: right as long as they are ASCII */

	return at < f->n && f->text[at] == '\t';
}

int
schema_open(struct schema_file *f, const char *path, struct diag *why)
{
	yaml_parser_t parser;
	int err;

	*f = (struct schema_file){ .path = path };
	err = read_text(f, why);
	if (err < 0)
		return err;
	if (!yaml_parser_initialize(&parser)) {
		err = diag_set(why, -ENOMEM, "%s: no memory.", path);
		goto free_text;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)f->text, f->n);
	if (!yaml_parser_load(&parser, &f->doc)) {
		err = diag_set(why, -EINVAL, "%s line %zu: %s%s.", path, parser.problem_mark.line + 1,
		    parser.problem ? parser.problem : "no memory",
		    at_tab(f, &parser) ? "; indent with spaces, not with tabs" : "");
		goto delete_parser;
	}
	if (yaml_document_get_root_node(&f->doc) == NULL)
		err = diag_set(why, -EINVAL, "%s is empty.", path);
	else
		err = no_second_document(f, &parser, why);
	if (err < 0)
		yaml_document_delete(&f->doc);
delete_parser:
	yaml_parser_delete(&parser);
free_text:
	if (err < 0)
		free(f->text);
	return err;
}

static int check(const struct walk *w, const yaml_node_t *n, const cyaml_schema_value_t *v,
    const char *key);

static const char *
list_keys(char *to, size_t room, const cyaml_schema_field_t *fields)
{
	size_t at = 0;

	to[0] = '\0';
	for (; fields->key != NULL && at < room; fields++)
		at += (size_t)snprintf(to + at, room - at, "%s%s", at ? ", " : "", fields->key);
	return to;
}

static const char *
list_words(char *to, size_t room, const cyaml_schema_value_t *v)
{
	size_t at = 0;

	to[0] = '\0';
	for (uint32_t i = 0; i < v->enumeration.count && at < room; i++)
		at += (size_t)snprintf(to + at, room - at, "%s%s", i ? ", " : "",
		    v->enumeration.strings[i].str);
	return to;
}

/* The value under key in a mapping; its key node in *at. */
static const yaml_node_t *
get(const struct schema_file *f, const yaml_node_t *map, const char *key, size_t len,
    const yaml_node_t **at)
{
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
		const yaml_node_t *k = node(f, p->key);

		if (k->type == YAML_SCALAR_NODE && k->data.scalar.length == len &&
		    memcmp(scalar(k), key, len) == 0) {
			*at = k;
			return node(f, p->value);
		}
	}
	return NULL;
}

static const cyaml_schema_field_t *
find_field(const cyaml_schema_field_t *fields, const char *key)
{
	while (fields->key != NULL && strcmp(fields->key, key) != 0)
		fields++;
	return fields->key != NULL ? fields : NULL;
}

static int
check_pair(const struct walk *w, const yaml_node_t *map, const yaml_node_pair_t *p,
    const cyaml_schema_field_t *fields, const char *name)
{
	const yaml_node_t *k = node(w->f, p->key), *first = k;
	const cyaml_schema_field_t *field;
	char known[256];

	if (k->type != YAML_SCALAR_NODE)
		return diag_set(w->why, -EINVAL, "%s line %u: a key of %s is %s; it must be a word.",
		    w->f->path, line_of(k), name, kind_name(k->type));
	field = find_field(fields, scalar(k));
	if (field == NULL)
		return diag_set(w->why, -EINVAL, "%s line %u: \"%.64s\" is not a key of %s; known are %s.",
		    w->f->path, line_of(k), scalar(k), name, list_keys(known, sizeof known, fields));
	get(w->f, map, scalar(k), k->data.scalar.length, &first);
	if (first != k)
		return diag_set(w->why, -EINVAL, "%s line %u: \"%s\" stands here a second time; the first is on line %u.",
		    w->f->path, line_of(k), field->key, line_of(first));
	return check(w, node(w->f, p->value), &field->value, field->key);
}

static int
check_mapping(const struct walk *w, const yaml_node_t *n, const cyaml_schema_value_t *v, const char *name)
{
	const cyaml_schema_field_t *fields = v->mapping.fields;
	const yaml_node_t *at;

	for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++) {
		int err = check_pair(w, n, p, fields, name);
		if (err < 0)
			return err;
	}
	for (; fields->key != NULL; fields++)
		if (!(fields->value.flags & CYAML_FLAG_OPTIONAL) &&
		    get(w->f, n, fields->key, strlen(fields->key), &at) == NULL)
			return diag_set(w->why, -EINVAL, "%s line %u: %s lacks the key \"%s\".",
			    w->f->path, line_of(n), name, fields->key);
	return 0;
}

static int
check_sequence(const struct walk *w, const yaml_node_t *n, const cyaml_schema_value_t *v, const char *key)
{
	size_t have = (size_t)(n->data.sequence.items.top - n->data.sequence.items.start);
	char name[80];

	if (have < v->sequence.min || have > v->sequence.max)
		return diag_set(w->why, -EINVAL, "%s line %u: %s has %zu entries; allowed are %u to %u.",
		    w->f->path, line_of(n), key, have, v->sequence.min, v->sequence.max);
	snprintf(name, sizeof name, "an entry of %s", key);
	for (yaml_node_item_t *i = n->data.sequence.items.start; i < n->data.sequence.items.top; i++) {
		int err = check(w, node(w->f, *i), v->sequence.entry, name);
		if (err < 0)
			return err;
	}
	return 0;
}

static int
check_number(const struct walk *w, const yaml_node_t *n, const char *key)
{
	int64_t min = 0, max = UINT32_MAX;
	char *end;
	long long got;

	for (size_t i = 0; i < w->nranges; i++)
		if (strcmp(w->ranges[i].key, key) == 0) {
			min = w->ranges[i].min;
			max = w->ranges[i].max;
		}
	errno = 0;
	got = strtoll(scalar(n), &end, 10);
	if (errno == 0 && end != scalar(n) && *end == '\0' && got >= min && got <= max &&
	    (scalar(n)[0] != '0' || got == 0))	/* libcyaml would read 010 as 8 */
		return 0;
	return diag_set(w->why, -EINVAL, "%s line %u: %s is \"%.64s\"; allowed is a number from %lld to %lld.",
	    w->f->path, line_of(n), key, scalar(n), (long long)min, (long long)max);
}

static int
check_word(const struct walk *w, const yaml_node_t *n, const cyaml_schema_value_t *v, const char *key)
{
	char words[256];

	for (uint32_t i = 0; i < v->enumeration.count; i++)
		if (strcmp(v->enumeration.strings[i].str, scalar(n)) == 0)
			return 0;
	return diag_set(w->why, -EINVAL, "%s line %u: %s is \"%.64s\"; allowed are %s.",
	    w->f->path, line_of(n), key, scalar(n), list_words(words, sizeof words, v));
}

static int
check_string(const struct walk *w, const yaml_node_t *n, const cyaml_schema_value_t *v, const char *key)
{
	size_t len = n->data.scalar.length;

	if (strlen(scalar(n)) != len)
		return diag_set(w->why, -EINVAL, "%s line %u: %s contains a NUL byte.", w->f->path, line_of(n), key);
	if (len == 0)
		return diag_set(w->why, -EINVAL, "%s line %u: %s is empty.", w->f->path, line_of(n), key);
	if (len > v->string.max)
		return diag_set(w->why, -EINVAL, "%s line %u: %s is %zu characters long; allowed are %u.",
		    w->f->path, line_of(n), key, len, v->string.max);
	return 0;
}

static int
check(const struct walk *w, const yaml_node_t *n, const cyaml_schema_value_t *v, const char *key)
{
	yaml_node_type_t want = v->type == CYAML_MAPPING ? YAML_MAPPING_NODE :
	    v->type == CYAML_SEQUENCE ? YAML_SEQUENCE_NODE : YAML_SCALAR_NODE;

	if (n->type != want)
		return diag_set(w->why, -EINVAL, "%s line %u: %s is %s; it must be %s.",
		    w->f->path, line_of(n), key, kind_name(n->type), kind_name(want));
	switch (v->type) {
	case CYAML_MAPPING:	return check_mapping(w, n, v, key);
	case CYAML_SEQUENCE:	return check_sequence(w, n, v, key);
	case CYAML_UINT:
	case CYAML_INT:		return check_number(w, n, key);
	case CYAML_ENUM:	return check_word(w, n, v, key);
	default:		return check_string(w, n, v, key);
	}
}

int
schema_check(const struct schema_file *f, const cyaml_schema_value_t *top,
    const struct schema_range *ranges, size_t nranges, struct diag *why)
{
	struct walk w = { f, ranges, nranges, why };

	return check(&w, node(f, 1), top, "the configuration");	/* libyaml's root is node 1 */
}

unsigned
schema_line(const struct schema_file *f, const char *path)
{
	const yaml_node_t *n = node(f, 1), *at = n;

	while (n != NULL && *path != '\0') {
		size_t len = strcspn(path, ".[");

		if (*path == '[') {
			size_t i = strtoul(path + 1, (char **)&path, 10);
			size_t have = n->type != YAML_SEQUENCE_NODE ? 0 :
			    (size_t)(n->data.sequence.items.top - n->data.sequence.items.start);

			path += *path == ']';
			n = i < have ? node(f, n->data.sequence.items.start[i]) : NULL;
			at = n != NULL ? n : at;
		} else if (n->type != YAML_MAPPING_NODE) {
			n = NULL;
		} else {
			n = get(f, n, path, len, &at);
			path += len;
		}
		path += *path == '.';
	}
	return line_of(at);
}

void
schema_close(struct schema_file *f)
{
	yaml_document_delete(&f->doc);
	free(f->text);
}
