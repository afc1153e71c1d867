#include "learning/answers.h"

#include <stdlib.h>

#include "learning/intern.h"

enum {
	GRAM = 4,		/* bytes that are rare enough together, wherever they stand */
	PLACED = 16,		/* two bytes are, at one of the first places */
	RARE = 2,		/* conversations that may say a rare one, */
	RARE_SHARE = 200,	/* and one in so many of all */
	OFTEN = 32,		/* questions of a conversation that share it, to tell nothing */
	NEWS = 4,		/* a question with as many new grams is known by them, */
	CLEARLY = 2 * NEWS,	/* with fewer than these perhaps by common ones: one byte is four grams */
	REPEATING_PERCENT = 75,	/* the rest may be their own */
	REPEATING_LOOK = 1000,	/* conversations looked at for that */
	TRIES = 4,		/* questions looked at for one datagram */
	SAME_PERCENT = 90,	/* of what the first answer repeated, for a further one */
	MIN_BUCKETS = 1 << 12, MAX_BUCKETS = 1 << 22,
};

struct gram {
	uint64_t hash;
	uint32_t question;
};

struct question {		/* equal datagrams of one conversation are one; also what the server says */
	bool server;
	uint32_t waiting;	/* message: the oldest not answered, or NO_QUESTION */
	uint32_t newest;	/* message; NO_QUESTION: not asked yet */
	uint32_t news;		/* rare grams that no question before it has */
	struct gram *first;	/* what its first answer repeated of it, by hash */
	uint32_t nfirst;
	uint32_t hits;		/* grams of it alone in the datagram looked at */
	double shared;		/* grams of several, each one's share of it */
	uint32_t holds;		/* of another question's first */
	bool no;		/* the datagram is no answer to it */
};

struct finder {
	struct pool *pool;
	const struct corpus *c;
	struct answers *out;
	uint16_t *said;		/* by bucket: conversations whose client said it */
	uint32_t nbuckets, most;
	struct gram *one;	/* scratch: grams of one datagram */
	struct gram *two;	/* likewise, of another */
	uint32_t *began;	/* by bucket: in which conversation it was said last, and who began with it there */
	/* of the conversation under way */
	struct question *question;
	uint32_t *group, *next;	/* per message: its question, the next equal one */
	struct gram *rare;	/* by hash, then question */
	uint32_t nrare;
	uint32_t *touched, ntouched;	/* questions that share something with the datagram */
};

static int
gram_cmp(const void *a, const void *b)
{
	const struct gram *x = a, *y = b;

	return x->hash != y->hash ? (x->hash > y->hash) - (x->hash < y->hash)
				  : (x->question > y->question) - (x->question < y->question);
}

/* Grams of a datagram, each once, ascending; returns their number. */
static uint32_t
grams_of(struct gram *g, struct span m)
{
	uint32_t n = 0, kept = 0;

	for (size_t i = 0; i + GRAM <= m.n; i++)
		g[n++] = (struct gram){ span_hash(span_sub(m, i, GRAM), 0), 0 };
	for (size_t i = 0; i + 2 <= m.n && i < PLACED; i++)
		g[n++] = (struct gram){ span_hash(span_sub(m, i, 2), 1 + i), 0 };
	qsort(g, n, sizeof *g, gram_cmp);
	for (uint32_t i = 0; i < n; i++)
		if (kept == 0 || g[i].hash != g[kept - 1].hash)
			g[kept++] = g[i];
	return kept;
}

/* Where hashes meet in a bucket, grams seem less rare than they are. */
static uint16_t *
said_by(const struct finder *f, uint64_t hash)
{
	return &f->said[hash & (f->nbuckets - 1)];
}

