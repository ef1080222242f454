/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of an archive deserves a look before somebody trusts it: files that give rights to who runs them (set-id bits, file
 * capabilities), devices, files that everybody may write, ACL entries that were left out (unpack_acl.c). They are counted, and
 * those that no distribution has are named. Nothing is refused for it: in a container they give no right over the host. Only
 * vz-unpack links it.
 */
#include <archive.h>
#include <archive_entry.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "templates/unpack_proto.h"
#include "util/auto.h"
#include "util/str.h"

/* Without the "usr/" that some have and some have not; the part before the last slash may have more directories. */
static const char *const usual_setid[] = {
	"bin/at", "bin/busybox", "bin/bwrap", "bin/chage", "bin/chfn", "bin/chsh", "bin/crontab", "bin/doas", "bin/dotlockfile",
	"bin/expiry", "bin/fusermount", "bin/fusermount3", "bin/gpasswd", "bin/ksu", "bin/locate", "bin/mlocate", "bin/mount",
	"bin/newgidmap", "bin/newgrp", "bin/newuidmap", "bin/passwd", "bin/ping", "bin/ping6", "bin/pkexec", "bin/plocate",
	"bin/sg", "bin/ssh-agent", "bin/su", "bin/sudo", "bin/sudoedit", "bin/umount", "bin/wall", "bin/write", "bin/write.ul",
	"bin/bbsuid", "lib/dbus-1.0/dbus-daemon-launch-helper", "lib/openssh/ssh-keysign", "lib/polkit-1/polkit-agent-helper-1",
	"lib/snapd/snap-confine", "libexec/dbus-1/dbus-daemon-launch-helper", "libexec/dbus-daemon-launch-helper",
	"libexec/openssh/ssh-keysign", "libexec/polkit-agent-helper-1", "libexec/utempter/utempter",
	"lib/utempter/utempter", "sbin/grub2-set-bootflag", "sbin/mount.nfs", "sbin/pam_extrausers_chkpwd",
	"sbin/pam_timestamp_check", "sbin/unix_chkpwd", "sbin/unix2_chkpwd", "sbin/userhelper", "sbin/postdrop", "sbin/postqueue",
	"sbin/exim4",
};
static const char *const usual_caps[] = {
	"bin/arping", "bin/clockdiff", "bin/mtr-packet", "bin/newgidmap", "bin/newuidmap", "bin/ping", "bin/ping6", "sbin/arping",
	"sbin/clockdiff", "sbin/mtr-packet", "bin/dumpcap",
};
/* Major and minor numbers that a root may have in /dev. */
static const struct { unsigned major, minor; } usual_dev[] = {
	{ 1, 3 }, { 1, 5 }, { 1, 7 }, { 1, 8 }, { 1, 9 }, { 5, 0 }, { 5, 1 }, { 5, 2 },
};

static bool among(const char *path, const char *const *list, size_t n)
{
	if (str_starts(path, "usr/"))
		path += 4;
	for (size_t i = 0; i < n; i++)
		if (strcmp(path, list[i]) == 0)
			return true;
	return false;
}

static void __attribute__((format(printf, 2, 3))) note(struct unpack_odd *o, const char *fmt, ...)
{
	size_t len = strnlen(o->notes, sizeof(o->notes));
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(o->notes + len, sizeof(o->notes) - len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(o->notes) - len)
		o->notes[len] = '\0';		/* whole lines only; the numbers tell that there are more */
}

static void found(struct unpack_odd *o, enum tmpl_odd kind, bool usual, const char *what, const char *path)
{
	o->n[kind]++;
	if (usual)
		return;
	o->unusual[kind]++;
	note(o, "%s /%s\n", what, path);
}

void odd_found(struct unpack_odd *o, enum tmpl_odd kind, const char *what, const char *path)
{
	found(o, kind, false, what, path);
}

static bool has_caps(struct archive_entry *en)
{
	const char *name;
	const void *val;
	size_t len;

	archive_entry_xattr_reset(en);
	while (archive_entry_xattr_next(en, &name, &val, &len) == ARCHIVE_OK)
		if (name && strcmp(name, "security.capability") == 0)
			return true;
	return false;
}

static void device(struct unpack_odd *o, struct archive_entry *en, const char *path)
{
	unsigned major = (unsigned)archive_entry_rdevmajor(en), minor = (unsigned)archive_entry_rdevminor(en);
	bool usual = false;
	char what[64];

	for (size_t i = 0; i < ARRAY_SIZE(usual_dev); i++)
		usual = usual || (usual_dev[i].major == major && usual_dev[i].minor == minor);
	usual = usual && archive_entry_filetype(en) == AE_IFCHR && str_starts(path, "dev/");
	str_fmt(what, sizeof(what), "device %c %u:%u", archive_entry_filetype(en) == AE_IFCHR ? 'c' : 'b', major, minor);
	found(o, TMPL_ODD_DEVICE, usual, what, path);
}

void odd_entry(struct unpack_odd *o, struct archive_entry *en, const char *path)
{
	mode_t type = archive_entry_filetype(en), mode = archive_entry_mode(en);
	long long uid = archive_entry_uid(en), gid = archive_entry_gid(en);
	char what[64];

	if (archive_entry_hardlink(en))
		return;
	if (type == AE_IFCHR || type == AE_IFBLK) {
		device(o, en, path);
		return;
	}
	if (type == AE_IFREG && (mode & (S_ISUID | S_ISGID))) {
		str_fmt(what, sizeof(what), "set-id %04o %lld:%lld", (unsigned)mode & 07777, uid, gid);
		found(o, TMPL_ODD_SETID, among(path, usual_setid, ARRAY_SIZE(usual_setid)), what, path);
	}
	if (type == AE_IFREG && has_caps(en))
		found(o, TMPL_ODD_CAPS, among(path, usual_caps, ARRAY_SIZE(usual_caps)), "capability", path);
	if ((type == AE_IFREG && (mode & S_IWOTH)) || (type == AE_IFDIR && (mode & S_IWOTH) && !(mode & S_ISVTX))) {
		str_fmt(what, sizeof(what), "writable %04o %lld:%lld", (unsigned)mode & 07777, uid, gid);
		found(o, TMPL_ODD_WRITABLE, false, what, path);
	}
}
