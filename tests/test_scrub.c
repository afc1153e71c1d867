/* What people keep to themselves does not get into a model, and what all say does. */
#include "learning/scrub.h"

#include <stdlib.h>
#include <unistd.h>

#include "learning/trial.h"
#include "tests/handmade.h"
#include "tests/pooled.h"

enum { USERS = 12, VISITS = 4, RECOGNISED = 6 };

static const char *
password(struct handmade *h, unsigned user)
{
	return handmade_line(h, "Tulip%ux", 1000 + 7919 * user % 9000);
}

/* A wrong one; no two begin alike, or that alone would tell. */
static const char *
mistake(struct handmade *h, unsigned i)
{
	return handmade_line(h, "%uoops", i * 7919 % 10007);
}

/* Users come again with their passwords and err once; a guest gives what he likes. */
static struct handmade
logins(struct pool *pool)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	for (unsigned i = 0; i < USERS * VISITS; i++) {
		unsigned user = i % USERS;
		bool errs = i / USERS == user % VISITS;

		handmade_talk(&h, "<220 ready\r\n", handmade_line(&h, ">USER name%u\r\n", user), "<331 go on\r\n",
		    handmade_line(&h, ">PASS %s\r\n", errs ? mistake(&h, i) : password(&h, user)),
		    errs ? "<530 no\r\n" : "<230 fine\r\n", ">CWD incoming\r\n",
		    errs ? "<530 log in\r\n" : "<250 done\r\n", ">QUIT\r\n", "<221 bye\r\n", NULL);
		handmade_talk(&h, "<220 ready\r\n", ">USER guest\r\n", "<331 go on\r\n",
		    handmade_line(&h, ">PASS visitor%u\r\n", i % 20), "<230 fine\r\n",
		    ">CWD incoming\r\n", "<250 done\r\n", ">QUIT\r\n", "<221 bye\r\n", NULL);
	}
	return h;
}

static const struct corpus *
scrubbed(struct pool *pool, const struct corpus *c, uint64_t seed)
{
	struct exchanges x;

	exchanges_make(&x, pool, c, NULL, false);
	return scrub(pool, c, &x, seed);
}

/* A client's message: words with their lengths in front, and no byte is 0, so that it is a string. */
static const char *
packet(struct handmade *h, const char *name, const char *word)
{
	return handmade_line(h, ">\1\4TALK\3%c%s%c%s", (int)strlen(name), name, (int)strlen(word), word);
}

/* The same logins where a code is a byte; one in four errs. */
static struct handmade
binary_logins(struct pool *pool)
{
	struct handmade h = handmade(pool, PROTO_TCP, 1883);

	for (unsigned i = 0; i < USERS * VISITS; i++) {
		unsigned user = i % USERS;
		bool errs = i / USERS == user % VISITS;

		handmade_talk(&h,
		    packet(&h, handmade_line(&h, "name%u", user), errs ? mistake(&h, i) : password(&h, user)),
		    errs ? "<\2\2\1\5" : "<\2\2\1\1", ">\3\2\1\1", "<\4\2\1\1", NULL);
	}
	return h;
}

POOLED(scrub, a_password_between_other_bytes_is_found_by_the_whole_reply)
{
	struct handmade h = binary_logins(pool);
	const struct corpus *c;
	struct exchanges x;

	exchanges_make(&x, pool, h.c, NULL, true);
	c = scrub(pool, h.c, &x, 1);
	cr_assert_eq(c->report.secrets, 2 * USERS, "%u", c->report.secrets);
	for (uint32_t i = 0; i < c->nconversations; i++) {
		struct span was = h.c->messages[h.c->conversations[i].first].bytes;
		struct span is = c->messages[c->conversations[i].first].bytes;

		cr_expect_not(span_eq(was, is));
		cr_expect(span_eq(span_sub(was, 0, 12), span_sub(is, 0, 12)), "names stay");
	}
}

/* X.690: type, length, what it holds; a string in a string's place. */
static struct span
part(struct pool *pool, uint8_t type, struct span a, struct span b, struct span c)
{
	uint8_t *to = pool_alloc(pool, 2 + a.n + b.n + c.n);

	to[0] = type;
	to[1] = (uint8_t)(a.n + b.n + c.n);
	memcpy(to + 2, a.p, a.n);
	memcpy(to + 2 + a.n, b.p, b.n);
	memcpy(to + 2 + a.n + b.n, c.p, c.n);
	return span_of(to, 2 + a.n + b.n + c.n);
}

