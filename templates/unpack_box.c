/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The box vz-unpack locks itself into. The namespaces are there already; this file changes the root, drops capabilities,
 * sets limits and filters system calls. Only the helpers that live in it link it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "templates/unpack_proto.h"
#include "util/auto.h"
#include "util/sys.h"

#define BOX_MEMORY (1ull << 30)	/* xz -9 wants 65 MiB, zstd --long=27 128 MiB */
#define BOX_CPU_SECONDS 3600
#define BOX_FDS 192		/* a chain of 128 images */
#define BOX_READER_FDS 700	/* and two for each directory it is in */
#define BOX_READER_UID 268369920	/* as in unpack_run.c: the range of no container */

#if defined(__SANITIZE_ADDRESS__)
enum { BOX_SANITIZED = 1 };	/* the sanitizer maps terabytes and makes calls of its own */
#else
enum { BOX_SANITIZED = 0 };
#endif

#if defined(__x86_64__)
#define BOX_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define BOX_ARCH AUDIT_ARCH_AARCH64
#endif			/* another one does not compile until it is named here */

int box_empty_root(struct err *e)
{
	auto_close int fs = sys_fsopen("tmpfs", FSOPEN_CLOEXEC);
	int fd;

	if (fs < 0 || sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_set(e, errno, "make an empty root");
	fd = sys_fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID);
	return fd < 0 ? err_set(e, errno, "make an empty root") : fd;
}

