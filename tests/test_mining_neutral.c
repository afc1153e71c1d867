#include "learning/mining/neutral.h"
#include "tests/mining_rig.h"

struct rules {
	struct forms f;
	struct neutral n;
};

/* The published examples: one trace, its rules under a reading. */
static struct rules *
rules_of(struct pool *pool, struct handmade *h, struct neutral_reading how)
{
	struct canonical *c = pool_alloc(pool, sizeof *c);
	struct rules *r = pool_alloc(pool, sizeof *r);

	canonical_make(c, pool, ftp_definition(pool), h->c, NULL);
	forms_make(&r->f, pool, c);
	neutral_observe(&r->n, pool, &r->f, 0, &how);
	return r;
}

static uint16_t
form(struct pool *pool, const struct rules *r, const char *name)
{
	for (uint16_t i = 0; i < r->f.n; i++)
		if (span_eq(form_name(&r->f, pool, i), span_str(name)))
			return i;
	cr_assert_fail("no form %s", name);
	return 0;
}

static bool
says(struct pool *pool, const struct rules *r, const char *a, const char *b, const char *rhs)
{
	uint16_t lhs[2] = { form(pool, r, a), b != NULL ? form(pool, r, b) : 0 };

	return neutral_has(&r->n, lhs, b != NULL ? 2 : 1, form(pool, r, rhs));
}

POOLED(mining_neutral, what_stands_between_equal_answers_restored_what_they_read)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct rules *r;

	handmade_open(&h);
	ask(&h, "NLST", "226 done");
	ask(&h, "PWD", "257 \"/\"");
	ask(&h, "NLST", "226 done");
	ask(&h, "RETR f1", "226 done");
	ask(&h, "PWD", "257 \"/\"");
	ask(&h, "RETR f1", "226 done");
	r = rules_of(pool, &h, (struct neutral_reading){ .nmax = 10 });
	cr_expect(says(pool, r, "PWD", NULL, "LS"));
	cr_expect(says(pool, r, "PWD", NULL, "GET"));
	cr_expect(says(pool, r, "LS", "GET", "PWD"));
	cr_expect_eq(r->n.initial, 3);
}

POOLED(mining_neutral, a_step_down_and_up_again_leaves_a_list_as_it_was)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct rules *r;

	handmade_open(&h);
	ask(&h, "NLST", "226 done");
	ask(&h, "CWD d1", "250 ok");
	ask(&h, "CWD ..", "250 ok");
	ask(&h, "NLST", "226 done");
	r = rules_of(pool, &h, (struct neutral_reading){ .nmax = 10 });
	cr_expect(says(pool, r, "CD", "CD DOTDOT", "LS"));
	cr_expect_eq(r->n.n, 1);
	r = rules_of(pool, &h, (struct neutral_reading){ .nmax = 1 });
	cr_expect_eq(r->n.n, 0);
}

POOLED(mining_neutral, other_answers_and_other_arguments_say_nothing)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct rules *r;

	handmade_open(&h);
	ask(&h, "CWD a", "250 ok");
	ask(&h, "PWD", "257 \"/a\"");
	ask(&h, "CWD b", "250 ok");
	ask(&h, "PWD", "257 \"/b\"");
	r = rules_of(pool, &h, (struct neutral_reading){ .nmax = 10 });
	cr_expect(says(pool, r, "PWD", NULL, "CD"));
	cr_expect_not(says(pool, r, "CD", NULL, "PWD"));
	r = rules_of(pool, &h, (struct neutral_reading){ .nmax = 10, .same_arguments = true });
	cr_expect_eq(r->n.n, 0);
}

POOLED(mining_neutral, the_closure_follows_both_hypotheses_even_where_they_are_wrong)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct rules *r;

	handmade_open(&h);
	ask(&h, "PWD", "257 \"/\"");
	ask(&h, "MKD x", "257 \"x\"");
	ask(&h, "PWD", "257 \"/\"");
	ask(&h, "NLST", "226 done");
	ask(&h, "PWD", "257 \"/\"");
	ask(&h, "NLST", "226 done");
	r = rules_of(pool, &h, (struct neutral_reading){ .nmax = 10 });
	cr_expect_not(says(pool, r, "MKDIR", NULL, "LS"));
	neutral_close(&r->n, 3);
	cr_expect(says(pool, r, "MKDIR", NULL, "LS"));	/* MKDIR =/=> PWD =/=> LS: false in the world */
	cr_expect_not(r->n.cut);
}

POOLED(mining_neutral, a_closure_without_end_is_cut)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	static const char *const verbs[] = { "PWD", "NLST", "RETR f", "STOR f", "CWD a", "CWD ..", "RMD a", "MKD a", "USER u" };
	struct rules *r;
	uint32_t dice = 1;

	handmade_open(&h);
	for (unsigned i = 0; i < 400; i++) {
		dice = dice * 1103515245 + 12345;
		ask(&h, verbs[(dice >> 16) % ARRAY_LEN(verbs)], "200 ok");
	}
	r = rules_of(pool, &h, (struct neutral_reading){ .nmax = 10, .all_pairs = true });
	neutral_close(&r->n, 4);
	cr_expect_leq(r->n.n, (uint32_t)NEUTRAL_RULES);
	cr_expect_geq(r->n.n, r->n.initial);
}
