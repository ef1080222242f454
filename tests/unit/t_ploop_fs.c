/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * templates/ploop_fs.c, ploop_tree.c, ploop_file.c: file systems of mke2fs, and what debugfs makes of them. Each is read in
 * a process of its own, inside the box. Whole trees are compared in tests/integration/ploop.sh.
 */
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "templates/unpack_proto.h"
#include "templates/unploop_proto.h"
#include "tests/lib/test.h"
#include "util/fio.h"
#include "util/spawn.h"
#include "util/str.h"

#define MKE2FS "/sbin/mke2fs"
#define DEBUGFS "/sbin/debugfs"

struct answer { struct err e; struct tmpl_count c; int looked; };

static char image[256], source[256];

static void run(const char *const *argv)
{
	auto_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const struct spawn s = { .argv = argv, .out = null, .err = -1 };
	struct err e = { 0 };
	int status;

	if (access(argv[0], X_OK) < 0)
		SKIP("%s is not installed", argv[0]);
	CHECK_OK(spawn_wait(&s, &status, &e), &e);
}

static void put(int dir, const char *name, const char *text)
{
	auto_close int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);

	CHECK(fd >= 0 && fio_write_all(fd, text, strlen(text)) == 0);
}

static void make_source(void)
{
	auto_close int top = test_tmp_fd();
	auto_close int dir = -1;

	str_fmt(source, sizeof(source), "%s/source", test_tmp());
	str_fmt(image, sizeof(image), "%s/image", test_tmp());
	CHECK(mkdirat(top, "source", 0750) == 0);
	dir = openat(top, "source", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(dir >= 0 && mkdirat(dir, "dir", 0711) == 0 && mkdirat(dir, "dir/sub", 0755) == 0);
	put(dir, "file", "some text");
	put(dir, "dir/sub/deep", "deeper");
	CHECK(linkat(dir, "file", dir, "dir/hard", 0) == 0 && symlinkat("file", dir, "sym") == 0);
	CHECK(mknodat(dir, "fifo", S_IFIFO | 0600, 0) == 0);
}

/* mke2fs with @type and @features ("" for those of the type). */
static void make(const char *type, const char *features)
{
	const char *const argv[] = { MKE2FS, "-q", "-F", "-t", type, "-b", "1024", "-d", source, *features ? "-O" : "-q",
				     *features ? features : "-q", image, "4M", NULL };

	unlink(image);
	run(argv);
}

static void debugfs(const char *cmd)
{
	const char *const argv[] = { DEBUGFS, "-w", "-R", cmd, image, NULL };

	run(argv);
}

static bool is_file(const char *name, mode_t mode, nlink_t links, const char *text)
{
	auto_close int fd = open(name, O_RDONLY | O_CLOEXEC);
	char buf[64] = "";
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_mode == mode && st.st_nlink == links && read(fd, buf, sizeof(buf) - 1) >= 0 &&
	       strcmp(buf, text) == 0;
}

static int look(void)
{
	struct stat st, dir;
	char link[64] = "";

	if (!is_file("/file", S_IFREG | 0640, 2, "some text") || !is_file("/dir/sub/deep", S_IFREG | 0640, 1, "deeper"))
		return 1;
	if (stat("/file", &st) < 0 || stat("/dir/hard", &dir) < 0 || st.st_ino != dir.st_ino)
		return 2;
	if (readlink("/sym", link, sizeof(link)) != 4 || strcmp(link, "file") != 0)
		return 3;
	if (stat("/dir", &dir) < 0 || dir.st_mode != (S_IFDIR | 0711) || lstat("/fifo", &st) < 0 || st.st_mode != (S_IFIFO | 0600))
		return 4;
	return stat("/lost+found", &st) == 0 ? 5 : 0;
}

static void child(int fd, struct answer *a)
{
	const struct unploop_go go = { .max_entries = 10000 };
	struct ploop_chain c;
	struct ploop_fs f;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 || fio_control(AT_FDCWD, "/proc/self/setgroups", "deny", &a->e) < 0 ||
	    fio_control(AT_FDCWD, "/proc/self/uid_map", "0 0 1\n", &a->e) < 0 ||
	    fio_control(AT_FDCWD, "/proc/self/gid_map", "0 0 1\n", &a->e) < 0 || box_enter(-1, 1 << 30, &a->e) < 0)
		return;
	if (ploop_chain_open(&fd, 1, PLOOP_IS_RAW, &c, &a->e) < 0)
		return;
	if (ploop_fs_open(&c, &f, &a->e) == 0) {
		if (ploop_tree_extract(&f, &go, &a->c, &a->e) == 0)
			a->looked = look();
		ploop_fs_close(&f);
	}
	ploop_chain_done(&c);
}

static struct answer extract(void)
{
	auto_close int fd = open(image, O_RDONLY | O_CLOEXEC);
	struct answer a = { .looked = -1 };
	int out[2], status;
	pid_t pid;

