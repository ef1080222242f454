/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_SIGN_H
#define TEMPLATES_SIGN_H
/* Ed25519 signatures in the form of signify(1). Inside templates/; the public calls are in tmpl.h. */
#include <stddef.h>
#include <stdint.h>

#include "templates/tmpl.h"
#include "util/err.h"

#define SIGN_NUM 8
#define SIGN_PUB 32
#define SIGN_SIG 64
#define SIGN_DATA_MAX (64u << 20)

struct buf;
struct sign_key { uint8_t num[SIGN_NUM], pub[SIGN_PUB]; char name[128]; };	/* name: the issuer's, of the file NAME.pub */
struct sign_sig { uint8_t num[SIGN_NUM], sig[SIGN_SIG]; };
struct sign_sec { uint8_t num[SIGN_NUM], key[64]; };				/* seed and public key */

/* EBADMSG: the text is no such thing. */
int sign_key_parse(const char *text, size_t len, struct sign_key *ret, struct err *e);
int sign_sig_parse(const char *text, size_t len, struct sign_sig *ret, struct err *e);
int sign_check(const struct sign_key *k, const struct sign_sig *s, const void *data, size_t len, struct err *e);
/* By one of KEYS/NAME.pub, which comes back. ENOKEY: by none of these; EBADMSG: the signature is wrong. */
int sign_verify(const char *keys, const char *sig, size_t sig_len, const void *data, size_t len, struct sign_key *ret,
		struct err *e);
int sign_sec_load(const char *path, struct sign_sec *ret, struct err *e);	/* ENOTSUP: it has a passphrase */
int sign_make(const struct sign_sec *k, const void *data, size_t len, struct buf *out, struct err *e);

#endif
