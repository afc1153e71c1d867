/* mynah show - what a model is. */
#include <getopt.h>
#include <stdlib.h>

#include "control/cmd.h"
#include "control/dot.h"
#include "control/summary.h"

/* how: 0 for people, or the option's letter. */
static int
show(const char *path, int how, struct diag *why)
{
	struct summary s;
	struct model *m;
	struct text t;
	char *text;
	size_t n;
	int err;

	err = model_load(&m, path, why);
	if (err < 0)
		return err;
	err = model_text(m, &text, &n, why);
	if (err < 0)
		goto destroy;
	if (how == 't') {
		fwrite(text, 1, n, stdout);
		goto free_text;
	}
	err = text_parse(&t, path, span_of(text, n), why);
	if (err < 0)
		goto free_text;
	summary_of(&s, m, &t);
	if (how == 'd')
		dot_print(&t, stdout);
	else if (how == 'j')
		err = summary_json(&s, stdout);
	else
		summary_print(&s, stdout);
	if (err < 0)
		diag_set(why, err, "%s: not enough memory to describe it", path);
	text_fini(&t);
free_text:
	free(text);
destroy:
	model_destroy(m);
	return err;
}

int
cmd_show(int argc, char **argv)
{
	static const struct option options[] = {
		{ "text", no_argument, NULL, 't' },
		{ "dot", no_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	struct diag why;
	int how = 0, c;

	while ((c = getopt_long(argc, argv, "tdj", options, NULL)) != -1) {
		if (c == '?')
			return cmd_wrong_usage(argv, NULL);
		if (how != 0 && how != c)
			return cmd_wrong_usage(argv, "only one of --text, --dot and --json");
		how = c;
	}
	if (argc - optind != 1)
		return cmd_wrong_usage(argv, "exactly one model is wanted");
	return show(argv[optind], how, &why) < 0 ? cmd_failed(&why) : CMD_DONE;
}
