/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device parameters of a container turned into rules for its control group. */
#include "libct/dev.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "util/num.h"

#define LOOP_MAJOR 7

static int perm(const char *text, const char *item, struct cg_dev *d, struct err *e)
{
	size_t n = 0;

	if (str_eq(text, "none")) {
		d->perm[0] = '\0';
		return 0;
	}
	for (const char *p = text; *p; p++) {
		if (*p == 'q')
			continue; /* quota on a device: OpenVZ's kernel only, always granted here */
		if ((*p != 'r' && *p != 'w') || n == 2)
			return err_say(e, EINVAL, "device %s: permissions are r, w, rw or none",
				       item);
		d->perm[n++] = *p;
	}
	d->perm[n] = '\0';
	return n ? 0 : err_say(e, EINVAL, "device %s: permissions are r, w, rw or none", item);
}

static int number(const char *text, const char *item, int *ret, struct err *e)
{
	uint64_t v;

	if (str_eq(text, "all")) {
		*ret = -1;
		return 0;
	}
	if (num_u64(text, &v) < 0 || v > 0xfffff)
		return err_say(e, EINVAL, "device %s: write TYPE:MAJOR:MINOR|all:PERMISSIONS",
			       item);
	*ret = (int)v;
	return 0;
}

static int rule(const char *item, struct cg_dev *d, struct err *e)
{
	char text[64], *save = NULL, *type, *major, *minor, *mode;

	if (str_copy(text, sizeof(text), item) < 0)
		return err_say(e, EINVAL, "device %s is too long", item);
	type = strtok_r(text, ":", &save);
	major = strtok_r(NULL, ":", &save);
	minor = strtok_r(NULL, ":", &save);
	mode = strtok_r(NULL, ":", &save);
	if (!mode || (!str_eq(type, "b") && !str_eq(type, "c")))
		return err_say(e, EINVAL, "device %s: write b|c:MAJOR:MINOR|all:PERMISSIONS", item);
	d->type = *type;
	if (number(major, item, &d->major, e) < 0 || number(minor, item, &d->minor, e) < 0)
		return -e->code;
	if (d->type == 'b' && d->major == LOOP_MAJOR)
		return err_say(e, EINVAL,
			       "device %s: loop devices reach the host's files and are never given",
			       item);
	return perm(mode, item, d, e);
}

static int node(const char *item, struct cg_dev *d, struct err *e)
{
	const char *colon = strrchr(item, ':');
	char path[160];
	struct stat st;

	if (!colon || str_fmt(path, sizeof(path), "/dev/%.*s", (int)(colon - item), item) < 0 ||
	    strstr(path, ".."))
		return err_say(e, EINVAL, "device node %s: write NAME:PERMISSIONS", item);
	if (stat(path, &st) < 0)
		return err_set(e, errno, "Incorrect device name %s", path);
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return err_say(e, EINVAL, "Incorrect device name %s: not a device", path);
	d->type = S_ISBLK(st.st_mode) ? 'b' : 'c';
	d->major = (int)major(st.st_rdev);
	d->minor = (int)minor(st.st_rdev);
	if (d->type == 'b' && d->major == LOOP_MAJOR)
		return err_say(e, EINVAL, "Device %s is not allowed to be assigned to a CT", path);
	return perm(colon + 1, item, d, e);
}

static bool has_ppp(const struct ct_conf *c)
{
	return str_list_has(&c->features, "ppp:on");
}

int ct_devices(const struct ct_conf *c, struct cg_dev *v, size_t max, size_t *n, struct err *e)
{
	*n = 0;
	if (c->devices.n + c->devnodes.n + has_ppp(c) > max)
		return err_say(e, E2BIG, "more than %zu device rules", max);
	if (has_ppp(c))
		v[(*n)++] = (struct cg_dev){ .type = 'c', .major = 108, .minor = 0, .perm = "rw" };
	for (size_t i = 0; i < c->devices.n; i++)
		if (rule(c->devices.v[i], &v[(*n)++], e) < 0)
			return -e->code;
	for (size_t i = 0; i < c->devnodes.n; i++)
		if (node(c->devnodes.v[i], &v[(*n)++], e) < 0)
			return -e->code;
	return 0;
}
