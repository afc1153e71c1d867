/* fuzz_definition - any bytes: a service definition, or a sentence. */
#include "learning/mining/definition.h"
#include "tests/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct diag why = { "" };
	struct definition d;

	if (definition_parse(&d, "fuzz", span_of(data, n), &why) != 0) {
		fuzz_must_say_why(&why);
		return 0;
	}
	fuzz_must(d.ncommand > 0 && d.ncommand <= DEFINITION_COMMANDS, "a definition has commands");
	fuzz_must(d.nmax >= 1 && d.nmax <= DEFINITION_NMAX, "a window has a width");
	for (uint32_t i = 0; i < d.ncommand; i++) {
		const struct definition_command *c = &d.command[i];

		fuzz_must(c->nverb > 0 && c->least <= c->most && c->most <= DEFINITION_ARGS, "a command can be said");
		fuzz_must(c->alias < (int32_t)d.ncommand && definition_find(&d, c->verb[0]) >= 0, "and found");
	}
	definition_fini(&d);
	return 0;
}