static void
count_grams(struct finder *f)
{
	const struct corpus *c = f->c;
	uint32_t *last = pool_array(f->pool, f->nbuckets, sizeof *last);

	f->said = pool_array(f->pool, f->nbuckets, sizeof *f->said);
	for (uint32_t i = 0; i < c->nconversations; i++) {
		const struct conversation *conv = &c->conversations[i];

		for (uint32_t j = conv->first; j < conv->first + conv->n; j++) {
			uint32_t n = c->messages[j].side == SIDE_SERVER ? 0
			    : grams_of(f->one, c->messages[j].bytes);

			for (uint32_t k = 0; k < n; k++) {
				uint16_t *said = said_by(f, f->one[k].hash);

				if (last[said - f->said] != i + 1 && *said < UINT16_MAX)
					++*said;
				last[said - f->said] = i + 1;
			}
		}
	}
	f->most = MAX((uint32_t)RARE, c->nconversations / RARE_SHARE);
}

/*
 * Of each rare gram, in the order of hashes: who said it, in the order of first sight. What the
 * server said first is nobody's news when a client repeats it.
 */
static void
keep_news(struct finder *f)
{
	uint32_t kept = 0;

	qsort(f->rare, f->nrare, sizeof *f->rare, gram_cmp);
	for (uint32_t i = 0, first = 0; i < f->nrare; i++) {
		struct gram g = f->rare[i];

		if (i == 0 || g.hash != f->rare[i - 1].hash) {
			first = g.question;
			f->question[first].news++;
		}
		if (!f->question[first].server && !f->question[g.question].server)
			f->rare[kept++] = g;
	}
	f->nrare = kept;
}

/* The questions of a conversation and their rare grams. */
static void
index_questions(struct finder *f, const struct message *m, uint32_t n)
{
	struct intern seen;
	uint32_t *number = pool_array(f->pool, n, sizeof *number), nquestions = 0;

	intern_init(&seen, f->pool);
	f->nrare = f->ntouched = 0;
	for (uint32_t i = 0; i < n; i++) {
		bool server = m[i].side == SIDE_SERVER;
		uint32_t ngrams, distinct = seen.n, same;

		f->group[i] = f->next[i] = NO_QUESTION;
		if (m[i].bytes.n == 0)
			continue;
		same = server ? distinct : intern_add(&seen, m[i].bytes);
		if (!server && same < distinct) {
			f->group[i] = number[same];
			continue;
		}
		if (!server)
			f->group[i] = number[same] = nquestions;
		f->question[nquestions] = (struct question){ .server = server,
			.waiting = NO_QUESTION, .newest = NO_QUESTION };
		ngrams = grams_of(f->one, m[i].bytes);
		for (uint32_t k = 0; k < ngrams; k++)
			if (*said_by(f, f->one[k].hash) <= f->most)
				f->rare[f->nrare++] = (struct gram){ f->one[k].hash, nquestions };
		nquestions++;
	}
	keep_news(f);
}

/* Questions asked so far that hold a rare gram: their number, and the first in *at. */
static uint32_t
find_rare(const struct finder *f, uint64_t hash, uint32_t *at)
{
	uint32_t lo = 0, hi = f->nrare, n = 0;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (f->rare[mid].hash < hash)
			lo = mid + 1;
		else
			hi = mid;
	}
	*at = lo;	/* questions are numbered as they were first asked */
	while (lo + n < f->nrare && f->rare[lo + n].hash == hash && n <= OFTEN &&
	    f->question[f->rare[lo + n].question].newest != NO_QUESTION)
		n++;
	return n;
}

/* What a datagram repeats of each question; its grams stay in f->one, and their number is returned. */
static uint32_t
look_up(struct finder *f, struct span m)
{
	uint32_t n = grams_of(f->one, m);

	for (uint32_t i = 0; i < f->ntouched; i++) {
		struct question *q = &f->question[f->touched[i]];

		q->hits = 0;
		q->shared = 0;
		q->no = false;
	}
	f->ntouched = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at, same = find_rare(f, f->one[i].hash, &at);

		for (uint32_t k = 0; k < same && same <= OFTEN; k++) {
			struct question *q = &f->question[f->rare[at + k].question];

			if (q->hits == 0 && q->shared == 0)
				f->touched[f->ntouched++] = f->rare[at + k].question;
			q->hits += same == 1;
			q->shared += same > 1 ? 1.0 / same : 0;
		}
	}
	return n;
}

