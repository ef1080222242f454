/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host itself: forwarding, and the firewall table. /proc/sys/net shows the namespace of whoever opens it. */
#include "net/net_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/num.h"

#define SYS4 "/proc/sys/net/ipv4/ip_forward"
#define SYS6 "/proc/sys/net/ipv6/conf"
#define FRAG_SECONDS 10

static bool sysctl_is(int dir, const char *name, const char *want)
{
	auto_buf struct buf b = BUF_INIT;
	struct err e = { 0 };

	return fio_read_at(dir, name, &b, &e) == 0 && b.len > 0 && str_eq(str_trim(b.s), want);
}

static int sysctl_set(int dir, const char *name, const char *val, struct err *e)
{
	return sysctl_is(dir, name, val) ? 0 : fio_control(dir, name, val, e);
}

/*
 * With forwarding on, a host ignores router advertisements unless accept_ra is 2, and loses its own default route when the
 * last one expires. So interfaces that listened go on listening.
 */
static int host_keep_ra(int conf, struct err *e)
{
	auto_close int copy = openat(conf, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *de;
	char name[NAME_MAX + sizeof("/accept_ra")];
	unsigned id;

	if (!d)
		return err_set(e, errno, "open " SYS6);
	copy = -1;		/* of the DIR now */
	while ((de = readdir(d))) {
		if (de->d_name[0] == '.' || str_eq(de->d_name, "all") || str_eq(de->d_name, "default") ||
		    str_eq(de->d_name, "lo") || link_id(de->d_name, &id))
			continue;
		if (str_fmt(name, sizeof(name), "%s/accept_ra", de->d_name) < 0 || !sysctl_is(conf, name, "1"))
			continue;
		if (fio_control(conf, name, "2", e) < 0 && e->code != ENOENT)
			return -e->code;
		err_clear(e);
	}
	return 0;
}

static int host_forward6(struct err *e)
{
	auto_close int conf = open(SYS6, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (conf < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "open " SYS6);	/* no IPv6 here */
	if (sysctl_is(conf, "all/forwarding", "1"))
		return 0;
	if (host_keep_ra(conf, e) < 0)
		return -e->code;
	return fio_control(conf, "all/forwarding", "1", e);
}

/*
 * Tables of the kernel that what containers send takes room in: at least as large as a share of memory, between two bounds, says;
 * never smaller than they were. Neighbours are one table for all namespaces, whose keys only the first has; what goes to
 * containers needs no room there (route_put_neighbour()). Fragments: net/frag.c; the time they are waited for goes down.
 */
static const struct { const char *path; uint64_t share, min, max; } rooms[] = {
	{ "ipv4/neigh/default/gc_thresh3", 128 << 10, 8192, 131072 },
	{ "ipv6/neigh/default/gc_thresh3", 128 << 10, 8192, 131072 },
	{ "ipv4/neigh/default/gc_thresh2", 256 << 10, 4096, 65536 },
	{ "ipv6/neigh/default/gc_thresh2", 256 << 10, 4096, 65536 },
	{ "ipv4/ipfrag_high_thresh", 64, 16 << 20, 128 << 20 },
	{ "ipv6/ip6frag_high_thresh", 64, 16 << 20, 128 << 20 },
	{ "netfilter/nf_conntrack_frag6_high_thresh", 64, 16 << 20, 128 << 20 },
};
static const char *const frag_times[] = { "ipv4/ipfrag_time", "ipv6/ip6frag_time", "netfilter/nf_conntrack_frag6_timeout" };

/* At least @want, or with @most at most. A key that is not there, or read-only, is as whoever made it so wants. */
static int host_bound(const char *name, uint64_t want, bool most, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	struct err ignored = { 0 };
	char path[96], value[24];
	uint64_t have;

	str_fmt(path, sizeof(path), "/proc/sys/net/%s", name);
	str_fmt(value, sizeof(value), "%" PRIu64, want);
	if (fio_read_at(AT_FDCWD, path, &b, &ignored) < 0 || !b.len || num_u64(str_trim(b.s), &have) < 0 ||
	    (most ? have <= want : have >= want))
		return 0;
	if (fio_control(AT_FDCWD, path, value, e) < 0 && e->code != EROFS && e->code != EACCES && e->code != EPERM)
		return -e->code;
	err_clear(e);
	return 0;
}

static int host_rooms(struct err *e)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	uint64_t all = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;

	for (size_t i = 0; i < ARRAY_SIZE(rooms); i++) {
		uint64_t want = all / rooms[i].share;

		want = want > rooms[i].max ? rooms[i].max : want < rooms[i].min ? rooms[i].min : want;
		if (host_bound(rooms[i].path, want, false, e) < 0)
			return -e->code;
	}
	for (size_t i = 0; i < ARRAY_SIZE(frag_times); i++) {
		if (host_bound(frag_times[i], FRAG_SECONDS, true, e) < 0)
			return -e->code;
	}
	return 0;
}

static int host_remember(struct net *n, const struct net_host_conf *c, struct err *e)
{
	if (str_copy(n->pool4, sizeof(n->pool4), c->pool4 ? c->pool4 : "") < 0 ||
	    str_copy(n->pool6, sizeof(n->pool6), c->pool6 ? c->pool6 : "") < 0 ||
	    str_copy(n->classes, sizeof(n->classes), c->classes ? c->classes : "") < 0)
		return err_say(e, EINVAL, "an address pool, or the name of the file of network classes, is too long");
	if (str_copy(n->neighbours, sizeof(n->neighbours), c->neighbours ? c->neighbours : "detect") < 0)
		return err_say(e, EINVAL, "NEIGHBOUR_DEVS is too long");
	if (c->table && str_copy(n->table, sizeof(n->table), c->table) < 0)
		return err_say(e, EINVAL, "the name of the firewall table is too long");
	return 0;
}

static int host_check_pool(const char *pool, int family, const char *what, struct err *e)
{
	struct net_ip ip;

	if (!pool[0])
		return 0;
	if (net_ip_parse(pool, &ip, e) < 0)
		return err_add(e, "%s pool", what);
	return ip.family == family ? 0 : err_say(e, EINVAL, "%s pool: '%s' is of the other family", what, pool);
}

int net_host_conf_set(struct net *n, const struct net_host_conf *c, struct err *e)
{
	if (host_remember(n, c, e) < 0 || host_check_pool(n->pool4, AF_INET, "IPv4", e) < 0 ||
	    host_check_pool(n->pool6, AF_INET6, "IPv6", e) < 0)
		return -e->code;
	return 0;
}

int net_host_setup(struct net *n, const struct net_host_conf *c, struct err *e)
{
	if (net_host_conf_set(n, c, e) < 0 || net_rt(n, e) < 0)
		return -e->code;
	/* the filter stands before anything is forwarded */
	if (antispoof_setup(n, e) < 0 || link_sweep(&n->rt, e) < 0 || neigh_sweep(n, e) < 0)
		return -e->code;
	if (host_rooms(e) < 0)
		return err_add(e, "make room in the kernel's tables");
	if (!c->forward)
		return 0;
	if (sysctl_set(AT_FDCWD, SYS4, "1", e) < 0 || host_forward6(e) < 0)
		return err_add(e, "switch on forwarding");
	return 0;
}

static int host_busy(unsigned id, void *arg)
{
	*(unsigned *)arg = id;
	return -EBUSY;
}

int net_host_teardown(struct net *n, const struct net_host_conf *c, struct err *e)
{
	unsigned id = 0;

	if (net_host_conf_set(n, c, e) < 0)
		return -e->code;
	if (net_each(n, host_busy, &id, e) == -EBUSY)
		return err_say(e, EBUSY, "container %u still has its network: stop it before the firewall goes", id);
	if (e->code || link_sweep(&n->rt, e) < 0)
		return -e->code;
	return antispoof_teardown(n, e);
}
