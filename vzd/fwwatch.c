/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vzd/fwwatch.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <syslog.h>

#include "net/net.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "vzd/bus.h"
#include "vzd/inv.h"

#define EVERY_MS 1000u		/* whatever is heard */
#define AGAIN_MS 10000u		/* after a reload that failed */

struct fwwatch {
	struct vzd *d;
	struct net *net;
	struct ev_src *timer, *child, *watch;
	int fd;				/* net_watch_open(); -1: the kernel tells nobody */
	uint32_t gen;			/* of the ruleset, when it was looked at */
	uint64_t not_before_ms;
	bool blind;			/* said that it cannot be looked at */
};

static void tell(struct fwwatch *w, const char *detail)
{
	vzd_log(LOG_WARNING, "%s", detail);
	bus_emit(w->d->bus, "alert", 0, "", json_pack("{s:s, s:s}", "kind", "firewall", "detail", detail));
}

static void reloaded(void *arg, pid_t pid, int status)
{
	struct fwwatch *w = arg;

	(void)pid;
	w->child = NULL;
	w->gen = 0;
	if (!status) {
		tell(w, "somebody removed the containers' firewall tables: they are back");
		return;
	}
	w->not_before_ms = ev_now_ms() + AGAIN_MS;
	tell(w, "somebody removed the containers' firewall tables, and vzfw reload failed: see vzd's log");
}

static void reload(struct fwwatch *w)
{
	char prog[] = VZ_SBINDIR "/vzfw", word[] = "reload";
	char *argv[] = { prog, word, NULL };
	char *env[] = { (char[]){ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" }, (char[]){ "HOME=/" }, NULL };
	posix_spawn_file_actions_t quiet;
	struct err e = { 0 };
	pid_t pid;
	int rc;

	if (posix_spawn_file_actions_init(&quiet) != 0)
		return;
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	rc = posix_spawn(&pid, prog, &quiet, NULL, argv, env);
	posix_spawn_file_actions_destroy(&quiet);
	if (rc || ev_add_child(w->d->ev, "firewall reload", pid, reloaded, w, &w->child, &e) < 0)
		vzd_log(LOG_ERR, "run %s: %s", prog, rc ? strerror(rc) : e.text);
}

/* In this process, at once: a program takes its time to start, and the whole ruleset of a thousand containers a second. */
static void first_aid(struct fwwatch *w)
{
	struct err e = { 0 };

	if (net_first_aid(w->net, &e) < 0)
		vzd_log_err(LOG_WARNING, &e, "source checks of containers");
}

/* Nobody needs them before something runs; a start makes them itself. */
static bool somebody_runs(struct inv *v)
{
	struct inv_ct *ct;

	for (size_t i = 0; (ct = inv_at(v, i)); i++)
		if (ct->state == INV_RUNNING || ct->state == INV_FROZEN)
			return true;
	return false;
}

static void look(void *arg)
{
	struct fwwatch *w = arg;
	struct err e = { 0 };
	int rc;

	if (w->child || w->d->stopping || ev_now_ms() < w->not_before_ms)
		return;
	rc = net_tables_stand(w->net, &w->gen, &e);
	if (rc < 0 && !w->blind)
		vzd_log_err(LOG_WARNING, &e, "look at the firewall");
	w->blind = rc < 0;
	if (rc != 0)
		return;
	w->gen = 0;			/* looked at again until they stand */
	if (!somebody_runs(w->d->inv))
		return;
	first_aid(w);
	reload(w);
}

static void heard(void *arg, uint32_t events)
{
	struct fwwatch *w = arg;

	(void)events;
	net_watch_drain(w->fd);
	look(w);
}

/* Without it the timer sees, a second later. */
static int watch_open(struct fwwatch *w, struct err *e)
{
	struct err deaf = { 0 };

	w->fd = net_watch_open(&deaf);
	if (w->fd < 0) {
		vzd_log_err(LOG_WARNING, &deaf, "changes of the firewall are seen a second late");
		return 0;
	}
	return ev_add_fd(w->d->ev, "firewall changes", w->fd, EPOLLIN, heard, w, &w->watch, e);
}

int fwwatch_open(struct vzd *d, struct fwwatch **ret, struct err *e)
{
	struct fwwatch *w = calloc(1, sizeof(*w));

	if (!w)
		return err_set(e, ENOMEM, "firewall");
	w->d = d;
	w->fd = -1;
	if (net_open(ct_host_conf(d->host)->nft_table, &w->net, e) < 0 ||
	    ev_add_timer(d->ev, "firewall", EVERY_MS, EVERY_MS, look, w, &w->timer, e) < 0 ||
	    watch_open(w, e) < 0) {
		fwwatch_close(w);
		return -e->code;
	}
	*ret = w;
	return 0;
}

void fwwatch_close(struct fwwatch *w)
{
	if (!w)
		return;
	ev_del(w->timer);
	ev_del(w->child);
	ev_del(w->watch);
	auto_close_(&w->fd);
	net_close(w->net);
	free(w);
}
