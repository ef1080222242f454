/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program vzdqload: sets limits of users and groups inside a container, as vzdqdump printed them. Without any on standard
 * input it is done at once; there is nowhere to set one to.
 */
#include <errno.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/err.h"
#include "vzctl/tool.h"

static const char usage[] = "Usage: vzdqload [-q] [-v] [-f] [-c FILE] CTID -G|-U|-T|-F ... <DUMP\n"
	"  -U  limits   -G  grace times   -T  times of expiry   -F  all figures\n";

static int read_all(struct buf *b, struct err *e)
{
	char part[4096];
	ssize_t n;

	while ((n = read(STDIN_FILENO, part, sizeof(part))) > 0)
		buf_add(b, part, (size_t)n);
	if (n < 0)
		return err_set(e, errno, "standard input");
	return buf_failed(b) ? err_say(e, EFBIG, "standard input is too long") : 0;
}

static int load(const struct tool_dqugid *d, struct err *e)
{
	struct buf auto_buf b = { .cap = 16u << 20 };

	if (tool_dqugid_check(d, e) < 0)
		return -e->code;
	if (read_all(&b, e) < 0)
		return err_exit(e, TOOL_DQ_FILE);
	if (!tool_dqugid_has_line(buf_str(&b)))
		return 0;
	err_say(e, ENOTSUP, "CT %s counts no users and groups apart, so they cannot be limited: nothing was loaded; limit the "
		"whole container with 'vzctl set %s --diskspace' instead", d->id, d->id);
	return err_exit(e, TOOL_DQ_NO_UGID);
}

int main(int argc, char **argv)
{
	struct tool_dqugid d = { 0 };
	struct err e = { 0 };

	(void)argc;
	if (tool_dqugid_args("vzdqload", argv, &d, &e) < 0 || d.help)
		return tool_usage(usage, &e, d.help ? 0 : TOOL_DQ_USAGE);
	return load(&d, &e) < 0 ? tool_dqugid_fail("vzdqload", &d, &e) : 0;
}
