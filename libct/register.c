/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * register: a private area that lies here becomes a container again, with the configuration that
 * was kept in it, or, if there is none, with the default sample. unregister is the reverse: the
 * files stay, the host forgets the container. CTID.conf appears and goes by one rename each.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/fio.h"
#include "util/path.h"

#include "libct/files.h"

static int fail(struct err *e, int exit)
{
	return err_exit(e, exit);
}

/* Layouts by what lies there; a tree whose ids were shifted on disk would be a stranger's. */
static int look(int dir, const char *path, const char **layout, struct err *e)
{
	const char *found = ct_area_layout(dir);
	struct stat st;

	if (fstat(dir, &st) < 0)
		return err_set(e, errno, "%s", path);
	*layout = str_eq(found, "simfs") ? "dir" : found;
	if (found && !str_eq(found, "simfs"))
		return 0;
	if (!found)
		return err_say(e, EINVAL, "%s is no private area: it has neither layers nor /etc", path);
	if (st.st_uid != 0)
		return err_say(e, EINVAL, "the files in %s are those of user id %u: shift them back, "
			       "ids on disk are what the container sees", path, st.st_uid);
	return 0;
}

static int check_free(struct ct *ct, const char *path, struct err *e)
{
	unsigned *ids = NULL;
	size_t n = 0;
	int rc = 0;

	if (ct->has_conf)
		return err_say(e, EEXIST, "Container %u is registered already", ct->id);
	if (ct_list(ct->host, &ids, &n, e) < 0)
		return -e->code;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		char file[64];
		auto_kv struct kv kv = { 0 };
		struct err ignored = { 0 };
		const char *p;

		str_fmt(file, sizeof(file), CT_CONF_DIR "/%u.conf", ids[i]);
		if (kv_load(&kv, AT_FDCWD, file, &ignored) < 0)
			continue;
		p = kv_get(&kv, "VE_PRIVATE");
		auto_free char *full = ct_expand(p ? p : ct->host->defaults.private_dir, ids[i]);
		if (str_eq(full, path))
			rc = err_say(e, EBUSY, "%s is the private area of container %u", path, ids[i]);
	}
	free(ids);
	return rc;
}

static int load_conf(struct ct *ct, int dir, const char *layout, struct kv *kv, struct err *e)
{
	auto_free char *sample = NULL;

	if (ct_store_copy_load(dir, layout, kv, e) == 0 && kv->n)
		return 0;
	kv_done(kv);
	err_clear(e);
	if (!ct->host->conf.configfile || !*ct->host->conf.configfile)
		return 0;
	ct_say(ct, 0, "The private area holds no configuration: taking the sample %s",
	       ct->host->conf.configfile);
	return ct_sample_load(ct->host->conf.configfile, kv, &sample, e);
}

/* Ids of the other host mean nothing here; a name that somebody else has is left out. */
static int adapt(struct ct *ct, struct kv *kv, const char *path, const char *layout, struct err *e)
{
	const char *name = kv_get(kv, "NAME");
	auto_free char *usual = ct_expand(ct->host->defaults.private_dir, ct->id);

	kv_unset(kv, "LOCAL_UID");
	kv_unset(kv, "LOCAL_GID");
	kv_unset(kv, "VE_ROOT");
	if (kv_set(kv, "VE_PRIVATE",
		   str_eq(usual, path) ? ct->host->defaults.private_dir : path, true, e) < 0 ||
	    kv_set(kv, "VE_LAYOUT", layout, false, e) < 0)
		return -e->code;
	if (ct->host->defaults.root && kv_set(kv, "VE_ROOT", ct->host->defaults.root, true, e) < 0)
		return -e->code;
	if (!name || !*name || ct_name_claim(ct, name, NULL, e) == 0)
		return 0;
	ct_say(ct, -1, "Warning: %s; registering without a name", e->text);
	err_clear(e);
	kv_unset(kv, "NAME");
	return 0;
}

static int do_register(struct ct *ct, const char *path, struct err *e)
{
	auto_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_kv struct kv kv = { 0 };
	const char *layout = NULL;

	if (dir < 0) {
		err_set(e, errno, "private area %s", path);
		return fail(e, VZ_FS_NOPRVT);
	}
	if (look(dir, path, &layout, e) < 0 || check_free(ct, path, e) < 0 ||
	    load_conf(ct, dir, layout, &kv, e) < 0 || adapt(ct, &kv, path, layout, e) < 0)
		return -e->code;
	if (ct_store_kv(ct, &kv, 0, e) < 0)
		return -e->code;
	if (str_eq(layout, "ploop")) {
		ct_say(ct, 0, "The root is a ploop image: 'vzctl convert %u --layout overlay' makes files of it, then it can be "
		       "started", ct->id);
	} else if (ct_quota_start(ct, dir, e) < 0) {	/* a start would refuse it, or go without: say why now */
		ct_say(ct, -1, "Warning: %s", e->text);
		err_clear(e);
	}
	return 0;
}

int ct_register(struct ct *ct, const char *path, struct err *e)
{
	char full[CT_PATH_MAX];
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	if (*path != '/' || strstr(path, "/../") || str_ends(path, "/..") ||
	    str_fmt(full, sizeof(full), "%.*s", (int)n, path) < 0) {
		err_say(e, EINVAL, "'%s' is not an absolute path without '..'", path);
		return fail(e, VZ_INVALID_PARAMETER_VALUE);
	}
	if (do_register(ct, full, e) < 0)
		return fail(e, VZ_REGISTER);
	ct_say(ct, 0, "Container was successfully registered");
	return 0;
}

static int keep_copy(const struct ct *ct, struct err *e)
{
	auto_free char *path = ct_path_private(ct);
	auto_close int dir = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (dir < 0)
		return path && errno == ENOENT ? 0 : err_set(e, errno, "private area");
	if (ct_store_copy(ct, dir, e) < 0)
		return -e->code;
	return fio_fsync_dir(dir, e);
}

static int forget(struct ct *ct, struct err *e)
{
	auto_close int dir = ct_store_dir(e);
	char name[32];

	str_fmt(name, sizeof(name), "%u.conf", ct->id);
	if (dir < 0 || ct_name_unlink_all(ct->id, e) < 0)
		return -e->code;
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove " CT_CONF_DIR "/%s", name);
	if (fio_fsync_dir(dir, e) < 0 || ct_state_drop(ct, e) < 0)
		return -e->code;
	return ct_idmap_free(ct, e);
}

int ct_unregister(struct ct *ct, struct err *e)
{
	if (ct_need_down(ct, e) < 0)
		return -e->code;
	if (keep_copy(ct, e) < 0 || forget(ct, e) < 0)
		return fail(e, VZ_UNREGISTER);
	ct->has_conf = false;
	ct_say(ct, 0, "Container was successfully unregistered");
	return 0;
}
