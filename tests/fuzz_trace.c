/*
 * fuzz_trace - any bytes as a capture file, read into a corpus, and that cut into exchanges both as
 * lines and as binary.
 */
#include <unistd.h>

#include "learning/exchange.h"
#include "tests/fuzz.h"

static void
check_corpus(const struct corpus *c)
{
	for (uint32_t i = 0; i < c->nconversations; i++) {
		const struct conversation *v = &c->conversations[i];

		fuzz_must(v->first <= c->nmessages && v->n <= c->nmessages - v->first,
		    "a conversation's messages are in the corpus");
		fuzz_must(v->source < c->nsources, "a conversation has a capture");
		for (uint32_t k = v->first; k < v->first + v->n; k++)
			fuzz_must(c->messages[k].bytes.n <= CORPUS_MESSAGE_BYTES &&
			    c->messages[k].side <= SIDE_SERVER, "a message is bounded");
	}
}

static void
check_exchanges(const struct exchanges *x)
{
	for (uint32_t i = 0; i < x->n; i++) {
		const struct exchange *e = &x->exchange[i];

		fuzz_must(e->conversation < x->conversations, "an exchange is part of a conversation");
		fuzz_must(e->client == NO_UNIT || e->client < x->nunit, "its question is there");
		fuzz_must(e->server == NO_UNIT || e->server < x->nunit, "its answer is there");
		fuzz_must(e->previous == NO_UNIT || e->previous < i, "the one before it came before it");
	}
}

static int
load(struct pool *p, void *ctx)
{
	struct corpus_options o = { .port = 0 };
	struct diag why = { "" };
	const char *path = ctx;
	struct exchanges x;
	struct corpus *c;
	int err = corpus_load(&c, p, &o, &path, 1, &why);

	if (err < 0) {
		fuzz_must_say_why(&why);
		return err;
	}
	check_corpus(c);
	for (int binary = 0; binary < 2; binary++) {
		exchanges_make(&x, p, c, NULL, binary);
		check_exchanges(&x);
	}
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char path[FUZZ_PATH];
	int fd = fuzz_file(span_of(data, n), path);
	struct pool p;

	pool_init(&p, 256 << 20);
	pool_run(&p, load, path);
	pool_fini(&p);
	close(fd);
	return 0;
}
