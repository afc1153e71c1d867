/*
 * The compiled path against tests/naive.c, and against itself cut into pieces: random models
 * and those in tests/data/models, 100,000 messages each way.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>

#include "models/session.h"
#include "tests/model_of.h"
#include "tests/naive.h"
#include "tests/random_model.h"

/* Conversation of the compiled model beside that of the naive one. */
struct both {
	const char *name;
	const struct text *t;
	struct model *m;
	struct session s;
	struct arena a;
	struct fields f;
	struct naive naive;
	struct session_env env;
};

static void
both_init(struct both *b, const char *name, const struct text *t, struct model *m, struct dice *d)
{
	*b = (struct both){ .name = name, .t = t, .m = m };
	b->env = (struct session_env){
		.own = addr_v4(0xc6130000 + roll(d, 65536)), .peer = addr_v4(0xc0000200 + roll(d, 256)),
		.own_port = (uint16_t)roll(d, 65536), .peer_port = (uint16_t)roll(d, 65536),
		.connection = roll(d, 3), .now_ms = (int64_t)roll(d, 1u << 31) * 1000 + roll(d, 1000),
		.channel = roll(d, 2) == 0,
	};
	if (roll(d, 4) == 0)		/* IPv6 */
		b->env.own.b[0] = 0x20;
	for (size_t i = 0; i < sizeof b->env.key && roll(d, 4) > 0; i++)
		b->env.key[i] = (uint8_t)roll(d, 256);
	session_init(&b->s, m);
	naive_init(&b->naive, t, &b->env);
}

static void
show(const struct both *b, struct span message)
{
	char *text;
	size_t n;

	text_print(b->t, &text, &n);
	fprintf(stderr, "%s\nmessage:", text);
	for (size_t i = 0; i < message.n; i++)
		fprintf(stderr, " %02x", message.p[i]);
	fprintf(stderr, "\n");
	free(text);
}

static uint8_t said[MODEL_REPLY_BYTES];

/* All datagrams or the whole stream into said. */
static size_t
render_all(const struct both *b, const struct fields *f, size_t *ends, uint32_t *nends)
{
	size_t n = 0, boundary = 0;

	*nends = 0;
	while (n < b->s.out_len) {
		size_t got = session_render(&b->s, f, b->m, &b->env, n, said + n, sizeof said - n, &boundary);

		if (got == 0 || boundary != n + got)
			return SIZE_MAX;
		n += got;
		if (*nends < 64)
			ends[(*nends)++] = n;
	}
	return n;
}

/* The same bytes in windows, and from the arena alone when the turn does not ask to freeze. */
static bool
renders_again(const struct both *b, const struct turn *t, size_t n, struct dice *d)
{
	struct fields later;
	uint8_t piece[64];

	session_fields(&later, &b->s, &b->a, b->m);
	for (int k = 0; k < 3 && n > 0; k++) {
		size_t from = roll(d, (uint32_t)n), room = 1 + roll(d, sizeof piece), boundary;
		size_t got = session_render(&b->s, t->freeze ? &b->f : &later, b->m, &b->env, from, piece,
		    room, &boundary);

		if (got != MIN(room, boundary - from) || memcmp(piece, said + from, got) != 0)
			return false;
	}
	return true;
}

/* Did both do the same? */
static bool
same_turn(const struct both *b, const struct turn *t, const struct naive_turn *want, bool message,
    struct dice *d)
{
	size_t ends[64];
	uint32_t nends, n = 0;
	size_t bytes = render_all(b, &b->f, ends, &nends);

	if (message && (t->match != want->match || t->template != want->template))
		return false;
	if (b->s.state != b->naive.state || b->s.turn != b->naive.turn)
		return false;
	if (want->taken && (t->close != want->close || t->reset != want->reset ||
	    t->pending != want->pending || t->delay_ms != want->delay_ms || t->open != want->open ||
	    t->take != want->take || t->send != want->send))
		return false;
	if (bytes != want->n || t->out_len != want->n || (bytes > 0 && memcmp(said, want->out, bytes) != 0))
		return false;
	for (uint32_t i = 0; b->t->proto == MODEL_UDP && i < want->datagrams; i++)
		if (want->datagram[i] > (i > 0 ? want->datagram[i - 1] : 0) && want->datagram[i] <= bytes &&
		    (n >= nends || ends[n++] != want->datagram[i]))
			return false;
	return renders_again(b, t, bytes, d);
}

