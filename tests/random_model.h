#pragma once
/*
 * random_model.h - random small models and messages that almost or quite fit them, for tests.
 *
 * A model comes as text, so that it went through the reader and the check. Its alphabet is
 * small on purpose: templates overlap, slots are shared, back-off chains are used.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "models/text.h"

struct dice {
	uint64_t x;
};

static inline uint32_t
roll(struct dice *d, uint32_t n)
{
	d->x ^= d->x << 13;
	d->x ^= d->x >> 7;
	d->x ^= d->x << 17;
	return (uint32_t)(d->x * 0x9e3779b97f4a7c15u >> 33) % n;
}

struct writing {
	char p[65536];
	size_t n;
};

PRINTF(2, 3) static inline void
put_line(struct writing *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	w->n += (size_t)vsnprintf(w->p + w->n, sizeof w->p - w->n, fmt, ap);
	va_end(ap);
}

static inline const char *
pick(struct dice *d, const char *const *of, uint32_t n)
{
	return of[roll(d, n)];
}
#define PICK(d, ...) \
	pick(d, (const char *const[]){ __VA_ARGS__ },                                          \
	    sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

enum { RANDOM_MAPS = 2, RANDOM_DATA = 3, RANDOM_CLASSES = 3 };

/* Elements of one template; a variable one is followed by what is not in its set. Returns how many. */
static inline uint32_t
put_elements(struct writing *w, struct dice *d)
{
	uint32_t n = 0, parts = 1 + roll(d, 3);

	put_line(w, "  match %s", PICK(d, "\"A\"", "\"AB\"", "nocase \"a\"", "nocase \"Ab1\"", "any 1"));
	for (n = 1; parts-- > 0; n += 2)
		switch (roll(d, 9)) {
		case 0:
			put_line(w, " tok %s", PICK(d, "\" \"", "\"\\r\\n\""));
			break;
		case 1:
			put_line(w, " line \"\\r\\n\"");
			break;
		case 2:
			put_line(w, " span 0 %u %u %s", roll(d, 3), 3 + roll(d, 3),
			    PICK(d, "\"B\"", "\"1\"", "\" \"", "\"\\r\\n\""));
			break;
		case 3:
			put_line(w, " span 1 %u 0 %s", roll(d, 2), PICK(d, "\"A\"", "\" \""));
			break;
		case 4:
			put_line(w, " len text 0 %s", PICK(d, "\"A\"", "\" \""));
			break;
		case 5:
			put_line(w, " len be %u any %u", 1 + roll(d, 3), 1 + roll(d, 2));
			break;
		case 6:
			put_line(w, " len text 2 \"%c\"", (int)('A' + roll(d, 2)));
			break;
		case 7:
			put_line(w, " counted %u %u \"%c\"", roll(d, 3), 2 + roll(d, 8), (int)('A' + roll(d, 2)));
			break;
		default:
			put_line(w, " \"%c\" \"%c\"", (int)('A' + roll(d, 2)), (int)('0' + roll(d, 3)));
		}
	if (roll(d, 4) == 0) {
		put_line(w, " tail");
		n++;
	}
	put_line(w, "\n");
	return n;
}

static inline void
put_random_template(struct writing *w, struct dice *d, uint32_t i)
{
	uint32_t n, used = 0;

	put_line(w, "template %u support %u from hand\n", i, 1 + roll(d, 20));
	n = put_elements(w, d);
	for (uint32_t k = roll(d, 4); k-- > 0;) {
		uint32_t slot = roll(d, 6), first = roll(d, n);

		if (used >> slot & 1)
			continue;
		used |= 1u << slot;
		put_line(w, "  field %u %u %u\n", slot, first, first + roll(d, n - first));
	}
}

