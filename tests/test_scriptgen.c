#include "learning/scriptgen/scriptgen.h"

#include <stdio.h>

#include "learning/eval.h"
#include "learning/learn.h"
#include "tests/handmade.h"
#include "tests/negotiate.h"
#include "tests/pooled.h"
#include "tests/talk.h"

static struct learned *
learn_with(struct pool *pool, const struct corpus *c, const bool *use)
{
	struct learn_params p = { .learner = "scriptgen" };
	struct learned *made = pool_alloc(pool, sizeof *made);
	struct diag why = { "" };

	cr_assert_eq(learn_image(made, pool, c, use, &p, &why), 0, "%s", why.text);
	return made;
}

/* Visitors of a desk: text, with a memory of the name and numbers that go on. */
POOLED(scriptgen, text_that_depends_on_words)
{
	static struct talk k;
	struct handmade h = handmade(pool, PROTO_TCP, 777);
	const struct learned *made;

	for (unsigned i = 0; i < 12; i++) {
		const char *name = handmade_line(&h, "%c%c%c%u", 'a' + i, 'z' - i, 'k' + i % 9, i * 7 % 10);
		unsigned book = 100 + i * 37 % 90;

		handmade_talk(&h, "<desk ready\r\n", handmade_line(&h, ">name %s\r\n", name),
		    handmade_line(&h, "<ok hello %s\r\n", name), handmade_line(&h, ">take %u\r\n", book),
		    handmade_line(&h, "<book %u for %s\r\n", book, name),
		    handmade_line(&h, ">next %u\r\n", book), handmade_line(&h, "<%u\r\n", book + 1),
		    ">bye\r\n", "<so long\r\n", NULL);
	}
	made = learn_with(pool, h.c, NULL);
	cr_assert_str_eq(talk_begin(&k, (struct model *)made->model), "desk ready\r\n");
	cr_assert_str_eq(talk_say(&k, span_str("name zoe\r\n")), "ok hello zoe\r\n");
	cr_assert_str_eq(talk_say(&k, span_str("take 9999\r\n")), "book 9999 for zoe\r\n");
	cr_assert_str_eq(talk_say(&k, span_str("next 7\r\n")), "8\r\n");
	cr_assert_str_eq(talk_say(&k, span_str("bye\r\n")), "so long\r\n");
	cr_assert(made->text.prisma.order > 0 && made->text.prisma.nform > 0, "the simulator knows both sides");
}

/*
 * What is asked is answered with one of sixteen words to many, and with other words, too rare to be kept, to the few
 * who began otherwise; these are told something else in the end.
 */
POOLED(scriptgen, who_gets_no_answer_that_is_kept_gets_one_of_the_others)
{
	static struct talk k;
	struct handmade h = handmade(pool, PROTO_TCP, 777);
	uint32_t seed = 3;

	for (unsigned i = 0; i < 16 * 4 + 6; i++) {
		bool rare = i >= 16 * 4;
		uint32_t word = negotiate_random(&seed);

		if (!rare)
			word = 0x10000 + i % 16 * 0x1357;
		handmade_talk(&h, rare ? ">few\r\n" : ">many\r\n", "<go on\r\n", ">which\r\n",
		    handmade_line(&h, "<word %c%c%c%c\r\n", 'a' + word % 26, 'a' + word / 26 % 26, 'a' + word / 676 % 26,
			'a' + word / 17576 % 26),
		    ">then\r\n", rare ? "<come back\r\n" : "<that is all\r\n", NULL);
	}
	talk_begin(&k, (struct model *)learn_with(pool, h.c, NULL)->model);
	cr_assert_str_eq(talk_say(&k, span_str("few\r\n")), "go on\r\n");
	cr_expect_eq(strncmp(talk_say(&k, span_str("which\r\n")), "word ", 5), 0, "not \"%s\"", k.said);
	cr_expect_str_eq(talk_say(&k, span_str("then\r\n")), "come back\r\n");
}

