/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program vzquota: disk limits of a container's private area under the name of the old tool. A quota id is a CTID; a
 * quota "runs" while the file system enforces a limit on the area.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/opt.h"
#include "vzctl/tool.h"

enum { DQ_OK, DQ_SYSTEM, DQ_USAGE, DQ_SYSCALL, DQ_FILE, DQ_RUNNING, DQ_STOPPED, DQ_LOCKED, DQ_MOUNT, DQ_NO_UGID, DQ_DIRTY,
       DQ_NO_FILE, DQ_CONFIG, DQ_NO_MOUNT };

static const char usage[] = "Usage: vzquota [-b] [-q] [-v] COMMAND CTID [option ...]\n"
	"  stat [-t]        limits and usage of a running quota     show [-t]   the same, running or not\n"
	"  init -p PATH -b SOFT -B HARD -e TIME -i SOFT -I HARD -n TIME -s 0|1\n"
	"  on               enforce the configured limits           off [-f]    enforce none\n"
	"  setlimit [-b SOFT] [-B HARD] [-i SOFT] [-I HARD]         drop [-f]   forget the limits\n"
	"  setlimit2 -u UID|-g GID SOFT HARD SOFT HARD              blocks and inodes of one user or group inside\n"
	"  setlimit2 -t -u|-g TIME TIME                             grace times of all users or groups\n"
	"  reload2          nothing to do                           -b          figures only\n";
static const struct opt_flag flags[] = {
	{ NULL, 'p', true, 'p', NULL }, { NULL, 'b', true, 'b', NULL }, { NULL, 'B', true, 'B', NULL },
	{ NULL, 'i', true, 'i', NULL }, { NULL, 'I', true, 'I', NULL }, { NULL, 'e', true, 'e', NULL },
	{ NULL, 'n', true, 'n', NULL }, { NULL, 's', true, 's', NULL }, { NULL, 'u', true, 'u', NULL },
	{ NULL, 'g', true, 'g', NULL }, { NULL, 'c', true, 'c', NULL }, { NULL, 'R', false, 'R', NULL },
	{ NULL, 'f', false, 'f', NULL }, { NULL, 't', false, 't', NULL }, { "nocheck", 0, false, 'C', NULL },
	{ "block-softlimit", 0, true, 'b', NULL }, { "block-hardlimit", 0, true, 'B', NULL },
	{ "block-exptime", 0, true, 'e', NULL }, { "inode-softlimit", 0, true, 'i', NULL },
	{ "inode-hardlimit", 0, true, 'I', NULL }, { "inode-exptime", 0, true, 'n', NULL },
	{ "sub-quotas", 0, true, 's', NULL }, { "private", 0, true, 'p', NULL }, { "force", 0, false, 'f', NULL },
};

struct vzquota {
	bool batch, quiet, force, tree;
	const char *path;
	uint64_t val[128];
	bool given[128];
	char ugid;			/* 'u' or 'g': whose limits setlimit2 sets, */
	const char *num[5];		/* and what follows */
	unsigned n_num;
	bool second;			/* the command is setlimit2 */
	struct tool_ct ct;
	int dir;			/* the area, -1 */
	bool limited;			/* the file system enforces something */
	struct quota_usage now;
	int exit;			/* of a command that failed */
};

static int fail(struct vzquota *z, int exit, struct err *e)
{
	z->exit = exit;
	return -e->code;
}

/* --- commands: the area is open, z->now is what the file system says --- */

static void figures(const struct vzquota *z, const struct quota_limit *l, struct buf *b)
{
	const struct quota_usage *n = &z->now;
	uint64_t conf = z->ct.conf->quota.quotatime.set ? z->ct.conf->quota.quotatime.v : 0;
	/* a file system without soft limits ends where the hard one is */
	struct tool_dq blocks = { n->used_kib, l->soft_kib ? l->soft_kib : l->hard_kib, l->hard_kib,
				  n->block_grace ? n->block_grace : conf, n->block_expires };
	struct tool_dq inodes = { n->used_inodes, l->soft_inodes ? l->soft_inodes : l->hard_inodes, l->hard_inodes,
				  n->inode_grace ? n->inode_grace : conf, n->inode_expires };

	(z->batch ? tool_dq_batch : tool_dq_text)(b, &blocks, &inodes);
}

