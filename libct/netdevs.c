/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libct/netdevs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "net/phys.h"
#include "libct/record.h"
#include "util/buf.h"
#include "util/fio.h"

#define RECORD "netdev"
#define PIN "netns"

/* --- the record: a line of net_phys_print() for each --- */

static size_t record_find(const struct str_list *l, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < l->n; i++) {
		if (str_starts(l->v[i], name) && l->v[i][len] == ' ')
			return i;
	}
	return l->n;
}

/* --- the namespace, held --- */

static int pin_path(const struct ct *ct, char *dst, size_t size, struct err *e)
{
	return str_fmt(dst, size, CT_RUN_DIR "/%u/" PIN, ct->id) < 0 ? err_say(e, EINVAL, "path of " PIN) : 0;
}

/* The file is what is mounted on: of another file system than its directory. -1: nothing is held. */
static int pin_open(const struct ct *ct, struct err *e)
{
	auto_close int dir = ct_state_rundir(ct, false, e), fd = -1;
	struct stat in, st;

	err_clear(e);
	if (dir < 0)
		return -1;
	fd = openat(dir, PIN, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(dir, &in) < 0 || fstat(fd, &st) < 0 || in.st_dev == st.st_dev)
		return -1;
	return take_fd(&fd);
}

static int pin(const struct ct *ct, int netns, struct err *e)
{
	char path[64], fd_path[40];
	auto_close int dir = ct_state_rundir(ct, true, e), fd = -1;

	if (dir < 0 || pin_path(ct, path, sizeof(path), e) < 0)
		return -e->code;
	fd = pin_open(ct, e);
	if (fd >= 0)
		return 0;
	fd = openat(dir, PIN, O_CREAT | O_WRONLY | O_CLOEXEC, 0400);
	if (fd < 0)
		return err_set(e, errno, "%s", path);
	snprintf(fd_path, sizeof(fd_path), "/proc/self/fd/%d", netns);
	if (mount(fd_path, path, NULL, MS_BIND, NULL) < 0) {
		int code = errno;

		unlinkat(dir, PIN, 0);
		return err_set(e, code, "hold the network namespace at %s", path);
	}
	return 0;
}

static int unpin(const struct ct *ct, struct err *e)
{
	char path[64];

	if (pin_path(ct, path, sizeof(path), e) < 0)
		return -e->code;
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT)
		return err_set(e, errno, "let go of the network namespace at %s", path);
	return unlink(path) < 0 && errno != ENOENT ? err_set(e, errno, "%s", path) : 0;
}

/* --- lending and returning --- */

static int lend(struct ct *ct, struct net *n, const char *name, int netns, struct str_list *record, struct err *e)
{
	struct net_phys p;
	char text[128];
	size_t i;

	if (net_phys_look(n, name, &p, e) < 0)
		return -e->code;
	/* how it is, before it goes; where it is, after: a return without that looks for the name */
	if (net_phys_print(&p, text, sizeof(text)) < 0 || str_list_add(record, text, e) < 0 ||
	    ct_record_save(ct, RECORD, record, e) < 0 || net_phys_lend(n, &p, netns, e) < 0)
		return e->code ? -e->code : err_say(e, EINVAL, "interface %s", name);
	i = record_find(record, name);
	net_phys_print(&p, text, sizeof(text));
	free(record->v[i]);
	record->v[i] = strdup(text);
	return record->v[i] ? ct_record_save(ct, RECORD, record, e) : err_set(e, ENOMEM, RECORD);
}

static int give_back(struct ct *ct, struct net *n, size_t i, int netns, struct str_list *record, struct err *e)
{
	auto_free char *line = strdup(record->v[i]);
	struct net_phys p;

	if (!line)
		return err_set(e, ENOMEM, RECORD);
	if (net_phys_parse(line, &p, e) < 0 || net_phys_return(n, &p, netns, e) < 0)
		return -e->code;
	str_list_del(record, line);
	return ct_record_save(ct, RECORD, record, e);
}

static int lend_all(struct ct *ct, const struct str_list *names, int netns, struct str_list *record, struct err *e)
{
	struct net *n;

	if (!names->n)
		return 0;
	if (ct_host_net(ct->host, &n, e) < 0 || pin(ct, netns, e) < 0)
		return -e->code;
	for (size_t i = 0; i < names->n; i++) {
		if (record_find(record, names->v[i]) == record->n && lend(ct, n, names->v[i], netns, record, e) < 0)
			return -e->code;
	}
	return 0;
}

int ct_netdevs_up(struct ct *ct, int netns, struct err *e)
{
	auto_list struct str_list record = { 0 };

	return lend_all(ct, &ct->conf.net.netdev, netns, &record, e) < 0 ? err_exit(e, VZ_NETDEV_ERROR) : 0;
}

int ct_netdevs_apply(struct ct *ct, const struct ct_conf *c, struct err *e)
{
	auto_list struct str_list record = { 0 };
	auto_close int netns = -1;
	struct ct_state s;
	struct net *n;

	if (ct_record_load(ct, RECORD, &record, e) < 0 || ct_host_net(ct->host, &n, e) < 0 || ct_state_load(ct, &s, e) < 0)
		return -e->code;
	netns = ct_netns_open(&s, e);
	if (netns < 0)
		return -e->code;
	for (size_t i = record.n; i-- > 0;) {
		struct net_phys p;

		if (net_phys_parse(record.v[i], &p, e) < 0)
			return -e->code;
		if (!str_list_has(&c->net.netdev, p.name) && give_back(ct, n, i, netns, &record, e) < 0)
			return -e->code;
	}
	if (lend_all(ct, &c->net.netdev, netns, &record, e) < 0)
		return -e->code;
	return record.n ? 0 : unpin(ct, e);
}

int ct_netdevs_down(struct ct *ct, struct err *e)
{
	auto_list struct str_list record = { 0 };
	auto_close int netns = pin_open(ct, e);
	struct err first = { 0 };
	struct net *n;

	if (ct_record_load(ct, RECORD, &record, e) < 0)
		return -e->code;
	if (record.n && ct_host_net(ct->host, &n, e) < 0)
		return -e->code;
	for (size_t i = record.n; i-- > 0;) {
		struct err one = { 0 };

		if (give_back(ct, n, i, netns, &record, &one) < 0 && !first.code)
			first = one;
	}
	*e = first;
	return e->code ? err_exit(e, VZ_NETDEV_ERROR) : unpin(ct, e);
}

bool ct_netdevs_in(const struct ct *ct, int netns)
{
	struct err none = { 0 };
	auto_close int fd = pin_open(ct, &none);
	struct stat held, st;

	return fd >= 0 && (fstat(fd, &held) < 0 || fstat(netns, &st) < 0 || held.st_ino == st.st_ino);
}
