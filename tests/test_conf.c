#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/conf.h"
#include "tests/cases.h"
#include "tests/file.h"
#include "tests/machines.h"

static char place[] = "/tmp/mynah-conf-XXXXXX";
static struct diag why;
static struct conf *c;

static void
go_somewhere(void)
{
	enter_new_folder(place);
}

static void
leave(void)
{
	unlink("x.yaml");
	unlink("y.yaml");
	rmdir(place);
}

TestSuite(conf, .init = go_somewhere, .fini = leave, .timeout = 60);

static void
put_text(const char *name, const char *text, size_t n)
{
	FILE *f = fopen(name, "w");

	cr_assert_not_null(f);
	fwrite(text, 1, n, f);
	fclose(f);
}

static int
load(const char *text)
{
	put_text("x.yaml", text, strlen(text));
	return conf_load(&c, "x.yaml", &why);
}

#define PORT   "ports:\n- device: net_null0\n  link-address: 192.0.2.2\n"		/* 3 lines */
#define NET    "prefixes:\n- prefix: 198.19.0.0/16\n"					/* 2 lines */
#define MODELS "models:\n- {name: ftp, file: ftp.mynah}\n"				/* 2 lines */

static const struct {
	const char *text, *sentence;
} refused[] = {
	/* not YAML, or not one document */
	{ "", "x.yaml is empty." },
	{ "# nothing\n", "x.yaml is empty." },
	{ "ports:\n\t- device: a\n", "x.yaml line 2: found character that cannot start any token; indent with spaces, not "
	  "with tabs." },
	{ "ports: [\n", "x.yaml line 2: did not find expected node content." },
	{ PORT NET "---\nports: 1\n", "x.yaml line 6: a second document begins here; only one is read." },
	{ "- ports\n", "x.yaml line 1: the configuration is a list; it must be a mapping." },
	{ "? [a]\n: b\n", "x.yaml line 1: a key of the configuration is a list; it must be a word." },
	/* keys */
	{ PORT NET "  actoin: reset\n", "x.yaml line 6: \"actoin\" is not a key of an entry of prefixes; "
	  "known are prefix, action, on-link, ping, persona, services, profiles, density." },
	{ PORT NET "limits:\n  flow: 1\n", "x.yaml line 7: \"flow\" is not a key of limits; known are flows, "
	  "idle-tcp, idle-udp, lifetime, udp-ratio, syn-acks, record-lines." },
	{ PORT NET "user: a\nuser: b\n",
	  "x.yaml line 7: \"user\" stands here a second time; the first is on line 6." },
	{ NET, "x.yaml line 1: the configuration lacks the key \"ports\"." },
	{ PORT "prefixes:\n- action: reset\n", "x.yaml line 5: an entry of prefixes lacks the key \"prefix\"." },
	/* kinds and values */
	{ "ports: eth0\n" NET, "x.yaml line 1: ports is a single value; it must be a list." },
	{ "ports: []\n" NET, "x.yaml line 1: ports has 0 entries; allowed are 1 to 8." },
	{ PORT NET "  action: rset\n",
	  "x.yaml line 6: action is \"rset\"; allowed are reset, silent, drop, handshake." },
	{ PORT NET "  ping: maybe\n", "x.yaml line 6: ping is \"maybe\"; allowed are yes, no, true, false." },
	{ PORT NET "limits: {flows: 12x}\n",
	  "x.yaml line 6: flows is \"12x\"; allowed is a number from 1024 to 67108864." },
	{ PORT NET "limits: {udp-ratio: 4}\n",
	  "x.yaml line 6: udp-ratio is \"4\"; allowed is a number from 1 to 3." },
	{ PORT NET "limits: {idle-tcp: -1}\n",
	  "x.yaml line 6: idle-tcp is \"-1\"; allowed is a number from 1 to 86400." },
	{ PORT NET "worker-threads: 010\n",
	  "x.yaml line 6: worker-threads is \"010\"; allowed is a number from 1 to 64." },
	{ PORT NET "user:\n", "x.yaml line 6: user is empty." },
	{ PORT NET "user: \"a\\0b\"\n", "x.yaml line 6: user contains a NUL byte." },
	{ PORT NET "user: abcdefghijklmnopqrstuvwxyzabcdefgh\n",
	  "x.yaml line 6: user is 34 characters long; allowed are 31." },
	{ PORT NET "host: a b\n",
	  "x.yaml line 6: host is \"a b\"; allowed are letters, digits, dot, underscore, hyphen." },
	{ PORT NET "spool-folder: in\n",
	  "x.yaml line 6: captures from a spool-folder are kept in a state-folder; give one." },
	{ PORT NET "state-folder: kept\nspool-folder: kept/\n", "x.yaml line 7: the spool-folder and the state-folder must "
	  "not be one, nor one in the other: what is in the spool is taken away." },
	{ PORT NET "state-folder: in/kept\nspool-folder: in\n", "x.yaml line 7: the spool-folder and the state-folder must "
	  "not be one, nor one in the other: what is in the spool is taken away." },
	{ PORT NET "training: {hold-out: 51}\n",
	  "x.yaml line 6: hold-out is \"51\"; allowed is a number from 1 to 50." },
	{ PORT NET "training: {memory-mb: 10}\n",
	  "x.yaml line 6: memory-mb is \"10\"; allowed is a number from 64 to 1048576." },
	/* ports */
	{ "ports:\n- device: net_null0\n  link-address: 192.0.2\n" NET,
	  "x.yaml line 3: link-address is \"192.0.2\"; it must be an IPv4 address like 192.0.2.2." },
	{ PORT "  mac: 03:00:00:00:00:01\n" NET, "x.yaml line 4: mac is \"03:00:00:00:00:01\"; it must be a "
	  "unicast address like 02:00:00:00:00:02." },
	{ "ports:\n- device: net_null0\n  link-address: 192.0.2.2\n  link-address-ipv6: 192.0.2.3\n" NET,
	  "x.yaml line 4: link-address-ipv6 is \"192.0.2.3\"; it must be an IPv6 address like 2001:db8::2." },
	{ PORT "- device: net_null0\n  link-address: 192.0.2.3\n" NET,
	  "x.yaml line 4: device \"net_null0\" stands here a second time." },
	/* cores */
	{ PORT NET "cores: {control: 1, workers: [2, 2]}\n", "x.yaml line 6: core 2 stands here a second time." },
	{ PORT NET "cores: {control: 1, workers: [1]}\n", "x.yaml line 6: core 1 is the control core already." },
	{ PORT NET "worker-threads: 2\ncores: {control: 1, workers: [2]}\n", "x.yaml line 6: worker-threads is 2, "
	  "but cores lists 1 for workers; leave worker-threads out." },
	{ PORT NET "cores: {control: 1, workers: [x]}\n",
	  "x.yaml line 6: an entry of workers is \"x\"; allowed is a number from 0 to 1023." },
	/* prefixes */
	{ PORT "prefixes:\n- prefix: 198.19.0.0\n", "x.yaml line 5: prefix is \"198.19.0.0\"; it must be an "
	  "address and its bits like 198.19.0.0/16." },
	{ PORT "prefixes:\n- prefix: 198.19.0.0/33\n", "x.yaml line 5: prefix is \"198.19.0.0/33\"; it must be an "
	  "address and its bits like 198.19.0.0/16." },
	{ PORT "prefixes:\n- prefix: 198.19.0.0/12\n",
	  "x.yaml line 5: prefix \"198.19.0.0/12\" has bits set behind its length." },
	{ PORT "prefixes:\n- prefix: ff02::/16\n", "x.yaml line 5: prefix ff02::/16 is no network of hosts: its addresses "
	  "are of groups. Give one that is routed here." },
	{ PORT "prefixes:\n- prefix: ::1/128\n", "x.yaml line 5: prefix ::1/128 is no network of hosts: its addresses are "
	  "nobody's, or loopback. Give one that is routed here." },
	{ PORT "prefixes:\n- prefix: 127.0.0.0/16\n", "x.yaml line 5: prefix 127.0.0.0/16 is no network of hosts: its "
	  "addresses are of loopback. Give one that is routed here." },
	{ PORT "prefixes:\n- prefix: 239.1.0.0/16\n", "x.yaml line 5: prefix 239.1.0.0/16 is no network of hosts: its "
	  "addresses are of groups, or reserved. Give one that is routed here." },
	{ PORT NET "- prefix: 198.19.0.0/16\n", "x.yaml line 6: prefix 198.19.0.0/16 stands here a second time." },
	{ PORT "prefixes:\n- prefix: 192.0.2.0/24\n",
	  "x.yaml line 5: prefix 192.0.2.0/24 contains the link-address 192.0.2.2." },
	{ "ports:\n- device: net_null0\n  link-address: 192.0.2.2\n  link-address-ipv6: 2001:db8::2\n"
	  "prefixes:\n- prefix: 2001:db8::/64\n",
	  "x.yaml line 6: prefix 2001:db8::/64 contains the link-address-ipv6 2001:db8::2." },
	{ PORT NET "  persona: amiga\n", "x.yaml line 6: persona \"amiga\" is neither linux nor in the list of personas." },
	/* personas */
	{ PORT "personas: [{name: a, ttl: 256}]\n" NET,
	  "x.yaml line 4: ttl is \"256\"; allowed is a number from 1 to 255." },
	{ PORT "personas: [{name: a, ip-id: global}]\n" NET,
	  "x.yaml line 4: ip-id is \"global\"; allowed are conversation, path, zero, random." },
	{ PORT "personas: [{name: a b}]\n" NET,
	  "x.yaml line 4: name is \"a b\"; allowed are letters, digits, dot, underscore, hyphen." },
	{ PORT "personas: [{name: linux}]\n" NET,
	  "x.yaml line 4: persona \"linux\" is built in; give this one another name." },
	{ PORT "personas: [{name: a}, {name: a}]\n" NET, "x.yaml line 4: persona \"a\" stands here a second time." },
	{ PORT "personas:\n- name: a\n  options:\n  - mss\n  - sack ts\n" NET,
	  "x.yaml line 8: \"sack\" in options is none of the words mss, sok, ts, ws, and eol as the last." },
	{ PORT "personas:\n- name: a\n  options: [mss, sok, ts sok]\n" NET,
	  "x.yaml line 6: \"sok\" stands here a second time." },
	{ PORT "personas:\n- name: a\n  options: [mss eol ts]\n" NET,
	  "x.yaml line 6: \"ts\" in options is none of the words mss, sok, ts, ws, and eol as the last." },
	{ PORT "personas:\n- name: a\n  options: [mss eol, ts]\n" NET,
	  "x.yaml line 6: eol ends the last group of options, and none before it." },
	{ PORT "personas:\n- name: a\n  options: [mss sok ts ws]\n" NET,
	  "x.yaml line 6: a group of options has at most 3 of them." },
	{ PORT "personas:\n- name: a\n  options: [mss, \" \"]\n" NET, "x.yaml line 6: a group of options is empty." },
	{ PORT "personas:\n- name: a\n  options: [mss, eol]\n" NET, "x.yaml line 6: a group of options is empty." },
	{ PORT "personas:\n- name: a\n  options: [sok ts]\n" NET,
	  "x.yaml line 6: options lack mss, which every machine announces." },
	{ PORT "personas:\n- name: a\n  options: [mss, sok, ts, ws, eol]\n" NET,
	  "x.yaml line 6: options has 5 entries; allowed are 1 to 4." },
	{ PORT "personas:\n- name: a\n  window: 1000\n" NET,
	  "x.yaml line 6: window is 1000; it must hold a segment of mss 1460." },
	{ PORT "personas:\n- name: a\n- name: b\n  least-timeout: 2000\n" NET, "x.yaml line 6: first-timeout is 1000; it must lie "
	  "between least-timeout 2000 and longest-timeout 120000." },	/* the entry, since the key is not in the file */
	{ PORT "personas:\n- name: a\n  first-timeout: 100\n" NET, "x.yaml line 6: first-timeout is 100; it must lie between "
	  "least-timeout 200 and longest-timeout 120000." },
	/* services and models */
	{ PORT NET "  services:\n  - {port: sctp/21, model: ftp}\n",
	  "x.yaml line 7: port is \"sctp/21\"; it must be tcp/ or udp/ and a number from 1 to 65535, "
	  "or two like tcp/1000-1999." },
	{ PORT NET "  services:\n  - {port: tcp/0, action: drop}\n",
	  "x.yaml line 7: port is \"tcp/0\"; it must be tcp/ or udp/ and a number from 1 to 65535, "
	  "or two like tcp/1000-1999." },
	{ PORT NET "  services:\n  - {port: tcp/65536, action: drop}\n",
	  "x.yaml line 7: port is \"tcp/65536\"; it must be tcp/ or udp/ and a number from 1 to 65535, "
	  "or two like tcp/1000-1999." },
	{ PORT NET "  services:\n  - {port: tcp/21, model: ftp}\n",
	  "x.yaml line 7: model \"ftp\" is not in the list of models." },
	{ PORT NET "  services:\n  - {port: tcp/21}\n",
	  "x.yaml line 7: the service on tcp/21 must have either a model or an action." },
	{ PORT MODELS NET "  services:\n  - {port: tcp/21, model: ftp, action: drop}\n",
	  "x.yaml line 9: the service on tcp/21 must have either a model or an action." },
	{ PORT NET "  services:\n  - {port: tcp/21, action: drop}\n  - port: tcp/21\n    action: silent\n",
	  "x.yaml line 8: port tcp/21 has a service already: tcp/21." },
	{ PORT NET "  services:\n  - {port: tcp/20-30, action: drop}\n  - port: tcp/25-40\n    action: silent\n",
	  "x.yaml line 8: port tcp/25-40 has a service already: tcp/20-30." },
	{ PORT NET "  services:\n  - {port: tcp/30-20, action: drop}\n", "x.yaml line 7: port is \"tcp/30-20\"; it must "
	  "be tcp/ or udp/ and a number from 1 to 65535, or two like tcp/1000-1999." },
	/* profiles */
	{ PORT NET "  profiles:\n  - {share: 2}\n", "x.yaml line 7: an entry of profiles lacks the key \"name\"." },
	{ PORT NET "  profiles:\n  - {name: a, share: 0}\n",
	  "x.yaml line 7: share is \"0\"; allowed is a number from 1 to 1000." },
	{ PORT NET "  profiles:\n  - {name: a b}\n", "x.yaml line 7: name is \"a b\"; allowed are letters, digits, "
	  "dot, underscore, hyphen." },
	{ PORT NET "  profiles:\n  - {name: a}\n  - {name: a}\n",
	  "x.yaml line 8: profile \"a\" of 198.19.0.0/16 stands here a second time." },
	{ PORT NET "  profiles:\n  - name: a\n    persona: amiga\n",
	  "x.yaml line 8: persona \"amiga\" is neither linux nor in the list of personas." },
	{ PORT NET "  profiles:\n  - name: a\n    services:\n    - port: tcp/x\n      action: drop\n", "x.yaml line 9: port is "
	  "\"tcp/x\"; it must be tcp/ or udp/ and a number from 1 to 65535, or two like tcp/1000-1999." },
	{ PORT NET "  density: [10]\n", "x.yaml line 6: density says how many addresses have one of the profiles of "
	  "198.19.0.0/16; give some." },
	{ PORT NET "  density: [10, 101]\n  profiles: [{name: a}]\n",
	  "x.yaml line 6: an entry of density is \"101\"; allowed is a number from 0 to 100." },
	{ PORT MODELS "- name: ftp\n  file: b\n" NET, "x.yaml line 6: model \"ftp\" stands here a second time." },
	{ PORT "models:\n- name: a/b\n  file: b\n" NET, "x.yaml line 5: name is \"a/b\"; allowed are letters, "
	  "digits, dot, underscore, hyphen." },
};