static void
step(struct both *b, struct dice *d)
{
	uint8_t message[RANDOM_MESSAGE];
	struct span in = { message, 0 };
	struct naive_turn want;
	struct turn t;
	bool is_message = roll(d, 8) > 0;

	if (is_message) {
		in.n = random_message(b->t, d, message);
		cr_assert_eq(session_feed(&b->s, &b->a, b->m, &b->env, in, FEED_DATAGRAM, &b->f, &t), in.n);
		cr_assert(t.taken);
		naive_message(&b->naive, in, &want);
	} else {
		static const enum event_kind kinds[] = { EVENT_CONNECT, EVENT_SILENCE, EVENT_FIN, EVENT_CHANNEL };
		enum event_kind kind = kinds[roll(d, ARRAY_LEN(kinds))];
		uint32_t arg = kind == EVENT_SILENCE ? 500 + roll(d, 3000) :
		    kind == EVENT_CHANNEL ? roll(d, CHANNEL_NEWS_N) : 0;

		session_event(&b->s, &b->a, b->m, &b->env, kind, arg, &b->f, &t);
		naive_event(&b->naive, kind, arg, &want);
		cr_assert_eq(t.taken, want.taken);
		if (!t.taken) {
			naive_turn_fini(&want);
			return;
		}
	}
	if (!same_turn(b, &t, &want, is_message, d)) {
		show(b, in);
		cr_assert_fail("%s: turn %u: match %d/%d template %d/%d state %u/%u bytes %zu '%.*s' / %zu '%.*s'",
		    b->name, b->s.turn, t.match, want.match, t.template, want.template, b->s.state,
		    b->naive.state, (size_t)t.out_len, (int)MIN(t.out_len, 200u), (char *)said, want.n,
		    (int)MIN(want.n, (size_t)200), (char *)want.out);
	}
	naive_turn_fini(&want);
}

static unsigned compared;	/* models */

static void
compare(const char *name, const struct text *t, unsigned conversations, unsigned steps, struct dice *d)
{
	struct span image = image_of(t);
	struct model *m;
	int err = model_from_bytes(&m, name, image, NULL);

	free((void *)image.p);
	if (err == -EOPNOTSUPP)		/* host state or another channel: not executed yet */
		return;
	cr_assert_eq(err, 0, "%s", name);
	compared++;
	while (conversations-- > 0) {
		struct both b;

		both_init(&b, name, t, m, d);
		for (unsigned i = 0; i < steps; i++)
			step(&b, d);
		naive_fini(&b.naive);
	}
	model_destroy(m);
}

Test(engine, does_what_the_naive_interpreter_does_for_random_models)
{
	struct dice d = { 88172645463325252u };
	uint32_t refused = 0;

	for (unsigned i = 0; i < 1000; i++) {
		struct text t = random_model(&d, i % 3 == 0, &refused);

		compare("random", &t, 5, 20, &d);
		text_fini(&t);
	}
	cr_expect_lt(refused, 20000u);
}

Test(engine, does_what_the_naive_interpreter_does_for_two_machines)
{
	struct dice d = { 32416190071u };
	uint32_t refused = 0;

	for (unsigned i = 0; i < 1000; i++) {
		struct text t = random_pair(&d, i % 3 == 0, &refused);

		compare("pair", &t, 5, 20, &d);
		text_fini(&t);
	}
}

/* Every model of the tests. */
static void
each_model(void (*f)(const char *name, const struct text *t, struct dice *d))
{
	struct dice d = { 2463534242u };
	DIR *dir = opendir(TEST_ROOT "/tests/data/models");
	struct dirent *e;

	cr_assert_not_null(dir);
	while ((e = readdir(dir)) != NULL) {
		char path[1024], *text;
		struct text t;

		if (strstr(e->d_name, ".txt") == NULL)
			continue;
		snprintf(path, sizeof path, TEST_ROOT "/tests/data/models/%s", e->d_name);
		text = file_of(path);
		t = text_of(text);
		f(e->d_name, &t, &d);
		text_fini(&t);
		free(text);
	}
	closedir(dir);
}

static void
compare_many(const char *name, const struct text *t, struct dice *d)
{
	compare(name, t, 2000, 50, d);
}

Test(engine, does_what_the_naive_interpreter_does_for_the_models_of_the_tests)
{
	each_model(compare_many);
	cr_expect_geq(compared, 3);
}

enum { STREAM = 8192 };

/* What a conversation said and did, as one run of bytes: two runs are equal or differ here. */
struct transcript {
	uint8_t p[1 << 18];
	size_t n;
};

static void
note(struct transcript *to, const void *p, size_t n)
{
	cr_assert_leq(to->n + n, sizeof to->p);
	memcpy(to->p + to->n, p, n);
	to->n += n;
}

/*
 * Feeds a stream in pieces that end at cut[]; every piece ends in a segment, the last one with
 * PSH and the peer's FIN. A piece of a message that is not complete comes again with the next.
 */
