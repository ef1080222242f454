/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_SHAPE_PRIV_H
#define NET_SHAPE_PRIV_H
/* Names and numbers of the trees, for shape.c and shape_nft.c. */
#include <stdint.h>

#define SHAPE_UP "vzifb-up"
#define SHAPE_DOWN "vzifb-down"
#define SHAPE_MAJOR 0x10000u	/* 1:1 the host's bandwidth, 1:2 to 1:10 the classes, from 1:20 on the containers' */

static inline uint32_t shape_class(unsigned slot, uint32_t cls)
{
	return SHAPE_MAJOR | (0x20 + slot * 16 + cls);
}

#endif