static inline void
put_random_op(struct writing *w, struct dice *d)
{
	static const char *const scope[] = { "image", "host", "pair", "connection", "turn" };
	static const char *const number[] = { "text", "hex", "be", "le" };
	static const char *const any[] = { "text", "hex", "comma", "be", "le" };
	uint32_t s = roll(d, 6), f = roll(d, 4);

	switch (roll(d, 22)) {
	case 20:
		put_line(w, " each %u %u \"- \" \"\\n\"", 2 + roll(d, 3), roll(d, RANDOM_MAPS));
		break;
	case 21:
		put_line(w, " announced %s", any[roll(d, 5)]);
		break;
	case 17:
		put_line(w, " reg %u", roll(d, 2));
		break;
	case 18:
		put_line(w, " set %u \",\"", 2 + roll(d, 3));
		break;
	case 19:
		put_line(w, " path %u %u", roll(d, 2), s);
		break;
	case 0:
		put_line(w, " field %u", s);
		break;
	case 1:
		put_line(w, " field %u %u %u", s, roll(d, 3), 1 + roll(d, 4));
		break;
	case 2:
		put_line(w, " seq %u %d %s %u", s, (int)roll(d, 2000) - 1000, number[f], roll(d, 5));
		break;
	case 3:
		put_line(w, " part %u %s \"%c\"", s, PICK(d, "before", "after"), (int)('A' + roll(d, 2)));
		break;
	case 4:
		put_line(w, " data %u", roll(d, RANDOM_DATA));
		break;
	case 5:
		put_line(w, " map %u %u", roll(d, RANDOM_MAPS), s);
		break;
	case 6:
		put_line(w, " rand %u %u %s", roll(d, RANDOM_CLASSES), 1 + roll(d, 12), scope[roll(d, 5)]);
		break;
	case 7:
		put_line(w, " var %u", roll(d, 6));
		break;
	case 8:
		put_line(w, " addr %s %s", PICK(d, "own", "peer"), any[roll(d, 5)]);
		break;
	case 9:
		put_line(w, " port %s %s", PICK(d, "own", "peer"), any[roll(d, 5)]);
		break;
	case 10:
		put_line(w, " time text %d \"%%a, %%d %%b %%Y %%T %%e %%j %%y%%m %%s %%%% %%Z\"",
		    (int)roll(d, 2000000000) - 1000000000);
		break;
	case 11:
		put_line(w, " time %s %d %u", number[1 + roll(d, 3)], (int)roll(d, 2000) - 1000,
		    1 + roll(d, 8));
		break;
	case 12:
		put_line(w, " len %s %d %u", number[f], (int)roll(d, 40) - 20, 1 + roll(d, 4));
		put_line(w, "%s", PICK(d, "", " \"abc\" end", " mark \"ab\" end", " field 0 0 0 end mark",
		    " \"a\" len le 1 2 \"bc\" end \"d\" end len be 0 1"));
		break;
	case 13:
		put_line(w, " mark");
		break;
	case 14:
		put_line(w, " %s", roll(d, 2) > 0 ? "\"x y\\r\\n\"" : "\"x\" break \"y\"");
		break;
	case 15:
		put_line(w, " lines %u \"%c\"", s, (int)('A' + roll(d, 2)));
		break;
	default:
		put_line(w, " \"%03u\"", roll(d, 1000));
	}
}

