#include "control/service.h"

#include <stdlib.h>
#include <string.h>

#include "models/vocab.h"

bool
service_parse(const char *s, uint8_t *proto, uint16_t *port)
{
	char *end;
	unsigned long n;

	if (strncmp(s, "tcp/", 4) == 0)
		*proto = MODEL_TCP;
	else if (strncmp(s, "udp/", 4) == 0)
		*proto = MODEL_UDP;
	else
		return false;
	if (s[4] < '0' || s[4] > '9')
		return false;
	n = strtoul(s + 4, &end, 10);
	*port = (uint16_t)n;
	return *end == '\0' && n > 0 && n < 65536;
}
