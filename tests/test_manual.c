/*
 * The manual names every command, option, key, signal, file, drop reason and counter; the tables
 * say which there are. Its examples work.
 */
#include <string.h>

#include "control/cmd.h"
#include "control/conf.h"
#include "control/proto.h"
#include "dataplane/stack.h"
#include "dataplane/wire.h"
#include "tests/cases.h"
#include "tests/tool.h"

#define MYNAH_1  TEST_ROOT "/docs/mynah.1"
#define MYNAHD_8 TEST_ROOT "/docs/mynahd.8"
#define YAML_5	 TEST_ROOT "/docs/mynahd.yaml.5"

enum { PAGE_MAX = 1 << 16 };

static const char *
page(char to[PAGE_MAX], const char *path)
{
	FILE *f = fopen(path, "re");

	cr_assert_not_null(f, "%s", path);
	to[fread(to, 1, PAGE_MAX - 1, f)] = '\0';
	fclose(f);
	return to;
}

/* ---- docs/counters.md ---- */

static void
expect_row(const char *text, const char *name)
{
	char entry[80];

	snprintf(entry, sizeof entry, "\n| `%s` |", name);
	cr_expect_not_null(strstr(text, entry), "docs/counters.md has no line for \"%s\"", name);
}

Test(manual, counters_md_names_every_drop_fault_and_part)
{
	static char text[PAGE_MAX];

	page(text, TEST_ROOT "/docs/counters.md");
	for (int i = 0; i < DROP_N; i++)
		expect_row(text, drop_name((enum drop)i));
	for (int i = 0; i < WIRE_FAULTS; i++)
		expect_row(text, wire_fault_name((enum wire_fault)i));
	for (int i = 0; i < PARTS_N; i++)
		expect_row(text, stack_part_name((enum stack_part)i));
}

Test(manual, counters_md_names_what_learn_could_not_use)
{
	tool_enter();
	cr_expect_eq(tool_run("\"$M\" learn -r r.json -o m.mynah \"$D\"/ftp-small.pcap.gz >out && "
	    "python3 -c 'import json; t = open(\"" TEST_ROOT "/docs/counters.md\").read(); "
	    "missing = [k for k in json.load(open(\"r.json\"))[\"unused\"] if f\"| `{k}` |\" not in t]; "
	    "assert not missing, missing'"), 0);
	tool_leave();
}

/* ---- mynah(1) ---- */

/* The text of a heading like ".Ss mynah learn" up to the next heading of any kind, on its own. */
static char *
section(char to[PAGE_MAX], const char *path, const char *heading)
{
	char head[80], *from, *next;

	page(to, path);
	snprintf(head, sizeof head, "\n%s\n", heading);
	from = strstr(to, head);
	cr_assert_not_null(from, "%s has no line \"%s\"", path, heading);
	next = strstr(from + 1, "\n.S");
	if (next != NULL)
		next[1] = '\0';
	return from;
}

/* "  -o, --output MODEL   where" becomes ".It Fl o , Fl -output Ar MODEL"; false: no option. */
static bool
option_entry(char to[128], const char *line)
{
	char letter, name[32], word[32], pad[4];
	int n = sscanf(line, "  -%c, --%31[a-z-]%3[ ]%31[A-Z/]", &letter, name, pad, word);

	if (n < 2)
		return false;
	snprintf(to, 128, "\n.It Fl %c , Fl -%s%s%s", letter, name, n == 4 && pad[1] == '\0' ? " Ar " : "\n",
	    n == 4 && pad[1] == '\0' ? word : "");
	return true;
}