static inline void
put_random_alts(struct writing *w, struct dice *d, uint32_t ntemplate, uint32_t nreply,
    uint32_t nstate, bool udp)
{
	static const char *const scope[] = { "image", "host", "pair", "connection", "turn" };
	char guards[256] = "";

	for (uint32_t k = 1 + roll(d, 3); k-- > 0;) {
		put_line(w, "    alt weight %u", 1 + roll(d, 5));
		if (roll(d, 8) > 0)
			put_line(w, " say %u", roll(d, nreply));
		put_line(w, " goto %u delay %u conf 0x1p-%u scope %s from hand%s%s\n", roll(d, nstate),
		    roll(d, 20), roll(d, 3), scope[roll(d, 5)],
		    PICK(d, "", "", "", "", " close", " reset"), roll(d, 9) == 0 ? " pending" : "");
		if (roll(d, 3) > 0) {	/* else: the same guards as the alternative before */
			size_t n = 0;

			guards[0] = '\0';
			for (uint32_t g = roll(d, 3); g-- > 0;)
				switch (roll(d, 10)) {
				case 9:
					n += (size_t)snprintf(guards + n, sizeof guards - n, "      when %s\n",
					    PICK(d, "channel", "no-channel"));
					break;
				case 6:
					n += (size_t)snprintf(guards + n, sizeof guards - n, "      when %s %u %u\n",
					    PICK(d, "in", "notin"), roll(d, 6), 2 + roll(d, 3));
					break;
				case 7:
					n += (size_t)snprintf(guards + n, sizeof guards - n, "      when %s %u %u\n",
					    PICK(d, "leaf", "parent"), roll(d, 6), 2 + roll(d, 2));
					break;
				case 8:
					n += (size_t)snprintf(guards + n, sizeof guards - n, "      when %s %u\n",
					    PICK(d, "empty", "nonempty"), roll(d, 2));
					break;
				case 0:
					n += (size_t)snprintf(guards + n, sizeof guards - n,
					    "      when %s %u %u\n", PICK(d, "known", "begins"), roll(d, 6),
					    roll(d, RANDOM_MAPS));
					break;
				case 1:
					n += (size_t)snprintf(guards + n, sizeof guards - n,
					    "      when unknown %u %u\n", roll(d, 6), roll(d, RANDOM_MAPS));
					break;
				case 5:
					n += (size_t)snprintf(guards + n, sizeof guards - n,
					    "      when known-pair %u %u %u\n", roll(d, 6), roll(d, 6),
					    roll(d, RANDOM_MAPS));
					break;
				case 2:
				case 3:
					n += (size_t)snprintf(guards + n, sizeof guards - n,
					    "      when %s %u \"%s\"\n", PICK(d, "eq", "ne", "line", "no-line"), roll(d, 6),
					    PICK(d, "", "A", "1", "AB"));
					break;
				default:
					n += (size_t)snprintf(guards + n, sizeof guards - n,
					    "      when history %u %u\n", 1 + roll(d, 3), roll(d, ntemplate));
				}
		}
		put_line(w, "%s", guards);
		if (roll(d, 4) == 0)
			put_line(w, "      do %s %u\n", PICK(d, "pop", "clear"), roll(d, 2));
		if (roll(d, 4) == 0)
			put_line(w, "      do %s %u %u\n", PICK(d, "add", "del"), roll(d, 6), 2 + roll(d, 3));
		else if (roll(d, 4) == 0)
			put_line(w, "      do %s %u %u\n", PICK(d, "push", "store"), roll(d, 6), roll(d, 2));
		else if (!udp && roll(d, 4) == 0)
			put_line(w, "      do send %u %u\n", roll(d, 6), roll(d, nreply));
		else if (!udp && roll(d, 4) == 0)
			put_line(w, "      do %s\n", PICK(d, "open", "take 1"));
	}
}

static inline void
put_random_state(struct writing *w, struct dice *d, uint32_t i, uint32_t ntemplate, uint32_t nreply,
    uint32_t nstate, bool udp)
{
	put_line(w, "state %u", i);
	if (i > 0 && roll(d, 2) > 0)
		put_line(w, " backoff %u", roll(d, i));
	if (roll(d, 4) > 0)
		put_line(w, " eom %u", roll(d, 7));
	put_line(w, " support %u \"s\"\n", roll(d, 10));
	for (uint32_t t = 0; t < ntemplate; t++)
		if (roll(d, 2) > 0) {
			put_line(w, "  on message %u\n", t);
			put_random_alts(w, d, ntemplate, nreply, nstate, udp);
		}
	if (!udp && roll(d, 3) == 0) {
		put_line(w, "  on connect\n");
		put_random_alts(w, d, ntemplate, nreply, nstate, udp);
	}
	if (roll(d, 3) == 0) {
		put_line(w, "  on silence %u\n", 1000 + roll(d, 2000));
		put_random_alts(w, d, ntemplate, nreply, nstate, udp);
	}
	if (!udp && roll(d, 3) == 0) {
		put_line(w, "  on peer-fin\n");
		put_random_alts(w, d, ntemplate, nreply, nstate, udp);
	}
	if (!udp && roll(d, 3) == 0) {
		put_line(w, "  on channel %s\n", PICK(d, "opened", "ended", "failed"));
		put_random_alts(w, d, ntemplate, nreply, nstate, udp);
	}
	if (roll(d, 2) == 0) {
		put_line(w, "  on other\n");
		put_random_alts(w, d, ntemplate, nreply, nstate, udp);
	}
}

