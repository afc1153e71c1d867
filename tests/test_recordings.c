/* What captures of real servers hold, against what others counted in them. */
#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "learning/corpus.h"
#include "tests/cases.h"
#include "tests/pooled.h"

/* A capture that is loaded into a pool of its own. */
struct lab {
	struct corpus_options options;
	const char *paths[1];
	struct corpus *corpus;
	struct diag why;
	struct pool pool;
	int err;
};

static int
load(struct pool *p, void *ctx)
{
	struct lab *l = ctx;

	return corpus_load(&l->corpus, p, &l->options, l->paths, 1, &l->why);
}

/*
 * What the recordings' README counts. Where we differ:
 *  - nbns: the server asks two hosts of its own accord, from port 137 to port 137, eight
 *    times. The README takes it for one more client there; we go by the address that serves
 *    others, so eight messages change sides and that session is two.
 *  - smb and memcached: two services each; the README adds them up.
 */
static const struct {
	const char *file;
	uint8_t proto;		/* 0: to be worked out */
	uint16_t port;
	uint16_t found;
	uint32_t conversations, client, server;
	uint64_t client_bytes, server_bytes;
} recorded[] = {
	{ "ftp.pcap.gz", 0, 0, 21, 1199, 16820, 17951, 204444, 785283 },
	{ "ftp-control.pcap.gz", 0, 0, 21, 2000, 28933, 30811, 354300, 1386220 },
	{ "dns.pcap", 0, 0, 53, 4005, 4727, 4714, 209511, 497414 },
	{ "sip.pcap.gz", 0, 0, 5060, 2345, 7039, 7848, 3354521, 3419229 },
	{ "http.pcap.gz", 0, 0, 80, 1911, 4732, 4719, 984491, 2892224 },
	{ "smb.pcap.gz", PROTO_TCP, 445, 445, 439, 3682, 3670, 511735, 706389 },
	{ "smb.pcap.gz", PROTO_TCP, 139, 139, 810 - 439, 6338 - 3682, 6301 - 3670, 819786 - 511735, 1066396 - 706389 },
	{ "nbns.pcap", 0, 0, 137, 1496 + 1, 1952 - 8, 1869 + 8, 106330 - 400, 286706 + 400 },
	{ "smtp.pcap", 0, 0, 25, 800, 5427, 6217, 650477, 267377 },
	{ "pop3.pcap", 0, 0, 110, 600, 3883, 4483, 38381, 609083 },
	{ "imap.pcap", 0, 0, 143, 500, 2765, 3265, 83526, 607862 },
	{ "redis.pcap", 0, 0, 6379, 1200, 5165, 5129, 210002, 568135 },
	{ "telnet.pcap", 0, 0, 23, 500, 3769, 4203, 44809, 149393 },
	{ "ssh.pcap", 0, 0, 22, 444, 650, 891, 362096, 578110 },
	{ "mysql.pcap", 0, 0, 3306, 900, 2302, 2844, 126696, 222429 },
	{ "mqtt.pcap", 0, 0, 1883, 800, 3325, 2783, 98982, 26823 },
	{ "ldap.pcap", 0, 0, 389, 700, 2409, 1810, 106789, 209775 },
	{ "snmp.pcap", 0, 0, 161, 1200, 3131, 2793, 161732, 249010 },
	{ "ntp.pcap", 0, 0, 123, 1200, 1923, 1687, 87000, 80976 },
	{ "tftp.pcap", 0, 0, 69, 600, 1819, 1473, 168003, 301184 },
	{ "memcached.pcap", PROTO_TCP, 11211, 11211, 568, 3256, 2879, 143398, 290596 },
	{ "memcached.pcap", PROTO_UDP, 11211, 11211, 600 - 568, 3288 - 3256, 2929 - 2879, 143940 - 143398, 309177 - 290596 },
};

struct totals {
	uint32_t n[2];
	uint64_t bytes[2];
	uint32_t whole, cut;
};

static struct totals
totals_of(const struct corpus *c)
{
	struct totals t = { .whole = 0 };

	for (uint32_t i = 0; i < c->nconversations; i++)
		t.whole += c->conversations[i].whole;
	for (uint32_t i = 0; i < c->nmessages; i++) {
		t.n[c->messages[i].side]++;
		t.bytes[c->messages[i].side] += c->messages[i].bytes.n;
		t.cut += c->messages[i].cut;
	}
	return t;
}

