/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds on every backend, and a file system without any. */
#include "quota/quota.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <linux/fs.h>
#include <linux/btrfs.h>

#include "tests/unit/t_q_fs.h"
#include "util/fio.h"

TEST(quota_names_and_ids)
{
	static const char *const bad[] = { "", ".", "..", "a/b", "/", "a\nb" };
	char longest[256];
	struct err e = { 0 };
	struct quota_usage u;
	const struct quota_limit huge = { .hard_kib = UINT64_MAX / 4 };
	auto_close int dir = test_tmp_fd();

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_ERR(quota_area_create(dir, bad[i], 1, &e), EINVAL);
		CHECK_ERR(quota_area_remove(dir, bad[i], &e), EINVAL);
	}
	memset(longest, 'a', 255);
	longest[255] = '\0';
	CHECK_ERR(quota_area_create(dir, longest, 1, &e), EINVAL);
	CHECK_OK(quota_area_remove(dir, longest, &e), &e);
	CHECK_ERR(quota_area_create(dir, "a", 0x7fffffff, &e), EINVAL);
	CHECK_ERR(quota_get(dir, UINT32_MAX, &u, &e), EINVAL);
	CHECK_ERR(quota_set(dir, 1, &huge, &e), ERANGE);
	CHECK_ERR(quota_set(-1, 1, &(struct quota_limit){ 0 }, &e), EBADF);
}

TEST(quota_fd_has_a_name)
{
	char b[QUOTA_FD_PATH];
	auto_close int dir = test_tmp_fd();

	CHECK_STR(quota_fd_path(dir, b), test_tmp());
	CHECK_STR(quota_fd_path(-1, b), "this directory");
}

TEST_ROOT(quota_none)
{
	const struct quota_limit none = { 0 };
	struct quota_caps caps;
	struct quota_usage u;
	struct err e = { 0 };
	struct stat st;
	auto_close int root = q_fs_up(Q_EXT4_PLAIN);

	CHECK_OK(quota_probe(root, &caps, &e), &e);
	CHECK_STR(caps.backend, "none");
	CHECK(!caps.blocks && !caps.inodes && !caps.soft);
	CHECK_OK(quota_area_create(root, "a", 101, &e), &e);
	CHECK_EQ(fstatat(root, "a", &st, 0), 0);
	CHECK_EQ(st.st_mode, S_IFDIR | 0700);
	CHECK_ERR(quota_area_create(root, "a", 101, &e), EEXIST);
	auto_close int a = q_open_dir(root, "a");
	CHECK_OK(quota_set(a, 101, &none, &e), &e);
	CHECK_ERR(quota_set(a, 101, &(struct quota_limit){ .hard_kib = 1 }, &e), ENOTSUP);
	CHECK(strstr(e.text, "vzhost pool") && strstr(e.text, "/mnt/a"));
	CHECK_ERR(quota_set(a, 101, &(struct quota_limit){ .hard_inodes = 1 }, &e), ENOTSUP);
	CHECK_ERR(quota_get(a, 101, &u, &e), ENOTSUP);
	CHECK_EQ(mkdirat(a, "d", 0755), 0);
	CHECK_OK(quota_area_remove(root, "a", &e), &e);
	CHECK_OK(quota_area_remove(root, "a", &e), &e);
	CHECK_EQ(fstatat(root, "a", &st, 0), -1);
}

/* What is left of a creation that was killed goes away with the next create or remove of that name. */
TEST_ROOT(quota_half_made)
{
	struct err e = { 0 };
	struct stat st;
	auto_close int root = q_fs_up(Q_BTRFS);

	CHECK_OK(quota_area_create(root, ".a.area-new", 101, &e), &e);
	auto_close int tmp = q_open_dir(root, ".a.area-new");
	CHECK_EQ(mkdirat(tmp, "x", 0755), 0);
	CHECK_OK(quota_area_create(root, "a", 101, &e), &e);
	CHECK_EQ(fstatat(root, ".a.area-new", &st, 0), -1);
	CHECK_EQ(fstatat(root, "a/x", &st, 0), -1);
	CHECK_EQ(mkdirat(root, ".a.area-new", 0700), 0);
	CHECK_OK(quota_area_remove(root, "a", &e), &e);
	CHECK_EQ(fstatat(root, ".a.area-new", &st, 0), -1);
}

/* An area's name may be taken by something that is none: it goes, and what a link points to stays. */
TEST_ROOT(quota_remove_other_things)
{
	struct err e = { 0 };
	struct stat st;
	auto_close int root = q_fs_up(Q_BTRFS);

	CHECK_EQ(mkdirat(root, "keep", 0755), 0);
	CHECK_EQ(symlinkat("keep", root, "a"), 0);
	CHECK_OK(quota_area_remove(root, "a", &e), &e);
	CHECK_EQ(fstatat(root, "keep", &st, 0), 0);
	CHECK_EQ(mknodat(root, "a", S_IFIFO | 0600, 0), 0);
	CHECK_OK(quota_area_remove(root, "a", &e), &e);
	CHECK_EQ(fstatat(root, "a", &st, AT_SYMLINK_NOFOLLOW), -1);
}

