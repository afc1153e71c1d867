/* fuzz_text - any bytes: they are refused, or what is printed of them reads back to itself. */
#include "models/text.h"
#include "tests/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct diag why = { "" };
	struct text t, again;
	char *once = NULL, *twice = NULL;
	size_t on = 0, tn = 0;

	if (text_parse(&t, "fuzz", span_of(data, n), &why) != 0) {
		fuzz_must_say_why(&why);
		return 0;
	}
	fuzz_must(text_print(&t, &once, &on) == 0 &&
	    text_parse(&again, "again", span_of(once, on), NULL) == 0 &&
	    text_print(&again, &twice, &tn) == 0, "what was read is printed and read again");
	fuzz_must(on == tn && memcmp(once, twice, on) == 0, "printed twice, a model is the same");
	text_fini(&t);
	text_fini(&again);
	free(once);
	free(twice);
	return 0;
}
