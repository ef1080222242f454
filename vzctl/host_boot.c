/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vzhost boot: what the service vz does. Start: containers with ONBOOT=yes and those that ran at the last shutdown, higher
 * boot order first, VE_PARALLEL at a time. Stop: all, lowest order first. A container that fails is reported and the
 * others go on. Each is worked on in a child of its own, so that no error or crash of one reaches another.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libct/backup.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/path.h"
#include "vzctl/host_boot.h"

#define BOOT_STOPPED 3		/* status of `boot status` when the service is down */
#define BOOT_PASSES 3		/* of stop; the last one kills */
#define BOOT_WAITERS 8		/* a stop mostly waits for the guest: so many times more of them at once */

struct boot_ct { unsigned id; uint64_t order; bool done; };
struct boot_list { struct boot_ct *v; size_t n; };

enum boot_verb { BOOT_START, BOOT_STOP, BOOT_KILL };

static int boot_add(struct boot_list *l, unsigned id, const struct num_opt *order, struct err *e)
{
	struct boot_ct *v = reallocarray(l->v, l->n + 1, sizeof(*v));

	if (!v)
		return err_set(e, ENOMEM, "boot list");
	l->v = v;
	l->v[l->n++] = (struct boot_ct){ .id = id, .order = order->set ? order->v + 1 : 0 };
	return 0;
}

/* Higher first; without one last; then by id. */
static int boot_cmp(const void *pa, const void *pb)
{
	const struct boot_ct *a = pa, *b = pb;

	if (a->order != b->order)
		return a->order < b->order ? 1 : -1;
	return (a->id > b->id) - (a->id < b->id);
}

static bool boot_was_running(unsigned id)
{
	char path[64];

	return str_fmt(path, sizeof(path), HOST_REBOOT_DIR "/%u", id) == 0 && access(path, F_OK) == 0;
}

typedef bool boot_filter(struct ct *ct, const struct ct_info *info);

static bool boot_wants_start(struct ct *ct, const struct ct_info *info)
{
	const struct num_opt *onboot = &ct_conf(ct)->onboot;

	if (!info->exists || info->run == CT_RUNNING)
		return false;
	if (ct_restart_due(ct_id(ct)))
		return true;
	return onboot->set ? onboot->v : boot_was_running(ct_id(ct));
}

static bool boot_is_up(struct ct *ct, const struct ct_info *info)
{
	(void)ct;
	return info->run != CT_STOPPED;
}

static bool boot_is_running(struct ct *ct, const struct ct_info *info)
{
	(void)ct;
	return info->run == CT_RUNNING;
}

static int boot_pick(struct host_call *c, boot_filter *want, struct boot_list *ret, struct err *e)
{
	auto_free unsigned *ids = NULL;
	size_t n;
	int rc = 0;

	if (ct_list(c->host, &ids, &n, e) < 0)
		return -e->code;
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct ct *ct = NULL;
		struct ct_info info;
		struct err one = { 0 };
		char text[16];

		str_fmt(text, sizeof(text), "%u", ids[i]);
		if (ct_open(c->host, text, 0, &ct, &one) < 0 || ct_info(ct, 0, &info, &one) < 0)
			ui_sayf(&c->ui, -1, "Container %u: %s", ids[i], one.text);
		else if (want(ct, &info))
			rc = boot_add(ret, ids[i], &ct_conf(ct)->bootorder, e);
		ct_close(ct);
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), boot_cmp);
	return rc;
}

int host_running(struct host_call *c, unsigned **ret, size_t *n, struct err *e)
{
	struct boot_list l = { 0 };
	int rc = boot_pick(c, boot_is_running, &l, e);

	*ret = rc == 0 ? calloc(l.n + 1, sizeof(**ret)) : NULL;
	for (size_t i = 0; *ret && i < l.n; i++)
		(*ret)[i] = l.v[i].id;
	*n = l.n;
	free(l.v);
	return rc == 0 && !*ret ? err_set(e, ENOMEM, "list") : rc;
}

