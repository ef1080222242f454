/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which family a guest belongs to, and how our part of its files is kept apart from its own. */
#include "libct/dist.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/net.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/str.h"

#define BEGIN_KEY "# vz: begin"
#define OURS "# Written by vz at every start. Without this line it is left alone.\n"
#define OURS_KEY "# Written by vz"
#define DIST_IPS_MAX 256

/* --- files --- */

static int open_dir(const struct dist *d, const char *dir)
{
	struct err ignored = { 0 };

	return path_open_beneath(d->root, dir, O_RDONLY | O_DIRECTORY, 0, &ignored);
}

bool dist_has_dir(const struct dist *d, const char *dir)
{
	auto_close int fd = open_dir(d, dir);

	return fd >= 0;
}

bool dist_has_file(const struct dist *d, const char *dir, const char *name)
{
	auto_close int fd = open_dir(d, dir);

	return fd >= 0 && faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* 1: there, and read; 0: not there; negative: something else is in the way, or it is too large. */
static int read_old(int dir, const char *name, struct buf *b, struct stat *st, struct err *e)
{
	auto_close int fd =
		openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	*st = (struct stat){ .st_mode = 0644 };
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, st) < 0 || !S_ISREG(st->st_mode))
		return err_say(e, EEXIST, "%s in the container is no plain file", name);
	return fio_read_fd(fd, b, name, e) < 0 ? -e->code : 1;
}

static int write_new(int dir, const char *name, const struct buf *b, const struct stat *st,
		     struct err *e)
{
	if (buf_failed(b))
		return err_set(e, EFBIG, "%s in the container", name);
	if (fio_replace_run(dir, name, buf_str(b), b->len, st->st_mode & 0777, e) < 0)
		return err_add(e, "%s in the container", name);
	if (fchownat(dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, errno, "%s in the container", name);
	return 0;
}

void dist_others(const char *old, struct buf *b)
{
	bool ours = false;

	for (const char *line = old, *end; *line; line = end) {
		end = line + strcspn(line, "\n");
		end += *end == '\n';
		ours = ours || str_starts(line, BEGIN_KEY);
		if (!ours)
			buf_add(b, line, (size_t)(end - line));
		ours = ours && !str_starts(line, DIST_END);
	}
}

int dist_section(const struct dist *d, const char *dir, const char *name, const struct buf *text,
		 struct err *e)
{
	auto_close int fd = open_dir(d, dir);
	auto_buf struct buf old = BUF_INIT, b = BUF_INIT;
	struct stat st;
	int r = fd < 0 ? 0 : read_old(fd, name, &old, &st, e);

	if (fd < 0 || r < 0 || (r == 0 && !text->len))
		return r < 0 ? r : 0;
	dist_others(buf_str(&old), &b);
	if (text->len && b.len && b.s[b.len - 1] != '\n')
		buf_addc(&b, '\n');
	if (text->len)
		buf_addf(&b, DIST_BEGIN "%s" DIST_END, text->s);
	if (!buf_failed(&b) && str_eq(buf_str(&b), buf_str(&old)))
		return 0;
	return write_new(fd, name, &b, &st, e);
}

int dist_file(const struct dist *d, const char *dir, const char *name, const struct buf *text,
	      struct err *e)
{
	auto_close int fd = open_dir(d, dir);
	auto_buf struct buf old = BUF_INIT, b = BUF_INIT;
	struct stat st;
	int r = fd < 0 ? 0 : read_old(fd, name, &old, &st, e);

