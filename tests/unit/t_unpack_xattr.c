/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/unpack_xattr.c: which attributes stay, and ACLs out of the kernel's own form. */
#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#include "templates/unpack_proto.h"
#include "tests/lib/test.h"

TEST(which_attributes_stay)
{
	static const struct { const char *name; bool stays; } t[] = {
		{ "user.mine", true }, { "security.capability", true }, { "user.overlay.opaque", false },
		{ "trusted.overlay.redirect", false }, { "security.selinux", false }, { "security.ima", false },
		{ "security.evm", false }, { "security.capability2", false }, { "system.nfs4_acl", false },
		{ "btrfs.compression", false }, { "", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct archive_entry *en = archive_entry_new();
		struct unpack_count c = { 0 };
		struct err e = { 0 };

		archive_entry_xattr_add_entry(en, t[i].name, "v", 1);
		CHECK_OK(extract_xattrs(en, &c, &e), &e);
		if (archive_entry_xattr_count(en) != t[i].stays || c.xattrs_dropped != !t[i].stays)
			test_fail(__FILE__, __LINE__, "%s", t[i].name);
		archive_entry_free(en);
	}
}

static int acl(const void *val, size_t len, int *ret_entries)
{
	struct archive_entry *en = archive_entry_new();
	struct unpack_count c = { 0 };
	struct err e = { 0 };
	int rc;

	archive_entry_xattr_add_entry(en, "system.posix_acl_default", val, len);
	rc = extract_xattrs(en, &c, &e);
	if (ret_entries)
		*ret_entries = archive_entry_acl_count(en, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT);
	archive_entry_free(en);
	return rc;
}

TEST(acl_forms)
{
#define V "\2\0\0\0"
#define OBJ "\1\0\7\0\377\377\377\377"
#define LEN(s) (s), sizeof(s) - 1
	int n = 0;

	CHECK_EQ(acl(LEN(V OBJ "\2\0\6\0\350\3\0\0" "\4\0\5\0\377\377\377\377" "\20\0\7\0\377\377\377\377"
			 "\40\0\0\0\377\377\377\377"), &n), 0);
	CHECK_EQ(n, 5);
	CHECK_ERR(acl(LEN(""), NULL), EBADMSG);
	CHECK_ERR(acl(LEN("\1\0\0\0" OBJ), NULL), EBADMSG);			/* version */
	CHECK_ERR(acl(LEN(V "\1\0\7\0\377"), NULL), EBADMSG);			/* length */
	CHECK_ERR(acl(LEN(V "\3\0\7\0\377\377\377\377"), NULL), EBADMSG);	/* tag */
	CHECK_ERR(acl(LEN(V "\1\0\10\0\377\377\377\377"), NULL), EBADMSG);	/* permissions */
	CHECK_EQ(acl(LEN(V OBJ "\2\0\7\0\0\0\1\0"), &n), 0);			/* user 65536: unpack_acl.c leaves it out */
	CHECK_EQ(n, 2);
}
