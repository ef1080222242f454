/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vz.conf, which may be a shell script: the host's own rows and the defaults for containers. */
#include <string.h>

#include "libct/files.h"
#include "tests/fuzz/fuzz.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	const struct ct_conf_src src = { .file = "vz.conf", .host = true };
	auto_conf struct ct_conf defaults = { 0 };
	struct ct_host_conf host = { 0 };
	struct ct_row_iter it = { 0 };
	auto_kv struct kv kv = { 0 };
	const struct param *p;
	struct err e = { 0 };
	size_t base;

	if (size > 65536 || kv_parse(&kv, (const char *)data, size, &e) < 0)
		return;
	FUZZ_CHECK(ct_host_conf_read(&host, &kv, &src, &e) == 0);
	FUZZ_CHECK(ct_conf_read(&defaults, &kv, &src, &e) == 0);
	while ((p = ct_row_next(&it, &base)))
		if (ct_conf_row_set(p, base, &defaults) && ct_param_by_key(p->key ? p->key : "", &base) == p)
			FUZZ_CHECK(p->flags & PARAM_HOST_DEFAULT);
	FUZZ_CHECK(!host.lockdir || !*host.lockdir || *host.lockdir == '/');
	ct_host_conf_done(&host);
}