static inline void
random_model_text(struct writing *w, struct dice *d, bool udp)
{
	uint32_t ntemplate = 1 + roll(d, 8), nreply = 1 + roll(d, 6), nstate = 1 + roll(d, 4);

	w->n = 0;
	put_line(w, "mynah-model 1\nservice \"random\" %s\nlearner \"hand\" order 1 seed 1\n"
	    "separators \" \\r\\n\"\nstart %u\n", udp ? "udp" : "tcp", roll(d, nstate));
	put_line(w, "var 0 address \"198.18.0.1\"\nvar 1 hostname \"ftp12.example.net\"\n"
	    "var 2 domain \"example.net\"\nvar 3 boot \"1700000000\"\nvar 4 identifier \"ab-12-Zf\"\n"
	    "var 5 name \"mynah\"\nclass 0 61-63 41\nclass 1 30-39\nclass 2 00-ff\n");
	put_line(w, "register 0 scope connection \"/A\"\nregister 1 scope host\nset 2 scope pair under 0 \"/A/1\" \"/A/AB\" "
	    "\"/A/B/1\"\nset 3 scope host under 1 \"/1\" \"/A\" \"/AB\"\nset 4 scope pair \"\" \"1\" \"A\"\n");
	for (uint32_t i = 0; i < 6 && udp; i++)
		put_line(w, "eom %u datagram error 0x0p+0\n", i);
	if (!udp)
		put_line(w, "eom 0 term \"\\r\\n\" error 0x0p+0\neom 1 push error 0x0p+0\n"
		    "eom 2 final error 0x0p+0\neom 3 length at 1 width 1 be times 1 plus 2 error 0x0p+0\n"
		    "eom 4 decimal label \"A\" term \"\\r\\n\" error 0x0p+0\neom 5 idle 300 error 0x0p+0\n"
		    "eom 6 parts \"AB\" term \"\\n\" error 0x0p+0\n");
	for (uint32_t i = 0; i < RANDOM_DATA; i++) {
		put_line(w, "data %u scope %s\n", i, PICK(d, "image", "host", "pair", "connection", "turn"));
		for (uint32_t k = 1 + roll(d, 4); k-- > 0;)
			put_line(w, "  %u \"d%u\"\n", 1 + roll(d, 9), k);
	}
	put_line(w, "map 0\n  \"\" \"none\"\n  \"\\x00\" \"none twice\"\n  \"A\" \"is A\"\n"
	    "  \"A\\x00\" \"A and none\"\n  \"A\\x00A\" \"both A\"\n  \"AB\" \"is AB\"\nmap 1\n  \"1\" \"one\"\n"
	    "  \"A\\x00B\" \"A and B\"\n  \"a\" \"is a\"\n");
	for (uint32_t i = 0; i < ntemplate; i++)
		put_random_template(w, d, i);
	for (uint32_t i = 0; i < nreply; i++) {
		put_line(w, "reply %u support 1 from hand\n  say", i);
		for (uint32_t k = 1 + roll(d, 6); k-- > 0;)
			put_random_op(w, d);
		put_line(w, "\n");
	}
	for (uint32_t i = 0; i < nstate; i++)
		put_random_state(w, d, i, ntemplate, nreply, nstate, udp);
}

/* A model that text_check() takes; *tries counts those it did not. */
static inline struct text
random_model(struct dice *d, bool udp, uint32_t *tries)
{
	static struct writing w;
	struct diag why = { "" };
	struct text t;

	for (;; ++*tries) {
		random_model_text(&w, d, udp);
		if (text_parse(&t, "random", span_of(w.p, w.n), &why) == 0)
			return t;
		if (getenv("SHOW_REFUSED") != NULL)
			fprintf(stderr, "%s\n", why.text);
	}
}

/* It only speaks, as a second machine does. */
static inline void
make_plain(struct text *t)
{
	t->nhostset = 0;
	for (uint32_t i = 0; i < t->nreply; i++)
		for (uint32_t k = 0; k < t->reply[i].nop; k++) {
			struct text_op *op = &t->reply[i].op[k];

			if (op->kind == OP_REG || op->kind == OP_SET || op->kind == OP_PATH || op->kind == OP_EACH)
				*op = (struct text_op){ .kind = OP_LIT, .lit = span_str("plain") };
		}
	for (uint32_t s = 0; s < t->nstate; s++)
		for (uint32_t k = 0; k < t->state[s].nturn; k++)
			for (uint32_t a = 0; a < t->state[s].turn[k].nalt; a++) {
				struct text_alt *alt = &t->state[s].turn[k].alt[a];

				alt->neffect = 0;
				alt->pending = false;
				for (uint32_t g = 0; g < alt->nguard; g++)
					if ((alt->guard[g].kind >= GUARD_IN && alt->guard[g].kind <= GUARD_NONEMPTY) ||
					    alt->guard[g].kind == GUARD_LEAF || alt->guard[g].kind == GUARD_PARENT)
						alt->guard[g] = (struct text_guard){ .kind = GUARD_CHANNEL };
			}
}

