/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A login on the console of guests whose init is told by /etc/inittab (sysvinit, busybox, OpenRC) or
 * /etc/init (upstart); systemd has one in a container by itself. Terminals that a container lacks
 * would be opened for ever: their lines are commented out, with a mark that is taken off again
 * where the terminal is there.
 */
#include "libct/dist.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/path.h"
#include "util/str.h"

#define OFF "#vz# "
#define ARGS "-L 115200 console linux"

struct table {
	bool sysv, login;	/* has an initdefault; opens a login on the console already */
	struct buf out;
};

/* Links are followed, inside the root: /sbin is one mostly, and /dev is another file system. */
static bool there(const struct dist *d, const char *path)
{
	struct err ignored = { 0 };
	auto_close int fd = path_open(d->root, path, O_PATH, 0, &ignored);

	return fd >= 0;
}

static const char *getty(const struct dist *d)
{
	static const struct { const char *path, *command; } known[] = {
		{ "sbin/getty", "/sbin/getty " ARGS },
		{ "sbin/agetty", "/sbin/agetty " ARGS },
		{ "usr/bin/agetty", "/usr/bin/agetty " ARGS },
		{ "bin/busybox", "/bin/busybox getty " ARGS },
		{ "sbin/mingetty", "/sbin/mingetty --noclear console" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (there(d, known[i].path))
			return known[i].command;
	return NULL;
}

static bool has_terminal(const struct dist *d, const char *tty)
{
	char path[48];

	return str_fmt(path, sizeof(path), "dev/%s", tty) == 0 && there(d, path);
}

/* "tty1", "ttyS0", "hvc0" or "console" in @line, or "". */
static void terminal(const char *line, size_t len, char ret[32])
{
	static const char *const kinds[] = { "console", "tty", "hvc", "xvc", "pts/" };

	for (size_t i = 0, n; i < len; i += n + 1) {
		n = strcspn(line + i, " \t:/\n");
		n = n > len - i ? len - i : n;
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
			size_t m = strlen(kinds[k]);

			if (n < m || n > 31 || strncmp(line + i, kinds[k], m))
				continue;
			if (k && (n == m || !isdigit((unsigned char)line[i + n - 1])))
				continue;
			memcpy(ret, line + i, n);
			ret[n] = '\0';
			return;
		}
	}
	ret[0] = '\0';
}

/* id:levels:action:process, where the process is a getty or, of busybox, a shell on a terminal. */
static bool opens_terminal(const char *line, size_t len)
{
	return memmem(line, len, "getty", 5) ||
	       (memmem(line, len, ":askfirst:", 10) || memmem(line, len, ":respawn:-", 10));
}

static void look_at(const struct dist *d, struct table *t, const char *line, size_t len)
{
	bool off = str_starts(line, OFF) && line[strlen(OFF)] != '#';
	char tty[32];

	if (off) {
		line += strlen(OFF);
		len -= strlen(OFF);
	}
	if (line[0] == '#' || line[0] == '\n')
		tty[0] = '\0';
	else
		terminal(line, opens_terminal(line, len) ? len : 0, tty);
	if (tty[0] && !str_eq(tty, "console") && !has_terminal(d, tty))
		buf_adds(&t->out, OFF);
	else if (tty[0])
		t->login = t->login || str_eq(tty, "console");
	t->sysv = t->sysv || (line[0] != '#' && memmem(line, len, ":initdefault:", 13));
	buf_add(&t->out, line, len);
}

void dist_inittab(const struct dist *d, const char *old, struct buf *b)
{
	auto_buf struct buf others = BUF_INIT;
	struct table t = { .out = BUF_INIT };
	const char *command = getty(d);

	dist_others(old, &others);
	for (const char *line = buf_str(&others), *end; *line; line = end) {
		end = line + strcspn(line, "\n");
		end += *end == '\n';
		look_at(d, &t, line, (size_t)(end - line));
	}
	buf_adds(b, buf_str(&t.out));
	if (t.out.len && t.out.s[t.out.len - 1] != '\n')
		buf_addc(b, '\n');
	if (!t.login && command)
		buf_addf(b, DIST_BEGIN "%s:respawn:%s\n" DIST_END, t.sysv ? "vz:2345" : "console:", command);
	b->failed = b->failed || t.out.failed || others.failed;
	buf_done(&t.out);
}

static int upstart(const struct dist *d, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	const char *command = getty(d);

	if (!command || !there(d, "sbin/initctl") || there(d, "lib/systemd/systemd"))
		return 0;
	buf_addf(&b, "start on stopped rc RUNLEVEL=[2345]\nstop on runlevel [!2345]\nrespawn\nexec %s\n", command);
	return dist_file(d, "etc/init", "vz-console.conf", &b, e);
}

int ct_dist_console(int root, struct err *e)
{
	const struct dist d = { .root = root };
	struct err second = { 0 };

	upstart(&d, &second);
	if (dist_rewrite(&d, "etc", "inittab", dist_inittab, e) == 0 && second.code)
		*e = second;
	return -e->code;
}
