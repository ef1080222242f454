/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program vzsplit: a sample configuration that gives a container an equal share of this node. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/opt.h"
#include "util/path.h"
#include "vzctl/tool.h"

#define CONF_DIR "/etc/vz/conf"
#define SHARES_MAX 10000

static const char usage[] = "Usage: vzsplit [-f NAME] [-n NUM] [-s SWAP_KB] [-v yes|no]\n"
	"  -f NAME      write /etc/vz/conf/ve-NAME.conf-sample instead of printing\n"
	"  -n NUM       how many containers share the node\n"
	"  -s SWAP_KB   swap to share, instead of twice the memory (-v yes) or what the node has (-v no)\n"
	"  -v yes|no    limit memory and swap (yes, default), or beancounters\n";
enum { A_FILE, A_NUM, A_SWAP, A_VSWAP, A_HELP };
static const struct opt_flag flags[] = {
	{ NULL, 'f', true, A_FILE, NULL }, { NULL, 'n', true, A_NUM, NULL }, { NULL, 's', true, A_SWAP, NULL },
	{ NULL, 'v', true, A_VSWAP, NULL }, { "help", 'h', false, A_HELP, NULL },
};

struct split {
	struct tool_split s;
	const char *name;
	bool help;
};

static int number(const char *text, uint64_t min, uint64_t max, uint64_t *ret, struct err *e)
{
	if (num_u64(text, ret) < 0 || *ret < min || *ret > max)
		return err_say(e, EINVAL, "Invalid number: %s", text);
	return 0;
}

static int option(struct split *z, const struct opt_found *f, struct err *e)
{
	uint64_t v;

	switch (f->flag->id) {
	case A_FILE:
		z->name = f->arg;
		return path_is_component(f->arg) ? 0 : err_say(e, EINVAL, "Invalid name: %s", f->arg);
	case A_NUM:
		if (number(f->arg, 1, SHARES_MAX, &v, e) < 0)
			return -e->code;
		z->s.n = (unsigned)v;
		return 0;
	case A_SWAP:
		z->s.swap_given = true;
		return number(f->arg, 0, UINT64_MAX / 4096, &z->s.swap_kib, e);
	case A_VSWAP:
		z->s.vswap = strcmp(f->arg, "yes") == 0;
		return z->s.vswap || strcmp(f->arg, "no") == 0 ? 0 : err_say(e, EINVAL, "Invalid value: %s", f->arg);
	default:
		z->help = true;
		return 0;
	}
}

static int args(struct split *z, char **argv, struct err *e)
{
	struct opt o = { .prog = "vzsplit", .flags = flags, .n_flags = ARRAY_SIZE(flags), .argv = argv, .at = 1 };
	struct opt_found f;
	int what;

	while ((what = opt_next(&o, &f, e)) > 0)
		if (what == OPT_OPERAND ? err_say(e, EINVAL, "Unknown argument: %s", f.arg) < 0 : option(z, &f, e) < 0)
			return -e->code;
	return what;
}

static int ask(struct split *z, struct err *e)
{
	char word[32];
	uint64_t v;

	if (z->s.n)
		return 0;
	printf("Enter the number of containers: ");
	fflush(stdout);
	if (scanf("%31s", word) != 1)
		return err_say(e, EINVAL, "No number of containers");
	if (number(word, 1, SHARES_MAX, &v, e) < 0)
		return -e->code;
	z->s.n = (unsigned)v;
	return 0;
}

/* Space where private areas are: all that the file system has, whoever uses it now. */
static int measure(struct split *z, struct err *e)
{
	auto_free char *area = tool_conf_value("/etc/vz/vz.conf", "VE_PRIVATE");
	char *cut = area ? strstr(area, "/$VEID") : NULL;
	struct tool_node node;
	struct statvfs fs;

	if (cut)
		*cut = '\0';
	if (tool_node_read(&node, e) < 0)
		return -e->code;
	if (statvfs(area && *area ? area : "/vz/private", &fs) < 0 && statvfs("/", &fs) < 0)
		return err_set(e, errno, "space for containers");
	z->s.ram_kib = node.ram / 1024;
	if (!z->s.swap_given)
		z->s.swap_kib = node.swap / 1024;
	z->s.disk_kib = (uint64_t)fs.f_blocks * fs.f_frsize / 1024;
	z->s.inodes = fs.f_files;
	return 0;
}

static int write_sample(const char *name, const struct buf *b, struct err *e)
{
	char path[512];

	if (str_fmt(path, sizeof(path), "%s/ve-%s.conf-sample", CONF_DIR, name) < 0)
		return err_set(e, ENAMETOOLONG, "%s", name);
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 && errno == EEXIST)
		return err_say(e, EEXIST, "File %s already exist", path);
	if (fd < 0 || fio_write_all(fd, buf_str(b), b->len) < 0 || fsync(fd) < 0) {
		err_set(e, errno, "%s", path);
		if (fd >= 0)
			unlink(path);
		return -e->code;
	}
	printf("Config %s was created\n", path);
	return 0;
}

static int run(struct split *z, struct buf *b, struct err *e)
{
	char path[512];

	if (z->name && str_fmt(path, sizeof(path), "%s/ve-%s.conf-sample", CONF_DIR, z->name) == 0 && access(path, F_OK) == 0)
		return err_say(e, EEXIST, "File %s already exist", path);
	if (ask(z, e) < 0 || measure(z, e) < 0)
		return -e->code;
	tool_split(b, &z->s);
	if (!z->name)
		return tool_put(b) ? err_set(e, EIO, "standard output") : 0;
	return buf_failed(b) ? err_set(e, ENOMEM, "sample") : write_sample(z->name, b, e);
}

int main(int argc, char **argv)
{
	struct split z = { .s.vswap = true };
	struct buf auto_buf b = BUF_INIT;
	struct err e = { 0 };
	int rc = args(&z, argv, &e);

	(void)argc;
	if (rc < 0 || z.help)
		return tool_usage(usage, &e, rc < 0);
	return run(&z, &b, &e) < 0 ? tool_fail(NULL, &e) : 0;
}