EACH_CASE(conf, one_sentence_with_file_line_and_value, refused)
{
	int err = load(refused[*i].text);

	cr_expect_lt(err, 0, "%s", refused[*i].sentence);
	cr_expect_str_eq(why.text, refused[*i].sentence);
}

Test(conf, a_file_that_is_not_there_is_named)
{
	cr_expect_eq(conf_load(&c, "nowhere.yaml", &why), -ENOENT);
	cr_expect_str_eq(why.text, "nowhere.yaml: No such file or directory.");
	cr_expect_lt(conf_load(&c, ".", &why), 0);
	cr_expect_str_eq(why.text, ". is not a file.");
}

Test(conf, what_is_not_given_has_a_default)
{
	cr_assert_eq(load(PORT NET), 0, "%s", why.text);
	cr_expect_eq(c->workers, 1);
	cr_expect_eq(c->limits.flows, 65536);
	cr_expect_eq(c->prefixes[0].shows.action, CONF_RESET);
	cr_expect_eq(c->prefixes[0].shows.ping, SWITCH_YES);
	cr_expect_eq(c->prefixes[0].bits, 112);
	cr_expect_not_null(c->prefixes[0].shows.who);
	cr_expect_null(c->records);
	cr_expect_null(c->state);
	cr_expect_null(c->spool);
	cr_expect_eq(c->training.seconds, 600);
	cr_expect_eq(c->training.memory_mb, 2048);
	cr_expect_eq(c->training.hold_out, 10);
	cr_expect_eq(c->training.scrub, SWITCH_YES);
	cr_expect_eq(c->training.corpus_mb, 1024);
	cr_expect_eq(c->training.corpus_days, 0);
	conf_free(c);
}