static unsigned
expect_command(const char *command)
{
	static char text[PAGE_MAX], help[PAGE_MAX];
	char line[128], entry[128], *manual, *save;
	unsigned n = 0;

	snprintf(line, sizeof line, "\n.Nm mynah Cm %s\n", command);
	cr_expect_not_null(strstr(page(text, MYNAH_1), line), "docs/mynah.1: SYNOPSIS lacks %s", command);
	snprintf(line, sizeof line, ".Ss mynah %s", command);
	manual = section(text, MYNAH_1, line);
	snprintf(line, sizeof line, "\"$M\" %s --help >help", command);
	cr_assert_eq(tool_run(line), 0);
	page(help, "help");
	for (char *l = strtok_r(help, "\n", &save); l != NULL; l = strtok_r(NULL, "\n", &save))
		if (option_entry(entry, l)) {
			cr_expect_not_null(strstr(manual, entry), "docs/mynah.1, mynah %s, lacks the line %s", command, entry + 1);
			n++;
		}
	for (char *l = strstr(manual, "\n.It Fl "); l != NULL; l = strstr(l + 1, "\n.It Fl "))
		n--;
	cr_expect_eq(n, 0, "docs/mynah.1, mynah %s, names an option that is not there, or twice", command);
	return 1;
}

Test(manual, mynah_1_names_every_command_and_option_and_no_other)
{
	static char list[PAGE_MAX];
	char name[32], *save;
	unsigned commands = 0;

	tool_enter();
	cr_assert_eq(tool_run("\"$M\" --help >list"), 0);
	page(list, "list");
	for (char *l = strtok_r(list, "\n", &save); l != NULL; l = strtok_r(NULL, "\n", &save))
		if (sscanf(l, "  mynah %31[a-z]", name) == 1)
			commands += expect_command(name);
	cr_expect_geq(commands, 7);
	tool_leave();
}

/* " FILE [NAME]" becomes " Ar FILE Op Ar NAME". */
static void
as_mdoc(char *to, size_t room, const char *words)
{
	char each[64], *save;
	size_t at = 0;

	snprintf(each, sizeof each, "%s", words);
	to[0] = '\0';
	for (char *w = strtok_r(each, " ]", &save); w != NULL; w = strtok_r(NULL, " ]", &save))
		at += (size_t)snprintf(to + at, room - at, *w == '[' ? " Op Ar %s" : " Ar %s", w + (*w == '['));
}

Test(manual, mynah_1_names_every_question_to_the_sensor)
{
	static const struct { const char *name, *words; } all[] = {
#define ROW(name, words, help) { name, words },
		CTL_COMMANDS(ROW)
#undef ROW
	};
	static char text[PAGE_MAX];
	char *manual = section(text, MYNAH_1, ".Ss mynah ctl"), words[80], entry[128];
	size_t told = 0;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		as_mdoc(words, sizeof words, all[i].words);
		snprintf(entry, sizeof entry, "\n.It Cm %s%s\n", all[i].name, words);
		cr_expect_not_null(strstr(manual, entry), "docs/mynah.1, mynah ctl, lacks the line %s", entry + 1);
	}
	for (char *l = manual; (l = strstr(l + 1, "\n.It Cm ")) != NULL; told++)
		;
	cr_expect_eq(told, ARRAY_LEN(all));
}

/* ---- signals, files, exit status, environment ---- */

Test(manual, mynahd_8_names_every_signal)
{
	static char source[PAGE_MAX], text[PAGE_MAX];
	char *at, *end, name[32], entry[64];
	unsigned n = 0;

	page(source, TEST_ROOT "/control/bell.c");
	section(text, MYNAHD_8, ".Sh SIGNALS");
	at = strstr(source, "numbers[] = {");
	cr_assert_not_null(at);
	end = strchr(at, ';');
	for (at = strstr(at, "SIG"); at != NULL && at < end; at = strstr(at + 1, "SIG"), n++) {
		cr_assert_eq(sscanf(at, "%31[A-Z0-9]", name), 1);
		snprintf(entry, sizeof entry, "Dv %s", name);
		cr_expect_not_null(strstr(section(text, MYNAHD_8, ".Sh SIGNALS"), entry), "docs/mynahd.8: %s", name);
	}
	cr_expect_geq(n, 3);
}

static const struct {
	const char *path, *heading, *entry;
} places[] = {
	{ MYNAH_1, ".Sh FILES", ".It Pa " CTL_SOCKET },
	{ MYNAH_1, ".Ss mynah ctl", ".Pa " CTL_SOCKET },
	{ MYNAHD_8, ".Sh FILES", ".It Pa " CTL_SOCKET },
	{ MYNAHD_8, ".Sh FILES", ".It Pa /etc/mynah/mynahd.yaml" },
	{ YAML_5, ".Sh FILES", ".It Pa /etc/mynah/mynahd.yaml" },
};

