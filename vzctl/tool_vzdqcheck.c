/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program vzdqcheck: counts 1 KiB blocks and inodes of a directory tree. Stays on its file system. */
#include <errno.h>
#include <fts.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/opt.h"
#include "vzctl/tool.h"

static const char usage[] = "Usage: vzdqcheck [-q] [-v] PATH\n  -q   figures only\n";
static const struct opt_flag flags[] = {
	{ NULL, 'q', false, 'q', NULL }, { NULL, 'v', false, 'v', NULL }, { NULL, 'V', false, 'v', NULL },
	{ "help", 'h', false, 'h', NULL },
};

struct count {
	uint64_t blocks, inodes;
	void *seen;		/* tree of struct file: those with more than one name */
};
struct file { dev_t dev; ino_t ino; };

static int file_cmp(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return (x->ino > y->ino) - (x->ino < y->ino);
}

/* 1: this file was counted under another name. */
static int known(struct count *c, const struct stat *st)
{
	struct file *f = malloc(sizeof(*f));
	void *node;

	if (!f)
		return -ENOMEM;
	*f = (struct file){ st->st_dev, st->st_ino };
	node = tsearch(f, &c->seen, file_cmp);
	if (!node || *(struct file **)node != f) {
		free(f);
		return node ? 1 : -ENOMEM;
	}
	return 0;
}

static int add(struct count *c, const struct stat *st)
{
	int rc = !S_ISDIR(st->st_mode) && st->st_nlink > 1 ? known(c, st) : 0;

	if (rc == 0) {
		c->blocks += (uint64_t)st->st_blocks;
		c->inodes++;
	}
	return rc;
}

static int count(const char *path, struct count *c, struct err *e)
{
	char *const paths[] = { (char *)path, NULL };
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_XDEV, NULL);
	FTSENT *f;
	int rc = 0;

	if (!fts)
		return err_set(e, errno, "%s", path);
	while (rc == 0 && (errno = 0, f = fts_read(fts))) {
		if (f->fts_info == FTS_DP || f->fts_info == FTS_NS)	/* what was removed meanwhile is not there */
			continue;
		if (f->fts_info == FTS_ERR || f->fts_info == FTS_DNR)
			rc = err_set(e, f->fts_errno, "%s", f->fts_path);
		else if (add(c, f->fts_statp) < 0)
			rc = err_set(e, ENOMEM, "%s", path);
	}
	if (rc == 0 && errno)
		rc = err_set(e, errno, "%s", path);
	fts_close(fts);
	return rc;
}

int main(int argc, char **argv)
{
	struct opt o = { .prog = "vzdqcheck", .flags = flags, .n_flags = ARRAY_SIZE(flags), .argv = argv, .at = 1 };
	struct count c = { 0 };
	const char *path = NULL;
	bool quiet = false;
	struct stat st;
	struct opt_found f;
	struct err e = { 0 };
	int what, rc;

	(void)argc;
	while ((what = opt_next(&o, &f, &e)) > 0) {
		if (what == OPT_FLAG && f.flag->id == 'h')
			return tool_usage(usage, NULL, 0);
		if (what == OPT_FLAG)
			quiet |= f.flag->id == 'q';
		else if (path)
			return tool_usage(usage, NULL, 2);
		else
			path = f.arg;
	}
	if (what < 0 || !path)
		return tool_usage(usage, &e, 2);
	if (stat(path, &st) < 0)
		rc = err_set(&e, errno, "%s", path);
	else if (!S_ISDIR(st.st_mode))
		rc = err_set(&e, ENOTDIR, "%s", path);
	else
		rc = count(path, &c, &e);
	tdestroy(c.seen, free);
	if (rc < 0)
		return tool_fail("vzdqcheck", &e);
	if (!quiet)
		printf("quota usage for %s\n%14s %14s\n", path, "blocks", "inodes");
	printf("%14llu %14llu\n", (unsigned long long)(c.blocks + 1) / 2, (unsigned long long)c.inodes);
	return fflush(stdout) != 0;
}
