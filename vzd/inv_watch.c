/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who tells the inventory that a container changed: inotify on /etc/vz/conf (configuration), /run/vz and /run/vz/CTID (state,
 * written by rename), /run/vz/exit (why it went down), and pidfds of each init and monitor. What they name is read again a
 * moment later, so that a burst is one reading.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "libct/files.h"
#include "util/auto.h"
#include "util/num.h"
#include "util/path.h"
#include "util/sys.h"
#include "vzd/inv_priv.h"

#define CONF_DIR "/etc/vz/conf"
#define RUN_DIR "/run/vz"
#define DRAIN_MS 3		/* a burst is one reading */
#define DRAIN_BUDGET_MS 5	/* of the loop, at a time */
#define RESCAN_MS 1000		/* the directory could not be read: again */
#define ORPHAN_MS 3000		/* so long the monitor has to clean up after its init */

struct watch {
	struct inv *v;
	unsigned id;
	uint64_t gen, died;		/* of the start watched; of the one whose init died */
	int wd;				/* of /run/vz/CTID, -1 */
	int init, monitor;		/* pidfds, -1 */
	pid_t monitor_pid;
	struct ev_src *init_src, *monitor_src, *orphan;
};

/* --- dirty list --- */

static void drain(void *arg);

static void drain_soon(struct inv *v, unsigned ms)
{
	struct err e = { 0 };

	if (!v->drain_timer && ev_add_timer(v->d->ev, "inv.drain", ms, 0, drain, v, &v->drain_timer, &e) < 0)
		vzd_log_err(LOG_ERR, &e, "inventory");
}

void inv_dirty(struct inv *v, unsigned id)
{
	for (size_t i = 0; i < v->n_dirty; i++)
		if (v->dirty[i] == id)
			return;
	if (v->n_dirty == v->size_dirty) {
		unsigned *more = reallocarray(v->dirty, v->size_dirty ? v->size_dirty * 2 : 32, sizeof(*more));

		if (!more) {
			v->rescan = true;	/* later, all of them */
			drain_soon(v, DRAIN_MS);
			return;
		}
		v->dirty = more;
		v->size_dirty = v->size_dirty ? v->size_dirty * 2 : 32;
	}
	v->dirty[v->n_dirty++] = id;
	drain_soon(v, DRAIN_MS);
}

static void exit_backlog(void *arg);

/* Something was lost: every container there is or was is read again, a few at a time, and so are records of exits. */
static int rescan(struct inv *v, struct err *e)
{
	auto_free unsigned *ids = NULL, *all = NULL;
	size_t n = 0, k = 0, n_all = 0;

	if (ct_list(v->d->host, &ids, &n, e) < 0)
		return -e->code;
	all = calloc(v->n + n + 1, sizeof(*all));
	if (!all)
		return err_set(e, ENOMEM, "read containers again");
	for (size_t i = 0; i < v->n || k < n;) {	/* both ascend */
		unsigned known = i < v->n ? v->v[i]->id : UINT_MAX, there = k < n ? ids[k] : UINT_MAX;

		all[n_all++] = MIN(known, there);
		i += known <= there;
		k += there <= known;
	}
	free(v->dirty);
	v->dirty = take_ptr(all);
	v->n_dirty = n_all;
	v->size_dirty = v->n + n + 1;
	exit_backlog(v);
	return 0;
}

static void drain(void *arg)
{
	struct inv *v = arg;
	uint64_t until = ev_now_ms() + DRAIN_BUDGET_MS;
	struct err e = { 0 };

	v->drain_timer = NULL;
	if (v->rescan) {
		v->rescan = false;
		if (rescan(v, &e) < 0) {
			vzd_log_err(LOG_ERR, &e, "inventory");
			v->rescan = true;
			drain_soon(v, RESCAN_MS);
			return;
		}
	}
	while (v->n_dirty) {
		unsigned id = v->dirty[0];

		memmove(v->dirty, v->dirty + 1, --v->n_dirty * sizeof(*v->dirty));
		inv_update(v, id);
		if (ev_now_ms() >= until)
			break;
	}
	if (v->n_dirty)
		drain_soon(v, 1);
}

/* --- records of exits --- */

static void exit_file(struct inv *v, const char *name)
{
	struct ct_exit x;
	struct err e = { 0 };

	if (name[0] == '.')
		return;
	if (ct_exit_read(v->exit_dir, name, &x, &e) == 0)
		inv_exit_seen(v, &x);
	else if (e.code != ENOENT)
		vzd_log_err(LOG_WARNING, &e, "record of an exit");
	unlinkat(v->exit_dir, name, 0);
}