/* Of those it may answer, the question that a datagram repeats most of, the newest of several. */
static struct question *
most_repeated(const struct finder *f)
{
	struct question *best = NULL;

	for (uint32_t i = 0; i < f->ntouched; i++) {
		struct question *q = &f->question[f->touched[i]];

		if (!q->no && (best == NULL || q->hits > best->hits || (q->hits == best->hits &&
		    (q->shared > best->shared || (q->shared == best->shared && q->newest > best->newest)))))
			best = q;
	}
	return best;
}

/* The first answer to q: keeps what it repeats of q, of its n grams. */
static void
keep_first(struct finder *f, struct question *q, uint32_t n)
{
	q->first = pool_array(f->pool, n + 1, sizeof *q->first);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at, same = find_rare(f, f->one[i].hash, &at);

		for (uint32_t k = 0; k < same && same <= OFTEN; k++)
			if (&f->question[f->rare[at + k].question] == q)
				q->first[q->nfirst++] = f->one[i];
	}
}

/*
 * Do the n grams of a further answer to q repeat what the first one did: of all of it, and of what
 * no other question holds by now?
 */
static bool
repeats_alike(const struct finder *f, const struct question *q, uint32_t n)
{
	uint32_t same = 0, alone = 0, same_alone = 0;

	for (uint32_t i = 0, j = 0; j < q->nfirst; j++) {
		uint32_t at, only = find_rare(f, q->first[j].hash, &at) == 1;
		bool has;

		while (i < n && f->one[i].hash < q->first[j].hash)
			i++;
		has = i < n && f->one[i].hash == q->first[j].hash;
		same += has;
		alone += only;
		same_alone += has && only;
	}
	return same * 100ull >= q->nfirst * (uint64_t)SAME_PERCENT &&
	    same_alone * 100ull >= alone * (uint64_t)SAME_PERCENT;
}

/*
 * A further answer to q: what made the server give it? The newest question since that holds what
 * the first answer repeated (a request to end what q began, say), or q.
 */
static struct question *
moved_by(const struct finder *f, struct question *q)
{
	struct question *best = q;

	for (unsigned pass = 0; pass < 2; pass++) {	/* count, then forget */
		for (uint32_t j = 0; j < q->nfirst; j++) {
			uint32_t at, n = find_rare(f, q->first[j].hash, &at);

			for (uint32_t k = 0; k < n && n <= OFTEN; k++) {
				struct question *d = &f->question[f->rare[at + k].question];

				d->holds = pass == 0 ? d->holds + 1 : 0;
				if (d->newest > best->newest &&
				    d->holds * 100ull >= q->nfirst * (uint64_t)SAME_PERCENT)
					best = d;
			}
		}
	}
	return best;
}

/* Conversations from 1 on, and the side; 0: nobody yet. */
static uint32_t
speaker(uint32_t conversation, enum side side)
{
	return 2 * (conversation + 1) + (side == SIDE_SERVER);
}

/* From now on its grams are no news in this conversation. */
static void
note_said(struct finder *f, uint32_t conversation, const struct message *m)
{
	uint32_t n = grams_of(f->two, m->bytes);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t *began = &f->began[f->two[i].hash & (f->nbuckets - 1)];

		if (*began / 2 != conversation + 1)
			*began = speaker(conversation, m->side);
	}
}

/* How many of the datagram's n grams (f->one), rare or not, a question holds, but for those the server began with. */
static uint32_t
common_grams(const struct finder *f, uint32_t conversation, uint32_t n, struct span question)
{
	uint32_t others = grams_of(f->two, question), same = 0;

	for (uint32_t i = 0, j = 0; i < n; i++) {
		while (j < others && f->two[j].hash < f->one[i].hash)
			j++;
		same += j < others && f->two[j].hash == f->one[i].hash &&
		    f->began[f->one[i].hash & (f->nbuckets - 1)] == speaker(conversation, SIDE_CLIENT);
	}
	return same;
}

