#include "learning/scriptgen/response.h"

#include <stdlib.h>

enum { HABIT_VOTES = 2 };	/* responses that show a habit */

struct responses_memo {
	struct pool *pool;
	struct intern keys;
	struct links *links;
	uint32_t room;
};

struct seen {			/* a step that was answered */
	uint32_t label, form;
	uint64_t rank;
	int64_t time_s;
	struct where where;
};

struct responses_memo *
responses_memo_create(struct pool *pool)
{
	struct responses_memo *memo = pool_alloc(pool, sizeof *memo);

	memo->pool = pool;
	intern_init(&memo->keys, pool);
	return memo;
}

static const struct step *
step_at(const struct responses_input *in, struct where w)
{
	return &in->sequence[w.sequence].step[w.step];
}

static int
by_group(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	if (x->label != y->label)
		return x->label < y->label ? -1 : 1;
	if (x->form != y->form)
		return x->form < y->form ? -1 : 1;
	return (x->rank > y->rank) - (x->rank < y->rank);
}

/* Of equal pairs of messages the earliest comes first. */
static int
by_time(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	int c = by_group(a, b);

	return c != 0 ? c : (x->time_s > y->time_s) - (x->time_s < y->time_s);
}

/* Steps with a label and a form, grouped; of equal pairs of messages one stays. */
static uint32_t
read_seen(struct seen **out, struct pool *pool, const struct responses_input *in)
{
	uint32_t n = 0, kept = 0;
	struct seen *s;

	for (uint32_t q = 0; q < in->nsequences; q++)
		n += in->sequence[q].n;
	s = *out = pool_array(pool, n + 1, sizeof *s);
	n = 0;
	for (uint32_t q = 0; q < in->nsequences; q++)
		for (uint32_t i = 0; i < in->sequence[q].n; i++) {
			const struct step *step = &in->sequence[q].step[i];
			uint32_t label = in->label_of[q][i];
			uint64_t rank = 0;

			if (label == KINDS_NONE || step->response >= STEP_SILENCE ||
			    in->form_of[step->response] == KINDS_NONE)
				continue;
			if (step->request != STEP_CONNECT)
				rank = span_hash(in->messages->value[step->request], 0);
			rank = hash_stir(span_hash(in->messages->value[step->response], rank));
			s[n++] = (struct seen){ label, in->form_of[step->response], rank, step->time_s,
				{ q, i } };
		}
	qsort(s, n, sizeof *s, by_time);
	for (uint32_t i = 0; i < n; i++)
		if (kept == 0 || by_group(&s[i], &s[kept - 1]) != 0)
			s[kept++] = s[i];
	return kept;
}

/* What the segments of a label took of a message; NULL: it does not match. */
static struct span *
read_segments(struct pool *pool, const struct label *l, struct span message)
{
	struct span *value = pool_array(pool, l->n + 1, sizeof *value);

	return label_match(l, message, value) ? value : NULL;
}

/* The step of a label before this one, at most DEPEND_HISTORY back; UINT32_MAX: none. */
static uint32_t
step_before(const struct responses_input *in, struct where w, uint32_t label)
{
	for (uint32_t back = 1; back <= MIN(w.step, (uint32_t)DEPEND_HISTORY); back++)
		if (in->label_of[w.sequence][w.step - back] == label)
			return w.step - back;
	return UINT32_MAX;
}

/* Labels that came before in nearly all samples, nearest first as in the first of them. */
static void
find_origins(struct response *r, const struct responses_input *in)
{
	struct where first = r->sample[0];

	r->origin[0] = r->label;
	r->norigins = 1;
	for (uint32_t back = 1; in->history && back <= MIN(first.step, (uint32_t)DEPEND_HISTORY); back++) {
		uint32_t label = in->label_of[first.sequence][first.step - back], have = 0;
		bool known = label >= KINDS_CONNECT || label == r->label;

		for (uint32_t i = 1; i < r->norigins; i++)
			known |= r->origin[i] == label;
		for (uint32_t s = 0; s < r->n && !known; s++)
			have += step_before(in, r->sample[s], label) != UINT32_MAX;
		if (!known && have == r->n)
			r->origin[r->norigins++] = label;
	}
}