/* Those that were written while nobody looked; deferred, so that every module is there to hear of them. */
static void exit_backlog(void *arg)
{
	struct inv *v = arg;
	int fd = openat(v->exit_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *de;

	while (d && (de = readdir(d)))
		exit_file(v, de->d_name);
}

/* --- inotify --- */

static unsigned id_of(const char *name, const char *suffix)
{
	char text[16];
	size_t n = strspn(name, "0123456789");
	uint64_t id;

	if (!n || n >= sizeof(text) || !str_eq(name + n, suffix))
		return 0;
	memcpy(text, name, n);
	text[n] = '\0';
	return num_u64(text, &id) == 0 && id <= CT_ID_MAX ? (unsigned)id : 0;
}

static void one_event(struct inv *v, const struct inotify_event *ie)
{
	const char *name = ie->len ? ie->name : "";
	unsigned id = 0;

	if (ie->mask & IN_Q_OVERFLOW) {
		v->rescan = true;
		drain_soon(v, DRAIN_MS);
		return;
	}
	if (ie->wd == v->wd_exit) {
		exit_file(v, name);
		return;
	}
	if (ie->wd == v->wd_conf || ie->wd == v->wd_run || ie->wd == v->wd_intent) {
		id = id_of(name, ie->wd == v->wd_conf ? ".conf" : "");
	} else if (str_eq(name, "state") || str_eq(name, "frozen")) {
		for (size_t i = 0; i < v->n && !id; i++) {
			const struct watch *w = v->v[i]->watch;

			id = w && w->wd == ie->wd ? v->v[i]->id : 0;
		}
	}
	if (id)
		inv_dirty(v, id);
}

static ssize_t take_notices(struct inv *v)
{
	char text[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n = read(v->ino, text, sizeof(text));

	for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= n;) {
		const struct inotify_event *ie = (const struct inotify_event *)(text + at);

		one_event(v, ie);
		at += (ssize_t)sizeof(*ie) + ie->len;
	}
	return n;
}

void inv_hear(struct inv *v)
{
	while (take_notices(v) > 0)
		;
}

static void on_inotify(void *arg, uint32_t events)
{
	(void)events;
	take_notices(arg);
}

/* --- processes --- */

static void reaper_ended(void *arg, pid_t pid, int status)
{
	(void)arg;
	if (status)
		vzd_log(LOG_WARNING, "vz-reap (%d) ended with status %d", pid, status);
}

static void spawn_reaper(struct watch *w)
{
	char id[16], gen[24], reason[] = "unknown", prog[] = VZ_LIBEXEC "/vz-reap";
	char *argv[] = { prog, id, gen, reason, NULL };
	char *env[] = { (char[]){ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" }, (char[]){ "HOME=/" }, NULL };
	struct ev_src *src;
	struct err e = { 0 };
	pid_t pid;
	int rc;

	str_fmt(id, sizeof(id), "%u", w->id);
	str_fmt(gen, sizeof(gen), "%" PRIu64, w->died);
	rc = posix_spawn(&pid, prog, NULL, NULL, argv, env);
	if (rc || ev_add_child(w->v->d->ev, "inv.reaper", pid, reaper_ended, NULL, &src, &e) < 0)
		vzd_log(LOG_ERR, "CT %u: cannot clean up after its init: %s", w->id, rc ? strerror(rc) : e.text);
}

/* Its monitor is dead, too: what is left is taken down by us. vz-reap makes sure that it is still this start. */
static void orphan(void *arg)
{
	struct watch *w = arg;
	char path[64];

	w->orphan = NULL;
	str_fmt(path, sizeof(path), RUN_DIR "/%u/state", w->id);
	if (access(path, F_OK) == 0)
		spawn_reaper(w);
	inv_dirty(w->v, w->id);
}

static void expect_cleaned(struct watch *w)
{
	struct err e = { 0 };

	w->died = w->gen;
	if (!w->orphan && ev_add_timer(w->v->d->ev, "inv.orphan", ORPHAN_MS, 0, orphan, w, &w->orphan, &e) < 0)
		vzd_log_err(LOG_ERR, &e, "inventory");
}

static void init_died(void *arg, uint32_t events)
{
	struct watch *w = arg;

	(void)events;
	ev_del(w->init_src);
	w->init_src = NULL;
	inv_dirty(w->v, w->id);
	expect_cleaned(w);
}

/* ct_info() gives it a new one. */
static void monitor_died(void *arg, uint32_t events)
{
	struct watch *w = arg;

	(void)events;
	ev_del(w->monitor_src);
	w->monitor_src = NULL;
	auto_close_(&w->monitor);
	w->monitor_pid = 0;
	inv_dirty(w->v, w->id);
}

static void watch_pid(struct watch *w, const char *name, pid_t pid, ev_fd_fn *fn, int *fd, struct ev_src **src)
{
	struct err e = { 0 };

	ev_del(*src);
	*src = NULL;
	auto_close_(fd);
	*fd = pid > 0 ? sys_pidfd_open(pid, 0) : -1;
	if (*fd >= 0 && ev_add_fd(w->v->d->ev, name, *fd, EPOLLIN, fn, w, src, &e) < 0)
		vzd_log_err(LOG_WARNING, &e, name);
}

void inv_watch_ct(struct inv *v, struct inv_ct *ct, pid_t monitor)
{
	struct watch *w = ct->watch;
	char path[64];
	int wd;

	str_fmt(path, sizeof(path), RUN_DIR "/%u", ct->id);
	if (!ct->gen && !w && access(path, F_OK) < 0)
		return;
	if (!w) {
		w = ct->watch = calloc(1, sizeof(*w));
		if (!w)
			return;
		*w = (struct watch){ .v = v, .id = ct->id, .wd = -1, .init = -1, .monitor = -1 };
	}
	wd = inotify_add_watch(v->ino, path, IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_ONLYDIR);
	if (wd >= 0 && wd != w->wd)
		inv_dirty(v, ct->id);		/* what happened before the watch was there */
	w->wd = wd;
	if (ct->gen != w->gen) {
		if (ct->gen) {		/* up again: somebody has cleaned up */
			ev_del(w->orphan);
			w->orphan = NULL;
		} else if (w->init_src) {	/* read before its pidfd has told of its death */
			expect_cleaned(w);
		}
		w->gen = ct->gen;
		watch_pid(w, "inv.init", ct->init_pid, init_died, &w->init, &w->init_src);
		w->monitor_pid = 0;
	}
	if (monitor != w->monitor_pid) {
		w->monitor_pid = monitor;
		watch_pid(w, "inv.monitor", monitor, monitor_died, &w->monitor, &w->monitor_src);
	}
	if (wd < 0 && !ct->gen && !w->orphan)
		inv_unwatch_ct(v, ct);
}

void inv_unwatch_ct(struct inv *v, struct inv_ct *ct)
{
	struct watch *w = ct->watch;

	if (!w)
		return;
	if (w->wd >= 0)
		inotify_rm_watch(v->ino, w->wd);
	ev_del(w->init_src);
	ev_del(w->monitor_src);
	ev_del(w->orphan);
	auto_close_(&w->init);
	auto_close_(&w->monitor);
	free(w);
	ct->watch = NULL;
}

/* --- life --- */

static int make_dirs(struct err *e)
{
	if (path_mkdir_host(CONF_DIR, 0755, e) < 0 || path_mkdir_host(RUN_DIR, 0755, e) < 0)
		return -e->code;
	return path_mkdir_host(CT_INTENT_DIR, 0700, e) < 0 ? -e->code : path_mkdir_host(CT_EXIT_DIR, 0700, e);
}

int inv_watch_open(struct inv *v, struct err *e)
{
	const uint32_t file = IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_DELETE | IN_ONLYDIR;

	if (make_dirs(e) < 0)
		return -e->code;
	v->exit_dir = open(CT_EXIT_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	v->ino = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (v->ino < 0 || v->exit_dir < 0)
		return err_set(e, errno, "watch containers");
	v->wd_conf = inotify_add_watch(v->ino, CONF_DIR, file);
	v->wd_run = inotify_add_watch(v->ino, RUN_DIR, IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR);
	v->wd_exit = inotify_add_watch(v->ino, CT_EXIT_DIR, IN_MOVED_TO | IN_ONLYDIR);
	v->wd_intent = inotify_add_watch(v->ino, CT_INTENT_DIR, IN_DELETE | IN_ONLYDIR);	/* a snapshot has come or gone */
	if (v->wd_conf < 0 || v->wd_run < 0 || v->wd_exit < 0 || v->wd_intent < 0)
		return err_set(e, errno, "watch " CONF_DIR ", " RUN_DIR ", " CT_EXIT_DIR " and " CT_INTENT_DIR);
	if (ev_add_fd(v->d->ev, "inv.inotify", v->ino, EPOLLIN, on_inotify, v, &v->ino_src, e) < 0)
		return -e->code;
	return ev_defer(v->d->ev, "inv.exits", exit_backlog, v, e);
}

void inv_watch_close(struct inv *v)
{
	ev_del(v->ino_src);
	ev_del(v->drain_timer);
	auto_close_(&v->ino);
	auto_close_(&v->exit_dir);
	free(v->dirty);
}
