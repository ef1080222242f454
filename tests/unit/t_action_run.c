/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shell of a start, without a container around it: status, standard input, time limit. Real ones: distscript.sh. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libct/action.h"
#include "libct/exit.h"
#include "libct/init.h"
#include "tests/lib/test.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"

struct result { int rc, status, exit; };

/* As process 1 of a pid namespace of its own, since a late shell is ended with all that it has started. */
static struct result run(const char *text, int limit_ms)
{
	struct result *r = mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), ret;
	pid_t pid = fork();

	if (pid == 0) {
		if (unshare(CLONE_NEWPID) < 0)
			_exit(1);
		pid = fork();
		if (pid == 0) {
			int fd = memfd_create("t", 0), null = open("/dev/null", O_WRONLY);
			const struct ct_init p = { .script_out = null, .caps = 1ull << 21 | 1ull << 5 | 3 };	/* SYS_ADMIN KILL CHOWN DAC_OVERRIDE */
			struct err e = { 0 };

			if (fio_write_all(fd, text, strlen(text)) == 0 && lseek(fd, 0, SEEK_SET) == 0)
				r->rc = ct_shell_here(&p, fd, limit_ms, &r->status, &e);
			r->exit = e.exit;
			_exit(0);
		}
		waitpid(pid, NULL, 0);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	ret = *r;
	munmap(r, sizeof(*r));
	return ret;
}

TEST_ROOT(action_shell)
{
	struct result r = run("exit 7\n", 5000);

	CHECK_EQ(r.rc, 0);
	CHECK_EQ(r.status, 7);
	r = run("kill -9 $$\n", -1);
	CHECK_EQ(r.status, 128 + 9);
	r = run("[ \"$PATH\" = /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin ] && [ \"$HOME\" = / ] && exit 3\n", 5000);
	CHECK_EQ(r.status, 3);
	r = run("sleep 100 & sleep 100\n", 200);
	CHECK_EQ(r.rc, -ETIMEDOUT);
	CHECK_EQ(r.exit, VZ_EXEC_TIMEOUT);
}
