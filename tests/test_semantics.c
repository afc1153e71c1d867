/*
 * scripts/semantics/check on real servers: what they said breaks no rule, and another conversation's
 * replies do. What the model says does not matter here, mynah eval only writes down what was recorded.
 */
#include "models/base.h"
#include "tests/tool.h"

#define CHECK "'" TEST_ROOT "/scripts/semantics/check' "

/* most: percent of the conversations that may still pass with the replies of others; measured plus five */
static const struct {
	const char *protocol, *port, *capture;
	int most;
} services[] = {
	{ "ftp", "tcp/21", "ftp-control.pcap.gz", 10 },
	{ "ftp", "tcp/21", "ftp.pcap.gz", 10 },
	{ "dns", "udp/53", "dns.pcap", 5 },
	{ "sip", "udp/5060", "sip.pcap.gz", 5 },
	{ "http", "tcp/80", "http.pcap.gz", 50 },
	{ "smtp", "tcp/25", "smtp.pcap", 20 },
	{ "pop3", "tcp/110", "pop3.pcap", 14 },
	{ "imap", "tcp/143", "imap.pcap", 9 },
	{ "nbns", "udp/137", "nbns.pcap", 6 },
	{ "smb", "tcp/445", "smb.pcap.gz", 13 },
	{ "smb", "tcp/139", "smb.pcap.gz", 11 },
	{ "redis", "tcp/6379", "redis.pcap", 17 },
	{ "snmp", "udp/161", "snmp.pcap", 5 },
	{ "ldap", "tcp/389", "ldap.pcap", 17 },
	{ "ntp", "udp/123", "ntp.pcap", 7 },
	{ "tftp", "udp/69", "tftp.pcap", 29 },
	{ "mqtt", "tcp/1883", "mqtt.pcap", 31 },
	{ "mysql", "tcp/3306", "mysql.pcap", 31 },
	{ "ssh", "tcp/22", "ssh.pcap", 60 },
	{ "telnet", "tcp/23", "telnet.pcap", 24 },
	{ "memcached", "tcp/11211", "memcached.pcap", 10 },
	{ "memcached", "udp/11211", "memcached.pcap", 5 },
};

static void
judge(size_t i, const char *options, const char *claim)
{
	char line[1024];

	snprintf(line, sizeof line, CHECK "%s --strict --recorded %s --json t.jsonl >found && python3 -c 'import json; "
	    "r = json.load(open(\"found\")); ok = r[\"conversations_ok\"]; assert r[\"messages\"] > 0; assert %s, ok'",
	    services[i].protocol, options, claim);
	cr_expect_eq(tool_run(line), 0, "%s of %s %s", services[i].port, services[i].capture, options);
}

Test(semantics, real_servers_pass_and_swapped_replies_do_not, .timeout = 600)
{
	char line[1024], claim[64];

	if (access(TEST_SHARED "/traces/ftp-control.pcap.gz", R_OK) != 0)
		cr_skip_test("no captures in '%s'", TEST_SHARED "/traces");
	tool_enter();
	cr_assert_eq(tool_run("\"$M\" learn -o tcp.mynah \"$D\"/ftp-small.pcap.gz >out && "
	    "\"$M\" learn -o udp.mynah \"$D\"/dns-small.pcap.gz >out"), 0);
	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		snprintf(line, sizeof line, "\"$M\" eval -p %s -t t.jsonl %.3s.mynah '" TEST_SHARED "/traces/%s' >out 2>err "
		    "|| { cat err; false; }", services[i].port, services[i].port, services[i].capture);
		cr_expect_eq(tool_run(line), 0, "%s", line);
		judge(i, "", "ok == 1");
		snprintf(claim, sizeof claim, "ok <= %d / 100", services[i].most);
		judge(i, "--swap", claim);
	}
	tool_leave();
}

/* Any port a capture of ours has is found by the port alone, as mynah eval knows it. */
Test(semantics, a_port_is_enough)
{
	char line[256];

	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		snprintf(line, sizeof line, "test \"$(" CHECK "--for %s)\" = %s", services[i].port, services[i].protocol);
		cr_expect_eq(tool_run(line), 0, "%s", line);
	}
}
