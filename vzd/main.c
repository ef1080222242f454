/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vzd. Opens the modules in the order of one table, runs the loop, closes them in reverse. It may be killed at any moment:
 * what it promised is in the database, jobs and containers are processes of their own.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <syslog.h>

#include "templates/tmpl.h"
#include "util/auto.h"
#include "util/err.h"
#include "vzd/api_schema.h"
#include "vzd/auth.h"
#include "vzd/autostart.h"
#include "vzd/bus.h"
#include "vzd/claims.h"
#include "vzd/console.h"
#include "vzd/db.h"
#include "vzd/fwwatch.h"
#include "vzd/inv.h"
#include "vzd/job.h"
#include "vzd/policy.h"
#include "vzd/pools.h"
#include "vzd/proc.h"
#include "vzd/sampler.h"
#include "vzd/traffic.h"
#include "vzd/server.h"
#include "vzd/supervise.h"
#include "vzd/web.h"
#include "vzd/webhook.h"

#define STOP_MS 3000			/* calls under way get so long to be answered */
#define STOP_STEP_MS 20
#define LOOK_MS 10000			/* how often slow callbacks are told */

/* --- modules --- */

static int db_up(struct vzd *d, struct err *e) { return db_open(d, VZD_LIB "/vzd.db", &d->db, e); }
static void db_down(struct vzd *d) { db_close(d->db); }
static int bus_up(struct vzd *d, struct err *e) { return bus_open(d, &d->bus, e); }
static void bus_down(struct vzd *d) { bus_close(d->bus); }
static int inv_up(struct vzd *d, struct err *e) { return inv_open(d, &d->inv, e); }
static void inv_down(struct vzd *d) { claims_done(d); inv_close(d->inv); }
static int auth_up(struct vzd *d, struct err *e) { return auth_open(d, &d->auth, e); }
static void auth_down(struct vzd *d) { auth_close(d->auth); }
static int jobs_up(struct vzd *d, struct err *e)
{
	if (jobs_open(d, &d->jobs, e) < 0)
		return -e->code;
	job_each_change(d->jobs, claims_words, d);
	return 0;
}
static void jobs_down(struct vzd *d) { jobs_close(d->jobs); }
static int consoles_up(struct vzd *d, struct err *e) { return consoles_open(d, &d->consoles, e); }
static void consoles_down(struct vzd *d) { consoles_close(d->consoles); }
static int supervise_up(struct vzd *d, struct err *e) { return supervise_open(d, &d->supervise, e); }
static void supervise_down(struct vzd *d) { supervise_close(d->supervise); }
static int autostart_up(struct vzd *d, struct err *e) { return autostart_open(d, &d->autostart, e); }
static void autostart_down(struct vzd *d) { autostart_close(d->autostart); }
static int sampler_up(struct vzd *d, struct err *e) { return sampler_open(d, &d->sampler, e); }
static void sampler_down(struct vzd *d) { sampler_close(d->sampler); }
static int policy_up(struct vzd *d, struct err *e) { return policy_open(d, &d->policy, e); }
static void policy_down(struct vzd *d) { policy_close(d->policy); }
static int traffic_up(struct vzd *d, struct err *e) { return traffic_open(d, &d->traffic, e); }
static void traffic_down(struct vzd *d) { traffic_close(d->traffic); }
static int fwwatch_up(struct vzd *d, struct err *e) { return fwwatch_open(d, &d->fwwatch, e); }
static void fwwatch_down(struct vzd *d) { fwwatch_close(d->fwwatch); }
static int pools_up(struct vzd *d, struct err *e) { return pools_open(d, &d->pools, e); }
static void pools_down(struct vzd *d) { pools_close(d->pools); }
static int webhooks_up(struct vzd *d, struct err *e) { return webhooks_open(d, &d->webhooks, e); }
static void webhooks_down(struct vzd *d) { webhooks_close(d->webhooks); }
static int server_up(struct vzd *d, struct err *e) { return server_open(d, &d->server, e); }
static void server_down(struct vzd *d) { server_close(d->server); }
static int web_up(struct vzd *d, struct err *e) { return web_open(d, &d->web, e); }
static void web_down(struct vzd *d) { web_close(d->web); }

