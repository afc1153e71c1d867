/*
 * fuzz_manifest - any bytes as the manifest.json of a service: they are refused with a sentence, or the record,
 * printed and read again, is the same.
 */
#include <unistd.h>

#include "control/manifest.h"
#include "tests/fuzz.h"

/* manifest_load() of a folder that holds these bytes. */
static int
load(struct store_service *s, struct span bytes, struct diag *why)
{
	char folder[] = "/tmp/mynah-fuzz-manifest-XXXXXX", path[sizeof folder + sizeof MANIFEST];
	FILE *f;
	int err;

	fuzz_must(mkdtemp(folder) != NULL, "there is room for a folder");
	snprintf(path, sizeof path, "%s/%s", folder, MANIFEST);
	f = fopen(path, "wb");
	fuzz_must(f != NULL && fwrite(bytes.p, 1, bytes.n, f) == bytes.n && fclose(f) == 0, "the manifest is written");
	manifest_init(s, "ftp");
	err = manifest_load(s, folder, why);
	unlink(path);
	rmdir(folder);
	return err;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct store_service s, again;
	struct diag why = { "" };
	char *once, *twice;

	if (load(&s, span_of(data, n), &why) < 0) {
		fuzz_must_say_why(&why);
		return 0;
	}
	once = manifest_text(&s);
	fuzz_must(once != NULL && load(&again, span_str(once), &why) == 0, "what was read is printed and read again");
	twice = manifest_text(&again);
	fuzz_must(twice != NULL && strcmp(once, twice) == 0, "printed twice, a manifest is the same");
	manifest_fini(&s);
	manifest_fini(&again);
	free(once);
	free(twice);
	return 0;
}
