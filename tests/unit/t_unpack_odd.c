/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/unpack_odd.c: what of an archive is counted, and what is named. */
#include <archive_entry.h>
#include <string.h>
#include <sys/stat.h>

#include "templates/unpack_proto.h"
#include "tests/lib/test.h"
#include "util/str.h"

static void entry(struct unpack_odd *o, const char *path, unsigned type, unsigned mode, const char *xattr, unsigned dev[2])
{
	struct archive_entry *en = archive_entry_new();

	archive_entry_set_filetype(en, type);
	archive_entry_set_perm(en, mode);
	archive_entry_set_uid(en, 0);
	archive_entry_set_gid(en, 7);
	if (xattr)
		archive_entry_xattr_add_entry(en, xattr, "v", 1);
	if (dev) {
		archive_entry_set_rdevmajor(en, dev[0]);
		archive_entry_set_rdevminor(en, dev[1]);
	}
	odd_entry(o, en, path);
	archive_entry_free(en);
}

TEST(counted_and_named)
{
	static const struct {
		const char *path;
		unsigned type, mode;
		const char *xattr;
		unsigned dev[2];
		int kind;		/* -1: nothing */
		const char *note;	/* "": a usual one */
	} t[] = {
		{ "usr/bin/passwd", AE_IFREG, 04755, NULL, { 0 }, TMPL_ODD_SETID, "" },
		{ "bin/su", AE_IFREG, 04755, NULL, { 0 }, TMPL_ODD_SETID, "" },
		{ "usr/sbin/passwd", AE_IFREG, 04755, NULL, { 0 }, TMPL_ODD_SETID, "set-id 4755 0:7 /usr/sbin/passwd\n" },
		{ "opt/x", AE_IFREG, 02755, NULL, { 0 }, TMPL_ODD_SETID, "set-id 2755 0:7 /opt/x\n" },
		{ "var/mail", AE_IFDIR, 02775, NULL, { 0 }, -1, "" },
		{ "usr/bin/ping", AE_IFREG, 0755, "security.capability", { 0 }, TMPL_ODD_CAPS, "" },
		{ "usr/bin/python3", AE_IFREG, 0755, "security.capability", { 0 }, TMPL_ODD_CAPS,
		  "capability /usr/bin/python3\n" },
		{ "usr/bin/python3", AE_IFREG, 0755, "user.mine", { 0 }, -1, "" },
		{ "dev/null", AE_IFCHR, 0666, NULL, { 1, 3 }, TMPL_ODD_DEVICE, "" },
		{ "dev/sda", AE_IFBLK, 0660, NULL, { 8, 0 }, TMPL_ODD_DEVICE, "device b 8:0 /dev/sda\n" },
		{ "srv/null", AE_IFCHR, 0666, NULL, { 1, 3 }, TMPL_ODD_DEVICE, "device c 1:3 /srv/null\n" },
		{ "etc/cron.d/x", AE_IFREG, 0666, NULL, { 0 }, TMPL_ODD_WRITABLE, "writable 0666 0:7 /etc/cron.d/x\n" },
		{ "tmp", AE_IFDIR, 01777, NULL, { 0 }, -1, "" },
		{ "etc", AE_IFDIR, 0777, NULL, { 0 }, TMPL_ODD_WRITABLE, "writable 0777 0:7 /etc\n" },
		{ "link", AE_IFLNK, 0777, NULL, { 0 }, -1, "" },
		{ "pipe", AE_IFIFO, 0666, NULL, { 0 }, -1, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct unpack_odd o = { .n = { 0 } };

		entry(&o, t[i].path, t[i].type, t[i].mode, t[i].xattr, (unsigned[2]){ t[i].dev[0], t[i].dev[1] });
		CHECK_STR(o.notes, t[i].note);
		for (int k = 0; k < TMPL_ODD_N; k++) {
			CHECK_EQ(o.n[k], k == t[i].kind);
			CHECK_EQ(o.unusual[k], k == t[i].kind && t[i].note[0]);
		}
	}
}

TEST(whole_lines_only)
{
	static struct unpack_odd o;
	char path[300];

	for (int i = 0; i < 200; i++) {
		str_fmt(path, sizeof(path), "opt/%0200d", i);
		entry(&o, path, AE_IFREG, 04755, NULL, NULL);
	}
	CHECK_EQ(o.unusual[TMPL_ODD_SETID], 200);
	CHECK(strlen(o.notes) > TMPL_NOTES / 2 && strlen(o.notes) < TMPL_NOTES);
	CHECK_EQ(o.notes[strlen(o.notes) - 1], '\n');
}
