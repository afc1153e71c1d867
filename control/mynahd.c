/*
 * mynahd - the sensor.
 *
 *   mynahd -c FILE            run
 *   mynahd --check -c FILE    check the configuration, its models and devices; change nothing
 *   mynahd --check -v -c FILE the same, and print the configuration in effect
 *
 * This thread is control: it starts everything in order, then waits for signals, the control
 * socket and a tick, on which it drains records and frees models. Exit 0 done, 1 failed, 2 usage.
 */
#include <cblas.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/bell.h"
#include "control/clock.h"
#include "control/ctl.h"
#include "control/demands.h"
#include "control/learner.h"
#include "control/log.h"
#include "control/news.h"
#include "control/notify.h"
#include "control/plan.h"
#include "control/priv.h"
#include "control/proto.h"
#include "control/secret.h"
#include "control/status.h"
#include "dataplane/eal.h"

enum { TICK_MS = 50, RECORDS = 16384, DRAIN = 64, EAL_BASE_MB = 48, IPV6_SHARE = 8 };

struct program {
	struct sensor sensor;
	struct learner learner;
	struct news news;
	struct ctl *ctl;
	struct diag why;
	char host[64];
	uint8_t key[SECRET_BYTES];
	const char *made;		/* a folder; NULL: none */
	unsigned running;		/* workers launched */
	bool eal, stop;
};

static int
usage(FILE *to, int status)
{
	fprintf(to,
	    "usage: mynahd [-c FILE]\n"
	    "       mynahd --check [-v] [-c FILE]\n"
	    "\n"
	    "  -c, --config FILE  the configuration; /etc/mynah/mynahd.yaml\n"
	    "      --check        check the configuration, its models and devices; change nothing\n"
	    "  -v, --verbose      with --check: print the configuration in effect\n"
	    "  -V, --version      print the version\n"
	    "  -h, --help         this text\n");
	return status;
}

static int
check_only(const char *path, bool print)
{
	struct diag why;
	struct conf *c;

	if (conf_load(&c, path, &why) < 0)
		goto failed;
	if (demands_check(c, &why) < 0 || reload_check(c, &why) < 0 || learner_check(c, &why) < 0 ||
	    (print && conf_print(c, stdout, &why) < 0)) {
		conf_free(c);
		goto failed;
	}
	conf_free(c);
	return 0;
failed:
	log_say("%s", why.text);
	return 1;
}

static int
start_eal(struct program *p)
{
	const struct conf *c = p->sensor.conf;
	struct eal_config e = { .huge = c->huge_pages == SWITCH_YES, .workers = c->workers,
		.memory_mb = EAL_BASE_MB + c->workers * (unsigned)(RECORDS * sizeof(struct record) >> 20) };

	for (uint32_t i = 0; i < c->ports_count; i++) {
		e.memory_mb += port_memory_mb(c->ports[i].device, c->workers);
		if (port_is_pci(c->ports[i].device))
			e.pci[e.npci++] = c->ports[i].device;
	}
	if (c->cores != NULL) {
		e.pinned = true;
		e.control_core = c->cores->control;
		memcpy(e.worker_core, c->cores->workers, c->workers * sizeof e.worker_core[0]);
	}
	p->eal = true;
	return eal_start(&e, &p->why);
}

static int
open_ports(struct program *p)
{
	struct sensor *s = &p->sensor;
	int err = 0;

	for (uint32_t i = 0; err == 0 && i < s->conf->ports_count; i++) {
		const struct conf_port *c = &s->conf->ports[i];

		err = port_open(&s->port[i], c->device, s->conf->workers, c->mac ? c->mac_bytes : NULL,
		    &p->why);
		s->nports += err == 0;
	}
	return err;
}

static void
stack_limits(struct stack_config *to, const struct conf *c, const struct program *p, unsigned port,
    unsigned worker)
{
	const struct conf_limits *l = &c->limits;

	stack_defaults(to);
	to->flows = l->flows;
	for (uint32_t i = 0; i < c->prefixes_count; i++) {
		if (!addr_is_v4(&c->prefixes[i].addr))
			to->flows_six = l->flows / IPV6_SHARE;
	}
	to->idle_tcp_ms = l->idle_tcp_s * 1000;
	to->idle_udp_ms = l->idle_udp_s * 1000;
	to->lifetime_ms = l->lifetime_s * 1000;
	to->udp_ratio = l->udp_ratio;
	to->syn_ack_per_prefix = l->syn_acks;
	memcpy(to->mac, port_mac(p->sensor.port[port]), sizeof to->mac);
	to->link_addr = c->ports[port].link;
	to->link_addr_six = c->ports[port].link_six;
	memcpy(to->key, p->key, sizeof to->key);
	to->worker = (uint8_t)worker;
	if (getrandom(&to->seed, sizeof to->seed, 0) != sizeof to->seed)
		to->seed = (uint64_t)clock_ms(CLOCK_REALTIME);
}

