/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which trees of the template store the host's containers stand on: the layers file of every private area, those of
 * containers that have no configuration here (any more) included, and of what they keep for snapshots.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libct/ct.h"
#include "util/auto.h"
#include "util/path.h"
#include "vzctl/vztmpl.h"

#define LAYERS_MAX (1u << 20)

/* An area of layout dir is the guest's own root: whatever it calls "layers" can at most keep a tree that nobody needs. */
static int read_layers(int dir, struct str_list *ret, struct err *e)
{
	auto_close int fd = openat(dir, "layers", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct str_list lines __attribute__((cleanup(str_list_clear))) = { 0 };
	auto_free char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT || errno == ELOOP ? 0 : err_set(e, errno, "layers");
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	text = calloc(1, LAYERS_MAX + 1);
	if (!text)
		return err_set(e, ENOMEM, "layers");
	n = read(fd, text, LAYERS_MAX);
	if (n < 0)
		return err_set(e, errno, "layers");
	if (str_list_split(&lines, text, "\n", e) < 0)
		return -e->code;
	for (size_t i = 0; i < lines.n; i++)
		if (strlen(lines.v[i]) == TMPL_DIGEST_LEN && !str_list_has(ret, lines.v[i]) && str_list_add(ret, lines.v[i], e) < 0)
			return -e->code;
	return 0;
}

/* @dir/NAME for every directory in it. */
static int each_dir(int dir, struct str_list *ret, int (*fn)(int fd, struct str_list *ret, struct err *e), struct err *e)
{
	auto_close int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = fd < 0 ? NULL : fdopendir(dup(fd));
	struct dirent *de;

	if (!d)
		return err_set(e, errno, "read a directory of private areas");
	while ((de = readdir(d))) {
		auto_close int sub = -1;

		if (!strcmp(de->d_name, ".") || !strcmp(de->d_name, ".."))
			continue;
		sub = openat(fd, de->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (sub < 0 && (errno == ENOTDIR || errno == ELOOP || errno == ENOENT))
			continue;
		if (sub < 0)
			return err_set(e, errno, "%s", de->d_name);
		if (fn(sub, ret, e) < 0)
			return err_add(e, "%s", de->d_name);
	}
	return 0;
}

static int read_area(int area, struct str_list *ret, struct err *e)
{
	auto_close int snap = openat(area, "snap", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (read_layers(area, ret, e) < 0)
		return -e->code;
	return snap < 0 ? 0 : each_dir(snap, ret, read_layers, e);
}

/* The directory of private areas that @path (one of them, or the pattern of all) lies in. */
static int add_parent(struct str_list *parents, const char *path, struct err *e)
{
	auto_free char *copy = path ? strdup(path) : NULL;
	char *slash = copy ? strrchr(copy, '/') : NULL;

	if (!slash || slash == copy)
		return 0;
	*slash = '\0';
	return str_list_has(parents, copy) ? 0 : str_list_add(parents, copy, e);
}

static int find_parents(struct ct_host *h, struct str_list *parents, struct str_list *ret, struct err *e)
{
	auto_free unsigned *ids = NULL;
	size_t n = 0;

	if (ct_list(h, &ids, &n, e) < 0)
		return -e->code;
	for (size_t i = 0; i < n; i++) {
		char id[16];
		auto_free char *path = NULL;
		auto_close int area = -1;
		struct ct *ct = NULL;

		str_fmt(id, sizeof(id), "%u", ids[i]);
		if (ct_open(h, id, 0, &ct, e) < 0)
			return -e->code;
		path = ct_path_private(ct);
		ct_close(ct);
		area = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
		if (area < 0 && errno != ENOENT)
			return err_set(e, errno, "private area %s of CT %s", path ? path : "", id);
		if ((area >= 0 && read_area(area, ret, e) < 0) || add_parent(parents, path, e) < 0)
			return err_add(e, "CT %s", id);
	}
	return 0;
}

int vztmpl_used(void *arg, struct str_list *ret, struct err *e)
{
	struct str_list parents __attribute__((cleanup(str_list_clear))) = { 0 };
	struct ct_host *h = arg;
	struct ct *none = NULL;
	int rc = 0;

	if (find_parents(h, &parents, ret, e) < 0)
		return -e->code;
	if (ct_open(h, "1", CT_NO_CONFIG_OK, &none, e) < 0)
		return -e->code;
	auto_free char *usual = ct_path_private(none);	/* where a container lies that vz.conf's defaults place */
	ct_close(none);
	if (add_parent(&parents, usual, e) < 0)
		return -e->code;
	for (size_t i = 0; rc == 0 && i < parents.n; i++) {
		auto_close int dir = open(parents.v[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (dir < 0 && errno != ENOENT)
			return err_set(e, errno, "%s", parents.v[i]);
		rc = dir < 0 ? 0 : each_dir(dir, ret, read_area, e);
		if (rc < 0)
			err_add(e, "%s", parents.v[i]);
	}
	return rc;
}