/* After 20 conversations with small numbers others come back, too: high bytes that were always zero. */
POOLED(scriptgen, identifiers_never_seen_come_back)
{
	static struct talk k;
	struct handmade h = handmade(pool, PROTO_TCP, 139);
	uint32_t seed = 5;
	uint8_t *asked;

	for (unsigned i = 0; i < 20; i++) {
		struct span one = negotiate_request(pool, &seed, i % 3 == 0);
		uint8_t *m = (uint8_t *)one.p;

		m[NEGOTIATE_MID + 1] = 0;
		m[NEGOTIATE_PID + 1] = 0;
		handmade_open(&h);
		handmade_say(&h, SIDE_CLIENT, one);
		handmade_say(&h, SIDE_SERVER, negotiate_answer(pool, &seed, one, 1000 + i));
	}
	talk_begin(&k, (struct model *)learn_with(pool, h.c, NULL)->model);
	asked = (uint8_t *)negotiate_request(pool, &seed, 0).p;
	asked[NEGOTIATE_MID + 1] = 0xab;
	asked[NEGOTIATE_PID + 1] = 0xcd;
	talk_say(&k, span_of(asked, 51));
	cr_assert_eq(memcmp(k.said + NEGOTIATE_PID, asked + NEGOTIATE_PID, 6), 0);
	cr_assert_eq(memcmp(k.said, "\0\0\0\x5c\xffSMBr", 9), 0);
}

/* Conversations with a reply, every step-th, at most n. */
static bool *
some(struct pool *pool, const struct corpus *c, uint32_t step, uint32_t n)
{
	bool *use = pool_alloc(pool, c->nconversations + 1);

	for (uint32_t i = 0; i < c->nconversations && n > 0; i += step) {
		use[i] = c->conversations[i].n > 1;
		n -= use[i];
	}
	return use;
}

struct echo_place {		/* an identifier in requests, and in answers at the same place */
	uint32_t at, n;
	uint8_t magic;		/* of the byte at 4, 0: any */
};

/* Of what a model learned from 20 conversations says to all others: how many answers repeat the ids? */
static void
count_echoes(struct pool *pool, const char *capture, uint8_t proto, uint16_t port,
    const struct echo_place *place, size_t nplaces, uint32_t *right, uint32_t *all)
{
	const char *path = capture;
	struct corpus_options o = { .proto = proto, .port = port };
	struct diag why = { "" };
	struct eval_report r;
	struct learned *made;
	struct corpus *c;
	bool *use;

	cr_assert_eq(corpus_load(&c, pool, &o, &path, 1, &why), 0, "%s", why.text);
	use = some(pool, c, 7, 20);
	made = learn_with(pool, c, use);
	for (uint32_t i = 0; i < c->nconversations; i++)
		use[i] = !use[i];
	eval(&r, pool, made->model, c, use, EVAL_CLASSES, NULL);
	for (uint32_t i = 0; i < r.nlines; i++) {
		const struct play_line *l = r.line[i].play;

		for (size_t p = 0; p < nplaces; p++) {
			uint32_t end = place[p].at + place[p].n;

			if (l->said.n < end || l->asked.n < end || l->recorded.n < end ||
			    (place[p].magic != 0 && (l->recorded.p[4] != place[p].magic || l->asked.p[4] != place[p].magic)) ||
			    memcmp(l->asked.p + place[p].at, l->recorded.p + place[p].at, place[p].n) != 0)
				continue;	/* nor did the real server */
			++*all;
			*right += memcmp(l->said.p + place[p].at, l->asked.p + place[p].at, place[p].n) == 0;
		}
	}
}

static bool
is_there(const char *path)
{
	FILE *f = fopen(path, "re");

	if (f != NULL)
		fclose(f);
	return f != NULL;
}

POOLED(scriptgen, nbns_ids_come_back_after_twenty_conversations)
{
	static const struct echo_place id[] = { { 0, 2, 0 } };
	uint32_t right = 0, all = 0;

	if (!is_there(TEST_SHARED "/traces/nbns.pcap"))
		SKIP_WITHOUT("traces/nbns.pcap");
	count_echoes(pool, TEST_SHARED "/traces/nbns.pcap", PROTO_UDP, 137, id, 1, &right, &all);
	cr_assert_gt(all, 800u);
	cr_assert_eq(right, all, "%u of %u", right, all);
}

POOLED(scriptgen, smb_ids_come_back_after_twenty_conversations)
{
	static const struct echo_place ids[] = { { 30, 2, 0xff }, { 34, 2, 0xff }, { 28, 8, 0xfe } };
	uint32_t right = 0, all = 0;

	if (!is_there(TEST_SHARED "/traces/smb.pcap.gz"))
		SKIP_WITHOUT("traces/smb.pcap.gz");
	count_echoes(pool, TEST_SHARED "/traces/smb.pcap.gz", PROTO_TCP, 445, ids, 3, &right, &all);
	cr_assert_gt(all, 500u);
	cr_assert_eq(right, all, "%u of %u", right, all);
}
