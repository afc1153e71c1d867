/* mynah replay - answer the client side of a capture through the real stack, offline. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/cmd.h"
#include "control/replay.h"

/* Is what stands behind the last @, if there is one, a port? */
static bool
has_good_port(const char *word)
{
	const char *at = strrchr(word, '@');
	char *end;
	unsigned long port;

	if (at == NULL)
		return true;
	port = strtoul(at + 1, &end, 10);
	return at[1] >= '0' && at[1] <= '9' && *end == '\0' && port > 0 && port <= 65535;
}

/* "MODEL" or "MODEL@PORT". */
static int
load(struct replay_service *s, const char *word, struct diag *why)
{
	const char *at = strrchr(word, '@');
	char *path;
	int err;

	s->port = 0;
	if (at == NULL)
		return model_load(&s->m, word, why);
	path = strndup(word, (size_t)(at - word));
	if (path == NULL)
		return diag_set(why, -1, "not enough memory");
	s->port = (uint16_t)strtoul(at + 1, NULL, 10);
	err = model_load(&s->m, path, why);
	free(path);
	return err;
}

static void
print_count(uint64_t n, const char *what)
{
	if (n > 0)
		printf("  %llu %s\n", (unsigned long long)n, what);
}

static void
print(const struct replay_report *r)
{
	printf("%llu conversations, %llu turns: %llu packets of the clients, %llu of ours\n",
	    (unsigned long long)r->conversations, (unsigned long long)r->turns,
	    (unsigned long long)r->client_packets, (unsigned long long)r->our_packets);
	print_count(r->packets, "packets read");
	print_count(r->server_packets, "packets of the recorded servers, in whose place ours answered");
	print_count(r->added_acks, "acknowledgements added for the clients");
	print_count(r->skipped_mid, "packets left out: their conversation began before the capture");
	print_count(r->skipped_ended, "packets left out: their conversation had been reset");
	print_count(r->skipped_backwards, "packets left out: a server called its client");
	print_count(r->skipped_fragments, "packets left out: fragments");
	print_count(r->skipped_cut, "packets left out: cut short by the capture");
	print_count(r->skipped_damaged, "packets left out: damaged or not IP");
	print_count(r->skipped_disguised, "packets left out: IPv6 with addresses of IPv4");
	print_count(r->skipped_others, "packets left out: neither TCP nor UDP");
	if (r->warning[0] != '\0')
		printf("  warning: %s\n", r->warning);
}

int
cmd_replay(int argc, char **argv)
{
	static const struct option options[] = {
		{ "model", required_argument, NULL, 'm' },
		{ NULL, 0, NULL, 0 },
	};
	struct replay_service service[REPLAY_MODELS];
	const char *models[REPLAY_MODELS];
	struct replay_report report;
	struct diag why;
	unsigned n = 0;
	int c, err = 0;

	while ((c = getopt_long(argc, argv, "m:", options, NULL)) != -1) {
		if (c == '?' || n == REPLAY_MODELS) {
			err = cmd_wrong_usage(argv, c == '?' ? NULL : "more than %d models", REPLAY_MODELS);
			goto destroy;
		}
		if (!has_good_port(optarg)) {
			err = cmd_wrong_usage(argv, "--model %s: behind @ stands a port from 1 to 65535", optarg);
			goto destroy;
		}
		if (load(&service[n], optarg, &why) < 0) {
			err = cmd_failed(&why);
			goto destroy;
		}
		models[n++] = optarg;
	}
	if (n == 0 || argc - optind != 2) {
		err = cmd_wrong_usage(argv, "a model, a capture and a name for the new one are wanted");
		goto destroy;
	}
	if (cmd_same_file(argv[optind], argv[optind + 1])) {
		err = cmd_wrong_usage(argv, "%s would be overwritten by its own answers", argv[optind]);
		goto destroy;
	}
	for (unsigned i = 0; i < n; i++)
		if (cmd_same_file(models[i], argv[optind + 1])) {
			err = cmd_wrong_usage(argv, "%s is a model and would be overwritten", models[i]);
			goto destroy;
		}
	cmd_unfinished(argv[optind + 1]);
	if (replay(service, n, argv[optind], argv[optind + 1], &report, &why) < 0)
		err = cmd_failed(&why);
	else
		print(&report);
destroy:
	while (n > 0)
		model_destroy(service[--n].m);
	return err;
}
