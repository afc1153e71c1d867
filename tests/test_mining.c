/* From a capture of real walks to a model that goes on where the server would. */
#include "learning/eval.h"
#include "learning/learn.h"
#include "learning/player.h"
#include "learning/split.h"
#include "models/related.h"
#include "tests/mining_rig.h"

static const char *const proftpd = TEST_ROOT "/tests/data/ftp-walks.pcap.gz";
static const char *const vsftpd = TEST_ROOT "/tests/data/ftp-vsftpd-walks.pcap.gz";

static void
learn_walks(struct learned *to, struct pool *pool, struct corpus **c, bool **use, const char *capture, uint64_t seed)
{
	const char *const path[] = { capture };
	struct corpus_options o = { .proto = PROTO_TCP, .port = 21 };
	struct learn_params p = { .learner = "mining", .definition = ftp_definition(pool) };
	struct diag why = { "" };

	cr_assert_eq(corpus_load(c, pool, &o, path, 1, &why), 0, "%s", why.text);
	*use = split_by_client(pool, *c, 25, seed);
	for (uint32_t i = 0; i < (*c)->nconversations; i++)
		(*use)[i] = !(*use)[i];
	cr_assert_eq(learn_image(to, pool, *c, *use, &p, &why), 0, "%s", why.text);
}

static void
answers_peers_never_seen(struct pool *pool, const char *capture, uint64_t seed)
{
	struct learned made;
	struct eval_report r;
	struct corpus *c;
	bool *use;

	learn_walks(&made, pool, &c, &use, capture, seed);
	for (uint32_t i = 0; i < c->nconversations; i++)
		use[i] = !use[i];
	eval(&r, pool, made.model, c, use, EVAL_CLASSES, NULL);
	cr_assert_geq(r.conversations, 6);
	cr_expect_geq(r.class_messages * 100ull, r.messages * 99ull, "%u of %u", r.class_messages, r.messages);
	cr_expect_geq(r.class_conversations * 10ull, r.conversations * 9ull, "%u of %u", r.class_conversations,
	    r.conversations);
}

POOLED(mining, peers_that_were_never_seen_get_the_answers_of_the_real_server)
{
	answers_peers_never_seen(pool, proftpd, 0);
}

/* Its refusals say less: that it is no directory, is not empty, or does not exist, are one sentence. */
POOLED(mining, another_server_is_told_from_its_walks_as_well)
{
	for (uint64_t seed = 0; seed < 4; seed++)
		answers_peers_never_seen(pool, vsftpd, seed);
}

POOLED(mining, the_same_captures_give_the_same_model)
{
	struct learned a, b;
	struct corpus *c;
	bool *use;

	learn_walks(&a, pool, &c, &use, proftpd, 0);
	learn_walks(&b, pool, &c, &use, proftpd, 0);
	cr_expect(span_eq(a.image, b.image));
}

/* Without the definition, or with that of another service, there is a sentence. */
POOLED(mining, wants_a_definition_whose_commands_are_spoken)
{
	const char *const path[] = { proftpd };
	struct learn_params p = { .learner = "mining", .proto = PROTO_TCP, .port = 21 };
	struct definition d;
	struct learned made;
	struct diag why = { "" };

	cr_expect_lt(learn(&made, pool, path, 1, &p, &why), 0);
	cr_expect_not_null(strstr(why.text, "definition"), "%s", why.text);
	cr_assert_eq(definition_parse(&d, "x", span_str("service x 1\nchannel c tcp 21\nframing c line \"\\r\\n\"\n"
	    "command A verb \"ABC\" args 0 -> class\n"), &why), 0, "%s", why.text);
	p.definition = &d;
	cr_expect_lt(learn(&made, pool, path, 1, &p, &why), 0);
	cr_expect_not_null(strstr(why.text, "no message is a command"), "%s", why.text);
	definition_fini(&d);
}

struct peer {
	struct player p;
	struct pool *pool;
};

static struct peer
connect(struct pool *pool, const struct model *m, struct host *host, uint32_t connection)
{
	struct session_env env = { .own = addr_v4(0xc6130001), .peer = addr_v4(0xc0000201),
		.pair_host = host, .own_host = host, .connection = connection };
	struct peer to = { .pool = pool };

	player_init(&to.p, pool, m, &env, false);
	player_connect(&to.p);
	return to;
}

/* The first three bytes of the answer are the code; text must stand in it. */
static void
expect(struct peer *p, const char *line, const char *code, const char *text)
{
	struct span said;
	char *with_end = pool_alloc(p->pool, strlen(line) + 3);

	snprintf(with_end, strlen(line) + 3, "%s\r\n", line);
	player_forget(&p->p);
	player_hear(&p->p, span_str(with_end), 0);
	said = span_of(p->p.out, p->p.nout);
	cr_expect(said.n > 3 && memcmp(said.p, code, 3) == 0, "%s: %.*s", line, (int)said.n, said.p);
	cr_expect(said.n > 0 && memmem(said.p, said.n, text, strlen(text)) != NULL, "%s: %.*s", line, (int)said.n, said.p);
}

