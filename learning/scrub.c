#include "learning/scrub.h"

#include "learning/secrets.h"
#include "models/prf.h"

enum {
	MIN_PIECE = 6,		/* bytes that a part of a word is known by as a secret, and not by chance */
	MAX_GROWN = 64,		/* of a secret to which a word grew */
	TURNS = 256,		/* until a made-up word is nobody else's; in the last half of them of all classes */
	ALPHABET = 62,
};

struct scrubber {
	struct pool *pool;
	uint64_t seed;
	const struct parts *parts;
	struct secrets is;
	struct intern made;	/* words that stand for secrets */
	struct span *instead;	/* per value: what stands for it, if it is a secret, */
	struct span *clean;	/* and the word without secrets; both empty until they are asked for */
	uint64_t places;	/* where words were replaced */
};

static unsigned
class_of(uint8_t b)
{
	return b >= '0' && b <= '9' ? 1 : b >= 'a' && b <= 'z' ? 2 : b >= 'A' && b <= 'Z' ? 3 : 0;
}

static size_t
put_class(char to[ALPHABET], size_t n, const char *class, size_t many)
{
	memcpy(to + n, class, many);
	return n + many;
}

/* The letters and digits that a made-up word takes: of the classes that the secret has. */
static size_t
alphabet_of(char to[ALPHABET], struct span w, bool widest)
{
	static const char digits[] = "0123456789", lower[] = "abcdefghijklmnopqrstuvwxyz",
		upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	bool has[4] = { false }, hex = true;
	size_t n = 0;

	for (size_t i = 0; i < w.n; i++) {
		has[class_of(w.p[i])] = true;
		hex &= class_of(w.p[i]) <= 1 || (w.p[i] | 0x20) <= 'f';
	}
	hex &= has[1] && has[2] != has[3] && !widest;
	if (has[1] || widest)
		n = put_class(to, n, digits, 10);
	if (has[2] || widest)
		n = put_class(to, n, lower, hex ? 6 : 26);
	if (has[3] || widest)
		n = put_class(to, n, upper, hex ? 6 : 26);
	return n;
}

/* As long as a secret, letters and digits drawn anew, everything else in its place. */
static struct span
draw(struct scrubber *s, struct span w, uint32_t value, uint32_t turn)
{
	uint8_t key[PRF_KEY] = { 0 }, *to = pool_copy(s->pool, w.p, w.n);
	uint32_t which[] = { value, turn };
	char alphabet[ALPHABET];
	size_t n = alphabet_of(alphabet, w, turn > TURNS / 2);
	uint64_t h;

	memcpy(key, &s->seed, sizeof s->seed);
	h = siphash(key, span_of(which, sizeof which));
	for (size_t i = 0; i < w.n; i++, h = hash_stir(h + i + 1))
		if (class_of(w.p[i]) != 0)
			to[i] = (uint8_t)alphabet[(h >> 32) % n];
	return span_of(to, w.n);
}

/* A word that nobody in the captures says, and that stands for no other secret. */
static struct span
make_up(struct scrubber *s, uint32_t value)
{
	struct span w = { 0 };
	bool taken = true;

	for (uint32_t turn = 0; taken && turn < TURNS; turn++) {
		w = draw(s, s->is.values.value[value], value, turn);
		taken = intern_find(&s->is.values, w) != INTERN_NONE || intern_find(&s->is.said, w) != INTERN_NONE ||
		    intern_find(&s->made, w) != INTERN_NONE;
	}
	intern_add(&s->made, w);
	return w;
}

static bool
is_secret(const struct scrubber *s, struct span w)
{
	uint32_t v = intern_find(&s->is.values, w);

	return v != INTERN_NONE && s->is.secret[v];
}

static bool
is_common(const struct scrubber *s, struct span w)
{
	uint32_t v = intern_find(&s->is.values, w);

	return v != INTERN_NONE && s->is.common[v];
}

/* Bytes at the beginning of a word that are a secret: all of it, or what a common word grew to. */
static size_t
secret_bytes(const struct scrubber *s, struct span w)
{
	for (size_t n = MIN_PIECE; n < MIN(w.n, (size_t)MAX_GROWN); n++)
		if (is_secret(s, span_sub(w, 0, n)) && is_common(s, span_sub(w, n, w.n - n)))
			return n;
	return is_secret(s, w) ? w.n : 0;
}

/* Writes what stands for the secret at the beginning of w to the same place of a copy; its bytes. */
static size_t
hide(struct scrubber *s, struct span w, uint8_t *to)
{
	size_t n = secret_bytes(s, w);
	uint32_t v = n == 0 ? 0 : intern_find(&s->is.values, span_sub(w, 0, n));

	if (n == 0)
		return 0;
	if (s->instead[v].n == 0)
		s->instead[v] = make_up(s, v);
	memcpy(to, s->instead[v].p, n);
	return n;
}

/* A word without the secret that it is, or that it has between other signs; itself if it has none. */
static struct span
clean_word(struct scrubber *s, struct span w)
{
	uint8_t *to = pool_copy(s->pool, w.p, w.n);
	size_t at = 0, hidden = hide(s, w, to);

	if (hidden > 0)
		return span_of(to, w.n);
	for (struct span piece; (piece = secrets_piece(w, &at)).n > 0;)
		if (piece.n >= MIN_PIECE)
			hidden += hide(s, piece, to + (piece.p - w.p));
	return hidden > 0 ? span_of(to, w.n) : w;
}

/* The same, asked once for each word. */
static struct span
cleaned_once(struct scrubber *s, struct span w)
{
	uint32_t v = intern_find(&s->is.values, w);

	if (v == INTERN_NONE)	/* it goes on behind the end of a message (exchange.h) */
		return clean_word(s, w);
	if (s->clean[v].n == 0)
		s->clean[v] = clean_word(s, w);
	return s->clean[v];
}

static struct span
clean_message(struct scrubber *s, struct span m)
{
	uint8_t *copy = NULL;
	struct secrets_walk walk = secrets_walk(s->parts, m);

	for (struct span w, by; (w = secrets_next(&walk)).n > 0;) {
		by = cleaned_once(s, w);
		if (span_eq(by, w))
			continue;
		if (copy == NULL)
			copy = pool_copy(s->pool, m.p, m.n);
		memcpy(copy + (w.p - m.p), by.p, by.n);
		s->places++;
	}
	return copy == NULL ? m : span_of(copy, m.n);
}

static void
clean_all(struct scrubber *s, struct corpus *c)
{
	c->messages = pool_copy(s->pool, c->messages, c->nmessages * sizeof *c->messages);
	s->instead = pool_array(s->pool, s->is.values.n + 1, sizeof *s->instead);
	s->clean = pool_array(s->pool, s->is.values.n + 1, sizeof *s->clean);
	for (uint32_t i = 0; i < c->nmessages; i++)
		if (c->messages[i].side == SIDE_CLIENT || s->parts->found)
			c->messages[i].bytes = clean_message(s, c->messages[i].bytes);
	c->report.secrets = s->made.n;
	c->report.secret_places = s->places;
}

const struct corpus *
scrub(struct pool *pool, const struct corpus *c, const struct exchanges *x, uint64_t seed)
{
	struct scrubber s = { .pool = pool, .seed = seed, .parts = &x->client_lexer.parts };
	struct corpus *out = pool_copy(pool, c, sizeof *c);

	intern_init(&s.made, pool);
	secrets_find(&s.is, pool, c, x);
	clean_all(&s, out);
	return out;
}
