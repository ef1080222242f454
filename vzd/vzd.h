/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_VZD_H
#define VZD_VZD_H
/*
 * The daemon: one process, one loop, and the modules that hang on it. It speaks only AF_UNIX; what faces the network is
 * vzweb (web_*.c), which has no privileges. Containers live without vzd: everything here can be rebuilt from the
 * configuration files, /run/vz and the kernel, save what db.h keeps.
 * Each module has an open and a close, called in the order of the table in main.c.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "libct/ct.h"
#include "util/ev.h"

#define VZD_CONF "/etc/vz/vzd.conf"
#define VZD_LIB "/var/lib/vz/vzd"		/* db, history rings, keys; 0700 root */
#define VZD_RUN "/run/vz/vzd"			/* job files and locks; 0700 root */
#define VZD_TLS_DIR "/etc/vz/vzd"		/* 0700 root: cert.pem, key.pem */
#define VZD_SOCK "/run/vz/vzd.sock"		/* 0660 root:vz; the caller is who SO_PEERCRED says */
#define VZD_WEB_SOCK "/run/vz/vzd-web.sock"	/* 0660 root:vzweb; the caller is whom its token names */

/* /etc/vz/vzd.conf, KEY="value"; rows in vzd_param.c. */
struct vzd_conf {
	char *listen;			/* API_LISTEN ADDR:PORT, empty: nothing beyond the sockets */
	char *tls_cert, *tls_key;
	char *web_user, *group;		/* vzweb, vz */
	struct num_opt rate, burst;	/* requests per second and principal */
	struct num_opt web_max_conns, web_max_per_ip;
	struct num_opt autostart, parallel;
	struct num_opt sample_sec;	/* seconds between samples of a running container */
	struct num_opt overcommit;	/* percent of RAM that may be promised; 0: no admission control */
	struct num_opt reclaim_psi;	/* percent of memory pressure above which idle memory is reclaimed; 0: off */
	struct num_opt ksm;
	struct num_opt audit_days, audit_rows;	/* how much of the audit is kept */
	struct str_list webhook_allow;	/* private networks that webhooks may reach */
	char *tenant_pool;		/* TENANT_POOL: prefixes whose addresses tenants may take, blank-separated */
	char *metrics_listen;		/* METRICS_LISTEN: plain /metrics for a scraper, empty: none */
};
extern const struct param_group vzd_param_group;
/* Replaces *c (zeroed or read before) with the file's values and the defaults; on failure it is as it was. No file: all
 * defaults. EINVAL: the text says which line and why. */
int vzd_conf_read(struct vzd_conf *c, const char *path, struct err *e);
void vzd_conf_done(struct vzd_conf *c);
/* "ADDR:PORT", "[ADDR6]:PORT" */
int vzd_addr_parse(const char *text, struct sockaddr_storage *ret, socklen_t *len, struct err *e);

struct vzd {
	struct ev *ev;
	struct ct_host *host;
	struct vzd_conf conf;
	struct db *db;			/* db.h */
	struct bus *bus;		/* bus.h */
	struct inv *inv;		/* inv.h */
	struct claims *claims;		/* claims.h; NULL until the first */
	struct auth *auth;		/* auth.h */
	struct jobs *jobs;		/* job.h */
	struct consoles *consoles;	/* console.h */
	struct supervise *supervise;	/* supervise.h */
	struct autostart *autostart;	/* autostart.h */
	struct sampler *sampler;	/* sampler.h */
	struct policy *policy;		/* policy.h */
	struct traffic *traffic;	/* traffic.h */
	struct fwwatch *fwwatch;	/* fwwatch.h */
	struct pools *pools;		/* pools.h */
	struct webhooks *webhooks;	/* webhook.h */
	struct server *server;		/* server.h */
	struct web *web;		/* web.h: starts or adopts vzweb */
	uint64_t started_ms;		/* ev_now_ms() */
	bool stopping;
};

/* TEMPLATE of vz.conf: where the cache and the store of templates are. Valid as long as @d->host. */
static inline const char *vzd_tmpl_dir(const struct vzd *d)
{
	const char *dir = ct_host_conf(d->host)->template_dir;

	return dir && *dir ? dir : "/vz/template";
}

/* log.c of vzd: stderr with <N> prefixes under systemd, plain stderr before vzd_log_open() and with -f, else syslog.
 * Any thread. LOG_DEBUG only with VZ_DEBUG in the environment. */
void vzd_log_open(bool foreground);
void vzd_log(int prio, const char *fmt, ...) __attribute__((format(printf, 2, 3)));	/* LOG_ERR ... of syslog.h */
void vzd_log_err(int prio, const struct err *e, const char *what);

#endif
