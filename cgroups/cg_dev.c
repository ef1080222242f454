/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which devices a group may open: everything is denied, then the standard nodes and the caller's rules are allowed. On
 * v1 through the devices controller, which a running group gets as single differences, since "deny all" would fail every
 * open() in between; else as a program on the v2 group (cg_bpf.c). Makes no nodes.
 */
#include "cgroups/cg_priv.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"

#define MAJOR_MAX 4095
#define MINOR_MAX 0xfffff
#define PTS_MAJOR 136

/* No "m": a guest has no use for mknod, its user namespace refuses it anyway. Overlay's whiteouts (c 0:0) are exempt. */
static const struct cg_rule standard[] = {
	{ 'c', 1, 3, CG_DEV_R | CG_DEV_W },		/* null */
	{ 'c', 1, 5, CG_DEV_R | CG_DEV_W },		/* zero */
	{ 'c', 1, 7, CG_DEV_R | CG_DEV_W },		/* full */
	{ 'c', 1, 8, CG_DEV_R | CG_DEV_W },		/* random */
	{ 'c', 1, 9, CG_DEV_R | CG_DEV_W },		/* urandom */
	{ 'c', 5, 0, CG_DEV_R | CG_DEV_W },		/* tty */
	{ 'c', 5, 1, CG_DEV_R | CG_DEV_W },		/* console */
	{ 'c', 5, 2, CG_DEV_R | CG_DEV_W },		/* ptmx */
	{ 'c', PTS_MAJOR, -1, CG_DEV_R | CG_DEV_W },
};

static struct cg_rule *rule_find(struct cg_rule *v, size_t n, const struct cg_rule *r)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].type == r->type && v[i].major == r->major && v[i].minor == r->minor)
			return &v[i];
	return NULL;
}

/* Bits of "rwm"; -1: another letter. */
static int acc_parse(const char *s, size_t max)
{
	int acc = 0;

	for (size_t i = 0; i < max && s[i]; i++) {
		if (s[i] == 'r')
			acc |= CG_DEV_R;
		else if (s[i] == 'w')
			acc |= CG_DEV_W;
		else if (s[i] == 'm')
			acc |= CG_DEV_M;
		else
			return -1;
	}
	return acc;
}

int cg_dev_rules(const struct cg_dev *v, size_t n, struct cg_rule out[CG_DEV_MAX], struct err *e)
{
	size_t len = ARRAY_SIZE(standard);

	memcpy(out, standard, sizeof(standard));
	for (size_t i = 0; i < n; i++) {
		struct cg_rule r = { .type = v[i].type, .major = v[i].major, .minor = v[i].minor }, *same;
		int acc = acc_parse(v[i].perm, sizeof(v[i].perm));

		if ((r.type != 'b' && r.type != 'c') || acc < 0 || r.major < -1 || r.major > MAJOR_MAX || r.minor < -1 ||
		    r.minor > MINOR_MAX)
			return err_say(e, EINVAL, "device rule %c:%d:%d:%.4s is not TYPE:MAJOR:MINOR:rwm", r.type, r.major,
				       r.minor, v[i].perm);
		if (!acc)
			continue;
		r.acc = (unsigned)acc;
		same = rule_find(out, len, &r);
		if (same) {
			same->acc |= r.acc;
			continue;
		}
		if (len == CG_DEV_MAX)
			return err_say(e, E2BIG, "more than %d device rules", CG_DEV_MAX - (int)ARRAY_SIZE(standard));
		out[len++] = r;
	}
	return (int)len;
}

static int num_or_all(const char **s, int *ret)
{
	char *end;

	if (**s == '*') {
		*ret = -1;
		(*s)++;
		return 0;
	}
	*ret = (int)strtol(*s, &end, 10);
	if (end == *s)
		return -EINVAL;
	*s = end;
	return 0;
}

