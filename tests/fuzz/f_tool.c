/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parsers of the companion tools: texts of /proc, saved beancounters, NETIF, times, packets, whole configurations. */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "net/ether.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/kv.h"
#include "vzctl/check.h"
#include "vzctl/tool.h"

static void report(const char *text)
{
	auto_free struct tool_bc *v = NULL, *again = NULL;
	struct buf auto_buf b = BUF_INIT, out = BUF_INIT;
	struct err e = { 0 };
	size_t n, m;

	if (tool_bc_parse(text, 1, &v, &n, &e) < 0)
		return;
	for (size_t i = 0; i < n && i < 8; i++) {
		free(take_ptr(again));
		buf_reset(&b);
		tool_bc_print(&b, &v[i]);
		FUZZ_CHECK(tool_bc_parse(buf_str(&b), v[i].id, &again, &m, &e) == 0);
		FUZZ_CHECK(b.len == 0 || (m == 1 && again[0].id == v[i].id && !memcmp(again[0].row, v[i].row, sizeof(v->row))));
		tool_bc_table(&out, &v[i], &(struct tool_bc_form){ .verbose = true, .was = &v[0], .relative = true, .incremental = true });
	}
	tool_oversell(&out, v, n, &(struct tool_node){ .ram = 1 });
}

static void quiet(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

/* What was repaired has no error that a repair could have cured. */
static void config(const char *text, size_t size)
{
	struct tool_valid v = { .vswap = -1, .fix = TOOL_FIX_ALL, .say = quiet }, w = { .vswap = -1, .fix = TOOL_FIX_ALL, .say = quiet };
	auto_kv struct kv kv = { 0 };
	struct err e = { 0 };

	if (kv_parse(&kv, text, size, &e) < 0)
		return;
	FUZZ_CHECK(tool_validate(&kv, &v, &e) == 0);
	FUZZ_CHECK(tool_validate(&kv, &w, &e) == 0);
	FUZZ_CHECK(w.errors <= v.errors);
	if (tool_scale(&kv, &(struct tool_scale){ 2.5, 0.3, 1e6, 1e-6, true }, &e) < 0)
		FUZZ_CHECK(e.code == EINVAL);
}

static void words(const char *text)
{
	struct buf auto_buf who = BUF_INIT;
	struct net_stat traffic;
	struct tool_stat st;
	uint8_t mac[6];
	char bridge[16];
	uint64_t span;

	tool_cgroup_ctid(text, "vz");
	FUZZ_CHECK(tool_inner_pid(text, 7) > 0);
	tool_stat_parse(text, &st);
	tool_mac_parse(text, mac);
	if (tool_netif_bridge(text, "veth101.0", bridge, sizeof(bridge)) == 0)
		FUZZ_CHECK(bridge[0] && strlen(bridge) < sizeof(bridge));
	tool_span(text, &span);
	tool_bogomips(text);
	net_stat6_parse(text, &traffic);
	tool_dqugid_has_line(text);
	check_subids(text, CT_UID_FIRST, CT_UID_END, &who);
	tool_keyed(text, "MemTotal:");
}

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_free char *text = strndup((const char *)data, size);
	struct net_arp arp, same;
	uint8_t frame[NET_ARP_LEN], na[16];

	FUZZ_CHECK(text);
	report(text);
	config(text, strlen(text));
	words(text);
	net_na_parse(data, size, na, arp.smac);
	if (net_arp_parse(data, size, &arp) == 0) {
		net_arp_build(&arp, frame);
		FUZZ_CHECK(net_arp_parse(frame, sizeof(frame), &same) == 0 && !memcmp(&arp, &same, sizeof(arp)));
	}
}