/* Two random models in one. */
static inline struct text
random_pair(struct dice *d, bool udp, uint32_t *tries)
{
	struct text first = random_model(d, udp, tries), second = random_model(d, udp, tries), both;
	struct diag why = { "" };
	char *text = NULL;
	size_t n;
	bool good;

	make_plain(&second);
	first.second = &second;
	first.second_for = (uint8_t)roll(d, 1u << SECOND_KIND_N);
	for (uint32_t i = 0; i < first.ntemplate; i++)
		first.template[i].second = roll(d, 2);
	good = text_print(&first, &text, &n) == 0 && text_parse(&both, "pair", span_of(text, n), &why) == 0;
	if (!good)
		fprintf(stderr, "%s\n%s", why.text, text);
	assert(good);
	text_fini(&first);
	text_fini(&second);
	free(text);
	return both;
}

static inline size_t
fit_element(const struct text *t, const struct text_elem *e, struct dice *d, uint8_t *to)
{
	static const char word[] = "AB1ab09c";
	size_t n = 0;
	uint32_t most;

	switch (e->kind) {
	case ELEM_LIT:
	case ELEM_LIT_CASE:
		for (; n < e->lit.n; n++)
			to[n] = e->kind == ELEM_LIT_CASE && roll(d, 2) && (e->lit.p[n] | 0x20) >= 'a' &&
			    (e->lit.p[n] | 0x20) <= 'z' ? e->lit.p[n] ^ 0x20 : e->lit.p[n];
		return n;
	case ELEM_TOK:
	case ELEM_LINE:
		for (most = (e->kind == ELEM_TOK) + roll(d, roll(d, 20) == 0 ? 60 : 5); n < most; n++)
			to[n] = (uint8_t)word[roll(d, sizeof word - 1)];
		return n;
	case ELEM_SPAN:
		most = e->min + roll(d, e->max > 0 ? e->max - e->min + 1 : 5);
		for (; n < most; n++)
			do
				to[n] = (uint8_t)roll(d, 256);
			while (!(t->class[e->class].has[to[n] / 8] >> to[n] % 8 & 1));
		return n;
	case ELEM_COUNTED:
		most = e->min + roll(d, e->max - e->min + 1);
		for (to[n++] = (uint8_t)most; n <= most; n++)
			to[n] = (uint8_t)word[roll(d, sizeof word - 1)];
		return n;
	case ELEM_LEN:
		if (e->format == FMT_TEXT) {
			for (most = e->min > 0 ? e->min : 1 + roll(d, 3); n < most; n++)
				to[n] = (uint8_t)('0' + roll(d, 10));
			return n;
		}
		/* fall through */
	case ELEM_ANY:
		for (; n < e->min; n++)
			to[n] = (uint8_t)word[roll(d, sizeof word - 1)];
		return n;
	default:
		for (most = roll(d, 8); n < most; n++)
			to[n] = (uint8_t)word[roll(d, sizeof word - 1)];
		return n;
	}
}

enum { RANDOM_MESSAGE = 4096 };

/* A message that fits some template, changed by one to three edits in half of the cases. */
static inline size_t
random_message(const struct text *t, struct dice *d, uint8_t to[RANDOM_MESSAGE])
{
	const struct text_template *tpl = &t->template[roll(d, t->ntemplate)];
	size_t n = 0;

	for (uint32_t k = 0; k < tpl->nelem && n < RANDOM_MESSAGE / 2; k++)
		n += fit_element(t, &tpl->elem[k], d, to + n);
	for (uint32_t edits = roll(d, 2) * (1 + roll(d, 3)); edits-- > 0 && n > 0;) {
		size_t at = roll(d, (uint32_t)n);

		switch (roll(d, 4)) {
		case 0:
			to[at] = (uint8_t)"AB1a \r\n\0\xff"[roll(d, 9)];
			break;
		case 1:
			memmove(to + at, to + at + 1, n - at - 1);
			n--;
			break;
		case 2:
			memmove(to + at + 1, to + at, n - at);
			n++;
			break;
		default:
			n = at + 1;
		}
	}
	return n;
}
