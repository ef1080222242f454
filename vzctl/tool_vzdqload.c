/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program vzdqload: sets limits of users and groups inside a container, as vzdqdump printed them. Where nobody counts
 * them, a dump of a container where nobody did either is loaded at once; any other is refused.
 */
#include <errno.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "vzctl/tool.h"

static const char usage[] = "Usage: vzdqload [-q] [-v] [-f] [-c FILE] CTID -G|-U|-T|-F ... <DUMP\n"
	"  -U  limits   -G  grace times   -T  times of expiry   -F  nothing: the container's own limits are configured\n";

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

static int put(const struct tool_dqugid *d, const struct tool_ct *t, int mnt, const char *text, const struct err *why,
	       struct err *e)
{
	auto_call(quota_ugids_done) struct quota_ugids u = { 0 };
	unsigned has = 0;
	int rc = quota_ugids_parse(text, &u, &has, e);

	if (mnt < 0 && tool_dqugid_has_line(text) && (rc < 0 || u.active)) {
		err_say(e, ENOTSUP, "%s: nothing was loaded", why->text);
		return err_exit(e, TOOL_DQ_NO_UGID);
	}
	if (rc < 0)
		return err_exit(e, TOOL_DQ_USAGE);
	if (mnt < 0 || !u.active)
		return 0;
	u.has_grace &= (d->what & QUOTA_UGID_GRACE) != 0;
	if (quota_ugids_write(mnt, &u, has & d->what & (QUOTA_UGID_LIMITS | QUOTA_UGID_TIMES), t->id,
			      t->conf->quota.ugidlimit.v, e) == 0)
		return 0;
	return err_exit(e, e->code == EDQUOT ? TOOL_DQ_CONFIG : TOOL_DQ_SYSCALL);
}

static int load(const struct tool_dqugid *d, struct err *e)
{
	struct buf auto_buf b = { .cap = 16u << 20 };
	auto_host struct ct_host *host = NULL;
	auto_call(tool_ct_done) struct tool_ct t = { 0 };
	auto_close int mnt = -1;
	struct err why = { 0 };

	if (read_all(&b, e) < 0)		/* before the lock: who writes the dump may need it */
		return err_exit(e, TOOL_DQ_FILE);
	if (tool_dqugid_open(d, true, &host, &t, &mnt, &why, e) < 0)
		return -e->code;
	return put(d, &t, mnt, buf_str(&b), &why, e);
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
