/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dumps of limits of users and groups, by whatever tool: what is taken prints and reads back as the same. */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "quota/quota.h"

void fuzz_one(const uint8_t *data, size_t len)
{
	auto_call(quota_ugids_done) struct quota_ugids u = { 0 }, again = { 0 };
	auto_free char *text = strndup((const char *)data, len);
	struct buf auto_buf b = BUF_INIT, c = BUF_INIT;
	struct err e = { 0 };
	unsigned has, same;

	FUZZ_CHECK(text);
	if (quota_ugids_parse(text, &u, &has, &e) < 0 || !u.active)
		return;
	quota_ugids_print(&b, &u, has);
	FUZZ_CHECK(quota_ugids_parse(buf_str(&b), &again, &same, &e) == 0);
	quota_ugids_print(&c, &again, same);
	FUZZ_CHECK(has == same && !strcmp(buf_str(&b), buf_str(&c)));
}
