/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_DIST_H
#define LIBCT_DIST_H
/*
 * Network configuration in the guest's own files, so that a guest that configures its network again
 * gets its addresses again. The interface itself is set up without them. Every distribution family
 * is a dist_<family>.c; only files and sections that carry our mark are ever replaced.
 */
#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"

struct err;
struct str_list;

/* @root: the guest's root, inside its namespaces. Tries everything; the first failure comes back. */
int ct_dist_apply(int root, const struct str_list *ips, const char *hostname, struct err *e);

/* A login on the console, where the guest's init would not open one by itself. */
int ct_dist_console(int root, struct err *e);

/* --- for the families --- */
#define DIST_BEGIN "# vz: begin (this part is written again at every start)\n"
#define DIST_END "# vz: end\n"
struct dist_ip {
	char addr[48], mask[16];	/* mask of an IPv4 address, dotted */
	unsigned prefix;
	bool v6;
};
struct dist {
	int root;
	const char *hostname;		/* NULL: leave it alone */
	const struct dist_ip *ip;
	size_t n, n4, n6;
};
/* Nothing is done where directory @dir does not exist. @text empty: ours goes away. */
int dist_section(const struct dist *d, const char *dir, const char *name, const struct buf *text,
		 struct err *e);
int dist_file(const struct dist *d, const char *dir, const char *name, const struct buf *text,
	      struct err *e);
/* @make gives the whole new text of a file that is there. */
typedef void dist_make_fn(const struct dist *d, const char *old, struct buf *b);
int dist_rewrite(const struct dist *d, const char *dir, const char *name, dist_make_fn *make, struct err *e);
dist_make_fn dist_inittab;
/* /etc/HOSTNAME, where it is a file: older SUSE, Slackware. */
int dist_old_hostname(const struct dist *d, struct err *e);
/* Makes @dir/@name where @dir is there. */
int dist_mkdir(const struct dist *d, const char *dir, const char *name, struct err *e);
bool dist_has_dir(const struct dist *d, const char *dir);
bool dist_has_file(const struct dist *d, const char *dir, const char *name);
/* The addresses of one protocol as "A/P", @sep between them, each in @quote. */
void dist_list(const struct dist *d, bool v6, const char *sep, const char *quote, struct buf *b);

typedef int dist_family_fn(const struct dist *d, struct err *e);
dist_family_fn *dist_by_release(const char *text);	/* of os-release; NULL: tells nothing */
/* Everything of @old but our section, which may have lost its end. */
void dist_others(const char *old, struct buf *b);

int dist_debian(const struct dist *d, struct err *e);	/* and all with /etc/network/interfaces */
int dist_alpine(const struct dist *d, struct err *e);
int dist_redhat(const struct dist *d, struct err *e);
int dist_suse(const struct dist *d, struct err *e);
int dist_gentoo(const struct dist *d, struct err *e);
int dist_arch(const struct dist *d, struct err *e);
int dist_alt(const struct dist *d, struct err *e);
int dist_slackware(const struct dist *d, struct err *e);
int dist_daemon(const struct dist *d, struct err *e);	/* networkd, NetworkManager: hands off */

#endif
