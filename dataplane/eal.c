#include "dataplane/eal.h"

#include <errno.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static void PRINTF(3, 4)
add(struct eal_args *to, size_t *at, const char *fmt, ...)
{
	va_list ap;

	assert(to->argc < EAL_ARGS);
	to->argv[to->argc++] = to->text + *at;
	va_start(ap, fmt);
	*at += (size_t)vsnprintf(to->text + *at, sizeof to->text - *at, fmt, ap) + 1;
	va_end(ap);
	assert(*at < sizeof to->text);	/* the configuration's lengths are bounded */
}

/* "0@(0-1),1@(0-1)" floats two threads over two CPUs; "0@3,1@4" pins them. */
static void
lcores(char *to, size_t room, const struct eal_config *c, unsigned cpus)
{
	size_t at = 0;

	for (unsigned i = 0; i <= c->workers && at < room; i++)
		if (c->pinned)
			at += (size_t)snprintf(to + at, room - at, "%s%u@%u", i ? "," : "", i,
			    i ? c->worker_core[i - 1] : c->control_core);
		else
			at += (size_t)snprintf(to + at, room - at, "%s%u@(0-%u)", i ? "," : "", i, cpus - 1);
	assert(at < room);
}

void
eal_arguments(struct eal_args *to, const struct eal_config *c, unsigned cpus)
{
	char map[1024];
	size_t at = 0;

	lcores(map, sizeof map, c, cpus);
	to->argc = 0;
	add(to, &at, "mynahd");
	add(to, &at, "--lcores=%s", map);
	add(to, &at, "--log-level=3");
	add(to, &at, "--no-telemetry");
	add(to, &at, "-m");
	add(to, &at, "%u", c->memory_mb);
	if (c->huge) {
		add(to, &at, "--in-memory");	/* leaves no files behind after a crash */
	} else {
		add(to, &at, "--no-huge");	/* 22.11 refuses it together with --in-memory */
		add(to, &at, "--no-shconf");
	}
	if (c->npci == 0)
		add(to, &at, "--no-pci");
	for (unsigned i = 0; i < c->npci; i++) {
		add(to, &at, "-a");
		add(to, &at, "%s", c->pci[i]);
	}
	to->argv[to->argc] = NULL;
}

int
eal_start(const struct eal_config *c, struct diag *why)
{
	static struct eal_args args;	/* EAL keeps pointers into it */
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	eal_arguments(&args, c, cpus > 0 ? (unsigned)cpus : 1);
	if (rte_eal_init(args.argc, args.argv) < 0)
		return diag_set(why, -rte_errno, "DPDK does not start (%s) with %s%s.", rte_strerror(rte_errno),
		    args.argv[1], c->huge ? "; are there enough huge pages (sysctl vm.nr_hugepages)?" : "");
	return 0;
}

int
eal_run(unsigned i, int (*fn)(void *), void *arg)
{
	return rte_eal_remote_launch(fn, arg, i + 1);
}

void
eal_wait(unsigned i)
{
	rte_eal_wait_lcore(i + 1);
}

void
eal_stop(void)
{
	rte_eal_cleanup();
}