static struct span
leaf(struct pool *pool, uint8_t type, struct span content)
{
	return part(pool, type, content, span_str(""), span_str(""));
}

static struct span
numbered(struct pool *pool, unsigned id, struct span body)
{
	const uint8_t one = (uint8_t)id;

	return part(pool, 0x30, leaf(pool, 2, span_of(&one, 1)), body, span_str(""));
}

/* Binds, and a search that gives back whose password it is. */
static struct handmade
directory(struct pool *pool)
{
	struct handmade h = handmade(pool, PROTO_TCP, 389);
	const struct span none = span_str("");

	for (unsigned i = 0; i < USERS * VISITS; i++) {
		unsigned user = i % USERS, id = 1 + i % 9;
		bool errs = i / USERS == user % VISITS;
		struct span name = leaf(pool, 4, span_str(handmade_line(&h, "uid=name%u", user)));
		struct span word = leaf(pool, 0x80, span_str(errs ? mistake(&h, i) : password(&h, user)));
		const uint8_t code = errs ? 49 : 0, version = 3;

		handmade_open(&h);
		handmade_say(&h, SIDE_CLIENT, numbered(pool, id,
		    part(pool, 0x60, leaf(pool, 2, span_of(&version, 1)), name, word)));
		handmade_say(&h, SIDE_SERVER, numbered(pool, id,
		    part(pool, 0x61, leaf(pool, 10, span_of(&code, 1)), leaf(pool, 4, none), none)));
		handmade_say(&h, SIDE_CLIENT, numbered(pool, id + 1, part(pool, 0x63, name, none, none)));
		handmade_say(&h, SIDE_SERVER, numbered(pool, id + 1,
		    part(pool, 0x64, name, leaf(pool, 4, span_str(password(&h, user))), none)));
	}
	return h;
}

POOLED(scrub, a_password_that_is_a_part_is_found_and_hidden_where_the_server_tells_it)
{
	struct handmade h = directory(pool);
	const struct corpus *c;
	struct exchanges x;

	exchanges_make(&x, pool, h.c, NULL, true);
	cr_assert(x.client_lexer.parts.found);
	c = scrub(pool, h.c, &x, 1);
	cr_expect_eq(c->report.secrets, 2 * USERS, "%u", c->report.secrets);
	for (uint32_t i = 0; i < c->nmessages; i++)
		for (unsigned user = 0; user < USERS; user++)
			cr_expect_eq(memmem(c->messages[i].bytes.p, c->messages[i].bytes.n, password(&h, user),
			    strlen(password(&h, user))), NULL, "%u", i);
}

struct made {
	const char *text;
	struct span image;
};

static struct made
model_of(struct pool *pool, const struct corpus *c, bool no_scrub)
{
	struct learn_params params = { .name = "handmade", .no_scrub = no_scrub };
	struct diag why = { "" };
	struct learned made;
	char *text;
	size_t n;

	c = learn_scrub(pool, c, &params);
	cr_assert_eq(c->report.secrets > 0, !no_scrub);
	cr_assert_eq(learn_image(&made, pool, c, NULL, &params, &why), 0, "%s", why.text);
	cr_assert_eq(text_print(&made.text, &text, &n), 0);
	pool_defer(pool, free, text);
	return (struct made){ text, made.image };
}

static bool
holds(const struct made *m, struct span secret)
{
	return memmem(m->image.p, m->image.n, secret.p, secret.n) != NULL ||
	    memmem(m->text, strlen(m->text), secret.p, secret.n) != NULL;
}

POOLED(scrub, no_password_is_anywhere_in_a_model)
{
	struct handmade h = logins(pool);
	struct made m = model_of(pool, h.c, false);

	for (unsigned user = 0; user < USERS; user++)
		cr_expect_not(holds(&m, span_str(password(&h, user))), "%s", password(&h, user));
	for (unsigned i = 0; i < USERS * VISITS; i++)
		cr_expect_not(holds(&m, span_str(mistake(&h, i))), "%s", mistake(&h, i));
	cr_expect(holds(&m, span_str("name3")), "names are no secrets");
}

POOLED(scrub, words_of_text_that_the_server_says_are_none_however_short)
{
	static const char *const said[] = { "go", "on", "no", "log", "in", "bye", "220", "331", "530" };
	struct handmade h = logins(pool);

	for (size_t i = 0; i < ARRAY_LEN(said); i++)
		handmade_talk(&h, "<220 ready\r\n", handmade_line(&h, ">USER other%zu\r\n", i), "<331 go on\r\n",
		    handmade_line(&h, ">PASS %s\r\n", said[i]), "<230 fine\r\n", NULL);
	cr_expect_eq(scrubbed(pool, h.c, 1)->report.secrets, 0);
}

