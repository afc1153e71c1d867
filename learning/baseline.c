#include "learning/baseline.h"

#include <stdlib.h>

#include "learning/refuser.h"

/* What a table looks up, most first. */
enum level { LEVEL_ALL, LEVEL_WORD_KIND, LEVEL_WORD_COUNT, LEVEL_WORD, LEVEL_KIND, LEVEL_NONE, LEVELS };

enum { KEY_BYTES = 128, WORD_BYTES = 64 };

struct seen {				/* once in the learned part */
	uint32_t key, klass;		/* interned */
};

struct learner {
	struct pool *pool;
	const struct klass *klass;
	struct intern keys, classes;
	struct seen *seen;
	uint32_t nseen;
	struct heard *heard;		/* answers to text */
	uint32_t nheard, nasked;	/* nasked: to anything */
	uint32_t *usual;		/* by key: its most usual class */
};

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* First word and number of words; where replies repeat the first word, it is a tag: the second. */
static struct span
first_word(const struct klass *k, struct span m, uint32_t *count)
{
	struct span first = { 0 };
	size_t i = 0;

	*count = 0;
	if (m.n == 0)
		return first;
	if (!klass_is_text(m)) {
		*count = (uint32_t)m.n;
		return span_sub(m, 0, 1);
	}
	while (i < m.n) {
		size_t from;

		while (i < m.n && is_blank(m.p[i]))
			i++;
		for (from = i; i < m.n && !is_blank(m.p[i]); i++)
			;
		if (i > from && (*count == 0 || (*count == 1 && k->word.echoes)))
			first = span_sub(m, from, MIN(i - from, (size_t)WORD_BYTES));
		*count += i > from;
	}
	return first;
}

static struct span
key_of(uint8_t key[KEY_BYTES], enum level level, struct span word, uint32_t count,
    const struct klass_name *before)
{
	size_t n = 0;

	key[n++] = (uint8_t)level;
	if (level <= LEVEL_WORD) {
		memcpy(key + n, word.p == NULL ? (const uint8_t *)"" : word.p, word.n);
		n += word.n;
		key[n++] = '\n';
	}
	if (level == LEVEL_ALL || level == LEVEL_WORD_COUNT) {
		memcpy(key + n, &count, sizeof count);
		n += sizeof count;
	}
	if (level == LEVEL_ALL || level == LEVEL_WORD_KIND || level == LEVEL_KIND) {
		memcpy(key + n, before->b, before->n);
		n += before->n;
	}
	return span_of(key, n);
}

static uint32_t
intern(struct pool *pool, struct intern *in, struct span s)
{
	uint32_t id = intern_find(in, s);

	return id != INTERN_NONE ? id : intern_add(in, span_of(pool_copy(pool, s.p, s.n), s.n));
}

static void
learn_conversation(struct learner *l, const struct klass_pair *pair, uint32_t n)
{
	struct klass_name before = { 0 };
	uint32_t kind_before = REFUSER_NONE;
	uint8_t key[KEY_BYTES];

	for (uint32_t i = 0; i < n; i++) {
		struct klass_name name = klass_of(l->klass, &pair[i]);
		uint32_t count, klass = intern(l->pool, &l->classes, span_of(name.b, name.n));
		struct span word = first_word(l->klass, pair[i].asked, &count);

		for (enum level level = 0; level < LEVELS; level++)
			l->seen[l->nseen++] = (struct seen){ intern(l->pool, &l->keys,
			    key_of(key, level, word, count, &before)), klass };
		if (word.n > 0 && klass_is_text(pair[i].asked))
			l->heard[l->nheard++] = (struct heard){ l->seen[l->nseen - LEVELS + LEVEL_WORD].key,
				klass, kind_before };
		l->nasked += pair[i].asked.n > 0;
		kind_before = klass;
		before = name;
	}
}

static int
seen_cmp(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	return x->key != y->key ? (x->key > y->key) - (x->key < y->key)
	    : (x->klass > y->klass) - (x->klass < y->klass);
}

