/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the API can be reached from the network: API_LISTEN in vzd.conf, which keeps all else it says, and a reload of
 * vzd. The fingerprint is of the certificate's DER form, as every client shows it.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/kv.h"
#include "util/path.h"
#include "util/sha256.h"
#include "util/str.h"
#include "vzctl/vzadm.h"

#define CONF "/etc/vz/vzd.conf"
#define CERT "/etc/vz/vzd/cert.pem"	/* TLS_CERT unless vzd.conf names another */
#define WAIT_MS 8000
#define STEP_MS 100

/* --- the certificate --- */

static int base64_digit(char c)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c ? strchr(set, c) : NULL;

	return p ? (int)(p - set) : -1;
}

/* The first certificate of a PEM file. */
static int pem_der(const char *pem, struct buf *der, struct err *e)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	const char *p = strstr(pem, begin), *end;
	unsigned bits = 0, v = 0;

	end = p ? strstr(p, "-----END CERTIFICATE-----") : NULL;
	if (!end)
		return err_say(e, EBADMSG, "there is no certificate in it");
	for (p += strlen(begin); p < end; p++) {
		int d = base64_digit(*p);

		if (d < 0)
			continue;
		v = v << 6 | (unsigned)d;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_addc(der, (char)(v >> bits));
		}
	}
	return buf_failed(der) ? err_set(e, ENOMEM, "certificate") : 0;
}

static int fingerprint(const char *file, struct buf *out, struct err *e)
{
	struct buf auto_buf pem = BUF_INIT, der = BUF_INIT;
	struct sha256 s;
	char hex[65];

	if (fio_read_at(AT_FDCWD, file, &pem, e) < 0 || pem_der(buf_str(&pem), &der, e) < 0)
		return err_add(e, "%s", file);
	sha256_init(&s);
	sha256_add(&s, der.s, der.len);
	sha256_hex(&s, hex);
	for (unsigned i = 0; i < 64; i += 2)
		buf_addf(out, "%s%c%c", i ? ":" : "", hex[i], hex[i + 1]);
	return 0;
}

/* --- vzd.conf --- */

static int set_listen(const char *value, struct err *e)
{
	auto_close int dir = path_mkdir_host("/etc/vz", 0755, e) < 0 ? -1 : open("/etc/vz", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct kv auto_kv kv = { 0 };
	struct buf auto_buf b = BUF_INIT;

	if (dir < 0)
		return e->code ? -e->code : err_set(e, errno, "/etc/vz");
	if (kv_load(&kv, dir, "vzd.conf", e) < 0) {
		if (e->code != ENOENT)
			return err_add(e, "/etc/vz");
		err_clear(e);
	}
	if (kv_set(&kv, "API_LISTEN", value, false, e) < 0 || kv_print(&kv, &b, e) < 0)
		return err_add(e, CONF);
	if (fio_replace(dir, "vzd.conf", buf_str(&b), b.len, 0644, e) < 0)
		return err_add(e, "/etc/vz");
	return 0;
}

static char *conf_value(const char *key)
{
	struct kv auto_kv kv = { 0 };
	struct err ignored = { 0 };
	const char *v = kv_load(&kv, AT_FDCWD, CONF, &ignored) == 0 ? kv_get(&kv, key) : NULL;

	return v ? strdup(v) : NULL;
}

/* Not running is no error: it reads the file when it starts. */
static int reload(struct adm *a, bool *running, struct err *e)
{
	json_t *j = NULL;

	*running = false;
	if (adm_connect(a, e) < 0) {
		if (e->code != ECONNREFUSED && e->code != ENOENT)
			return -e->code;
		err_clear(e);
		return 0;
	}
	*running = true;
	if (adm_call(a, "POST", "/v1/host/reload", NULL, NULL, &j, e) < 0)
		return -e->code;
	json_decref(j);
	return 0;
}

/* Numbers only: ADDR:PORT, an IPv6 address in brackets. */
static int resolve(const char *text, struct addrinfo **ret, struct err *e)
{
	const struct addrinfo want = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE, .ai_socktype = SOCK_STREAM };
	const char *colon = strrchr(text, ':');
	bool six = *text == '[' && colon > text && colon[-1] == ']';
	char host[64];

	if (!colon || str_fmt(host, sizeof(host), "%.*s", (int)(colon - text) - 2 * six, text + six) < 0 || !*host ||
	    (!six && strchr(host, ':')) || getaddrinfo(host, colon + 1, &want, ret) != 0)
		return err_say(e, EINVAL, "'%.80s' is not ADDRESS:PORT, as 192.0.2.1:8443 or [::]:8443", text);
	return 0;
}

