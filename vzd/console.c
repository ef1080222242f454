/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tickets, and the sessions they open. The children's side of a session is in console_child.c. */
#include "vzd/console.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/table.h"
#include "vzd/console_priv.h"
#include "vzd/inv.h"

#define MONITOR_MS 40		/* a monitor answers at once or not at all */
#define KILL_MS 5000		/* from SIGHUP to SIGKILL */

static const char *const kind_names[CONSOLE_N] = { "console", "shell", "tty", "exec" };

struct ticket {
	struct ticket *next;
	char text[CONSOLE_TICKET_LEN + 1];
	struct principal *who;
	struct console_spec spec;
	uint64_t until;			/* ev_now_ms() */
};
struct session {
	struct session *next;
	struct consoles *cs;
	struct principal *who;
	struct api_call *call;		/* NULL once it has ended or its client has left */
	unsigned ctid;			/* 0: none */
	bool changes, made;		/* made: it was not there when this began */
	pid_t pid;			/* 0: none (console) or gone */
	struct ev_src *child, *killer;
};
struct consoles {
	struct vzd *d;
	struct ticket *tickets;
	struct session *sessions;
	struct ev_src *sweep;		/* tokens also expire by time alone */
	struct auth_watch *watch;
};

enum console_kind console_kind_of(const char *name)
{
	int i = table_find(kind_names, CONSOLE_N, name);

	return i < 0 ? CONSOLE_N : (enum console_kind)i;
}

/* --- copies of argv --- */

static void argv_free(char *const *argv)
{
	for (size_t i = 0; argv && argv[i]; i++)
		free(argv[i]);
	free((void *)(uintptr_t)argv);
}

static char *const *argv_copy(char *const *argv, struct err *e)
{
	size_t n = 0;
	char **v;

	while (argv && argv[n])
		n++;
	v = calloc(n + 1, sizeof(*v));
	if (!v) {
		err_set(e, ENOMEM, "console");
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		v[i] = strdup(argv[i]);
		if (v[i])
			continue;
		argv_free(v);
		err_set(e, ENOMEM, "console");
		return NULL;
	}
	return v;
}

/* --- tickets --- */

static void ticket_free(struct ticket *t)
{
	principal_unref(t->who);
	argv_free(t->spec.argv);
	explicit_bzero(t->text, sizeof(t->text));
	free(t);
}

/* Tickets whose time is over, and those of tokens that are no more. */
static void expire(struct consoles *cs)
{
	uint64_t now = ev_now_ms();
	struct err none = { 0 };

	for (struct ticket **p = &cs->tickets; *p;) {
		struct ticket *t = *p;

		if (t->until > now && auth_check(cs->d->auth, t->who, &none) == 0) {
			p = &t->next;
			continue;
		}
		*p = t->next;
		ticket_free(t);
	}
}

static int make_text(char ret[CONSOLE_TICKET_LEN + 1], struct err *e)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned char raw[CONSOLE_TICKET_LEN];

	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		return err_set(e, errno, "random bytes for a ticket");
	for (size_t i = 0; i < sizeof(raw); i++)
		ret[i] = digits[raw[i] & 63];
	ret[CONSOLE_TICKET_LEN] = '\0';
	return 0;
}

static bool crowded(const struct consoles *cs, const struct principal *who, unsigned ctid)
{
	unsigned ct = 0, tenant = 0;

	for (const struct session *s = cs->sessions; s; s = s->next) {
		ct += ctid && s->ctid == ctid;
		tenant += who->tenant[0] && str_eq(s->who->tenant, who->tenant);
	}
	for (const struct ticket *t = cs->tickets; t; t = t->next) {
		ct += ctid && t->spec.ctid == ctid;
		tenant += who->tenant[0] && str_eq(t->who->tenant, who->tenant);
	}
	return ct >= CONSOLE_PER_CT || tenant >= CONSOLE_PER_TENANT;
}

int console_ticket(struct consoles *cs, struct principal *who, const struct console_spec *s, char ret[CONSOLE_TICKET_LEN + 1],
		   struct err *e)
{
	struct ticket *t;

