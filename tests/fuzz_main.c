/*
 * fuzz_main.c - a fuzz_*.c without libFuzzer: tries files, as they are and with local changes.
 *
 *	fuzz_text [-n CHANGED] [-s SEED] file|folder ...
 *
 * Every input is tried once as it is and CHANGED times changed. Its name is printed before it is
 * tried, so the last name is the one that something was wrong with.
 */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz.h"
#include "tests/random_model.h"

enum { ROOM = 1 << 20 };

static struct dice dice = { 88172645463325252u };
static unsigned long changed, tried;

/* A few local changes: bytes, a cut, a copied or a missing piece. p has room bytes. */
static size_t
change(uint8_t *p, size_t n, size_t room)
{
	uint8_t piece[24];

	for (uint32_t k = roll(&dice, 4) + 1; k > 0 && n > 4; k--) {
		size_t at = roll(&dice, (uint32_t)n), len = roll(&dice, sizeof piece) + 1u,
		    to = roll(&dice, (uint32_t)n);

		switch (roll(&dice, 6)) {
		case 0:
			p[at] = (uint8_t)roll(&dice, 256);
			break;
		case 1:
			p[at] = (uint8_t)"0123456789 \"\n"[roll(&dice, 13)];
			break;
		case 2:
			p[at] ^= (uint8_t)(1u << roll(&dice, 8));
			break;
		case 3:
			n = roll(&dice, 16) == 0 ? at : n;
			break;
		case 4:
			len = MIN(len, n - at);
			memmove(p + at, p + at + len, n - at - len);
			n -= len;
			break;
		default:
			len = MIN(MIN(len, n - at), room - n);
			memcpy(piece, p + at, len);
			memmove(p + to + len, p + to, n - to);
			memcpy(p + to, piece, len);
			n += len;
		}
	}
	return n;
}

/* In memory of exactly this size, so that a sanitizer sees what reads beyond it. */
static void
try(const uint8_t *p, size_t n)
{
	uint8_t *own = malloc(n);

	if (n > 0)
		memcpy(own, p, n);
	LLVMFuzzerTestOneInput(own, n);
	free(own);
	tried++;
}

static bool
try_file(const char *path)
{
	static uint8_t from[ROOM], p[2 * ROOM];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (f == NULL) {
		perror(path);
		return false;
	}
	n = fread(from, 1, sizeof from, f);
	fclose(f);
	printf("%s\n", path);
	fflush(stdout);
	try(from, n);
	for (unsigned long k = 0; k < changed; k++) {
		memcpy(p, from, n);
		try(p, change(p, n, sizeof p));
	}
	return true;
}

static bool
try_path(const char *path)
{
	struct dirent **entry = NULL;
	struct stat st;
	char name[4096];
	bool ok = true;
	int n;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return try_file(path);
	n = scandir(path, &entry, NULL, alphasort);
	if (n < 0) {
		perror(path);
		return false;
	}
	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof name, "%s/%s", path, entry[i]->d_name);
		if (entry[i]->d_name[0] != '.' && ok)
			ok = try_path(name);
		free(entry[i]);
	}
	free(entry);
	return ok;
}

int
main(int argc, char **argv)
{
	bool ok = true;
	int o;

	while ((o = getopt(argc, argv, "n:s:")) != -1) {
		if (o == 'n')
			changed = strtoul(optarg, NULL, 10);
		else if (o == 's')
			dice.x ^= strtoull(optarg, NULL, 10) << 20;
		else
			return 2;
	}
	for (int i = optind; i < argc && ok; i++)
		ok = try_path(argv[i]);
	printf("%lu inputs tried\n", tried);
	return ok && tried > 0 ? 0 : 1;
}