POOLED(scrub, all_of_them_are_when_they_shall_be_kept)
{
	struct handmade h = logins(pool);
	struct made m = model_of(pool, h.c, true);

	for (unsigned user = 0; user < USERS; user++)
		cr_expect(holds(&m, span_str(password(&h, user))), "%s", password(&h, user));
}

static struct span
said(const struct corpus *c, uint32_t conversation, uint32_t message)
{
	return c->messages[c->conversations[conversation].first + message].bytes;
}

POOLED(scrub, what_is_made_up_has_the_same_shape_and_others_stay)
{
	struct handmade h = logins(pool);
	const struct corpus *c = scrubbed(pool, h.c, 1);

	cr_expect_eq(c->report.secrets, 2 * USERS, "%u", c->report.secrets);
	cr_expect_eq(c->report.secret_places, USERS * VISITS);
	for (uint32_t i = 0; i < c->nconversations; i++) {
		struct span was = said(h.c, i, 3), is = said(c, i, 3);

		cr_expect_eq(span_eq(was, is), i % 2 == 1, "guests are asked for nothing");
		cr_expect_eq(is.n, was.n);
		cr_expect(span_eq(span_sub(is, 0, 5), span_str("PASS ")));
		cr_expect(span_eq(span_sub(is, is.n - 2, 2), span_str("\r\n")));
		cr_expect(span_eq(said(h.c, i, 1), said(c, i, 1)), "names stay");
		cr_expect(span_eq(said(h.c, i, 5), said(c, i, 5)), "what all say stays");
	}
}

POOLED(scrub, a_secret_is_one_word_everywhere_and_no_other_is)
{
	struct handmade h = logins(pool);
	const struct corpus *c = scrubbed(pool, h.c, 1);

	for (uint32_t i = 0; i < c->nconversations; i += 2)
		for (uint32_t k = 0; k < i; k += 2)
			cr_expect_eq(span_eq(said(c, i, 3), said(c, k, 3)), span_eq(said(h.c, i, 3), said(h.c, k, 3)));
}

static struct eval_report
held_out(struct pool *pool, const struct corpus *c, bool no_scrub)
{
	struct learn_params params = { .name = "handmade", .no_scrub = no_scrub };
	struct diag why = { "" };
	struct trial t;

	c = learn_scrub(pool, c, &params);
	cr_assert_eq(trial_run(&t, pool, c, corpus_split(pool, c, 20, 1), &params, EVAL_CLASSES, &why), 0, "%s",
	    why.text);
	return t.report;
}

POOLED(scrub, what_a_password_decided_it_still_decides)
{
	struct handmade h = logins(pool);
	struct eval_report with = held_out(pool, h.c, false), without = held_out(pool, h.c, true);

	cr_expect_eq(with.messages, without.messages);
	cr_expect_eq(with.class_messages, without.class_messages, "%u, %u of %u", with.class_messages,
	    without.class_messages, with.messages);
	cr_expect_gt(10 * with.class_messages, 9 * with.messages);
}

static const char token[] = "9f3a77d1c04e5b2286aa";

static struct handmade
cookies(struct pool *pool, const char *first)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	handmade_talk(&h, "<220 ready\r\n", handmade_line(&h, ">HELP %s\r\n", first), "<250 done\r\n", NULL);
	for (unsigned i = 0; i < 3; i++)
		handmade_talk(&h, "<220 ready\r\n", handmade_line(&h, ">COOKIE %s\r\n", token), "<250 done\r\n",
		    NULL);
	for (unsigned i = 0; i < 9; i++)
		handmade_talk(&h, "<220 ready\r\n", ">HELP Mozilla/5.0-AppleWebKit/537.36\r\n", "<250 done\r\n", NULL);
	return h;
}

POOLED(scrub, a_part_of_a_word_between_other_signs_is_found_too)
{
	struct handmade h = logins(pool);
	const struct corpus *c;
	struct span alone, url;

	handmade_talk(&h, "<220 ready\r\n", handmade_line(&h, ">LIST a&%s&b\r\n", password(&h, 1)), "<250 done\r\n", NULL);
	c = scrubbed(pool, h.c, 1);
	alone = said(c, 2, 3);
	alone = span_sub(alone, 5, alone.n - 7);
	url = said(c, c->nconversations - 1, 1);
	cr_expect(span_eq(span_sub(url, 7, url.n - 11), alone), "%.*s", (int)url.n, (const char *)url.p);
	cr_expect_not(span_eq(alone, span_str(password(&h, 1))));
}

