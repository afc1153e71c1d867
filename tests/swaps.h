#pragma once
/*
 * swaps.h - callers, a stack, and reload that puts a service's model on air for them from a file: in a folder of its own.
 *
 * The stack is the rig's, the sets are reload's. Aborts where it cannot be made.
 */
#include "control/reload.h"
#include "tests/callers.h"
#include "tests/file.h"

struct swaps {
	char place[32];
	struct conf *conf;
	struct reload reload;
	struct rig rig;
	struct callers callers;
};

static inline void
swaps_begin(struct swaps *w, uint32_t callers, uint32_t flows, uint32_t calls)
{
	static const char configuration[] =
	    "ports:\n- device: net_null0\n  link-address: 192.0.2.2\n"
	    "models:\n- {name: archive, file: voice.mynah}\n"
	    "prefixes:\n- prefix: 198.19.0.0/16\n  services: [{port: tcp/21, model: archive}]\n";
	struct diag why = { "" };
	FILE *f;

	snprintf(w->place, sizeof w->place, "/tmp/mynah-swaps-XXXXXX");
	enter_new_folder(w->place);
	callers_write("voice.mynah", 0);
	f = fopen("x.yaml", "w");
	if (f == NULL || fputs(configuration, f) < 0 || fclose(f) != 0 || conf_load(&w->conf, "x.yaml", &why) < 0)
		abort();
	rig_init(&w->rig);
	set_discard(w->rig.set);
	w->rig.set = NULL;
	w->rig.c.flows = w->rig.c.talks = w->rig.c.arenas = flows;
	w->rig.c.idle_tcp_ms = w->rig.c.lifetime_ms = 3600000;
	rig_start(&w->rig);
	w->reload.pins[w->reload.npins++] = stack_pins(w->rig.s);
	callers_init(&w->callers, &w->rig, callers, calls, 88172645463325252u);
	if (reload_first(&w->reload, w->conf, w->rig.c.key, &why) < 0)
		abort();
}

static inline void
swaps_end(struct swaps *w)
{
	w->rig.set = NULL;
	rig_fini(&w->rig);
	callers_fini(&w->callers);
	reload_fini(&w->reload);
	set_fini();
	conf_free(w->conf);
	unlink("voice.mynah");
	unlink("x.yaml");
	rmdir(w->place);
}

/* The next version is there: it speaks at once, or when a slot is free. As reload_later(). */
static inline int
swaps_offer(struct swaps *w, unsigned version, struct diag *why)
{
	callers_write("voice.mynah", version);
	return reload_later(&w->reload, "voice.mynah", "archive", why);
}

static inline unsigned
swaps_slots(void)
{
	unsigned n = 0;

	for (unsigned slot = 1; slot < SET_SLOTS; slot++)
		n += set_current()->slot[slot] != NULL;
	return n;
}
