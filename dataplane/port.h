#pragma once
/*
 * port.h - one network port: its queues, its pool of mbufs, its MAC. No rte_ type leaves port.c.
 *
 * Control opens, starts and closes a port; queue i belongs to worker i alone. Every frame
 * that port_rx() hands out is a view of an mbuf, to be freed (queue_free) or sent (queue_put).
 * Sums are not trusted to the port: what it says about them is ignored, the stack verifies.
 */
#include "dataplane/stack.h"
#include "models/diag.h"

enum { PORT_BURST = 32, PORT_TX = 256 };	/* frames: received at once; collected before sending */

struct port;
struct queue;

struct port_counters {		/* of the device */
	uint64_t rx, rx_missed, rx_errors, tx, tx_errors;
};

/* Is there such a device? Asks the kernel only, opens nothing. 0, or -errno with a sentence. */
int	port_exists(const char *device, struct diag *why);
bool	port_is_pci(const char *device);
/* The Linux interface that a virtual device is on; false: it has none, or makes it itself. */
bool	port_interface(const char *device, char *to, size_t room);
/* MiB that its pool wants from EAL. */
unsigned port_memory_mb(const char *device, unsigned queues);

/* After eal_start(). mac NULL: the port's own. 0, or -errno with a sentence. */
int	port_open(struct port **out, const char *device, unsigned queues, const uint8_t *mac,
    struct diag *why);
int	port_start(struct port *p, struct diag *why);
const uint8_t *port_mac(const struct port *p);
const char *port_name(const struct port *p);
/* How long an idle worker may sleep before its receive ring could fill. */
uint64_t port_sleep_ns(const struct port *p);
void	port_counters(const struct port *p, struct port_counters *to);
/* Mbufs that are not back in the pool; 0, or somebody lost one. Of AF_XDP it cannot be told: 0. */
unsigned port_stop(struct port *p);
void	port_close(struct port *p);

struct queue *port_queue(struct port *p, unsigned i);
unsigned queue_rx(struct queue *q, struct frame *frames, unsigned n);
/* For sinks: an empty frame or data == NULL; and a frame for sending, never blocking. */
struct frame queue_get(struct queue *q);
void	queue_put(struct queue *q, const struct frame *f);
void	queue_free(struct queue *q, struct frame *f);
/* Sends what was put. What the device does not take after one more try is dropped and counted. */
void	queue_flush(struct queue *q);
uint64_t queue_tx_dropped(const struct queue *q);
