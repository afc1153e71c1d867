#include "learning/learn.h"
#include "tests/boxes.h"
#include "tests/pooled.h"
#include "tests/talk.h"

static struct text
emitted(const struct handmade *h, struct learn_report *report)
{
	struct learn_params params = { .name = "handmade", .clusterer = "first-token", .order = 1 };
	struct diag why = { "" };
	struct text t;

	cr_assert_eq(learn_corpus(&t, h->pool, h->c, NULL, &params, report, &why), 0, "%s", why.text);
	cr_assert_eq(text_check(&t, &why), 0, "%s", why.text);
	return t;
}

enum { N = 20 };

POOLED(emit, every_template_is_answered_somewhere_or_remembered)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct learn_report report;
	struct text t;

	for (unsigned i = 0; i < N; i++)	/* two in one go have no reply of their own */
		handmade_talk(&h, "<220 ready\r\n", handmade_line(&h, ">USER u%u\r\n", i * 37),
		    "<331 go on\r\n", ">PASS x\r\n", handmade_line(&h, "<230 hello u%u\r\n", i * 37),
		    ">ODD thing\r\nNOOP\r\n", "<500 what\r\n200 fine\r\n", ">NOOP\r\n", "<200 fine\r\n", NULL);
	t = emitted(&h, &report);
	for (uint32_t k = 0; k < t.ntemplate; k++) {
		bool used = t.template[k].nfield > 0;

		for (uint32_t s = 0; s < t.nstate; s++)
			for (uint32_t i = 0; i < t.state[s].nturn; i++)
				used |= t.state[s].turn[i].event == EVENT_MESSAGE && t.state[s].turn[i].arg == k;
		cr_expect(used, "template %u", k);
	}
}

POOLED(emit, an_answer_closes_when_nearly_all_of_its_samples_did)
{
	for (unsigned closing = 0; closing <= N; closing++) {
		struct handmade h = handmade(pool, PROTO_TCP, 21);
		struct learn_report report;
		struct talk *k = pool_alloc(pool, sizeof *k);
		struct text t;

		for (unsigned i = 0; i < N; i++)
			handmade_talk(&h, "<220 ready\r\n", ">NOOP\r\n", "<200 fine\r\n", ">QUIT\r\n",
			    "<221 bye\r\n", NULL)->end = i < closing ? END_FIN_SERVER : END_FIN_CLIENT;
		t = emitted(&h, &report);
		talk_begin(k, model_of_text(&t));
		cr_expect_str_eq(talk_say(k, span_str("NOOP\r\n")), "200 fine\r\n");
		cr_expect_not(k->t.close);
		cr_expect_str_eq(talk_say(k, span_str("QUIT\r\n")), "221 bye\r\n");
		cr_expect_eq(k->t.close, closing * 10 >= N * 9, "%u of %u", closing, N);
		model_destroy(k->m);
	}
}

/* Another client: other lines, in another order, one of them twice. */
POOLED(emit, lines_that_come_back_are_found_in_whatever_a_client_says)
{
	struct handmade h = handmade(pool, PROTO_UDP, 5060);
	struct talk *k = pool_alloc(pool, sizeof *k);
	struct learn_report report;
	struct text t;

	for (unsigned i = 0; i < 2 * N; i++) {
		unsigned id = i * 7919 + 11;

		handmade_talk(&h, handmade_line(&h, ">%s b\r\nVia: v%u\r\nId: %u\r\nTo: b\r\nAgent: x\r\n\r\n",
			i % 2 ? "CALL" : "HANG", i * 37, id),
		    handmade_line(&h, "<%s\r\nVia: v%u\r\nId: %u\r\nServer: y\r\n\r\n", i % 2 ? "OK" : "GONE",
			i * 37, id), NULL);
	}
	t = emitted(&h, &report);
	talk_begin(k, model_of_text(&t));
	cr_expect_str_eq(talk_say(k, span_str("CALL b\r\nTo: b\r\nId: 5\r\nVia: a\r\nVia: b\r\nMax: 7\r\n\r\n")),
	    "OK\r\nVia: a\r\nVia: b\r\nId: 5\r\nServer: y\r\n\r\n");
	cr_expect_str_eq(talk_say(k, span_str("HANG you\r\nId: 6\r\nVia: c\r\n\r\nVia: d\r\n")),
	    "GONE\r\nVia: c\r\nId: 6\r\nServer: y\r\n\r\n");
	model_destroy(k->m);
}