EACH_CASE(manual, files_stand_where_the_programs_look, places)
{
	static char text[PAGE_MAX];

	cr_expect_not_null(strstr(section(text, places[*i].path, places[*i].heading), places[*i].entry), "%s: %s",
	    places[*i].path, places[*i].entry);
}

static const char *const with_status[] = { MYNAH_1, MYNAHD_8 };

EACH_CASE(manual, exit_status_is_told, with_status)
{
	static char text[PAGE_MAX];
	static const int status[] = { CMD_DONE, CMD_FAILED, CMD_USAGE };
	char entry[32];

	section(text, with_status[*i], ".Sh EXIT STATUS");
	for (size_t s = 0; s < ARRAY_LEN(status); s++) {
		snprintf(entry, sizeof entry, "\n.It %d\n", status[s]);
		cr_expect_not_null(strstr(section(text, with_status[*i], ".Sh EXIT STATUS"), entry), "%s: %s",
		    with_status[*i], entry);
	}
}

Test(manual, every_variable_of_the_environment_is_told)
{
	cr_expect_eq(tool_run("grep -rhoE 'getenv\\(\"[A-Z_]+' " TEST_ROOT "/control " TEST_ROOT "/learning "
	    TEST_ROOT "/models " TEST_ROOT "/dataplane | sed 's/.*\"//' | sort -u | while read v; do "
	    "grep -qx \".It Ev $v\" " MYNAH_1 " " MYNAHD_8 " || exit 1; done"), 0);
}

/* ---- mynahd.yaml(5) ---- */

/* The line below ".It Cm key" in the section of its mapping: what it takes, and its default. */
static const char *
key_line(char to[256], const char *heading, const char *key)
{
	static char text[PAGE_MAX];
	char entry[80], *at = section(text, YAML_5, heading), *end;

	snprintf(entry, sizeof entry, "\n.It Cm %s\n", key);
	at = strstr(at, entry);
	cr_assert_not_null(at, "docs/mynahd.yaml.5, %s, lacks the line %s", heading, entry + 1);
	at += strlen(entry);
	end = strchr(at, '\n');
	snprintf(to, 256, "%.*s", (int)(end - at), at);
	return to;
}

#define LEAST "ports:\n- device: net_null0\n  link-address: 192.0.2.2\n" \
    "personas: [{name: a}]\nprefixes:\n- prefix: 198.19.0.0/16\n"

/* What the sentence about a value that is none says is allowed: "1 to 3". */
static void
allowed(char to[64], const char *heading, const char *key)
{
	FILE *f = fopen("x.yaml", "w");
	struct conf *c = NULL;
	struct diag why;
	char *at;

	if (strcmp(heading, ".Ss An entry of personas") == 0)
		fprintf(f, "personas: [{name: a, %s: x}]\n", key);
	else
		fputs(LEAST, f);
	if (strcmp(heading, ".Ss limits") == 0)
		fprintf(f, "limits: {%s: x}\n", key);
	else if (strcmp(heading, ".Ss cores") == 0)
		fprintf(f, "cores: {workers: [1], %s: x}\n", key);
	else if (strcmp(heading, ".Ss training") == 0)
		fprintf(f, "training: {%s: x}\n", key);
	else if (strcmp(heading, ".Ss An entry of profiles") == 0)
		fprintf(f, "  profiles: [{name: a, %s: x}]\n", key);
	else
		fprintf(f, "%s: x\n", key);
	fclose(f);
	cr_assert_lt(conf_load(&c, "x.yaml", &why), 0, "%s", key);
	at = strstr(why.text, "a number from ");
	cr_assert_not_null(at, "%s", why.text);
	snprintf(to, 64, "%.*s", (int)strcspn(at + 14, "."), at + 14);
}