/* What -t adds; 1: nobody counts users and groups. */
static int second_level(struct vzquota *z, struct buf *b, struct err *e)
{
	auto_call(quota_ugids_done) struct quota_ugids u = { 0 };
	uint64_t limit = z->ct.conf->quota.ugidlimit.set ? z->ct.conf->quota.ugidlimit.v : 0;
	auto_close int mnt = -1;

	if (z->ct.info.run == CT_STOPPED && ct_lock(z->ct.ct, e) < 0)
		return fail(z, DQ_LOCKED, e);
	if (ct_ugid_open(z->ct.ct, &mnt, e) < 0 && e->code != ENOTSUP)
		return fail(z, DQ_SYSCALL, e);
	err_clear(e);
	if (mnt >= 0 && quota_ugids_read(mnt, &u, e) < 0)
		return fail(z, DQ_SYSCALL, e);
	(z->batch ? tool_ugids_batch : tool_ugids_text)(b, &u, limit);
	return !u.active;
}

static int run_stat(struct vzquota *z, struct buf *b, struct err *e)
{
	int inactive;

	if (!z->limited) {
		err_say(e, ESRCH, "Quota accounting is off, try vzquota show id");
		return fail(z, DQ_STOPPED, e);
	}
	figures(z, &z->now.limit, b);
	inactive = z->tree ? second_level(z, b, e) : 0;
	if (inactive < 0)
		return inactive;
	z->exit = inactive ? DQ_NO_UGID : DQ_OK;
	return 0;
}

static int run_show(struct vzquota *z, struct buf *b, struct err *e)
{
	struct quota_limit l = z->now.limit;

	if (!z->limited)
		quota_conf_limit(&z->ct.conf->quota, &l);
	figures(z, &l, b);
	return z->tree && second_level(z, b, e) < 0 ? -e->code : 0;
}

static int apply(struct vzquota *z, const struct quota_limit *l, struct err *e)
{
	return quota_set(z->dir, z->ct.id, l, e) < 0 ? fail(z, DQ_SYSCALL, e) : 0;
}

static int is_running(struct vzquota *z, struct err *e)
{
	err_say(e, EEXIST, "Quota is running for id %u already", z->ct.id);
	return fail(z, DQ_RUNNING, e);
}

static int not_running(struct vzquota *z, struct err *e)
{
	err_say(e, ESRCH, "Quota is not running for id %u", z->ct.id);
	return fail(z, DQ_STOPPED, e);
}

static void take(const struct vzquota *z, struct quota_limit *l)
{
	if (z->given['b'])
		l->soft_kib = z->val['b'];
	if (z->given['B'])
		l->hard_kib = z->val['B'];
	if (z->given['i'])
		l->soft_inodes = z->val['i'];
	if (z->given['I'])
		l->hard_inodes = z->val['I'];
	if (z->given['e'] || z->given['n'])
		fprintf(stderr, "Warning: the time above a soft limit is set by QUOTATIME in the container's configuration\n");
}

static int run_init(struct vzquota *z, struct buf *b, struct err *e)
{
	struct quota_limit l = { 0 };

	(void)b;
	for (const char *need = "bBiIen"; *need; need++)
		if (!z->given[(int)*need] || !z->path) {
			err_say(e, EINVAL, "init needs -p, -b, -B, -e, -i, -I and -n");
			return fail(z, DQ_USAGE, e);
		}
	if (z->limited && !z->force)
		return is_running(z, e);
	take(z, &l);
	return apply(z, &l, e);
}

static int run_on(struct vzquota *z, struct buf *b, struct err *e)
{
	struct quota_caps caps = { 0 };
	struct quota_limit l;

	(void)b;
	if (z->limited)
		return is_running(z, e);
	quota_conf_limit(&z->ct.conf->quota, &l);
	if (quota_probe(z->dir, &caps, e) < 0)
		return fail(z, DQ_SYSCALL, e);
	if (caps.blocks && !caps.inodes)	/* as at a start: what a sample says of inodes */
		l.soft_inodes = l.hard_inodes = 0;
	take(z, &l);
	if (!(l.soft_kib | l.hard_kib | l.soft_inodes | l.hard_inodes)) {
		err_say(e, EINVAL, "No disk limits are configured for id %u (DISKSPACE, DISKINODES, DISK_QUOTA)", z->ct.id);
		return fail(z, DQ_CONFIG, e);
	}
	return apply(z, &l, e);
}

static int run_setlimit(struct vzquota *z, struct buf *b, struct err *e)
{
	struct quota_limit l = z->now.limit;

	(void)b;
	if (!z->limited)
		return not_running(z, e);
	take(z, &l);
	if ((l.hard_kib && l.soft_kib > l.hard_kib) || (l.hard_inodes && l.soft_inodes > l.hard_inodes)) {
		err_say(e, EINVAL, "A soft limit is above the hard limit");
		return fail(z, DQ_USAGE, e);
	}
	return apply(z, &l, e);
}

