#include "learning/mining/world.h"

#include "models/path.h"

enum { UNKNOWN = 2, JOINS = 1 << 16 };

struct running {
	struct world *w;
	const struct program *p;
	uint32_t reg;
	bool votes;		/* the base is being learned: what nobody touched is unknown */
};

static uint32_t
key_of(struct world *w, struct span path)
{
	uint32_t k = intern_find(&w->key, path);

	if (k != INTERN_NONE)
		return k;
	if (w->key.n == WORLD_KEYS)
		return 0;	/* more names than a world has room for: none of them is told apart */
	k = intern_add(&w->key, span_of(pool_copy(w->pool, path.p, path.n), path.n));
	w->parent[k] = k == 0 ? 0 : key_of(w, path_parent(path));
	return k;
}

/* The key that an argument names below a register. */
static uint32_t
join(struct world *w, uint32_t reg, struct span arg)
{
	uint64_t mark = span_hash(arg, hash_stir(reg + 1ull)) | 1;
	uint32_t at = (uint32_t)mark & (JOINS - 1);
	uint8_t to[PATH_BYTES];
	size_t n;

	if (w->joined[at] == mark)
		return w->joined_key[at];
	n = path_join(to, w->key.value[reg], arg);
	w->joined[at] = mark;
	w->joined_key[at] = n > 0 ? key_of(w, span_of(to, n)) : 0;
	return w->joined_key[at];
}

static void
make_groups(struct world *w)
{
	uint32_t n = w->f->c->nconversations, at = 0;
	struct intern ends;

	intern_init(&ends, w->pool);
	w->group = pool_array(w->pool, n + 1u, sizeof *w->group);
	w->order = pool_array(w->pool, n + 1u, sizeof *w->order);
	for (uint32_t i = 0; i < n; i++) {
		const struct conversation *v = &w->f->c->corpus->conversations[i];
		struct addr *who = pool_array(w->pool, 3, sizeof *who);

		who[0] = v->server;
		if (w->f->c->d->scope != SCOPE_HOST)
			who[1] = v->client;
		if (w->f->c->d->scope == SCOPE_CONNECTION)
			memcpy(&who[2], &i, sizeof i);
		w->group[i] = intern_add(&ends, span_of(who, 3 * sizeof *who));
	}
	w->ngroups = ends.n;
	w->nrun = n;
	for (uint32_t g = 0; g < ends.n; g++)
		for (uint32_t i = 0; i < n; i++)
			if (w->group[i] == g)
				w->order[at++] = i;
}

/* A form succeeds with the first of the definition's classes that it was ever answered with. */
static void
judge(struct world *w)
{
	const struct canonical *c = w->f->c;
	uint32_t (*count)[DEFINITION_FEW] = pool_array(w->pool, w->f->n + 1u, sizeof *count);
	uint8_t *best = pool_array(w->pool, w->f->n + 1u, 1);

	for (uint32_t i = 0; i < c->n; i++)
		if (w->f->of[i] != (uint32_t)SYMBOL_NONE && c->inter[i].class >= 0)
			count[w->f->of[i]][c->inter[i].class]++;
	for (uint32_t f = 0; f < w->f->n; f++)
		while (best[f] + 1u < c->d->nclass && count[f][best[f]] * 50ull < w->f->form[f].count)
			best[f]++;
	for (uint32_t i = 0; i < c->n; i++)
		w->good[i] = w->f->of[i] != (uint32_t)SYMBOL_NONE && c->inter[i].class == best[w->f->of[i]];
}

/* Where conversations begin: what a command that shows the register says most often first. */
static struct span
find_root(const struct world *w)
{
	const struct canonical *c = w->f->c;
	struct intern said;
	uint32_t *count = pool_array(w->pool, c->nconversations + 1u, sizeof *count), best = 0;

	intern_init(&said, w->pool);
	for (uint32_t v = 0; v < c->nconversations; v++)
		for (uint32_t i = c->first[v]; i < c->first[v + 1]; i++)
			if (c->inter[i].answer.p != NULL && w->f->of[i] != (uint32_t)SYMBOL_NONE &&
			    w->shows[w->f->of[i]] && c->inter[i].answer.n <= PATH_BYTES) {
				count[intern_add(&said, c->inter[i].answer)]++;
				break;
			}
	for (uint32_t k = 1; k < said.n; k++)
		if (count[k] > count[best])
			best = k;
	return said.n > 0 ? said.value[best] : span_str("/");
}

