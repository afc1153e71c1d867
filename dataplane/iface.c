#include "dataplane/iface.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MTU_LEAST = 1500,	/* we send packets of that length */
	MTU_MOST = 1900 };	/* an mbuf has 2048 bytes; a frame of af_packet's ring, less its header */

int
iface_fits(const char *name, const struct iface *i, struct diag *why)
{
	if (i->mtu < MTU_LEAST || i->mtu > MTU_MOST)
		return diag_set(why, -EINVAL, "The interface %s has an MTU of %u, and longer frames than one side's would be lost "
		    "unseen; run: ip link set %s mtu %d.", name, i->mtu, name, MTU_LEAST);
	if (i->gro || i->lro)
		return diag_set(why, -EINVAL, "The interface %s merges what it receives into frames that are too long for the "
		    "sensor; run: ethtool -K %s %s off.", name, name, i->gro && i->lro ? "gro off lro" : i->gro ? "gro" : "lro");
	return 0;
}

/* A value of ETHTOOL_GGRO and the like; 0 where the driver knows none. */
static uint32_t
ethtool_value(int fd, struct ifreq *r, uint32_t command)
{
	struct ethtool_value v = { .cmd = command };

	r->ifr_data = (void *)&v;
	return ioctl(fd, SIOCETHTOOL, r) == 0 ? v.data : 0;
}

int
iface_check(const char *name, struct diag *why)
{
	struct iface i = { .mtu = MTU_LEAST };
	struct ifreq r = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return diag_set(why, -errno, "The interface %s cannot be asked for its settings: no socket.", name);
	snprintf(r.ifr_name, sizeof r.ifr_name, "%s", name);
	if (ioctl(fd, SIOCGIFMTU, &r) == 0)
		i.mtu = (unsigned)r.ifr_mtu;
	i.gro = ethtool_value(fd, &r, ETHTOOL_GGRO) != 0;
	i.lro = (ethtool_value(fd, &r, ETHTOOL_GFLAGS) & ETH_FLAG_LRO) != 0;
	close(fd);
	return iface_fits(name, &i, why);
}
