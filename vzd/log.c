/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's log: stderr with the <N> prefixes that the journal reads when stderr is the journal's, plain stderr when a
 * person watches (-f), else syslog. A record is one line whatever the text holds.
 */
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "vzd/vzd.h"

#define LINE_MAX_BYTES 2048

static enum { TO_STDERR, TO_JOURNAL, TO_SYSLOG } sink;
static int max_prio = LOG_INFO;

/* systemd names the stream that it connected; a stderr that was redirected since is not it. */
static bool stderr_is_journal(void)
{
	const char *env = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return env && sscanf(env, "%llu:%llu", &dev, &ino) == 2 && fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev &&
	       st.st_ino == ino;
}

void vzd_log_open(bool foreground)
{
	closelog();
	sink = stderr_is_journal() ? TO_JOURNAL : foreground ? TO_STDERR : TO_SYSLOG;
	if (sink == TO_SYSLOG)
		openlog("vzd", LOG_PID, LOG_DAEMON);
	max_prio = getenv("VZ_DEBUG") ? LOG_DEBUG : LOG_INFO;
}

static void flatten(char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = ' ';
	}
}

void vzd_log(int prio, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES], line[LINE_MAX_BYTES + 16];
	int saved = errno;
	va_list ap;

	if (prio > max_prio)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	flatten(text);
	if (sink == TO_SYSLOG) {
		syslog(prio, "%s", text);
	} else {
		if (sink == TO_JOURNAL)
			snprintf(line, sizeof(line), "<%d>%s\n", prio, text);
		else
			snprintf(line, sizeof(line), "vzd: %s\n", text);
		if (write(STDERR_FILENO, line, strlen(line)) < 0)
			errno = saved;	/* a log that cannot be written stops nobody */
	}
	errno = saved;
}

void vzd_log_err(int prio, const struct err *e, const char *what)
{
	vzd_log(prio, "%s%s%s", what ? what : "", what && *what ? ": " : "", e->text);
}
