#include "dataplane/port.h"

#include <errno.h>
#include <net/if.h>
#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum {
	QUEUES = 64, CACHE = 256,	/* mbufs */
	VDEV_DESCRIPTORS = 1024,	/* af_packet takes its own number from framecnt */
	NIC_DESCRIPTORS = 4096,		/* 275 us at 14.88 Mpps: as long as a worker may sleep */
	RSS_KEY = 52,			/* bytes; the longest that cards ask for */
};

struct queue {
	_Alignas(64) uint16_t port, id;
	uint16_t ntx;
	struct rte_mempool *pool;
	uint64_t tx_dropped;
	struct rte_mbuf *tx[PORT_TX];
};

struct port {
	uint16_t id, queues;
	uint16_t rx_descriptors, tx_descriptors;
	bool pci;
	char name[RTE_ETH_NAME_MAX_LEN];
	uint8_t mac[6];
	struct rte_mempool *pool;
	struct queue queue[QUEUES];
};

bool
port_is_pci(const char *device)
{
	unsigned a, b, c, d;
	int end = 0;

	if (sscanf(device, "%x:%x:%x.%x%n", &a, &b, &c, &d, &end) == 4 && device[end] == '\0')
		return true;
	end = 0;
	return sscanf(device, "%x:%x.%x%n", &a, &b, &c, &end) == 3 && device[end] == '\0';
}

/* The value of key in "name,key=value,..."; false when it has none. */
static bool
argument(const char *device, const char *key, char *to, size_t room)
{
	size_t n = strlen(key);

	for (const char *at = strchr(device, ','); at != NULL; at = strchr(at, ',')) {
		at++;
		if (strncmp(at, key, n) == 0 && at[n] == '=') {
			snprintf(to, room, "%.*s", (int)strcspn(at + n + 1, ","), at + n + 1);
			return true;
		}
	}
	return false;
}

bool
port_interface(const char *device, char *to, size_t room)
{
	return !port_is_pci(device) && strncmp(device, "net_tap", 7) != 0 && argument(device, "iface", to, room);
}

int
port_exists(const char *device, struct diag *why)
{
	char path[64], name[64];

	if (port_is_pci(device)) {
		snprintf(path, sizeof path, "/sys/bus/pci/devices/%s%.16s",
		    strchr(device, ':') == strrchr(device, ':') ? "0000:" : "", device);
		if (access(path, F_OK) < 0)
			return diag_set(why, -ENODEV, "There is no PCI device %s.", device);
		return 0;
	}
	if (strncmp(device, "net_", 4) != 0)
		return diag_set(why, -EINVAL, "The device \"%s\" is neither a PCI address like 0000:01:00.0 "
		    "nor a virtual one like net_af_packet0,iface=eth1.", device);
	if (!port_interface(device, name, sizeof name)) {
		if (strncmp(device, "net_af_", 7) == 0)
			return diag_set(why, -EINVAL, "The device \"%s\" lacks iface=.", device);
		return 0;
	}
	if (if_nametoindex(name) == 0)
		return diag_set(why, -ENODEV, "There is no interface %s, which the device \"%s\" names.",
		    name, device);
	return 0;
}

/* Descriptors of all queues, what caches and bursts may hold; a pool is best at 2^n - 1. */
static unsigned
pool_size(const char *device, unsigned queues)
{
	unsigned descriptors = port_is_pci(device) ? NIC_DESCRIPTORS : VDEV_DESCRIPTORS;
	unsigned want = 2 * descriptors * queues + queues * (CACHE * 3 / 2 + 2 * PORT_BURST + PORT_TX);
	unsigned n = 1024;

	while (n - 1 < want)
		n *= 2;
	return n - 1;
}

unsigned
port_memory_mb(const char *device, unsigned queues)
{
	size_t each = sizeof(struct rte_mbuf) + RTE_MBUF_DEFAULT_BUF_SIZE + 128;	/* and its header */

	return (unsigned)(pool_size(device, queues) * each >> 20) + 2;
}

/*
 * af_packet's ring holds 512 frames unless told otherwise, a few milliseconds of a worker that
 * is not scheduled; and it needs one queue pair per worker.
 */
static void
complete_device(char *to, size_t room, const char *device, unsigned queues)
{
	char have[16];
	size_t at = (size_t)snprintf(to, room, "%s", device);

	if (strncmp(device, "net_af_packet", 13) != 0)
		return;
	if (!argument(device, "framecnt", have, sizeof have) && !argument(device, "blocksz", have, sizeof have))
		at += (size_t)snprintf(to + at, room - at, ",framecnt=8192,blocksz=65536");
	if (queues > 1 && !argument(device, "qpairs", have, sizeof have))
		snprintf(to + at, room - at, ",qpairs=%u", queues);
}