void
world_make(struct world *w, struct pool *pool, const struct forms *f)
{
	uint8_t root[PATH_BYTES];
	size_t n;

	*w = (struct world){ .f = f, .pool = pool };
	intern_init(&w->key, pool);
	w->parent = pool_array(pool, WORLD_KEYS, sizeof *w->parent);
	w->joined = pool_array(pool, JOINS, sizeof *w->joined);
	w->joined_key = pool_array(pool, JOINS, sizeof *w->joined_key);
	for (unsigned s = 0; s <= WORLD_SETS; s++) {
		if (s < WORLD_SETS) {
			w->base[s] = pool_array(pool, WORLD_KEYS, 1);
			w->member[s] = pool_array(pool, WORLD_KEYS, 1);
		}
		w->vote[s][0] = pool_array(pool, WORLD_KEYS, sizeof(uint32_t));
		w->vote[s][1] = pool_array(pool, WORLD_KEYS, sizeof(uint32_t));
	}
	w->inner = pool_array(pool, WORLD_KEYS, 1);
	w->children = pool_array(pool, WORLD_KEYS, sizeof *w->children);
	w->touched = pool_array(pool, WORLD_KEYS, sizeof *w->touched);
	w->is_touched = pool_array(pool, WORLD_KEYS, 1);
	w->good = pool_array(pool, f->c->n + 1u, sizeof *w->good);
	w->counts = pool_array(pool, f->c->n + 1u, sizeof *w->counts);
	w->shows = pool_array(pool, f->n + 1u, sizeof *w->shows);
	for (uint32_t i = 0; i < f->n; i++)
		w->shows[i] = f->form[i].command != CANONICAL_OTHER && f->form[i].narg == 0 &&
		    f->c->d->command[f->form[i].command].answer == ANSWER_CAPTURE;
	make_groups(w);
	judge(w);
	n = path_join(root, span_str("/"), find_root(w));
	intern_add(&w->key, span_of(pool_copy(pool, root, n), n));
	w->parent[0] = key_of(w, path_parent(span_of(root, n)));
}

static void
touch(struct running *r, uint32_t k)
{
	struct world *w = r->w;

	if (w->is_touched[k])
		return;
	w->is_touched[k] = 1;
	w->touched[w->ntouched++] = k;
	for (unsigned s = 0; s < WORLD_SETS; s++)
		w->member[s][k] = r->votes ? UNKNOWN : w->base[s][k];
}

static uint8_t
member(struct running *r, unsigned set, uint32_t k)
{
	touch(r, k);
	return r->w->member[set][k];
}

/* Names that were put below a key, less those that were taken away, are added to those of the base. */
static void
set_member(struct running *r, unsigned set, uint32_t k, bool in)
{
	struct world *w = r->w;
	uint8_t was = member(r, set, k);

	w->member[set][k] = in;
	if (k != w->parent[k] && (was == 1) != in) {
		touch(r, w->parent[k]);
		w->children[w->parent[k]] = (uint16_t)(w->children[w->parent[k]] + (in ? 1 : -1));
	}
}

static void
forget(struct world *w)
{
	while (w->ntouched > 0) {
		uint32_t k = w->touched[--w->ntouched];

		w->is_touched[k] = 0;
	}
}

/* Children of every key as the base has them. */
static void
count_children(struct world *w, bool votes)
{
	memset(w->children, 0, w->key.n * sizeof *w->children);
	for (uint32_t k = 0; k < w->key.n && !votes; k++)
		for (unsigned s = 0; s < WORLD_SETS; s++)
			if (w->base[s][k] && w->parent[k] != k)
				w->children[w->parent[k]]++;
}

