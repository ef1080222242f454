/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /etc/vz/vzd.conf: its rows, and reading it. A missing file is all defaults; a value that is wrong is an error. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/kv.h"
#include "util/num.h"
#include "util/path.h"
#include "util/str.h"
#include "vzd/vzd.h"

#define FIELD(f) .off = offsetof(struct vzd_conf, f)
#define UNUSED __attribute__((unused))

static int listen_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e);
static int file_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e);
static int account_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e);

static void str_print(const struct param *p, const void *field, struct buf *b) { param_str.print(p, field, b); }
static bool str_is_set(const void *field) { return param_str.is_set(field); }
static bool str_equal(const void *a, const void *b) { return param_str.equal(a, b); }
static int str_dup(void *dst, const void *src, struct err *e) { return param_str.copy(dst, src, e); }
static void str_done(void *field) { param_str.done(field); }

#define STR_TYPE(var, text, parser) static const struct param_type var = { \
	text, sizeof(char *), parser, str_print, str_is_set, str_equal, str_dup, str_done }
STR_TYPE(type_listen, "listen", listen_parse);
STR_TYPE(type_file, "path", file_parse);
STR_TYPE(type_account, "account", account_parse);

static const struct param rows[] = {
	{ .key = "API_LISTEN", .arg = "addr:port", .type = &type_listen, FIELD(listen),
	  .man = "Address and port of the HTTPS API, as 192.0.2.1:8443, 0.0.0.0:8443 or [::]:8443. Empty, nothing listens "
		 "beyond the sockets below /run/vz." },
	{ .key = "TLS_CERT", .arg = "path", .type = &type_file, FIELD(tls_cert), .def = VZD_TLS_DIR "/cert.pem",
	  .man = "Certificate chain of the HTTPS API, PEM. If the default file is missing, a self-signed one is made. "
		 "Renewed files are taken up by a reload." },
	{ .key = "TLS_KEY", .arg = "path", .type = &type_file, FIELD(tls_key), .def = VZD_TLS_DIR "/key.pem",
	  .man = "Its private key, PEM. It is read by root alone and handed to vzweb as an open file." },
	{ .key = "WEB_USER", .arg = "user", .type = &type_account, FIELD(web_user), .def = "vzweb",
	  .man = "User that vzweb runs as. It must not be root." },
	{ .key = "API_GROUP", .arg = "group", .type = &type_account, FIELD(group), .def = "vz",
	  .man = "Group whose members may use the local sockets." },
	{ .key = "API_RATE", .arg = "num", .type = &param_u64, FIELD(rate), .max = 1000000, .def = "100",
	  .man = "Requests a second that one token or local user may make on average; root on the local socket is not "
		 "limited. 0: nobody is." },
	{ .key = "API_BURST", .arg = "num", .type = &param_u64, FIELD(burst), .min = 1, .max = 1000000, .def = "200",
	  .man = "Requests that one may make at once, above the average." },
	{ .key = "AUDIT_DAYS", .arg = "num", .type = &param_u64, FIELD(audit_days), .min = 1, .max = 36500, .def = "400",
	  .man = "How many days a line of the audit is kept." },
	{ .key = "AUDIT_ROWS", .arg = "num", .type = &param_u64, FIELD(audit_rows), .min = 1000, .max = 10000000, .def = "100000",
	  .man = "How many lines of the audit are kept; the oldest go first." },
	{ .key = "WEBHOOK_ALLOW", .arg = "prefix ...", .type = &param_listc, FIELD(webhook_allow),
	  .man = "Private, loopback or link-local networks that webhooks may be sent to, as 10.1.2.0/24; to all others of that "
		 "kind nothing is sent." },
	{ .key = "WEB_MAX_CONNS", .arg = "num", .type = &param_u64, FIELD(web_max_conns), .min = 1, .max = 100000, .def = "2000",
	  .man = "HTTPS connections at the same time." },
	{ .key = "WEB_MAX_PER_IP", .arg = "num", .type = &param_u64, FIELD(web_max_per_ip), .min = 1, .max = 100000, .def = "64",
	  .man = "HTTPS connections of one address." },
	{ .key = "METRICS_LISTEN", .arg = "addr:port", .type = &type_listen, FIELD(metrics_listen),
	  .man = "Address and port of a plain HTTP server of /metrics alone, without a token: for a scraper on a network of "
		 "its own. Empty: none." },
	{ .key = "AUTOSTART", .arg = "yes|no", .type = &param_yesno, FIELD(autostart), .def = "yes",
	  .man = "Whether the service vz leaves the start of containers at boot to the daemon when that runs: only the daemon "
		 "knows START_AFTER, START_DELAY and OVERCOMMIT. With no it starts them itself." },
	{ .key = "PARALLEL", .arg = "num", .type = &param_u64, FIELD(parallel), .min = 1, .max = 10000,
	  .man = "Jobs at the same time. Unset, four for each CPU." },
	{ .key = "SAMPLE_SEC", .arg = "num", .type = &param_u64, FIELD(sample_sec), .min = 1, .max = 3600, .def = "30",
	  .man = "Seconds between two samples of a running container's counters." },
	{ .key = "OVERCOMMIT", .arg = "percent", .type = &param_u64, FIELD(overcommit), .max = 10000, .def = "0",
	  .man = "Memory that may be promised to containers, in percent of the host's; a start or a change beyond it is refused. "
		 "0: no such limit." },
	{ .key = "RECLAIM_PSI", .arg = "percent", .type = &param_u64, FIELD(reclaim_psi), .max = 100, .def = "0",
	  .man = "Memory pressure of the host, in percent of time, above which idle memory of containers is reclaimed. 0: never." },
	{ .key = "KSM", .arg = "yes|no", .type = &param_yesno, FIELD(ksm), .def = "no",
	  .man = "Whether the kernel merges equal pages of containers that allow it." },
	{ .key = "TENANT_POOL", .arg = "prefixes", .type = &param_str, FIELD(tenant_pool), .def = "",
	  .man = "Networks, separated by blanks, from which tenants may take addresses for their containers: what no other "
		 "container has, running or not, IPv6 prefixes of /64 and longer, 256 for each container. Empty: addresses are for "
		 "administrators to give." },
};
const struct param_group vzd_param_group = { "Daemon", rows, ARRAY_SIZE(rows), 0 };