/* --- one container, in a child --- */

static int boot_work(struct ct *ct, enum boot_verb verb, struct err *e)
{
	struct ct_info info;

	if (ct_lock(ct, e) < 0) {
		if (verb == BOOT_START || e->exit != VZ_LOCKED)
			return -e->code;
		err_clear(e);		/* the host goes down: whoever holds it will not finish */
		ct_skip_lock(ct);
	}
	if (verb == BOOT_START)
		return ct_start(ct, 0, e);
	if (ct_info(ct, 0, &info, e) < 0)
		return -e->code;
	if (info.run == CT_RUNNING)
		return ct_stop(ct, verb == BOOT_KILL ? CT_STOP_FAST : 0, e);
	return info.run == CT_MOUNTED ? ct_umount(ct, e) : 0;
}

static _Noreturn void boot_child(unsigned id, enum boot_verb verb)
{
	struct ui ui = { .quiet = true };
	const struct ct_ui sink = { .say = ui_say, .arg = &ui };
	struct ct_host *host = NULL;
	struct ct *ct = NULL;
	struct err e = { 0 };
	char text[16];
	int rc;

	str_fmt(text, sizeof(text), "%u", id);
	rc = ct_host_open(&sink, &host, &e);
	if (rc == 0) {
		ui_log(&ui, ct_host_conf(host), "vzhost");
		rc = ct_open(host, text, 0, &ct, &e);
	}
	if (rc == 0)
		rc = boot_work(ct, verb, &e);
	ui.quiet = false;
	ui.ctid = id;
	ui_sayf(&ui, 0, "Container %u %s: [%s]", id, verb == BOOT_START ? "start" : "stop", rc == 0 ? "OK" : "FAILED");
	if (rc < 0)
		ui_sayf(&ui, -1, "Container %u: %s", id, e.text);
	ct_close(ct);
	_exit(rc < 0);
}

static struct boot_ct *boot_find(struct boot_list *l, const pid_t *pids, pid_t pid)
{
	for (size_t i = 0; i < l->n; i++)
		if (pids[i] == pid)
			return &l->v[i];
	return NULL;
}

/* Runs @verb for all that are not done, @parallel at a time, from the front or from the back. */
static int boot_all(struct boot_list *l, enum boot_verb verb, size_t parallel, struct err *e)
{
	auto_free pid_t *pids = calloc(l->n + 1, sizeof(*pids));
	size_t next = 0, busy = 0;
	int status;

	if (!pids)
		return err_set(e, ENOMEM, "boot");
	while (next < l->n || busy) {
		size_t i = verb == BOOT_START ? next : l->n - 1 - next;
		struct boot_ct *ct;

		if (next < l->n && busy < parallel) {
			next++;
			if (l->v[i].done)
				continue;
			pids[i] = fork();
			if (pids[i] == 0)
				boot_child(l->v[i].id, verb);
			if (pids[i] < 0)
				return err_set(e, errno, "fork");
			busy++;
			continue;
		}
		ct = boot_find(l, pids, waitpid(-1, &status, 0));
		if (!ct)
			continue;
		ct->done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
		busy--;
	}
	return 0;
}

static size_t boot_parallel(const struct host_call *c)
{
	const struct num_opt *n = &ct_host_conf(c->host)->ve_parallel;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return n->set && n->v ? (size_t)n->v : 4 * (size_t)MAX(cpus, 1L);
}

static void boot_say(struct host_call *c, const char *what, const struct boot_list *l)
{
	struct buf auto_buf b = BUF_INIT;

	buf_adds(&b, what);
	for (size_t i = 0; i < l->n; i++)
		buf_addf(&b, " %u", l->v[i].id);
	ui_say(&c->ui, 0, 0, buf_str(&b));
}

static bool boot_enabled(struct host_call *c)
{
	const struct num_opt *on = &ct_host_conf(c->host)->virtuozzo;

	if (!on->set || on->v)
		return true;
	ui_say(&c->ui, 0, 0, "VIRTUOZZO is not yes in /etc/vz/vz.conf: nothing is done");
	return false;
}

