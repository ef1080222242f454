/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program vztop: running containers by what they use, again and again. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/opt.h"
#include "util/sys.h"
#include "vzctl/tool.h"

static const char usage[] = "Usage: vztop [-b] [-d SEC] [-n NUM] [-s cpu|mem|proc|id] [-E CTID|NAME]\n"
	"  -b        print tables, whatever the terminal      -n NUM   how many of them\n"
	"  -d SEC    seconds between two tables (2)           -s KEY   order\n"
	"  -E CTID   this container only\nKeys: q ends, c m p i sort by CPU, memory, processes, id\n";
static const struct opt_flag flags[] = {
	{ NULL, 'b', false, 'b', NULL }, { NULL, 'd', true, 'd', NULL }, { NULL, 'n', true, 'n', NULL },
	{ NULL, 's', true, 's', NULL }, { NULL, 'E', true, 'E', NULL }, { "help", 'h', false, 'h', NULL },
};

struct past { unsigned id; uint64_t cpu, rx, tx; double uptime; };
struct sample {
	struct tool_top *row;
	struct past *past;		/* of the same containers */
	size_t n;
};
struct top {
	bool batch;
	double seconds;
	uint64_t times;
	char key;
	unsigned only;
	struct sample now, before;
};

static struct termios cooked;
static volatile sig_atomic_t ended;

static void on_signal(int sig)
{
	ended = sig;
}

static void sample_done(struct sample *s)
{
	free(s->row);
	free(s->past);
	*s = (struct sample){ 0 };
}

/* Since the table before; at first, and after a restart, since the container's start. */
static void rates(const struct top *t, struct tool_top *row, const struct past *p)
{
	struct past was = { 0 };
	double dt;

	for (size_t i = 0; i < t->before.n; i++)
		if (t->before.past[i].id == p->id && t->before.past[i].uptime < p->uptime && t->before.past[i].cpu <= p->cpu)
			was = t->before.past[i];
	dt = p->uptime - was.uptime;
	if (dt <= 0)
		return;
	row->cpu = (double)(p->cpu - was.cpu) / 1e4 / dt;
	row->rx = p->rx < was.rx ? 0 : (uint64_t)((double)(p->rx - was.rx) / dt);
	row->tx = p->tx < was.tx ? 0 : (uint64_t)((double)(p->tx - was.tx) / dt);
}

static int add(const struct tool_ct *c, void *arg)
{
	struct top *t = arg;
	struct sample *s = &t->now;
	const struct ct_info *i = &c->info;
	struct tool_top *row;
	struct past *past;

	if (i->run != CT_RUNNING || (t->only && t->only != c->id))
		return 0;
	row = reallocarray(s->row, s->n + 1, sizeof(*row));
	if (row)
		s->row = row;
	past = reallocarray(s->past, s->n + 1, sizeof(*past));
	if (past)
		s->past = past;
	if (!row || !past)
		return -ENOMEM;
	past[s->n] = (struct past){ c->id, i->cg.cpu_usec, i->net.rx_bytes, i->net.tx_bytes, i->uptime };
	row[s->n] = (struct tool_top){ .id = c->id, .procs = i->cg.pids, .mem = i->cg.mem_bytes, .swap = i->cg.swap_bytes,
				       .mem_limit = cg_conf_memory(&c->conf->cg), .uptime = i->uptime };
	str_copy(row[s->n].name, sizeof(row->name), c->conf->name && *c->conf->name ? c->conf->name :
		 c->conf->hostname ? c->conf->hostname : "");
	rates(t, &row[s->n], &past[s->n]);
	s->n++;
	return 0;
}

static size_t screen_rows(const struct top *t)
{
	struct winsize w;

	return !t->batch && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_row > 4 ? w.ws_row - 4u : SIZE_MAX;
}

