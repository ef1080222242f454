/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bridge's file as an administrator writes it, and the alias of an interface as anybody may set it. */
#include <string.h>

#include "net/bridge.h"
#include "net/vport.h"
#include "tests/fuzz/fuzz.h"
#include "util/err.h"
#include "util/kv.h"

static void alias(const char *text)
{
	char again[VPORT_ALIAS_MAX];
	struct net_if f, same;

	if (!vport_alias_parse(text, &f))
		return;
	vport_alias(101, &f, again);
	FUZZ_CHECK(vport_alias_is(again, 101, f.ifname));
	FUZZ_CHECK(vport_alias_parse(again, &same) && !memcmp(same.mac, f.mac, 6) && !strcmp(same.ip_filter, f.ip_filter));
}

void fuzz_one(const uint8_t *data, size_t len)
{
	auto_bridge struct net_bridge b = { 0 };
	auto_kv struct kv kv = { 0 };
	struct err e = { 0 };
	char s[1024];

	if (len >= sizeof(s))
		return;
	memcpy(s, data, len);
	s[len] = '\0';
	alias(s);
	if (kv_parse(&kv, s, len, &e) < 0 || net_bridge_read(&b, "br0", &kv, &e) < 0)
		return;
	for (size_t i = 0; i < NET_BR_N; i++)
		FUZZ_CHECK(!b.val[i] || b.val[i][0]);
	FUZZ_CHECK(net_bridge_check(&b, &e) == 0);
}