	CHECK(fd >= 0 && pipe(out) == 0);
	pid = fork();
	if (pid == 0) {
		child(fd, &a);
		_exit(write(out[1], &a, sizeof(a)) != sizeof(a));
	}
	close(out[1]);
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	if (status != 0 || read(out[0], &a, sizeof(a)) != sizeof(a))
		test_fail(__FILE__, __LINE__, "the reader ended with status 0x%x", status);
	close(out[0]);
	return a;
}

static void good(const char *type, const char *features)
{
	struct answer a;

	make(type, features);
	a = extract();
	if (a.e.code || a.looked)
		test_fail(__FILE__, __LINE__, "%s %s: \"%s\", look %d", type, features, a.e.text, a.looked);
	CHECK_EQ(a.c.entries, 7);
	CHECK_EQ(a.c.bytes, 9 + 9 + 6);
	CHECK_EQ(a.c.nodes_skipped + a.c.xattrs_dropped + a.c.flags_dropped, 0);
}

TEST_ROOT(ploop_fs_kinds)
{
	make_source();
	good("ext2", "");
	good("ext3", "");
	good("ext4", "");
	good("ext4", "inline_data,metadata_csum,64bit");
	good("ext4", "bigalloc,ea_inode,^has_journal");
	good("ext4", "sparse_super2,^resize_inode,meta_bg,metadata_csum_seed,metadata_csum");
	good("ext4", "quota,project,orphan_file,large_dir,mmp");
}

static void bad(int code, const char *text)
{
	struct answer a = extract();

	if (a.e.code != code || !strstr(a.e.text, text))
		test_fail(__FILE__, __LINE__, "got %d \"%s\", wanted %d \"%s\"", a.e.code, a.e.text, code, text);
}

TEST_ROOT(ploop_fs_features)
{
	make_source();
	make("ext4", "encrypt");
	bad(ENOTSUP, "encrypted files");
	make("ext4", "casefold");
	bad(ENOTSUP, "upper and lower case");
	make("ext4", "");
	debugfs("ssv feature_incompat 0x80000242");
	bad(ENOTSUP, "features that are not known");
}

TEST_ROOT(ploop_fs_damaged)
{
	static const struct { int code; const char *cmd, *text; } t[] = {
		{ EBADMSG, "ssv state 2", "marked as damaged" },
		{ EBADMSG, "ssv blocks_count 4097", "larger than the disk" },
		{ EBADMSG, "sif file links_count 5", "has 5 links and 2 names" },
		{ EBADMSG, "sif file links_count 1", "it has more names than links" },
		{ EBADMSG, "unlink dir/sub/deep", "has 1 links and 0 names" },
		{ EBADMSG, "clri dir/sub/deep", "/dir/sub/deep: it points to a file that was removed" },
		{ EBADMSG, "link dir dir/sub/loop", "a directory that is in two places" },
		{ EBADMSG, "link / dir/sub/top", "it points to an impossible inode" },
		{ EBADMSG, "sif sym size 5000", "/sym has an impossible length" },
		{ EBADMSG, "sif sym size 0", "/sym has an impossible length" },
		{ EBADMSG, "sif sym size 40", "/sym is cut short" },
		{ EBADMSG, "sif file mode 0", "a file of unknown type" },
		{ ERANGE, "sif file uid 70000", "/file belongs to 70000:0" },
		{ ERANGE, "sif dir gid 70000", "/dir belongs to 0:70000" },
		{ EBADMSG, "mknod dir/x p", "impossible name" },	/* debugfs takes the slash for a letter */
		{ EBADMSG, "freei dir/sub/deep", "has a name and is free" },
	};

	make_source();
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		make("ext4", "");
		debugfs(t[i].cmd);
		bad(t[i].code, t[i].text);
	}
}

/* Blocks out of order, and more data than there can be: one block for all of a file's. */
TEST_ROOT(ploop_fs_block_lies)
{
	make_source();
	make("ext2", "");
	debugfs("sif file block[0] 999999");
	bad(EBADMSG, "damaged");
	make("ext2", "");
	debugfs("sif dir block[0] 999999");
	bad(EBADMSG, "directory /dir");
	make("ext4", "^has_journal");
	debugfs("sif file block[0] 0xf30a0000");
	bad(EBADMSG, "/file");
	CHECK(truncate(image, 1 << 20) == 0);
	bad(EBADMSG, "larger than the disk");
}

TEST_ROOT(ploop_fs_leaves_out)
{
	struct answer a;

	make_source();
	make("ext4", "");
	debugfs("mknod null c 1 3");
	debugfs("ea_set file trusted.x y");
	debugfs("ea_set file user.overlay.opaque y");
	debugfs("sif file flags 0x80010");
	a = extract();
	CHECK_STR(a.e.text, "");
	CHECK_EQ(a.c.entries, 7);
	CHECK_EQ(a.c.nodes_skipped, 1);
	CHECK_EQ(a.c.xattrs_dropped, 2);
	CHECK_EQ(a.c.flags_dropped, 1);
}
