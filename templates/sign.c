/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signatures in signify's form: Ed25519 over a whole file, in a text of two lines ("untrusted comment: ...", base64 of
 * "Ed", the key's number and the signature). Public keys are files NAME.pub in a directory of root's; NAME is the issuer.
 * Secret keys without a passphrase can be made and used here; for others there is signify itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "templates/sign.h"
#include "util/auto.h"
#include "util/b64.h"
#include "util/buf.h"
#include "util/dir.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/str.h"

#define COMMENT "untrusted comment: "
#define TEXT_MAX 4096
#define SEC_BYTES 104		/* "Ed" "BK" rounds[4] salt[16] sum[8] num[8] key[64] */

static void key_cleanup(gnutls_pubkey_t *k)
{
	if (*k)
		gnutls_pubkey_deinit(*k);
}

static void sec_cleanup(gnutls_privkey_t *k)
{
	if (*k)
		gnutls_privkey_deinit(*k);
}

/* The bytes of the second line; exactly @want of them, the first two "Ed". */
static int decode(const char *text, size_t len, uint8_t *out, size_t want, struct err *e)
{
	auto_buf struct buf bytes = { .cap = TEXT_MAX };
	char copy[TEXT_MAX + 1], *line;

	if (len > TEXT_MAX)
		return err_say(e, EBADMSG, "it is longer than a key or a signature");
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (strlen(copy) != len || !str_starts(copy, COMMENT))
		return err_say(e, EBADMSG, "it does not begin with \"" COMMENT "\"");
	line = strchr(copy, '\n');
	if (!line++)
		return err_say(e, EBADMSG, "it has one line only");
	line[strcspn(line, "\r\n")] = '\0';
	if (b64_parse(&bytes, line, false) < 0 || bytes.len != want || memcmp(bytes.s, "Ed", 2) != 0)
		return err_say(e, EBADMSG, "its second line is not that of an Ed25519 key or signature");
	memcpy(out, bytes.s, want);
	return 0;
}

int sign_key_parse(const char *text, size_t len, struct sign_key *ret, struct err *e)
{
	uint8_t raw[2 + SIGN_NUM + SIGN_PUB];

	if (decode(text, len, raw, sizeof(raw), e) < 0)
		return -e->code;
	memcpy(ret->num, raw + 2, SIGN_NUM);
	memcpy(ret->pub, raw + 2 + SIGN_NUM, SIGN_PUB);
	return 0;
}

int sign_sig_parse(const char *text, size_t len, struct sign_sig *ret, struct err *e)
{
	uint8_t raw[2 + SIGN_NUM + SIGN_SIG];

	if (decode(text, len, raw, sizeof(raw), e) < 0)
		return -e->code;
	memcpy(ret->num, raw + 2, SIGN_NUM);
	memcpy(ret->sig, raw + 2 + SIGN_NUM, SIGN_SIG);
	return 0;
}

int sign_check(const struct sign_key *k, const struct sign_sig *s, const void *data, size_t len, struct err *e)
{
	const gnutls_datum_t x = { (unsigned char *)k->pub, SIGN_PUB }, sig = { (unsigned char *)s->sig, SIGN_SIG };
	const gnutls_datum_t text = { (unsigned char *)data, (unsigned)len };
	gnutls_pubkey_t key __attribute__((cleanup(key_cleanup))) = NULL;

	if (len > SIGN_DATA_MAX)
		return err_say(e, EFBIG, "more than %u bytes cannot be signed", SIGN_DATA_MAX);
	if (gnutls_pubkey_init(&key) < 0)
		return err_set(e, ENOMEM, "check a signature");
	if (gnutls_pubkey_import_ecc_raw(key, GNUTLS_ECC_CURVE_ED25519, &x, NULL) < 0)
		return err_say(e, EBADMSG, "the key is not one of Ed25519");
	if (gnutls_pubkey_verify_data2(key, GNUTLS_SIGN_EDDSA_ED25519, 0, &text, &sig) < 0)
		return err_say(e, EBADMSG, "the signature does not fit: the file is not what its issuer signed");
	return 0;
}