static bool answers(const char *listen_at)
{
	struct addrinfo *ai = NULL;
	struct err ignored = { 0 };
	auto_close int fd = -1;
	bool ok;

	if (resolve(listen_at, &ai, &ignored) < 0 || !ai)
		return false;
	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ok = fd >= 0 && connect(fd, ai->ai_addr, ai->ai_addrlen) == 0;
	freeaddrinfo(ai);
	return ok;
}

static bool answers_soon(const char *listen_at, bool want)
{
	for (int ms = 0; ms < WAIT_MS; ms += STEP_MS) {
		if (answers(listen_at) == want)
			return true;
		poll(NULL, 0, STEP_MS);
	}
	return false;
}

/* --- verbs --- */

static void put_fingerprint(struct buf *b)
{
	struct buf auto_buf sum = BUF_INIT;
	struct err e = { 0 };
	auto_free char *file = conf_value("TLS_CERT");

	if (fingerprint(file && *file ? file : CERT, &sum, &e) < 0)
		buf_addf(b, "certificate: %s\n", e.text);
	else
		buf_addf(b, "certificate: %s\nSHA-256: %s\n", file && *file ? file : CERT, buf_str(&sum));
}

int adm_verb_api_enable(struct adm *a, struct err *e)
{
	const char *at = adm_val(a, "listen");
	struct buf auto_buf b = BUF_INIT;
	struct addrinfo *ai = NULL;
	bool running;

	if (!at)
		return err_say(e, EINVAL, "--listen ADDR:PORT is needed, as --listen 0.0.0.0:8443");
	if (resolve(at, &ai, e) < 0)
		return err_add(e, "--listen");
	freeaddrinfo(ai);
	if (set_listen(at, e) < 0 || reload(a, &running, e) < 0)
		return -e->code;
	if (!running) {
		buf_addf(&b, "API_LISTEN=\"%s\" is in %s; vzd does not run: it listens when it starts (systemctl start vzd)\n", at,
			 CONF);
		return adm_print(&b, e);
	}
	if (!answers_soon(at, true))
		return err_say(e, ETIMEDOUT, "%s: nothing listens there yet; the log of vzd says why", at);
	buf_addf(&b, "listening: https://%s/v1\n", at);
	put_fingerprint(&b);
	return adm_print(&b, e);
}

int adm_verb_api_disable(struct adm *a, struct err *e)
{
	auto_free char *was = conf_value("API_LISTEN");
	bool running;

	if (set_listen("", e) < 0 || reload(a, &running, e) < 0)
		return -e->code;
	if (running && was && *was && !answers_soon(was, false))
		return err_say(e, ETIMEDOUT, "%s: something still listens there; the log of vzd says why", was);
	return 0;
}

int adm_verb_api_status(struct adm *a, struct err *e)
{
	struct buf auto_buf b = BUF_INIT;
	auto_free char *at = conf_value("API_LISTEN");
	bool up = adm_connect(a, e) == 0;

	if (!up && e->code == EACCES)
		return -e->code;
	err_clear(e);
	buf_addf(&b, "vzd: %s\n", up ? "running" : "not running");
	if (!at || !*at)
		buf_adds(&b, "listening: no; vzadm api enable --listen ADDR:PORT\n");
	else
		buf_addf(&b, "listening: https://%s/v1%s\n", at, answers(at) ? "" : " (nothing answers there)");
	if (at && *at)
		put_fingerprint(&b);
	return adm_print(&b, e);
}
