/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/image_info.c: what a pool's info says becomes a path and a number only after it was checked. */
#include <errno.h>
#include <string.h>

#include "templates/image.h"
#include "tests/fuzz/fuzz.h"
#include "util/err.h"
#include "util/kv.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_kv struct kv kv = { 0 };
	struct tmpl_image i;
	struct err e = { 0 };
	const char *fs = NULL;

	if (image_detect((const char *)data, size, &fs) == 0)
		FUZZ_CHECK(fs && size >= 4);
	if (size > 65536 || kv_parse(&kv, (const char *)data, size, &e) < 0)
		return;
	if (image_info_parse(&kv, &i, &e) < 0) {
		FUZZ_CHECK(e.code == EBADMSG && e.text[0]);
		return;
	}
	FUZZ_CHECK(!strchr(i.name, '/') && i.name[0] != '.' && i.name[0] != '-');
	FUZZ_CHECK(strspn(i.digest, "0123456789abcdef") == TMPL_DIGEST_LEN && strlen(i.digest) == TMPL_DIGEST_LEN);
	FUZZ_CHECK(image_format(i.format) != NULL);
}