int cg_dev_parse_line(const char *line, struct cg_rule *ret)
{
	const char *s = line + 2;
	int acc;

	if ((line[0] != 'a' && line[0] != 'b' && line[0] != 'c') || line[1] != ' ')
		return -EINVAL;
	ret->type = line[0];
	if (num_or_all(&s, &ret->major) < 0 || *s++ != ':' || num_or_all(&s, &ret->minor) < 0 || *s++ != ' ')
		return -EINVAL;
	acc = acc_parse(s, strcspn(s, "\n"));
	if (acc < 0)
		return -EINVAL;
	ret->acc = (unsigned)acc;
	return 0;
}

/* --- v1 ---------------------------------------------------------------------------------------------------------- */
static int v1_rule(int fd, const struct cg_rule *r, unsigned acc)
{
	char major[16] = "*", minor[16] = "*", val[64];

	if (r->major >= 0)
		str_fmt(major, sizeof(major), "%d", r->major);
	if (r->minor >= 0)
		str_fmt(minor, sizeof(minor), "%d", r->minor);
	str_fmt(val, sizeof(val), "%c %s:%s %s%s%s", r->type, major, minor, acc & CG_DEV_R ? "r" : "",
		acc & CG_DEV_W ? "w" : "", acc & CG_DEV_M ? "m" : "");
	return write(fd, val, strlen(val)) < 0 ? -errno : 0;
}

/* The rules a group has now; *all: it may open everything. */
static int v1_read(const struct cg *cg, struct cg_rule *have, bool *all)
{
	char buf[8192];
	ssize_t len = cg_get(cg, CG_CTL_DEVICES, "devices.list", buf, sizeof(buf));
	int n = 0;

	if (len < 0)
		return (int)len;
	*all = false;
	for (char *s = buf, *line; (line = strsep(&s, "\n")) && *line;) {
		if (n == CG_DEV_MAX || cg_dev_parse_line(line, &have[n]) < 0)
			return -E2BIG;
		if (have[n].type == 'a')
			*all = true;
		else
			n++;
	}
	return n;
}

/* Allows what @want has and @have lacks; with the two exchanged and devices.deny, takes away. */
static int v1_diff(int fd, struct cg_rule *want, int nwant, struct cg_rule *have, int nhave)
{
	for (int i = 0; i < nwant; i++) {
		const struct cg_rule *same = rule_find(have, (size_t)nhave, &want[i]);
		unsigned acc = want[i].acc & ~(same ? same->acc : 0);
		int rc = acc ? v1_rule(fd, &want[i], acc) : 0;

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int v1_apply(struct cg *cg, struct cg_rule *want, int n, struct err *e)
{
	struct cg_rule have[CG_DEV_MAX];
	auto_close int deny = cg_file_at(cg, cg->h->where[CG_CTL_DEVICES], "devices.deny", O_WRONLY);
	auto_close int allow = cg_file_at(cg, cg->h->where[CG_CTL_DEVICES], "devices.allow", O_WRONLY);
	bool all = true;
	int nhave = 0, rc;

	if (deny < 0 || allow < 0)
		return err_set(e, deny < 0 ? -deny : -allow, "group %s: devices.%s", cg->id, deny < 0 ? "deny" : "allow");
	if (!cg->made_dev)
		nhave = v1_read(cg, have, &all);
	if (nhave < 0 || all) {		/* never set, or a list that is not ours: start from nothing */
		nhave = 0;
		if (write(deny, "a", 1) < 0)
			return err_set(e, errno, "group %s: deny all devices", cg->id);
	}
	cg->made_dev = false;
	rc = v1_diff(allow, want, n, have, nhave);
	if (rc == 0)
		rc = v1_diff(deny, have, nhave, want, n);
	return rc < 0 ? err_set(e, -rc, "group %s: device rules", cg->id) : 0;
}

int cg_apply_devices(struct cg *cg, const struct cg_dev *v, size_t n, struct err *e)
{
	struct cg_rule rules[CG_DEV_MAX];
	int len = cg_dev_rules(v, n, rules, e);

	if (len < 0)
		return len;
	if (cg->h->where[CG_CTL_DEVICES] >= 0)
		return v1_apply(cg, rules, len, e);
	if (cg->v2 >= 0)
		return cg_bpf_apply(cg, rules, (size_t)len, n == 0, e);
	return cg_none("a device rule", "devices", e);
}