static int run_off(struct vzquota *z, struct buf *b, struct err *e)
{
	(void)b;
	if (!z->limited)
		return not_running(z, e);
	if (z->ct.info.run != CT_STOPPED && !z->force) {
		err_say(e, EBUSY, "Container %u is in use: -f takes the limits off all the same", z->ct.id);
		return fail(z, DQ_SYSCALL, e);
	}
	return apply(z, &(struct quota_limit){ 0 }, e);
}

static int run_drop(struct vzquota *z, struct buf *b, struct err *e)
{
	(void)b;
	if (z->limited && !z->force)
		return is_running(z, e);
	return z->limited ? apply(z, &(struct quota_limit){ 0 }, e) : 0;
}

static int run_nothing(struct vzquota *z, struct buf *b, struct err *e)
{
	(void)z;
	(void)b;
	(void)e;
	return 0;
}

static int bad_numbers(struct vzquota *z, struct err *e)
{
	err_say(e, EINVAL, "%s", z->tree ? "setlimit2 -t needs -u or -g, and two times: of blocks and inodes" :
			   "setlimit2 needs -u or -g with an id, and four limits: blocks soft and hard, inodes soft and hard");
	return fail(z, DQ_USAGE, e);
}

/* The command line as what is to be set. */
static int parse_second(struct vzquota *z, struct quota_ugid *q, struct quota_ugids *u, struct err *e)
{
	uint64_t v[ARRAY_SIZE(z->num)] = { 0 };

	if (!z->ugid || z->n_num != (z->tree ? 2 : 5))
		return bad_numbers(z, e);
	for (unsigned i = 0; i < z->n_num; i++) {
		bool blocks = !z->tree && (i == 1 || i == 2);
		int rc = z->tree ? tool_span(z->num[i], &v[i])
				 : num_size(z->num[i], blocks ? NUM_KIB : NUM_ITEMS, &v[i]);

		if (rc < 0)
			return bad_numbers(z, e);
		if (i > 0 && v[i] >= NUM_UNLIMITED)
			v[i] = 0;
	}
	*q = (struct quota_ugid){ .kind = z->ugid == 'u' ? QUOTA_USER : QUOTA_GROUP, .id = (uint32_t)v[0] };
	q->now.limit = (struct quota_limit){ v[1], v[2], v[3], v[4] };
	if (z->tree)
		u->grace[q->kind] = (struct quota_grace){ v[0], v[1] };
	if (z->tree || (v[0] < UINT32_MAX && (!v[2] || v[1] <= v[2]) && (!v[4] || v[3] <= v[4])))
		return 0;
	err_say(e, EINVAL, v[0] < UINT32_MAX ? "A soft limit is above the hard limit" : "Not an id of a user or group");
	return fail(z, DQ_USAGE, e);
}

static int run_setlimit2(struct vzquota *z, struct buf *b, struct err *e)
{
	struct quota_ugid q;
	struct quota_ugids u = { .v = &q, .n = 1, .active = true };
	auto_close int mnt = -1;

	(void)b;
	if (parse_second(z, &q, &u, e) < 0)
		return -e->code;
	if (ct_ugid_open(z->ct.ct, &mnt, e) < 0)
		return fail(z, e->code == ENOTSUP ? DQ_NO_UGID : DQ_SYSCALL, e);
	if (z->tree)
		return quota_grace_set(mnt, q.kind, &u.grace[q.kind], e) < 0 ? fail(z, DQ_SYSCALL, e) : 0;
	if (quota_ugids_write(mnt, &u, QUOTA_UGID_LIMITS, z->ct.id, z->ct.conf->quota.ugidlimit.v, e) == 0)
		return 0;
	return fail(z, e->code == EDQUOT ? DQ_CONFIG : DQ_SYSCALL, e);
}

static const struct command {
	const char *word;
	bool change;		/* under the container's lock */
	int (*run)(struct vzquota *z, struct buf *b, struct err *e);
} commands[] = {
	{ "stat", false, run_stat }, { "show", false, run_show }, { "init", true, run_init }, { "on", true, run_on },
	{ "off", true, run_off }, { "setlimit", true, run_setlimit }, { "setlimit2", true, run_setlimit2 },
	{ "drop", true, run_drop }, { "reload2", false, run_nothing },
};

/* --- the rest --- */

