/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program vzubc: beancounters of running containers for people. -r and -i compare with the figures of the run before,
 * kept as one file per container in a directory that only root may write.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/path.h"
#include "vzctl/tool.h"

#define STORE_DIR "/run/vz/vzubc.rel"
#define INC_DIR "/run/vz/vzubc.inc"

static const char usage[] =
	"Usage: vzubc [option ...] [CTID|NAME ...]\n"
	"  -w          show again and again; -wd marks what changed, -wt leaves the title out, -wn SEC sets the interval\n"
	"  -q          only what is near its limit or failed; -qh RATIO, -qm RATIO: how near (0.5 held, 0.8 maxheld)\n"
	"  -v          counters without a limit, too\n"
	"  -r          failures since the run before; -rc forgets it, -rd DIR keeps it in DIR\n"
	"  -i          a column with the change of held; -ic forgets, -id DIR as above\n"
	"  -c          colours\n"
	"  -f FILE|-   read a saved /proc/user_beancounters\n";

struct vzubc {
	struct tool_bc_form form;
	bool watch, diff, no_title, rel_clear, inc_clear;
	double seconds;
	const char *file, *rel_dir, *inc_dir;
	unsigned id[256];
	size_t n_ids;
	struct buf last;		/* -wd: what was on the screen */
};

/* --- what the run before saw --- */

static int store_open(const char *dir, struct err *e)
{
	auto_close int fd = path_mkdir_host(dir, 0700, e) < 0 ? -1 : open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return e->code ? -e->code : err_set(e, errno, "%s", dir);
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & 022))
		return err_say(e, EPERM, "%s: others may write there", dir);
	return take_fd(&fd);
}

static int store_get(int dir, unsigned id, struct tool_bc *ret, bool *found, struct err *e)
{
	struct buf auto_buf b = BUF_INIT;
	auto_free struct tool_bc *v = NULL;
	char name[32];
	size_t n = 0;
	struct err ignored = { 0 };

	*found = false;
	if (str_fmt(name, sizeof(name), "ubc.%u", id) < 0 || fio_read_at(dir, name, &b, &ignored) < 0)
		return 0;
	if (tool_bc_parse(buf_str(&b), id, &v, &n, e) < 0)
		return -e->code;
	if (n) {
		*ret = v[0];
		*found = true;
	}
	return 0;
}

static int store_put(int dir, const struct tool_bc *c, struct err *e)
{
	struct buf auto_buf b = BUF_INIT;
	char name[32];

	tool_bc_print(&b, c);
	if (buf_failed(&b) || str_fmt(name, sizeof(name), "ubc.%u", c->id) < 0)
		return err_set(e, ENOMEM, "ubc.%u", c->id);
	return fio_replace_run(dir, name, buf_str(&b), b.len, 0600, e);
}

/* Failures are compared with one run, what is held with another: one record of both. */
static void merge(struct tool_bc *was, bool found, const struct tool_bc *inc, bool found_inc, const struct tool_bc *now)
{
	for (int i = 0; i < CG_UBC_N; i++) {
		bool held = found_inc && inc->has[i];

		was->row[i].held = held ? inc->row[i].held : now->row[i].held;
		was->has[i] = (found && was->has[i]) || held;
	}
}

static int one(struct vzubc *z, const struct tool_bc *c, struct buf *out, struct err *e)
{
	struct tool_bc was = { 0 }, other = { 0 };
	struct tool_bc_form form = z->form;
	bool found = false, found_inc = false;
	auto_close int rel = form.relative ? store_open(z->rel_dir, e) : -1;
	auto_close int inc = form.incremental ? store_open(z->inc_dir, e) : -1;

	if (e->code)
		return -e->code;
	if ((rel >= 0 && !z->rel_clear && store_get(rel, c->id, &was, &found, e) < 0) ||
	    (inc >= 0 && !z->inc_clear && store_get(inc, c->id, &other, &found_inc, e) < 0))
		return -e->code;
	merge(&was, found, &other, found_inc, c);
	form.was = found || found_inc ? &was : NULL;
	tool_bc_table(out, c, &form);
	if ((rel >= 0 && store_put(rel, c, e) < 0) || (inc >= 0 && store_put(inc, c, e) < 0))
		return -e->code;
	return 0;
}

static bool wanted(const struct vzubc *z, unsigned id)
{
	for (size_t i = 0; i < z->n_ids; i++)
		if (z->id[i] == id)
			return true;
	return z->n_ids == 0;
}

static int tables(struct vzubc *z, struct buf *out, struct err *e)
{
	auto_free struct tool_bc *v = NULL;
	size_t n = 0;

	if (tool_bc_load(z->file, 0, &v, &n, e) < 0)
		return -e->code;
	for (size_t i = 0; i < n; i++)
		if (wanted(z, v[i].id) && one(z, &v[i], out, e) < 0)
			return -e->code;
	return 0;
}

/* --- again and again --- */

/* In reverse video: characters that differ from those at the same place before. */
static void mark(struct buf *b, const char *now, const char *before)
{
	bool on = false;

	for (; *now; now++) {
		bool differs = *before && *now != '\n' && *now != *before;

		if (differs != on)
			buf_adds(b, differs ? "\033[7m" : "\033[0m");
		on = differs;
		buf_addc(b, *now);
		before += *before != '\0';
	}
}