static int
probe(struct port *p, const char *device, struct diag *why)
{
	char full[384], name[RTE_ETH_NAME_MAX_LEN];
	int err;

	snprintf(name, sizeof name, "%s%.*s",
	    p->pci && strchr(device, ':') == strrchr(device, ':') ? "0000:" : "",
	    (int)MIN(strcspn(device, ","), sizeof name - 6), device);
	if (!p->pci) {
		complete_device(full, sizeof full, device, p->queues);
		err = rte_dev_probe(full);
		if (err < 0)
			return diag_set(why, err, "The device \"%s\" does not open: %s.", device, strerror(-err));
	}
	if (rte_eth_dev_get_port_by_name(name, &p->id) < 0)
		return diag_set(why, -ENODEV, "No driver takes the device \"%s\"%s.", device,
		    p->pci ? "; is it bound to vfio-pci?" : "");
	memcpy(p->name, name, sizeof p->name);
	return 0;
}

/*
 * Toeplitz: bit i of the input, if set, adds key bits i to i + 31. The redirection table uses
 * the low 9 bits of the sum at most, for bit i key bits i + 23 to i + 31: zero up to key bit 62
 * leaves the source (input bits 0 to 31) without influence. So all that concerns a dark
 * address meets one worker. The rest is random: a known key could be aimed at one queue.
 */
static void
destination_key(uint8_t key[RSS_KEY])
{
	memset(key, 0, RSS_KEY);
	if (getrandom(key + 7, RSS_KEY - 7, 0) == RSS_KEY - 7)
		key[7] &= 1;
	else
		memset(key + 8, 0x6d, RSS_KEY - 8);	/* spread is worth more than secrecy */
}

static int
configure(struct port *p, struct diag *why)
{
	uint8_t key[RSS_KEY];
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf = { .rxmode.mq_mode = RTE_ETH_MQ_RX_NONE };
	int err = rte_eth_dev_info_get(p->id, &info);

	if (err < 0)
		return diag_set(why, err, "%s: the driver gives no information: %s.", p->name, strerror(-err));
	if (p->queues > MIN(info.max_rx_queues, info.max_tx_queues))
		return diag_set(why, -EINVAL, "%s has %u queue pairs, too few for %u workers.", p->name,
		    MIN(info.max_rx_queues, info.max_tx_queues), p->queues);
	if (p->queues > 1 && (info.flow_type_rss_offloads & RTE_ETH_RSS_IPV4)) {
		destination_key(key);
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf = (struct rte_eth_rss_conf){
			.rss_key = info.hash_key_size <= RSS_KEY ? key : NULL,
			.rss_key_len = info.hash_key_size,
			.rss_hf = info.flow_type_rss_offloads & (RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_FRAG_IPV4 |
			    RTE_ETH_RSS_NONFRAG_IPV4_OTHER),
		};
	}
	err = rte_eth_dev_configure(p->id, p->queues, p->queues, &conf);
	if (err < 0)
		return diag_set(why, err, "%s cannot have %u queue pairs: %s.", p->name, p->queues,
		    strerror(-err));
	p->rx_descriptors = p->tx_descriptors = p->pci ? NIC_DESCRIPTORS : VDEV_DESCRIPTORS;
	rte_eth_dev_adjust_nb_rx_tx_desc(p->id, &p->rx_descriptors, &p->tx_descriptors);
	return 0;
}

static int
set_up_queues(struct port *p, struct diag *why)
{
	int socket = rte_eth_dev_socket_id(p->id), err = 0;

	for (uint16_t i = 0; err == 0 && i < p->queues; i++) {
		p->queue[i] = (struct queue){ .port = p->id, .id = i, .pool = p->pool };
		err = rte_eth_rx_queue_setup(p->id, i, p->rx_descriptors, (unsigned)socket, NULL, p->pool);
		if (err == 0)
			err = rte_eth_tx_queue_setup(p->id, i, p->tx_descriptors, (unsigned)socket, NULL);
	}
	if (err < 0)
		return diag_set(why, err, "%s: queues cannot be set up: %s.", p->name, strerror(-err));
	return 0;
}

