/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is a pool's device there? Asked in a child, since a lost NFS server or disk can hold a process for good: what has not
 * answered in time is "hung". Direct I/O asks the device; the page cache would say that all is well.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "templates/pool.h"
#include "templates/pool_nbd.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/sys.h"

#define SECTOR 4096

const char *const tmpl_pool_health_names[] = {
	[TMPL_POOL_OK] = "ok", [TMPL_POOL_LOST] = "lost", [TMPL_POOL_HUNG] = "hung",
	[TMPL_POOL_ABSENT] = "absent", [TMPL_POOL_FOREIGN] = "foreign",
};
_Static_assert(ARRAY_SIZE(tmpl_pool_health_names) == TMPL_POOL_HEALTH_N, "name every health");

struct answer { uint64_t images, bytes; struct err err; };

static int read_direct(int dir, const char *file, const char *what, struct err *e)
{
	static char block[SECTOR] __attribute__((aligned(SECTOR)));
	auto_close int fd = openat(dir, file, O_RDONLY | O_DIRECT | O_CLOEXEC);
	ssize_t n;

	if (fd < 0 && errno == EINVAL) {	/* a file system without direct I/O */
		fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
		if (fd >= 0)
			posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	}
	if (fd < 0)
		return err_set(e, errno, "%s", what);
	n = pread(fd, block, sizeof(block), 0);
	if (n < 0)
		return err_set(e, errno, "read %s", what);
	return n == 0 ? err_say(e, EIO, "%s has no bytes any more: the device is gone", what) : 0;
}

/* /dev/NAME of the device that the directory lies on, as sysfs has it; -ENOENT: it lies on none. */
static int device_of(int dir, char path[300], struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	const char *name;
	struct stat st;
	char file[64];

	if (fstat(dir, &st) < 0)
		return err_set(e, errno, "the pool's directory");
	str_fmt(file, sizeof(file), "/sys/dev/block/%u:%u/uevent", major(st.st_dev), minor(st.st_dev));
	if (major(st.st_dev) == 0)
		return -ENOENT;		/* no error of ours is ENOENT */
	if (fio_read_at(AT_FDCWD, file, &b, e) < 0)
		return err_say(e, EIO, "its device %u:%u is gone", major(st.st_dev), minor(st.st_dev));
	name = strstr(buf_str(&b), "DEVNAME=");
	if (!name)
		return -ENOENT;
	return str_fmt(path, 300, "/dev/%.*s", (int)strcspn(name + 8, "\n"), name + 8) < 0 ? -ENOENT : 0;
}

static int ask(const char *tmpldir, const struct tmpl_pool *p, struct answer *a, struct err *e)
{
	auto_free struct tmpl_image *v = NULL;
	auto_close int dir = pool_open(tmpldir, p, e);
	char dev[300];
	size_t n = 0;
	int rc;

	if (dir < 0)
		return -e->code;
	rc = device_of(dir, dev, e);
	if (rc == 0)
		rc = read_direct(AT_FDCWD, dev, dev, e);
	if (rc == -EPERM || rc == -EACCES)	/* a device group forbids us the disk of the system */
		rc = (err_clear(e), -ENOENT);
	if (rc == -ENOENT)
		rc = read_direct(dir, POOL_MARK, p->path, e);
	if (rc < 0 || pool_images(dir, &v, &n, e) < 0)
		return -e->code;
	a->images = n;
	for (size_t i = 0; i < n; i++)
		a->bytes += v[i].bytes;
	err_clear(e);		/* of what was tried first */
	return 0;
}

static enum tmpl_pool_health health_of(int code)
{
	if (code == ENXIO)
		return TMPL_POOL_FOREIGN;
	return code == ENOENT || code == EINVAL || code == ENOTSUP || code == ENOTBLK ? TMPL_POOL_ABSENT : TMPL_POOL_LOST;
}

/* With its parent it ends: else it would be in the pool, or mount it once more, when nobody thinks of it any longer. */
static void child(const char *tmpldir, const struct tmpl_pool *p, pid_t parent, int out)
{
	struct answer a = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	ask(tmpldir, p, &a, &a.err);
	fio_write_all(out, &a, sizeof(a));
	_exit(0);
}

static void hung(struct tmpl_pool *p, int ms)
{
	p->health = TMPL_POOL_HUNG;
	str_fmt(p->why, sizeof(p->why), "no answer from %.160s in %d ms", p->source, ms);
}

/* One question; at most @ms. */
static void ask_once(const char *tmpldir, struct tmpl_pool *p, int ms)
{
	struct answer a = { 0 };
	int pipe_fd[2];
	pid_t self = getpid(), pid = -1;

	if (pipe2(pipe_fd, O_CLOEXEC) < 0 || (pid = fork()) < 0) {
		hung(p, 0);
		return;
	}
	if (pid == 0)
		child(tmpldir, p, self, pipe_fd[1]);
	close(pipe_fd[1]);
	struct pollfd pf = { .fd = pipe_fd[0], .events = POLLIN };
	int64_t until = sys_now_ms() + ms, left = ms;
	int n;

	while ((n = poll(&pf, 1, (int)left)) < 0 && errno == EINTR)	/* a signal is no silence */
		left = MAX(until - sys_now_ms(), 0);
	if (n == 1 && read(pipe_fd[0], &a, sizeof(a)) == (ssize_t)sizeof(a)) {
		waitpid(pid, NULL, 0);
		p->images = a.images;
		p->bytes = a.bytes;
		p->health = a.err.code ? health_of(a.err.code) : TMPL_POOL_OK;
		str_fmt(p->why, sizeof(p->why), "%.250s", a.err.code ? a.err.text : "");
	} else {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, WNOHANG);	/* one that cannot die yet is left to init */
		hung(p, ms);
	}
	close(pipe_fd[0]);
}

/* A device that lost its server gets a new connection; then it is asked again. */
static void heal(const char *tmpldir, struct tmpl_pool *p, int ms)
{
	struct err e = { 0 };

	if (pool_nbd_heal(p, &e) == 0) {
		ask_once(tmpldir, p, ms);
		return;
	}
	if (e.code == ENXIO)
		p->health = TMPL_POOL_FOREIGN;
	if (e.code != ENOENT)
		str_fmt(p->why, sizeof(p->why), "%.250s", e.text);
}

void tmpl_pool_status(const char *tmpldir, struct tmpl_pool *p, int ms)
{
	if (!p->id[0]) {
		p->health = TMPL_POOL_ABSENT;
		str_fmt(p->why, sizeof(p->why), "its attaching was interrupted: 'vzpool attach %s' again, or detach it", p->name);
		return;
	}
	ask_once(tmpldir, p, ms);
	if (p->kind == TMPL_POOL_NBD && p->health != TMPL_POOL_OK)
		heal(tmpldir, p, ms);
}
