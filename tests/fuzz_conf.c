/*
 * fuzz_conf - any bytes as mynahd.yaml: they are refused with a sentence, or the configuration in
 * effect, printed and read again, is the same.
 */
#include <unistd.h>

#include "control/conf.h"
#include "tests/fuzz.h"

static int
load(struct conf **c, struct span yaml, struct diag *why)
{
	char path[FUZZ_PATH];
	int fd = fuzz_file(yaml, path), err = conf_load(c, path, why);

	close(fd);
	return err;
}

static struct span
print(const struct conf *c)
{
	struct diag why = { "" };
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	fuzz_must(conf_print(c, f, &why) == 0, "what was read is printed");
	fclose(f);
	return span_of(text, n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct conf *c, *again;
	struct diag why = { "" };
	struct span once, twice;

	if (load(&c, span_of(data, n), &why) < 0) {
		fuzz_must_say_why(&why);
		return 0;
	}
	once = print(c);
	if (load(&again, once, &why) < 0)
		fuzz_must(false, why.text);
	twice = print(again);
	fuzz_must(span_eq(once, twice), "printed twice, a configuration is the same");
	free((void *)once.p);
	free((void *)twice.p);
	conf_free(c);
	conf_free(again);
	return 0;
}
