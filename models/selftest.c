#include "models/selftest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "models/image.h"
#include "models/related.h"
#include "models/second.h"

enum { SHOWN = 24 };	/* bytes of a line in the sentence */

void
selftest_begin(struct selftest_talk *k, const struct model *m)
{
	k->m = m;
	k->env = (struct session_env){ .own = addr_v4(0xc6130001), .peer = addr_v4(0xc0000201) };
	k->arena = (struct arena){ 0 };
	k->host = (struct host){ 0 };
	k->env.pair_host = k->env.own_host = &k->host;
	session_init(&k->s, m);
}

/* What one rendering looks at. */
static uint64_t
reply_steps(const struct selftest_talk *k)
{
	uint32_t said;
	const struct image *i = second_speaker(&k->s, k->m, &said);
	uint32_t reply = said == 0 ? IMAGE_NONE : i->alt[said - 1].reply;

	return reply == IMAGE_NONE ? 0 : i->reply[reply].nop + (uint64_t)k->turn.out_len;
}

/* Behind the n bytes that were said before; returns how many there are then. */
static size_t
say(struct selftest_talk *k, size_t before)
{
	size_t n = 0, got = 1, boundary;
	uint64_t steps = k->steps;

	while (k->turn.taken && n < k->turn.out_len && got > 0 && k->steps - steps <= SELFTEST_STEPS) {
		k->steps += reply_steps(k);	/* every datagram from the beginning of the reply */
		got = session_render(&k->s, &k->fields, k->m, &k->env, n, k->said + before + n,
		    sizeof k->said - before - n, &boundary);
		n += got;
	}
	return before + n;
}

/* The turn's answer, and what follows when a related connection has come and gone. */
static struct span
said(struct selftest_talk *k)
{
	enum channel_news news[2];
	unsigned left = related_assume(&k->env, &k->turn, news);
	size_t n = say(k, 0);

	for (unsigned i = 0; i < left; i++) {
		session_event(&k->s, &k->arena, k->m, &k->env, EVENT_CHANNEL, news[i], &k->fields, &k->turn);
		n = say(k, n);
	}
	return span_of(k->said, n);
}

struct span
selftest_connect(struct selftest_talk *k)
{
	session_event(&k->s, &k->arena, k->m, &k->env, EVENT_CONNECT, 0, &k->fields, &k->turn);
	return said(k);
}

struct span
selftest_say(struct selftest_talk *k, struct span message)
{
	session_feed(&k->s, &k->arena, k->m, &k->env, message, FEED_DATAGRAM, &k->fields, &k->turn);
	return said(k);
}

/* At most SHOWN bytes from at on, as the text model writes them. */
static const char *
shown(char to[4 * SHOWN + 4], struct span s, size_t at)
{
	size_t n = 0;

	for (size_t i = at; i < s.n && i < at + SHOWN; i++) {
		uint8_t b = s.p[i];

		if (b >= 0x20 && b < 0x7f && b != '"' && b != '\\')
			to[n++] = (char)b;
		else if (b == '\r' || b == '\n' || b == '"' || b == '\\')
			n += (size_t)sprintf(to + n, "\\%c", b == '\r' ? 'r' : b == '\n' ? 'n' : b);
		else
			n += (size_t)sprintf(to + n, "\\x%02x", b);
	}
	strcpy(to + n, s.n > at + SHOWN ? "..." : "");
	return to;
}

/* The sentence shows both lines from where they part, a few bytes before for the eye. */
static int
differs(const struct text *t, uint32_t vector, uint32_t line, struct span want, struct span got,
    struct diag *why)
{
	char a[4 * SHOWN + 4], b[4 * SHOWN + 4];
	size_t at = 0;

	while (at < want.n && at < got.n && want.p[at] == got.p[at])
		at++;
	return diag_set(why, -EBADMSG, "The model \"%.*s\" does not say what it said when it was made: "
	    "vector %u, line %u, byte %zu: \"%s\" instead of \"%s\"; learn it again, or write its "
	    "vectors anew.", (int)t->name.n, (const char *)t->name.p, vector, line + 1, at,
	    shown(a, got, at - MIN(at, (size_t)8)), shown(b, want, at - MIN(at, (size_t)8)));
}

static int
plays_too_long(const struct selftest_talk *k, const struct text *t, uint32_t vector, struct diag *why)
{
	return k->steps <= SELFTEST_STEPS ? 0 : diag_set(why, -E2BIG, "The model \"%.*s\" takes too long over its "
	    "vectors: more than %d steps by vector %u; learn it again with fewer alternatives, or write fewer vectors.",
	    (int)t->name.n, (const char *)t->name.p, SELFTEST_STEPS, vector);
}

static int
run_vector(struct selftest_talk *k, const struct text *t, uint32_t index, struct diag *why)
{
	const struct text_vector *v = &t->vector[index];
	uint32_t i = 0;
	int err;

	if (t->proto == MODEL_TCP) {
		struct span first = selftest_connect(k);

		if (v->n > 1 && v->line[0].n == 0) {
			if (!span_eq(first, v->line[1]))
				return differs(t, index, 1, v->line[1], first, why);
			i = 2;
		}
	}
	for (; i + 1 < v->n; i += 2) {
		struct span answer;

		k->steps += session_steps(&k->s, &k->arena, k->m, v->line[i]);
		err = plays_too_long(k, t, index, why);
		if (err < 0)
			return err;
		answer = selftest_say(k, v->line[i]);
		if (!span_eq(answer, v->line[i + 1]))
			return differs(t, index, i + 1, v->line[i + 1], answer, why);
	}
	return 0;
}

int
selftest_run(const struct model *m, struct diag *why)
{
	struct selftest_talk *k;
	struct text t;
	char *text;
	size_t n;
	int err = model_text(m, &text, &n, why);

	if (err < 0)
		return err;
	err = text_parse(&t, "the text of the model", span_of(text, n), why);
	if (err < 0)
		goto free_text;
	k = malloc(sizeof *k);
	if (k == NULL)
		err = diag_set(why, -ENOMEM, "There is not enough memory to play the vectors of \"%.*s\".",
		    (int)t.name.n, (const char *)t.name.p);
	else
		k->steps = 0;
	for (uint32_t i = 0; err == 0 && i < t.nvector; i++) {
		selftest_begin(k, m);
		err = run_vector(k, &t, i, why);
	}
	if (err == 0)
		err = (int)t.nvector;
	free(k);
	text_fini(&t);
free_text:
	free(text);
	return err;
}
