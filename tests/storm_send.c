/*
 * Sends the storm's frames out of a network interface, at most so many in a second:
 *
 *	storm_send IFACE SEED FRAMES PER-SECOND [PEER:PORT:OWN:PORT ...]
 *
 * with an open conversation per argument, at which every second frame is aimed. Addresses are the
 * laboratory's (docs/laboratory.md). Every WINDOW frames the sensor is asked for its address, and
 * the storm goes on when it has answered: so its ring holds all that is under way, however slow it is.
 * Says at the end how many frames were sent, of them how many whole ones nobody may take, and how
 * often it asked. Exit status 1 if some could not be sent, or the sensor answers no more.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/storm.h"

enum { BURST = 32, WINDOW = 1024, TARGETS = 256, TRIES = 1000, ASK_AGAIN_MS = 1000, ASK_MOST = 20 };
enum { PREFIX = 0xc6130000, CLIENT = 0xc0000201, LINK = 0xc0000202, ETHERTYPE_ARP_BE = 0x0608 };

static const uint8_t ours[6] = { 2, 0, 0, 0, 0, 1 }, sensor[6] = { 2, 0, 0, 0, 0, 2 };
static struct storm_target target[TARGETS];

/* protocol: what is received, in network order; 0: nothing. */
static int
open_link(const char *name, uint16_t protocol)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = protocol,
		.sll_ifindex = (int)if_nametoindex(name) };
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd < 0 || to.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&to, sizeof to) < 0) {
		fprintf(stderr, "storm_send: %s: %s\n", name, strerror(errno));
		exit(1);
	}
	return fd;
}

static bool
read_target(struct storm_target *t, const char *word)
{
	char peer[16], own[16];

	if (sscanf(word, "%15[0-9.]:%hu:%15[0-9.]:%hu", peer, &t->peer_port, own, &t->own_port) != 4)
		return false;
	t->peer = ntohl(inet_addr(peer));
	t->own = ntohl(inet_addr(own));
	return true;
}

/* Waits where the queue below is full. */
static bool
push(int fd, const struct storm_frame *f)
{
	for (int i = 0; i < TRIES; i++) {
		if (send(fd, f->bytes, f->len, 0) == (ssize_t)f->len)
			return true;
		if (errno != ENOBUFS && errno != EAGAIN)
			break;
		nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
	}
	return false;
}

/* Asks for the sensor's address, as a sender of that number. */
static bool
ask(int fd, uint32_t number)
{
	static const uint8_t head[] = { 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1 };
	struct storm_frame f = { .len = WIRE_ETHER_HEADER + WIRE_ARP_PACKET };

	memcpy(f.bytes, sensor, 6);
	memcpy(f.bytes + 6, ours, 6);
	memcpy(f.bytes + 12, head, sizeof head);
	f.bytes[22] = 2;
	store_be32(f.bytes + 24, number);
	store_be32(f.bytes + 28, CLIENT);
	store_be32(f.bytes + 38, LINK);
	return push(fd, &f);
}

/* Everything sent until now has been read by the sensor. */
static bool
is_read(int fd, int ears, uint64_t *asked)
{
	uint8_t frame[STORM_ROOM];
	struct wire w;

	for (int i = 0; i < ASK_MOST; i++) {
		uint32_t number = (uint32_t)++*asked;
		struct pollfd p = { .fd = ears, .events = POLLIN };

		if (!ask(fd, number))
			return false;
		while (poll(&p, 1, ASK_AGAIN_MS) > 0) {
			ssize_t n = recv(ears, frame, sizeof frame, 0);

			if (n > 0 && wire_parse(&w, WIRE_ETHER, span_of(frame, (size_t)n), 0) == WIRE_OK &&
			    memcmp(w.smac, sensor, 6) == 0 && w.ethertype == ETHERTYPE_ARP4 &&
			    w.nvlan == 0 && n >= 38 && load_be32(frame + 34) == number)
				return true;
		}
	}
	return false;
}

static void
pace(const struct timespec *began, uint64_t sent, uint64_t per_second)
{
	uint64_t due_ns = sent * 1000000000 / per_second;
	struct timespec at = { began->tv_sec + (time_t)((uint64_t)began->tv_nsec + due_ns) / 1000000000,
		((uint64_t)began->tv_nsec + due_ns) % 1000000000 };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

/* Sequence numbers are guessed: who aims from beside the path knows none. */
static void
aim(struct storm *s, uint32_t ntargets, struct storm_frame *f)
{
	struct storm_target *t = &target[storm_pick(s, ntargets)];

	t->seq = (uint32_t)s->random;
	t->ack = (uint32_t)(s->random >> 32);
	storm_aim(s, t, f);
}

int
main(int argc, char **argv)
{
	static struct storm s;
	static struct storm_frame f;
	uint64_t frames, rate, certain = 0, failed = 0, asked = 0;
	uint32_t ntargets = 0;
	struct timespec began;
	int fd, ears;

	if (argc < 5 || (rate = strtoull(argv[4], NULL, 10)) == 0) {
		fprintf(stderr, "usage: storm_send IFACE SEED FRAMES PER-SECOND [PEER:PORT:OWN:PORT ...]\n");
		return 2;
	}
	for (int i = 5; i < argc && ntargets < TARGETS; i++)
		if (!read_target(&target[ntargets++], argv[i])) {
			fprintf(stderr, "storm_send: %s: not PEER:PORT:OWN:PORT\n", argv[i]);
			return 2;
		}
	fd = open_link(argv[1], 0);
	ears = open_link(argv[1], ETHERTYPE_ARP_BE);
	frames = strtoull(argv[3], NULL, 10);
	storm_init(&s, strtoull(argv[2], NULL, 10), ours, sensor, PREFIX, LINK);
	clock_gettime(CLOCK_MONOTONIC, &began);
	for (uint64_t i = 0; i < frames; i++) {
		if (i % BURST == 0)
			pace(&began, i, rate);
		if (i % WINDOW == WINDOW - 1 && !is_read(fd, ears, &asked)) {
			fprintf(stderr, "storm_send: the sensor has not answered since frame %llu\n", (unsigned long long)i);
			return 1;
		}
		if (ntargets > 0 && i % 2)
			aim(&s, ntargets, &f);
		else
			storm_next(&s, &f);
		certain += f.certain && f.fault < STORM_TINY;	/* the kernel may keep a fragment for itself */
		failed += !push(fd, &f);
	}
	printf("{\"sent\": %llu, \"certain\": %llu, \"asked\": %llu}\n", (unsigned long long)(frames - failed),
	    (unsigned long long)certain, (unsigned long long)asked);
	close(ears);
	close(fd);
	return failed > 0;
}