	if (fd < 0 || r < 0 || (r == 0 && !text->len))
		return r < 0 ? r : 0;
	if (r == 1 && !str_starts(buf_str(&old), OURS_KEY))
		return 0;
	if (!text->len)
		return unlinkat(fd, name, 0) < 0 && errno != ENOENT ? err_set(e, errno, "%s", name) : 0;
	buf_addf(&b, OURS "%s", text->s);
	if (!buf_failed(&b) && str_eq(buf_str(&b), buf_str(&old)))
		return 0;
	return write_new(fd, name, &b, &st, e);
}

int dist_rewrite(const struct dist *d, const char *dir, const char *name, dist_make_fn *make, struct err *e)
{
	auto_close int fd = open_dir(d, dir);
	auto_buf struct buf old = BUF_INIT, b = BUF_INIT;
	struct stat st;
	int r = fd < 0 ? 0 : read_old(fd, name, &old, &st, e);

	if (r <= 0)
		return r;
	make(d, buf_str(&old), &b);
	if (!buf_failed(&b) && str_eq(buf_str(&b), buf_str(&old)))
		return 0;
	return write_new(fd, name, &b, &st, e);
}

void dist_list(const struct dist *d, bool v6, const char *sep, const char *quote, struct buf *b)
{
	const char *between = "";

	for (size_t i = 0; i < d->n; i++) {
		if (d->ip[i].v6 != v6)
			continue;
		buf_addf(b, "%s%s%s/%u%s", between, quote, d->ip[i].addr, d->ip[i].prefix, quote);
		between = sep;
	}
}

int dist_mkdir(const struct dist *d, const char *dir, const char *name, struct err *e)
{
	auto_close int fd = open_dir(d, dir);

	if (fd < 0 || mkdirat(fd, name, 0755) == 0 || errno == EEXIST)
		return 0;
	return err_set(e, errno, "%s/%s in the container", dir, name);
}

int dist_old_hostname(const struct dist *d, struct err *e)
{
	auto_close int fd = open_dir(d, "etc");
	auto_buf struct buf old = BUF_INIT, b = BUF_INIT;
	struct stat st;

	/* a link, to /etc/hostname mostly, is none of ours */
	if (!d->hostname || fd < 0 || fstatat(fd, "HOSTNAME", &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return 0;
	if (read_old(fd, "HOSTNAME", &old, &st, e) < 0)
		return -e->code;
	buf_addf(&b, "%s\n", d->hostname);
	return !buf_failed(&b) && str_eq(buf_str(&b), buf_str(&old)) ? 0 : write_new(fd, "HOSTNAME", &b, &st, e);
}

/* --- families --- */

static const struct {
	const char *id;
	dist_family_fn *write;
} families[] = {
	{ "debian", dist_debian }, { "ubuntu", dist_debian },	{ "devuan", dist_debian },
	{ "alpine", dist_alpine }, { "rhel", dist_redhat },	{ "fedora", dist_redhat },
	{ "centos", dist_redhat }, { "almalinux", dist_redhat }, { "rocky", dist_redhat },
	{ "suse", dist_suse },	   { "opensuse", dist_suse },	{ "sles", dist_suse },
	{ "gentoo", dist_gentoo }, { "arch", dist_arch },	{ "altlinux", dist_alt },
	{ "slackware", dist_slackware },
};

static dist_family_fn *by_id(const char *id, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (strlen(families[i].id) == len && !strncmp(families[i].id, id, len))
			return families[i].write;
	return NULL;
}

/* ID="opensuse-leap", ID_LIKE="suse opensuse": the first word that says something. */
static dist_family_fn *by_words(const char *val)
{
	dist_family_fn *ret = NULL;

	while (*val && *val != '\n' && !ret) {
		size_t n = strcspn(val, " \t\"'\n");

		ret = by_id(val, n);
		val += n + (val[n] && val[n] != '\n');
	}
	return ret;
}

dist_family_fn *dist_by_release(const char *text)
{
	static const char *const keys[] = { "ID=", "ID_LIKE=" };

	for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
		const char *line = text;
		dist_family_fn *ret = NULL;

		while (line && !str_starts(line, keys[k])) {
			line = strchr(line, '\n');
			line = line ? line + 1 : NULL;
		}
		ret = line ? by_words(line + strlen(keys[k])) : NULL;
		if (ret)
			return ret;
	}
	return NULL;
}

/* Old ones, and those that nobody knows, are told by where they keep their files. */
static dist_family_fn *by_dir(const struct dist *d)
{
	if (dist_has_dir(d, "etc/sysconfig/network-scripts"))
		return dist_redhat;
	if (dist_has_dir(d, "etc/net/ifaces"))
		return dist_alt;
	if (dist_has_dir(d, "etc/sysconfig/network"))
		return dist_suse;
	if (dist_has_dir(d, "etc/network"))
		return dist_has_file(d, "etc", "alpine-release") ? dist_alpine : dist_debian;
	if (dist_has_file(d, "etc/rc.d", "rc.inet1"))
		return dist_slackware;
	if (dist_has_dir(d, "etc/conf.d"))
		return dist_gentoo;
	return dist_has_dir(d, "etc/netctl") ? dist_arch : NULL;
}

static dist_family_fn *find_family(const struct dist *d)
{
	static const char *const files[] = { "etc/os-release", "usr/lib/os-release" };
	dist_family_fn *ret = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(files) && !ret; i++) {
		auto_buf struct buf b = { .cap = 65536 };
		struct err ignored = { 0 };
		struct stat st;
		auto_close int fd = path_open(d->root, files[i], O_RDONLY | O_NONBLOCK | O_NOCTTY, 0,
					      &ignored);

		if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		    fio_read_fd(fd, &b, files[i], &ignored) == 0)
			ret = dist_by_release(buf_str(&b));
	}
	return ret ? ret : by_dir(d);
}

static void add_ip(struct dist *d, struct dist_ip *v, const char *text)
{
	struct net_ip ip;
	struct err ignored = { 0 };
	struct in_addr mask;

	if (d->n == DIST_IPS_MAX || net_ip_parse(text, &ip, &ignored) < 0)
		return;
	ip = net_ip_inside(&ip);
	if (net_ip_print(&ip, false, v[d->n].addr, sizeof(v[d->n].addr)) < 0)
		return;
	v[d->n].prefix = ip.prefix;
	v[d->n].v6 = ip.family == AF_INET6;
	mask.s_addr = htonl(ip.prefix && ip.prefix <= 32 ? ~0u << (32 - ip.prefix) : 0);
	inet_ntop(AF_INET, &mask, v[d->n].mask, sizeof(v[d->n].mask));
	d->n4 += !v[d->n].v6;
	d->n6 += v[d->n].v6;
	d->n++;
}

int ct_dist_apply(int root, const struct str_list *ips, const char *hostname, struct err *e)
{
	struct dist_ip v[DIST_IPS_MAX];
	struct dist d = { .root = root, .ip = v, .hostname = hostname && *hostname ? hostname : NULL };
	struct err second = { 0 };
	dist_family_fn *write;

	for (size_t i = 0; i < ips->n; i++)
		add_ip(&d, v, ips->v[i]);
	write = find_family(&d);
	if (write && write(&d, e) < 0)
		dist_daemon(&d, &second);
	else
		dist_daemon(&d, e);
	return e->code ? -e->code : 0;
}
