/*
 * fuzz_ctl - clients that send any bytes, read or don't, hang up when they like. After all of it
 * one that behaves must still get its answer at once.
 *
 * The input is a script: an operation byte (low 3 bits what, high 5 which client), then for
 * "say" a length and bytes.
 */
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/ctl.h"
#include "tests/fuzz.h"

enum { CLIENTS = 40 };		/* more than have a place */

static char path[64];

static json_t *
echo(void *ctx, unsigned argc, char *const *argv, bool *ok)
{
	json_t *words = json_array();

	(void)ctx;
	(void)ok;
	for (unsigned k = 0; k < (argv[0][0] == 'l' ? 20000 : 1); k++)
		for (unsigned i = 0; i < argc; i++)
			json_array_append_new(words, json_string(argv[i]));
	return json_pack("{so}", "words", words);
}

static int
dial(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(to.sun_path, path);
	fuzz_must(connect(fd, (struct sockaddr *)&to, sizeof to) == 0, "a client can connect");
	return fd;
}

static void
act(struct ctl *c, int *fd, uint8_t what, struct reader *script, int64_t *now_ms)
{
	static char sink[4096];
	struct span words;
	size_t n;

	switch (what) {
	case 0:
	case 1:
		if (*fd < 0) {
			*fd = dial();
			ctl_turn(c, *now_ms);	/* or the queue of those who knock fills */
		}
		break;
	case 2:
	case 3:
		n = rd_u8(script);
		words = rd_bytes(script, MIN(n, (size_t)(script->end - script->p)));
		if (*fd >= 0)
			send(*fd, words.p, words.n, MSG_NOSIGNAL);
		break;
	case 4:
		if (*fd >= 0)
			recv(*fd, sink, sizeof sink, 0);
		break;
	case 5:
		if (*fd >= 0)
			close(*fd);
		*fd = -1;
		break;
	case 6:
		if (*fd >= 0)
			shutdown(*fd, SHUT_WR);
		break;
	default:
		*now_ms += 700;
		ctl_turn(c, *now_ms);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct reader script = reader_of(span_of(data, n));
	int fd[CLIENTS], good;
	struct diag why = { "" };
	int64_t now_ms = 0;
	struct ctl *c;
	char got[64];

	snprintf(path, sizeof path, "/tmp/mynah-fuzz-%ld", (long)getpid());
	fuzz_must(ctl_open(&c, path, echo, NULL, &why) == 0, why.text);
	memset(fd, 0xff, sizeof fd);
	while (script.p < script.end) {
		uint8_t op = rd_u8(&script);

		act(c, &fd[(op >> 3) % CLIENTS], op & 7, &script, &now_ms);
		fuzz_must(ctl_clients(c) <= CTL_CLIENTS, "clients are bounded");
	}
	good = dial();
	ctl_turn(c, now_ms);
	fuzz_must(send(good, "a\n", 2, MSG_NOSIGNAL) == 2, "a client can send");
	for (int k = 0; k < 2; k++)
		ctl_turn(c, now_ms);
	fuzz_must(recv(good, got, sizeof got, 0) == 26, "an honest client gets its answer");
	close(good);
	for (int k = 0; k < CLIENTS; k++)
		if (fd[k] >= 0)
			close(fd[k]);
	ctl_close(c);
	return 0;
}
