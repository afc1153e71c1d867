#include "tests/reference.h"

#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_tcp.h>

#include "models/prf.h"

enum { BURST = 32, OPTIONS = 20, SECONDS_SHIFT = 38 };

static const uint8_t key[PRF_KEY] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

struct seen { bool mss, wscale, sack, ts; uint32_t ts_val; };

static struct seen
options(const uint8_t *p, const uint8_t *end)
{
	struct seen o = { 0 };

	while (p < end && *p != 0) {
		if (*p == 1) {
			p++;
			continue;
		}
		if (end - p < 2 || p[1] < 2 || p[1] > end - p)
			break;
		o.mss |= p[0] == 2;
		o.wscale |= p[0] == 3;
		o.sack |= p[0] == 4;
		if (p[0] == 8 && p[1] == 10) {
			o.ts = true;
			memcpy(&o.ts_val, p + 2, 4);
		}
		p += p[1];
	}
	return o;
}

static void
answer(struct rte_ether_hdr *e, struct rte_ipv4_hdr *ip, struct rte_tcp_hdr *t, uint64_t now)
{
	struct { uint32_t src, dst; uint16_t sport, dport; uint32_t isn, epoch; } tuple = { ip->src_addr,
		ip->dst_addr, t->src_port, t->dst_port, t->sent_seq, (uint32_t)(now >> SECONDS_SHIFT) };
	uint8_t *o = (uint8_t *)(t + 1);
	struct seen seen = options(o, (uint8_t *)t + (t->data_off >> 4) * 4);
	uint32_t ts = rte_cpu_to_be_32((uint32_t)(now >> 21));
	struct rte_ether_addr mac = e->src_addr;

	e->src_addr = e->dst_addr;
	e->dst_addr = mac;
	ip->src_addr = tuple.dst;
	ip->dst_addr = tuple.src;
	ip->time_to_live = 64;
	t->src_port = tuple.dport;
	t->dst_port = tuple.sport;
	t->recv_ack = rte_cpu_to_be_32(rte_be_to_cpu_32(t->sent_seq) + 1);
	t->sent_seq = (uint32_t)siphash(key, span_of(&tuple, sizeof tuple));
	t->tcp_flags = RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG;
	t->rx_win = 0xffff;
	memset(o, 1, OPTIONS);
	if (seen.mss)
		memcpy(o, "\2\4\x05\xb4", 4);
	if (seen.sack)
		memcpy(o + 4, "\4\2", 2);
	if (seen.ts) {
		memcpy(o + 6, "\x8\xa", 2);
		memcpy(o + 8, &ts, 4);
		memcpy(o + 12, &seen.ts_val, 4);
	}
	if (seen.wscale)
		memcpy(o + 17, "\3\3\7", 3);
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	t->cksum = 0;
	t->cksum = rte_ipv4_udptcp_cksum(ip, t);
}

void
reference_turn(uint16_t port)
{
	struct rte_mbuf *m[BURST];
	uint16_t n = rte_eth_rx_burst(port, 0, m, BURST), out = 0;
	uint64_t now = rte_rdtsc();	/* once, as a worker reads its clock */

	for (uint16_t i = 0; i < n; i++) {
		struct rte_ether_hdr *e = rte_pktmbuf_mtod(m[i], struct rte_ether_hdr *);
		struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(e + 1);
		struct rte_tcp_hdr *t = (struct rte_tcp_hdr *)(ip + 1);

		if (m[i]->data_len >= sizeof *e + sizeof *ip + sizeof *t + OPTIONS &&
		    e->ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV4) && ip->version_ihl == 0x45 &&
		    ip->next_proto_id == IPPROTO_TCP && t->tcp_flags == RTE_TCP_SYN_FLAG && t->data_off == 0xa0 &&
		    rte_ipv4_cksum(ip) == 0 && rte_ipv4_udptcp_cksum_verify(ip, t) == 0) {
			answer(e, ip, t, now);
			m[out++] = m[i];
		} else {
			rte_pktmbuf_free(m[i]);
		}
	}
	if (out > 0) {
		uint16_t sent = rte_eth_tx_burst(port, 0, m, out);

		rte_pktmbuf_free_bulk(m + sent, (unsigned)(out - sent));
	}
}
