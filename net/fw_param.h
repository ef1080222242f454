/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_FW_PARAM_H
#define NET_FW_PARAM_H
/* The types of the rows FW_* and PORT_FORWARD. */
#include "net/netif_param.h"

extern const struct param_type net_type_fw_rules, net_type_fw_del, net_type_fw_policy, net_type_fw_groups, net_type_fw_zone,
	net_type_forwards;

#endif
