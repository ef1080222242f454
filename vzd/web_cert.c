/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Certificate and key: made once, self-signed, when there are none; read from descriptors at the start and on SIGHUP. Each
 * handshake asks for the pair in use, so a new one needs no new process and no connection is lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <limits.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/str.h"
#include "vzd/web_priv.h"

#define PEM_MAX 262144u
#define CHAIN_MAX 8u
#define OLD_PAIRS 4			/* kept for handshakes under way: they end within 15 s */
#define DAYS 3650
#define DAY 86400

struct pair { gnutls_pcert_st chain[CHAIN_MAX]; unsigned n; gnutls_privkey_t key; };
static struct pair *pairs[OLD_PAIRS];	/* [0] is in use */

static int tls_err(struct err *e, int code, const char *what)
{
	return err_say(e, code == GNUTLS_E_MEMORY_ERROR ? ENOMEM : EINVAL, "%s: %s", what, gnutls_strerror(code));
}

/* --- using --- */

static void pair_free(struct pair *p)
{
	if (!p)
		return;
	for (unsigned i = 0; i < p->n; i++)
		gnutls_pcert_deinit(&p->chain[i]);
	gnutls_privkey_deinit(p->key);
	free(p);
}

static int read_pem(int fd, struct buf *b, const char *what, struct err *e)
{
	char chunk[4096];
	ssize_t n;

	while ((n = pread(fd, chunk, sizeof(chunk), (off_t)b->len)) > 0)
		buf_add(b, chunk, (size_t)n);
	if (n < 0)
		return err_set(e, errno, "read %s", what);
	return buf_failed(b) ? err_say(e, EFBIG, "%s has more than %u bytes", what, PEM_MAX) : 0;
}

/* Do the two belong together? */
static int check_pair(struct pair *p, struct err *e)
{
	uint8_t a[64], b[64];
	size_t na = sizeof(a), nb = sizeof(b);
	gnutls_pubkey_t pub;
	int r = gnutls_pubkey_init(&pub);

	if (r < 0)
		return tls_err(e, r, "check the key");
	r = gnutls_pubkey_import_privkey(pub, p->key, 0, 0);
	if (r >= 0)
		r = gnutls_pubkey_get_key_id(pub, GNUTLS_KEYID_USE_SHA256, a, &na);
	if (r >= 0)
		r = gnutls_pubkey_get_key_id(p->chain[0].pubkey, GNUTLS_KEYID_USE_SHA256, b, &nb);
	gnutls_pubkey_deinit(pub);
	if (r < 0)
		return tls_err(e, r, "check the key");
	return na == nb && !memcmp(a, b, na) ? 0 : err_say(e, EINVAL, "the key does not belong to the certificate");
}

static void wipe(struct buf *b)
{
	if (b->s)
		explicit_bzero(b->s, b->len);
}

static int import(struct pair *p, const struct buf *cert, const struct buf *key, struct err *e)
{
	gnutls_datum_t c = { .data = (unsigned char *)cert->s, .size = (unsigned)cert->len };
	gnutls_datum_t k = { .data = (unsigned char *)key->s, .size = (unsigned)key->len };
	unsigned n = CHAIN_MAX;
	int r = gnutls_pcert_list_import_x509_raw(p->chain, &n, &c, GNUTLS_X509_FMT_PEM, 0);

	if (r < 0)
		return tls_err(e, r, "the certificate");
	p->n = n;
	r = gnutls_privkey_init(&p->key);
	if (r >= 0)
		r = gnutls_privkey_import_x509_raw(p->key, &k, GNUTLS_X509_FMT_PEM, NULL, 0);
	return r < 0 ? tls_err(e, r, "the key") : check_pair(p, e);
}

int web_cert_load(int cert_fd, int key_fd, struct err *e)
{
	auto_buf struct buf cert = { .cap = PEM_MAX }, key = { .cap = PEM_MAX };
	struct pair *p;

	if (read_pem(cert_fd, &cert, "the certificate", e) < 0 || read_pem(key_fd, &key, "the key", e) < 0)
		return -e->code;
	p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(e, ENOMEM, "certificate");
	if (import(p, &cert, &key, e) < 0) {
		pair_free(p);
		wipe(&key);
		return -e->code;
	}
	wipe(&key);
	pair_free(pairs[OLD_PAIRS - 1]);
	for (size_t i = OLD_PAIRS - 1; i > 0; i--)
		pairs[i] = pairs[i - 1];
	pairs[0] = p;
	return 0;
}

void web_cert_done(void)
{
	for (size_t i = 0; i < OLD_PAIRS; i++)
		pair_free(take_ptr(pairs[i]));
}

static int on_handshake(gnutls_session_t s, const gnutls_datum_t *req, int n_req, const gnutls_pk_algorithm_t *algos, int n_algos,
			gnutls_pcert_st **chain, unsigned *n, gnutls_privkey_t *key)
{
	(void)s;
	(void)req;
	(void)n_req;
	(void)algos;
	(void)n_algos;
	if (!pairs[0])
		return -1;
	*chain = pairs[0]->chain;
	*n = pairs[0]->n;
	*key = pairs[0]->key;
	return 0;
}

void *web_cert_callback(void)
{
	gnutls_certificate_retrieve_function2 *fn = on_handshake;

	return (void *)(uintptr_t)fn;
}

/* --- making --- */

