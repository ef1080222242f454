/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The handle of a group: open, list, its files. What goes into the files is the business of the others (cg_mem.c,
 * cg_cpu.c ...); cg_setup.c makes groups, cg_remove.c takes them away.
 */
#include "cgroups/cg_priv.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/grow.h"
#include "util/path.h"
#include "util/str.h"

static int id_check(const char *id, struct err *e)
{
	if (!path_is_component(id) || str_eq(id, CG_MONITOR))
		return err_say(e, EINVAL, "'%s' cannot be the name of a cgroup", id);
	return 0;
}

struct cg *cg_new(struct cg_host *h, const char *id, struct err *e)
{
	struct cg *cg;

	if (id_check(id, e) < 0)
		return NULL;
	cg = calloc(1, sizeof(*cg));
	if (!cg) {
		err_set(e, ENOMEM, "cgroup %s", id);
		return NULL;
	}
	cg->h = h;
	cg->v2 = -1;
	str_copy(cg->id, sizeof(cg->id), id);
	return cg;
}

void cg_close(struct cg *cg)
{
	if (!cg)
		return;
	if (cg->v2 >= 0)
		close(cg->v2);
	free(cg);
}

void cg_closep(struct cg **cg)
{
	cg_close(*cg);
}

int cg_open_v2(struct cg *cg)
{
	const struct cg_host *h = cg->h;

	if (h->v2 < 0 || h->hier[h->v2].parent < 0)
		return -1;
	cg->v2 = openat(h->hier[h->v2].parent, cg->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return cg->v2;
}

int cg_open(struct cg_host *h, const char *id, struct cg **ret, struct err *e)
{
	auto_call(cg_closep) struct cg *cg = cg_new(h, id, e);
	bool found;

	if (!cg)
		return -e->code;
	found = cg_open_v2(cg) >= 0;
	for (unsigned i = 0; i < h->n && !found; i++)
		found = !h->hier[i].v2 && h->hier[i].parent >= 0 && faccessat(h->hier[i].parent, id, F_OK, 0) == 0;
	if (!found)
		return err_say(e, ENOENT, "there is no cgroup %s/%s", h->parent, id);
	*ret = take_ptr(cg);
	return 0;
}

int cg_fd(const struct cg *cg)
{
	return cg->v2;
}

/* --- files ------------------------------------------------------------------------------------------------------- */
int cg_file_at(const struct cg *cg, int hier, const char *file, int flags)
{
	char path[NAME_MAX + 1 + 64];
	size_t a = strlen(cg->id), b = strlen(file);
	int fd;

	if (hier < 0 || cg->h->hier[hier].parent < 0)
		return -ENODEV;
	if (a + b + 2 > sizeof(path))
		return -ENAMETOOLONG;
	memcpy(path, cg->id, a);
	path[a] = '/';
	memcpy(path + a + 1, file, b + 1);
	fd = openat(cg->h->hier[hier].parent, path, flags | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

int cg_put_at(const struct cg *cg, int hier, const char *file, const char *val)
{
	auto_close int fd = cg_file_at(cg, hier, file, O_WRONLY);

	if (fd < 0)
		return fd;
	return write(fd, val, strlen(val)) < 0 ? -errno : 0;
}

int cg_put(const struct cg *cg, enum cg_ctl ctl, const char *file, const char *val)
{
	return cg_put_at(cg, cg->h->where[ctl], file, val);
}

int cg_put_u64(const struct cg *cg, enum cg_ctl ctl, const char *file, uint64_t v)
{
	char val[24];

	str_fmt(val, sizeof(val), "%" PRIu64, v);
	return cg_put(cg, ctl, file, val);
}

ssize_t cg_read_fd(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, buf + len, size - 1 - len)) > 0) {
		len += (size_t)n;
		if (len == size - 1) {
			errno = EFBIG;
			return -EFBIG;
		}
	}
	if (n < 0)
		return -errno;
	buf[len] = '\0';
	return (ssize_t)len;
}

ssize_t cg_get_at(const struct cg *cg, int hier, const char *file, char *buf, size_t size)
{
	auto_close int fd = cg_file_at(cg, hier, file, O_RDONLY);

	return fd < 0 ? fd : cg_read_fd(fd, buf, size);
}

ssize_t cg_get(const struct cg *cg, enum cg_ctl ctl, const char *file, char *buf, size_t size)
{
	return cg_get_at(cg, cg->h->where[ctl], file, buf, size);
}