Test(conf, files_are_seen_from_the_folder_of_the_configuration)
{
	char want[64];

	cr_assert_eq(load(PORT MODELS NET "control-socket: /run/a.sock\nrecord-file: r.json\n"
	    "state-folder: kept\nspool-folder: /var/in\n"), 0, "%s", why.text);
	snprintf(want, sizeof want, "%s/ftp.mynah", place);
	cr_expect_str_eq(c->models[0].file, want);
	snprintf(want, sizeof want, "%s/r.json", place);
	cr_expect_str_eq(c->records, want);
	snprintf(want, sizeof want, "%s/kept", place);
	cr_expect_str_eq(c->state, want);
	cr_expect_str_eq(c->spool, "/var/in");
	cr_expect_str_eq(c->control, "/run/a.sock");
	conf_free(c);
}

Test(conf, everything_can_be_said_and_is_understood)
{
	cr_assert_eq(load("host: sensor-a\nuser: nobody\nhuge-pages: yes\n"
	    "cores: {control: 0, workers: [2, 3]}\n" PORT "  mac: 02:00:00:00:0a:02\n" MODELS
	    "prefixes:\n- prefix: 198.19.0.0/16\n  action: silent\n  on-link: true\n  ping: no\n  persona: linux\n"
	    "  services: [{port: tcp/21, model: ftp}, {port: udp/7, action: drop}]\n- prefix: 2001:db8::/32\n  action: silent\n"
	    "  ping: no\n  density: [1, 40]\n  profiles:\n  - name: web\n    share: 5\n    action: drop\n"
	    "    services: [{port: tcp/1000-1999, action: handshake}]\n  - name: printer\n"
	    "limits: {flows: 5000, lifetime: 60}\ntraining: {hold-out: 25, scrub: no, corpus-days: 30}\n"), 0, "%s", why.text);
	cr_expect_eq(c->workers, 2);
	cr_expect_eq(c->cores->workers[1], 3);
	cr_expect_eq(c->ports[0].mac_bytes[4], 10);
	cr_expect_eq(c->prefixes[0].shows.services[0].first, 21);
	cr_expect_eq(c->prefixes[0].shows.services[1].proto, MODEL_UDP);
	cr_expect_eq(*c->prefixes[0].shows.services[1].action, CONF_DROP);
	cr_expect_eq(c->prefixes[1].bits, 32);
	cr_expect_eq(c->prefixes[1].density[1], 40);
	cr_expect_eq(c->prefixes[1].profiles[0].share, 5);
	cr_expect_eq(c->prefixes[1].profiles[0].action, CONF_DROP);
	cr_expect_eq(c->prefixes[1].profiles[0].services[0].last, 1999);
	cr_expect_eq(c->prefixes[1].profiles[1].share, 1);
	cr_expect_eq(c->prefixes[1].profiles[1].action, CONF_RESET, "what the prefix does is said of its other addresses");
	cr_expect_eq(c->prefixes[1].profiles[1].ping, SWITCH_YES);
	cr_expect_eq(conf_service(c, 2), &c->prefixes[1].profiles[0].services[0]);
	cr_expect_null(conf_service(c, 3));
	cr_expect_eq(c->limits.flows, 5000);
	cr_expect_eq(c->training.hold_out, 25);
	cr_expect_eq(c->training.scrub, SWITCH_NO);
	cr_expect_eq(c->training.corpus_days, 30);
	conf_free(c);
}

