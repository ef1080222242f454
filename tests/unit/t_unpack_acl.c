/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/unpack_acl.c: names are those of the tree's own passwd and group; whom it does not know gets nothing, with a word. */
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "templates/unpack_proto.h"
#include "tests/lib/test.h"
#include "util/fio.h"

#define ACCESS "system.posix_acl_access"

static void put(int dir, const char *name, const char *text)
{
	auto_close int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

static int lab(void)
{
	int top = test_tmp_fd();

	CHECK(mkdirat(top, "etc", 0755) == 0);
	put(top, "etc/passwd", "root:x:0:0::/:/bin/sh\nlisa:x:1234:1:a:b\nlisa:x:1:1::\n:x:7::\nbad:x:none::\nfar:x:70000:0::\nhalf:x\nlast:x:65535");
	put(top, "etc/group", "root:x:0:\nwheel:x:10:lisa\nlisa:x:99:\n");
	put(top, "f", "");
	return top;
}

static struct archive_entry *entry(const char *text)
{
	struct archive_entry *en = archive_entry_new();
	struct archive *a = archive_read_new();		/* for the conversion's character set */

	archive_entry_set_mode(en, S_IFREG | 0644);
	CHECK(archive_entry_acl_from_text(en, text, ARCHIVE_ENTRY_ACL_TYPE_ACCESS) == ARCHIVE_OK);
	archive_read_free(a);
	return en;
}

/* What the file "f" gets of @text, as "tag:perm:id " of each entry. */
static void got_of(int top, char out[400])
{
	uint8_t v[400];
	auto_close int fd = openat(top, "f", O_RDONLY | O_CLOEXEC);
	ssize_t n = fgetxattr(fd, ACCESS, v, sizeof(v));

	out[0] = '\0';
	for (ssize_t i = 4; i + 8 <= n; i += 8) {
		size_t at = strlen(out);
		unsigned id = v[i + 4] | v[i + 5] << 8;

		str_fmt(out + at, 400 - at, v[i] == 2 || v[i] == 8 ? "%c:%d:%u " : "", v[i] == 2 ? 'u' : 'g', v[i + 2], id);
	}
}

TEST(acl_names_of_the_tree)
{
	static const struct { const char *acl, *got, *note; } t[] = {
		{ "user::rw-,user:lisa:rw-,group::r--,mask::rw-,other::r--", "u:6:1234 ", "" },
		{ "user::rw-,group::r--,group:lisa:r--,group:wheel:rw-,mask::rw-,other::r--", "g:6:10 g:4:99 ", "" },
		{ "user::rw-,user:lisa:rw-:55,group::r--,mask::rw-,other::r--", "u:6:55 ", "" },	/* bsdtar's has the number */
		{ "user::rw-,user:4321:r--,group::r--,mask::rw-,other::r--", "u:4:4321 ", "" },
		{ "user::rw-,user:last:r--,group::r--,mask::rw-,other::r--", "u:4:65535 ", "" },
		{ "user::rw-,user:nobody9:r--,user:lisa:rwx,group::r--,mask::rw-,other::r--", "u:7:1234 ",
		  "no ACL entry for user nobody9 on /f\n" },
		{ "user::rw-,group::r--,group:last:r--,mask::rw-,other::r--", "", "no ACL entry for group last on /f\n" },
		{ "user::rw-,user:far:r--,group::r--,mask::rw-,other::r--", "", "no ACL entry for user far on /f\n" },
		{ "user::rw-,user:bad:r--,user:half:r--,group::r--,mask::rw-,other::r--", "",
		  "no ACL entry for user bad on /f\nno ACL entry for user half on /f\n" },
		{ "user::rw-,user:70000:r--,group::r--,mask::rw-,other::r--", "", "no ACL entry for user 70000 on /f\n" },
		{ "user::rw-,user:lisa:r--,group::r--,other::r--", "", "no valid ACL on /f\n" },
	};
	int top = lab();

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct archive_entry *en = entry(t[i].acl);
		struct unpack_odd o = { 0 };
		struct unpack_acls *a = NULL;
		struct err e = { 0 };
		char got[400];
		auto_close int fd = openat(top, "f", O_RDONLY | O_CLOEXEC);

		fremovexattr(fd, ACCESS);
		CHECK_OK(acls_new(&a, &e), &e);
		CHECK_OK(acls_take(a, en, "f", &o, &e), &e);
		if (i == 2 || i == 3)	/* certain at once: libarchive sets it */
			CHECK_EQ(archive_entry_acl_count(en, ARCHIVE_ENTRY_ACL_TYPE_ACCESS), 5);
		CHECK_OK(acls_end(a, top, &o, &e), &e);
		got_of(top, got);
		if (i != 2 && i != 3 && i != 9)
			CHECK_STR(got, t[i].got);
		CHECK_STR(o.notes, t[i].note);
		acls_free(a);
		archive_entry_free(en);
	}
}

#define LISA "user::rw-,user:lisa:rw-,group::r--,mask::rw-,other::r--"
TEST(acl_of_what_was_replaced)
{
	struct archive_entry *en = entry(LISA), *en2 = entry(LISA), *plain = archive_entry_new();
	struct unpack_odd o = { 0 };
	struct unpack_acls *a = NULL;
	struct err e = { 0 };
	char got[400];
	int top = lab();

	CHECK_OK(acls_new(&a, &e), &e);
	CHECK_OK(acls_take(a, en, "f", &o, &e), &e);
	CHECK_OK(acls_take(a, plain, "f", &o, &e), &e);	/* the same name again, without an ACL */
	CHECK_OK(acls_take(a, en2, "gone", &o, &e), &e);
	CHECK_OK(acls_end(a, top, &o, &e), &e);
	got_of(top, got);
	CHECK_STR(got, "");
	acls_free(a);
	archive_entry_free(en);
	archive_entry_free(en2);
	archive_entry_free(plain);
}

#define ROOT "user::rw-,user:root:rw-,group::r--,mask::rw-,other::r--"
TEST(acl_names_of_a_hostile_tree)
{
	struct archive_entry *en[] = { entry(ROOT), entry(ROOT) };
	struct unpack_odd o = { 0 };
	struct unpack_acls *a = NULL;
	struct err e = { 0 };
	int top = lab();

	CHECK(unlinkat(top, "etc/passwd", 0) == 0 && mkfifoat(top, "etc/passwd", 0644) == 0);	/* nobody waits for it */
	CHECK_OK(acls_new(&a, &e), &e);
	CHECK_OK(acls_take(a, en[0], "f", &o, &e), &e);
	CHECK_OK(acls_end(a, top, &o, &e), &e);
	CHECK_STR(o.notes, "no ACL entry for user root on /f\n");
	CHECK(unlinkat(top, "etc/passwd", 0) == 0 && symlinkat("/../../../../../../etc/passwd", top, "etc/passwd") == 0);
	acls_free(a);
	o = (struct unpack_odd){ 0 };
	CHECK_OK(acls_new(&a, &e), &e);
	CHECK_OK(acls_take(a, en[1], "f", &o, &e), &e);
	CHECK_OK(acls_end(a, top, &o, &e), &e);
	CHECK_STR(o.notes, "no ACL entry for user root on /f\n");	/* the host's is not looked at: it is a link to itself here */
	acls_free(a);
	archive_entry_free(en[0]);
	archive_entry_free(en[1]);
}
