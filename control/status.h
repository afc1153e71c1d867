#pragma once
/*
 * status.h - what mynahd tells about itself: one function per question of the control socket.
 *
 * Reads counters that workers write, without asking them. Threads: control.
 */
#include <jansson.h>

#include "control/export.h"
#include "control/reload.h"
#include "control/top.h"
#include "dataplane/worker.h"

struct sensor {			/* all that runs */
	struct conf *conf;
	struct port *port[CONF_PORTS];
	struct worker *worker[CONF_WORKERS];
	unsigned nports, nworkers;
	struct reload reload;
	struct export export;
	struct top top;
	int64_t start_ms;	/* monotonic */
	/* rates over the last full second */
	int64_t sampled_ms;
	uint64_t sampled_in, sampled_out;
	double in_per_s, out_per_s;
};

/* Call every turn of the main loop; takes a sample once a second. */
void	status_sample(struct sensor *s, int64_t now_ms);
json_t	*status_status(const struct sensor *s, int64_t now_ms);
json_t	*status_models(const struct sensor *s);
/* Waits for the workers' lists, at most 200 ms; what is not ready then is left out. */
json_t	*status_flows(const struct sensor *s);
json_t	*status_counters(const struct sensor *s);
