#include "learning/answers.h"
#include "tests/handmade.h"
#include "tests/pooled.h"

/* Which message of the last conversation each of its server's answers, by index; "-": none. */
static const char *
shown(struct pool *pool, const struct handmade *h)
{
	const struct conversation *v = &h->c->conversations[h->c->nconversations - 1];
	struct answers a;
	char *to = pool_alloc(pool, 256);
	size_t at = 0;

	answers_find(&a, pool, h->c);
	for (uint32_t i = v->first; i < v->first + v->n; i++) {
		if (h->c->messages[i].side == SIDE_CLIENT)
			cr_expect_eq(a.of[i], NO_QUESTION);
		else if (a.of[i] == NO_QUESTION)
			at += (size_t)sprintf(to + at, "-");
		else
			at += (size_t)sprintf(to + at, "%u%s", a.of[i] - v->first, a.guess[i] ? "?" : "");
	}
	return to;
}

/* Twenty phones that call and hang up one after the other: what is asked comes back. */
static struct handmade
calls(struct pool *pool)
{
	struct handmade h = handmade(pool, PROTO_UDP, 5060);

	for (unsigned i = 0; i < 20; i++) {
		handmade_open(&h);
		for (unsigned k = 0; k < 2; k++) {
			const char *what = k == 0 ? "INVITE" : "BYE";
			const char *id = handmade_line(&h, "%06x-%06x", 0x51e3 * (i + 3), 0x9b31 * (2 * i + k + 7));

			handmade_say(&h, SIDE_CLIENT, span_str(handmade_line(&h, "%s sip/2.0 id=%s x=1", what, id)));
			handmade_say(&h, SIDE_SERVER, span_str(handmade_line(&h, "sip/2.0 200 ok id=%s of %s", id, what)));
		}
	}
	return h;
}

POOLED(answers, several_calls_at_once_are_told_apart_by_what_comes_back)
{
	struct handmade h = calls(pool);

	handmade_talk(&h, ">INVITE id=abcdef01", ">INVITE id=98765432", ">INVITE id=kqwzyxvu", "<100 id=98765432",
	    "<100 id=kqwzyxvu", "<180 id=98765432", "<100 id=abcdef01", "<200 id=kqwzyxvu", NULL);
	cr_expect_str_eq(shown(pool, &h), "12102");
}

POOLED(answers, a_question_without_an_answer_takes_no_others)
{
	struct handmade h = calls(pool);

	handmade_talk(&h, ">INVITE id=abcdef01", ">ACK id=kqwzyxvu", ">BYE id=98765432", "<200 id=abcdef01",
	    "<200 id=98765432", NULL);
	cr_expect_str_eq(shown(pool, &h), "02");
}

POOLED(answers, the_servers_own_question_answers_nothing)
{
	struct handmade h = calls(pool);

	handmade_talk(&h, ">INVITE call=abcdef01 via=98765432", "<100 call=abcdef01 via=98765432",
	    "<200 call=abcdef01 via=98765432 tag=wvutsrqp", ">ACK call=abcdef01 via=kqwzyxvu tag=wvutsrqp",
	    "<BYE call=abcdef01 via=mmnnoopp tag=wvutsrqp", ">200 call=abcdef01 via=mmnnoopp", NULL);
	cr_expect_str_eq(shown(pool, &h), "00-");
}

POOLED(answers, equal_questions_are_answered_one_by_one_and_then_the_newest)
{
	struct handmade h = calls(pool);

	handmade_talk(&h, ">INVITE id=abcdef01", ">INVITE id=abcdef01", "<100 id=abcdef01", "<100 id=abcdef01",
	    "<200 id=abcdef01", NULL);
	cr_expect_str_eq(shown(pool, &h), "011");
}

POOLED(answers, who_asks_to_end_what_began_gets_its_end)
{
	struct handmade h = calls(pool);

	handmade_talk(&h, ">INVITE id=abcdef0198765432", "<100 id=abcdef0198765432",
	    ">CANCEL id=abcdef0198765432", "<487 id=abcdef0198765432", NULL);
	cr_expect_str_eq(shown(pool, &h), "02");
}

/*
 * What a call's questions differ in and is repeated ("x-66", "2 BYE") is said everywhere; the little that only its end
 * says is not repeated.
 */
POOLED(answers, an_end_is_told_from_the_rest_of_its_call_by_common_words)
{
	struct handmade h = calls(pool);

	for (unsigned i = 0; i < 20; i++)
		handmade_talk(&h, handmade_line(&h, ">INVITE id=%06x branch=x-00 seq=1 INVITE", 0x7731 * (i + 3)),
		    handmade_line(&h, "<200 id=%06x branch=x-00 seq=1 INVITE", 0x7731 * (i + 3)),
		    ">ACK branch=x-44 seq=1 ACK", ">BYE branch=x-66 seq=2 BYE", NULL);
	handmade_talk(&h, ">INVITE id=abcdef01 branch=x-00 seq=1 INVITE", "<200 id=abcdef01 branch=x-00 seq=1 INVITE",
	    ">ACK id=abcdef01 branch=x-44 seq=1 ACK via=some", ">BYE id=abcdef01 branch=x-66 seq=2 BYE via=next",
	    "<200 branch=x-66 id=abcdef01 seq=2 BYE", NULL);
	cr_expect_str_eq(shown(pool, &h), "03");
}

POOLED(answers, the_same_name_under_another_id_is_another_question)
{
	struct handmade h = handmade(pool, PROTO_UDP, 53);

	for (unsigned i = 0; i < 20; i++) {
		const char *q = handmade_line(&h, "%04x?name%02u.example", i * 0x3d1b & 0xffff, i % 7);

		handmade_open(&h);
		handmade_say(&h, SIDE_CLIENT, span_str(q));
		handmade_say(&h, SIDE_SERVER, span_str(handmade_line(&h, "%.4s=name%02u.example=10.0.0.%u", q, i % 7, i)));
	}
	handmade_talk(&h, ">zq01?long.name.example/A", ">vk02?long.name.example/B", "<vk02=long.name.example=10.1",
	    "<zq01=long.name.example=fe80::", NULL);
	cr_expect_str_eq(shown(pool, &h), "10");
}

POOLED(answers, where_nothing_comes_back_order_decides_or_a_guess)
{
	struct handmade h = handmade(pool, PROTO_UDP, 69);

	for (unsigned i = 0; i < 8; i++)
		handmade_talk(&h, handmade_line(&h, ">read file%u", i), "<Once upon a time", ">ack", "<the end", NULL);
	handmade_talk(&h, ">read that", "<it was", "<it was", ">ack", ">ack again", "<so far", "<away", NULL);
	cr_expect_str_eq(shown(pool, &h), "0034");
	handmade_talk(&h, "<hello", ">read this", ">and that", "<it was", NULL);
	cr_expect_str_eq(shown(pool, &h), "-1?");
}