int
port_open(struct port **out, const char *device, unsigned queues, const uint8_t *mac, struct diag *why)
{
	static unsigned opened;		/* names of pools must differ */
	struct port *p;
	char name[32];
	int err;

	if (queues > QUEUES)
		return diag_set(why, -EINVAL, "%s: at most %d workers.", device, QUEUES);
	p = aligned_alloc(64, sizeof *p);
	if (p == NULL)
		return diag_set(why, -ENOMEM, "%s: no memory.", device);
	memset(p, 0, sizeof *p);
	p->queues = (uint16_t)queues;
	p->pci = port_is_pci(device);
	err = probe(p, device, why);
	if (err < 0)
		goto free_port;
	err = configure(p, why);
	if (err < 0)
		goto close_device;
	snprintf(name, sizeof name, "mbufs%u", opened++);
	p->pool = rte_pktmbuf_pool_create(name, pool_size(device, queues), CACHE, 0,
	    RTE_MBUF_DEFAULT_BUF_SIZE, rte_eth_dev_socket_id(p->id));
	if (p->pool == NULL) {
		err = diag_set(why, -rte_errno, "%s: no memory for %u frames: %s.", p->name,
		    pool_size(device, queues), rte_strerror(rte_errno));
		goto close_device;
	}
	err = set_up_queues(p, why);
	if (err < 0)
		goto free_pool;
	if (mac != NULL)
		memcpy(p->mac, mac, sizeof p->mac);
	else
		rte_eth_macaddr_get(p->id, (struct rte_ether_addr *)p->mac);
	*out = p;
	return 0;

free_pool:
	rte_mempool_free(p->pool);
close_device:
	rte_eth_dev_close(p->id);
free_port:
	free(p);
	return err;
}

int
port_start(struct port *p, struct diag *why)
{
	int err = rte_eth_dev_start(p->id);

	if (err < 0)
		return diag_set(why, err, "%s does not start: %s.", p->name, strerror(-err));
	/* Needed where the MAC was configured or a switch floods; a port that cannot just tells so. */
	rte_eth_promiscuous_enable(p->id);
	return 0;
}

const uint8_t *
port_mac(const struct port *p)
{
	return p->mac;
}

const char *
port_name(const struct port *p)
{
	return p->name;
}

uint64_t
port_sleep_ns(const struct port *p)
{
	return p->pci ? 50 * 1000 : 500 * 1000;	/* af_packet: 8192 frames, at most 1 Mpps */
}

void
port_counters(const struct port *p, struct port_counters *to)
{
	struct rte_eth_stats s = { 0 };

	rte_eth_stats_get(p->id, &s);
	*to = (struct port_counters){ s.ipackets, s.imissed, s.ierrors + s.rx_nombuf, s.opackets, s.oerrors };
}

unsigned
port_stop(struct port *p)
{
	rte_eth_dev_stop(p->id);
	rte_eth_dev_close(p->id);	/* gives back what stood in the rings */
	if (strncmp(p->name, "net_af_xdp", 10) == 0)
		return 0;		/* this driver keeps what the kernel still had to fill */
	return rte_mempool_in_use_count(p->pool);
}

void
port_close(struct port *p)
{
	rte_mempool_free(p->pool);
	free(p);
}

struct queue *
port_queue(struct port *p, unsigned i)
{
	assert(i < p->queues);
	return &p->queue[i];
}

static struct frame
view(struct rte_mbuf *m)
{
	return (struct frame){
		.data = rte_pktmbuf_mtod(m, uint8_t *), .len = m->data_len,
		.room = (uint32_t)(m->buf_len - m->data_off), .owner = m,
	};
}

unsigned
queue_rx(struct queue *q, struct frame *frames, unsigned n)
{
	struct rte_mbuf *got[PORT_BURST];

	n = rte_eth_rx_burst(q->port, q->id, got, (uint16_t)MIN(n, (unsigned)PORT_BURST));
	for (unsigned i = 0; i < n; i++)
		frames[i] = view(got[i]);	/* of a chain, never asked for, the first part: malformed */
	return n;
}

struct frame
queue_get(struct queue *q)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(q->pool);

	return m != NULL ? view(m) : (struct frame){ 0 };
}

void
queue_put(struct queue *q, const struct frame *f)
{
	struct rte_mbuf *m = f->owner;

	m->data_off = (uint16_t)(f->data - (uint8_t *)m->buf_addr);
	m->data_len = (uint16_t)f->len;
	m->pkt_len = f->len;
	m->ol_flags = 0;		/* a frame turned round still carries what the port said of it */
	if (q->ntx == PORT_TX)
		queue_flush(q);
	q->tx[q->ntx++] = m;
}

void
queue_free(struct queue *q, struct frame *f)
{
	(void)q;
	rte_pktmbuf_free(f->owner);
	f->data = NULL;
}

void
queue_flush(struct queue *q)
{
	uint16_t sent, n = q->ntx;

	if (n == 0)
		return;
	sent = rte_eth_tx_burst(q->port, q->id, q->tx, n);
	if (unlikely(sent < n))
		sent += rte_eth_tx_burst(q->port, q->id, q->tx + sent, (uint16_t)(n - sent));
	if (unlikely(sent < n)) {
		rte_pktmbuf_free_bulk(q->tx + sent, n - sent);
		q->tx_dropped += (unsigned)(n - sent);
	}
	q->ntx = 0;
}

uint64_t
queue_tx_dropped(const struct queue *q)
{
	return __atomic_load_n(&q->tx_dropped, __ATOMIC_RELAXED);
}