/* The most usual class of every key; of equal ones that which was met first. */
static void
find_usual(struct learner *l)
{
	uint32_t *most = pool_array(l->pool, l->keys.n + 1, sizeof *most);

	l->usual = pool_array(l->pool, l->keys.n + 1, sizeof *l->usual);
	qsort(l->seen, l->nseen, sizeof *l->seen, seen_cmp);
	for (uint32_t i = 0, from = 0; i < l->nseen; i++) {
		const struct seen *s = &l->seen[i];

		if (s->key != l->seen[from].key || s->klass != l->seen[from].klass)
			from = i;
		if (i - from + 1 > most[s->key]) {
			most[s->key] = i - from + 1;
			l->usual[s->key] = s->klass;
		}
	}
}

/* Where clients do not talk in words there is none to be found, nor one in a reply of no kind. */
static uint32_t
find_refusal(const struct learner *l)
{
	uint32_t kind = 2 * l->nheard < l->nasked ? REFUSER_NONE
	    : refuser_find(l->pool, l->heard, l->nheard, l->keys.n, l->classes.n);

	return kind == REFUSER_NONE || l->classes.value[kind].n == 0 ? REFUSER_NONE : kind;
}

/* Its id, or INTERN_NONE when nothing was learned. */
static uint32_t
look_up(const struct learner *l, struct span asked, const struct klass_name *before)
{
	uint8_t key[KEY_BYTES];
	uint32_t count, id = INTERN_NONE;
	struct span word = first_word(l->klass, asked, &count);

	for (enum level level = 0; level < LEVELS && id == INTERN_NONE; level++)
		id = intern_find(&l->keys, key_of(key, level, word, count, before));
	return id == INTERN_NONE ? id : l->usual[id];
}

static void
add_talk(struct baseline_score *to, uint32_t right, uint32_t all)
{
	to->class_messages += right;
	to->class_conversations += right == all;
}

static void
judge_talk(struct baselines *out, const struct learner *l, uint32_t refusal,
    const struct eval_line *line, uint32_t n)
{
	struct klass_name before = { 0 };
	uint32_t refuser = 0, table = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t real = intern_find(&l->classes, span_of(line[i].klass.b, line[i].klass.n));
		uint32_t said = look_up(l, line[i].play->asked, &before);

		table += real != INTERN_NONE && said == real;
		refuser += real != INTERN_NONE && (line[i].play->asked.n == 0 ? said : refusal) == real;
		before = line[i].klass;
	}
	add_talk(&out->table, table, n);
	add_talk(&out->refuser, refuser, n);
}

void
baselines_judge(struct baselines *out, struct pool *pool, const struct corpus *c,
    const bool *learned, const struct eval_report *r)
{
	struct klass_pair *pair = pool_array(pool, c->nmessages + 1, sizeof *pair);
	struct learner l = { .pool = pool, .klass = &r->klass };
	uint32_t refusal;

	*out = (struct baselines){ 0 };
	intern_init(&l.keys, pool);
	intern_init(&l.classes, pool);
	l.seen = pool_array(pool, (size_t)c->nmessages * LEVELS + 1, sizeof *l.seen);
	l.heard = pool_array(pool, c->nmessages + 1, sizeof *l.heard);
	for (uint32_t i = 0; i < c->nconversations; i++)
		if (learned[i])
			learn_conversation(&l, pair, klass_pairs(pair, c, i));
	find_usual(&l);
	refusal = find_refusal(&l);
	out->refuses = refusal != REFUSER_NONE;
	if (out->refuses) {
		out->refusal.n = (uint8_t)l.classes.value[refusal].n;
		memcpy(out->refusal.b, l.classes.value[refusal].p, out->refusal.n);
	}
	for (uint32_t i = 0; i < r->conversations; i++) {
		uint32_t end = i + 1 < r->conversations ? r->talk[i + 1].line : r->nlines;

		judge_talk(out, &l, refusal, &r->line[r->talk[i].line], end - r->talk[i].line);
	}
}
