/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_FWFILE_H
#define LIBCT_FWFILE_H
/*
 * The files of the firewall in /etc/vz/firewall: groups (NAME.conf with RULES and DESCRIPTION), zones (ALLOW), the host's own
 * lists (host: NET_POLICY, NET_RULES, CT_POLICY, CT_RULES). A change marks that the kernel is behind
 * (/var/lib/vz/firewall.pending), replaces the file, makes the kernel follow in one transaction and takes the mark away;
 * whoever finds the mark makes it follow.
 */
#include "libct/netlines.h"

/* Values of @file: NULL removes the key. The file is made if @create, else ENOENT. */
struct ct_fw_edit { const char *key, *val; };
int ct_fw_write(struct net *n, const char *file, bool create, const struct ct_fw_edit *v, size_t count, unsigned *ret,
		struct err *e);
int ct_fw_remove(const char *file, struct err *e);
/* A value, split at semicolons, blanks trimmed; no file or no key: nothing. */
int ct_fw_values(const char *file, const char *key, struct str_list *ret, struct err *e);
bool ct_fw_exists(const char *file);
int ct_fw_groups(struct str_list *ret, struct err *e);	/* names of groups, sorted */
int ct_fw_follow(struct net *n, struct err *e);		/* cheap if nothing is pending */

#endif
