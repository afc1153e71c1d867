#pragma once
/*
 * eal.h - DPDK's environment: which arguments it gets, and its threads.
 *
 * Works once per process: after eal_stop() there is no second start. The calling thread
 * becomes the control lcore. eal_arguments() decides and does nothing, for tests.
 */
#include "models/diag.h"

enum { EAL_WORKERS = 64, EAL_PCI = 8, EAL_ARGS = 16 + 2 * EAL_PCI };

struct eal_config {
	bool huge;			/* 2 MiB pages are there */
	unsigned memory_mb;		/* for pools and rings */
	unsigned workers;
	bool pinned;			/* threads stay on the cores below; else they float */
	unsigned control_core, worker_core[EAL_WORKERS];
	const char *pci[EAL_PCI];	/* devices that are taken from the kernel; none: no PCI at all */
	unsigned npci;
};

struct eal_args {
	char *argv[EAL_ARGS + 1];
	int argc;
	char text[4096];		/* what argv points into */
};

void	eal_arguments(struct eal_args *to, const struct eal_config *c, unsigned cpus);
/* 0, or -errno with a sentence. */
int	eal_start(const struct eal_config *c, struct diag *why);
/* Runs fn(arg) on worker thread number i. */
int	eal_run(unsigned i, int (*fn)(void *), void *arg);
void	eal_wait(unsigned i);
void	eal_stop(void);