POOLED(emit, a_literal_is_one_however_many_tokens_it_was)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct learn_report report;
	struct text t;

	for (unsigned i = 0; i < N; i++)
		handmade_talk(&h, "<220 ready for you now\r\n", handmade_line(&h, ">SAY to all %u\r\n", i * 37),
		    handmade_line(&h, "<200 you said %u and more\r\n", i * 37), NULL);
	t = emitted(&h, &report);
	for (uint32_t i = 0; i < t.nreply; i++)
		for (uint32_t k = 1; k < t.reply[i].nop; k++)
			cr_expect(t.reply[i].op[k].kind != OP_LIT || t.reply[i].op[k - 1].kind != OP_LIT);
	for (uint32_t i = 0; i < t.ntemplate; i++)
		for (uint32_t k = 1; k < t.template[i].nelem; k++)
			cr_expect(t.template[i].elem[k].kind != ELEM_LIT ||
			    t.template[i].elem[k - 1].kind != ELEM_LIT);
}

POOLED(emit, states_say_their_history_and_back_off_to_shorter_ones)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct learn_report report;
	struct text t;

	for (unsigned i = 0; i < N; i++)
		handmade_talk(&h, "<220 ready\r\n", ">LIST\r\n", "<530 log in first\r\n",
		    ">USER anonymous\r\n", "<331 go on\r\n", ">LIST\r\n", "<150 here it comes\r\n", NULL);
	t = emitted(&h, &report);
	cr_assert_eq(report.emit.states, t.nstate);
	cr_expect_gt(t.nstate, 1);
	for (uint32_t i = 0; i < t.nstate; i++) {
		cr_expect_gt(t.state[i].note.n, 0, "what is held and what was said");
		cr_expect(t.state[i].backoff < 0 || t.state[t.state[i].backoff].note.n < t.state[i].note.n);
		cr_expect_eq(t.state[i].eom, 0);
	}
}

POOLED(emit, a_text_asked_for_is_one_message_whatever_it_says)
{
	struct handmade h = handmade(pool, PROTO_TCP, 25);
	struct talk *k = pool_alloc(pool, sizeof *k);
	struct learn_report report;
	struct text t;

	for (unsigned i = 0; i < N; i++)
		handmade_talk(&h, "<220 ready\r\n", ">MAIL\r\n", "<250 fine\r\n", ">DATA\r\n",
		    "<354 go on\r\n", handmade_line(&h, ">To: u%u\r\nhello\r\n.\r\n", i * 37),
		    "<250 taken\r\n", ">QUIT\r\n", "<221 bye\r\n", NULL);
	t = emitted(&h, &report);
	cr_assert_eq(t.neom, 2);
	talk_begin(k, model_of_text(&t));
	cr_expect_str_eq(talk_say(k, span_str("DATA\r\n")), "354 go on\r\n");
	cr_expect_eq(session_feed(&k->s, &k->a, k->m, &talk_env, span_str("Dear all,\r\n"), FEED_PUSH,
	    &k->f, &k->t), 11);
	cr_expect_not(k->t.taken, "a line is not the text");
	cr_expect_str_eq(talk_say(k, span_str("Dear all,\r\nQUIT\r\n.\r\n")), "250 taken\r\n");
	cr_expect_str_eq(talk_say(k, span_str("QUIT\r\n")), "221 bye\r\n", "lines again");
	model_destroy(k->m);
}

static void
expect(struct talk *k, const char *question, const char *answer, uint32_t order)
{
	cr_expect_str_eq(talk_say(k, span_str(question)), answer, "order %u, %.6s: %s", order, question,
	    k->said);
}