static int table(struct top *t, struct ct_host *host, struct err *e)
{
	struct buf auto_buf b = { .cap = 16u << 20 };
	struct tool_node node;
	double load[3] = { 0 };
	char clock[16] = "", ram[8];
	time_t now = time(NULL);
	struct tm tm;

	if (tool_node_read(&node, e) < 0 || tool_each(host, CT_WANT_CG | CT_WANT_TIME | CT_WANT_NET, add, t, e) < 0)
		return -e->code;
	if (localtime_r(&now, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	(void)!getloadavg(load, 3);
	tool_human(node.ram, ram);
	if (!t->batch)
		buf_adds(&b, "\033[H\033[J");
	buf_addf(&b, "vztop - %s, %zu running, load average: %.2f, %.2f, %.2f, memory %s\n\n", clock, t->now.n, load[0], load[1],
		 load[2], ram);
	tool_top_sort(t->now.row, t->now.n, t->key);
	tool_top_table(&b, t->now.row, t->now.n, screen_rows(t));
	sample_done(&t->before);
	SWAP(t->now, t->before);
	return tool_put(&b) ? err_say(e, EPIPE, "cannot write") : 0;
}

/* Until the next table is due. true: the end is wanted. */
static bool pause_(struct top *t)
{
	int64_t end = sys_now_ms() + (int64_t)(t->seconds * 1000), left;

	while (!ended && (left = end - sys_now_ms()) > 0) {
		struct pollfd p = { .fd = t->batch ? -1 : STDIN_FILENO, .events = POLLIN };
		char c;

		if (poll(&p, 1, (int)left) <= 0)
			continue;
		if (read(STDIN_FILENO, &c, 1) != 1 || c == 'q')
			return true;
		if (strchr("cmpi", c)) {
			t->key = c;
			return false;
		}
	}
	return ended;
}

static int run(struct top *t, struct err *e)
{
	auto_host struct ct_host *host = NULL;

	if (tool_host(&host, e) < 0)
		return -e->code;
	for (uint64_t i = 0; i < t->times; i++) {
		if (i && pause_(t))
			break;
		if (i && t->batch)
			putchar('\n');
		if (table(t, host, e) < 0)
			return -e->code;
	}
	return 0;
}

static int option(struct top *t, int id, const char *arg, struct err *e)
{
	static const char *const keys[] = { "cpu", "mem", "proc", "id" };
	char *end;

	if (id == 'b') {
		t->batch = true;
	} else if (id == 'E') {
		return ct_id_parse(arg, &t->only, e);
	} else if (id == 'd') {
		t->seconds = strtod(arg, &end);
		if (end == arg || *end || !(t->seconds >= 0.1 && t->seconds <= 86400))
			return err_say(e, EINVAL, "Invalid number of seconds: %s", arg);
	} else if (id == 'n') {
		if (num_u64(arg, &t->times) < 0 || !t->times)
			return err_say(e, EINVAL, "Invalid number: %s", arg);
	} else {
		t->key = 0;
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			if (strcmp(arg, keys[i]) == 0)
				t->key = keys[i][0];
		if (!t->key)
			return err_say(e, EINVAL, "Invalid order: %s", arg);
	}
	return 0;
}

/* Single keys without Enter; the terminal is given back as it was. */
static void terminal(bool on)
{
	struct termios t = cooked;

	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSADRAIN, on ? &t : &cooked);
}

int main(int argc, char **argv)
{
	static struct top t = { .seconds = 2, .times = UINT64_MAX, .key = 'c' };
	struct opt o = { .prog = "vztop", .flags = flags, .n_flags = ARRAY_SIZE(flags), .argv = argv, .at = 1 };
	struct sigaction sa = { .sa_handler = on_signal };
	struct opt_found f;
	struct err e = { 0 };
	int what, rc;

	(void)argc;
	while ((what = opt_next(&o, &f, &e)) > 0) {
		if (what == OPT_OPERAND)
			return tool_usage(usage, NULL, 1);
		if (f.flag->id == 'h')
			return tool_usage(usage, NULL, 0);
		if (option(&t, f.flag->id, f.arg, &e) < 0)
			return tool_usage(usage, &e, 1);
	}
	if (what < 0)
		return tool_usage(usage, &e, 1);
	if (!t.batch && (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &cooked) < 0))
		t.batch = true;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	if (!t.batch)
		terminal(true);
	rc = run(&t, &e);
	if (!t.batch)
		terminal(false);
	sample_done(&t.before);
	sample_done(&t.now);
	return rc < 0 ? tool_fail("vztop", &e) : 0;
}
