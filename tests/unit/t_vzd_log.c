/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/log.c */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

#include "tests/lib/test.h"
#include "util/str.h"
#include "vzd/vzd.h"

static int pipe_out;
static char got[8192];

/* Standard error becomes a pipe; *st says what it is. */
static void catch_stderr(struct stat *st)
{
	int p[2];

	CHECK(pipe2(p, O_CLOEXEC | O_NONBLOCK) == 0);
	CHECK(dup2(p[1], STDERR_FILENO) == STDERR_FILENO);
	close(p[1]);
	pipe_out = p[0];
	CHECK(fstat(STDERR_FILENO, st) == 0);
}

static const char *logged(void)
{
	ssize_t n = read(pipe_out, got, sizeof(got) - 1);

	got[n > 0 ? n : 0] = '\0';
	return got;
}

TEST(plain_lines_in_the_foreground)
{
	struct err e = { .code = 2, .text = "no such thing" };
	struct stat st;
	char big[5000];

	catch_stderr(&st);
	unsetenv("JOURNAL_STREAM");
	unsetenv("VZ_DEBUG");
	vzd_log_open(true);
	vzd_log(LOG_ERR, "a %d\nvzd: forged\x1b[2J", 7);
	CHECK_STR(logged(), "vzd: a 7 vzd: forged [2J\n");
	vzd_log(LOG_DEBUG, "quiet");
	CHECK_STR(logged(), "");
	vzd_log_err(LOG_ERR, &e, "open");
	CHECK_STR(logged(), "vzd: open: no such thing\n");
	vzd_log_err(LOG_ERR, &e, NULL);
	CHECK_STR(logged(), "vzd: no such thing\n");
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	errno = 77;
	vzd_log(LOG_ERR, "%s", big);
	CHECK_EQ(errno, 77);
	CHECK(strlen(logged()) < 2100 && str_ends(got, "x\n"));
	setenv("VZ_DEBUG", "1", 1);
	vzd_log_open(true);
	vzd_log(LOG_DEBUG, "loud");
	CHECK_STR(logged(), "vzd: loud\n");
}

TEST(prefixes_for_the_journal_only_if_it_reads_us)
{
	struct stat st;
	char env[64];

	catch_stderr(&st);
	CHECK(str_fmt(env, sizeof(env), "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino) == 0);
	setenv("JOURNAL_STREAM", env, 1);
	vzd_log_open(false);
	vzd_log(LOG_WARNING, "w");
	vzd_log(LOG_CRIT, "c");
	CHECK_STR(logged(), "<4>w\n<2>c\n");
	setenv("JOURNAL_STREAM", "1:2", 1);
	vzd_log_open(true);
	vzd_log(LOG_WARNING, "w");
	CHECK_STR(logged(), "vzd: w\n");
}