/* All but what persona_make() works out. */
static bool
is_as(const struct persona *a, const struct persona *b)
{
	return strcmp(a->name, b->name) == 0 && a->ttl == b->ttl && a->df == b->df && a->ids == b->ids && a->mss == b->mss &&
	    a->window == b->window && a->whole_segments == b->whole_segments && a->wscale == b->wscale &&
	    memcmp(a->options, b->options, sizeof a->options) == 0 && a->ts_hz == b->ts_hz &&
	    a->rto_min_ms == b->rto_min_ms && a->rto_first_ms == b->rto_first_ms && a->rto_max_ms == b->rto_max_ms &&
	    a->retries == b->retries && a->ecn == b->ecn && a->odd_flags_reset == b->odd_flags_reset &&
	    a->echo_keeps_code == b->echo_keeps_code && a->quote_max == b->quote_max &&
	    a->icmp_unreachable_ms == b->icmp_unreachable_ms;
}

Test(conf, a_persona_that_says_nothing_is_linux)
{
	struct persona want = persona_linux;

	cr_assert_eq(load(PORT "personas: [{name: a}]\n" NET "  persona: a\n"), 0, "%s", why.text);
	snprintf(want.name, sizeof want.name, "a");
	cr_expect(is_as(c->prefixes[0].shows.who, &want));
	persona_make(&want);
	cr_expect_eq(memcmp(c->prefixes[0].shows.who->syn_ack, want.syn_ack, sizeof want.syn_ack), 0, "it is made");
	conf_free(c);
}

