#include "learning/eval.h"

#include "learning/distance.h"
#include "models/host.h"

struct judge {
	struct pool *pool;
	enum eval_depth depth;
	struct eval_report *out;
};

static void
judge_line(const struct judge *j, struct eval_line *l)
{
	struct span recorded = l->play->recorded, said = l->play->said;
	struct klass_pair pair = { l->play->asked, l->play->before, recorded, l->conversation };
	struct klass_name name;
	struct eval_report *out = j->out;

	l->klass = klass_of(&j->out->klass, &pair);
	pair.said = said;
	name = klass_of(&j->out->klass, &pair);
	l->same_class = klass_eq(&l->klass, &name);
	l->equal = span_eq(recorded, said);
	l->similarity = l->equal ? 1 :
	    j->depth == EVAL_ALL ? similarity(j->pool, recorded, said) : 0;
	out->messages++;
	out->class_messages += l->same_class;
	out->equal += l->equal;
	out->similarity += l->similarity;
}

static void
judge_talk(const struct judge *j, const struct eval_talk *talk)
{
	struct eval_report *out = j->out;
	struct eval_line l = { .conversation = talk->conversation };
	bool right = true, full = true;

	for (uint32_t i = 0; i < talk->played.n; i++) {
		l.play = &talk->played.line[i];
		if (l.play->side == SIDE_CLIENT)
			continue;
		if (l.play->recorded.n == 0) {
			out->unasked += l.play->said.n > 0;
			continue;
		}
		judge_line(j, &l);
		full &= l.play->said.n > 0;
		right &= l.same_class;
		out->line[out->nlines++] = l;
		l.position++;
	}
	out->conversations++;
	out->class_conversations += right;
	out->full_length += full;
}

/* What conversations left behind, by their ends. */
struct left {
	struct intern ends;
	struct host **host;
};

static struct host *
left_by(struct left *l, struct pool *pool, const struct addr *own, const struct addr *peer)
{
	struct addr *key = pool_array(pool, 2, sizeof *key);
	uint32_t n = l->ends.n, at;

	key[0] = *own;
	if (peer != NULL)
		key[1] = *peer;
	at = intern_add(&l->ends, span_of(key, 2 * sizeof *key));
	if (at == n)
		l->host[at] = pool_alloc(pool, sizeof *l->host[at]);
	return l->host[at];
}

void
eval_scale(struct eval_scale *s, struct pool *pool, const struct corpus *c, enum eval_depth depth)
{
	*s = (struct eval_scale){ .corpus = c, .depth = depth };
	klass_learn(&s->klass, pool, c);
	if (c->proto == PROTO_UDP && depth != EVAL_VECTORS)
		answers_find(&s->answers, pool, c);
}

void
eval_on(struct eval_report *out, struct pool *pool, const struct model *m,
    const struct eval_scale *s, const bool *use, const struct progress *progress)
{
	const struct corpus *c = s->corpus;
	struct play_how how = { .model = m, .whole = s->depth == EVAL_VECTORS,
		.answers = s->answers.of != NULL ? &s->answers : NULL };
	struct judge j = { pool, s->depth, out };
	struct left left = { .host = pool_array(pool, 2 * c->nconversations + 1u, sizeof *left.host) };

	*out = (struct eval_report){ .klass = s->klass };
	intern_init(&left.ends, pool);
	out->line = pool_array(pool, c->nmessages + 1, sizeof *out->line);
	out->talk = pool_array(pool, c->nconversations + 1, sizeof *out->talk);
	for (uint32_t i = 0; i < c->nconversations; i++) {
		struct eval_talk *talk = &out->talk[out->conversations];

		if (i % 8 == 0)
			progress_at(progress, "play", (double)i / c->nconversations);
		if ((use != NULL && !use[i]) || c->conversations[i].n == 0)
			continue;
		*talk = (struct eval_talk){ .conversation = i, .line = out->nlines };
		how.pair_host = left_by(&left, pool, &c->conversations[i].server, &c->conversations[i].client);
		how.own_host = left_by(&left, pool, &c->conversations[i].server, NULL);
		play(&talk->played, pool, c, i, &how);
		judge_talk(&j, talk);
	}
	if (out->messages > 0)
		out->similarity /= out->messages;
}

void
eval(struct eval_report *out, struct pool *pool, const struct model *m, const struct corpus *c,
    const bool *use, enum eval_depth depth, const struct progress *progress)
{
	struct eval_scale s;

	eval_scale(&s, pool, c, depth);
	eval_on(out, pool, m, &s, use, progress);
}
