/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host as libct sees it: vz.conf with its defaults, and handles of the cgroup and network modules, opened when a verb
 * first needs them. What a boot needs once is done then, too; files in /run/vz say that it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/fio.h"
#include "util/path.h"

#include "libct/announce.h"
#include "libct/files.h"
#include "libct/netlines.h"

#define PTY_MAX 65536
#define PTY_MAX_TEXT "65536"

#define READY_CG CT_RUN_DIR "/ready.cgroup"
#define READY_NET CT_RUN_DIR "/ready.net"

static const struct { const char *key, *val; } host_defaults[] = {
	{ "LOCKDIR", "/vz/lock" }, { "DUMPDIR", "/vz/dump" }, { "TEMPLATE", "/vz/template" },
	{ "LOGFILE", "/var/log/vzctl.log" }, { "CGROUP_PARENT", "vz" }, { "NFT_TABLE", "vz" },
	{ "NAT_POOL", "10.77.0.0/16" }, { "NAT_POOL6", "fd77:7a00::/64" },
	{ "POOL_IMAGE", CT_LIB_DIR "/pool.img" }, { "POOL_SIZE", "20G" },
	{ "LOGGING", "yes" }, { "LOG_LEVEL", "0" }, { "VERBOSE", "0" }, { "VIRTUOZZO", "yes" }, { "IPV6", "yes" },
	{ "NEIGHBOUR_DEVS", "detect" }, { "ERROR_ON_ARPFAIL", "no" }, { "SKIP_ARPDETECT", "no" },
	{ "TEMPLATE_FORMAT", "auto" },
};

static int fill_host_defaults(struct ct_host *h, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(host_defaults); i++) {
		for (size_t k = 0; k < ct_host_param_group.n; k++) {
			const struct param *p = &ct_host_param_group.rows[k];
			void *field = param_field(p, 0, &h->conf);

			if (strcmp(p->key, host_defaults[i].key) != 0 || p->type->is_set(field))
				continue;
			if (p->type->parse(p, host_defaults[i].val, PARAM_FILE, field, e) < 0)
				return err_add(e, "default of %s", p->key);
		}
	}
	if (!h->conf.ve_parallel.set) {
		long n = sysconf(_SC_NPROCESSORS_ONLN);

		h->conf.ve_parallel = (struct num_opt){ .v = n > 0 ? 4 * (uint64_t)n : 4, .set = true };
	}
	if (!h->defaults.layout) {
		h->defaults.layout = strdup("overlay");
		if (!h->defaults.layout)
			return err_set(e, ENOMEM, "host");
	}
	return 0;
}

static int load(struct ct_host *h, struct err *e)
{
	const struct ct_conf_src src = { .ui = &h->ui, .file = CT_HOST_CONF, .host = true };

	if (kv_load(&h->kv, AT_FDCWD, CT_HOST_CONF, e) < 0) {
		err_add(e, "Unable to read the global configuration file");
		return err_exit(e, VZ_NOCONFIG);
	}
	if (ct_host_conf_read(&h->conf, &h->kv, &src, e) < 0 || ct_conf_read(&h->defaults, &h->kv, &src, e) < 0)
		return -e->code;
	if (fill_host_defaults(h, e) < 0)
		return -e->code;
	tmpl_format_set(h->conf.template_format);
	return 0;
}

/*
 * A caller may have closed its standard streams: a log or a lock that is opened then becomes one of
 * them, and what a guest prints is copied into it. They stay open across exec, as streams do.
 */
static int claim_streams(struct err *e)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR); /* NOLINT(android-cloexec-open) */
		if (fd < 0)
			return err_set(e, errno, "open /dev/null");
	} while (fd <= 2);
	close(fd);
	return 0;
}

int ct_host_open(const struct ct_ui *ui, struct ct_host **ret, struct err *e)
{
	struct ct_host *h;

	if (claim_streams(e) < 0)
		return -e->code;
	h = calloc(1, sizeof(*h));
	if (!h)
		return err_set(e, ENOMEM, "host");
	if (ui)
		h->ui = *ui;
	if (load(h, e) < 0) {
		ct_host_close(h);
		return -e->code;
	}
	*ret = h;
	return 0;
}

void ct_host_close(struct ct_host *h)
{
	if (!h)
		return;
	if (h->cg)
		cg_host_close(h->cg);
	if (h->net)
		net_close(h->net);
	ct_host_conf_done(&h->conf);
	ct_conf_done(&h->defaults);
	kv_done(&h->kv);
	free(h);
}

const struct ct_conf *ct_host_defaults(const struct ct_host *h)
{
	return &h->defaults;
}

const struct ct_host_conf *ct_host_conf(const struct ct_host *h)
{
	return &h->conf;
}

static void say_v(const struct ct_ui *ui, int level, unsigned id, const char *fmt, va_list ap)
{
	char text[2048];

	if (!ui || !ui->say)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	ui->say(ui->arg, level, id, text);
}

void ct_ui_say(const struct ct_ui *ui, int level, unsigned id, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_v(ui, level, id, fmt, ap);
	va_end(ap);
}

void ct_say(const struct ct *ct, int level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_v(&ct->host->ui, level, ct->id, fmt, ap);
	va_end(ap);
}

