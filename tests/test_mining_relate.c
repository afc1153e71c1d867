#include "learning/mining/relate.h"
#include "tests/mining_rig.h"

/* Is there a relation whose words begin so? */
static bool
finds(struct pool *pool, const struct forms *f, const struct relations *r, const char *words)
{
	for (uint32_t i = 0; i < r->n; i++) {
		struct span s = relation_words(f, pool, &r->r[i]);

		if (s.n >= strlen(words) && memcmp(s.p, words, strlen(words)) == 0)
			return true;
	}
	return false;
}

static struct forms *
forms_of(struct pool *pool, const struct handmade *h)
{
	struct canonical *c = pool_alloc(pool, sizeof *c);
	struct forms *f = pool_alloc(pool, sizeof *f);

	canonical_make(c, pool, ftp_definition(pool), h->c, NULL);
	forms_make(f, pool, c);
	return f;
}

POOLED(mining_relate, where_one_goes_is_where_one_is)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	static const char *const dirs[] = { "docs", "pub", "old", "attic", "music" };
	struct relations r;
	struct forms *f;

	for (unsigned i = 0; i < 10; i++) {
		handmade_open(&h);
		ask(&h, handmade_line(&h, "CWD %s", dirs[i % 5]), i % 3 == 2 ? "550 no" : "250 ok");
		ask(&h, "PWD", i % 3 == 2 ? "257 \"/\"" : handmade_line(&h, "257 \"/%s\"", dirs[i % 5]));
	}
	f = forms_of(pool, &h);
	relate(&r, pool, f);
	cr_expect(finds(pool, f, &r, "CD argument => PWD answer: one in the other, when CD is YES (7 of 7)"));
	cr_expect(finds(pool, f, &r, "CD argument => PWD answer: map, when CD is YES (7 of 7)"));
	cr_expect_not(finds(pool, f, &r, "CD argument => PWD answer: one in the other (")); /* not without the condition */
	cr_expect_not(finds(pool, f, &r, "CD argument => PWD answer: equal"));
}

POOLED(mining_relate, what_holds_by_chance_is_no_relation)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct relations r;
	struct forms *f;

	for (unsigned i = 0; i < 6; i++) {	/* each PWD says the same, whatever was asked before */
		handmade_open(&h);
		for (unsigned k = 0; k < 3; k++) {
			ask(&h, "CWD docs", "550 no");
			ask(&h, "PWD", "257 \"/docs\"");
		}
	}
	f = forms_of(pool, &h);
	relate(&r, pool, f);
	cr_expect_eq(r.n, 0, "%u", r.n);
}