/* The machine of which tests/conv/windows-*.conv tell is what the example says. */
Test(conf, the_example_of_personas_is_understood)
{
	cr_assert_eq(conf_load(&c, TEST_ROOT "/docs/personas.example.yaml", &why), 0, "%s", why.text);
	cr_expect(is_as(c->prefixes[0].profiles[1].who, &machine_windows));
	cr_expect(is_as(c->prefixes[0].profiles[0].who, &persona_linux));
	cr_expect_eq(c->prefixes[0].profiles[1].who->syn_ack[OFFER_MSS].n, 4, "it is made");
	conf_free(c);
}

static size_t
print_to(const char *name, char *to, size_t room)
{
	FILE *f = fopen(name, "w+");
	size_t n;

	cr_assert_eq(conf_print(c, f, &why), 0, "%s", why.text);
	rewind(f);
	n = fread(to, 1, room - 1, f);
	to[n] = '\0';
	fclose(f);
	return n;
}

Test(conf, the_configuration_in_effect_reads_back)
{
	char first[4096], second[4096];

	cr_assert_eq(load(PORT MODELS "personas: [{name: a, window-scale: 0, options: [mss, ws ts eol]}, {name: b}]\n" NET "  services: [{port: tcp/21, model: ftp}, {port: udp/7, action: drop}]\n"
	    "cores: {control: 0, workers: [2, 3]}\n"), 0, "%s", why.text);
	cr_assert_gt(print_to("y.yaml", first, sizeof first), 0);
	conf_free(c);
	cr_assert_eq(conf_load(&c, "y.yaml", &why), 0, "%s", why.text);
	print_to("y.yaml", second, sizeof second);
	cr_expect_str_eq(first, second);
	cr_expect_not_null(strstr(first, "flows: 65536"), "defaults are printed");
	cr_expect_not_null(strstr(first, "window-scale: 0"));
	cr_expect_not_null(strstr(first, "- sok ts"), "of personas too");
	conf_free(c);
}