static const struct vzd_module {
	const char *name;
	int (*open)(struct vzd *d, struct err *e);
	void (*close)(struct vzd *d);
} modules[] = {
	{ "database", db_up, db_down },
	{ "events", bus_up, bus_down },
	{ "inventory", inv_up, inv_down },
	{ "authorisation", auth_up, auth_down },
	{ "jobs", jobs_up, jobs_down },
	{ "consoles", consoles_up, consoles_down },
	{ "supervision", supervise_up, supervise_down },
	{ "autostart", autostart_up, autostart_down },
	{ "figures", sampler_up, sampler_down },
	{ "memory policy", policy_up, policy_down },
	{ "traffic", traffic_up, traffic_down },
	{ "firewall", fwwatch_up, fwwatch_down },
	{ "pools", pools_up, pools_down },
	{ "webhooks", webhooks_up, webhooks_down },
	{ "sockets", server_up, server_down },
	{ "vzweb", web_up, web_down },
};

static int open_modules(struct vzd *d, size_t *n, struct err *e)
{
	for (*n = 0; *n < ARRAY_SIZE(modules); (*n)++) {
		uint64_t start = ev_now_ms();

		if (modules[*n].open(d, e) < 0)
			return err_add(e, "%s", modules[*n].name);
		vzd_log(LOG_DEBUG, "%s is open after %llu ms", modules[*n].name, (unsigned long long)(ev_now_ms() - start));
	}
	return 0;
}

static void close_modules(struct vzd *d, size_t n)
{
	while (n-- > 0)
		modules[n].close(d);
}

/* --- signals --- */

static bool in_foreground;

static void tell_slow(const struct ev_stat *st)
{
	vzd_log(LOG_WARNING, "%llu callback(s) held the loop up for more than %u ms so far; worst: %s, %llu ms",
		(unsigned long long)st->slow, EV_SLOW_US / 1000, st->worst_name, (unsigned long long)st->worst_us / 1000);
}

static void look(void *arg)
{
	static uint64_t told;
	struct vzd *d = arg;
	struct ev_stat st;

	ev_stat(d->ev, &st);
	if (st.slow > told)
		tell_slow(&st);
	told = st.slow;
}

static void watchdog(void *arg)
{
	(void)arg;
	notify_send("WATCHDOG=1");
}

static void stop_step(void *arg)
{
	struct vzd *d = arg;
	static uint64_t since;

	since = since ? since : ev_now_ms();
	if (!server_busy(d->server) || ev_now_ms() - since > STOP_MS)
		ev_stop(d->ev);
}

/* A second signal does not wait for anybody. */
static void stop(void *arg)
{
	struct vzd *d = arg;
	struct err e = { 0 };

	if (d->stopping || ev_add_timer(d->ev, "stop", 0, STOP_STEP_MS, stop_step, d, NULL, &e) < 0) {
		ev_stop(d->ev);
		return;
	}
	d->stopping = true;
	notify_send("STOPPING=1");
	server_drain(d->server);
}

static void reload(void *arg)
{
	struct vzd *d = arg;
	struct err e = { 0 };

	notify_reloading();
	vzd_log_open(in_foreground);
	if (vzd_conf_read(&d->conf, VZD_CONF, &e) < 0) {
		vzd_log_err(LOG_ERR, &e, "reload: the old configuration stays");
	} else {
		server_reload(d->server);
		web_reload(d->web);
		vzd_log(LOG_NOTICE, "configuration read again");
	}
	notify_send("READY=1");
}

static void ignore(void *arg)
{
	(void)arg;
}

static int add_signals(struct vzd *d, struct err *e)
{
	static const struct { int sig; const char *name; ev_fn *fn; } t[] = {
		{ SIGTERM, "SIGTERM", stop }, { SIGINT, "SIGINT", stop }, { SIGHUP, "SIGHUP", reload },
		{ SIGPIPE, "SIGPIPE", ignore },
	};
	unsigned every = notify_watchdog_ms();

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		if (ev_add_signal(d->ev, t[i].name, t[i].sig, t[i].fn, d, NULL, e) < 0)
			return -e->code;
	}
	if (every && ev_add_timer(d->ev, "watchdog", every, every, watchdog, d, NULL, e) < 0)
		return -e->code;
	return ev_add_timer(d->ev, "look", LOOK_MS, LOOK_MS, look, d, NULL, e);
}