static bool
is_childless(const struct world *w, uint32_t k)
{
	return w->children[k] == 0 && !w->inner[k];
}

struct wanted {
	uint32_t key;
	uint8_t set, in;
};

/* The parts of a guard that are about membership. Returns how many. */
static unsigned
parts_of(const struct world *w, const struct program *p, uint32_t key, struct wanted to[4])
{
	unsigned n = 0;

	if (p->guard == WORLD_IN || p->guard == WORLD_CHILDLESS)
		to[n++] = (struct wanted){ key, p->set, 1 };
	if (p->guard == WORLD_NOTIN)
		to[n++] = (struct wanted){ key, p->set, 0 };
	for (uint8_t s = 0; p->guard == WORLD_NEITHER && s < WORLD_SETS; s++)
		to[n++] = (struct wanted){ key, s, 0 };
	if (p->parent > 0)
		to[n++] = (struct wanted){ w->parent[key], (uint8_t)(p->parent - 1), 1 };
	return n;
}

/*
 * Does the guard hold? Where that cannot be known, good tells it, and so what the sets must have held:
 * all of a guard that held; of one that did not, the one part that is unknown while the others hold.
 */
static bool
guard(struct running *r, const struct program *p, uint32_t key, bool good, bool *unknown)
{
	struct world *w = r->w;
	struct wanted part[4];
	unsigned n = parts_of(w, p, key, part), open = 0, last = 0;
	bool broken = p->guard == WORLD_DEEP && w->parent[r->reg] == r->reg;

	for (unsigned i = 0; i < n; i++) {
		uint8_t m = member(r, part[i].set, part[i].key);

		open += m == UNKNOWN;
		last = m == UNKNOWN ? i : last;
		broken |= m != UNKNOWN && m != part[i].in;
	}
	*unknown = !broken && open > 0;
	if (!broken && open == 0 && p->guard == WORLD_CHILDLESS) {
		w->vote[WORLD_SETS][!good][key] += r->votes && is_childless(w, key);
		return is_childless(w, key);
	}
	if (!*unknown)
		return !broken;
	for (unsigned i = 0; i < n; i++) {
		bool in = good ? part[i].in : !part[i].in;

		if ((!good && (open > 1 || i != last || p->guard == WORLD_CHILDLESS)) ||
		    member(r, part[i].set, part[i].key) != UNKNOWN)
			continue;
		w->vote[part[i].set][in][part[i].key]++;
		set_member(r, part[i].set, part[i].key, in);
	}
	return good;
}

/* The recording says otherwise: what the sets must have held. */
static void
put_right(struct running *r, const struct program *p, uint32_t key, bool good)
{
	if (p->guard == WORLD_IN || (p->guard == WORLD_CHILDLESS && good))
		set_member(r, p->set, key, good);
	if (p->guard == WORLD_NOTIN)
		set_member(r, p->set, key, !good);
	for (unsigned s = 0; p->guard == WORLD_NEITHER && good && s < WORLD_SETS; s++)
		set_member(r, s, key, false);
}

static void
effect(struct running *r, const struct program *p, uint32_t key)
{
	switch (p->effect) {
	case WORLD_ADD:
	case WORLD_DEL:
		set_member(r, p->into, key, p->effect == WORLD_ADD);
		break;
	case WORLD_PUSH:
		r->reg = key;
		break;
	case WORLD_POP:
		r->reg = r->w->parent[r->reg];
		break;
	}
}

static void
look(struct running *r, uint32_t key, struct world_view *v)
{
	*v = (struct world_view){ .key = key, .before = r->reg, .childless = is_childless(r->w, key) };
	for (unsigned s = 0; s < WORLD_SETS; s++) {
		v->in |= (uint8_t)((member(r, s, key) == 1) << s);
		v->parent |= (uint8_t)((member(r, s, r->w->parent[key]) == 1) << s);
	}
}

