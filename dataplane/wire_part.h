#pragma once
/*
 * wire_part.h - what reading (wire.c), writing (wire_build.c) and summing (wire_sum.c) headers
 * have in common. Inside wire only; everybody else uses wire.h.
 */
#include "dataplane/wire.h"

enum { ETHER_ADDR = 6, MAX_VLANS = 2, UDP_NO_SUM = 0 };
enum { ARP_ETHER = 1, ARP_REPLY = 2 };

/* Addresses, protocol and length as TCP, UDP and ICMPv6 sum them: RFC 9293 3.1, RFC 8200 8.1. */
uint64_t wire_sum_pseudo(const struct addr *src, const struct addr *dst, uint8_t proto, size_t n);
