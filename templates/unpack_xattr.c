/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which extended attributes of an archive entry reach the disk: user.*, security.capability and POSIX ACLs (GNU tar
 * stores those as plain attributes, libarchive wants them as ACLs; unpack_acl.c judges whom they name). What
 * steers this host's kernel (trusted.*, security.selinux,
 * security.ima, user.overlay.* ...) is dropped and counted. Only vz-unpack links it.
 */
#include <archive.h>
#include <archive_entry.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "templates/unpack_proto.h"
#include "util/str.h"

#define ACL_VERSION 2	/* of the kernel's system.posix_acl_* */
#define ACL_MAX 1024

struct acl_disk { uint16_t tag, perm; uint32_t id; };

static int take_acl(struct archive_entry *en, int type, const uint8_t *val, size_t len, struct err *e)
{
	uint32_t version;
	size_t n = len < 4 ? 0 : (len - 4) / sizeof(struct acl_disk);

	if (len < 4 || n > ACL_MAX || len != 4 + n * sizeof(struct acl_disk))
		return err_say(e, EBADMSG, "a broken ACL");
	if (acl_drop(en, type, e) < 0)		/* what says the same with names is no better */
		return -e->code;
	memcpy(&version, val, 4);
	if (le32toh(version) != ACL_VERSION)
		return err_say(e, EBADMSG, "an ACL of unknown version");
	for (size_t i = 0; i < n; i++) {
		struct acl_disk d;
		int tag, id;
		bool named;

		memcpy(&d, val + 4 + i * sizeof(d), sizeof(d));
		tag = acl_tag_of(le16toh(d.tag));
		named = tag == ARCHIVE_ENTRY_ACL_USER || tag == ARCHIVE_ENTRY_ACL_GROUP;
		id = named ? (int)le32toh(d.id) : -1;
		if (tag < 0 || le16toh(d.perm) > 7)
			return err_say(e, EBADMSG, "a broken ACL");
		if (archive_entry_acl_add_entry(en, type, le16toh(d.perm), tag, id, NULL) != ARCHIVE_OK)
			return err_say(e, EBADMSG, "an ACL that is not valid");
	}
	return 0;
}

static int take(struct archive_entry *en, const char *name, const void *val, size_t len, struct unpack_count *c,
		struct err *e)
{
	if (strcmp(name, "system.posix_acl_access") == 0)
		return take_acl(en, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, val, len, e);
	if (strcmp(name, "system.posix_acl_default") == 0)
		return take_acl(en, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, val, len, e);
	if (strcmp(name, "security.capability") == 0 ||
	    (str_starts(name, "user.") && !str_starts(name, "user.overlay.")))
		archive_entry_xattr_add_entry(en, name, val, len);
	else
		c->xattrs_dropped++;
	return 0;
}

int extract_xattrs(struct archive_entry *en, struct unpack_count *c, struct err *e)
{
	struct archive_entry *copy;
	const char *name;
	const void *val;
	size_t len;
	int rc = 0;

	if (archive_entry_xattr_count(en) == 0)
		return 0;
	copy = archive_entry_clone(en);
	if (!copy)
		return err_set(e, ENOMEM, "extended attributes");
	archive_entry_xattr_clear(en);
	archive_entry_xattr_reset(copy);
	while (rc == 0 && archive_entry_xattr_next(copy, &name, &val, &len) == ARCHIVE_OK)
		if (name)
			rc = take(en, name, val, len, c, e);
	archive_entry_free(copy);
	return rc;
}
