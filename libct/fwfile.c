/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See fwfile.h. */
#include "libct/fwfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libct/record.h"
#include "net/fw.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/path.h"

#define PENDING CT_LIB_DIR "/firewall.pending"

static int open_dir(bool make, struct err *e)
{
	int fd;

	if (make && path_mkdir_host(CT_FW_DIR, 0755, e) < 0)
		return -e->code;
	fd = open(CT_FW_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open " CT_FW_DIR) : fd;
}

static int mark(bool on, struct err *e)
{
	auto_close int dir = -1, fd = -1;

	if (path_mkdir_host(CT_LIB_DIR, 0755, e) < 0)
		return -e->code;
	dir = open(CT_LIB_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_set(e, errno, "open " CT_LIB_DIR);
	if (!on)
		return unlink(PENDING) < 0 && errno != ENOENT ? err_set(e, errno, "remove " PENDING) : 0;
	fd = open(PENDING, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_set(e, errno, "make " PENDING);
	return fio_fsync_dir(dir, e);
}

static int load(int dir, const char *file, bool create, struct kv *kv, struct err *e)
{
	if (kv_load(kv, dir, file, e) == 0)
		return 0;
	if (e->code != ENOENT || !create)
		return -e->code;
	err_clear(e);
	return 0;
}

int ct_fw_write(struct net *n, const char *file, bool create, const struct ct_fw_edit *v, size_t count, unsigned *ret,
		struct err *e)
{
	auto_close int dir = open_dir(true, e);
	auto_kv struct kv kv = { 0 };
	auto_buf struct buf b = BUF_INIT;

	if (dir < 0 || load(dir, file, create, &kv, e) < 0)
		return -e->code;
	for (size_t i = 0; i < count; i++) {
		if (!v[i].val)
			kv_unset(&kv, v[i].key);
		else if (kv_set(&kv, v[i].key, v[i].val, false, e) < 0)
			return -e->code;
	}
	if (kv_print(&kv, &b, e) < 0 || mark(true, e) < 0 ||
	    fio_replace(dir, file, buf_str(&b), b.len, 0644, e) < 0 || ct_net_apply_all(n, ret, e) < 0)
		return -e->code;
	return mark(false, e);
}

int ct_fw_remove(const char *file, struct err *e)
{
	auto_close int dir = open_dir(false, e);

	if (dir < 0)
		return dir;
	if (unlinkat(dir, file, 0) < 0)
		return err_set(e, errno, "remove " CT_FW_DIR "/%s", file);
	return fio_fsync_dir(dir, e);
}

int ct_fw_values(const char *file, const char *key, struct str_list *ret, struct err *e)
{
	auto_close int dir = open_dir(false, e);
	auto_list struct str_list words = { 0 };
	auto_kv struct kv kv = { 0 };
	const char *text;

	if (dir < 0 || kv_load(&kv, dir, file, e) < 0) {
		if (e->code != ENOENT)
			return -e->code;
		err_clear(e);
		return 0;
	}
	text = kv_get(&kv, key);
	if (text && str_list_split(&words, text, ";", e) < 0)
		return -e->code;
	for (size_t i = 0; i < words.n; i++) {
		const char *word = str_trim(words.v[i]);

		if (*word && str_list_add(ret, word, e) < 0)
			return -e->code;
	}
	return 0;
}

bool ct_fw_exists(const char *file)
{
	struct err e = { 0 };
	auto_close int dir = open_dir(false, &e);

	return dir >= 0 && faccessat(dir, file, F_OK, 0) == 0;
}

static int name_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int ct_fw_groups(struct str_list *ret, struct err *e)
{
	auto_closedir DIR *d = opendir(CT_FW_DIR);
	struct dirent *de;

	while (d && (de = readdir(d))) {
		if (!str_ends(de->d_name, ".conf"))
			continue;
		de->d_name[strlen(de->d_name) - 5] = '\0';
		if (fw_name_ok(de->d_name) && str_list_add(ret, de->d_name, e) < 0)
			return -e->code;
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), name_cmp);
	return 0;
}

int ct_fw_follow(struct net *n, struct err *e)
{
	unsigned ignored;

	if (access(PENDING, F_OK) < 0)
		return 0;
	return ct_net_apply_all(n, &ignored, e) < 0 ? -e->code : mark(false, e);
}
