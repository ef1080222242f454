/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The privileged side of unpacking: starts vz-unpack in namespaces of its own, gives it the archive as a stream and the
 * target as an idmapped mount, and believes nothing it says but "failed". The digest is taken here, while streaming, so
 * an archive that takes over vz-unpack still cannot pass for another template.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/sha256.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/str.h"
#include "util/sys.h"

#define UNPACK_ID_BASE "0 268369920 65536\n"	/* 0x0fff0000: the range of no container; inside id, outside id, count */
#define STREAM_CHUNK (256u << 10)

/* vz-unpack lies beside the program that runs (a build tree), or where it was installed. */
static int open_helper(struct err *e)
{
	const char *env = secure_getenv("VZ_LIBEXEC");
	char path[4096], exe[4000];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;
	int fd = -1;

	if (env && str_fmt(path, sizeof(path), "%s/vz-unpack", env) == 0)
		return (fd = open(path, O_PATH | O_CLOEXEC)) < 0 ? err_set(e, errno, "%s", path) : fd;
	exe[n > 0 ? n : 0] = '\0';
	slash = strrchr(exe, '/');
	if (slash) {
		*slash = '\0';
		if (str_fmt(path, sizeof(path), "%s/vz-unpack", exe) == 0)
			fd = open(path, O_PATH | O_CLOEXEC);
	}
	if (fd < 0)
		fd = open(VZ_LIBEXEC "/vz-unpack", O_PATH | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "%s", VZ_LIBEXEC "/vz-unpack") : fd;
}

/* In the child: async-signal-safe calls only. @fd: control, in, out; each may have any number. */
static void __attribute__((noreturn)) child(int helper, const char *mode, const int fd[3])
{
	char *const argv[] = { (char *)"vz-unpack", (char *)mode, NULL };
	char *const env[] = { (char *)"PATH=/usr/bin:/bin", NULL };
	int copy[3] = { -1, -1, -1 }, h;
	sigset_t none;
	char go;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < 3; i++)
		if (fd[i] >= 0)
			copy[i] = fcntl(fd[i], F_DUPFD_CLOEXEC, 10);
	h = fcntl(helper, F_DUPFD_CLOEXEC, 10);
	for (int i = 0; i < 3; i++)
		if (fd[i] >= 0 && dup2(copy[i], UNPACK_CTL + i) < 0)
			_exit(3);
	if (recv(UNPACK_CTL, &go, 1, 0) != 1)
		_exit(3);
	if (setresgid(0, 0, 0) < 0 || syscall(SYS_setgroups, 0, NULL) < 0 || setresuid(0, 0, 0) < 0)
		_exit(4);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sys_close_range(fd[2] >= 0 ? UNPACK_OUT + 1 : UNPACK_OUT, ~0u, CLOSE_RANGE_CLOEXEC);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	syscall(SYS_execveat, h, "", argv, env, AT_EMPTY_PATH);
	_exit(5);
}

static int write_maps(pid_t pid, int *ret_userns, struct err *e)
{
	static const char *const file[] = { "uid_map", "gid_map" };
	auto_close int dir = -1;
	char path[64];

	str_fmt(path, sizeof(path), "/proc/%d", (int)pid);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_set(e, errno, "%s", path);
	for (size_t i = 0; i < ARRAY_SIZE(file); i++)
		if (fio_control(dir, file[i], UNPACK_ID_BASE, e) < 0)
			return err_add(e, "user namespace of vz-unpack");
	*ret_userns = openat(dir, "ns/user", O_RDONLY | O_CLOEXEC);
	return *ret_userns < 0 ? err_set(e, errno, "%s/ns/user", path) : 0;
}

/* The target as vz-unpack shall see it: ids 0 to 65535 on disk are its own, nothing in it can be executed. */
static int idmapped(int dir, int userns, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
				   .propagation = MS_PRIVATE, .userns_fd = (uint64_t)userns };
	auto_close int fd = sys_open_tree(dir, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

	if (fd < 0)
		return err_set(e, errno, "open the target as a mount");
	if (sys_mount_setattr(fd, "", AT_EMPTY_PATH, &attr) < 0)
		return errno == EINVAL || errno == EOPNOTSUPP
		       ? err_say(e, EOPNOTSUPP, "the file system of the target has no idmapped mounts with this kernel; "
				 "use ext4, xfs or btrfs (tmpfs since Linux 6.3)")
		       : err_set(e, errno, "idmap the target");
	return take_fd(&fd);
}