static struct antecedent
read_origin(struct pool *pool, const struct responses_input *in, const struct response *r, uint32_t o)
{
	static const struct label nothing;
	uint32_t label = r->origin[o];
	struct antecedent to = { label == KINDS_CONNECT ? &nothing : &in->label[label],
		pool_array(pool, r->n, sizeof *to.value) };

	for (uint32_t s = 0; s < r->n && label != KINDS_CONNECT; s++) {
		struct where w = r->sample[s];

		w.step = o == 0 ? w.step : step_before(in, w, label);
		to.value[s] = read_segments(pool, to.label,
		    in->messages->value[step_at(in, w)->request]);
	}
	return to;
}

static void
find_links(struct response *r, struct pool *pool, const struct responses_input *in,
    const struct responses *habits)
{
	struct antecedent *origin = pool_array(pool, r->norigins, sizeof *origin);
	struct span **value = pool_array(pool, r->n, sizeof *value);
	int64_t *time_s = pool_array(pool, r->n, sizeof *time_s);

	for (uint32_t o = 0; o < r->norigins; o++)
		origin[o] = read_origin(pool, in, r, o);
	for (uint32_t s = 0; s < r->n; s++) {
		const struct step *step = step_at(in, r->sample[s]);

		value[s] = read_segments(pool, &in->form[r->form], in->messages->value[step->response]);
		time_s[s] = step->time_s;
	}
	depend_find(&r->links, pool, &(struct depend_input){ .answer = &in->form[r->form], .value = value,
		.origin = origin, .norigins = r->norigins, .samples = r->n, .time_s = time_s, .habit = habits->habit,
		.nhabits = habits->nhabits });
}

/* The same, from the memo where the same samples have been looked at. */
static void
remember_links(struct response *r, struct responses_memo *memo, const struct responses_input *in,
    const struct responses *habits)
{
	uint64_t key[3] = { r->label == KINDS_CONNECT ? 0 : span_hash(in->label_key[r->label], 0),
		span_hash(in->form_key[r->form], 0),
		span_hash(span_of(habits->habit, habits->nhabits * sizeof *habits->habit), 0) };
	uint32_t id;

	for (uint32_t s = 0; s < r->n; s++) {
		const struct step *step = step_at(in, r->sample[s]);

		key[2] = hash_stir(key[2] ^ (uint64_t)step->request << 32 ^ step->response);
		key[2] = hash_stir(key[2] ^ (uint64_t)step->time_s);
	}
	id = intern_find(&memo->keys, span_of(key, sizeof key));
	if (id == INTERN_NONE) {
		id = intern_add(&memo->keys, span_of(pool_copy(memo->pool, key, sizeof key), sizeof key));
		if (id >= memo->room) {
			uint32_t room = MAX(64u, 2 * memo->room);

			memo->links = pool_grow(memo->pool, memo->links, memo->room, room, sizeof *memo->links);
			memo->room = room;
		}
		find_links(r, memo->pool, in, habits);
		memo->links[id] = r->links;
	}
	r->links = memo->links[id];
}

struct votes {			/* for every byte of an answer that repeats one of the request: how many say so */
	struct habit habit;
	uint32_t n;
};

static int
by_place(const void *a, const void *b)
{
	const struct votes *x = a, *y = b;
	int64_t shift_x = (int64_t)x->habit.to - x->habit.from, shift_y = (int64_t)y->habit.to - y->habit.from;

	if (llabs(shift_x) != llabs(shift_y))	/* what stays in its place first */
		return llabs(shift_x) < llabs(shift_y) ? -1 : 1;
	return shift_x != shift_y ? (shift_x > shift_y) - (shift_x < shift_y)
	    : (x->habit.to > y->habit.to) - (x->habit.to < y->habit.to);
}

static uint32_t
add_vote(struct votes *v, uint32_t n, struct habit h, uint32_t votes)
{
	uint32_t i = 0;

	while (i < n && (v[i].habit.from != h.from || v[i].habit.to != h.to))
		i++;
	if (i == n && n < DEPEND_HABITS)
		v[n++] = (struct votes){ h, 0 };
	if (i < n)
		v[i].n += votes;
	return n;
}

/* What links of the first segment to the first segment say, with samples enough. */
static uint32_t
vote_of_links(struct votes *v, uint32_t n, const struct responses *all)
{
	for (uint32_t i = 0; i < all->n; i++) {
		const struct response *r = &all->response[i];

		for (uint32_t k = 0; r->n >= DEPEND_LEAST && k < r->links.n; k++) {
			const struct link *l = &r->links.link[k];

			for (uint32_t b = 0; l->kind == LINK_COPY && !l->whole && l->segment == 0 &&
			    l->to_segment == 0 && b < l->n; b++)
				n = add_vote(v, n, (struct habit){ l->offset + b, l->to_offset + b, 1 }, 1);
		}
	}
	return n;
}