/* --- what a boot needs once --- */

static int mark(const char *file, struct err *e)
{
	auto_close int fd = -1;

	if (path_mkdir_host(CT_RUN_DIR, 0755, e) < 0)
		return -e->code;
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	return fd < 0 ? err_set(e, errno, "make %s", file) : 0;
}

int ct_host_cg_peek(struct ct_host *h, struct cg_host **ret, struct err *e)
{
	if (!h->cg && cg_host_open(h->conf.cgroup_parent, &h->cg, e) < 0)
		return -e->code;
	*ret = h->cg;
	return 0;
}

static struct net_host_conf net_conf_of(const struct ct_host *h)
{
	return (struct net_host_conf){
		.table = h->conf.nft_table, .pool4 = h->conf.pool4,
		.pool6 = h->conf.ipv6.v ? h->conf.pool6 : NULL, .forward = true,
		.neighbours = h->conf.neighbours, .classes = CT_CONF_DIR "/networks_classes",
	};
}

int ct_host_net_peek(struct ct_host *h, struct net **ret, struct err *e)
{
	struct net_host_conf c;

	if (!h->net) {
		if (net_open(h->conf.nft_table, &h->net, e) < 0)
			return -e->code;
		c = net_conf_of(h);
		net_set_running(h->net, ct_net_running, NULL);
		if (net_host_conf_set(h->net, &c, e) < 0)	/* a table that somebody flushed comes back with its NAT */
			return -e->code;
	}
	*ret = h->net;
	return 0;
}

/* Another parent than the one that was set up shows in the missing group of the monitors. */
static bool cg_is_ready(struct ct_host *h)
{
	struct err ignored = { 0 };
	struct cg *cg = NULL;

	if (access(READY_CG, F_OK) < 0)
		return false;
	if (cg_host_monitor_fd(h->cg) >= 0)
		return true;
	if (cg_open(h->cg, "monitor", &cg, &ignored) < 0)
		return false;
	cg_close(cg);
	return true;
}

int ct_host_cg(struct ct_host *h, struct cg_host **ret, struct err *e)
{
	struct cg_host *cg = NULL;

	if (ct_host_cg_peek(h, &cg, e) < 0)
		return -e->code;
	if (!h->cg_ready && !cg_is_ready(h) && (cg_host_setup(cg, e) < 0 || mark(READY_CG, e) < 0))
		return err_add(e, "set up control groups");
	h->cg_ready = true;
	*ret = cg;
	return 0;
}

static int net_setup(struct ct_host *h, struct err *e)
{
	const struct net_host_conf c = net_conf_of(h);

	if (net_host_setup(h->net, &c, e) < 0)
		return err_add(e, "set up the network");
	ct_announce_sweep();
	return mark(READY_NET, e);
}

int ct_host_net(struct ct_host *h, struct net **ret, struct err *e)
{
	struct net *n = NULL;

	if (ct_host_net_peek(h, &n, e) < 0)
		return -e->code;
	if (!h->net_ready && access(READY_NET, F_OK) < 0 && net_setup(h, e) < 0)
		return -e->code;
	h->net_ready = true;
	*ret = n;
	return 0;
}

static int make_dirs(const struct ct_host *h, struct err *e)
{
	static const struct { const char *path; mode_t mode; } dirs[] = {
		{ CT_CONF_DIR, 0755 }, { CT_NAMES_DIR, 0755 }, { CT_RUN_DIR, 0755 }, { CT_LOCK_DIR, 0700 },
		{ CT_LIB_DIR, 0755 }, { CT_INTENT_DIR, 0700 }, { CT_UID_DIR, 0755 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		if (path_mkdir_host(dirs[i].path, dirs[i].mode, e) < 0)
			return -e->code;
	}
	return path_mkdir_host(h->conf.lockdir, 0755, e);
}

/* All containers draw on one count of ptys, 4096 by default: four of them could take every one. */
static int raise_ptys(struct err *e)
{
	static const char knob[] = "/proc/sys/kernel/pty/max";
	auto_buf struct buf b = { .cap = 64 };
	struct err ignored = { 0 };
	uint64_t now = 0;
	char *end;

	if (fio_read_at(AT_FDCWD, knob, &b, &ignored) == 0)
		now = strtoull(buf_str(&b), &end, 10);
	if (now >= PTY_MAX)
		return 0;
	return fio_control(AT_FDCWD, knob, PTY_MAX_TEXT, e);
}

int ct_host_setup(struct ct_host *h, struct err *e)
{
	struct cg_host *cg = NULL;
	struct net *n = NULL;

	if (make_dirs(h, e) < 0 || ct_host_cg_peek(h, &cg, e) < 0 || ct_host_net_peek(h, &n, e) < 0)
		return -e->code;
	if (cg_host_setup(cg, e) < 0)
		return err_add(e, "set up control groups");
	if (raise_ptys(e) < 0)
		return err_add(e, "make room for the containers' terminals");
	if (mark(READY_CG, e) < 0 || net_setup(h, e) < 0)
		return -e->code;
	h->cg_ready = h->net_ready = true;
	return 0;
}
