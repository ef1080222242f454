/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two sinks: debug lines on stderr when VZ_DEBUG is in the environment, and the log file of a program. A record is one
 * write(2) to a descriptor opened for appending, so processes do not mix their lines.
 */
#include "util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util/str.h"

static struct {
	int fd;
	int max_level;
	char prog[32];
} log_file = { .fd = -1 };

/* A record is one line whatever the text holds: nobody writes a second record through a file name. */
static void flatten(char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = ' ';
	}
}

static void put_line(int fd, char *line, size_t size)
{
	size_t n = strnlen(line, size - 2);

	line[n] = '\0';
	flatten(line);
	line[n++] = '\n';
	if (write(fd, line, n) < 0)
		return;			/* a log that cannot be written stops nobody */
}

void log_debug(const char *fmt, ...)
{
	static int on = -1;
	int saved = errno;
	char line[1024];
	va_list ap;

	if (on < 0)
		on = getenv("VZ_DEBUG") != NULL;
	if (!on)
		return;
	va_start(ap, fmt);
	if (vsnprintf(line, sizeof(line), fmt, ap) >= 0)
		put_line(STDERR_FILENO, line, sizeof(line));
	va_end(ap);
	errno = saved;
}

void log_open(const char *file, const char *prog, int max_level)
{
	if (log_file.fd >= 0)
		close(log_file.fd);
	log_file.fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
	log_file.max_level = max_level;
	str_copy(log_file.prog, sizeof(log_file.prog), prog);
}

void log_line(int level, unsigned ctid, const char *text)
{
	char when[40], ct[24] = "", line[1024];
	time_t now = time(NULL);
	struct tm tm;

	if (log_file.fd < 0 || level > log_file.max_level || !localtime_r(&now, &tm))
		return;
	if (!strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S%z", &tm))
		return;
	if (ctid)
		str_fmt(ct, sizeof(ct), "CT %u : ", ctid);
	str_fmt(line, sizeof(line), "%s %s : %s%s", when, log_file.prog, ct, text);
	put_line(log_file.fd, line, sizeof(line));
}
