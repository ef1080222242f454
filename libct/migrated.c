/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The point at which a container stops being this host's: one rename. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "util/fio.h"

#include "libct/files.h"

int ct_migrated(struct ct *ct, bool away, struct err *e)
{
	auto_close int dir = ct_store_dir(e);
	char here[32], gone[48];

	if (dir < 0)
		return -e->code;
	str_fmt(here, sizeof(here), "%u.conf", ct->id);
	str_fmt(gone, sizeof(gone), "%u.conf.migrated", ct->id);
	if (faccessat(dir, away ? here : gone, F_OK, 0) < 0 && errno == ENOENT)
		return fio_fsync_dir(dir, e);
	if (!away && faccessat(dir, here, F_OK, 0) == 0)
		return err_say(e, EEXIST, CT_CONF_DIR "/%s is there: a new container has the number", here);
	if (renameat(dir, away ? here : gone, dir, away ? gone : here) < 0)
		return err_set(e, errno, "rename " CT_CONF_DIR "/%s", away ? here : gone);
	if (fio_fsync_dir(dir, e) < 0)
		return -e->code;
	if (away)
		return ct_name_unlink_all(ct->id, e);
	return ct->conf.name && *ct->conf.name ? ct_name_claim(ct, ct->conf.name, NULL, e) : 0;
}

int ct_migrated_load(struct ct *ct, struct err *e)
{
	auto_kv struct kv kv = { 0 };
	char path[64];

	str_fmt(path, sizeof(path), CT_CONF_DIR "/%u.conf.migrated", ct->id);
	if (kv_load(&kv, AT_FDCWD, path, e) < 0)
		return -e->code;
	ct->has_conf = true;
	return ct_store_adopt(ct, &kv, e);
}