static int
create_workers(struct program *p)
{
	struct sensor *s = &p->sensor;
	int err = 0;

	for (unsigned w = 0; err == 0 && w < s->conf->workers; w++) {
		struct worker_config c = { .number = w, .nports = s->nports, .records = RECORDS };

		for (unsigned i = 0; i < s->nports; i++) {
			c.port[i] = s->port[i];
			stack_limits(&c.stack[i], s->conf, p, i, w);
		}
		err = worker_create(&s->worker[w], &c, &p->why);
		s->nworkers += err == 0;
	}
	for (unsigned w = 0; w < s->nworkers; w++)
		for (unsigned i = 0; i < s->nports; i++)
			s->reload.pins[s->reload.npins++] = stack_pins(worker_stack(s->worker[w], i));
	return err;
}

/* What speaks from slot now, or why nothing changed (p->why). */
static json_t *
answer_slot(struct program *p, const char *command, const char *name, int slot, bool *ok)
{
	const struct voice *v;

	news_command(&p->sensor.export, &p->sensor.reload, command, name, slot, &p->why, clock_ms(CLOCK_REALTIME));
	if (slot < 0) {
		log_say("%s refused: %s", command, p->why.text);
		return ctl_refuse(ok, "%s", p->why.text);
	}
	v = &p->sensor.reload.voice[slot];
	log_say("Service %s speaks %s version %s from slot %d.", v->service, v->model, v->version, slot);
	return json_pack("{ss ss ss si}", "service", v->service, "model", v->model, "version", v->version, "slot",
	    slot);
}

static json_t *
answer_load(struct program *p, unsigned argc, char *const *argv, bool *ok)
{
	const char *name = argc > 2 ? argv[2] : NULL;
	int slot;

	if (argc < 2)
		return ctl_refuse(ok, "load needs the name of a model file.");
	slot = reload_load(&p->sensor.reload, argv[1], name, &p->why);
	return answer_slot(p, "load", name, slot, ok);
}

static json_t *
answer_rollback(struct program *p, unsigned argc, char *const *argv, bool *ok)
{
	if (argc != 2)
		return ctl_refuse(ok, "rollback needs the name of a service.");
	return answer_slot(p, "rollback", argv[1], reload_rollback(&p->sensor.reload, argv[1], &p->why), ok);
}

static json_t *
answer_plan(struct program *p, unsigned argc, char *const *argv, bool *ok)
{
	json_t *o;

	if (argc == 1)
		return plan_profiles(set_current());
	o = plan_addresses(set_current(), argv[1], &p->why);
	return o != NULL ? o : ctl_refuse(ok, "%s", p->why.text);
}

static json_t *
answer_status(struct program *p)
{
	int64_t ms = clock_ms(CLOCK_MONOTONIC);
	json_t *o = status_status(&p->sensor, ms);

	learner_tell(&p->learner, o, ms);
	return o;
}

static json_t *
answer(void *ctx, unsigned argc, char *const *argv, bool *ok)
{
	struct program *p = ctx;
	json_t *o = learner_answer(&p->learner, argc, argv, ok);

	if (o != NULL)
		return o;
	if (strcmp(argv[0], "status") == 0)
		return answer_status(p);
	if (strcmp(argv[0], "models") == 0)
		return status_models(&p->sensor);
	if (strcmp(argv[0], "load") == 0)
		return answer_load(p, argc, argv, ok);
	if (strcmp(argv[0], "rollback") == 0)
		return answer_rollback(p, argc, argv, ok);
	if (strcmp(argv[0], "flows") == 0)
		return status_flows(&p->sensor);
	if (strcmp(argv[0], "top") == 0)
		return top_tell(&p->sensor.top, clock_ms(CLOCK_REALTIME));
	if (strcmp(argv[0], "plan") == 0)
		return answer_plan(p, argc, argv, ok);
	if (strcmp(argv[0], "counters") == 0)
		return status_counters(&p->sensor);
	if (strcmp(argv[0], "stop") == 0) {
		p->stop = true;
		return json_object();
	}
	return ctl_refuse(ok, "There is no command \"%s\"; there are "
#define NAME(name, args, help) name " "
	    CTL_COMMANDS(NAME)
#undef NAME
	    "and no others.", argv[0]);
}

