/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program vzploop: what a ploop disk is, and the disk itself as one raw file. Reads only. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "templates/tmpl.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/opt.h"
#include "vzctl/tool.h"

static const char usage[] = "Usage: vzploop info PATH\n"
	"       vzploop raw [--force] PATH FILE\n"
	"       vzploop cat [--force] PATH\n"
	"  PATH       a DiskDescriptor.xml, the directory it is in, or one image file\n"
	"  info       format, size, images and file system of the disk\n"
	"  raw        write the disk to the new file FILE, sparse\n"
	"  cat        write the disk to the standard output\n"
	"  --force    also when an image is marked as in use\n";
enum { A_FORCE, A_HELP };
static const struct opt_flag flags[] = {
	{ "force", 'f', false, A_FORCE, NULL }, { "help", 'h', false, A_HELP, NULL },
};

struct call {
	const char *word[3];
	size_t n;
	bool force, help;
};

static int args(struct call *c, char **argv, struct err *e)
{
	struct opt o = { .prog = "vzploop", .flags = flags, .n_flags = ARRAY_SIZE(flags), .argv = argv, .at = 1 };
	struct opt_found f;
	int what;

	while ((what = opt_next(&o, &f, e)) > 0) {
		if (what != OPT_OPERAND) {
			c->force = c->force || f.flag->id == A_FORCE;
			c->help = c->help || f.flag->id == A_HELP;
		} else if (c->n == ARRAY_SIZE(c->word)) {
			return err_say(e, EINVAL, "Unknown argument: %s", f.arg);
		} else {
			c->word[c->n++] = f.arg;
		}
	}
	return what;
}

static int info(struct tmpl_ploop_set *s, struct err *e)
{
	struct buf auto_buf b = BUF_INIT;

	if (tmpl_ploop_info(s, e) < 0)
		return -e->code;
	tool_ploop(&b, &s->p);
	return tool_put(&b) ? err_set(e, EIO, "standard output") : 0;
}

static int busy(struct err *e)
{
	return e->code == EBUSY ? err_say(e, EBUSY, "the disk is marked as in use: its container runs, or its host crashed, or "
					  "it was copied while it ran (--force reads it as it is)") : -e->code;
}

static int raw(struct tmpl_ploop_set *s, const char *file, bool force, struct err *e)
{
	auto_close int fd = !file ? -1 : open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_set(e, errno, "%s", file);
	if (tmpl_ploop_raw(s, fd, force, e) == 0 && fsync(fd) < 0)
		err_set(e, errno, "%s", file);
	if (e->code)
		unlink(file);
	return busy(e);
}

static int run(const struct call *c, struct tmpl_ploop_set *s, struct err *e)
{
	if (strcmp(c->word[0], "info") == 0)
		return info(s, e);
	if (strcmp(c->word[0], "raw") == 0)
		return raw(s, c->word[2], c->force, e);
	return tmpl_ploop_raw(s, STDOUT_FILENO, c->force, e) < 0 ? busy(e) : 0;
}

static bool valid(const struct call *c)
{
	if (c->n < 2)
		return false;
	if (strcmp(c->word[0], "raw") == 0)
		return c->n == 3;
	return c->n == 2 && (strcmp(c->word[0], "info") == 0 || strcmp(c->word[0], "cat") == 0);
}

int main(int argc, char **argv)
{
	static struct tmpl_ploop_set s;
	struct call c = { 0 };
	struct err e = { 0 };
	int rc = args(&c, argv, &e);

	(void)argc;
	if (rc < 0 || c.help || !valid(&c))
		return tool_usage(usage, &e, rc < 0 || !c.help);
	if (geteuid() != 0)
		return err_say(&e, EPERM, "only root may read disks of containers"), tool_fail("vzploop", &e);
	if (tmpl_ploop_open(c.word[1], true, &s, &e) < 0)
		return tool_fail("vzploop", &e);
	rc = run(&c, &s, &e);
	tmpl_ploop_close(&s);
	return rc < 0 ? tool_fail("vzploop", &e) : 0;
}