/* The default of a key that is printed although it was not given: "default 3". */
static bool
effective(char to[64], const char *key)
{
	struct conf *c = NULL;
	struct diag why;
	char line[128], name[64], value[64];
	FILE *f = fopen("x.yaml", "w"), *out = tmpfile();
	bool found = false;

	fputs(LEAST, f);
	fclose(f);
	cr_assert_eq(conf_load(&c, "x.yaml", &why), 0, "%s", why.text);
	cr_assert_eq(conf_print(c, out, &why), 0, "%s", why.text);
	conf_free(c);
	rewind(out);
	while (fgets(line, sizeof line, out) != NULL)
		if (sscanf(line, " %63[a-z-]: %63s", name, value) == 2 && strcmp(name, key) == 0) {
			const char *slash = strrchr(value, '/');

			if (strcmp(key, "key-file") == 0 && slash != NULL)	/* made absolute */
				memmove(value, slash + 1, strlen(slash));
			snprintf(to, 64, "default %.50s", value);
			found = true;
		}
	fclose(out);
	return found;
}

/* "default 3" is not told by "default 300". */
static bool
tells_default(const char *line, const char *want)
{
	const char *at = strstr(line, want);

	return at != NULL && strchr(".,", at[strlen(want)]) != NULL && at[strlen(want)] != '\0';
}

static void
expect_key(const char *heading, const cyaml_schema_field_t *field)
{
	const cyaml_schema_value_t *v = &field->value;
	bool optional = v->flags & CYAML_FLAG_OPTIONAL;
	char line[256], want[64];

	key_line(line, heading, field->key);
	cr_expect_not_null(strstr(line, optional ? "default" : "required"), "docs/mynahd.yaml.5, %s: \"%s\"",
	    field->key, line);
	if (v->type == CYAML_UINT) {
		allowed(want, heading, field->key);
		cr_expect_not_null(strstr(line, want), "docs/mynahd.yaml.5, %s: %s is allowed", field->key, want);
	}
	if (optional && strcmp(heading, ".Ss An entry of services") != 0 && effective(want, field->key))
		cr_expect(tells_default(line, want), "docs/mynahd.yaml.5, %s: it is %s", field->key, want);
	for (uint32_t i = 0; v->type == CYAML_ENUM && i < v->enumeration.count; i++)
		if (strcmp(v->enumeration.strings[0].str, "yes") != 0)
			cr_expect_not_null(strstr(line, v->enumeration.strings[i].str), "docs/mynahd.yaml.5, %s: %s",
			    field->key, v->enumeration.strings[i].str);
}

static unsigned
expect_keys(const char *heading, const cyaml_schema_field_t *fields)
{
	static char text[PAGE_MAX];
	char below[80];
	unsigned n = 0, told = 0;

	for (const cyaml_schema_field_t *f = fields; f->key != NULL; f++, n++) {
		const cyaml_schema_value_t *v = &f->value;

		expect_key(heading, f);
		snprintf(below, sizeof below, v->type == CYAML_SEQUENCE ? ".Ss An entry of %s" : ".Ss %s", f->key);
		if (v->type == CYAML_SEQUENCE)
			v = v->sequence.entry;
		if (v->type == CYAML_MAPPING)
			expect_keys(below, v->mapping.fields);
	}
	for (char *at = section(text, YAML_5, heading); (at = strstr(at + 1, "\n.It Cm ")) != NULL; told++)
		;
	cr_expect_eq(told, n, "docs/mynahd.yaml.5, %s, names a key that is not there, or twice", heading);
	return n;
}

Test(manual, mynahd_yaml_5_names_every_key_its_range_and_its_default)
{
	tool_enter();
	cr_expect_gt(expect_keys(".Ss The file", conf_schema.mapping.fields), 10);
	tool_leave();
}

/* ---- docs/SECURITY.md ---- */

/* `stack/name` is a test of tests/test_stack.c, `conv/name` a conversation. */
Test(manual, every_test_that_security_md_calls_as_a_witness_exists)
{
	tool_enter();
	cr_expect_eq(tool_run("cd " TEST_ROOT "/tests && grep -oE '`[a-z_]+/[a-z0-9_-]+`' ../docs/SECURITY.md | tr -d '`' >$OLDPWD/w; "
	    "test $(wc -l <$OLDPWD/w) -ge 20 && while IFS=/ read s n; do case $s in conv) test -e conv/$n.conv ;; "
	    "*) grep -qE \"\\($s, $n[,)]\" test_$s.c ;; esac || { echo $s/$n; exit 1; }; done <$OLDPWD/w"), 0);
	tool_leave();
}