/* What an editor, a disk or a joker makes of a file: a sentence or a configuration, never a crash. */
Test(conf, any_damage_gives_a_sentence_or_a_configuration)
{
	static const char whole[] = "host: a\n" PORT MODELS NET
	    "  services: [{port: tcp/21, model: ftp}, {port: udp/7, action: drop}]\nlimits: {flows: 5000}\n";
	static const char odd[] = "\0\t\n\"'&*!|>%@`{}[],:?-# 0a\xff";
	char text[sizeof whole];

	for (size_t at = 0; at < sizeof whole - 1; at++)
		for (size_t k = 0; k < sizeof odd; k++) {
			memcpy(text, whole, sizeof whole);
			text[at] = odd[k];
			put_text("x.yaml", text, k == 0 ? at : sizeof whole - 1);
			why.text[0] = '\0';
			if (conf_load(&c, "x.yaml", &why) == 0)
				conf_free(c);
			else
				cr_assert(strncmp(why.text, "x.yaml", 6) == 0, "byte %zu as %02x: \"%s\"", at,
				    (unsigned char)odd[k], why.text);
		}
}

Test(conf, the_example_is_right)
{
	cr_assert_eq(conf_load(&c, TEST_ROOT "/docs/mynahd.example.yaml", &why), 0, "%s", why.text);
	conf_free(c);
}