static int watch(struct vzubc *z, struct err *e)
{
	for (;;) {
		struct buf auto_buf out = BUF_INIT, screen = BUF_INIT;

		if (tables(z, &out, e) < 0)
			return -e->code;
		buf_adds(&screen, "\033[H\033[J");
		if (!z->no_title)
			buf_addf(&screen, "Every %gs: vzubc\n\n", z->seconds);
		if (z->diff)
			mark(&screen, buf_str(&out), buf_str(&z->last));
		else
			buf_adds(&screen, buf_str(&out));
		if (tool_put(&screen))
			return err_say(e, EPIPE, "cannot write");
		SWAP(z->last, out);
		usleep((useconds_t)(z->seconds * 1e6));
	}
}

/* --- command line --- */

static bool ratio(const char *s, double *ret, double max)
{
	char *end;

	*ret = s ? strtod(s, &end) : -1;
	return s && end != s && !*end && *ret >= 0 && *ret <= max;
}

enum { A_W, A_WD, A_WT, A_WN, A_Q, A_QH, A_QM, A_V, A_R, A_RC, A_RD, A_I, A_IC, A_ID, A_C, A_F };
static const struct { const char *brief, *full; bool arg; } words[] = {
	[A_W] = { "-w", "--watch", false }, [A_WD] = { "-wd", "--wdiff", false }, [A_WT] = { "-wt", "--wnotitle", false },
	[A_WN] = { "-wn", "--wtime", true }, [A_Q] = { "-q", "--quiet", false }, [A_QH] = { "-qh", "--qheld", true },
	[A_QM] = { "-qm", "--qmaxheld", true }, [A_V] = { "-v", "--verbose", false }, [A_R] = { "-r", "--relative", false },
	[A_RC] = { "-rc", "--relclear", false }, [A_RD] = { "-rd", "--reldir", true }, [A_I] = { "-i", "--incremental", false },
	[A_IC] = { "-ic", "--incclear", false }, [A_ID] = { "-id", "--incdir", true }, [A_C] = { "-c", "--color", false },
	[A_F] = { "-f", "--file", true },
};

static bool set(struct vzubc *z, int id, const char *arg)
{
	switch (id) {
	case A_W: z->watch = true; return true;
	case A_WD: z->watch = z->diff = true; return true;
	case A_WT: z->watch = z->no_title = true; return true;
	case A_WN: z->watch = true; return ratio(arg, &z->seconds, 86400) && z->seconds >= 0.1;
	case A_Q: z->form.quiet = true; return true;
	case A_QH: z->form.quiet = true; return ratio(arg, &z->form.held_ratio, 1e6);
	case A_QM: z->form.quiet = true; return ratio(arg, &z->form.max_ratio, 1e6);
	case A_V: z->form.verbose = true; return true;
	case A_R: z->form.relative = true; return true;
	case A_RC: z->form.relative = z->rel_clear = true; return true;
	case A_RD: z->form.relative = true; z->rel_dir = arg; return true;
	case A_I: z->form.incremental = true; return true;
	case A_IC: z->form.incremental = z->inc_clear = true; return true;
	case A_ID: z->form.incremental = true; z->inc_dir = arg; return true;
	case A_C: z->form.color = true; return true;
	default: z->file = arg; return true;
	}
}

/* -1: wrong; 1: help is wanted. */
static int args(struct vzubc *z, char **argv, struct err *e)
{
	for (int i = 1; argv[i]; i++) {
		size_t k = 0;

		if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0)
			return 1;
		if (argv[i][0] != '-') {
			if (z->n_ids == ARRAY_SIZE(z->id))
				return err_say(e, E2BIG, "Too many containers");
			if (ct_id_parse(argv[i], &z->id[z->n_ids++], e) < 0)
				return -e->code;
			continue;
		}
		while (k < ARRAY_SIZE(words) && strcmp(argv[i], words[k].brief) && strcmp(argv[i], words[k].full))
			k++;
		if (k == ARRAY_SIZE(words))
			return err_say(e, EINVAL, "Unknown option: %s", argv[i]);
		if (words[k].arg && !argv[i + 1])
			return err_say(e, EINVAL, "Option %s needs an argument", argv[i]);
		if (!set(z, (int)k, argv[i + 1]))
			return err_say(e, EINVAL, "Bad argument of %s: %s", argv[i], argv[i + 1]);
		i += words[k].arg;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct vzubc z = { .seconds = 2, .rel_dir = STORE_DIR, .inc_dir = INC_DIR, .last = BUF_INIT };
	struct buf auto_buf out = { .cap = 16u << 20 };
	struct err e = { 0 };
	int rc;

	(void)argc;
	z.form.held_ratio = 0.5;
	z.form.max_ratio = 0.8;
	rc = args(&z, argv, &e);
	if (rc)
		return tool_usage(usage, &e, rc > 0 ? 0 : 1);
	if (z.watch ? watch(&z, &e) < 0 : tables(&z, &out, &e) < 0)
		return tool_fail("vzubc", &e);
	return tool_put(&out);
}