POOLED(emit, what_happened_long_ago_counts_through_all_that_was_never_seen)
{
	struct handmade h = boxes(pool);

	for (uint32_t order = 1; order <= 4; order *= 2) {
		struct learn_params params = { .name = "boxes", .order = order };
		struct talk *k = pool_alloc(pool, sizeof *k);
		struct learn_report report;
		struct diag why = { "" };
		struct text t;

		cr_assert_eq(learn_corpus(&t, pool, h.c, NULL, &params, &report, &why), 0, "%s", why.text);
		cr_assert_eq(text_check(&t, &why), 0, "%s", why.text);
		talk_begin(k, model_of_text(&t));
		expect(k, "LOOK\r\n", "530 who are you\r\n", order);
		expect(k, "LOGIN\r\n", "230 welcome\r\n", order);
		for (unsigned i = 0; i < 40; i++) {	/* no such words in the captures */
			talk_say(k, span_str(i % 2 ? "XYZZY plugh\r\n" : "\x01\x02\r\n"));
			talk_say(k, span_str("HELP\r\n"));
		}
		expect(k, "LOOK\r\n", "251 a view\r\n", order);
		expect(k, "OPEN\r\n", "550 which\r\n", order);
		expect(k, "PICK\r\n", "250 picked\r\n", order);
		expect(k, "LOGOUT\r\n", "231 gone\r\n", order);
		talk_say(k, span_str("PICK\r\n"));	/* never seen here: nothing else changes */
		expect(k, "LOOK\r\n", "530 who are you\r\n", order);
		expect(k, "OPEN\r\n", "252 opened\r\n", order);
		expect(k, "LOGIN\r\n", "230 welcome\r\n", order);
		expect(k, "OPEN\r\n", "252 opened\r\n", order);
		expect(k, "LOOK\r\n", "251 a view\r\n", order);
		model_destroy(k->m);
	}
}

/* A model keeps so many values of one message: what else its replies would repeat is counted. */
POOLED(emit, what_no_slot_is_left_for_is_counted)
{
	for (unsigned words = 20; words <= 24; words += 4) {
		struct handmade h = handmade(pool, PROTO_TCP, 77);
		struct learn_report report;

		for (unsigned i = 0; i < N; i++) {
			char *said = pool_alloc(pool, 512), *back = pool_alloc(pool, 512);
			int n = snprintf(said, 512, ">SORT"), m = snprintf(back, 512, "<sorted");

			for (unsigned w = 0; w < words; w++) {
				n += snprintf(said + n, 512 - (size_t)n, " w%u", i * 131 + w * 7919);
				m += snprintf(back + m, 512 - (size_t)m, " w%u", i * 131 + (words - 1 - w) * 7919);
			}
			snprintf(said + n, 512 - (size_t)n, "\r\n");
			snprintf(back + m, 512 - (size_t)m, "\r\n");
			handmade_talk(&h, "<220 ready\r\n", said, back, NULL);
		}
		emitted(&h, &report);
		cr_expect_eq(report.emit.no_slot > 0, words > 21, "%u words: %u", words, report.emit.no_slot);
	}
}

/*
 * A hello names a mode in its tenth byte, among others by chance, and is answered alike; what is told later depends on
 * it. Nothing needs a template of the whole hello but that.
 */
POOLED(emit, a_byte_of_an_earlier_message_decides_though_it_decided_nothing_then)
{
	static const uint8_t fixed[8] = { 0, 0, 0, 24, 7, 20 };
	struct handmade h = handmade(pool, PROTO_TCP, 22);
	struct learn_report report;
	struct talk *k = pool_alloc(pool, sizeof *k);
	uint8_t *b = NULL;
	struct text t;

	for (unsigned i = 0; i < 6 * N; i++) {
		b = pool_array(pool, 48, 1);
		memcpy(b, fixed, sizeof fixed);
		b[9] = (uint8_t)(i % 3);
		for (unsigned j = 10; j < 24; j++)
			b[j] = (uint8_t)hash_stir(i * 64 + j);
		memcpy(b + 24, "\1\0\0\0\0\0\0\11\30", 9);
		for (unsigned j = 34; j < 48; j++)
			b[j] = (uint8_t)hash_stir(i * 64 + j);
		handmade_open(&h);
		handmade_say(&h, SIDE_CLIENT, span_of(b, 24));
		handmade_say(&h, SIDE_SERVER, span_of("\2\0\0\0", 4));
		handmade_say(&h, SIDE_CLIENT, span_of(b + 24, 24));
		handmade_say(&h, SIDE_SERVER, span_str(i % 3 == 0 ? "\3none" : i % 3 == 1 ? "\4one" : "\5both"));
	}
	t = emitted(&h, &report);
	for (unsigned mode = 0; mode < 3; mode++) {
		talk_begin(k, model_of_text(&t));
		b[9] = (uint8_t)mode;
		b[20] ^= 0x55;
		talk_say(k, span_of(b, 24));
		cr_expect_str_eq(talk_say(k, span_of(b + 24, 24)), mode == 0 ? "\3none" : mode == 1 ? "\4one" : "\5both");
		model_destroy(k->m);
	}
}

