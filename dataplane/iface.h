#pragma once
/*
 * iface.h - does a Linux interface hand frames over as they were on the wire?
 *
 * Asked before a port opens on one. With GRO or LRO on, segments come merged, longer than a buffer; with another MTU than
 * Ethernet's, long frames of one side are lost where nobody counts them.
 */
#include "models/diag.h"

/* What of its settings matters. */
struct iface {
	unsigned mtu;		/* bytes of an IP packet */
	bool gro, lro;
};

/* 0, or -errno with a sentence: what is wrong, and the command that mends it. */
int	iface_fits(const char *name, const struct iface *i, struct diag *why);
/* The same of an interface that is there, as the kernel says now. What it does not tell is taken as right. */
int	iface_check(const char *name, struct diag *why);