	expire(cs);
	if (crowded(cs, who, s->ctid))
		return err_say(e, EBUSY, "too many terminals are open: %d of a container and %d of a tenant at most",
			       CONSOLE_PER_CT, CONSOLE_PER_TENANT);
	t = calloc(1, sizeof(*t));
	if (!t)
		return err_set(e, ENOMEM, "ticket");
	t->spec = *s;
	t->spec.argv = argv_copy(s->argv, e);
	if (!t->spec.argv || make_text(t->text, e) < 0) {
		ticket_free(t);
		return -e->code;
	}
	t->who = principal_ref(who);
	t->until = ev_now_ms() + CONSOLE_TICKET_MS;
	t->next = cs->tickets;
	cs->tickets = t;
	str_copy(ret, CONSOLE_TICKET_LEN + 1, t->text);
	return 0;
}

/* Every ticket is looked at in full, so that the time tells nothing. The one found is taken out: it is good once. */
static struct ticket *ticket_take(struct consoles *cs, const char *text)
{
	struct ticket *found = NULL, **at = NULL;

	expire(cs);
	if (strlen(text) != CONSOLE_TICKET_LEN)
		return NULL;
	for (struct ticket **p = &cs->tickets; *p; p = &(*p)->next) {
		unsigned char diff = 0;

		for (size_t i = 0; i < CONSOLE_TICKET_LEN; i++)
			diff |= (unsigned char)((*p)->text[i] ^ text[i]);
		if (!diff)
			at = p;
	}
	if (at) {
		found = *at;
		*at = found->next;
	}
	return found;
}

/* --- sessions --- */

static void session_free(struct session *s)
{
	for (struct session **p = &s->cs->sessions; *p; p = &(*p)->next) {
		if (*p == s) {
			*p = s->next;
			break;
		}
	}
	ev_del(s->child);
	ev_del(s->killer);
	principal_unref(s->who);
	free(s);
}

static void say_exit(struct session *s, int code)
{
	struct api_call *c = s->call;
	char text[32];

	if (!c)
		return;
	s->call = NULL;
	c->on_close = NULL;
	c->priv = NULL;
	str_fmt(text, sizeof(text), "{\"exit\":%d}", code);
	api_chunk(c, text, strlen(text), true);
	api_unref(c);
}

static void child_ended(void *arg, pid_t pid, int status)
{
	struct session *s = arg;

	(void)pid;
	s->pid = 0;
	s->child = NULL;
	say_exit(s, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	session_free(s);
}

static void kill_late(void *arg)
{
	struct session *s = arg;

	s->killer = NULL;
	if (s->pid > 0)
		kill(-s->pid, SIGKILL);
}

/* The client is gone, or must go: the program hears of it as from a terminal that was closed. */
static void hang_up(struct session *s)
{
	struct err e = { 0 };

	if (s->pid <= 0) {
		say_exit(s, 129);
		session_free(s);
		return;
	}
	kill(-s->pid, SIGHUP);
	kill(-s->pid, SIGCONT);
	if (!s->killer)
		ev_add_timer(s->cs->d->ev, "console.kill", KILL_MS, 0, kill_late, s, &s->killer, &e);
}

static void client_left(struct api_call *c)
{
	struct session *s = c->priv;

	c->priv = NULL;
	if (!s || s->call != c)
		return;
	s->call = NULL;
	hang_up(s);
	api_unref(c);
}

static struct session *session_new(struct consoles *cs, struct api_call *c, struct principal *who, const struct console_spec *spec,
				   struct err *e)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s) {
		err_set(e, ENOMEM, "console");
		return NULL;
	}
	*s = (struct session){ .next = cs->sessions, .cs = cs, .who = principal_ref(who), .call = api_ref(c),
			       .ctid = spec->ctid, .changes = spec->changes, .made = !inv_find(cs->d->inv, spec->ctid) };
	cs->sessions = s;
	c->priv = s;
	c->on_close = client_left;
	return s;
}

static void session_undo(struct session *s)
{
	struct api_call *c = s->call;

	s->call = NULL;
	c->priv = NULL;
	c->on_close = NULL;
	api_unref(c);
	session_free(s);
}

static int open_console(struct session *s, struct err *e)
{
	struct ct *ct = NULL;
	int fd;

	if (inv_ct_open(s->cs->d->inv, s->ctid, &ct, e) < 0)
		return -e->code;
	fd = ct_console_fd(ct, MONITOR_MS, e);
	ct_close(ct);
	if (fd < 0)
		return -e->code;
	api_fds(s->call, 101, json_pack("{s:s}", "ws", "console"), &fd, 1);
	close(fd);
	return 0;
}

