/*
 * fuzz_learn - bytes as a few conversations, learned from and compiled: it is refused with a sentence, or the
 * model passes its own self-test and says nothing that the server never said.
 *
 * The first byte says how: bit 0 UDP, bits 1 to 4 which clusterer, 5 and 6 the order, 7 ScriptGen. Then pieces, each a head of two bytes, the kind
 * (KINDS) with what is special in its upper bits, and a number:
 *	SAY_CLIENT, SAY_SERVER	so many bytes follow, which are one message; SPECIAL_LONG: each of them LONG times
 *	OPEN			a new conversation
 *	AGAIN			the last conversation so many times more, at most TIMES
 */
#include <errno.h>

#include "learning/learn.h"
#include "tests/fuzz.h"

enum { MESSAGES = 96, CONVERSATIONS = 24, LONG = 16, TIMES = 12, POOL_BYTES = 512 << 20 };
enum { SAY_CLIENT, SAY_SERVER, OPEN, AGAIN, KINDS };
enum { SPECIAL_CUT = 0x10, SPECIAL_LONG = 0x20, SPECIAL_END = 0x40 };

static const char *const ways[] = { "nmf", "linkage", "first-token", "reply-supervised", "template",
	"nmf+first-token", NULL };
static const uint32_t orders[] = { 1, 2, 4, 0 };	/* 0: all compete, which takes longest */

static void
open_conversation(struct corpus *c)
{
	if (c->nconversations == CONVERSATIONS)
		return;
	c->conversations[c->nconversations++] = (struct conversation){ .client = addr_v4(0xc6120001),
		.server = addr_v4(0xc612000a), .client_port = (uint16_t)(40000 + c->nconversations),
		.server_port = c->port, .proto = c->proto, .first = c->nmessages, .whole = true,
		.start_ns = INT64_C(1000000000) * c->nconversations };
}

static void
say(struct corpus *c, struct pool *p, uint8_t head, struct span bytes)
{
	struct conversation *v = &c->conversations[c->nconversations - 1];
	size_t times = head & SPECIAL_LONG ? LONG : 1;
	uint8_t *to;

	if (c->nmessages == MESSAGES)
		return;
	to = pool_alloc(p, bytes.n * times + 1);
	for (size_t i = 0; i < bytes.n * times; i++)
		to[i] = bytes.p[i / times];
	v->whole = v->whole && !(head & SPECIAL_CUT);
	v->end = head & SPECIAL_END ? END_RST_SERVER : END_NONE;
	v->n++;
	c->messages[c->nmessages] = (struct message){ .bytes = span_of(to, bytes.n * times),
		.side = head % KINDS == SAY_SERVER ? SIDE_SERVER : SIDE_CLIENT, .cut = head & SPECIAL_CUT,
		.first_ns = v->start_ns + c->nmessages, .last_ns = v->start_ns + c->nmessages };
	v->end_ns = c->messages[c->nmessages++].last_ns;
}

static void
again(struct corpus *c, unsigned times)
{
	const struct conversation v = c->conversations[c->nconversations - 1];

	for (; times > 0 && c->nconversations < CONVERSATIONS && c->nmessages + v.n <= MESSAGES; times--) {
		open_conversation(c);
		c->conversations[c->nconversations - 1].n = v.n;
		c->conversations[c->nconversations - 1].whole = v.whole;
		c->conversations[c->nconversations - 1].end = v.end;
		for (uint32_t i = 0; i < v.n; i++)
			c->messages[c->nmessages++] = c->messages[v.first + i];
	}
}

static struct corpus *
corpus_of(struct pool *p, struct span bytes)
{
	struct corpus *c = pool_alloc(p, sizeof *c);
	struct reader r = reader_of(bytes);

	c->messages = pool_array(p, MESSAGES, sizeof *c->messages);
	c->conversations = pool_array(p, CONVERSATIONS, sizeof *c->conversations);
	c->sources = pool_alloc(p, sizeof *c->sources);
	c->sources[0].name = "fuzz";
	c->nsources = 1;
	c->proto = rd_u8(&r) & 1 ? PROTO_UDP : PROTO_TCP;
	c->port = 21;
	open_conversation(c);
	while (r.p < r.end) {
		uint8_t head = rd_u8(&r), n = rd_u8(&r);

		if (head % KINDS == OPEN)
			open_conversation(c);
		else if (head % KINDS == AGAIN)
			again(c, n % TIMES + 1);
		else
			say(c, p, head, rd_bytes(&r, MIN(n, (size_t)(r.end - r.p))));
	}
	return c;
}

/* All that one side said, a conversation after the other. */
static struct span
said_by(const struct corpus *c, struct pool *p, enum side side)
{
	uint8_t *to;
	size_t n = 0;

	for (uint32_t i = 0; i < c->nmessages; i++)
		n += c->messages[i].bytes.n;
	to = pool_alloc(p, n + 1);
	n = 0;
	for (uint32_t i = 0; i < c->nmessages; i++) {
		if (c->messages[i].side != side || c->messages[i].bytes.n == 0)
			continue;
		memcpy(to + n, c->messages[i].bytes.p, c->messages[i].bytes.n);
		n += c->messages[i].bytes.n;
	}
	return span_of(to, n);
}

static bool
holds(struct span all, struct span part)
{
	return part.n == 0 || memmem(all.p, all.n, part.p, part.n) != NULL;
}

/* What the model says word for word was said; nothing was learned from more messages than there were. */
static void
check_claims(const struct text *t, struct pool *p, const struct corpus *c, const struct learn_report *r)
{
	struct span server = said_by(c, p, SIDE_SERVER);
	uint32_t conversations = 0, messages = 0;

	for (uint32_t i = 0; i < t->nreply; i++)
		for (uint32_t k = 0; k < t->reply[i].nop; k++)
			fuzz_must(t->reply[i].op[k].kind != OP_LIT || holds(server, t->reply[i].op[k].lit),
			    "what is said was said by the server");
	for (uint32_t i = 0; i < t->ntemplate; i++)
		fuzz_must(t->template[i].support <= r->exchanges, "a template's messages were there");
	for (uint32_t i = 0; i < t->nreply; i++)
		fuzz_must(t->reply[i].support <= r->exchanges, "a reply's messages were there");
	for (uint32_t i = 0; i < t->nsource; i++) {
		conversations += t->source[i].conversations;
		messages += t->source[i].messages;
	}
	fuzz_must(conversations <= c->nconversations && messages <= c->nmessages, "no more than was there");
}

static int
learn_from(struct pool *p, void *ctx)
{
	const struct span *bytes = ctx;
	struct corpus *c = corpus_of(p, *bytes);
	uint8_t first = bytes->p[0];
	struct learn_params how = { .clusterer = ways[(first >> 1 & 15) % ARRAY_LEN(ways)], .order = orders[first >> 5 & 3],
		.learner = first & 0x80 ? "scriptgen" : "prisma" };
	struct diag why = { "" };
	struct learned l;
	int err = learn_image(&l, p, learn_scrub(p, c, &how), NULL, &how, &why);

	if (err < 0) {
		fuzz_must_say_why(&why);
		fuzz_must(err == -ENODATA || err == -EDOM, why.text);
		return 0;
	}
	check_claims(&l.text, p, c, &l.report);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span bytes = span_of(data, n);
	struct pool p;

	if (n == 0)
		return 0;
	pool_init(&p, POOL_BYTES);
	fuzz_must(pool_run(&p, learn_from, &bytes) == 0, "small captures need little memory");
	pool_fini(&p);
	return 0;
}
