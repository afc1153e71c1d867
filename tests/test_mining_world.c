/* Programs, found from the traces of a server that is simulated here. */
#include "learning/mining/phase.h"
#include "learning/mining/search.h"
#include "tests/mining_rig.h"

enum { NAMES = 6, MOST = 512, COMMANDS = 45 };

/* A server with directories and files, in a few lines: what it keeps are paths. */
struct server {
	char path[MOST][64];
	bool is_dir[MOST];
	unsigned n;
	char cwd[64];
};

static int
find(const struct server *s, const char *path)
{
	for (unsigned i = 0; i < s->n; i++)
		if (strcmp(s->path[i], path) == 0)
			return (int)i;
	return -1;
}

static bool
has_inside(const struct server *s, const char *path)
{
	size_t n = strlen(path);

	for (unsigned i = 0; i < s->n; i++)
		if (strncmp(s->path[i], path, n) == 0 && s->path[i][n] == '/')
			return true;
	return false;
}

static void
make(struct server *s, const char *path, bool dir)
{
	snprintf(s->path[s->n], sizeof s->path[0], "%s", path);
	s->is_dir[s->n++] = dir;
}

/* Says what the server answers, and does it. */
static const char *
serve(struct server *s, struct handmade *h, const char *verb, const char *name)
{
	const char *path = handmade_line(h, "%s/%s", s->cwd, name);
	int at = find(s, path);
	bool dir = at >= 0 && s->is_dir[at];

	if (strcmp(verb, "PWD") == 0)
		return handmade_line(h, "257 \"%s\"", s->cwd[0] != '\0' ? s->cwd : "/");
	if (strcmp(verb, "CWD") == 0 && strcmp(name, "..") == 0) {
		if (s->cwd[0] == '\0')
			return "550 no further";
		*strrchr(s->cwd, '/') = '\0';
		return "250 ok";
	}
	if (strcmp(verb, "CWD") == 0) {
		if (!dir || strlen(path) > 40)
			return "550 no";
		snprintf(s->cwd, sizeof s->cwd, "%s", path);
		return "250 ok";
	}
	if (strcmp(verb, "MKD") == 0) {
		if (at >= 0 || s->n == MOST)
			return "550 is there";
		make(s, path, true);
		return "257 made";
	}
	if (strcmp(verb, "STOR") == 0) {
		if (dir || s->n == MOST)
			return "553 no";
		if (at < 0)
			make(s, path, false);
		return "226 done";
	}
	if (strcmp(verb, "RMD") == 0) {
		if (!dir || has_inside(s, path))
			return "550 no";
		s->n--;
		memmove(s->path[at], s->path[s->n], sizeof s->path[0]);
		s->is_dir[at] = s->is_dir[s->n];
		return "250 gone";
	}
	return at >= 0 && !dir ? "226 sent" : "550 no";	/* RETR */
}

static void
walk(struct handmade *h, uint32_t *dice, uint32_t client, unsigned wrong_percent)
{
	static const char *const verbs[] = { "PWD", "CWD", "CWD", "MKD", "STOR", "RMD", "RETR" };
	static struct server s;

	s = (struct server){ .n = 0 };
	make(&s, "/a", true);
	make(&s, "/a/b", true);
	make(&s, "/b", false);
	handmade_open(h)->client = addr_v4(0xc6120100 + client);
	for (unsigned i = 0; i < COMMANDS; i++) {
		const char *verb, *name, *answer;

		*dice = *dice * 1103515245 + 12345;
		verb = verbs[(*dice >> 16) % ARRAY_LEN(verbs)];
		*dice = *dice * 1103515245 + 12345;
		name = handmade_line(h, "%c", 'a' + (int)(*dice >> 16) % NAMES);
		*dice = *dice * 1103515245 + 12345;
		if (strcmp(verb, "CWD") == 0 && (*dice >> 16) % 3 == 0)
			name = "..";
		answer = serve(&s, h, verb, name);
		if ((*dice >> 20) % 100 < wrong_percent)
			answer = answer[0] == '5' ? "250 ok" : "550 no";
		ask(h, strcmp(verb, "PWD") == 0 ? verb : handmade_line(h, "%s %s", verb, name), answer);
	}
}

struct mined_walks {
	struct canonical c;
	struct forms f;
	struct phases phases;
	struct world w;
	struct program *p;
	struct search_report report;
};

static struct mined_walks *
mine(struct pool *pool, const struct corpus *c, const bool *use)
{
	struct mined_walks *m = pool_alloc(pool, sizeof *m);

	canonical_make(&m->c, pool, ftp_definition(pool), c, use);
	forms_make(&m->f, pool, &m->c);
	phases_find(&m->phases, pool, &m->f);
	world_make(&m->w, pool, &m->f);
	for (uint32_t i = 0; i < m->c.n; i++) {
		m->w.counts[i] = m->f.of[i] != (uint32_t)SYMBOL_NONE;
		m->w.ncounts += m->w.counts[i];
	}
	search_programs(&m->w, &m->p, &m->report);
	return m;
}

static const struct program *
program_of(struct pool *pool, const struct mined_walks *m, const char *form)
{
	for (uint32_t f = 0; f < m->f.n; f++)
		if (span_eq(form_name(&m->f, pool, f), span_str(form)))
			return &m->p[f];
	cr_assert_fail("no form %s", form);
	return NULL;
}

