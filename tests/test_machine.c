#include "learning/scriptgen/machine.h"

#include <stdio.h>
#include <time.h>

#include "tests/negotiate.h"
#include "tests/pooled.h"

struct grown {
	struct intern messages;
	struct machine m;
};

static void
grown_init(struct grown *g, struct pool *pool, const struct machine_params *p)
{
	intern_init(&g->messages, pool);
	machine_init(&g->m, pool, &g->messages, p);
}

/* A conversation of lines, client and server in turn. */
static void
talk(struct grown *g, struct pool *pool, const struct span *line, uint32_t n)
{
	struct sequence s = { pool_array(pool, n / 2 + 1, sizeof *s.step), n / 2 };

	for (uint32_t i = 0; i < n / 2; i++)
		s.step[i] = (struct step){ intern_add(&g->messages, line[2 * i]),
			intern_add(&g->messages, line[2 * i + 1]), 0 };
	machine_add(&g->m, s);
}

static void
talk_text(struct grown *g, struct pool *pool, const char *const *line, uint32_t n)
{
	struct span *s = pool_array(pool, n, sizeof *s);

	for (uint32_t i = 0; i < n; i++)
		s[i] = span_str(line[i]);
	talk(g, pool, s, n);
}

/* spec/scriptgen.md 4: in the published manner, each state by itself, and with all states together. */
POOLED(machine, the_worked_example)
{
	static const char *const one[] = { "HELO a\r\n", "250 hi a\r\n", "QUIT\r\n", "221\r\n" };
	static const char *const two[] = { "HELO bob\r\n", "250 hi bob\r\n", "QUIT\r\n", "221\r\n" };
	static const char *const three[] = { "NOOP\r\n", "250 ok\r\n" };
	struct machine_params p = machine_params(true);

	for (int per_state = 0; per_state < 2; per_state++) {
		struct grown g;

		p.per_state = per_state;
		grown_init(&g, pool, &p);
		talk_text(&g, pool, one, 4);
		talk_text(&g, pool, two, 4);
		talk_text(&g, pool, three, 2);
		talk_text(&g, pool, three, 2);
		machine_update(&g.m);
		cr_assert_str_eq(machine_print(&g.m),
		    "state 0: 4 visits\n"
		    "state 1: from 0, 2 visits, on HELO [1..]\\r\\n\n"
		    "    2 x 250 hi [1..]\\r\\n\n"
		    "state 2: from 0, 2 visits, on NOOP\\r\\n\n"
		    "    2 x 250 ok\\r\\n\n"
		    "state 3: from 1, 2 visits, on QUIT\\r\\n\n"
		    "    2 x 221\\r\\n\n");
	}
}

POOLED(machine, thresholds_hold_against_a_flood)
{
	struct machine_params p = machine_params(true);
	struct grown g;

	p.depth = 4;
	p.states = 50;
	grown_init(&g, pool, &p);
	for (uint32_t i = 0; i < 1000; i++) {
		const char *line[20];
		char *request = pool_alloc(pool, 64);

		for (uint32_t c = 0; c < 40; c++)
			request[c] = (char)('!' + (i * 2654435761u >> c % 23) % 90);
		for (uint32_t k = 0; k < 20; k += 2) {
			line[k] = request;
			line[k + 1] = "what\r\n";
		}
		talk_text(&g, pool, line, 20);
	}
	machine_update(&g.m);
	cr_assert_leq(g.m.nstates, 50u);
	for (uint32_t s = 0; s < g.m.nstates; s++)
		cr_assert_leq(g.m.state[s].depth, 4u);
	cr_assert_gt(g.m.cut, 0u);
}

/* A client that negotiates, says a few words of its own choice and leaves. */
static void
talk_smb(struct grown *g, struct pool *pool, uint32_t *seed, uint32_t words)
{
	struct span line[64];
	uint32_t n = 0;

	line[n++] = negotiate_request(pool, seed, negotiate_random(seed) % 3);
	line[n] = negotiate_answer(pool, seed, line[n - 1], negotiate_random(seed));
	n++;
	for (uint32_t i = 0; i < words; i++) {
		uint32_t command = negotiate_random(seed) % 4;
		uint8_t *asked = pool_alloc(pool, 40 + 10 * command), *said = pool_alloc(pool, 40);

		memcpy(asked, line[0].p, 40);
		asked[3] = (uint8_t)(36 + 10 * command);
		asked[8] = (uint8_t)(0x70 + command);
		asked[NEGOTIATE_MID] = (uint8_t)i;
		memset(asked + 39, 'p' + (int)command, 1 + 10 * command);
		memcpy(said, asked, 40);
		said[13] = 0x98;
		said[39] = (uint8_t)command;
		line[n++] = span_of(asked, 40 + 10 * command);
		line[n++] = span_of(said, 40);
	}
	talk(g, pool, line, n);
}

static const char *
one_by_one(struct pool *pool, uint32_t known, uint32_t more)
{
	struct machine_params p = machine_params(false);
	struct grown g;
	uint32_t seed = 3;

	grown_init(&g, pool, &p);
	for (uint32_t i = 0; i < known; i++)
		talk_smb(&g, pool, &seed, 4);
	for (uint32_t i = 0; i < more; i++) {
		machine_update(&g.m);
		talk_smb(&g, pool, &seed, 4);
	}
	machine_update(&g.m);
	return machine_print(&g.m);
}

POOLED(machine, refined_by_samples_it_is_what_it_would_have_been_from_the_start)
{
	cr_assert_str_eq(one_by_one(pool, 20, 20), one_by_one(pool, 40, 0));
	cr_assert_str_eq(one_by_one(pool, 0, 12), one_by_one(pool, 12, 0));
}

/* spec/scriptgen.md 13.7: fifty samples of a command never seen add its label and leave the others. */
POOLED(machine, a_new_command_leaves_the_other_labels)
{
	struct machine_params p = machine_params(true);
	struct grown g;
	struct span before[64];
	uint32_t n;

	grown_init(&g, pool, &p);
	for (uint32_t i = 0; i < 30; i++) {
		char *take = pool_alloc(pool, 32), *name = pool_alloc(pool, 32);

		sprintf(take, "take %u\r\n", i * 37 % 1000);
		sprintf(name, "name of visitor %c%c\r\n", 'a' + i % 26, 'a' + i * 7 % 26);
		talk_text(&g, pool, (const char *const[]){ take, "ok\r\n", name, "welcome\r\n" }, 4);
	}
	machine_update(&g.m);
	n = g.m.nlabels;
	cr_assert_leq(n, 64u);
	for (uint32_t i = 0; i < n; i++)
		before[i] = span_of(pool_copy(pool, g.m.label_key[i].p, g.m.label_key[i].n), g.m.label_key[i].n);
	for (uint32_t i = 0; i < 50; i++) {
		char *remove = pool_alloc(pool, 40);

		sprintf(remove, "remove everything about book %u\r\n", i * 91 % 1000);
		talk_text(&g, pool, (const char *const[]){ remove, "gone\r\n" }, 2);
	}
	machine_update(&g.m);
	cr_assert_eq(g.m.nlabels, n + 1, "%s", machine_print(&g.m));
	for (uint32_t i = 0; i < n; i++) {
		uint32_t l = 0;

		while (l < g.m.nlabels && !span_eq(g.m.label_key[l], before[i]))
			l++;
		cr_assert_lt(l, g.m.nlabels, "a label of before is gone");
	}
}