static int send_go(int ctl, const struct unpack_go *go, int tree, struct err *e)
{
	union { char buf[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } ctlbuf = { 0 };
	struct iovec iov = { .iov_base = (void *)go, .iov_len = sizeof(*go) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (tree >= 0) {
		struct cmsghdr *c;

		m.msg_control = ctlbuf.buf;
		m.msg_controllen = sizeof(ctlbuf.buf);
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &tree, sizeof(int));
	}
	if (sendmsg(ctl, &m, MSG_NOSIGNAL) < 0)
		return err_set(e, errno, "start vz-unpack");
	return 0;
}

static void unpack_kill(struct unpack *u)
{
	if (u->ctl >= 0)
		close(u->ctl);
	if (u->in >= 0)
		close(u->in);
	u->ctl = u->in = -1;
	if (u->pid > 0) {
		kill(u->pid, SIGKILL);
		while (waitpid(u->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	u->pid = 0;
}

/* @in, @out: given to the child as they are. */
static int unpack_fork(struct unpack *u, const char *mode, int in, int out, struct err *e)
{
	struct clone_args args = {
		.flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
			 CLONE_NEWCGROUP,
		.exit_signal = SIGCHLD,
	};
	auto_close int helper = open_helper(e);
	int sk[2];

	if (helper < 0)
		return -e->code;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sk) < 0)
		return err_set(e, errno, "socketpair");
	u->ctl = sk[0];
	u->pid = sys_clone3(&args);
	if (u->pid == 0) {
		close(sk[0]);
		child(helper, mode, (const int[3]){ sk[1], in, out });
	}
	close(sk[1]);
	return u->pid < 0 ? err_set(e, errno, "start vz-unpack in namespaces of its own") : 0;
}

static int unpack_begin(struct unpack *u, int dir, const struct unpack_go *go, struct err *e)
{
	auto_close int userns = -1, tree = -1;

	if (write_maps(u->pid, &userns, e) < 0)
		return -e->code;
	if (dir >= 0 && (tree = idmapped(dir, userns, e)) < 0)
		return -e->code;
	if (send(u->ctl, "", 1, MSG_NOSIGNAL) != 1)
		return err_set(e, errno, "start vz-unpack");
	return send_go(u->ctl, go, tree, e);
}

/* A stranger's text, made fit for a terminal. */
static int take_text(struct err *e, const struct err *from)
{
	e->code = from->code > 0 && from->code < 4096 ? from->code : EBADMSG;
	memcpy(e->text, from->text, sizeof(e->text));
	e->text[sizeof(e->text) - 1] = '\0';
	for (char *p = e->text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	return -e->code;
}

static int unpack_end(struct unpack *u, struct unpack_count *c, struct err *e)
{
	struct unpack_done done;
	ssize_t n;
	int status;

	do
		n = recv(u->ctl, &done, sizeof(done), 0);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof(done) && done.magic == UNPACK_MAGIC && done.stage == UNPACK_DONE) {
		unpack_kill(u);
		if (done.err.code)
			return take_text(e, &done.err);
		if (c)
			*c = done.count;
		return 0;
	}
	while (waitpid(u->pid, &status, 0) < 0 && errno == EINTR)
		;
	u->pid = 0;
	unpack_kill(u);
	if (WIFSIGNALED(status))
		return err_say(e, EBADMSG, "vz-unpack was killed by signal %d (%s); the archive is not trusted",
			       WTERMSIG(status), strsignal(WTERMSIG(status)));
	return err_say(e, EPROTO, "vz-unpack ended without an answer (status %d)", WEXITSTATUS(status));
}

/* Sends the whole of @archive, hashing it. Stops without an error when the other side has closed: its answer says why. */
static int stream(struct unpack *u, int archive, char *digest, struct err *e)
{
	auto_free uint8_t *buf = malloc(STREAM_CHUNK);
	struct sha256 s;

	if (!buf)
		return err_set(e, ENOMEM, "read the archive");
	sha256_init(&s);
	for (;;) {
		ssize_t n = read(archive, buf, STREAM_CHUNK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, errno, "read the archive");
		if (n == 0)
			break;
		sha256_add(&s, buf, (size_t)n);
		for (ssize_t at = 0; at < n;) {
			ssize_t w = send(u->in, buf + at, (size_t)(n - at), MSG_NOSIGNAL);

			if (w < 0 && (errno == EPIPE || errno == ECONNRESET))
				return 0;
			if (w < 0 && errno != EINTR)
				return err_set(e, errno, "pass the archive on");
			at += w > 0 ? w : 0;
		}
	}
	shutdown(u->in, SHUT_WR);
	sha256_hex(&s, digest);
	return 0;
}

int tmpl_digest_fd(int fd, char digest[TMPL_DIGEST_LEN + 1], struct err *e)
{
	auto_free uint8_t *buf = malloc(STREAM_CHUNK);
	struct sha256 s;
	ssize_t n;

	if (!buf)
		return err_set(e, ENOMEM, "read the archive");
	sha256_init(&s);
	while ((n = read(fd, buf, STREAM_CHUNK)) != 0) {
		if (n < 0 && errno != EINTR)
			return err_set(e, errno, "read the archive");
		if (n > 0)
			sha256_add(&s, buf, (size_t)n);
	}
	sha256_hex(&s, digest);
	return 0;
}

static void empty_dir(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	struct err ignored;

	if (!d)
		return;
	while ((de = readdir(d)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			path_rmtree(dir, de->d_name, &ignored);
}

static int run(struct unpack *u, int archive, int dir, const struct unpack_go *go, struct unpack_result *ret,
	       struct err *e)
{
	int sk[2], rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sk) < 0)
		return err_set(e, errno, "socketpair");
	u->in = sk[0];
	rc = unpack_fork(u, "extract", sk[1], -1, e);
	close(sk[1]);
	if (rc < 0 || unpack_begin(u, dir, go, e) < 0 || stream(u, archive, ret->digest, e) < 0)
		return -e->code;
	if (unpack_end(u, &ret->count, e) < 0)
		return -e->code;
	if (!ret->digest[0])
		return err_say(e, EPROTO, "vz-unpack did not read the whole archive");
	return 0;
}

int unpack_archive(int archive, int dir, const struct tmpl_limits *l, struct unpack_result *ret, struct err *e)
{
	struct unpack u = { -1, -1, 0 };
	struct unpack_go go = { .magic = UNPACK_MAGIC, .stage = UNPACK_GO };
	struct stat st, now;
	int rc;

	if (fstat(archive, &st) < 0 || !S_ISREG(st.st_mode))
		return err_say(e, EINVAL, "the archive is not a regular file");
	go.max_bytes = l && l->max_bytes ? l->max_bytes : TMPL_MAX_BYTES;
	go.max_entries = l && l->max_entries ? l->max_entries : TMPL_MAX_ENTRIES;
	go.archive_bytes = (uint64_t)st.st_size;
	memset(ret, 0, sizeof(*ret));
	rc = run(&u, archive, dir, &go, ret, e);
	unpack_kill(&u);
	if (rc == 0 && (fstat(archive, &now) < 0 || now.st_size != st.st_size ||
			memcmp(&now.st_mtim, &st.st_mtim, sizeof(st.st_mtim)) != 0))
		rc = err_say(e, EAGAIN, "the archive changed while it was read");
	if (rc < 0)
		empty_dir(dir);
	return rc;
}

int unpack_base(int busybox, int out, struct err *e)
{
	const struct unpack_go go = { .magic = UNPACK_MAGIC, .stage = UNPACK_GO, .max_bytes = 64u << 20,
				      .max_entries = 10000 };
	struct unpack u = { -1, -1, 0 };
	int rc = unpack_fork(&u, "base", busybox, out, e);

	if (rc == 0)
		rc = unpack_begin(&u, -1, &go, e);
	if (rc == 0)
		rc = unpack_end(&u, NULL, e);
	unpack_kill(&u);
	return rc;
}
