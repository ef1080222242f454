/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_OUTLET_H
#define TEMPLATES_OUTLET_H
/*
 * The network of what runs while a template is made: a namespace of its own, empty but for a loopback, out of which the
 * program vz-outlet (user nobody) carries TCP connections, and DNS to the nameservers of the host's resolv.conf. Nothing is made
 * on the host: no link, no address, no rule; all of it ends with its maker, however that ends. The host's loopback, its own
 * addresses and abstract sockets are not reached, but for nameservers and what is named. Inside templates/.
 */
#include <stdbool.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "util/str.h"

struct err;

struct outlet {
	int netns;		/* for tree_run() and struct spawn; -1 */
	int ctl;		/* vz-outlet ends when it is closed */
	pid_t pid;
};
#define OUTLET_NONE { .netns = -1, .ctl = -1, .pid = 0 }
/* @named: "ADDRESS/PORT" that may be reached although they are this host's own. NULL: none. */
int outlet_open(struct outlet *o, const struct str_list *named, struct err *e);
void outlet_close(struct outlet *o);		/* idempotent */
/* Adds "ADDRESS/PORT" of all addresses of the host in @url, http or https; none if it has none or cannot be asked. */
int outlet_name(struct str_list *named, const char *url, struct err *e);
/* Adds "ADDRESS/53" of the nameservers in the text of a resolv.conf. */
int outlet_nameservers(struct str_list *named, const char *resolv, struct err *e);

/* --- vz-outlet --- */

#define OUTLET_CTL 3		/* its end of ctl */
#define OUTLET_NAMED_MAX 32
#define OUTLET_SERVED_MAX (2 * OUTLET_NAMED_MAX)

union outlet_addr {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};
struct outlet_answer { int code; char text[200]; };	/* the one message on ctl, with the namespace if code is 0 */
/* outlet_to.c: whom it connects to. All without blocking. */
int outlet_addr_parse(const char *text, union outlet_addr *ret);		/* "192.0.2.1/80", "2001:db8::1/80"; -EINVAL */
bool outlet_addr_equal(const union outlet_addr *a, const union outlet_addr *b);	/* port too */
bool outlet_addr_loopback(const union outlet_addr *a);
void outlet_addr_print(const union outlet_addr *a, char dst[80]);
socklen_t outlet_addr_len(const union outlet_addr *a);
bool outlet_routed(int family);			/* this host has a way to the rest of the world */
struct outlet_named { union outlet_addr v[OUTLET_NAMED_MAX]; size_t n; };
/* NULL: yes; else why not: no address of another machine's. Asks the kernel's routes of where it runs. */
const char *outlet_refuses(const struct outlet_named *named, const union outlet_addr *to);

/* outlet_net.c: the namespace. */
struct outlet_sockets {
	int any[2];			/* listens for whatever goes out, IPv4 and IPv6; -1 */
	int link, map;			/* what makes it so; closed with the process */
	struct { int fd; bool udp; union outlet_addr to; } served[OUTLET_SERVED_MAX];
	size_t n;
};
/* In the new namespace, whose loopback is down as yet. */
int outlet_net_up(const struct outlet_named *named, const bool routed[2], int netns, struct outlet_sockets *ret, struct err *e);

/* outlet_pass.c: carries until @ctl is closed. */
int outlet_pass(const struct outlet_sockets *s, const struct outlet_named *named, int ctl, struct err *e);

#endif