struct place {			/* an offset, over the samples of all responses */
	uint32_t samples, same, values;
	uint8_t seen[32];
};

/* Where answers have the request's byte at the same offset although it varies; and neighbours that always agree. */
static uint32_t
vote_of_places(struct votes *v, uint32_t n, struct pool *pool, const struct responses_input *in,
    const struct responses *all)
{
	struct place *place = pool_array(pool, DEPEND_CELLS + 1, sizeof *place);

	for (uint32_t i = 0; i < all->n; i++)
		for (uint32_t s = 0; all->response[i].label != KINDS_CONNECT && s < all->response[i].n; s++) {
			const struct step *step = step_at(in, all->response[i].sample[s]);
			struct span asked = in->messages->value[step->request];
			struct span said = in->messages->value[step->response];

			for (uint32_t o = 0; o < MIN(MIN(asked.n, said.n), (size_t)DEPEND_CELLS); o++) {
				struct place *p = &place[o];
				uint8_t b = asked.p[o];

				p->samples++;
				if (said.p[o] != b)
					continue;
				p->same++;
				p->values += !(p->seen[b / 8] >> b % 8 & 1);
				p->seen[b / 8] |= (uint8_t)(1u << b % 8);
			}
		}
	for (uint32_t o = 0; o < DEPEND_CELLS; o++) {
		if (place[o].values < 3 || place[o].same * 10 < place[o].samples * 9)
			continue;
		n = add_vote(v, n, (struct habit){ o, o, 1 }, HABIT_VOTES);
		for (uint32_t k = 1; k <= DEPEND_EXTEND && place[o + k].same > 0 &&
		    place[o + k].same == place[o + k].samples; k++)
			n = add_vote(v, n, (struct habit){ o + k, o + k, 1 }, HABIT_VOTES);
		for (uint32_t k = 1; k <= MIN(o, (uint32_t)DEPEND_EXTEND) && place[o - k].same > 0 &&
		    place[o - k].same == place[o - k].samples; k++)
			n = add_vote(v, n, (struct habit){ o - k, o - k, 1 }, HABIT_VOTES);
	}
	return n;
}

/* What two responses repeat, or all of them together. */
static void
find_habits(struct responses *out, struct pool *pool, const struct responses_input *in)
{
	struct votes *v = pool_array(pool, DEPEND_HABITS, sizeof *v);
	uint32_t n = vote_of_links(v, vote_of_places(v, 0, pool, in, out), out);
	struct habit *last = NULL;

	qsort(v, n, sizeof *v, by_place);
	out->habit = pool_array(pool, n + 1, sizeof *out->habit);
	for (uint32_t i = 0; i < n; i++) {
		if (v[i].n < HABIT_VOTES)
			continue;
		if (last != NULL && v[i].habit.to == last->to + last->n && v[i].habit.from == last->from + last->n)
			last->n++;
		else
			*(last = &out->habit[out->nhabits++]) = v[i].habit;
	}
}

void
responses_find(struct responses *out, struct pool *pool, struct responses_memo *memo,
    const struct responses_input *in)
{
	const struct responses none = { 0 };
	struct seen *s;
	uint32_t n = read_seen(&s, pool, in);

	*out = (struct responses){ .response = pool_array(pool, n + 1, sizeof *out->response) };
	for (uint32_t i = 0, end; i < n; i = end) {
		struct response *r = &out->response[out->n++];

		for (end = i; end < n && s[end].label == s[i].label && s[end].form == s[i].form; end++)
			continue;
		*r = (struct response){ .label = s[i].label, .form = s[i].form,
			.n = MIN(end - i, (uint32_t)DEPEND_SAMPLES) };
		r->sample = pool_array(pool, r->n, sizeof *r->sample);
		for (uint32_t k = 0; k < r->n; k++)
			r->sample[k] = s[i + k].where;
		r->origin[0] = r->label;
		r->norigins = 1;
		remember_links(r, memo, in, &none);
	}
	find_habits(out, pool, in);
	for (uint32_t i = 0; i < out->n; i++) {
		struct response *r = &out->response[i];

		find_origins(r, in);
		if (r->norigins > 1)
			find_links(r, pool, in, out);
		else
			remember_links(r, memo, in, out);
	}
}
