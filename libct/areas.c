/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every private area of layout overlay that this host has: those the configurations name, and whatever lies beside them,
 * since an area that is being made, was unregistered or was kept by a conversion stands on its layers as well.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "libct/files.h"
#include "libct/layers.h"
#include "libct/share.h"
#include "libct/snap.h"

/* In layout dir a file of that name is the guest's. */
static bool has_layers(int area)
{
	return faccessat(area, CT_LAYERS_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0 && !ct_area_is_root(area);
}

static int add_parent(struct str_list *parents, const char *pattern, unsigned id, struct err *e)
{
	auto_area struct ct_area a = { 0 };
	struct err bad = { 0 };

	if (!pattern || ct_area_of(&a, pattern, id, &bad) < 0)
		return bad.code == ENOMEM ? err_set(e, ENOMEM, "areas") : 0;	/* a path that no container can have */
	return str_list_has(parents, a.parent) ? 0 : str_list_add(parents, a.parent, e);
}

/* Where areas lie, as the host's and all containers' configurations have it; those that were migrated away too. */
int ct_area_parents(struct ct_host *h, struct str_list *ret, struct err *e)
{
	auto_closedir DIR *d = opendir(CT_CONF_DIR);
	struct dirent *de;

	if (!d && errno != ENOENT)
		return err_set(e, errno, "read " CT_CONF_DIR);
	if (add_parent(ret, h->defaults.private_dir, 1, e) < 0)
		return -e->code;
	while (d && (de = readdir(d))) {
		auto_kv struct kv kv = { 0 };
		unsigned long id = *de->d_name >= '1' && *de->d_name <= '9' ? strtoul(de->d_name, NULL, 10) : 0;

		if (!id || id > CT_ID_MAX || !strstr(de->d_name, ".conf"))
			continue;
		if (kv_load(&kv, dirfd(d), de->d_name, e) < 0)
			return err_add(e, "read " CT_CONF_DIR "/%s", de->d_name);
		if (add_parent(ret, kv_get(&kv, "VE_PRIVATE"), (unsigned)id, e) < 0)
			return -e->code;
	}
	return 0;
}

/* What is no directory, or not there any more, is no area. */
static int each_in(const char *parent, ct_area_fn *fn, void *arg, struct err *e)
{
	auto_closedir DIR *d = opendir(parent);
	struct dirent *de;

	if (!d)
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_set(e, errno, "read %s", parent);
	for (errno = 0; (de = readdir(d)); errno = 0) {
		auto_close int area = -1;
		char path[CT_PATH_MAX];
		int rc;

		if (de->d_name[0] == '.')
			continue;
		area = openat(dirfd(d), de->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);	/* may be a link to another disk */
		if (area < 0 || !has_layers(area))
			continue;
		if (ct_path_fmt(path, sizeof(path), e, "%s/%s", parent, de->d_name) < 0)
			return -e->code;
		rc = fn(arg, area, path, e);
		if (rc != 0)
			return rc;
	}
	return errno ? err_set(e, errno, "read %s", parent) : 0;
}

int ct_areas_each(struct ct_host *h, ct_area_fn *fn, void *arg, struct err *e)
{
	auto_call(str_list_clear) struct str_list parents = { 0 };
	int rc = ct_area_parents(h, &parents, e);

	for (size_t i = 0; rc == 0 && i < parents.n; i++)
		rc = each_in(parents.v[i], fn, arg, e);
	return rc;
}

static int each_of(int area, const char *file, const char *path, ct_layer_fn *fn, void *arg, struct err *e)
{
	char where[CT_PATH_MAX + 64];
	struct ct_layers l;

	str_fmt(where, sizeof(where), "%s/%s", path, file);
	if (ct_layers_load(area, file, &l, e) < 0) {
		if (e->code != ENOENT)		/* it went while we looked */
			return err_add(e, "%s", where);
		err_clear(e);
		return 0;
	}
	for (unsigned i = 0; i < l.n; i++) {
		int rc = fn(arg, &l.v[i], where, e);

		if (rc != 0)
			return rc;
	}
	return 0;
}

int ct_area_layers_each(int area, const char *path, ct_layer_fn *fn, void *arg, struct err *e)
{
	auto_call(str_list_clear) struct str_list files = { 0 };
	int rc = each_of(area, CT_LAYERS_FILE, path, fn, arg, e);

	if (rc == 0)
		rc = ct_snap_files(area, ".below", &files, e);
	for (size_t i = 0; rc == 0 && i < files.n; i++) {
		char name[64];

		str_fmt(name, sizeof(name), CT_SNAP_DIR "/%.36s.below", files.v[i]);
		rc = each_of(area, name, path, fn, arg, e);
	}
	return rc;
}