int box_root_cover(int tree, struct err *e)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_set(e, errno, "make the mounts private");
	if (sys_move_mount(tree, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_set(e, errno, "mount the target");
	return 0;
}

int box_root_enter(int tree, struct err *e)
{
	if (fchdir(tree) < 0 || sys_pivot_root(".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return err_set(e, errno, "make the target the root");
	return 0;
}

static int change_root(int tree, struct err *e)
{
	return box_root_cover(tree, e) < 0 ? -e->code : box_root_enter(tree, e);
}

static int set_limits(uint64_t max_bytes, bool reader, struct err *e)
{
	const struct { int what; rlim_t lim; } t[] = {
		{ RLIMIT_AS, BOX_SANITIZED ? RLIM_INFINITY : reader ? 4 * BOX_MEMORY : BOX_MEMORY },
		{ RLIMIT_CPU, max_bytes >= INT64_MAX ? RLIM_INFINITY : BOX_CPU_SECONDS },
		{ RLIMIT_FSIZE, max_bytes >= INT64_MAX ? RLIM_INFINITY : max_bytes },
		{ RLIMIT_NOFILE, reader ? BOX_READER_FDS : BOX_FDS },
		{ RLIMIT_CORE, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct rlimit old, new = { t[i].lim, t[i].lim };

		if (getrlimit(t[i].what, &old) < 0)
			return err_set(e, errno, "read a resource limit");
		new.rlim_cur = new.rlim_max = MIN(t[i].lim, old.rlim_max);
		if (setrlimit(t[i].what, &new) < 0)
			return err_set(e, errno, "set a resource limit");
	}
	return 0;
}

int box_drop_caps(const cap_value_t *keep, int n, struct err *e)
{
	cap_t c = cap_init();
	int rc = -1;

	for (int i = 0; i <= CAP_LAST_CAP; i++) {
		bool kept = false;

		for (int k = 0; k < n; k++)
			kept = kept || keep[k] == i;
		if (!kept)
			prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	}
	if (c && cap_set_flag(c, CAP_PERMITTED, n, keep, CAP_SET) == 0 && cap_set_flag(c, CAP_EFFECTIVE, n, keep, CAP_SET) == 0)
		rc = cap_set_proc(c);
	if (c)
		cap_free(c);
	return rc < 0 ? err_set(e, errno ? errno : EPERM, "drop capabilities") : 0;
}

int box_enter(int tree, uint64_t max_bytes, struct err *e)
{
	static const cap_value_t keep[] = { CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_SETFCAP };
	auto_close int root = tree >= 0 ? tree : box_empty_root(e);

	if (root < 0 || change_root(root, e) < 0 || set_limits(max_bytes, false, e) < 0)
		return -e->code;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set(e, errno, "set no_new_privs");
	umask(022);
	return box_drop_caps(keep, ARRAY_SIZE(keep), e);
}

int box_enter_reader(int tree, struct err *e)
{
	static const cap_value_t keep[] = { CAP_DAC_READ_SEARCH };

	if (change_root(tree, e) < 0 || set_limits(INT64_MAX, true, e) < 0)
		return -e->code;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_set(e, errno, "set no_new_privs");
	if (setresgid(BOX_READER_UID, BOX_READER_UID, BOX_READER_UID) < 0 ||
	    setresuid(BOX_READER_UID, BOX_READER_UID, BOX_READER_UID) < 0)
		return err_set(e, errno, "become nobody");
	prctl(PR_SET_PDEATHSIG, SIGKILL);	/* a change of the user has cleared it */
	return box_drop_caps(keep, ARRAY_SIZE(keep), e);
}

/* What reading an archive and writing files needs. Everything else answers ENOSYS. */
static const unsigned short allowed[] = {
	SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_lseek, SYS_close, SYS_recvfrom,
	SYS_sendto, SYS_sendmsg, SYS_openat, SYS_openat2, SYS_fstat, SYS_newfstatat, SYS_statx, SYS_faccessat,
	SYS_faccessat2, SYS_readlinkat, SYS_mkdirat, SYS_mknodat, SYS_unlinkat, SYS_symlinkat, SYS_linkat, SYS_renameat,
	SYS_renameat2, SYS_fchmod, SYS_fchmodat, SYS_fchown, SYS_fchownat, SYS_utimensat, SYS_ftruncate, SYS_fallocate,
	SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr, SYS_getxattr, SYS_lgetxattr, SYS_fgetxattr, SYS_listxattr,
	SYS_llistxattr, SYS_flistxattr, SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr, SYS_getdents64, SYS_fcntl,
	SYS_dup, SYS_dup3, SYS_chdir, SYS_fchdir, SYS_getcwd, SYS_umask, SYS_statfs, SYS_fstatfs, SYS_fsync, SYS_ioctl,
	SYS_brk, SYS_mmap, SYS_munmap, SYS_mremap, SYS_madvise, SYS_mprotect, SYS_futex, SYS_rt_sigaction,
	SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_getpid, SYS_gettid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid,
	SYS_getrandom, SYS_clock_gettime, SYS_gettimeofday, SYS_sched_yield, SYS_uname, SYS_exit, SYS_exit_group,
	SYS_tgkill, SYS_ppoll, SYS_set_robust_list, SYS_rseq, SYS_fadvise64, SYS_sync_file_range, SYS_getrusage,
#ifdef __x86_64__
	SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_readlink, SYS_mkdir, SYS_mknod, SYS_unlink, SYS_rmdir,
	SYS_symlink, SYS_link, SYS_rename, SYS_chmod, SYS_chown, SYS_lchown, SYS_utimes, SYS_futimesat, SYS_dup2, SYS_poll,
	SYS_time,
#endif
};

int box_seal(struct err *e)
{
	enum { HEAD = 4, N = ARRAY_SIZE(allowed) };
	struct sock_filter f[HEAD + N + 2];
	struct sock_fprog prog = { .len = ARRAY_SIZE(f), .filter = f };

	if (BOX_SANITIZED)
		return 0;
	f[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	f[1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, BOX_ARCH, 1, 0);
	f[2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	f[3] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (unsigned i = 0; i < N; i++)
		f[HEAD + i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i],
							    (unsigned char)(N - i), 0);
	f[HEAD + N] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
	f[HEAD + N + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	_Static_assert(N < 256, "a jump is one byte");
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &prog) != 0)	/* all threads */
		return err_set(e, errno, "filter system calls");
	return 0;
}
