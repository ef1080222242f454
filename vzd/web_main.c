/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vzweb: HTTPS and the plain HTTP socket in front of vzd. Started by vzd with its sockets as descriptors, it outlives vzd:
 * then it answers 503 until there is one again. It has no rights of its own and knows nothing; every call goes to vzd with
 * the caller's token.
 */
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/num.h"
#include "util/opt.h"
#include "vzd/vzd.h"
#include "vzd/web_priv.h"

#define LOOK_MS 5000u			/* how often slow callbacks are looked for */
#define LINGER_MS 3000u			/* for answers under way when it is told to end */

enum { LISTEN, UNIX, METRICS, CERT, KEY, LOCK, VZD, USER, CONNS, PER_IP, MAKE, HELP };
static const struct opt_flag flags[] = {
	{ "listen-fd", 0, true, LISTEN, "listening socket for HTTPS" },
	{ "unix-fd", 0, true, UNIX, "listening socket for plain HTTP on the host" },
	{ "metrics-fd", 0, true, METRICS, "listening socket for GET /metrics alone" },
	{ "cert-fd", 0, true, CERT, "certificate and its chain, PEM" },
	{ "key-fd", 0, true, KEY, "its key, PEM" },
	{ "lock-fd", 0, true, LOCK, "kept open: the lock on it says that a vzweb is there" },
	{ "vzd", 0, true, VZD, "vzd's socket" },
	{ "user", 0, true, USER, "whom to become when started as root" },
	{ "max-conns", 0, true, CONNS, "connections at a time" },
	{ "max-per-ip", 0, true, PER_IP, "of one address" },
	{ "make-cert", 0, false, MAKE, "CERT KEY: write a self-signed pair, print its SHA-256, end" },
	{ "help", 'h', false, HELP, "this" },
};

static void help(void)
{
	printf("Usage: vzweb OPTIONS\nStarted by vzd; see vzd(8), HTTPS.\n");
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		printf("  --%-12s %s\n", flags[i].name, flags[i].text);
}

static int number(const struct opt_found *f, uint64_t max, uint64_t *ret, struct err *e)
{
	if (num_u64(f->arg, ret) < 0 || *ret > max)
		return err_say(e, EINVAL, "vzweb: --%s wants a number up to %llu, not '%s'", f->name, (unsigned long long)max,
			       f->arg);
	return 0;
}

static int set_option(struct web_opts *o, const struct opt_found *f, struct err *e)
{
	int *const fds[] = { &o->listen_fd, &o->unix_fd, &o->metrics_fd, &o->cert_fd, &o->key_fd, &o->lock_fd };
	uint64_t n = 0;

	if (f->flag->id <= LOCK) {
		if (number(f, 1023, &n, e) < 0)
			return -e->code;
		*fds[f->flag->id] = (int)n;
	} else if (f->flag->id == CONNS || f->flag->id == PER_IP) {
		if (number(f, 100000, &n, e) < 0)
			return -e->code;
		*(f->flag->id == CONNS ? &o->max_conns : &o->max_per_ip) = (unsigned)n;
	} else if (f->flag->id == VZD) {
		o->vzd = f->arg;
	} else if (f->flag->id == USER) {
		o->user = f->arg;
	}
	return 0;
}

/* 0, or what the program ends with: 1 when it has done what was asked. */
static int options(char **argv, struct web_opts *o, struct err *e)
{
	struct opt opt = { .prog = "vzweb", .flags = flags, .n_flags = ARRAY_SIZE(flags), .argv = argv, .at = 1 };
	const char *operands[2] = { NULL, NULL };
	struct opt_found f;
	size_t n = 0;
	bool make = false;
	int what;

	while ((what = opt_next(&opt, &f, e)) > OPT_END) {
		if (what == OPT_OPERAND && n < 2)
			operands[n++] = f.arg;
		else if (what == OPT_OPERAND)
			return err_say(e, EINVAL, "vzweb: too many words: '%s'", f.arg);
		else if (f.flag->id == HELP)
			return help(), 1;
		else if (f.flag->id == MAKE)
			make = true;
		else if (set_option(o, &f, e) < 0)
			return -e->code;
	}
	if (what < 0)
		return what;
	if (make && n == 2)
		return web_cert_make(operands[0], operands[1], e) < 0 ? -e->code : 1;
	return make || n ? err_say(e, EINVAL, "vzweb: --make-cert wants two paths, nothing else wants any") : 0;
}

static int check_options(const struct web_opts *o, struct err *e)
{
	if (o->listen_fd < 0 && o->unix_fd < 0 && o->metrics_fd < 0)
		return err_say(e, EINVAL, "vzweb: nothing to listen on: --listen-fd, --unix-fd or --metrics-fd");
	if (o->listen_fd >= 0 && (o->cert_fd < 0 || o->key_fd < 0))
		return err_say(e, EINVAL, "vzweb: --listen-fd wants --cert-fd and --key-fd");
	if (o->max_conns == 0)
		return err_say(e, EINVAL, "vzweb: --max-conns must be above 0");
	return 0;
}

