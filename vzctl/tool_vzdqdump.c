/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program vzdqdump: prints the limits of users and groups inside a container, for vzdqload. */
#include <errno.h>

#include "libct/ugids.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "vzctl/tool.h"

static const char usage[] = "Usage: vzdqdump [-q] [-v] [-f] [-c FILE] CTID -G|-U|-T|-F|--json ...\n"
	"  -U  limits   -G  grace times   -T  times of expiry   -F  figures of the whole container\n"
	"  --json  usage, limits and times of all, for programs: in bytes\n";

/* In a layout where nobody counts, the limits that are kept for one where somebody does. */
static int kept(struct tool_ct *t, struct quota_ugids *u, struct err *why, struct err *e)
{
	struct buf auto_buf text = { .cap = CT_UGIDS_MAX };
	struct err was = *why;
	unsigned has = 0;

	if (ct_ugids_get(t->ct, &text, e) < 0)
		return -e->code;
	if (!text.len)
		return 0;
	if (quota_ugids_parse(buf_str(&text), u, &has, e) < 0)
		return err_add(e, "/etc/vz/conf/%u.ugid", t->id);
	u->active = false;
	err_say(why, ENOTSUP, "%s; these limits are kept in /etc/vz/conf/%u.ugid until then", was.text, t->id);
	return 0;
}

static int dump(const struct tool_dqugid *d, struct buf *b, struct err *e)
{
	auto_call(quota_ugids_done) struct quota_ugids u = { 0 };
	auto_host struct ct_host *host = NULL;
	auto_call(tool_ct_done) struct tool_ct t = { 0 };
	auto_close int mnt = -1;
	struct err why = { 0 };

	if (tool_dqugid_open(d, false, &host, &t, &mnt, &why, e) < 0)
		return -e->code;
	if (mnt >= 0 && quota_ugids_read(mnt, &u, e) < 0)
		return err_exit(e, TOOL_DQ_SYSCALL);
	if (d->json && mnt < 0 && kept(&t, &u, &why, e) < 0)
		return err_exit(e, TOOL_DQ_SYSTEM);
	if (d->json) {
		tool_ugids_json(b, &u, why.text, t.conf->quota.ugidlimit.v);
		return 0;
	}
	quota_ugids_print(b, &u, d->what);
	if (d->what & QUOTA_UGID_FIRST)
		quota_ugids_print_first(b, &t.info.disk, t.conf->quota.quotatime.v);
	return 0;
}

int main(int argc, char **argv)
{
	struct buf auto_buf b = BUF_INIT;
	struct tool_dqugid d = { 0 };
	struct err e = { 0 };

	(void)argc;
	if (tool_dqugid_args("vzdqdump", argv, &d, &e) < 0 || d.help)
		return tool_usage(usage, &e, d.help ? 0 : TOOL_DQ_USAGE);
	return dump(&d, &b, &e) < 0 ? tool_dqugid_fail("vzdqdump", &d, &e) : tool_put(&b) ? TOOL_DQ_SYSTEM : 0;
}
