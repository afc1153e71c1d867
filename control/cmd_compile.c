/* mynah compile - text model to image. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/cmd.h"
#include "models/compile.h"
#include "models/image_save.h"
#include "models/selftest.h"

enum { TEXT_BYTES_MAX = 64 << 20 };

/* The whole file, malloc'ed. */
static int
read_text(const char *path, char **to, size_t *n, struct diag *why)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
	size_t cap = 64 << 10, got;
	char *p = NULL;
	int err;

	if (f == NULL)
		return diag_set(why, -errno, "%s: %s", path, strerror(errno));
	*n = 0;
	do {
		char *more = realloc(p, cap *= 2);
		if (more == NULL) {
			err = diag_set(why, -ENOMEM, "%s: not enough memory to read it", path);
			goto fail;
		}
		p = more;
		got = fread(p + *n, 1, cap - *n, f);
		*n += got;
	} while (got > 0 && *n == cap && *n <= TEXT_BYTES_MAX);
	if (ferror(f)) {
		err = diag_set(why, -EIO, "%s: reading it failed: %s", path, strerror(errno));
		goto fail;
	}
	if (f != stdin)
		fclose(f);
	*to = p;
	return 0;
fail:
	if (f != stdin)
		fclose(f);
	free(p);
	return err;
}

static void
report(const char *path, const struct text *t, const struct compile_report *r,
    const struct model *m)
{
	printf("%s: service %.*s, %u templates, %u replies, %u states; automaton of %u states and "
	       "%u byte classes (%zu bytes); image of %zu bytes, version %s\n",
	    path, (int)t->name.n, (const char *)t->name.p, t->ntemplate, t->nreply, t->nstate,
	    r->automaton_states, r->byte_classes, r->automaton_bytes, r->image_bytes,
	    model_version(m));
	if (r->templates_left_out > 0)
		fprintf(stderr, "mynah: %s: %u templates are beyond the automaton's budget and are "
		    "answered by the nearest instead\n", path, r->templates_left_out);
}

/* A sensor refuses a model that does not reproduce its vectors. */
static int
refuse_other_words(const struct model *m, const char *from, struct diag *why)
{
	struct diag differs;
	int err = selftest_run(m, &differs);

	return err < 0 ? diag_set(why, err, "%s: %s", from, differs.text) : 0;
}

/* to NULL: only check. */
static int
compile_file(const char *from, const char *to, struct diag *why)
{
	struct compile_report r;
	struct model *m = NULL;
	struct text t;
	uint8_t *image = NULL;
	char *text = NULL;
	size_t n;
	int err;

	err = read_text(from, &text, &n, why);
	if (err < 0)
		return err;
	err = text_parse(&t, from, span_of(text, n), why);
	if (err < 0)
		goto free_text;
	err = compile(&t, &image, &n, &r, why);
	if (err < 0)
		goto fini;
	err = model_from_bytes(&m, from, span_of(image, n), why);	/* a sensor will take it */
	if (err < 0)
		goto fini;
	err = refuse_other_words(m, from, why);
	if (err == 0 && to != NULL)
		err = image_save(to, span_of(image, n), why);
	if (err == 0)
		report(to != NULL ? to : from, &t, &r, m);
	model_destroy(m);
fini:
	free(image);
	text_fini(&t);
free_text:
	free(text);
	return err;
}

int
cmd_compile(int argc, char **argv)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "check", no_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	const char *to = NULL;
	bool check = false;
	struct diag why;
	int c;

	while ((c = getopt_long(argc, argv, "o:n", options, NULL)) != -1) {
		if (c == 'o')
			to = optarg;
		else if (c == 'n')
			check = true;
		else
			return cmd_wrong_usage(argv, NULL);
	}
	if (argc - optind != 1)
		return cmd_wrong_usage(argv, "exactly one text model is wanted");
	if (check == (to != NULL))
		return cmd_wrong_usage(argv, "either -o MODEL or --check is wanted");
	if (to != NULL)
		cmd_unfinished(to);
	return compile_file(argv[optind], to, &why) < 0 ? cmd_failed(&why) : CMD_DONE;
}
