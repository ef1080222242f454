/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses as users and configuration files write them: what is accepted prints and reads back as the same. */
#include <string.h>

#include "net/net.h"
#include "tests/fuzz/fuzz.h"
#include "util/err.h"

void fuzz_one(const uint8_t *data, size_t len)
{
	struct net_ip ip, again;
	struct str_list l = { 0 };
	struct err e = { 0 };
	char s[256], out[64];

	if (len >= sizeof(s))
		return;
	memcpy(s, data, len);
	s[len] = '\0';
	if (net_ip_parse(s, &ip, &e) == 0) {
		FUZZ_CHECK(net_ip_print(&ip, true, out, sizeof(out)) == 0);
		FUZZ_CHECK(net_ip_parse(out, &again, &e) == 0);
		FUZZ_CHECK(net_ip_equal(&ip, &again) && ip.prefix == again.prefix);
	}
	for (size_t i = 0; i < net_params_n; i++) {
		net_params[i].type->parse(&net_params[i], s, PARAM_FILE, &l, &e);
		net_params[i].type->done(&l);
	}
}
