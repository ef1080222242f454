/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of the kept parameters: what is taken, how it is stored, what is refused. */
#include "tests/unit/t_ct_box.h"

TEST(compat_values)
{
	static const struct { const char *opt, *in, *out; } t[] = {
		{ "netfilter", "disabled", "disabled" }, { "netfilter", "stateless", "stateless" },
		{ "netfilter", "stateful", "stateful" }, { "netfilter", "full", "full" },
		{ "netfilter", "Full", NULL }, { "netfilter", "", NULL },
		{ "iptables", "ipt_REJECT,ipt_LOG ipt_owner", "ipt_REJECT ipt_LOG ipt_owner" },
		{ "iptables", "unheard_of", "unheard_of" }, { "iptables", "a;b", NULL },
		{ "pci_add", "01:00.0", "01:00.0" }, { "pci_add", "0000:0a:1F.7", "0000:0a:1F.7" },
		{ "pci_add", "01:00", NULL }, { "pci_add", "01:00.8", NULL }, { "pci_add", "00000:01:00.0", NULL },
		{ "pci_add", "1.0", NULL }, { "pci_add", "0:1:2:3.0", NULL }, { "pci_del", "x", NULL },
		{ "vm_overcommit", "1.5", "1.5" }, { "vm_overcommit", "0", "0" }, { "vm_overcommit", ".5", NULL },
		{ "vm_overcommit", "1.", NULL }, { "vm_overcommit", "-1", NULL }, { "vm_overcommit", "1e3", NULL },
		{ "meminfo", "none", "none" }, { "meminfo", "pages:65536", "pages:65536" },
		{ "meminfo", "privvmpages:1", "privvmpages:1" }, { "meminfo", "pages:", NULL },
		{ "meminfo", "pages:0", NULL }, { "meminfo", "ram:1", NULL },
		{ "memguarantee", "auto", "auto" }, { "memguarantee", "50", "50" }, { "memguarantee", "100%", "100%" },
		{ "memguarantee", "101", NULL }, { "memguarantee", "%", NULL },
		{ "autostop", "stop", "stop" }, { "autostop", "suspend", "suspend" }, { "autostop", "kill", NULL },
		{ "cpuweight", "12", "12" }, { "noatime", "yes", "yes" }, { "noatime", "1", NULL },
		{ "ha_enable", "no", "no" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		auto_conf struct ct_conf c = { 0 };
		auto_buf struct buf b = BUF_INIT;
		struct err e = { 0 };
		size_t base;
		const struct param *p = ct_param_by_opt(t[i].opt, &base);
		int r = p->type->parse(p, t[i].in, PARAM_CLI, param_field(p, base, &c), &e);

		if ((r == 0) != (t[i].out != NULL))
			test_fail(__FILE__, __LINE__, "--%s %s: %d", t[i].opt, t[i].in, r);
		if (r < 0)
			continue;
		p->type->print(p, param_field(p, base, &c), &b);
		CHECK_STR(buf_str(&b), t[i].out);
	}
}

TEST(compat_keys)
{
	static const char *const keys[] = {
		"NETFILTER", "IPTABLES", "PCI", "VM_OVERCOMMIT", "MEMINFO", "MEMGUARANTEE", "CPUUWEIGHT", "NOATIME",
		"AUTOSTOP", "VEID", "CTID", "UUID", "DISTRIBUTION", "TECHNOLOGIES", "VERSION", "CONFIG_CUSTOMIZED",
		"QUOTATIME", "QUOTAUGIDLIMIT", "DISK_QUOTA", "DISK", "DISKSPACE", "DCACHE", "IPTENTRIES",
	};
	size_t base;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!ct_param_by_key(keys[i], &base))
			test_fail(__FILE__, __LINE__, "no row for %s", keys[i]);
	CHECK(ct_param_by_opt("size", &base) == ct_param_by_key("DISK", &base));
	CHECK(ct_iptables_known("xt_mac") && ct_iptables_known("ipt_TOS") && !ct_iptables_known("ipt_tOS"));
}

TEST(compat_pci_list)
{
	char *have[] = { (char *)"01:00.0", (char *)"02:00.0", NULL }, *add[] = { (char *)"03:00.0", (char *)"01:00.0", NULL };
	char *del[] = { (char *)"02:00.0", (char *)"09:00.0", NULL };
	struct ct_compat c = { 0 };
	const struct ct_compat had = { .pci = { have, 2, true } };
	const struct ct_compat change = { .pci = { add, 2, true }, .pci_del = { del, 2, true } };
	struct err e = { 0 };

	CHECK_OK(ct_compat_merge(&c, &had, &e), &e);
	CHECK_OK(ct_compat_merge(&c, &change, &e), &e);
	CHECK(c.pci.set && c.pci.n == 2);
	CHECK_STR(c.pci.v[0], "01:00.0");
	CHECK_STR(c.pci.v[1], "03:00.0");
	str_list_clear(&c.pci);
}
