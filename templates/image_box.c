/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The box in which the distribution's mkfs.erofs or mksquashfs reads a stranger's tree. It runs with ids of nobody on the
 * host, in namespaces of its own that have neither a network nor a /proc; of the host it sees the programs and libraries,
 * read-only. It may read the tree, whoever's its files are, and write the one file. Only vz-mkimage links it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "templates/image_proto.h"
#include "templates/unpack_proto.h"
#include "util/auto.h"
#include "util/sys.h"

#define BOX_MEMORY (16ull << 30)	/* addresses, not pages: mksquashfs starts threads for each processor */
#define BOX_CPU_SECONDS (4 * 3600)
#define BOX_PROCESSES 2048
#define BOX_FDS 1024

#if defined(__x86_64__)
#define BOX_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define BOX_ARCH AUDIT_ARCH_AARCH64
#endif			/* another one does not compile until it is named here */

/* Where programs and libraries are; all but /usr are links into it on most hosts. */
static const char *const system_dirs[] = { "usr", "bin", "sbin", "lib", "lib64", "lib32", "libx32" };
#define N_DIRS ARRAY_SIZE(system_dirs)

static int clone_dir(const char *name, int *ret, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
				   .propagation = MS_PRIVATE };
	char path[32];

	str_fmt(path, sizeof(path), "/%s", name);
	*ret = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (*ret < 0 || sys_mount_setattr(*ret, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr) < 0)
		return err_set(e, errno, "show %s to the tool", path);
	return 0;
}

/* A link in @root as the host's, a directory for a mount of the host's, or nothing. @ret: that mount, or -1. */
static int system_dir(int root, const char *name, int *ret, struct err *e)
{
	char path[32], to[PATH_MAX];
	struct stat st;
	ssize_t n;

	*ret = -1;
	str_fmt(path, sizeof(path), "/%s", name);
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "%s", path);
	if (S_ISLNK(st.st_mode)) {
		n = readlink(path, to, sizeof(to) - 1);
		to[n > 0 ? n : 0] = '\0';
		return n < 0 || symlinkat(to, root, name) < 0 ? err_set(e, errno, "%s", path) : 0;
	}
	if (mkdirat(root, name, 0755) < 0)
		return err_set(e, errno, "%s", path);
	return clone_dir(name, ret, e);
}