static void
heed_signals(struct program *p)
{
	struct bell_heard heard = bell_heed();
	struct diag why;

	p->stop |= heard.end;
	if (heard.reopen && export_reopen(&p->sensor.export, &why) < 0)
		log_say("%s The old one stays in use.", why.text);
}

static unsigned
drain(struct sensor *s)
{
	struct record r[DRAIN];
	int64_t ms = clock_ms(CLOCK_REALTIME);
	unsigned all = 0;

	for (unsigned w = 0; w < s->nworkers; w++)
		for (unsigned n = DRAIN, most = RECORDS; n == DRAIN && most > 0; most -= n) {
			n = worker_records(s->worker[w], r, DRAIN);
			for (unsigned i = 0; i < n; i++) {
				export_record(&s->export, &r[i], &s->reload.voice[r[i].slot], ms);
				top_add(&s->top, set_current(), &r[i], ms);
			}
			all += n;
		}
	export_flush(&s->export);
	return all;
}

static bool
workers_poll(const struct sensor *s)
{
	for (unsigned w = 0; w < s->nworkers; w++)
		if (!worker_polls(s->worker[w]))
			return false;
	return true;
}

static int
launch(struct program *p)
{
	struct sensor *s = &p->sensor;
	int err = 0;

	for (; err == 0 && p->running < s->nworkers; p->running += err == 0) {
		err = eal_run(p->running, worker_main, s->worker[p->running]);
		if (err < 0)
			diag_set(&p->why, err, "Worker %u does not start: %s.", p->running, strerror(-err));
	}
	while (err == 0 && !workers_poll(s))
		poll(NULL, 0, 1);
	return err;
}

static int
open_store(struct program *p)
{
	const struct conf *c = p->sensor.conf;
	struct store_limits keep = { .capture_bytes = (uint64_t)c->training.corpus_mb << 20,
		.capture_days = c->training.corpus_days };

	return store_open(&p->sensor.reload.store, c->state, &keep, &p->why);
}

static int
open_control(struct program *p)
{
	const struct conf *c = p->sensor.conf;

	if (demands_folder(c)) {
		if (mkdir(CTL_FOLDER, 0755) < 0)
			return diag_set(&p->why, -errno, "The folder " CTL_FOLDER " of the control socket cannot be made: %s; "
			    "name another place with control-socket.", strerror(errno));
		p->made = CTL_FOLDER;
	}
	return ctl_open(&p->ctl, c->control, answer, p, &p->why);
}

static int
start(struct program *p, const char *path)
{
	struct sensor *s = &p->sensor;
	const struct conf *c;
	int err = conf_load(&s->conf, path, &p->why);

	if (err < 0)
		return err;
	c = s->conf;
	snprintf(p->host, sizeof p->host, "%s", c->host != NULL ? c->host : "sensor");
	if (c->host == NULL)
		gethostname(p->host, sizeof p->host - 1);
	err = demands_check(c, &p->why);
	if (err == 0 && ctl_in_use(c->control))
		err = diag_set(&p->why, -EADDRINUSE, "The control socket %s is in use: another mynahd runs.",
		    c->control);
	if (err == 0)
		err = bell_hang(&p->why);
	if (err == 0 && c->state != NULL)
		err = open_store(p);
	if (err == 0)
		err = reload_first(&s->reload, c, p->key, &p->why);
	if (err == 0)
		err = secret_load(p->key, c->key, &p->why);
	if (err == 0)
		err = export_open(&s->export, c->records, p->host, c->limits.records, &p->why);
	if (err == 0)
		err = learner_open(&p->learner, c, &s->reload, &s->export, &p->why);
	if (err == 0)
		err = start_eal(p);
	if (err == 0)
		err = open_ports(p);
	if (err == 0)
		err = create_workers(p);
	if (err == 0)
		err = open_control(p);
	for (unsigned i = 0; err == 0 && i < s->nports; i++)
		err = port_start(s->port[i], &p->why);	/* asks the kernel for what only root may */
	if (err == 0)
		err = priv_drop(c->user, (const char *[]){ p->made, c->control, c->records, c->key, c->state, c->spool },
		    6, &p->why);
	return err == 0 ? launch(p) : err;
}