POOLED(mining, what_a_peer_did_holds_in_any_order_and_over_its_conversations)
{
	struct host mine = { 0 }, yours = { 0 };
	struct learned made;
	struct corpus *c;
	struct peer a, b, other;
	bool *use;

	learn_walks(&made, pool, &c, &use, proftpd, 0);
	a = connect(pool, made.model, &mine, 1);
	expect(&a, "USER user1", "331", "user1");
	expect(&a, "PASS pass1", "230", "");
	expect(&a, "PWD", "257", "\"/\"");
	expect(&a, "MKD neverseen", "257", "\"/neverseen\"");
	expect(&a, "MKD neverseen", "550", "neverseen: File exists");
	expect(&a, "CWD neverseen", "250", "");
	expect(&a, "PWD", "257", "\"/neverseen\"");
	expect(&a, "MKD deeper", "257", "\"/neverseen/deeper\"");
	expect(&a, "CWD deeper/..", "250", "");
	expect(&a, "CDUP", "250", "");
	expect(&a, "RMD neverseen", "550", "Directory not empty");
	expect(&a, "RMD /neverseen/deeper", "250", "");
	expect(&a, "STOR letter", "150", "letter");
	expect(&a, "RETR letter", "150", "letter");
	expect(&a, "RETR neverseen", "550", "Not a regular file");
	b = connect(pool, made.model, &mine, 2);	/* another conversation of the same peer */
	expect(&b, "USER user1", "331", "user1");
	expect(&b, "PASS pass1", "230", "");
	expect(&b, "PWD", "257", "\"/\"");
	expect(&b, "RETR letter", "150", "letter");
	expect(&b, "CWD neverseen", "250", "");
	expect(&a, "RMD neverseen", "250", "");
	expect(&a, "CWD neverseen", "550", "No such file or directory");
	other = connect(pool, made.model, &yours, 3);
	expect(&other, "USER user1", "331", "user1");
	expect(&other, "PASS pass1", "230", "");
	expect(&other, "RETR letter", "550", "letter: No such file or directory");
	expect(&other, "CWD docs", "250", "");
}

/* What a turn of the player's model would send on the connection that belongs to it. */
static struct span
sent(const struct peer *p)
{
	struct session s;
	struct related r;
	uint8_t *to = pool_alloc(p->pool, MODEL_REPLY_BYTES);
	struct fields f;

	cr_assert_neq(p->p.last.send, 0);
	related_keep(&r, &p->p.s, p->p.m, &p->p.fields, &p->p.last);
	related_speak(&s, &r, p->p.m, &p->p.env);
	session_fields(&f, &s, &r.fields, p->p.m);
	return span_of(to, session_render(&s, &f, p->p.m, &p->p.env, 0, to, MODEL_REPLY_BYTES, NULL));
}

static bool
has_line(struct span s, const char *ends)
{
	return memmem(s.p, s.n, ends, strlen(ends)) != NULL;
}

POOLED(mining, what_servers_said_on_other_connections_is_said_there)
{
	static const char *const path[] = { TEST_ROOT "/tests/data/ftp-data-walks.pcap.gz" };
	const struct definition *d = ftp_definition(pool);
	struct corpus_options o = { .related = definition_has_data(d) }, told = { .proto = PROTO_TCP, .port = 21, .related = true };
	struct learn_params params = { .learner = "mining", .definition = d };
	struct host host = { 0 };
	struct diag why = { "" };
	struct learned made;
	struct corpus *c, *same;
	struct peer p;
	struct span list;
	char port[32];

	cr_assert_eq(corpus_load(&c, pool, &o, path, 1, &why), 0, "%s", why.text);
	cr_assert_eq(corpus_load(&same, pool, &told, path, 1, &why), 0, "%s", why.text);
	cr_assert_gt(c->nrelated, 400);
	cr_expect(c->nrelated == same->nrelated && c->nconversations == same->nconversations, "whether the port was told or not");
	cr_assert_eq(learn_image(&made, pool, c, NULL, &params, &why), 0, "%s", why.text);
	p = connect(pool, made.model, &host, 1);
	expect(&p, "CWD docs", "530", "Please login");	/* the recording has it */
	expect(&p, "LIST", "530", "Please login");	/* and this not: nobody lists before the login */
	expect(&p, "WALTZ twice", "500", "WALTZ not understood");
	expect(&p, "HUM", "500", "HUM not understood");
	expect(&p, "USER user1", "331", "user1");
	expect(&p, "PASS pass1", "230", "");
	expect(&p, "AUTH SSL", "500", "AUTH not understood");
	expect(&p, "HUM", "500", "HUM not understood");
	expect(&p, "LIST -a", "425", "");
	expect(&p, "CWD docs", "250", "");
	expect(&p, "CWD /", "250", "");
	expect(&p, "SIZE notes", "213", "77");
	expect(&p, "SIZE docs", "550", "not a regular file");
	expect(&p, "RETR readme.txt", "425", "");
	expect(&p, "PASV", "227", "(198,19,0,1,");
	expect(&p, "STOR fresh", "150", "226 Transfer complete");
	cr_expect(p.p.last.take);
	expect(&p, "LIST", "425", "");
	expect(&p, "EPSV", "229", "");
	snprintf(port, sizeof port, "(|||%u|)", related_port(&p.p.env, p.p.s.turn));
	cr_expect(has_line(span_of(p.p.out, p.p.nout), port), "%s", port);
	expect(&p, "LIST", "150", "226 Transfer complete");
	cr_expect(p.p.last.send != 0 && !p.p.last.take);
	expect(&p, "EPSV", "229", "");
	player_forget(&p.p);
	p.p.env.channel = true;		/* as if the peer were still to come */
	session_feed(&p.p.s, &p.p.arena, p.p.m, &p.p.env, span_str("LIST\r\n"), FEED_DATAGRAM, &p.p.fields, &p.p.last);
	list = sent(&p);
	cr_expect(has_line(list, "drwx") && has_line(list, " docs\r\n") && has_line(list, " fresh\r\n"), "%.*s", (int)list.n,
	    list.p);
	session_feed(&p.p.s, &p.p.arena, p.p.m, &p.p.env, span_str("RETR readme.txt\r\n"), FEED_DATAGRAM, &p.p.fields,
	    &p.p.last);
	cr_expect_eq(sent(&p).n, 120);
}