/* Programs of some walks, tried on others: the share of answers told right. */
static double
held_out(struct pool *pool, const struct mined_walks *m, uint32_t seed, unsigned walks)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct canonical c;
	struct forms f;
	struct world w;
	struct program *p;
	uint32_t dice = seed;

	for (unsigned i = 0; i < walks; i++)
		walk(&h, &dice, i, 0);
	canonical_make(&c, pool, m->c.d, h.c, NULL);
	forms_make(&f, pool, &c);
	world_make(&w, pool, &f);
	p = pool_array(pool, f.n, sizeof *p);
	for (uint32_t i = 0; i < f.n; i++)
		p[i] = *program_of(pool, m, (const char *)pool_copy(pool, handmade_line(&h, "%.*s",
		    (int)form_name(&f, pool, i).n, form_name(&f, pool, i).p), 64));
	for (uint32_t i = 0; i < c.n; i++)
		w.counts[i] = true;
	world_learn_base(&w, p, 2);
	return (double)world_run(&w, p, NULL) / c.n;
}

POOLED(mining_world, ten_walks_teach_what_every_command_does)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct mined_walks *m;
	const struct program *p;
	uint32_t dice = 1;
	double right;

	for (unsigned i = 0; i < 10; i++)
		walk(&h, &dice, i, 0);
	m = mine(pool, h.c, NULL);
	p = program_of(pool, m, "CD");
	cr_expect_eq(p->guard, WORLD_IN);
	cr_expect_eq(p->effect, WORLD_PUSH);
	cr_expect_eq(program_of(pool, m, "CD DOTDOT")->guard, WORLD_DEEP);
	cr_expect_eq(program_of(pool, m, "RMDIR")->guard, WORLD_CHILDLESS);
	cr_expect_eq(program_of(pool, m, "RMDIR")->effect, WORLD_DEL);
	cr_expect_eq(program_of(pool, m, "RMDIR")->into, p->set);
	cr_expect_eq(program_of(pool, m, "MKDIR")->guard, WORLD_NEITHER);
	cr_expect_eq(program_of(pool, m, "MKDIR")->effect, WORLD_ADD);
	cr_expect_eq(program_of(pool, m, "GET")->guard, WORLD_IN);
	cr_expect_neq(program_of(pool, m, "GET")->set, p->set);
	cr_expect_eq(program_of(pool, m, "PUT")->effect, WORLD_ADD);
	cr_expect_eq(program_of(pool, m, "PWD")->effect, WORLD_NONE);
	right = held_out(pool, m, 4711, 40);
	cr_expect_geq(right, 0.99, "%f", right);
}

POOLED(mining_world, falsified_answers_do_not_lead_astray)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct mined_walks *m;
	uint32_t dice = 5;
	double right;

	for (unsigned i = 0; i < 20; i++)
		walk(&h, &dice, i, 4);
	m = mine(pool, h.c, NULL);
	right = held_out(pool, m, 4712, 40);
	cr_expect_geq(right, 0.95, "%f", right);
}

POOLED(mining_world, what_was_there_before_is_learned_too)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct mined_walks *m;
	uint32_t dice = 9, a, b, c, set;

	for (unsigned i = 0; i < 10; i++)
		walk(&h, &dice, i, 0);
	m = mine(pool, h.c, NULL);
	set = program_of(pool, m, "CD")->set;
	a = intern_find(&m->w.key, span_str("/a"));
	b = intern_find(&m->w.key, span_str("/b"));
	c = intern_find(&m->w.key, span_str("/c"));
	cr_assert(a != INTERN_NONE && b != INTERN_NONE && c != INTERN_NONE);
	cr_expect_eq(m->w.base[set][a], 1);
	cr_expect_eq(m->w.base[1 - set][b], 1);
	cr_expect_eq(m->w.base[set][c], 0);
}

POOLED(mining_world, a_login_is_a_phase_and_walks_alone_have_none)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct mined_walks *m;

	for (unsigned i = 0; i < 12; i++) {
		handmade_open(&h);
		for (unsigned k = 0; k < i % 3; k++)
			ask(&h, i % 2 ? "PWD" : "CWD a", "530 who are you");
		ask(&h, "USER u", "331 go on");
		for (unsigned k = 0; k < (i + 1) % 3; k++)
			ask(&h, i % 2 ? "CWD a" : "PWD", "530 who are you");
		ask(&h, "PASS p", "230 in");
		ask(&h, "CWD a", "250 ok");
		ask(&h, "PWD", "257 \"/\"");
		if (i % 2)
			ask(&h, "USER v", "503 no");
		ask(&h, "PWD", "257 \"/\"");
	}
	m = mine(pool, h.c, NULL);
	cr_assert_eq(m->phases.n, 1);
	cr_expect(span_eq(form_name(&m->f, pool, m->phases.mark[0].form), span_str("PASS")));
	cr_expect_eq(phase_after(&m->phases, 0, m->phases.mark[0].form, "230"), 1);
	cr_expect_eq(phase_after(&m->phases, 1, m->phases.mark[0].form, "530"), 1);
	for (uint32_t i = 0; i < m->c.n; i++)
		cr_expect(m->phases.sure[i]);
}
