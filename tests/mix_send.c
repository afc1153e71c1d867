/*
 * Sends a mix of strangers' frames out of a network interface, as many as it takes, for scripts/bench ports:
 *
 *	mix_send IFACE SENSOR-MAC PORT SECONDS
 *
 * 93 of 100 are SYNs to PORT, 5 ACKs of nobody, the others datagrams and echo requests; senders are random over
 * 10.0.0.0/8, addresses are the laboratory's (docs/laboratory.md). Prints how many were sent and how long it took, as JSON.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench.h"
#include "tests/crowd.h"

enum { BURST = 64, ROOM = 2048, LONGEST_S = 60 };

static struct crowd crowd = { .mac = { 2, 0, 0, 0, 0, 1 } };

static int
open_link(const char *name)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(name) };
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd < 0 || to.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&to, sizeof to) < 0)
		bench_die("mix_send: %s: %s", name, strerror(errno));
	return fd;
}

static size_t
frame(uint8_t *to, uint16_t port, uint64_t *random)
{
	uint64_t r = bench_random(random);
	struct client c = { .number = (uint32_t)(r >> 16), .port = port, .seq = (uint32_t)r, .ack = (uint32_t)(r >> 32) };
	uint32_t draw = (uint32_t)(r % 100);

	if (draw < 93)
		return crowd_syn(&crowd, to, &c);
	if (draw < 98)
		return crowd_segment(&crowd, to, &c, TCP_ACK, (struct span){ 0 });
	return draw < 99 ? crowd_datagram(&crowd, to, c.number) : crowd_ping(&crowd, to, c.number);
}

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
	static uint8_t bytes[BURST][ROOM];
	struct mmsghdr m[BURST] = { 0 };
	struct iovec v[BURST];
	uint8_t *mac = crowd.sensor_mac;
	double seconds = argc == 5 ? atof(argv[4]) : 0, began = now_s();
	uint64_t random = 9, sent = 0;
	int fd;

	if (seconds <= 0 || seconds > LONGEST_S || sscanf(argv[2], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2],
	    &mac[3], &mac[4], &mac[5]) != 6)
		bench_die("usage: mix_send IFACE SENSOR-MAC PORT SECONDS (at most %d)", LONGEST_S);
	fd = open_link(argv[1]);
	while (now_s() - began < seconds) {
		int n;

		for (unsigned i = 0; i < BURST; i++) {
			v[i] = (struct iovec){ bytes[i], frame(bytes[i], (uint16_t)atoi(argv[3]), &random) };
			m[i].msg_hdr = (struct msghdr){ .msg_iov = &v[i], .msg_iovlen = 1 };
		}
		n = sendmmsg(fd, m, BURST, 0);
		if (n < 0 && errno != ENOBUFS && errno != EAGAIN)
			bench_die("mix_send: %s: %s", argv[1], strerror(errno));
		sent += n > 0 ? (uint64_t)n : 0;
	}
	printf("{\"sent\": %llu, \"seconds\": %.6f}\n", (unsigned long long)sent, now_s() - began);
	close(fd);
	return 0;
}