/* --- the run --- */

static void libct_says(void *arg, int level, unsigned ctid, const char *text)
{
	(void)arg;
	if (ctid)
		vzd_log(level < 0 ? LOG_WARNING : LOG_DEBUG, "CT %u: %s", ctid, text);
	else
		vzd_log(level < 0 ? LOG_WARNING : LOG_DEBUG, "%s", text);
}

static void last_words(struct vzd *d)
{
	struct ev_stat st;

	ev_stat(d->ev, &st);
	vzd_log(LOG_NOTICE, "stopped after %llu s; loop: %llu calls, %llu slow, worst %s with %llu us",
		(unsigned long long)(ev_now_ms() - d->started_ms) / 1000, (unsigned long long)st.calls, (unsigned long long)st.slow,
		st.worst_name ? st.worst_name : "none", (unsigned long long)st.worst_us);
}

static int run_modules(struct vzd *d, struct err *e)
{
	size_t n = 0;
	int rc = open_modules(d, &n, e);

	if (rc == 0) {
		vzd_log(LOG_NOTICE, "version " VZ_VERSION " is ready after %llu ms with %zu container(s)",
			(unsigned long long)(ev_now_ms() - d->started_ms), inv_count(d->inv));
		proc_ready();
		notify_send("READY=1");
		rc = ev_run(d->ev, e);
		last_words(d);
	}
	if (d->db)
		db_drain(d->db);
	close_modules(d, n);
	return rc;
}

static int run(struct vzd *d, struct err *e)
{
	const struct ct_ui ui = { .say = libct_says };
	auto_close int lock = -1;
	int rc;

	if (vzd_conf_read(&d->conf, VZD_CONF, e) < 0)
		return -e->code;
	if (!in_foreground && proc_background(e) < 0)
		return -e->code;
	tmpl_pools_off();		/* a lost one would hold the loop */
	if (proc_lock(&lock, e) < 0 || ct_host_open(&ui, &d->host, e) < 0 || ev_open(&d->ev, e) < 0)
		return -e->code;
	rc = add_signals(d, e);
	if (rc == 0)
		rc = run_modules(d, e);
	return rc;
}

static int usage(FILE *to)
{
	fputs("vzd version " VZ_VERSION "\n"
	      "Usage: vzd [-f] [--openapi]\n"
	      "  -f, --foreground  stay in the foreground and log to standard error\n"
	      "      --openapi     print the API's description (OpenAPI 3.1)\n"
	      "      --version     print the version\n"
	      "      --help        print this\n", to);
	return to == stdout ? 0 : VZ_INVALID_PARAMETER_SYNTAX;
}

static int print_openapi(void)
{
	struct err e = { 0 };
	const char *text = openapi_text(&e);

	if (!text)
		fprintf(stderr, "%s\n", e.text);
	return !text || puts(text) < 0 || fflush(stdout) ? VZ_SYSTEM_ERROR : 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "foreground", no_argument, NULL, 'f' }, { "openapi", no_argument, NULL, 'o' },
		{ "version", no_argument, NULL, 'V' }, { "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	static struct vzd d;
	struct err e = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "f", options, NULL)) != -1) {
		if (c == 'V')
			return puts("vzd version " VZ_VERSION) < 0;
		if (c == 'h')
			return usage(stdout);
		if (c == 'o')
			return print_openapi();
		if (c != 'f')
			return usage(stderr);
		in_foreground = true;
	}
	if (optind < argc)
		return usage(stderr);
	if (geteuid() != 0) {
		fputs("This program can only be run under root.\n", stderr);
		return VZ_NO_ACCES;
	}
	d.started_ms = ev_now_ms();
	vzd_log_open(true);
	notify_open();
	proc_setup();
	if (run(&d, &e) < 0)
		vzd_log_err(LOG_ERR, &e, NULL);
	ev_close(d.ev);
	ct_host_close(d.host);
	vzd_conf_done(&d.conf);
	return e.code ? e.exit ? e.exit : VZ_SYSTEM_ERROR : 0;
}
