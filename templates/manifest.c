/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the store writes down of a template when it is unpacked, the files manifest and notes, and reads again. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "templates/image.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/kv.h"
#include "util/num.h"

static const char *const odd_keys[] = {
	[TMPL_ODD_SETID] = "SETID", [TMPL_ODD_CAPS] = "CAPABILITIES", [TMPL_ODD_DEVICE] = "DEVICES",
	[TMPL_ODD_WRITABLE] = "WRITABLE", [TMPL_ODD_ACL] = "ACLS_DROPPED",
};
_Static_assert(ARRAY_SIZE(odd_keys) == TMPL_ODD_N, "name every kind");

int store_manifest(const struct tmpl_tmp *tmp, const struct tmpl *t, int archive, const struct unpack_result *r, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	char made[32];
	time_t now = time(NULL);
	struct stat st;
	struct tm tm;

	if (fstat(archive, &st) < 0)
		return err_set(e, errno, "%s", t->archive);
	strftime(made, sizeof(made), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	buf_addf(&b, "SCHEMA=\"1\"\nNAME=\"%s\"\nDIGEST=\"%s\"\nARCHIVE_BYTES=\"%lld\"\n", t->name, r->digest,
		 (long long)st.st_size);
	buf_addf(&b, "ENTRIES=\"%llu\"\nUNPACKED_BYTES=\"%llu\"\nDEVICES_SKIPPED=\"%llu\"\nXATTRS_DROPPED=\"%llu\"\n",
		 (unsigned long long)r->count.entries, (unsigned long long)r->count.bytes,
		 (unsigned long long)r->count.nodes_skipped, (unsigned long long)r->count.xattrs_dropped);
	buf_addf(&b, "UNPACKED=\"%s\"\n", made);
	for (size_t i = 0; i < TMPL_ODD_N; i++)
		buf_addf(&b, "%s=\"%llu\"\n%s_UNUSUAL=\"%llu\"\n", odd_keys[i], (unsigned long long)r->count.odd.n[i],
			 odd_keys[i], (unsigned long long)r->count.odd.unusual[i]);
	if (buf_failed(&b))
		return err_set(e, ENOMEM, "manifest");
	if (r->count.odd.notes[0] &&
	    fio_replace(tmp->dir, "notes", r->count.odd.notes, strlen(r->count.odd.notes), 0600, e) < 0)
		return -e->code;
	return fio_replace(tmp->dir, "manifest", buf_str(&b), b.len, 0600, e);
}

static uint64_t number(const struct kv *kv, const char *key)
{
	const char *text = kv_get(kv, key);
	uint64_t v = 0;

	return text && num_u64(text, &v) == 0 ? v : 0;
}

/* Written by us, from what vz-unpack said (unpack_take_notes()). */
static int read_notes(int dir, struct tmpl_info *ret, struct err *e)
{
	auto_buf struct buf b = { .cap = TMPL_NOTES };

	ret->notes[0] = '\0';
	if (fio_read_at(dir, "notes", &b, e) < 0) {
		if (e->code != ENOENT)
			return -e->code;
		err_clear(e);
		return 0;
	}
	str_copy(ret->notes, sizeof(ret->notes), buf_str(&b));
	return 0;
}

/* In what form, and how big an image. */
void store_form_info(int base, const char *digest, struct tmpl_info *ret)
{
	auto_close int dir = image_store_open(base, digest);
	struct err none = { 0 };
	struct tmpl_image i;

	str_copy(ret->form, sizeof(ret->form), "tree");
	if (dir < 0)
		return;
	if (image_info_load(dir, &i, &none) < 0)
		i = (struct tmpl_image){ .format = "damaged image" };
	str_copy(ret->form, sizeof(ret->form), i.format);
	ret->image_bytes = i.bytes;
}

int store_info(int base, const char *digest, struct tmpl_info *ret, struct err *e)
{
	auto_kv struct kv kv = { 0 };
	auto_close int dir = -1;
	char path[128];

	store_path(path, digest, "");
	dir = openat(base, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_set(e, errno, "%s", path);
	if (kv_load(&kv, dir, "manifest", e) < 0)
		return -e->code;
	ret->unpacked = true;
	ret->entries = number(&kv, "ENTRIES");
	ret->bytes = number(&kv, "UNPACKED_BYTES");
	ret->nodes_skipped = number(&kv, "DEVICES_SKIPPED");
	ret->xattrs_dropped = number(&kv, "XATTRS_DROPPED");
	for (size_t i = 0; i < TMPL_ODD_N; i++) {
		char key[64];

		ret->odd[i] = number(&kv, odd_keys[i]);
		str_fmt(key, sizeof(key), "%s_UNUSUAL", odd_keys[i]);
		ret->unusual[i] = number(&kv, key);
	}
	store_form_info(base, digest, ret);
	return read_notes(dir, ret, e);
}