static int set_names(gnutls_x509_crt_t c, const char *host)
{
	static const uint8_t loopback[4] = { 127, 0, 0, 1 };
	int r = gnutls_x509_crt_set_dn_by_oid(c, GNUTLS_OID_X520_COMMON_NAME, 0, host, (unsigned)strlen(host));

	if (r >= 0)
		r = gnutls_x509_crt_set_subject_alt_name(c, GNUTLS_SAN_DNSNAME, host, (unsigned)strlen(host), GNUTLS_FSAN_SET);
	if (r >= 0)
		r = gnutls_x509_crt_set_subject_alt_name(c, GNUTLS_SAN_DNSNAME, "localhost", 9, GNUTLS_FSAN_APPEND);
	if (r >= 0)
		r = gnutls_x509_crt_set_subject_alt_name(c, GNUTLS_SAN_IPADDRESS, loopback, sizeof(loopback), GNUTLS_FSAN_APPEND);
	return r;
}

static int set_rest(gnutls_x509_crt_t c, gnutls_x509_privkey_t key)
{
	uint8_t serial[16];
	time_t now = time(NULL);
	int r = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));

	serial[0] &= 0x7f;
	if (r >= 0)
		r = gnutls_x509_crt_set_version(c, 3);
	if (r >= 0)
		r = gnutls_x509_crt_set_serial(c, serial, sizeof(serial));
	if (r >= 0)
		r = gnutls_x509_crt_set_activation_time(c, now - DAY);
	if (r >= 0)
		r = gnutls_x509_crt_set_expiration_time(c, now + (time_t)DAYS * DAY);
	if (r >= 0)
		r = gnutls_x509_crt_set_basic_constraints(c, 0, -1);
	if (r >= 0)
		r = gnutls_x509_crt_set_key_usage(c, GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (r >= 0)
		r = gnutls_x509_crt_set_key_purpose_oid(c, GNUTLS_KP_TLS_WWW_SERVER, 0);
	if (r >= 0)
		r = gnutls_x509_crt_set_key(c, key);
	return r < 0 ? r : gnutls_x509_crt_sign2(c, c, key, GNUTLS_DIG_SHA256, 0);
}

/* Whole or not at all, whatever happens meanwhile. */
static int put_file(const char *path, const gnutls_datum_t *d, mode_t mode, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char parent[PATH_MAX];
	auto_close int dir = -1;

	if (!slash || str_fmt(parent, sizeof(parent), "%.*s", (int)(slash - path), path) < 0)
		return err_say(e, EINVAL, "%s is no path from '/' on", path);
	dir = open(*parent ? parent : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_set(e, errno, "%s", parent);
	return fio_replace(dir, slash + 1, d->data, d->size, mode, e);
}

static int put_key(const char *path, gnutls_x509_privkey_t k, struct err *e)
{
	gnutls_datum_t pem = { 0 };
	int r = gnutls_x509_privkey_generate(k, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);

	if (r >= 0)
		r = gnutls_x509_privkey_export2_pkcs8(k, GNUTLS_X509_FMT_PEM, NULL, 0, &pem);
	if (r < 0)
		tls_err(e, r, "make a key");
	else
		put_file(path, &pem, 0600, e);
	if (pem.data)
		explicit_bzero(pem.data, pem.size);
	gnutls_free(pem.data);
	return -e->code;
}

/* A key without its certificate is what a kill has left, or an administrator has put there: either is the one to use. */
static int key_of(const char *path, gnutls_x509_privkey_t k, struct err *e)
{
	auto_buf struct buf b = { .cap = PEM_MAX };
	auto_close int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	gnutls_datum_t pem;
	int r;

	if (fd < 0)
		return errno == ENOENT ? put_key(path, k, e) : err_set(e, errno, "%s", path);
	if (read_pem(fd, &b, path, e) < 0)
		return -e->code;
	pem = (gnutls_datum_t){ .data = (unsigned char *)b.s, .size = (unsigned)b.len };
	r = gnutls_x509_privkey_import2(k, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (b.s)
		explicit_bzero(b.s, b.len);
	return r < 0 ? tls_err(e, r, path) : 0;
}

static int put_cert(const char *path, gnutls_x509_crt_t c, struct err *e)
{
	gnutls_datum_t pem = { 0 };
	int r = gnutls_x509_crt_export2(c, GNUTLS_X509_FMT_PEM, &pem);

	if (r < 0)
		tls_err(e, r, "write the certificate");
	else
		put_file(path, &pem, 0644, e);
	gnutls_free(pem.data);
	return -e->code;
}

static void print_sum(gnutls_x509_crt_t c)
{
	uint8_t sum[32];
	size_t n = sizeof(sum);

	if (gnutls_x509_crt_get_fingerprint(c, GNUTLS_DIG_SHA256, sum, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		printf("%s%02X", i ? ":" : "SHA-256 of the certificate: ", sum[i]);
	printf("\n");
}

/* The certificate comes last: as long as it is missing, there is one to make. */
int web_cert_make(const char *cert, const char *key, struct err *e)
{
	gnutls_x509_privkey_t k = NULL;
	gnutls_x509_crt_t c = NULL;
	char host[256] = "localhost";
	int r;

	if (access(cert, F_OK) == 0)
		return err_say(e, EEXIST, "%s is there already", cert);
	if (gethostname(host, sizeof(host) - 1) < 0 || !host[0])
		str_copy(host, sizeof(host), "localhost");
	r = gnutls_x509_privkey_init(&k);
	if (r >= 0)
		r = gnutls_x509_crt_init(&c);
	if (r >= 0 && key_of(key, k, e) == 0) {
		r = set_names(c, host);
		if (r >= 0)
			r = set_rest(c, k);
		if (r >= 0 && put_cert(cert, c, e) == 0)
			print_sum(c);
	}
	if (r < 0)
		tls_err(e, r, "make a certificate");
	if (c)
		gnutls_x509_crt_deinit(c);
	if (k)
		gnutls_x509_privkey_deinit(k);
	return -e->code;
}