/*
 * Records: who asks, and for one of six names, of which half get one kind of answer, half another; each comes back in its
 * place. A template for every name has the name as it is, so it is nobody's own, and whoever asks is told it.
 */
POOLED(emit, a_part_that_all_clients_said_is_told_to_strangers)
{
	struct handmade h = handmade(pool, PROTO_UDP, 161);
	struct learn_report report;
	struct talk *k = pool_alloc(pool, sizeof *k);
	struct text t;

	for (unsigned i = 0; i < 12 * N; i++) {
		static const char *const who[] = { "ann", "bob", "cid" };
		unsigned name = i / 3 % 6;
		uint8_t *asked = pool_array(pool, 18, 1), *said = pool_array(pool, 18, 1);

		sprintf((char *)asked, "0\x0f\x02\x01%c\x04\x03%s\x06\x05name%u", 'A' + i % 50, who[i % 3], name);
		sprintf((char *)said, "0\x0f\x02\x01%c\x04\x03%s%c\x05name%u", 'A' + i % 50, who[i % 3], name % 2 ? 1 : 6, name);
		handmade_open(&h);
		handmade_say(&h, SIDE_CLIENT, span_of(asked, 17));
		handmade_say(&h, SIDE_SERVER, span_of(said, 17));
	}
	t = emitted(&h, &report);
	talk_begin(k, model_of_text(&t));
	cr_expect_str_eq(talk_say(k, span_str("0\x0f\x02\x01z\x04\x03" "eve\x06\x05name3")),
	    "0\x0f\x02\x01z\x04\x03" "eve\x01\x05name3");
	cr_expect_str_eq(talk_say(k, span_str("0\x0f\x02\x01y\x04\x03" "eve\x06\x05name4")),
	    "0\x0f\x02\x01y\x04\x03" "eve\x06\x05name4");
	model_destroy(k->m);
}

/* Words behind a type, each with a zero byte: what somebody measured can be fetched by others, if it was there. */
POOLED(emit, names_among_binary_words_are_known_from_other_questions)
{
	enum { FILES = 48, MEASURED = 6 };
	struct handmade h = handmade(pool, PROTO_UDP, 69);
	struct learn_report report;
	struct talk *k = pool_alloc(pool, sizeof *k);
	char ask[32];
	struct text t;

	for (unsigned i = 0; i < FILES; i++) {
		bool there = i % 3 != 0;
		unsigned name = 1000 + i * 37;

		for (unsigned fetch = 0; fetch <= (i < FILES - MEASURED); fetch++) {
			const char *end = fetch ? "octet" : "tsize";
			uint8_t *m = pool_array(pool, 18, 1), *said = pool_array(pool, 12, 1);

			sprintf((char *)m + 2, "file%u", name);
			memcpy(m + 11, end, 6);
			m[1] = 1;
			memcpy(said, there ? fetch ? "\0\3\0\1" : "\0\6\0\0" : "\0\5\0\1", 4);
			sprintf((char *)said + 4, "%s", there ? handmade_line(&h, "%u", i * i + 10000) : "gone");
			handmade_open(&h);
			handmade_say(&h, SIDE_CLIENT, span_of(m, 17));
			handmade_say(&h, SIDE_SERVER, span_of(said, 4 + strlen((char *)said + 4)));
		}
	}
	t = emitted(&h, &report);
	talk_begin(k, model_of_text(&t));
	for (unsigned i = FILES - MEASURED; i < FILES; i++) {
		memcpy(ask, "\0\1", 2);
		sprintf(ask + 2, "file%u", 1000 + i * 37);
		memcpy(ask + 11, "octet", 6);
		talk_say(k, span_of(ask, 17));
		cr_expect_eq(k->said[1], i % 3 != 0 ? 3 : 5, "file %u", i);
	}
	model_destroy(k->m);
}
