#include "control/service.h"

#include <stdlib.h>
#include <string.h>

#include "models/vocab.h"

/* A decimal number from 1 to 65535 without leading zeros, and what stands behind it; NULL: none. */
static const char *
port_number(const char *s, uint16_t *port)
{
	char *end;
	unsigned long n;

	if (*s < '1' || *s > '9')
		return NULL;
	n = strtoul(s, &end, 10);
	*port = (uint16_t)n;
	return n < 65536 ? end : NULL;
}

bool
service_ports(const char *s, uint8_t *proto, uint16_t *first, uint16_t *last)
{
	if (strncmp(s, "tcp/", 4) == 0)
		*proto = MODEL_TCP;
	else if (strncmp(s, "udp/", 4) == 0)
		*proto = MODEL_UDP;
	else
		return false;
	s = port_number(s + 4, first);
	*last = *first;
	if (s != NULL && *s == '-')
		s = port_number(s + 1, last);
	return s != NULL && *s == '\0' && *first <= *last;
}

bool
service_parse(const char *s, uint8_t *proto, uint16_t *port)
{
	uint16_t last;

	return strchr(s, '-') == NULL && service_ports(s, proto, port, &last);
}
