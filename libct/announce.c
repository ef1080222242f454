/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Written while a container starts, taken away by down.c. The link below /var/run/netns leads to /proc/PID/ns/net: it
 * costs one system call, holds no namespace alive, and leads nowhere once init is dead. An entry of that name that is no
 * such link (`ip netns add 101`) belongs to somebody else and is neither replaced nor removed.
 */
#include "libct/announce.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libct/files.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/path.h"

#define VEIP_DIR "/var/lib/vzctl/veip"
#define VEPID_DIR "/var/lib/vzctl/vepid"
#define NETNS_DIR "/var/run/netns"

static void warn(const struct ct *ct, const struct err *e)
{
	ct_say(ct, -1, "Warning: %s", e->text);
}

static int dir_open(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		if (path_mkdir_host(path, 0755, e) < 0)
			return -e->code;
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return fd < 0 ? err_set(e, errno, "%s", path) : fd;
}

static void put(const struct ct *ct, const char *path, const char *text, size_t n)
{
	struct err e = { 0 };
	auto_close int dir = dir_open(path, &e);

	if (dir < 0 || fio_replace_run(dir, ct->ids, text, n, 0644, &e) < 0) {
		err_add(&e, "%s/%s", path, ct->ids);
		warn(ct, &e);
	}
}

/* Is NETNS_DIR/@name one of our links? */
static bool is_ours(int dir, const char *name)
{
	char target[64];
	ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);
	const char *p;

	if (n <= 0)
		return false;
	target[n] = '\0';
	if (!str_starts(target, "/proc/"))
		return false;
	p = target + strlen("/proc/");
	n = (ssize_t)strspn(p, "0123456789");
	return n > 0 && strcmp(p + n, "/ns/net") == 0;
}

static void link_netns(const struct ct *ct, pid_t init)
{
	struct err e = { 0 };
	auto_close int dir = dir_open(NETNS_DIR, &e);
	char target[64];

	str_fmt(target, sizeof(target), "/proc/%d/ns/net", (int)init);
	if (dir < 0) {
		warn(ct, &e);
		return;
	}
	if (symlinkat(target, dir, ct->ids) == 0)
		return;
	if (errno == EEXIST && is_ours(dir, ct->ids) && unlinkat(dir, ct->ids, 0) == 0 &&
	    symlinkat(target, dir, ct->ids) == 0)
		return;
	if (errno == EEXIST || errno == EINVAL)
		err_say(&e, EEXIST, NETNS_DIR "/%s is not of this container and is left alone; 'ip netns exec %s' does not "
			"enter it", ct->ids, ct->ids);
	else
		err_set(&e, errno, NETNS_DIR "/%s", ct->ids);
	warn(ct, &e);
}

void ct_announce_ips(const struct ct *ct, const struct str_list *ips)
{
	auto_buf struct buf b = BUF_INIT;
	struct err ignored = { 0 };
	struct net_ip ip;

	for (size_t i = 0; i < ips->n; i++) {
		bool net = net_ip_parse(ips->v[i], &ip, &ignored) == 0 && net_ip_is_net(&ip);

		buf_addf(&b, "%s%.*s", i ? " " : "", (int)(net ? strlen(ips->v[i]) : strcspn(ips->v[i], "/")), ips->v[i]);
	}
	buf_addc(&b, '\n');
	put(ct, VEIP_DIR, buf_str(&b), b.len);
}

void ct_announce_up(const struct ct *ct, pid_t init, const struct str_list *ips)
{
	char pid[16];

	str_fmt(pid, sizeof(pid), "%d\n", (int)init);
	put(ct, VEPID_DIR, pid, strlen(pid));
	ct_announce_ips(ct, ips);
	link_netns(ct, init);
}

static bool same_ip(const char *a, const char *b)
{
	size_t n = strcspn(a, "/");

	return n == strcspn(b, "/") && !strncmp(a, b, n);
}

static bool has_ip(const struct str_list *l, const char *ip)
{
	for (size_t i = 0; i < l->n; i++)
		if (same_ip(l->v[i], ip))
			return true;
	return false;
}

int ct_announced_ips(const struct ct *ct, struct str_list *ips, struct err *e)
{
	auto_buf struct buf b = { .cap = 1u << 20 };
	struct str_list words = { 0 };
	struct err ignored = { 0 };
	struct net_ip ip;
	char path[64];
	int rc;

	str_fmt(path, sizeof(path), VEIP_DIR "/%u", ct->id);
	if (fio_read_at(AT_FDCWD, path, &b, &ignored) < 0)
		return 0;
	rc = str_list_split(&words, buf_str(&b), " \n", e);
	for (size_t i = 0; rc == 0 && i < words.n; i++)
		if (net_ip_parse(words.v[i], &ip, &ignored) == 0 && !has_ip(ips, words.v[i]))
			rc = str_list_add(ips, words.v[i], e);
	str_list_clear(&words);
	return rc;
}

void ct_announce_change(const struct ct *ct, const struct str_list *add, const struct str_list *del)
{
	struct str_list had = { 0 }, now = { 0 };
	struct err e = { 0 };

	ct_announced_ips(ct, &had, &e);
	for (size_t i = 0; i < had.n && !e.code; i++)
		if (!has_ip(del, had.v[i]) && !has_ip(add, had.v[i]))
			str_list_add(&now, had.v[i], &e);
	for (size_t i = 0; i < add->n && !e.code; i++)
		str_list_add(&now, add->v[i], &e);
	if (e.code)
		warn(ct, &e);
	else
		ct_announce_ips(ct, &now);
	str_list_clear(&had);
	str_list_clear(&now);
}

int ct_announced_only(const struct ct *ct, const struct str_list *conf, const struct str_list *asked, struct str_list *ret,
		      struct err *e)
{
	struct str_list had = { 0 };
	int rc = ct_announced_ips(ct, &had, e);

	for (size_t i = 0; i < had.n && rc == 0; i++)
		if (!has_ip(conf, had.v[i]) && !has_ip(ret, had.v[i]) && (str_list_has(asked, "all") || has_ip(asked, had.v[i])))
			rc = str_list_add(ret, had.v[i], e);
	str_list_clear(&had);
	return rc;
}

/* With what a writer that was killed left of it (fio_replace_run()). */
static int forget(const char *path, const char *name, bool link, struct err *e)
{
	auto_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char tmp[32];

	if (dir < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "%s", path);
	if (link && !is_ours(dir, name))
		return 0;
	if (!link && str_fmt(tmp, sizeof(tmp), ".%s.tmp", name) == 0)
		unlinkat(dir, tmp, 0);
	return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? err_set(e, errno, "remove %s/%s", path, name) : 0;
}

int ct_announce_down(const struct ct *ct, struct err *e)
{
	struct err later = { 0 };
	int rc = forget(NETNS_DIR, ct->ids, true, e);

	if (forget(VEIP_DIR, ct->ids, false, &later) < 0 || forget(VEPID_DIR, ct->ids, false, &later) < 0)
		if (rc == 0)
			*e = later;
	return -e->code;
}

void ct_announce_sweep(void)
{
	static const char *const paths[] = { VEIP_DIR, VEPID_DIR };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		auto_closedir DIR *d = opendir(paths[i]);
		struct dirent *de;

		while (d && (de = readdir(d))) {
			char run[64];

			if (*de->d_name == '.' || str_fmt(run, sizeof(run), CT_RUN_DIR "/%.32s", de->d_name) < 0)
				continue;
			if (access(run, F_OK) < 0)
				unlinkat(dirfd(d), de->d_name, 0);
		}
	}
}