static void
run(struct program *p)
{
	struct sensor *s = &p->sensor;
	struct pollfd fds[] = { { bell_fd(), POLLIN, 0 }, { ctl_fd(p->ctl), POLLIN, 0 },
		{ learner_spool_fd(&p->learner), POLLIN, 0 }, { learner_trainer_fd(&p->learner), POLLIN, 0 } };

	s->start_ms = s->sampled_ms = clock_ms(CLOCK_MONOTONIC);
	while (!p->stop) {
		int64_t ms;

		poll(fds, ARRAY_LEN(fds), TICK_MS);
		heed_signals(p);
		ms = clock_ms(CLOCK_MONOTONIC);
		reload_retire(&s->reload);
		news_retired(&p->news, &s->export, &s->reload, clock_ms(CLOCK_REALTIME));
		drain(s);	/* after retiring, before loading: a slot's last records know its voice */
		status_sample(s, ms);
		learner_turn(&p->learner, ms);
		ctl_turn(p->ctl, ms);
	}
	ctl_turn(p->ctl, clock_ms(CLOCK_MONOTONIC));
}

static void
stop_workers(struct program *p)
{
	struct sensor *s = &p->sensor;

	for (unsigned w = 0; w < p->running; w++)
		worker_stop(s->worker[w]);
	for (unsigned w = 0; w < p->running; w++) {
		while (worker_polls(s->worker[w])) {	/* their last records may fill the ring */
			drain(s);
			poll(NULL, 0, 1);
		}
		eal_wait(w);
	}
	drain(s);
}

/* In reverse. False: frames were lost. */
static bool
finish(struct program *p)
{
	struct sensor *s = &p->sensor;
	const struct export *x = &s->export;
	bool whole = true;

	stop_workers(p);
	if (p->ctl != NULL)
		ctl_close(p->ctl);
	for (unsigned w = 0; w < s->nworkers; w++)
		worker_destroy(s->worker[w]);
	for (unsigned i = 0; i < s->nports; i++) {
		unsigned lost = port_stop(s->port[i]);

		if (lost > 0) {
			log_say("%s: %u frames did not come back to the pool.", port_name(s->port[i]), lost);
			whole = false;
		}
		port_close(s->port[i]);
	}
	if (p->eal)
		eal_stop();
	learner_close(&p->learner);
	export_close(&s->export);	/* writes what is gathered, or counts it as lost */
	if (x->dropped_rate + x->dropped_disk + x->dropped_line > 0)
		log_say("%llu records were not written (%llu over the rate, %llu for want of disk, %llu too long or for "
		    "want of memory).", (unsigned long long)(x->dropped_rate + x->dropped_disk + x->dropped_line),
		    (unsigned long long)x->dropped_rate, (unsigned long long)x->dropped_disk,
		    (unsigned long long)x->dropped_line);
	reload_fini(&s->reload);
	if (s->reload.store != NULL)
		store_close(s->reload.store);
	set_fini();
	if (s->conf != NULL)
		conf_free(s->conf);
	return whole;
}

static void
tell_manager(const char *said)
{
	struct diag why;

	if (notify(getenv("NOTIFY_SOCKET"), said, &why) < 0)
		log_say("%s", why.text);
}

static int
run_sensor(const char *path)
{
	static struct program program = { .sensor.export.fd = -1 };
	struct program *p = &program;
	int err = start(p, path);

	if (err == 0) {
		log_say("%s answers on %u port%s with %u worker%s.", path, p->sensor.nports,
		    p->sensor.nports == 1 ? "" : "s", p->running, p->running == 1 ? "" : "s");
		puts("ready");
		fflush(stdout);
		tell_manager("READY=1");
		run(p);
		tell_manager("STOPPING=1");
	} else {
		log_say("%s", p->why.text);
	}
	if (!finish(p) && err == 0)
		err = -EIO;
	return err < 0 ? 1 : 0;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'n' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *path = "/etc/mynah/mynahd.yaml";
	bool check = false, verbose = false;
	int o;

	openblas_set_num_threads(1);	/* worker cores are not for products */
	while ((o = getopt_long(argc, argv, "c:vVh", options, NULL)) != -1)
		switch (o) {
		case 'c': path = optarg; break;
		case 'n': check = true; break;
		case 'v': verbose = true; break;
		case 'V': puts("mynahd " MYNAH_VERSION); return 0;
		case 'h': return usage(stdout, 0);
		default: return usage(stderr, 2);
		}
	if (optind < argc || (verbose && !check))
		return usage(stderr, 2);
	return check ? check_only(path, verbose) : run_sensor(path);
}
