/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file "info" beside an image: what it is, how long, and its SHA-256. */
#include <errno.h>
#include <string.h>

#include "templates/image.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/kv.h"
#include "util/num.h"

static const struct image_format formats[] = {
	{ "erofs", "erofs", NULL },
	{ "erofs-lz4", "erofs", NULL },
	{ "squashfs", "squashfs", "6.2" },	/* idmapped mounts of it */
};

const struct image_format *image_format(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (str_eq(formats[i].name, name))
			return &formats[i];
	return NULL;
}

static int number(const struct kv *kv, const char *key, uint64_t *ret, struct err *e)
{
	const char *v = kv_get(kv, key);

	return v && num_u64(v, ret) == 0 ? 0 : err_say(e, EBADMSG, "image info: %s is missing or no number", key);
}

static int number_or_0(const struct kv *kv, const char *key, uint64_t *ret, struct err *e)
{
	*ret = 0;
	return kv_get(kv, key) ? number(kv, key, ret, e) : 0;
}

int image_info_parse(const struct kv *kv, struct tmpl_image *ret, struct err *e)
{
	const char *name = kv_get(kv, "NAME"), *digest = kv_get(kv, "DIGEST"), *format = kv_get(kv, "FORMAT");
	const char *sha = kv_get(kv, "SHA256"), *schema = kv_get(kv, "SCHEMA");

	uint64_t mode;

	memset(ret, 0, sizeof(*ret));
	if (!str_eq(schema, "1"))
		return err_say(e, EBADMSG, "image info: SCHEMA is not 1: made by a later version, or no image");
	if (!name || !tmpl_name_ok(name) || str_copy(ret->name, sizeof(ret->name), name) < 0)
		return err_say(e, EBADMSG, "image info: NAME is no template's name");
	if (!digest || !tmpl_is_digest(digest) || !sha || !tmpl_is_digest(sha))
		return err_say(e, EBADMSG, "image info: DIGEST and SHA256 must be 64 hexadecimal digits");
	if (!format || !image_format(format))
		return err_say(e, EBADMSG, "image info: FORMAT is none of erofs, erofs-lz4, squashfs");
	str_copy(ret->digest, sizeof(ret->digest), digest);
	str_copy(ret->sha256, sizeof(ret->sha256), sha);
	str_copy(ret->format, sizeof(ret->format), format);
	if (number(kv, "BYTES", &ret->bytes, e) < 0 || number(kv, "ENTRIES", &ret->entries, e) < 0)
		return -e->code;
	if (number(kv, "TREE_BYTES", &ret->tree_bytes, e) < 0 || number_or_0(kv, "ROOT_MODE", &mode, e) < 0)
		return -e->code;
	if (mode > 07777)
		return err_say(e, EBADMSG, "image info: ROOT_MODE is no mode");
	ret->mode = (unsigned)mode;
	return 0;
}

int image_info_load(int dir, struct tmpl_image *ret, struct err *e)
{
	auto_kv struct kv kv = { 0 };

	return kv_load(&kv, dir, "info", e) < 0 ? -e->code : image_info_parse(&kv, ret, e);
}

int image_info_write(int dir, const struct tmpl_image *i, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;

	buf_addf(&b, "SCHEMA=\"1\"\nNAME=\"%s\"\nDIGEST=\"%s\"\nFORMAT=\"%s\"\nSHA256=\"%s\"\n", i->name, i->digest, i->format,
		 i->sha256);
	buf_addf(&b, "BYTES=\"%llu\"\nENTRIES=\"%llu\"\nTREE_BYTES=\"%llu\"\nROOT_MODE=\"%u\"\n", (unsigned long long)i->bytes,
		 (unsigned long long)i->entries, (unsigned long long)i->tree_bytes, i->mode);
	if (buf_failed(&b))
		return err_set(e, ENOMEM, "image info");
	return fio_replace(dir, "info", buf_str(&b), b.len, 0644, e);
}