/* The key with the number of @s among KEYS/NAME.pub. Files that cannot be read are none of them. */
static int find_key(const char *keys, const struct sign_sig *s, struct sign_key *ret, struct err *e)
{
	auto_close int dir = open(keys, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = dir_list(dir);
	struct dirent *de;

	if (!d && errno != ENOENT)
		return err_set(e, errno, "%s", keys);
	while (d && (de = readdir(d))) {
		auto_buf struct buf b = { .cap = TEXT_MAX };
		size_t len = strlen(de->d_name);
		struct err ignored = { 0 };

		if (!str_ends(de->d_name, ".pub") || de->d_name[0] == '.' || len - 4 >= sizeof(ret->name))
			continue;
		if (fio_read_at(dir, de->d_name, &b, &ignored) < 0 || sign_key_parse(buf_str(&b), b.len, ret, &ignored) < 0 ||
		    memcmp(ret->num, s->num, SIGN_NUM) != 0)
			continue;
		return str_fmt(ret->name, sizeof(ret->name), "%.*s", (int)len - 4, de->d_name);
	}
	return err_say(e, ENOKEY, "it is signed with key %02x%02x%02x%02x%02x%02x%02x%02x, which is not among %s/*.pub; if you "
		       "trust its issuer, put the issuer's public key there", s->num[7], s->num[6], s->num[5], s->num[4],
		       s->num[3], s->num[2], s->num[1], s->num[0], keys);
}

int sign_verify(const char *keys, const char *sig, size_t sig_len, const void *data, size_t len, struct sign_key *ret,
		struct err *e)
{
	struct sign_sig s;

	if (sign_sig_parse(sig, sig_len, &s, e) < 0 || find_key(keys, &s, ret, e) < 0)
		return -e->code;
	return sign_check(ret, &s, data, len, e) < 0 ? err_add(e, "key %s", ret->name) : 0;
}

/* --- making --- */

static int sum_of(const uint8_t key[64], uint8_t sum[8], struct err *e)
{
	uint8_t full[64];

	if (gnutls_hash_fast(GNUTLS_DIG_SHA512, key, 64, full) < 0)
		return err_set(e, EIO, "SHA-512");
	memcpy(sum, full, 8);
	return 0;
}

static int sec_parse(const struct buf *b, struct sign_sec *ret, struct err *e)
{
	uint8_t raw[SEC_BYTES], sum[8];

	if (decode(buf_str(b), b->len, raw, sizeof(raw), e) < 0)
		return -e->code;
	if (memcmp(raw + 4, "\0\0\0\0", 4) != 0)
		return err_say(e, ENOTSUP, "it is locked with a passphrase: sign with signify -S -s KEY -m FILE");
	memcpy(ret->num, raw + 32, SIGN_NUM);
	memcpy(ret->key, raw + 40, sizeof(ret->key));
	if (sum_of(ret->key, sum, e) < 0)
		return -e->code;
	return memcmp(sum, raw + 24, 8) == 0 ? 0 : err_say(e, EBADMSG, "the key is damaged");
}

int sign_sec_load(const char *path, struct sign_sec *ret, struct err *e)
{
	auto_buf struct buf b = { .cap = TEXT_MAX };

	if (fio_read_at(AT_FDCWD, path, &b, e) < 0)
		return -e->code;
	return sec_parse(&b, ret, e) < 0 ? err_add(e, "secret key %s", path) : 0;
}

static int import_sec(const struct sign_sec *k, gnutls_privkey_t *ret, struct err *e)
{
	const gnutls_datum_t seed = { (unsigned char *)k->key, 32 }, x = { (unsigned char *)k->key + 32, SIGN_PUB };

	if (gnutls_privkey_init(ret) < 0)
		return err_set(e, ENOMEM, "sign");
	if (gnutls_privkey_import_ecc_raw(*ret, GNUTLS_ECC_CURVE_ED25519, &x, NULL, &seed) < 0)
		return err_say(e, EBADMSG, "the secret key is not one of Ed25519");
	return 0;
}

static void add_text(struct buf *out, const char *comment, const uint8_t *raw, size_t n)
{
	buf_addf(out, COMMENT "%s\n", comment);
	b64_add(out, raw, n, false);
	buf_addc(out, '\n');
}

int sign_make(const struct sign_sec *k, const void *data, size_t len, struct buf *out, struct err *e)
{
	const gnutls_datum_t text = { (unsigned char *)data, (unsigned)len };
	gnutls_privkey_t key __attribute__((cleanup(sec_cleanup))) = NULL;
	uint8_t raw[2 + SIGN_NUM + SIGN_SIG] = "Ed";
	gnutls_datum_t sig = { NULL, 0 };
	int rc;

	if (len > SIGN_DATA_MAX)
		return err_say(e, EFBIG, "more than %u bytes cannot be signed", SIGN_DATA_MAX);
	if (import_sec(k, &key, e) < 0)
		return -e->code;
	rc = gnutls_privkey_sign_data2(key, GNUTLS_SIGN_EDDSA_ED25519, 0, &text, &sig);
	if (rc < 0 || sig.size != SIGN_SIG) {
		gnutls_free(sig.data);
		return err_say(e, EIO, "cannot sign: %s", rc < 0 ? gnutls_strerror(rc) : "a signature of another size");
	}
	memcpy(raw + 2, k->num, SIGN_NUM);
	memcpy(raw + 2 + SIGN_NUM, sig.data, SIGN_SIG);
	gnutls_free(sig.data);
	add_text(out, "verify with the issuer's public key", raw, sizeof(raw));
	return buf_failed(out) ? err_set(e, ENOMEM, "sign") : 0;
}

static int generate(struct sign_sec *k, struct err *e)
{
	gnutls_privkey_t key __attribute__((cleanup(sec_cleanup))) = NULL;
	gnutls_datum_t x = { NULL, 0 }, seed = { NULL, 0 };
	gnutls_ecc_curve_t curve;
	int rc = gnutls_privkey_init(&key);

	if (rc >= 0)
		rc = gnutls_privkey_generate(key, GNUTLS_PK_EDDSA_ED25519, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_ED25519), 0);
	if (rc >= 0)
		rc = gnutls_privkey_export_ecc_raw(key, &curve, &x, NULL, &seed);
	if (rc >= 0 && x.size == SIGN_PUB && seed.size == 32) {
		memcpy(k->key, seed.data, 32);
		memcpy(k->key + 32, x.data, SIGN_PUB);
	} else {
		err_say(e, EIO, "cannot make a key: %s", rc < 0 ? gnutls_strerror(rc) : "of another size");
	}
	gnutls_free(x.data);
	gnutls_free(seed.data);
	if (!e->code && getrandom(k->num, SIGN_NUM, 0) != SIGN_NUM)
		err_set(e, errno, "getrandom");
	return -e->code;
}

