/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/ploop.c with vz-unploop behind it: which files are opened, and what is believed of the answer. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "templates/tmpl.h"
#include "tests/unit/t_ploop_lab.h"
#include "tests/unit/t_unpack_lab.h"
#include "util/fio.h"

#define XML(file) "<a><StorageData><Storage><Image><GUID>{5fbaabe3-6958-40ff-92a7-860e329aab41}</GUID><Type>Compressed</Type>" \
	"<File>" file "</File></Image></Storage></StorageData></a>"

static struct tmpl_ploop_set s;
static char path[256];

static void begin(const char *xml)
{
	auto_close int top = test_tmp_fd(), dir = -1;
	struct err e = { 0 };

	need_helper();
	str_fmt(path, sizeof(path), "%s/root.hdd", test_tmp());
	CHECK(mkdirat(top, "root.hdd", 0700) == 0 || errno == EEXIST);
	dir = openat(top, "root.hdd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_OK(fio_replace(dir, "DiskDescriptor.xml", xml, strlen(xml), 0600, &e), &e);
}

static void refused(int code, const char *text)
{
	struct err e = { 0 };
	int rc = tmpl_ploop_open(path, false, &s, &e);

	if (rc != -code || !strstr(e.text, text))
		test_fail(__FILE__, __LINE__, "got %d \"%s\", wanted %d \"%s\"", rc, e.text, -code, text);
	for (size_t i = 0; i < TMPL_PLOOP_MAX; i++)
		CHECK_EQ(s.fd[i], -1);
}

static void place(const char *name, int from)
{
	auto_close int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char buf[4 * LAB_BLOCK];
	ssize_t n = pread(from, buf, sizeof(buf), 0);

	CHECK(fd >= 0 && n > 0 && write(fd, buf, (size_t)n) == n);
	close(from);
}

TEST_ROOT(ploop_opens_plain_files_only)
{
	begin(XML("root.hdd"));
	CHECK(chdir(path) == 0);
	refused(ENOENT, "image 1 of 1 that DiskDescriptor.xml names: root.hdd: No such file");
	CHECK(symlink("/etc/passwd", "root.hdd") == 0);
	refused(EBADMSG, "root.hdd is a symbolic link");
	CHECK(unlink("root.hdd") == 0 && mkfifo("root.hdd", 0600) == 0);
	refused(EBADMSG, "root.hdd is not a regular file");
	CHECK(unlink("root.hdd") == 0 && mkdir("root.hdd", 0700) == 0);
	refused(EBADMSG, "root.hdd is not a regular file");
	begin(XML("../../etc/shadow"));
	refused(EBADMSG, "plain name");
	begin("<!DOCTYPE a [<!ENTITY x \"xxxxxxxxxx\"><!ENTITY y \"&x;&x;&x;&x;&x;\">]><a>&y;</a>");
	refused(EBADMSG, "document type");
	CHECK(unlink("DiskDescriptor.xml") == 0 && symlink("/etc/passwd", "DiskDescriptor.xml") == 0);
	refused(EBADMSG, "DiskDescriptor.xml is a symbolic link");
	str_fmt(path, sizeof(path), "%s/none", test_tmp());
	refused(ENOENT, "none");
	str_fmt(path, sizeof(path), "/etc/passwd");
	refused(EBADMSG, "no directory with a DiskDescriptor.xml");
}

TEST_ROOT(ploop_tells)
{
	struct lab_head h = lab_head(true, 4);
	uint32_t bat[4] = { 0, htole32(1), 0, 0 };
	struct err e = { 0 };
	char buf[4 * LAB_BLOCK];
	int out;

	h.in_use = htole32(0x746f6e59);
	begin(XML("root.hdd"));
	CHECK(chdir(path) == 0);
	place("root.hdd", lab_image(&h, bat, 4, 1));
	CHECK_OK(tmpl_ploop_open(path, false, &s, &e), &e);
	CHECK_OK(tmpl_ploop_info(&s, &e), &e);
	CHECK(s.p.n == 1 && s.p.disk_bytes == sizeof(buf) && s.p.image[0].kind == TMPL_PLOOP_V2 && s.p.image[0].allocated == 1);
	CHECK(s.p.image[0].in_use && !s.p.fs[0]);
	CHECK_STR(s.p.fs_text, "the disk has no ext2, ext3 or ext4 file system");
	CHECK_STR(s.p.image[0].file, "root.hdd");
	out = open("out", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK_ERR(tmpl_ploop_raw(&s, out, false, &e), EBUSY);
	err_clear(&e);
	CHECK_OK(tmpl_ploop_raw(&s, out, true, &e), &e);
	CHECK(pread(out, buf, sizeof(buf), 0) == sizeof(buf) && buf[0] == 0 && buf[LAB_BLOCK] == 'b' && buf[2 * LAB_BLOCK] == 0);
	close(out);
	tmpl_ploop_close(&s);
}

TEST_ROOT(ploop_refuses_damage)
{
	struct lab_head h = lab_head(true, 4);
	uint32_t bat[4] = { htole32(1), htole32(1), 0, 0 };
	struct tmpl_count c;
	struct err e = { 0 };
	auto_close int dir = -1;

	begin(XML("root.hdd"));
	CHECK(chdir(path) == 0 && mkdir("target", 0700) == 0);
	place("root.hdd", lab_image(&h, bat, 4, 1));
	dir = open("target", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_OK(tmpl_ploop_open(path, false, &s, &e), &e);
	CHECK_ERR(tmpl_ploop_info(&s, &e), EBADMSG);
	CHECK(strstr(e.text, "point to the same block"));
	err_clear(&e);
	CHECK_ERR(tmpl_ploop_extract(&s, dir, true, NULL, NULL, &c, &e), EBADMSG);
	tmpl_ploop_close(&s);
}
