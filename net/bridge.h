/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_BRIDGE_H
#define NET_BRIDGE_H
/*
 * A bridge that the host makes when it is needed: /etc/vz/bridges/NAME.conf says what it is like. Others, which somebody else
 * made and no file describes, are used as they are.
 */
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

struct err;
struct kv;
struct net;

enum net_bridge_key {
	NET_BR_VLAN_AWARE,	/* "yes": tells VLANs apart */
	NET_BR_MTU,
	NET_BR_PORTS,		/* interfaces of the host that are its ports */
	NET_BR_ADDRESS,		/* of the host itself on it, "192.0.2.1/24 2001:db8::1/64" */
	NET_BR_VXLAN_ID,	/* 1 to 16777215: a port that leads to bridges of that number on other hosts */
	NET_BR_VXLAN_REMOTE,	/* their addresses */
	NET_BR_VXLAN_LOCAL,	/* this host's */
	NET_BR_VXLAN_PORT,	/* UDP, 4789 */
	NET_BR_N
};
extern const struct net_bridge_row { const char *key, *opt, *arg, *man; } net_bridge_rows[NET_BR_N];

struct net_bridge {
	char name[IFNAMSIZ];
	char *val[NET_BR_N];	/* NULL: not set */
};
void net_bridge_done(struct net_bridge *b);
#define auto_bridge __attribute__((cleanup(net_bridge_done)))
/* "" takes a value away. EINVAL says what is wrong with it. */
int net_bridge_set(struct net_bridge *b, enum net_bridge_key key, const char *val, struct err *e);
int net_bridge_read(struct net_bridge *b, const char *name, const struct kv *kv, struct err *e);
int net_bridge_check(const struct net_bridge *b, struct err *e);	/* do the values fit together? */
bool net_bridge_name_ok(const char *name);

/*
 * Makes what is missing of it, puts right what differs, and leaves ports alone that it does not name. EEXIST: there is an
 * interface of that name that is no bridge; EOPNOTSUPP: the kernel lacks something, said which.
 */
int net_bridge_up(struct net *n, const struct net_bridge *b, struct err *e);
/* EBUSY: it has ports that the file does not name. Gone is success. */
int net_bridge_down(struct net *n, const struct net_bridge *b, struct err *e);
int net_bridge_cut(struct net *n, const struct net_bridge *b, struct err *e);	/* removes its VXLAN alone */
/* NULL: all is as the file says; else what is not, in @text. */
int net_bridge_fault(struct net *n, const struct net_bridge *b, char *text, size_t size, struct err *e);

#endif
