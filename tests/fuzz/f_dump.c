/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libct/backup_dir.c: names of archives, as they lie in a directory, and the words of what is kept. */
#include <string.h>

#include "libct/backup.h"
#include "tests/fuzz/fuzz.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/path.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_free char *s = strndup((const char *)data, size);
	char again[CT_BACKUP_NAME_MAX];
	struct ct_keep k = { 0 };
	struct err e = { 0 };
	unsigned id, id2;
	bool foreign;
	time_t when, when2;

	FUZZ_CHECK(s);
	if (ct_keep_parse(s, &k, &e) < 0)
		FUZZ_CHECK(e.code && e.text[0]);
	else
		FUZZ_CHECK(k.last <= 10000 && k.hourly <= 10000 && k.daily <= 10000 && k.weekly <= 10000 && k.monthly <= 10000 &&
			   k.yearly <= 10000);
	if (!ct_dump_name_parse(s, &id, &when, &foreign))
		return;
	/* what is a name of ours may be given to unlinkat() and becomes part of a line */
	FUZZ_CHECK(path_is_component(s) && strlen(s) < CT_BACKUP_NAME_MAX && id > 0);
	FUZZ_CHECK(ct_dump_name(again, sizeof(again), id, when, false) >= 0);
	FUZZ_CHECK(ct_dump_name_parse(again, &id2, &when2, &foreign) && id2 == id && !foreign);
}