/* A new file, never over one. */
static int put_new(const char *base, const char *suffix, const struct buf *b, mode_t mode, struct err *e)
{
	char path[4096];
	auto_close int fd = -1;

	if (str_fmt(path, sizeof(path), "%s%s", base, suffix) < 0)
		return err_set(e, ENAMETOOLONG, "%s", base);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return err_set(e, errno, "%s", path);
	if (fio_write_all(fd, b->s, b->len) < 0 || fsync(fd) < 0) {
		err_set(e, errno, "%s", path);
		unlink(path);		/* half a key would be in the way of the next attempt */
		return -e->code;
	}
	return 0;
}

int tmpl_keygen(const char *base, struct err *e)
{
	uint8_t sec[SEC_BYTES] = "EdBK", pub[2 + SIGN_NUM + SIGN_PUB] = "Ed";
	const char *name = strrchr(base, '/') ? strrchr(base, '/') + 1 : base;
	auto_buf struct buf s = { .cap = TEXT_MAX }, p = { .cap = TEXT_MAX };
	char comment[300];
	struct sign_sec k = { 0 };

	if (!path_is_component(name))
		return err_say(e, EINVAL, "\"%s\" is not a name for a key", name);
	if (generate(&k, e) < 0 || sum_of(k.key, sec + 24, e) < 0)
		return -e->code;
	memcpy(sec + 32, k.num, SIGN_NUM);
	memcpy(sec + 40, k.key, sizeof(k.key));
	memcpy(pub + 2, k.num, SIGN_NUM);
	memcpy(pub + 2 + SIGN_NUM, k.key + 32, SIGN_PUB);
	str_fmt(comment, sizeof(comment), "%s secret key", name);
	add_text(&s, comment, sec, sizeof(sec));
	str_fmt(comment, sizeof(comment), "%s public key", name);
	add_text(&p, comment, pub, sizeof(pub));
	if (buf_failed(&s) || buf_failed(&p))
		return err_set(e, ENOMEM, "make a key");
	if (put_new(base, ".sec", &s, 0600, e) < 0 || put_new(base, ".pub", &p, 0644, e) < 0)
		return -e->code;
	return 0;
}