static int open_area(struct vzquota *z, struct err *e)
{
	auto_free char *path = z->path ? strdup(z->path) : ct_path_private(z->ct.ct);

	z->dir = path ? open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
	if (z->dir < 0) {
		err_set(e, errno, "%s", path ? path : "private area");
		return fail(z, z->path ? DQ_NO_MOUNT : DQ_NO_FILE, e);
	}
	if (quota_get(z->dir, z->ct.id, &z->now, e) < 0)
		return fail(z, DQ_SYSCALL, e);
	z->limited = z->now.limit.soft_kib || z->now.limit.hard_kib || z->now.limit.soft_inodes || z->now.limit.hard_inodes;
	return 0;
}

static int work(struct vzquota *z, const struct command *c, const char *id, struct buf *b, struct err *e)
{
	auto_host struct ct_host *host = NULL;
	uint64_t num;

	if (num_u64(id, &num) < 0 || num == 0 || num > CT_ID_MAX) {
		err_say(e, EINVAL, "Invalid quota id: %s", id);
		return fail(z, DQ_USAGE, e);
	}
	if (tool_host(&host, e) < 0)
		return fail(z, DQ_SYSTEM, e);
	if (tool_ct_open(host, id, 0, &z->ct, e) < 0)
		return fail(z, e->exit == VZ_NOVECONFIG ? DQ_NO_FILE : DQ_SYSTEM, e);
	if ((c->change && ct_lock(z->ct.ct, e) < 0 && fail(z, DQ_LOCKED, e)) || open_area(z, e) < 0 || c->run(z, b, e) < 0) {
		tool_ct_done(&z->ct);
		return -e->code;
	}
	tool_ct_done(&z->ct);
	return 0;
}

static int value(struct vzquota *z, int id, const char *arg, struct err *e)
{
	bool is_time = id == 'e' || id == 'n';

	if (z->second && (id == 'u' || id == 'g')) {
		z->ugid = (char)id;
		z->num[0] = arg;
		z->n_num = 1;
		return 0;
	}
	if (!strchr("bBiIen", id))
		return 0;		/* of the old implementation's own files and user quotas */
	if ((is_time ? tool_span(arg, &z->val[id]) : num_size(arg, NUM_ITEMS, &z->val[id])) < 0)
		return err_say(e, EINVAL, "Invalid value of -%c: %s", id, arg);
	if (!is_time && z->val[id] >= NUM_UNLIMITED)
		z->val[id] = 0;
	z->given[id] = true;
	return 0;
}

static int options(struct vzquota *z, char **argv, int at, struct err *e)
{
	struct opt o = { .prog = "vzquota", .flags = flags, .n_flags = ARRAY_SIZE(flags), .argv = argv, .at = at };
	struct opt_found f;
	int what;

	while ((what = opt_next(&o, &f, e)) > 0) {
		if (what == OPT_OPERAND && (!z->second || !z->n_num || z->n_num == ARRAY_SIZE(z->num)))
			return err_say(e, EINVAL, "Unknown argument: %s", f.arg);
		if (what == OPT_OPERAND)
			z->num[z->n_num++] = f.arg;
		else if (f.flag->id == 'f')
			z->force = true;
		else if (f.flag->id == 't')
			z->tree = true;
		else if (f.flag->id == 'p')
			z->path = f.arg;
		else if (f.arg && value(z, f.flag->id, f.arg, e) < 0)
			return -e->code;
	}
	return what;
}

int main(int argc, char **argv)
{
	static struct vzquota z = { .dir = -1 };
	struct buf auto_buf b = BUF_INIT;
	const struct command *c = NULL;
	struct err e = { 0 };
	int at = 1, rc;

	for (; at < argc && argv[at][0] == '-'; at++) {
		if (strcmp(argv[at], "-b") != 0 && strcmp(argv[at], "-q") != 0 && strcmp(argv[at], "-v") != 0)
			return tool_usage(usage, NULL, strcmp(argv[at], "-h") == 0 || !strcmp(argv[at], "--help") ? 0 : DQ_USAGE);
		z.batch |= argv[at][1] == 'b';
		z.quiet |= argv[at][1] == 'q';
	}
	for (size_t i = 0; at < argc && i < ARRAY_SIZE(commands); i++)
		if (strcmp(argv[at], commands[i].word) == 0)
			c = &commands[i];
	if (!c || argc - at < 2)
		return tool_usage(usage, NULL, DQ_USAGE);
	z.second = c->run == run_setlimit2;
	if (options(&z, argv, at + 2, &e) < 0)
		return tool_usage(usage, &e, DQ_USAGE);
	rc = work(&z, c, argv[at + 1], &b, &e);
	if (rc < 0 && !z.quiet)
		fprintf(stderr, "vzquota: %s\n", e.text);
	return rc < 0 ? z.exit : tool_put(&b) ? DQ_SYSTEM : z.exit;
}