/*
 * Where the rare grams that a datagram repeats are those of several questions of one matter: the question of which it
 * repeats clearly most, rare or not; NULL: that does not tell either, or much news of it would not come back. top: the
 * one that most_repeated() gave.
 */
static struct question *
told_apart(struct finder *f, uint32_t conversation, const struct message *m, const struct question *top,
    uint32_t n)
{
	struct question *best = NULL;
	uint32_t most = 0, next = 0;

	for (uint32_t i = 0; i < f->ntouched && top->hits == 0; i++) {
		struct question *q = &f->question[f->touched[i]];
		uint32_t same;

		if (q->shared * 100 < top->shared * SAME_PERCENT)
			continue;
		same = common_grams(f, conversation, n, m[q->newest].bytes);
		next = same > most ? most : MAX(next, same);
		best = same > most ? q : best;
		most = MAX(most, same);
	}
	if (most < next + CLEARLY)
		return NULL;
	return best->first == NULL ? (best->news < CLEARLY ? best : NULL) : repeats_alike(f, best, n) ? best : NULL;
}

static uint32_t
give(struct finder *f, struct question *q)
{
	uint32_t asked = q->waiting;

	if (asked == NO_QUESTION)
		return q->newest;
	q->waiting = f->next[asked];
	return asked;
}

/* The datagram with n grams answers q, or for q's sake a newer question. */
static uint32_t
give_answer(struct finder *f, struct question *q, uint32_t n)
{
	if (q->first != NULL)
		return give(f, moved_by(f, q));
	keep_first(f, q, n);
	return give(f, q);
}

/* Message i of a conversation, the k-th of n in a row from the server, after a row of asked. */
static uint32_t
question_of(struct finder *f, uint32_t conversation, uint32_t i, uint32_t k, uint32_t n,
    uint32_t asked, bool *guess)
{
	const struct message *m = f->c->messages + f->c->conversations[conversation].first;
	uint32_t ngrams = look_up(f, m[i].bytes), before = i - k - asked + MIN(k, asked - 1);
	struct question *q = most_repeated(f);
	bool news = false;

	*guess = false;
	if (q != NULL && f->out->repeating && (q = told_apart(f, conversation, m, q, ngrams)) != NULL)
		return give_answer(f, q, ngrams);
	for (unsigned tries = 0; tries < TRIES && (q = most_repeated(f)) != NULL; tries++) {
		if (q->hits == 0 && !f->out->repeating)
			break;
		q->no = q->first == NULL ? q->hits == 0 && q->news >= NEWS : !repeats_alike(f, q, ngrams);
		if (!q->no)
			return give_answer(f, q, ngrams);
		news = true;
	}
	if (news && f->out->repeating)
		return NO_QUESTION;
	if (asked == 0)
		return NO_QUESTION;
	*guess = asked > 1 && n != asked;
	if (f->group[before] == NO_QUESTION)
		*guess = true;
	else if (f->question[f->group[before]].waiting == before)
		f->question[f->group[before]].waiting = f->next[before];
	return before;
}

static void
ask(struct finder *f, uint32_t i)
{
	struct question *q;

	if (f->group[i] == NO_QUESTION)
		return;
	q = &f->question[f->group[i]];
	if (q->newest != NO_QUESTION)
		f->next[q->newest] = i;
	q->newest = i;
	if (q->waiting == NO_QUESTION)
		q->waiting = i;
}

/* Messages of one side from i on, before another side's. */
static uint32_t
row_of_one_side(const struct message *m, uint32_t n, uint32_t i)
{
	uint32_t j = i;

	while (j < n && m[j].side == m[i].side)
		j++;
	return j - i;
}

