#pragma once
/*
 * reference.h - the yardstick: a SYN responder of one page, without state, limits, records or personas.
 *
 * One packet at a time, written as one would the first time. Not part of the sensor: measured in turn
 * with it, on the same port, it says what the machine was doing at that moment.
 */
#include <stdint.h>

/* One burst of port's queue 0: each TCP SYN with good sums becomes its SYN-ACK, the rest is freed. */
void	reference_turn(uint16_t port);