static int place(int root, int out, int tree, const int dir[N_DIRS], struct err *e)
{
	for (size_t i = 0; i < N_DIRS; i++)
		if (dir[i] >= 0 && sys_move_mount(dir[i], "", root, system_dirs[i], MOVE_MOUNT_F_EMPTY_PATH) < 0)
			return err_set(e, errno, "show /%s to the tool", system_dirs[i]);
	if (sys_move_mount(out, "", root, IMAGE_BOX_OUT + 1, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_set(e, errno, "mount the image's file");
	if (sys_move_mount(tree, "", root, IMAGE_BOX_TREE + 1, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_set(e, errno, "mount the tree");
	return 0;
}

static int make_root(int root, int out, int tree, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC };
	int dir[N_DIRS];
	int fd;

	for (size_t i = 0; i < N_DIRS; i++)
		if (system_dir(root, system_dirs[i], &dir[i], e) < 0)
			return -e->code;
	fd = openat(root, IMAGE_BOX_OUT + 1, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || close(fd) < 0 || mkdirat(root, IMAGE_BOX_TREE + 1, 0755) < 0)
		return err_set(e, errno, "make a root for the tool");
	if (box_root_cover(root, e) < 0 || place(root, out, tree, dir, e) < 0)
		return -e->code;
	for (size_t i = 0; i < N_DIRS; i++)
		if (dir[i] >= 0)
			close(dir[i]);
	if (sys_mount_setattr(root, "", AT_EMPTY_PATH, &attr) < 0)
		return err_set(e, errno, "make the tool's root read-only");
	return box_root_enter(root, e);
}

int image_box_enter(int out, int tree, struct err *e)
{
	static const cap_value_t keep[] = { CAP_DAC_READ_SEARCH };
	auto_close int root = box_empty_root(e);

	if (root < 0 || make_root(root, out, tree, e) < 0)
		return -e->code;
	close(out);
	close(tree);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set(e, errno, "set no_new_privs");
	return box_drop_caps(keep, ARRAY_SIZE(keep), e);
}

int image_box_limit(uint64_t max_bytes, struct err *e)
{
	const struct { int what; rlim_t lim; } t[] = {
		{ RLIMIT_AS, BOX_MEMORY }, { RLIMIT_CPU, BOX_CPU_SECONDS }, { RLIMIT_FSIZE, max_bytes },
		{ RLIMIT_NPROC, BOX_PROCESSES }, { RLIMIT_NOFILE, BOX_FDS }, { RLIMIT_CORE, 0 }, { RLIMIT_MEMLOCK, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct rlimit r;

		if (getrlimit(t[i].what, &r) < 0)
			return err_set(e, errno, "read a resource limit");
		r.rlim_cur = r.rlim_max = MIN(t[i].lim, r.rlim_max);
		if (setrlimit(t[i].what, &r) < 0)
			return err_set(e, errno, "set a resource limit");
	}
	return 0;
}

/* What neither tool does: other processes, networks, mounts, ids, and changes of a file but its bytes. */
static const unsigned short refused[] = {
	SYS_socket, SYS_socketpair, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_pidfd_open, SYS_pidfd_getfd,
	SYS_kcmp, SYS_mount, SYS_umount2, SYS_move_mount, SYS_open_tree, SYS_fsopen, SYS_fsmount, SYS_fspick, SYS_fsconfig,
	SYS_mount_setattr, SYS_pivot_root, SYS_chroot, SYS_unshare, SYS_setns, SYS_clone3, SYS_bpf, SYS_perf_event_open,
	SYS_userfaultfd, SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register, SYS_keyctl, SYS_add_key,
	SYS_request_key, SYS_name_to_handle_at, SYS_open_by_handle_at, SYS_fchmod, SYS_fchmodat, SYS_fchown, SYS_fchownat,
	SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr, SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr, SYS_mknodat,
	SYS_linkat, SYS_symlinkat, SYS_mkdirat, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load,
	SYS_reboot, SYS_swapon, SYS_swapoff, SYS_quotactl, SYS_syslog, SYS_acct, SYS_fanotify_init, SYS_personality,
	SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setgroups, SYS_setfsuid,
	SYS_setfsgid, SYS_capset, SYS_msgget, SYS_semget, SYS_shmget, SYS_mq_open, SYS_memfd_create,
	452 /* fchmodat2 */, 463 /* setxattrat */, 466 /* removexattrat */, 467 /* open_tree_attr */,
#ifdef __x86_64__
	SYS_chmod, SYS_chown, SYS_lchown, SYS_mknod, SYS_link, SYS_symlink, SYS_mkdir, SYS_iopl, SYS_ioperm, SYS_modify_ldt,
#endif
};

#define NEW_NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

/* What is refused answers ENOSYS, new namespaces EPERM. clone3 is: the C library then uses clone, whose flags can be seen. */
int image_box_seal(struct err *e)
{
	enum { HEAD = 8, N = ARRAY_SIZE(refused) };
	struct sock_filter f[HEAD + N + 3] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, BOX_ARCH, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, N + 4, 0),	/* x32: the same calls by other numbers */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NEW_NAMESPACES, N + 2, N),
	};
	struct sock_fprog prog = { .len = ARRAY_SIZE(f), .filter = f };

	for (unsigned i = 0; i < N; i++)
		f[HEAD + i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, refused[i], (unsigned char)(N - i), 0);
	f[HEAD + N] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	f[HEAD + N + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
	f[HEAD + N + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	_Static_assert(N < 250, "a jump is one byte");
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) != 0)
		return err_set(e, errno, "filter system calls");
	return 0;
}
