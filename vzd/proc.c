/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon does to itself before it opens anything. */
#include "vzd/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/lock.h"
#include "util/path.h"
#include "vzd/vzd.h"

#define RUN_DIR "/run/vz"
#define LOCK_NAME "vzd.lock"
#define OOM_FILE "/proc/self/oom_score_adj"
#define OOM_ADJ "-500"
#define NOFILE_MAX 65536u

static struct rlimit old_nofile;
static char old_oom[16];		/* empty: it was left alone */
static int ready_fd = -1;

/* Async-signal-safe: other threads may have held any lock. */
static void give_back(void)
{
	int fd;

	setrlimit(RLIMIT_NOFILE, &old_nofile);
	if (!*old_oom)
		return;
	fd = open(OOM_FILE, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, old_oom, strlen(old_oom)) < 0)
		old_oom[0] = '\0';
	close(fd);
}

static void raise_nofile(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &old_nofile) < 0)
		return;
	l = old_nofile;
	l.rlim_cur = MIN(l.rlim_max, (rlim_t)NOFILE_MAX);
	if (l.rlim_cur > old_nofile.rlim_cur)
		setrlimit(RLIMIT_NOFILE, &l);
}

static void lower_oom(void)
{
	struct buf auto_buf b = { .cap = 64 };
	struct err ignored = { 0 };

	if (fio_read_at(AT_FDCWD, OOM_FILE, &b, &ignored) < 0 || b.len >= sizeof(old_oom))
		return;
	if (fio_control(AT_FDCWD, OOM_FILE, OOM_ADJ, &ignored) == 0)
		memcpy(old_oom, b.s, b.len + 1);
}

void proc_setup(void)
{
	umask(022);			/* jobs inherit it; what is private here is made so by its mode */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TRIM_THRESHOLD, 256 << 10);
	mallopt(M_MMAP_THRESHOLD, 256 << 10);
	raise_nofile();
	lower_oom();
	pthread_atfork(NULL, NULL, give_back);
}

int proc_lock(int *ret_fd, struct err *e)
{
	auto_close int dir = -1, fd = -1;
	struct buf auto_buf b = { .cap = 64 };
	struct err ignored = { 0 };

	if (path_mkdir_host(RUN_DIR, 0755, e) < 0)
		return -e->code;
	dir = open(RUN_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_set(e, errno, RUN_DIR);
	if (lock_take(dir, LOCK_NAME, 0, &fd, e) < 0) {
		if (e->code == EBUSY && fio_read_at(dir, LOCK_NAME, &b, &ignored) == 0)
			return err_say(e, EBUSY, "vzd runs already, as process %.*s", (int)strcspn(buf_str(&b), "\n"), buf_str(&b));
		return -e->code;
	}
	buf_addf(&b, "%d\n", (int)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, b.s, b.len, 0) < 0)
		return err_set(e, errno, RUN_DIR "/" LOCK_NAME);
	*ret_fd = take_fd(&fd);
	return 0;
}

int proc_background(struct err *e)
{
	int p[2];
	pid_t pid;
	char c;

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_set(e, errno, "pipe");
	pid = fork();
	if (pid < 0) {
		close(p[0]);
		close(p[1]);
		return err_set(e, errno, "fork");
	}
	if (pid > 0) {
		close(p[1]);
		_exit(read(p[0], &c, 1) == 1 ? 0 : 1);
	}
	close(p[0]);
	ready_fd = p[1];
	if (setsid() < 0 || chdir("/") < 0)
		return err_set(e, errno, "go to the background");
	return 0;
}

void proc_ready(void)
{
	auto_close int null = -1;

	if (ready_fd < 0)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; null >= 0 && i < 3; i++)
		dup2(null, i);
	vzd_log_open(false);
	if (write(ready_fd, "+", 1) < 0)
		vzd_log(LOG_WARNING, "nobody waits for vzd to be ready");
	close(take_fd(&ready_fd));
}
