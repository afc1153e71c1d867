#pragma once
/*
 * mining_rig.h - what the tests of service mining share: the FTP definition, and a handmade corpus in it.
 */
#include "learning/mining/canonical.h"
#include "tests/handmade.h"
#include "tests/pooled.h"

static inline void
mining_rig_fini(void *d)
{
	definition_fini(d);
}

/* The definition that ships; freed with the pool. */
static inline const struct definition *
ftp_definition(struct pool *pool)
{
	struct definition *d = pool_alloc(pool, sizeof *d);
	struct diag why = { "" };

	cr_assert_eq(definition_load(d, TEST_ROOT "/scripts/services/ftp.service", &why), 0, "%s", why.text);
	pool_defer(pool, mining_rig_fini, d);
	return d;
}

/* A question and its answer, in the open conversation. */
static inline void
ask(struct handmade *h, const char *question, const char *answer)
{
	handmade_say(h, SIDE_CLIENT, span_str(handmade_line(h, "%s\r\n", question)));
	handmade_say(h, SIDE_SERVER, span_str(handmade_line(h, "%s\r\n", answer)));
}