EACH_CASE(recordings, recordings_hold_what_their_readme_counts, recorded)
{
	struct lab l = { .options = { .proto = recorded[*i].proto, .port = recorded[*i].port } };
	char path[4096];
	struct totals t;

	snprintf(path, sizeof path, "%s/traces/%s", TEST_SHARED, recorded[*i].file);
	if (access(path, R_OK) < 0)
		cr_skip_test("%s is not there", path);
	l.paths[0] = path;
	pool_init(&l.pool, 0);
	cr_assert_eq(pool_run(&l.pool, load, &l), 0, "%s", l.why.text);
	t = totals_of(l.corpus);
	cr_expect_eq(l.corpus->port, recorded[*i].found);
	cr_expect_eq(l.corpus->nconversations, recorded[*i].conversations, "%s", path);
	cr_expect_eq(t.whole, recorded[*i].conversations, "%s: none is incomplete", path);
	cr_expect_eq(t.cut, 0);
	cr_expect(t.n[0] == recorded[*i].client && t.n[1] == recorded[*i].server, "%s: %u %u", path, t.n[0], t.n[1]);
	cr_expect(t.bytes[0] == recorded[*i].client_bytes && t.bytes[1] == recorded[*i].server_bytes,
	    "%s: %zu %zu", path, (size_t)t.bytes[0], (size_t)t.bytes[1]);
	cr_expect_eq(l.corpus->nservers, recorded[*i].found == 137 ? 2 : 1, "%s: %u", path, l.corpus->nservers);
	pool_fini(&l.pool);
}

Test(recordings, foreign_captures_are_read_or_refused_in_a_sentence)
{
	char dir[4096], path[8192];
	struct dirent *e;
	unsigned read = 0;
	DIR *d;

	snprintf(dir, sizeof dir, "%s/traces/public", TEST_SHARED);
	d = opendir(dir);
	if (d == NULL)
		cr_skip_test("%s is not there", dir);
	while ((e = readdir(d)) != NULL) {
		struct lab l = { .paths = { path } };

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
		for (l.options.port = 0; l.options.port <= 80; l.options.port += 80) {
			pool_init(&l.pool, 0);
			l.err = pool_run(&l.pool, load, &l);
			cr_expect(l.err == 0 || strstr(l.why.text, e->d_name) != NULL, "%s", path);
			read += l.err == 0;
			pool_fini(&l.pool);
		}
	}
	closedir(d);
	cr_expect_gt(read, 50, "%u", read);
}

/* Cut from the recordings: the first conversations of each; messages counted by tshark. */
static const struct {
	const char *file;
	uint16_t port;
	uint32_t conversations, client, server;
} shipped[] = {
	{ "ftp-small.pcap.gz", 21, 20, 258, 275 },
	{ "dns-small.pcap.gz", 53, 20, 23, 23 },
	{ "http-small.pcap.gz", 80, 20, 47, 47 },
};

EACH_CASE(recordings, the_small_captures_hold_their_conversations, shipped)
{
	struct lab l = { .err = 0 }, again = { .err = 0 };
	char path[4096];
	struct totals t;

	snprintf(path, sizeof path, "%s/tests/data/%s", TEST_ROOT, shipped[*i].file);
	l.paths[0] = again.paths[0] = path;
	pool_init(&l.pool, 0);
	pool_init(&again.pool, 0);
	again.options.seed = 99;	/* of the hash tables: changes nothing */
	cr_assert_eq(pool_run(&l.pool, load, &l), 0, "%s", l.why.text);
	cr_assert_eq(pool_run(&again.pool, load, &again), 0);
	t = totals_of(l.corpus);
	cr_expect_eq(l.corpus->port, shipped[*i].port);
	cr_expect_eq(l.corpus->nconversations, shipped[*i].conversations, "%u", l.corpus->nconversations);
	cr_expect(t.n[0] == shipped[*i].client && t.n[1] == shipped[*i].server, "%u %u", t.n[0], t.n[1]);
	cr_assert_eq(again.corpus->nmessages, l.corpus->nmessages);
	for (uint32_t k = 0; k < l.corpus->nmessages; k++)
		cr_assert(span_eq(l.corpus->messages[k].bytes, again.corpus->messages[k].bytes));
	pool_fini(&l.pool);
	pool_fini(&again.pool);
}