static void
feed_pieces(const char *name, const struct text *t, const struct model *m, struct span stream,
    const size_t *cut, unsigned ncuts, struct transcript *to)
{
	struct both b;
	struct dice d = { 1 };
	size_t done = 0;

	both_init(&b, name, t, (struct model *)m, &d);
	to->n = 0;
	for (unsigned i = 0; i <= ncuts; i++) {
		size_t end = i < ncuts ? cut[i] : stream.n;
		unsigned flags = i < ncuts ? 0 : FEED_PUSH | FEED_END;

		while (done < end) {
			struct turn turn;
			size_t ends[64], bytes, used;
			uint32_t nends;

			if (b.s.msg_len == end - done && i < ncuts)
				break;	/* nothing new in this piece */
			used = session_feed(&b.s, &b.a, m, &b.env, span_sub(stream, done, end - done), flags,
			    &b.f, &turn);
			cr_assert_leq(used, end - done);
			if (!turn.taken) {
				cr_assert_eq(used, end - done);
				break;
			}
			done += used;
			bytes = render_all(&b, &b.f, ends, &nends);
			note(to, &done, sizeof done);
			note(to, (int32_t[]){ turn.match, turn.conf, turn.template, (int32_t)turn.out_len,
			    turn.close, turn.reset, turn.pending, turn.freeze, (int32_t)turn.delay_ms },
			    9 * sizeof(int32_t));
			note(to, &b.s.state, sizeof b.s.state);
			note(to, &b.a, sizeof b.a.used + b.a.used);
			note(to, said, bytes);
		}
	}
	naive_fini(&b.naive);
}

static int
by_size(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return (x > y) - (x < y);
}

/* One stream whole, byte by byte, and at 20 random cuts, three times. */
static void
cut_stream(const char *name, const struct text *t, const struct model *m, struct dice *d)
{
	static struct transcript whole, other;
	static uint8_t stream[STREAM];
	static size_t cut[STREAM];
	size_t n = 0;

	for (unsigned i = 0; i < 8; i++)
		n += random_message(t, d, stream + n);
	feed_pieces(name, t, m, span_of(stream, n), NULL, 0, &whole);
	for (size_t i = 0; i < n; i++)
		cut[i] = i;
	feed_pieces(name, t, m, span_of(stream, n), cut, (unsigned)n, &other);
	cr_assert(whole.n == other.n && memcmp(whole.p, other.p, whole.n) == 0, "%s: byte by byte", name);
	for (unsigned k = 0; k < 3 && n > 0; k++) {
		for (unsigned i = 0; i < 20; i++)
			cut[i] = roll(d, (uint32_t)n);
		qsort(cut, 20, sizeof *cut, by_size);
		feed_pieces(name, t, m, span_of(stream, n), cut, 20, &other);
		cr_assert(whole.n == other.n && memcmp(whole.p, other.p, whole.n) == 0, "%s: 20 cuts", name);
	}
}

Test(engine, takes_the_same_turns_however_the_stream_is_cut)
{
	struct dice d = { 362436069u };
	uint32_t refused = 0;

	for (unsigned i = 0; i < 1000; i++) {
		struct text t = i % 2 == 0 ? random_model(&d, false, &refused) : random_pair(&d, false, &refused);
		struct model *m = model_of_text(&t);

		for (unsigned k = 0; k < 5; k++)
			cut_stream("random", &t, m, &d);
		model_destroy(m);
		text_fini(&t);
	}
}

Test(engine, the_same_text_gives_the_same_image_and_comes_back_out_of_it)
{
	struct dice d = { 521288629u };
	uint32_t refused = 0;

	for (unsigned i = 0; i < 200; i++) {
		struct text t = i % 4 < 2 ? random_model(&d, i % 2, &refused) : random_pair(&d, i % 2, &refused), again;
		struct span one = image_of(&t), two = image_of(&t), three;
		struct model *m = model_of_text(&t);
		char *text, *canonical;
		size_t n, ncanonical;

		cr_assert(span_eq(one, two));
		cr_assert_eq(model_text(m, &text, &n, NULL), 0);
		cr_assert_eq(text_print(&t, &canonical, &ncanonical), 0);
		cr_assert(span_eq(span_of(text, n), span_of(canonical, ncanonical)));
		again = text_of(text);
		three = image_of(&again);
		cr_assert(span_eq(one, three));
		model_destroy(m);
		text_fini(&t);
		text_fini(&again);
		free(text);
		free(canonical);
		free((void *)one.p);
		free((void *)two.p);
		free((void *)three.p);
	}
}