/* --- signals --- */

static void on_hup(void *arg)
{
	struct web *w = arg;
	struct err e = { 0 };

	if (w->opts.listen_fd < 0)
		return;
	if (web_cert_load(w->opts.cert_fd, w->opts.key_fd, &e) < 0)
		vzd_log(LOG_ERR, "vzweb: the certificate stays as it was: %s", e.text);
	else
		vzd_log(LOG_NOTICE, "vzweb: the certificate was read again");
}

static void on_linger(void *arg)
{
	struct web *w = arg;

	if ((!w->ages[AGE_BUSY].head && !w->ages[AGE_WRITE].head) || ev_now_ms() >= w->stop_at)
		ev_stop(w->ev);
}

/* No new connections; streams and terminals end, answers under way get a moment. */
static void on_term(void *arg)
{
	struct web *w = arg;
	struct err e = { 0 };

	if (w->stopping)
		return;
	w->stopping = true;
	w->stop_at = ev_now_ms() + LINGER_MS;
	for (size_t i = 0; i < EDGE_N; i++) {
		if (w->edge[i].mhd)
			MHD_quiesce_daemon(w->edge[i].mhd);
	}
	web_streams_end(w);
	web_consoles_close(w);
	if (ev_add_timer(w->ev, "linger", 50, 50, on_linger, w, NULL, &e) < 0)
		ev_stop(w->ev);
}

/* Whoever keeps the loop from the others is named. */
static void on_look(void *arg)
{
	struct web *w = arg;
	struct ev_stat st;

	ev_stat(w->ev, &st);
	if (st.slow == w->slow)
		return;
	w->slow = st.slow;
	vzd_log(LOG_WARNING, "vzweb: %llu callback(s) held the loop up for more than %u ms so far; worst: %s, %llu ms",
		(unsigned long long)st.slow, EV_SLOW_US / 1000, st.worst_name, (unsigned long long)st.worst_us / 1000);
}

static int signals(struct web *w, struct err *e)
{
	signal(SIGPIPE, SIG_IGN);
	if (ev_add_timer(w->ev, "look", LOOK_MS, LOOK_MS, on_look, w, NULL, e) < 0)
		return -e->code;
	if (ev_add_signal(w->ev, "SIGHUP", SIGHUP, on_hup, w, NULL, e) < 0)
		return -e->code;
	if (ev_add_signal(w->ev, "SIGTERM", SIGTERM, on_term, w, NULL, e) < 0)
		return -e->code;
	return ev_add_signal(w->ev, "SIGINT", SIGINT, on_term, w, NULL, e);
}

static int serve(struct web *w, struct err *e)
{
	if (web_box_user(&w->opts, e) < 0)
		return -e->code;
	if (w->opts.listen_fd >= 0 && web_cert_load(w->opts.cert_fd, w->opts.key_fd, e) < 0)
		return -e->code;
	gnutls_rnd(GNUTLS_RND_NONCE, &w->ids, sizeof(w->ids));
	tzset();			/* reads a file; afterwards none can be opened */
	if (ev_open(&w->ev, e) < 0 || signals(w, e) < 0 || up_open(w->ev, w->opts.vzd, &w->up, e) < 0)
		return -e->code;
	if (web_edges_open(w, e) < 0 || ev_turn(w->ev, 0, e) < 0 || web_box_seal(e) < 0)
		return -e->code;
	vzd_log(LOG_NOTICE, "vzweb: ready");
	return ev_run(w->ev, e);
}

/* vzd's, be it a terminal or a file; vzd as a daemon has /dev/null, and syslog. */
static bool stderr_is_there(void)
{
	struct stat st, null;

	if (fstat(STDERR_FILENO, &st) < 0 || stat("/dev/null", &null) < 0)
		return false;
	return !S_ISCHR(st.st_mode) || st.st_rdev != null.st_rdev;
}

int main(int argc, char **argv)
{
	struct web w = { .opts = { .listen_fd = -1, .unix_fd = -1, .metrics_fd = -1, .cert_fd = -1, .key_fd = -1, .lock_fd = -1,
				   .vzd = VZD_WEB_SOCK, .max_conns = 1000, .max_per_ip = 64 } };
	struct err e = { 0 };
	int r = options(argv, &w.opts, &e);

	(void)argc;
	if (r > 0)
		return 0;
	if (r < 0 || check_options(&w.opts, &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		return 2;
	}
	vzd_log_open(stderr_is_there());
	r = serve(&w, &e);
	if (r < 0)
		vzd_log(LOG_ERR, "vzweb: %s", e.text);
	if (w.ev)
		on_look(&w);
	up_close(w.up);			/* what waits for vzd is resumed before its connection goes, */
	web_consoles_cut(&w);		/* and so is a client that is slow to say farewell: libmicrohttpd aborts otherwise */
	web_edges_close(&w);
	ev_close(w.ev);
	web_cert_done();
	return r < 0;
}
