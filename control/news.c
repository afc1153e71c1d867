#include "control/news.h"

#include <errno.h>

#include "control/verdict.h"

void
news_command(struct export *x, const struct reload *r, const char *command, const char *service, int slot,
    const struct diag *why, int64_t unix_ms)
{
	const struct voice *v;

	if (slot < 0) {
		export_note(x, slot == -EBUSY ? "busy" : "refused", service != NULL ? service : "", "",
		    json_pack("{ss so}", "command", command, "why", verdict_sentence(why)), unix_ms);
		return;
	}
	v = &r->voice[slot];
	export_note(x, command, v->service, v->version, json_pack("{si}", "slot", slot), unix_ms);
}

void
news_retired(struct news *n, struct export *x, const struct reload *r, int64_t unix_ms)
{
	const struct set *set = set_current();

	for (int i = 1; i < SET_SLOTS; i++) {
		const struct voice *v = &r->voice[i];

		if (n->held[i] && set->slot[i] == NULL)
			export_note(x, "retire", v->service, v->version, json_pack("{si}", "slot", i), unix_ms);
		n->held[i] = set->slot[i] != NULL;
	}
}