int cg_get_u64(const struct cg *cg, enum cg_ctl ctl, const char *file, uint64_t *ret)
{
	char buf[64];
	ssize_t n = cg_get(cg, ctl, file, buf, sizeof(buf));

	if (n < 0)
		return (int)n;
	buf[strcspn(buf, "\n")] = '\0';
	if (str_eq(buf, "max")) {
		*ret = NUM_UNLIMITED;
		return 0;
	}
	return num_u64(buf, ret);
}

bool cg_line_u64(const char *text, const char *key, uint64_t *ret)
{
	size_t len = strlen(key);

	for (; text && *text; text = strchr(text, '\n'), text += text ? 1 : 0) {
		if (strncmp(text, key, len) != 0 || text[len] != ' ')
			continue;
		*ret = strtoull(text + len + 1, NULL, 10);
		return true;
	}
	return false;
}

int cg_put_err(const struct cg *cg, int rc, const char *file, const char *val, struct err *e)
{
	if (rc == 0)
		return 0;
	if (rc == -ENOENT || rc == -ENODEV)
		return err_say(e, ENOTSUP, "group %s has no file %s: this kernel cannot hold the limit, or the group is gone",
			       cg->id, file);
	return err_set(e, -rc, "group %s: write '%s' to %s", cg->id, val, file);
}

int cg_none(const char *option, const char *controller, struct err *e)
{
	return err_say(e, ENOTSUP, "%s cannot be enforced: this host has no '%s' cgroup controller; enable it "
		       "(kernel command line, cgroup_disable=) or unset %s", option, controller, option);
}

/* --- listing ----------------------------------------------------------------------------------------------------- */
struct ids { char **v; size_t n, size; };

static void ids_done(struct ids *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
}

static int ids_add(struct ids *l, const char *s)
{
	if (GROW(l->v, l->n, l->size) < 0)
		return -ENOMEM;
	l->v[l->n] = strdup(s);
	if (!l->v[l->n])
		return -ENOMEM;
	l->n++;
	return 0;
}

static int ids_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool ids_has(const struct ids *l, size_t n, const char *s)
{
	return n && bsearch(&s, l->v, n, sizeof(*l->v), ids_cmp);
}

/* Adds the groups of one hierarchy that the ones before it do not have. */
static int ids_read(struct ids *l, const struct cg_hier *hi, struct err *e)
{
	size_t sorted = l->n;
	auto_close int fd = openat(hi->parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!d)
		return err_set(e, errno, "%s", hi->path);
	(void)take_fd(&fd);		/* the stream's now */
	while ((de = readdir(d))) {
		if (de->d_type != DT_DIR || str_eq(de->d_name, ".") || str_eq(de->d_name, "..") ||
		    str_eq(de->d_name, CG_MONITOR) || ids_has(l, sorted, de->d_name))
			continue;
		if (ids_add(l, de->d_name) < 0)
			return err_set(e, ENOMEM, "list of cgroups");
	}
	if (l->n > sorted)
		qsort(l->v, l->n, sizeof(*l->v), ids_cmp);
	return 0;
}

int cg_host_each(struct cg_host *h, int (*cb)(const char *id, void *arg), void *arg, struct err *e)
{
	auto_call(ids_done) struct ids l = { 0 };

	for (unsigned i = 0; i < h->n; i++)
		if (h->hier[i].parent >= 0 && ids_read(&l, &h->hier[i], e) < 0)
			return -e->code;
	for (size_t i = 0; i < l.n; i++)
		if (cb(l.v[i], arg))
			break;
	return 0;
}

/* --- all limits -------------------------------------------------------------------------------------------------- */
int cg_apply(struct cg *cg, const struct cg_conf *c, struct err *e)
{
	int rc;

	cg->fresh = cg->made;
	cg->made = false;
	rc = cg_apply_memory(cg, c, e);
	if (rc == 0)
		rc = cg_apply_cpu(cg, c, e);
	if (rc == 0)
		rc = cg_apply_pids(cg, c, e);
	if (rc == 0)
		rc = cg_apply_io(cg, c, e);
	cg->fresh = false;
	return rc;
}

int cg_check(struct cg_host *h, const struct cg_conf *c, struct err *e)
{
	if (cg_check_memory(h, c, e) < 0 || cg_check_cpu(h, c, e) < 0 || cg_check_pids(h, c, e) < 0 ||
	    cg_check_io(h, c, e) < 0)
		return -e->code;
	return 0;
}

bool cg_unlimited(uint64_t v)
{
	return v >= NUM_UNLIMITED || v == INT_MAX;
}
