#pragma once
/*
 * service.h - how a service's port is written, in the configuration and on command lines.
 */
#include <stdbool.h>
#include <stdint.h>

/* "tcp/21" or "udp/53": MODEL_TCP or MODEL_UDP, and 1 to 65535. */
bool	service_parse(const char *s, uint8_t *proto, uint16_t *port);
/* The same, or "tcp/1000-1999": the first and the last of several ports. */
bool	service_ports(const char *s, uint8_t *proto, uint16_t *first, uint16_t *last);
