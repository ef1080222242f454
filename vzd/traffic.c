/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vzd/traffic.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <syslog.h>
#include <unistd.h>

#include "libct/overquota.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/ev.h"
#include "util/fio.h"
#include "util/num.h"
#include "vzd/bus.h"
#include "vzd/inv.h"
#include "vzd/timefmt.h"
#include "vzd/usage_class.h"

#define EVERY_MS 60000u

struct traffic {
	struct vzd *d;
	struct ev_src *timer, *child, *watch;
	struct usage_class *usage;
	int ino, dir;			/* inotify and the directory of what is noted */
};

/* --- quotas that were noted --- */

/* "101.over": 101, with @suffix ".over" */
static unsigned id_of(const char *name, const char *suffix)
{
	size_t n = strspn(name, "0123456789");
	char text[16];
	uint64_t id;

	if (!n || n >= sizeof(text) || !str_eq(name + n, suffix))
		return 0;
	memcpy(text, name, n);
	text[n] = '\0';
	return num_u64(text, &id) == 0 && id <= CT_ID_MAX ? (unsigned)id : 0;
}

/* The event is in the database's queue before the copy says so: killed between, it is told twice. */
static void tell(struct traffic *t, unsigned id, const char *name)
{
	auto_buf struct buf b = BUF_INIT, old = BUF_INIT;
	struct err e = { 0 }, ignored = { 0 };
	struct inv_ct *ct = inv_find(t->d->inv, id);
	struct ct_overquota o;
	char told[24];

	str_fmt(told, sizeof(told), "%u" CT_OVERQUOTA_TOLD, id);
	if (!ct || fio_read_at(t->dir, name, &b, &ignored) < 0 || !ct_overquota_parse(buf_str(&b), &o))
		return;
	if (fio_read_at(t->dir, told, &old, &ignored) == 0 && str_eq(buf_str(&b), buf_str(&old)))
		return;
	bus_emit(t->d->bus, "ct.traffic", id, ct->owner, json_pack("{s:i, s:I, s:I, s:s}", "month", o.month, "used",
		 (json_int_t)o.used, "quota", (json_int_t)o.quota, "action", o.action));
	if (fio_replace_run(t->dir, told, buf_str(&b), b.len, 0600, &e) < 0)
		vzd_log_err(LOG_WARNING, &e, "quota of traffic");
}

static void count(struct traffic *t, unsigned id)
{
	auto_free struct ct_traffic *now = malloc(sizeof(*now));
	struct inv_ct *ct = inv_find(t->d->inv, id);
	struct err e = { 0 };

	if (now && ct && ct_traffic_stored(id, now, &e) == 0)
		usage_class_saw(t->usage, id, ct->owner, timefmt_now_ms() / 1000, now);
}

static void noted(struct traffic *t, const char *name)
{
	unsigned id = id_of(name, CT_OVERQUOTA_SUFFIX);

	if (id) {
		tell(t, id, name);
		return;
	}
	id = id_of(name, ".0");
	if (!id)
		id = id_of(name, ".1");
	if (id)
		count(t, id);
}

static void on_inotify(void *arg, uint32_t events)
{
	char text[4096 + NAME_MAX] __attribute__((aligned(__alignof__(struct inotify_event))));
	struct traffic *t = arg;
	ssize_t n = read(t->ino, text, sizeof(text));

	(void)events;
	for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= n;) {
		const struct inotify_event *ie = (const struct inotify_event *)(text + at);

		if (ie->len)
			noted(t, ie->name);
		at += (ssize_t)sizeof(*ie) + ie->len;
	}
}

/* What was noted while nobody looked. */
static void backlog(void *arg)
{
	struct traffic *t = arg;
	int fd = openat(t->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *de;

	while (d && (de = readdir(d))) {
		if (!id_of(de->d_name, ".0"))	/* who has that has the other, too */
			noted(t, de->d_name);
	}
	usage_class_listed(t->usage);
}

static int watch_open(struct traffic *t, struct err *e)
{
	t->dir = ct_overquota_dir(e);
	if (t->dir < 0)
		return t->dir;
	t->ino = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (t->ino < 0 || inotify_add_watch(t->ino, CT_OVERQUOTA_DIR, IN_MOVED_TO) < 0)
		return err_set(e, errno, "watch " CT_OVERQUOTA_DIR);
	if (ev_add_fd(t->d->ev, "traffic notes", t->ino, EPOLLIN, on_inotify, t, &t->watch, e) < 0)
		return -e->code;
	return ev_defer(t->d->ev, "traffic backlog", backlog, t, e);	/* webhooks are there by then */
}

/* --- the minute --- */

static void ended(void *arg, pid_t pid, int status)
{
	struct traffic *t = arg;

	t->child = NULL;
	if (status)
		vzd_log(LOG_WARNING, "vznetstat -s (%d) ended with status %d", pid, status);
}

static void look(void *arg)
{
	char prog[] = VZ_SBINDIR "/vznetstat", store[] = "-s";
	char *argv[] = { prog, store, NULL };
	char *env[] = { (char[]){ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" }, (char[]){ "HOME=/" }, NULL };
	struct traffic *t = arg;
	struct err e = { 0 };
	pid_t pid;
	int rc;

	if (t->child || t->d->stopping)
		return;			/* still at it: it stops somebody */
	rc = posix_spawn(&pid, prog, NULL, NULL, argv, env);
	if (rc || ev_add_child(t->d->ev, "traffic", pid, ended, t, &t->child, &e) < 0)
		vzd_log(LOG_ERR, "run %s: %s", prog, rc ? strerror(rc) : e.text);
}

void traffic_flush(struct traffic *t)
{
	usage_class_flush(t->usage);
}

int traffic_open(struct vzd *d, struct traffic **ret, struct err *e)
{
	struct traffic *t = calloc(1, sizeof(*t));

	if (!t)
		return err_set(e, ENOMEM, "traffic");
	t->d = d;
	t->ino = t->dir = -1;
	if (usage_class_open(d, &t->usage, e) < 0 ||
	    ev_add_timer(d->ev, "traffic", EVERY_MS, EVERY_MS, look, t, &t->timer, e) < 0 || watch_open(t, e) < 0) {
		traffic_close(t);
		return -e->code;
	}
	*ret = t;
	return 0;
}

void traffic_close(struct traffic *t)
{
	if (!t)
		return;
	usage_class_close(t->usage);
	ev_del(t->timer);
	ev_del(t->child);
	ev_del(t->watch);
	auto_close_(&t->ino);
	auto_close_(&t->dir);
	free(t);
}