/* One interaction. Was it told right? */
static bool
step(struct running *r, uint32_t i, struct world_view *view)
{
	struct world *w = r->w;
	const struct inter *it = &w->f->c->inter[i];
	const struct program *p = &r->p[w->f->of[i]];
	bool good = w->good[i], unknown, holds, right;
	uint32_t key = it->narg > 0 ? join(w, r->reg, it->arg[0]) : r->reg;

	touch(r, key);
	touch(r, w->parent[key]);
	if (view != NULL)
		look(r, key, view);
	if (!good && !w->counts[i]) {		/* refused whatever the world is: by the phase */
		holds = false;
		right = true;
	} else {
		holds = guard(r, p, key, good, &unknown);
		right = holds == good;
		if (!right)
			put_right(r, p, key, good);
	}
	if (w->shows[w->f->of[i]] && good && it->answer.n <= PATH_BYTES) {
		uint8_t to[PATH_BYTES];
		size_t n = path_join(to, span_str("/"), it->answer);
		uint32_t shown = key_of(w, span_of(to, n));

		right &= shown == r->reg;
		r->reg = shown;
	}
	if (good)
		effect(r, p, key);
	if (view != NULL) {
		view->predicted = holds;
		view->after = r->reg;
	}
	return right;
}

static uint32_t
run(struct running *r, struct world_view *view)
{
	struct world *w = r->w;
	const struct canonical *c = w->f->c;
	uint32_t right = 0;

	count_children(w, r->votes);
	for (uint32_t k = 0; k < w->nrun; k++) {
		uint32_t v = w->order[k];

		if (k == 0 || w->group[v] != w->group[w->order[k - 1]]) {
			forget(w);
			count_children(w, r->votes);
		}
		r->reg = 0;
		for (uint32_t i = c->first[v]; i < c->first[v + 1]; i++)
			if (w->f->of[i] != (uint32_t)SYMBOL_NONE)
				right += step(r, i, view == NULL ? NULL : &view[i]) && w->counts[i];
	}
	forget(w);
	return right;
}

uint32_t
world_learn_base(struct world *w, const struct program *p, uint32_t least)
{
	struct running r = { .w = w, .p = p, .votes = true };
	uint32_t members = 0;

	for (unsigned s = 0; s <= WORLD_SETS; s++)
		for (unsigned v = 0; v < 2; v++)
			memset(w->vote[s][v], 0, w->key.n * sizeof(uint32_t));
	memset(w->inner, 0, w->key.n);
	run(&r, NULL);
	for (uint32_t k = 0; k < w->key.n; k++) {
		for (unsigned s = 0; s < WORLD_SETS; s++) {
			w->base[s][k] = w->vote[s][1][k] > w->vote[s][0][k] &&
			    w->vote[s][1][k] >= MIN(least, w->ngroups);
			members += w->base[s][k];
		}
		w->inner[k] = w->vote[WORLD_SETS][1][k] > w->vote[WORLD_SETS][0][k];
	}
	for (uint32_t f = 0; f < w->f->n; f++)	/* one is only where one could go */
		if (p[f].effect == WORLD_PUSH && (p[f].guard == WORLD_IN || p[f].guard == WORLD_CHILDLESS))
			w->base[p[f].set][0] = true;
	count_children(w, false);
	for (uint32_t k = 0; k < w->key.n; k++)
		w->inner[k] &= w->children[k] == 0;
	return members;
}

uint32_t
world_run(struct world *w, const struct program *p, struct world_view *view)
{
	struct running r = { .w = w, .p = p };

	return run(&r, view);
}

bool
world_holds(const struct program *p, const struct world_view *v)
{
	bool in = v->in >> p->set & 1;

	if (p->parent > 0 && !(v->parent >> (p->parent - 1) & 1))
		return false;
	switch (p->guard) {
	case WORLD_IN:
		return in;
	case WORLD_NOTIN:
		return !in;
	case WORLD_NEITHER:
		return v->in == 0;
	case WORLD_CHILDLESS:
		return in && v->childless;
	case WORLD_DEEP:
		return v->before != 0;
	}
	return true;
}