int vzd_addr_parse(const char *text, struct sockaddr_storage *ret, socklen_t *len, struct err *e)
{
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2] = "";
	uint64_t port = 0;
	size_t n = colon ? (size_t)(colon - text) : 0;
	struct sockaddr_in *in = (void *)ret;
	struct sockaddr_in6 *in6 = (void *)ret;

	memset(ret, 0, sizeof(*ret));
	if (!colon || n >= sizeof(host) || num_u64(colon + 1, &port) < 0 || port < 1 || port > 65535)
		return err_say(e, EINVAL, "'%s' is not ADDRESS:PORT, as 192.0.2.1:8443 or [::]:8443", text);
	memcpy(host, text, n);
	if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		if (inet_pton(AF_INET6, host + 1, &in6->sin6_addr) == 1) {
			in6->sin6_family = AF_INET6;
			in6->sin6_port = htons((uint16_t)port);
			*len = sizeof(*in6);
			return 0;
		}
	} else if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)port);
		*len = sizeof(*in);
		return 0;
	}
	return err_say(e, EINVAL, "'%.*s' is not an IP address (IPv6 ones stand in brackets)", (int)n, text);
}

static int listen_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	struct sockaddr_storage sa;
	socklen_t len;

	if (*text && vzd_addr_parse(text, &sa, &len, e) < 0)
		return -e->code;
	return param_str.parse(p, text, src, field, e);
}

static int file_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	if (*text != '/')
		return err_say(e, EINVAL, "'%s' is not an absolute path", text);
	return param_str.parse(p, text, src, field, e);
}

static int account_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	if (!path_is_component(text) || *text == '-' || strpbrk(text, ": \t"))
		return err_say(e, EINVAL, "'%s' is not the name of an account", text);
	return param_str.parse(p, text, src, field, e);
}

static const struct param *find(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!strcmp(rows[i].key, key))
			return &rows[i];
	}
	return NULL;
}

static int read_pair(struct vzd_conf *c, const char *path, size_t line, const struct kv_line *l, struct err *e)
{
	const struct param *p = find(l->key);

	if (!p) {
		vzd_log(LOG_WARNING, "%s:%zu: unknown key %s, left alone", path, line, l->key);
		return 0;
	}
	if (p->type->parse(p, l->val, PARAM_CLI, param_field(p, 0, c), e) < 0)
		return err_add(e, "%s:%zu: %s", path, line, l->key);
	return 0;
}

static int fill_defaults(struct vzd_conf *c, struct err *e)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *def = rows[i].type == &type_listen ? "" : rows[i].def;
		void *field = param_field(&rows[i], 0, c);

		if (!def || rows[i].type->is_set(field))
			continue;
		if (rows[i].type->parse(&rows[i], def, PARAM_FILE, field, e) < 0)
			return err_add(e, "default of %s", rows[i].key);
	}
	if (!c->parallel.set)
		c->parallel = (struct num_opt){ .v = cpus > 0 ? 4 * (uint64_t)cpus : 4, .set = true };
	return 0;
}

static int read_file(struct vzd_conf *c, const char *path, struct err *e)
{
	struct kv auto_kv kv = { 0 };

	if (kv_load(&kv, AT_FDCWD, path, e) < 0)
		return e->code == ENOENT ? (err_clear(e), 0) : -e->code;
	for (size_t i = 0; i < kv.n; i++) {
		if (kv.v[i].kind == KV_BAD)
			return err_say(e, EINVAL, "%s:%zu: not KEY=\"value\"", path, i + 1);
		if (kv.v[i].kind == KV_PAIR && read_pair(c, path, i + 1, &kv.v[i], e) < 0)
			return -e->code;
	}
	return 0;
}

static int check(const struct vzd_conf *c, const char *path, struct err *e)
{
	if (!strcmp(c->web_user, "root"))
		return err_say(e, EINVAL, "%s: WEB_USER must not be root: what faces the network has no privileges", path);
	return 0;
}

int vzd_conf_read(struct vzd_conf *c, const char *path, struct err *e)
{
	struct vzd_conf got = { 0 };

	if (read_file(&got, path, e) < 0 || fill_defaults(&got, e) < 0 || check(&got, path, e) < 0) {
		vzd_conf_done(&got);
		return -e->code;
	}
	vzd_conf_done(c);
	*c = got;
	return 0;
}

void vzd_conf_done(struct vzd_conf *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		rows[i].type->done(param_field(&rows[i], 0, c));
}