static int open_program(struct session *s, const struct console_spec *spec, const int *fds, struct err *e)
{
	struct console_ends ends = { .fd = { -1, -1, -1 } };
	int rc;

	s->pid = console_spawn(spec, fds, &ends, e);
	if (s->pid < 0)
		return -e->code;
	if (ev_add_child(s->cs->d->ev, "console.child", s->pid, child_ended, s, &s->child, e) < 0) {
		kill(-s->pid, SIGKILL);
		rc = -e->code;
	} else {
		api_fds(s->call, 101, json_pack("{s:s}", "ws", fds ? "none" : ends.n == 1 ? "tty" : "exec"), ends.fd, ends.n);
		rc = 0;
	}
	for (size_t i = 0; i < ends.n; i++)
		auto_close_(&ends.fd[i]);
	return rc;
}

static int start_as(struct consoles *cs, struct api_call *c, struct principal *who, const struct console_spec *spec,
		    const int *fds, struct err *e)
{
	struct session *s = session_new(cs, c, who, spec, e);

	if (!s)
		return -e->code;
	if ((spec->kind == CONSOLE_CONSOLE ? open_console(s, e) : open_program(s, spec, fds, e)) == 0)
		return 0;
	session_undo(s);
	return -e->code;
}

int console_start(struct consoles *cs, struct api_call *c, const struct console_spec *spec, const int *fds, struct err *e)
{
	return start_as(cs, c, c->who, spec, fds, e);
}

int console_open(struct consoles *cs, struct api_call *c, const char *text, struct err *e)
{
	struct ticket *t = ticket_take(cs, text);
	const struct inv_ct *ct;
	int rc;

	if (!t) {
		api_problem(c, "unauthorized", 0, "the ticket is unknown, used or expired", NULL);
		return 0;
	}
	ct = t->spec.ctid ? inv_find(cs->d->inv, t->spec.ctid) : NULL;
	if (t->spec.ctid && (!ct || !auth_sees(t->who, ct)))
		rc = err_say(e, ENOENT, "there is no container '%u'", t->spec.ctid);
	else
		rc = start_as(cs, c, t->who, &t->spec, NULL, e);
	if (rc == 0)
		auth_audit(cs->d->auth, t->who, "GET", "/v1/console", 101, NULL, kind_names[t->spec.kind]);
	ticket_free(t);
	return rc;
}

bool consoles_change(const struct consoles *cs, unsigned ctid)
{
	for (const struct session *s = cs ? cs->sessions : NULL; s; s = s->next)
		if (s->changes && s->ctid == ctid)
			return true;
	for (const struct ticket *t = cs ? cs->tickets : NULL; t; t = t->next)
		if (t->spec.changes && t->spec.ctid == ctid)
			return true;
	return false;
}

/* --- life --- */

/* Is the token good, and the container still the caller's? */
static bool still_may(const struct session *s)
{
	const struct inv_ct *ct = s->ctid && !s->made ? inv_find(s->cs->d->inv, s->ctid) : NULL;
	struct err none = { 0 };

	return auth_check(s->cs->d->auth, s->who, &none) == 0 && (!ct || auth_sees(s->who, ct));
}

static void sweep(void *arg)
{
	struct consoles *cs = arg;

	expire(cs);
	for (struct session *s = cs->sessions, *next; s; s = next) {
		next = s->next;
		if (!s->killer && !still_may(s))
			hang_up(s);
	}
}

int consoles_open(struct vzd *d, struct consoles **ret, struct err *e)
{
	struct consoles *cs = calloc(1, sizeof(*cs));

	if (!cs)
		return err_set(e, ENOMEM, "consoles");
	cs->d = d;
	if (ev_add_timer(d->ev, "console.sweep", 10000, 10000, sweep, cs, &cs->sweep, e) < 0 ||
	    auth_watch(d->auth, sweep, cs, &cs->watch, e) < 0) {
		ev_del(cs->sweep);
		free(cs);
		return -e->code;
	}
	*ret = cs;
	return 0;
}

void consoles_close(struct consoles *cs)
{
	if (!cs)
		return;
	ev_del(cs->sweep);
	auth_unwatch(cs->watch);
	while (cs->tickets) {
		struct ticket *t = cs->tickets;

		cs->tickets = t->next;
		ticket_free(t);
	}
	while (cs->sessions) {
		struct session *s = cs->sessions;

		if (s->pid > 0)
			kill(-s->pid, SIGHUP);
		say_exit(s, 129);
		session_free(s);
	}
	free(cs);
}
