#pragma once
/*
 * community.h - Community ID v1: the same short name for a conversation in every tool.
 *
 * "1:" and the base64 of SHA-1 over seed 0, both endpoints in order, and the protocol
 * (github.com/corelight/community-id-spec). SHA-1 is libmd's; it names, it secures
 * nothing.
 */
#include "models/addr.h"

enum { COMMUNITY_TEXT = 31 };	/* with the NUL */

/* For ICMP, ports are the type and its counter-type. */
void	community_id(char to[COMMUNITY_TEXT], const struct addr *a, uint16_t a_port, const struct addr *b,
    uint16_t b_port, uint8_t proto);