static void boot_forget_running(void)
{
	auto_closedir DIR *d = opendir(HOST_REBOOT_DIR);
	struct dirent *de;

	while (d && (de = readdir(d)))
		if (*de->d_name != '.')
			unlinkat(dirfd(d), de->d_name, 0);
}

static bool boot_hand_over(struct host_call *c, const struct boot_list *l)
{
	auto_free unsigned *ids = calloc(l->n + 1, sizeof(*ids));

	for (size_t i = 0; ids && i < l->n; i++)
		ids[i] = l->v[i].id;
	return ids && boot_by_vzd(c, ids, l->n);
}

static int boot_start(struct host_call *c)
{
	struct boot_list l = { 0 };
	struct err e = { 0 };
	int rc;

	if (host_open(c, &e) < 0)
		return ui_fail(&c->ui, &e);
	if (!boot_enabled(c))
		return 0;
	rc = host_up(c);
	if (rc)
		return rc;
	rc = boot_pick(c, boot_wants_start, &l, &e);
	boot_forget_running();
	if (rc == 0 && l.n) {
		boot_say(c, "Starting CT:", &l);
		if (!boot_hand_over(c, &l))
			rc = boot_all(&l, BOOT_START, boot_parallel(c), &e);
	}
	free(l.v);
	return rc < 0 ? ui_fail(&c->ui, &e) : 0;
}

static int boot_remember(const struct boot_list *l, struct err *e)
{
	if (path_mkdir_host(HOST_REBOOT_DIR, 0755, e) < 0)
		return -e->code;
	for (size_t i = 0; i < l->n; i++) {
		char path[64];
		auto_close int fd = -1;

		str_fmt(path, sizeof(path), HOST_REBOOT_DIR "/%u", l->v[i].id);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (fd < 0)
			return err_set(e, errno, "%s", path);
	}
	return 0;
}

static int boot_stop(struct host_call *c)
{
	struct boot_list running = { 0 }, up = { 0 };
	struct err e = { 0 };
	int rc;

	if (host_open(c, &e) < 0)
		return ui_fail(&c->ui, &e);
	rc = boot_pick(c, boot_is_running, &running, &e);
	if (rc == 0)
		rc = boot_remember(&running, &e);
	if (rc == 0)
		rc = boot_pick(c, boot_is_up, &up, &e);
	if (rc == 0 && up.n)
		boot_say(c, "Stopping CT:", &up);
	for (int pass = 0; rc == 0 && pass < BOOT_PASSES; pass++)
		rc = boot_all(&up, pass + 1 < BOOT_PASSES ? BOOT_STOP : BOOT_KILL, boot_parallel(c) * BOOT_WAITERS, &e);
	free(running.v);
	free(up.v);
	if (rc < 0)
		return ui_fail(&c->ui, &e);
	return host_down(c);
}

static int boot_status(struct host_call *c)
{
	bool up = access(HOST_UP_MARK, F_OK) == 0;

	ui_say(&c->ui, 0, 0, up ? "OpenVZ is running..." : "OpenVZ is stopped.");
	return up ? 0 : BOOT_STOPPED;
}

static int boot_restart(struct host_call *c)
{
	int rc = boot_stop(c);

	return rc ? rc : boot_start(c);
}

int host_boot(struct host_call *c)
{
	static const struct { const char *word; int (*run)(struct host_call *); } verbs[] = {
		{ "start", boot_start }, { "stop", boot_stop }, { "restart", boot_restart }, { "reload", host_up },
		{ "force-reload", host_up }, { "status", boot_status },
	};

	for (size_t i = 0; c->argv[0] && !c->argv[1] && i < ARRAY_SIZE(verbs); i++)
		if (str_eq(verbs[i].word, c->argv[0]))
			return verbs[i].run(c);
	ui_say(&c->ui, -1, 0, "Usage: vzhost boot start|stop|restart|reload|status");
	return VZ_INVALID_PARAMETER_SYNTAX;
}