POOLED(scrub, what_stands_for_a_secret_is_of_the_seed_and_of_its_place)
{
	struct handmade h = cookies(pool, "me"), more = cookies(pool, "me"), other = cookies(pool, "\r\n");
	struct span one = said(scrubbed(pool, h.c, 1), 2, 1);

	cr_expect(span_eq(one, said(scrubbed(pool, h.c, 1), 2, 1)), "the same seed, the same words");
	cr_expect_not(span_eq(one, said(scrubbed(pool, h.c, 2), 2, 1)));
	cr_expect_not(span_eq(one, said(scrubbed(pool, other.c, 1), 2, 1)), "it is another of the words said");
	handmade_talk(&more, "<220 ready\r\n", ">COOKIE 1b2c3d4e5f6a7b8c9d0e\r\n", "<250 done\r\n", NULL);
	cr_expect(span_eq(one, said(scrubbed(pool, more.c, 1), 2, 1)), "what comes later changes nothing");
}

/* Two corpora that differ in the letters and digits of a secret only are the same one without it. */
POOLED(scrub, no_guess_can_be_tried)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21), g = handmade(pool, PROTO_TCP, 21);

	for (unsigned i = 0; i < 3; i++) {
		handmade_talk(&h, "<220 ready\r\n", ">COOKIE 9f3a77d1c04e5b2286aa\r\n", "<250 done\r\n", NULL);
		handmade_talk(&g, "<220 ready\r\n", ">COOKIE 0a1b2c3d4e5f60718293\r\n", "<250 done\r\n", NULL);
	}
	cr_expect(span_eq(said(scrubbed(pool, h.c, 1), 0, 1), said(scrubbed(pool, g.c, 1), 0, 1)));
}

POOLED(scrub, without_a_word_there_is_no_secret)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	handmade_open(&h);
	handmade_say(&h, SIDE_SERVER, span_str("\r\n"));
	handmade_say(&h, SIDE_CLIENT, span_str("\r\n"));
	cr_expect_eq(scrubbed(pool, h.c, 1)->report.secrets, 0);
}

POOLED(scrub, what_the_server_says_is_no_secret)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	const struct corpus *c;

	for (unsigned i = 0; i < 9; i++)
		handmade_talk(&h, "<220 ready 9f3a77d1c04e5b2286aa\r\n", ">COOKIE 9f3a77d1c04e5b2286aa\r\n", "<250 done\r\n",
		    NULL);
	c = scrubbed(pool, h.c, 1);
	cr_expect_eq(c->report.secrets, 0);
	cr_expect_eq(c->report.secret_places, 0);
	cr_expect(span_eq(said(c, 3, 1), said(h.c, 3, 1)));
}

/*
 * Of a recorded service: no word of a client that was made up anew, and that is too long to stand somewhere by
 * chance, is in what was learned.
 */
static void
check_recorded(struct pool *pool, const char *path)
{
	struct corpus_options o = { 0 };
	const struct corpus *clean;
	struct diag why = { "" };
	struct corpus *c;
	struct made m;
	uint32_t n = 0;

	if (access(path, R_OK) != 0)
		cr_skip_test("%s is not here", path);
	cr_assert_eq(corpus_load(&c, pool, &o, &path, 1, &why), 0, "%s", why.text);
	clean = scrubbed(pool, c, 0);
	m = model_of(pool, c, false);
	for (uint32_t i = 0; i < c->nmessages; i++) {
		struct span was = c->messages[i].bytes, is = clean->messages[i].bytes;
		size_t from = 0, to = was.n;

		while (from < to && was.p[from] == is.p[from])
			from++;
		while (to > from && was.p[to - 1] == is.p[to - 1])
			to--;
		if (to - from < RECOGNISED)
			continue;
		n++;
		cr_expect_not(holds(&m, span_sub(was, from, to - from)), "%s: message %u: %.*s", path, i, (int)(to - from),
		    (const char *)was.p + from);
	}
	cr_expect_gt(n, 100, "%s: %u", path, n);
}

POOLED(scrub, no_password_of_recorded_mail_is_in_a_model)
{
	check_recorded(pool, TEST_SHARED "/traces/pop3.pcap");
}

POOLED(scrub, no_password_of_recorded_terminals_is_in_a_model)
{
	check_recorded(pool, TEST_SHARED "/traces/telnet.pcap");
}
