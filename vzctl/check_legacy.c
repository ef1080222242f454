/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is on this host already: ranges of ids that others were promised, containers of an older vzctl with what becomes of
 * each, files that nothing here uses. Looks only.
 */
#include <fcntl.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libct/ct.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "vzctl/check.h"
#include "vzctl/host.h"

/* "user:first:count" */
static bool subid_overlaps(char *line, uint64_t first, uint64_t end)
{
	char *a = strchr(line, ':'), *b = a ? strchr(a + 1, ':') : NULL;
	uint64_t from, count;

	if (!b || a == line)
		return false;
	*a = *b = '\0';
	if (num_u64(a + 1, &from) < 0 || num_u64(str_trim(b + 1), &count) < 0 || !count)
		return false;
	return from < end && (from >= first || count > first - from);
}

unsigned check_subids(const char *text, uint64_t first, uint64_t end, struct buf *who)
{
	unsigned n = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		auto_free char *line = strndup(text, len);

		if (line && *line != '#' && subid_overlaps(line, first, end)) {
			for (char *s = line; *s; s++)
				buf_addc(who, (unsigned char)*s < 0x21 || *s == 0x7f ? '?' : *s);
			buf_addc(who, ' ');
			n++;
		}
		text += len + (text[len] == '\n');
	}
	return n;
}

void check_ids(struct check *k)
{
	static const char *const files[] = { "/etc/subuid", "/etc/subgid" };
	bool clash = false;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct buf auto_buf text = BUF_INIT, who = BUF_INIT;
		struct err ignored = { 0 };

		if (fio_read_at(AT_FDCWD, files[i], &text, &ignored) < 0 ||
		    !check_subids(buf_str(&text), CT_UID_FIRST, CT_UID_END, &who))
			continue;
		clash = true;
		check_addf(k, CHECK_BAD, "user ids", "their owners could act on containers' processes and files: move those ranges",
			   "%s gives ids from %u to %u to: %s", files[i], CT_UID_FIRST, CT_UID_END - 1, str_trim(who.s));
	}
	if (!clash)
		check_addf(k, CHECK_GOOD, "user ids", NULL, "%u to %u are free for containers", CT_UID_FIRST, CT_UID_END - 1);
}

struct legacy {
	unsigned all, ploop, no_area, tree, dumps;
	bool open;		/* a tree that the host's users can get at */
};

/* The directory above a plain tree is what keeps users of the host from its set-user-id programs. */
static bool is_open(const char *area)
{
	auto_close int dir = open(area, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	return dir >= 0 && fstatat(dir, "..", &st, 0) == 0 && (st.st_uid != 0 || (st.st_mode & 077));
}

static void look_at(struct ct *ct, struct legacy *l)
{
	auto_free char *area = ct_path_private(ct);
	const char *layout = ct_conf(ct)->layout;
	struct ct_info info;
	struct err ignored = { 0 };

	l->all++;
	if (ct_info(ct, 0, &info, &ignored) < 0 || !area || access(area, F_OK) < 0) {
		l->no_area++;
		return;
	}
	l->dumps += info.suspended;
	if (layout && str_starts(layout, "ploop")) {
		l->ploop++;
	} else if (layout && !str_eq(layout, "overlay")) {
		l->tree++;
		l->open |= is_open(area);
	}
}

static void check_containers(struct check *k, struct ct_host *h)
{
	auto_free unsigned *ids = NULL;
	struct legacy l = { 0 };
	struct err ignored = { 0 };
	size_t n = 0;

	if (ct_list(h, &ids, &n, &ignored) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		struct ct *ct = NULL;
		char id[16];

		str_fmt(id, sizeof(id), "%u", ids[i]);
		if (ct_open(h, id, 0, &ct, &ignored) == 0)
			look_at(ct, &l);
		ct_close(ct);
	}
	if (!l.all)
		return;
	check_addf(k, CHECK_NOTE, "containers", NULL, "%u, of which %u run as they are (%u of them plain trees)", l.all,
		   l.all - l.ploop - l.no_area, l.tree);
	if (l.ploop)
		check_addf(k, CHECK_NOTE, "layout ploop", "see MOVING IN in vzctl(8)", "%u container(s) are ploop images",
			   l.ploop);
	if (l.no_area)
		check_addf(k, CHECK_NOTE, "no private area", "mount what holds it, or remove the configuration",
			   "%u container(s) have a configuration only", l.no_area);
	if (l.dumps)
		check_addf(k, CHECK_NOTE, "suspended", "a start begins anew and removes the checkpoint", "%u container(s)",
			   l.dumps);
	if (l.open)
		check_add(k, CHECK_BAD, "private areas", "users of the host can enter plain trees",
			  "chmod 700 the directory above them");
}

void check_legacy(struct check *k, struct ct_host *h)
{
	static const struct { const char *path, *what, *found, *cure; } left[] = {
		{ "/proc/vz", "OpenVZ kernel", "this is one", "boot a stock kernel, 6.1 or newer" },
		{ "/var/vzquota", "vzquota files", "/var/vzquota is not used here", "limits are those of the file system" },
		{ "/usr/lib/vzctl/scripts", "old scripts", "/usr/lib/vzctl/scripts is not used here",
		  "remove the package vzctl 4.x" },
		{ "/usr/libexec/vzctl/scripts", "old scripts", "/usr/libexec/vzctl/scripts is not used here",
		  "remove the package vzctl 4.x" },
		{ "/etc/vz/dists/default", "distribution scripts", "/etc/vz/dists is not used here",
		  "see DISTRIBUTIONS in vzctl(8)" },
	};

	if (h)
		check_containers(k, h);
	for (size_t i = 0; i < ARRAY_SIZE(left); i++)
		if (access(left[i].path, F_OK) == 0)
			check_add(k, CHECK_NOTE, left[i].what, left[i].found, left[i].cure);
}
