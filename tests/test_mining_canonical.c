#include "learning/mining/form.h"
#include "tests/mining_rig.h"

static void
expect_trace(struct pool *pool, const struct handmade *h, const char *trace)
{
	struct canonical c;
	struct span s;

	canonical_make(&c, pool, ftp_definition(pool), h->c, NULL);
	s = canonical_print(&c, pool, 0);
	cr_expect(span_eq(s, span_str(trace)), "%.*s", (int)s.n, s.p);
}

POOLED(mining_canonical, a_dialogue_becomes_commands_with_arguments_and_answers)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	handmade_talk(&h, "<220-hello\r\n220 there\r\n", ">USER anon\r\n", "<331 go on\r\n", ">pass a b\r\n",
	    "<230-welcome\r\n231 is no end\r\n230 in\r\n", ">XPWD\r\n", "<257 \"/a \"\"b\" is it\r\n", ">CWD ..\r\n",
	    "<250 ok\r\n", ">CDUP\r\n", "<250 ok\r\n", ">PWD\r\n", "<550 no\r\n", ">SITE x%y\r\n", "<500 what\r\n", NULL);
	expect_trace(pool, &h, "1\tUSER\tanon\tYES\n2\tPASS\ta b\tYES\n3\tPWD\t/a \n4\tCD\tDOTDOT\tYES\n"
	    "5\tCD\tDOTDOT\tYES\n6\tPWD\tNO\n7\tOTHER(SITE)\tNO\n");
}

POOLED(mining_canonical, preliminary_replies_do_not_end_a_command_and_pipelined_ones_are_paired)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	handmade_talk(&h, "<220 hi\r\n", ">RETR f\r\nRETR g\r\nPWD\r\n", "<150 soon\r\n226 done\r\n550 no\r\n257 \"/\"\r\n",
	    ">NLST\r\n", "<150 soon\r\n", ">NOOP\r\n", "<226 done\r\n200 ok\r\n", ">MKD x\r\n", NULL);
	expect_trace(pool, &h, "1\tGET\tf\tYES\n2\tGET\tg\tNO\n3\tPWD\t/\n4\tLS\tYES\n5\tOTHER(NOOP)\tYES\n"
	    "6\tMKDIR\tx\tTIMEOUT\n");
}

POOLED(mining_canonical, odd_input_is_taken_as_far_as_it_makes_sense)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	handmade_talk(&h, ">\r\n\r\nCWD\r\n", "<500\r\n", ">PWD no\\end", "<hello\r\n257 \"/unfinished\r\n", ">CWD a\tb%\r\n",
	    "<\xff\xff\r\n", NULL);
	expect_trace(pool, &h, "1\tOTHER(CWD)\tNO\n2\tPWD\tTIMEOUT\n3\tCD\ta%09b%25\tTIMEOUT\n");
}

POOLED(mining_canonical, equal_values_share_a_symbol_and_the_table_knows_where_they_stand)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct canonical c;
	struct forms f;
	uint32_t d1;

	handmade_open(&h);
	ask(&h, "CWD d1", "250 ok");
	ask(&h, "CWD ..", "250 ok");
	ask(&h, "PWD", "257 \"d1\"");
	ask(&h, "CWD d2", "250 ok");
	canonical_make(&c, pool, ftp_definition(pool), h.c, NULL);
	forms_make(&f, pool, &c);
	cr_expect_eq(f.n, 3);			/* CD, CD DOTDOT, PWD */
	cr_expect_eq(f.value.n, 2);		/* d1, d2: constants are none */
	d1 = f.arg[0][0];
	cr_expect_eq(f.arg[1][0], (uint32_t)SYMBOL_NONE);
	cr_expect_eq(f.response[2], d1);
	cr_expect_neq(f.arg[3][0], d1);
	cr_assert_eq(f.first[d1 + 1] - f.first[d1], 2);
	cr_expect_eq(f.at[f.first[d1]].inter, 0);
	cr_expect_eq(f.at[f.first[d1] + 1].inter, 2);
	cr_expect_eq(f.at[f.first[d1] + 1].pos, SYMBOL_RESPONSE);
	cr_expect(span_eq(form_name(&f, pool, 1), span_str("CD DOTDOT")));
}
