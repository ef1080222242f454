/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libct/bridges.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libct/record.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/kv.h"
#include "util/path.h"

#define SUFFIX ".conf"

static int file_of(const char *name, char dst[64], struct err *e)
{
	if (!net_bridge_name_ok(name) || str_fmt(dst, 64, "%s" SUFFIX, name) < 0)
		return err_say(e, EINVAL, "'%.40s' cannot be the name of a bridge", name);
	return 0;
}

static int dir_open(bool make, struct err *e)
{
	int fd;

	if (make && path_mkdir_host(CT_BRIDGES_DIR, 0755, e) < 0)
		return -e->code;
	fd = open(CT_BRIDGES_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, CT_BRIDGES_DIR) : fd;
}

int ct_bridge_load(const char *name, struct net_bridge *ret, struct err *e)
{
	auto_kv struct kv kv = { 0 };
	auto_close int dir = -1;
	char file[64];

	if (file_of(name, file, e) < 0)
		return -e->code;
	dir = dir_open(false, e);
	if (dir < 0 || kv_load(&kv, dir, file, e) < 0) {
		if (e->code == ENOENT)
			err_say(e, ENOENT, "bridge %s: there is no file " CT_BRIDGES_DIR "/%s (vznetcfg br new %s)", name,
				file, name);
		return -e->code;
	}
	return net_bridge_read(ret, name, &kv, e) < 0 ? err_add(e, CT_BRIDGES_DIR "/%s", file) : 0;
}

int ct_bridge_ensure(struct net *n, const char *name, bool *ret_known, struct err *e)
{
	auto_bridge struct net_bridge b = { 0 };

	*ret_known = false;
	if (ct_bridge_load(name, &b, e) < 0) {
		if (e->code != ENOENT)
			return -e->code;
		err_clear(e);
		return 0;
	}
	*ret_known = true;
	return net_bridge_up(n, &b, e);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int ct_bridge_names(struct str_list *ret, struct err *e)
{
	auto_closedir DIR *d = opendir(CT_BRIDGES_DIR);
	struct dirent *de;

	if (!d)
		return errno == ENOENT ? 0 : err_set(e, errno, CT_BRIDGES_DIR);
	while ((de = readdir(d))) {
		size_t len = strlen(de->d_name);
		char name[64];

		if (len <= strlen(SUFFIX) || len >= sizeof(name) || !str_eq(de->d_name + len - strlen(SUFFIX), SUFFIX))
			continue;
		str_fmt(name, sizeof(name), "%.*s", (int)(len - strlen(SUFFIX)), de->d_name);
		if (net_bridge_name_ok(name) && str_list_add(ret, name, e) < 0)
			return -e->code;
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_name);
	return 0;
}

int ct_bridge_each(struct net *n, ct_bridge_cb *cb, void *arg, struct err *e)
{
	auto_list struct str_list names = { 0 };

	if (ct_bridge_names(&names, e) < 0)
		return -e->code;
	for (size_t i = 0; i < names.n; i++) {
		auto_bridge struct net_bridge b = { 0 };
		char fault[96];

		if (ct_bridge_load(names.v[i], &b, e) < 0 || net_bridge_fault(n, &b, fault, sizeof(fault), e) < 0 ||
		    cb(n, &b, fault, arg, e) < 0)
			return -e->code;
	}
	return 0;
}

int ct_bridge_save(const struct net_bridge *b, struct err *e)
{
	auto_buf struct buf text = { .cap = 1u << 20 };
	auto_kv struct kv kv = { 0 };
	auto_close int dir = -1;
	char file[64];

	if (net_bridge_check(b, e) < 0 || file_of(b->name, file, e) < 0)
		return -e->code;
	dir = dir_open(true, e);
	if (dir < 0)
		return -e->code;
	if (kv_load(&kv, dir, file, e) < 0) {
		if (e->code != ENOENT)
			return -e->code;
		err_clear(e);
	}
	for (size_t i = 0; i < NET_BR_N; i++) {
		if (!b->val[i])
			kv_unset(&kv, net_bridge_rows[i].key);
		else if (kv_set(&kv, net_bridge_rows[i].key, b->val[i], false, e) < 0)
			return -e->code;
	}
	if (kv_print(&kv, &text, e) < 0)
		return -e->code;
	return fio_replace(dir, file, buf_str(&text), text.len, 0644, e) < 0 ? err_add(e, CT_BRIDGES_DIR "/%s", file) : 0;
}

int ct_bridge_forget(const char *name, struct err *e)
{
	auto_close int dir = -1;
	char file[64];

	if (file_of(name, file, e) < 0)
		return -e->code;
	dir = dir_open(false, e);
	if (dir < 0 && e->code == ENOENT) {
		err_clear(e);
		return 0;
	}
	if (dir < 0 || (unlinkat(dir, file, 0) < 0 && errno != ENOENT))
		return dir < 0 ? -e->code : err_set(e, errno, CT_BRIDGES_DIR "/%s", file);
	fsync(dir);
	return 0;
}