/* A name without a folder is in one of learning's, or in models. */
Test(manual, every_file_that_papers_md_names_exists)
{
	tool_enter();
	cr_expect_eq(tool_run("cd " TEST_ROOT " && grep -oE '`([a-z]+/)*[a-z_]+[.]c`' docs/papers.md | tr -d '`' >$OLDPWD/w; "
	    "test $(wc -l <$OLDPWD/w) -ge 15 && while read f; do test -e $f || test -e learning/$f || test -e learning/scriptgen/$f || test -e models/$f || "
	    "{ echo $f; exit 1; }; done <$OLDPWD/w"), 0);
	tool_leave();
}

/* ---- the pages as such ---- */

/* Everything between .Bd -literal and .Ed below EXAMPLES, as the reader sees it. */
#define EXAMPLES(page) "sed -n '/^.Sh EXAMPLES/,/^.Sh SEE/{/^.Bd/,/^.Ed/{/^.[BE]d/!p}}' " page " | sed 's/\\\\e/\\\\/g' "

Test(manual, the_examples_of_mynah_1_work_as_they_stand)
{
	tool_enter();
	cr_expect_eq(tool_run("for d in monday.pcap tuesday.pcap.gz wednesday.pcap; do "
	    "cp \"$D\"/ftp-small.pcap.gz $d; done; " EXAMPLES(MYNAH_1) " >run; test $(wc -l <run) -ge 8 && "
	    "PATH=${M%/*}:$PATH sh -eux run >out 2>err || { cat err; false; } && "
	    "grep -q '^331 ' out && grep -q class_agreement out && test -s out.pcap && test -s ftp2.mynah"), 0);
	tool_leave();
}

Test(manual, the_example_of_mynahd_yaml_5_is_a_configuration)
{
	struct conf *c = NULL;
	struct diag why;

	tool_enter();
	cr_assert_eq(tool_run(EXAMPLES(YAML_5) " >x.yaml"), 0);
	cr_expect_eq(conf_load(&c, "x.yaml", &why), 0, "%s", why.text);
	cr_expect_gt(c->models_count, 0);
	conf_free(c);
	tool_leave();
}

Test(manual, the_network_of_deployment_md_is_a_configuration)
{
	struct conf *c = NULL;
	struct diag why;

	tool_enter();
	cr_assert_eq(tool_run("{ printf 'ports:\\n- device: net_null0\\n  link-address: 192.0.2.2\\nmodels:\\n'; "
	    "for m in ftp smb dns; do echo \"- {name: $m, file: $m}\"; done; "
	    "sed -n '/^    prefixes:/,/^$/s/^    //p' " TEST_ROOT "/docs/deployment.md; } >x.yaml"), 0);
	cr_assert_eq(conf_load(&c, "x.yaml", &why), 0, "%s", why.text);
	cr_expect_eq(c->prefixes[0].profiles_count, 3);
	cr_expect_eq(c->prefixes[0].density_count, 4);
	conf_free(c);
	tool_leave();
}

static const char *const pages[] = { MYNAH_1, MYNAHD_8, YAML_5 };

static const struct {
	const char *program, *line;
} readers[] = {
	{ "mandoc", "mandoc -T lint -W warning %s" },
	{ "groff", "test -z \"$(groff -mdoc -ww -Tutf8 %s 2>&1 >/dev/null)\"" },
};

EACH_CASE(manual, every_page_reads_without_a_warning, readers)
{
	char line[1024];

	snprintf(line, sizeof line, "command -v %s >/dev/null", readers[*i].program);
	if (tool_run(line) != 0)
		cr_skip_test("%s is not installed", readers[*i].program);
	for (size_t p = 0; p < ARRAY_LEN(pages); p++) {
		snprintf(line, sizeof line, readers[*i].line, pages[p]);
		cr_expect_eq(tool_run(line), 0, "%s", line);
	}
}