/* --- a container's root at work in an area --- */
#define BASE "0 1000000 65536"

struct guest { int tree, up[2], down[2]; };	/* the idmapped area, and two pipes to walk in step */

static void step_tell(int fd)
{
	CHECK_EQ(write(fd, "x", 1), 1);
}

static void step_wait(int fd)
{
	char c;

	CHECK_EQ(read(fd, &c, 1), 1);
}

/* In the guest: upper and work of an overlay inside the area; returns the overlay's root. */
static int guest_overlay(void)
{
	CHECK_EQ(mkdir("/mnt/area/upper", 0755), 0);
	CHECK_EQ(mkdir("/mnt/area/work", 0755), 0);
	CHECK_EQ(mkdir("/mnt/lower", 0755), 0);
	CHECK_EQ(mkdir("/mnt/root", 0755), 0);
	CHECK_EQ(mount("overlay", "/mnt/root", "overlay", 0,
		       "userxattr,lowerdir=/mnt/lower,upperdir=/mnt/area/upper,workdir=/mnt/area/work"), 0);
	return open("/mnt/root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void guest_main(struct guest *g, bool overlay)
{
	int why;
	long kib;

	CHECK_EQ(unshare(CLONE_NEWUSER | CLONE_NEWNS), 0);
	step_tell(g->up[1]);
	step_wait(g->down[0]);
	CHECK_EQ(setresgid(0, 0, 0), 0);
	CHECK_EQ(setresuid(0, 0, 0), 0);
	CHECK_EQ(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	CHECK_EQ(mount("tmpfs", "/mnt", "tmpfs", 0, NULL), 0);
	CHECK_EQ(mkdir("/mnt/area", 0755), 0);
	CHECK_EQ(sys_move_mount(g->tree, "", AT_FDCWD, "/mnt/area", MOVE_MOUNT_F_EMPTY_PATH), 0);
	auto_close int root = overlay ? guest_overlay() : open("/mnt/area", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(root >= 0);
	kib = q_fill(root, "big", 40, &why);
	CHECK(q_is_full(why));
	CHECK(kib >= 20000 && kib <= 20480);
	CHECK_EQ(unlinkat(root, "big", 0), 0);
	CHECK(q_fill(root, "fits", 10, &why) == 10240 && why == 0);
}

static void map_ids(pid_t pid)
{
	static const char *const file[] = { "uid_map", "gid_map" };
	char dir[40];
	struct err e = { 0 };

	CHECK_EQ(str_fmt(dir, sizeof(dir), "/proc/%d", (int)pid), 0);
	auto_close int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(file); i++)
		CHECK_OK(fio_control(fd, file[i], BASE, &e), &e);
}

static void guest_in_area(enum q_kind kind, bool overlay)
{
	const struct quota_limit l = { .hard_kib = 20480 };
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };
	struct guest g;
	struct err e = { 0 };
	struct stat st;
	char path[40];
	int status;
	auto_close int root = q_fs_up(kind);

	CHECK_OK(quota_area_create(root, "a", 101, &e), &e);
	auto_close int a = q_open_dir(root, "a");
	CHECK_OK(quota_set(a, 101, &l, &e), &e);
	g.tree = sys_open_tree(root, "a", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	CHECK(g.tree >= 0);
	CHECK_EQ(pipe2(g.up, O_CLOEXEC), 0);
	CHECK_EQ(pipe2(g.down, O_CLOEXEC), 0);
	pid_t pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		guest_main(&g, overlay);
		_exit(0);
	}
	step_wait(g.up[0]);
	map_ids(pid);
	CHECK_EQ(str_fmt(path, sizeof(path), "/proc/%d/ns/user", (int)pid), 0);
	auto_close int ns = open(path, O_RDONLY | O_CLOEXEC);
	attr.userns_fd = (uint64_t)ns;
	CHECK_EQ(sys_mount_setattr(g.tree, "", AT_EMPTY_PATH, &attr), 0);
	step_tell(g.down[1]);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	CHECK_EQ(fstatat(a, overlay ? "upper/fits" : "fits", &st, 0), 0);
	CHECK_EQ(st.st_uid, 0);			/* natural ids on disk */
}

TEST_ROOT(quota_guest_overlay_btrfs) { guest_in_area(Q_BTRFS, true); }
TEST_ROOT(quota_guest_dir_btrfs) { guest_in_area(Q_BTRFS, false); }
TEST_ROOT(quota_guest_overlay_ext4) { guest_in_area(Q_EXT4, true); }
TEST_ROOT(quota_guest_dir_ext4) { guest_in_area(Q_EXT4, false); }
TEST_ROOT(quota_guest_overlay_xfs) { guest_in_area(Q_XFS, true); }

/* --- other ways to write than write(2) --- */
#define WAYS_MIB 40

static void way_fallocate(int dir)
{
	auto_close int fd = openat(dir, "falloc", O_CREAT | O_RDWR | O_CLOEXEC, 0644);

	for (int i = 0; i < WAYS_MIB; i++)
		if (fallocate(fd, 0, (off_t)i << 20, 1 << 20) < 0)
			break;
}

static void way_mmap(int dir)
{
	const size_t size = WAYS_MIB << 20;
	auto_close int fd = openat(dir, "map", O_CREAT | O_RDWR | O_CLOEXEC, 0644);

	if (ftruncate(fd, (off_t)size) < 0)
		return;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	for (size_t at = 0; p != MAP_FAILED && at < size; at += 4096)
		p[at] = 1;			/* ends in SIGBUS */
}

static void way_tmpfile(int dir)
{
	static char block[1 << 16] = { 1 };
	auto_close int fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0644);
	char link[40];

	for (int i = 0; i < WAYS_MIB * 16; i++)
		if (write(fd, block, sizeof(block)) < 0)
			break;
	if (str_fmt(link, sizeof(link), "/proc/self/fd/%d", fd) == 0 &&
	    linkat(AT_FDCWD, link, dir, "tmpfile", AT_SYMLINK_FOLLOW) < 0)
		return;		/* the limit has stopped it, or the kernel: what was written counts */
}

static void way_small(int dir)
{
	static char data[3000] = { 1 };
	char name[16];

	for (int i = 0; i < WAYS_MIB * 256; i++) {
		if (str_fmt(name, sizeof(name), "s%d", i) < 0)
			return;
		auto_close int fd = openat(dir, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
		if (fd < 0 || fsetxattr(fd, "user.a", data, 500, 0) < 0 || write(fd, data, sizeof(data)) < 0)
			return;
	}
}

static void ways_to_write(enum q_kind kind)
{
	static void (*const way[])(int) = { way_fallocate, way_mmap, way_tmpfile, way_small };
	static const uint64_t least[] = { 15000, 15000, 0, 15000 };	/* a file without a name goes when it fails */
	const struct quota_limit l = { .hard_kib = 20480 };
	struct quota_usage u;
	struct err e = { 0 };
	auto_close int root = q_fs_up(kind);

	for (size_t i = 0; i < ARRAY_SIZE(way); i++) {
		CHECK_OK(quota_area_create(root, "w", 101, &e), &e);
		auto_close int a = q_open_dir(root, "w");
		CHECK_OK(quota_set(a, 101, &l, &e), &e);
		pid_t pid = fork();
		CHECK(pid >= 0);
		if (pid == 0) {
			signal(SIGBUS, SIG_DFL);
			auto_close int dir = openat(a, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			way[i](dir);
			_exit(0);
		}
		CHECK_EQ(waitpid(pid, NULL, 0), pid);
		CHECK_EQ(syncfs(root), 0);
		CHECK_OK(quota_get(a, 101, &u, &e), &e);
		if (u.used_kib > 20480 || u.used_kib < least[i])
			test_fail(__FILE__, __LINE__, "way %zu: %llu KiB used", i, (unsigned long long)u.used_kib);
		CHECK_OK(quota_area_remove(root, "w", &e), &e);
	}
}

TEST_ROOT(quota_ways_btrfs) { ways_to_write(Q_BTRFS); }
TEST_ROOT(quota_ways_ext4) { ways_to_write(Q_EXT4); }
TEST_ROOT(quota_ways_xfs) { ways_to_write(Q_XFS); }

/* An overlay passes no ioctl on a directory, so nothing behind it makes a subvolume that would not be limited. */
TEST_ROOT(quota_overlay_no_subvolume)
{
	static const unsigned long make[] = QUOTA_ESCAPE_IOCTLS;
	struct err e = { 0 };
	char options[900], where[300];
	char arg[4096] = "";
	auto_close int root = q_fs_up(Q_BTRFS);

	CHECK_OK(quota_area_create(root, "a", 101, &e), &e);
	CHECK_EQ(mkdirat(root, "a/upper", 0755), 0);
	CHECK_EQ(mkdirat(root, "a/work", 0755), 0);
	CHECK_EQ(mkdirat(root, "lower", 0755), 0);
	q_path(where, sizeof(where), "over");
	CHECK_EQ(mkdir(where, 0755), 0);
	CHECK_EQ(str_fmt(options, sizeof(options), "lowerdir=%1$s/mnt/lower,upperdir=%1$s/mnt/a/upper,workdir=%1$s/mnt/a/work",
			 test_tmp()), 0);
	CHECK_EQ(mount("overlay", where, "overlay", 0, options), 0);
	auto_close int over = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(make); i++)
		CHECK(ioctl(over, make[i], arg) < 0 && errno == ENOTTY);
}