static void
play(struct finder *f, uint32_t conversation)
{
	const struct conversation *conv = &f->c->conversations[conversation];
	const struct message *m = f->c->messages + conv->first;
	struct answers *out = f->out;
	uint32_t asked = 0;

	index_questions(f, m, conv->n);
	for (uint32_t i = 0, n; i < conv->n; i += n) {
		n = row_of_one_side(m, conv->n, i);
		for (uint32_t k = 0; k < n && m[i].side == SIDE_CLIENT; k++)
			ask(f, i + k);
		for (uint32_t k = 0; k < n && m[i].side == SIDE_SERVER; k++) {
			uint32_t q = question_of(f, conversation, i + k, k, n, asked, &out->guess[conv->first + i + k]);

			out->of[conv->first + i + k] = q == NO_QUESTION ? NO_QUESTION : conv->first + q;
			out->own += q == NO_QUESTION;
		}
		for (uint32_t k = 0; k < n && f->out->repeating; k++)
			note_said(f, conversation, &m[i + k]);
		asked = m[i].side == SIDE_CLIENT ? n : 0;
	}
}

/* Where one question that can be known got one answer: did that repeat it? */
static void
look_for_repeats(struct finder *f, const struct conversation *conv, uint32_t *asked, uint32_t *repeated)
{
	const struct message *m = f->c->messages + conv->first;

	index_questions(f, m, conv->n);
	for (uint32_t i = 0; i < conv->n; i++) {
		struct question *q;

		if (m[i].side == SIDE_CLIENT) {
			ask(f, i);
			continue;
		}
		if (i == 0 || f->group[i - 1] == NO_QUESTION || (i > 1 && m[i - 2].side == SIDE_CLIENT) ||
		    (i + 1 < conv->n && m[i + 1].side == SIDE_SERVER))
			continue;
		q = &f->question[f->group[i - 1]];
		if (q->news < NEWS)
			continue;
		look_up(f, m[i].bytes);
		++*asked;
		*repeated += q->hits > 0;
	}
}

static void
finder_init(struct finder *f)
{
	size_t longest = 0, most = 0, bytes = 0;
	uint32_t messages = 0;

	for (uint32_t i = 0; i < f->c->nconversations; i++) {
		const struct conversation *conv = &f->c->conversations[i];
		size_t all = 0;

		for (uint32_t j = conv->first; j < conv->first + conv->n; j++) {
			longest = MAX(longest, f->c->messages[j].bytes.n);
			all += f->c->messages[j].bytes.n + PLACED;
		}
		most = MAX(most, all);
		bytes += all;
		messages = MAX(messages, conv->n);
	}
	for (f->nbuckets = MIN_BUCKETS; f->nbuckets < MAX_BUCKETS && f->nbuckets < 4 * bytes;)
		f->nbuckets *= 2;
	f->one = pool_array(f->pool, longest + PLACED, sizeof *f->one);
	f->two = pool_array(f->pool, longest + PLACED, sizeof *f->two);
	f->began = pool_array(f->pool, f->nbuckets, sizeof *f->began);
	f->rare = pool_array(f->pool, most + 1, sizeof *f->rare);
	f->question = pool_array(f->pool, messages + 1, sizeof *f->question);
	f->touched = pool_array(f->pool, messages + 1, sizeof *f->touched);
	f->group = pool_array(f->pool, messages + 1, sizeof *f->group);
	f->next = pool_array(f->pool, messages + 1, sizeof *f->next);
}

void
answers_find(struct answers *out, struct pool *pool, const struct corpus *c)
{
	struct finder f = { .pool = pool, .c = c, .out = out };
	uint32_t asked = 0, repeated = 0;

	*out = (struct answers){ .of = pool_array(pool, c->nmessages + 1, sizeof *out->of),
		.guess = pool_array(pool, c->nmessages + 1, sizeof *out->guess) };
	memset(out->of, 0xff, c->nmessages * sizeof *out->of);
	finder_init(&f);
	count_grams(&f);
	for (uint32_t i = 0; i < c->nconversations && i < REPEATING_LOOK; i++)
		look_for_repeats(&f, &c->conversations[i], &asked, &repeated);
	out->repeating = asked > 0 && repeated * 100ull >= asked * (uint64_t)REPEATING_PERCENT;
	for (uint32_t i = 0; i < c->nconversations; i++)
		play(&f, i);
}
