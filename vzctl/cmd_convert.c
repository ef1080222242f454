/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl convert: another layout for a stopped container. Without --layout it is ploop, as it always was. */
#include <errno.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "vzctl/cmd.h"
#include "vzctl/dump.h"

static const struct cmd_opt convert_opts[] = {
	{ "layout", OPT_LAYOUT, "layout", NULL, "The layout wanted; ploop is image." },
	{ "velayout", OPT_LAYOUT, "layout", NULL, "The same as --layout." },
	{ "force", OPT_FORCE, NULL, NULL, "Read the ploop image of a crashed host, which is marked as in use." },
};

static int convert_parse(struct cmd_call *c, struct err *e)
{
	static const char *const known[] = { "overlay", "dir", "simfs", "btrfs", "image", "image:ext4", "image:xfs", "ploop",
					     "ploop:expanded", "ploop:plain", "ploop:raw" };
	const char *l;

	if (cmd_options(c, e) < 0)
		return -e->code;
	l = c->val[OPT_LAYOUT];
	for (size_t i = 0; l && i < ARRAY_SIZE(known); i++)
		if (str_eq(known[i], l))
			return 0;
	if (!l)
		return 0;
	err_say(e, EINVAL, "Bad parameter for --layout: %s", l);
	return err_exit(e, VZ_INVALID_PARAMETER_VALUE);
}

static void convert_tell(void *arg, uint64_t done, uint64_t total)
{
	if (done < total)
		dump_tell(arg, &(struct tmpl_backup_count){ .bytes = done, .total = total });
	else
		dump_watch_full(arg);
}

static int convert_run(struct cmd_call *c, struct err *e)
{
	const char *l = c->val[OPT_LAYOUT];
	struct dump_watch w;
	int rc;

	dump_watch_show(&w, &c->ui, "Convert");
	rc = ct_convert(c->ct, l ? l : "ploop", cmd_seen(c, OPT_FORCE), convert_tell, &w, e);
	dump_watch_end(&w);
	return rc;
}

const struct cmd cmd_convert = {
	.word = "convert", .flags = CMD_LOCK | CMD_BAD_VALUE, .args = "[--layout overlay|dir|btrfs|image|image:xfs] [--force]",
	.man = "Gives a stopped container another layout: its files are copied into a new private area and each is compared with "
	       "what it came from; killed at any time, the container is whole in the one or in the other. A terminal shows how far "
	       "it is, as does the job of the API. The old area is kept "
	       "beside the new one as CTID.LAYOUT. The ploop image of an OpenVZ container is read without mounting it. Refused "
	       "while there are snapshots. An image gets the size that DISKSPACE says. Limits of users and groups inside "
	       "come along; in a layout that has none they are kept as /etc/vz/conf/CTID.ugid.",
	.opts = convert_opts, .n_opts = ARRAY_SIZE(convert_opts), .parse = convert_parse, .run = convert_run,
};
