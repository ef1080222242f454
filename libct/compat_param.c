/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parameters that other versions act on and this kernel cannot express: they are checked, stored,
 * shown and copied, so that files and scripts that have them keep working. Rows marked
 * PARAM_KEPT are told to the user of `set`, once.
 */
#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "util/auto.h"

#include "libct/files.h"
#include "libct/type.h"

/* --- iptables modules --- */

bool ct_iptables_known(const char *name)
{
	static const char *const names[] = {
		"ip_tables", "iptable_filter", "iptable_mangle", "ipt_limit", "ipt_multiport",
		"ipt_tos", "ipt_TOS", "ipt_REJECT", "ipt_TCPMSS", "ipt_tcpmss", "ipt_ttl",
		"ipt_LOG", "ipt_length", "ip_conntrack", "ip_conntrack_ftp", "ip_conntrack_irc",
		"ipt_conntrack", "ipt_state", "ipt_helper", "iptable_nat", "ip_nat_ftp",
		"ip_nat_irc", "ipt_REDIRECT", "xt_mac", "ipt_recent", "ipt_owner",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(names[i], name))
			return true;
	return false;
}

/* An unknown one is no error: set says so and leaves it out, a file keeps it. */
static bool is_module(const char *s, struct err *e)
{
	if (s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] == 0)
		return true;
	err_say(e, EINVAL, "'%s' is not the name of a module", s);
	return false;
}

static int iptables_parse(const struct param *p, const char *text, enum param_src src,
			  void *field, struct err *e)
{
	return ct_words_parse(&param_listc, is_module, p, text, src, field, e);
}
static LIST_TYPE(type_iptables, "modules", iptables_parse);

/* --- PCI: [DOMAIN:]BUS:SLOT.FUNCTION, hexadecimal --- */

static bool hex_field(const char **s, size_t max, char end)
{
	size_t n = strspn(*s, "0123456789abcdefABCDEF");

	if (!n || n > max || (*s)[n] != end)
		return false;
	*s += n + (end != '\0');
	return true;
}

static bool is_pci(const char *s, struct err *e)
{
	const char *at = s, *first = strchr(s, ':'), *last = strrchr(s, ':');

	if ((first == last || hex_field(&at, 4, ':')) && hex_field(&at, 2, ':') &&
	    hex_field(&at, 2, '.') && *at >= '0' && *at <= '7' && !at[1])
		return true;
	err_say(e, EINVAL, "'%s' is not [DOMAIN:]BUS:SLOT.FUNCTION", s);
	return false;
}

static int pci_parse(const struct param *p, const char *text, enum param_src src, void *field,
		     struct err *e)
{
	return ct_words_parse(&param_list, is_pci, p, text, src, field, e);
}
static LIST_TYPE(type_pci, "devices", pci_parse);

/* --- words and numbers --- */

static int one_of(const char *const *words, const struct param *p, const char *text,
		  enum param_src src, void *field, struct err *e)
{
	auto_buf struct buf all = BUF_INIT;

	for (size_t i = 0; words[i]; i++) {
		if (str_eq(words[i], text))
			return param_str.parse(p, text, src, field, e);
		buf_addf(&all, "%s%s", i ? ", " : "", words[i]);
	}
	return err_say(e, EINVAL, "'%s' is none of %s", text, buf_str(&all));
}

static int netfilter_parse(const struct param *p, const char *text, enum param_src src,
			   void *field, struct err *e)
{
	static const char *const words[] = { "disabled", "stateless", "stateful", "full", NULL };

	return one_of(words, p, text, src, field, e);
}
STR_TYPE(ct_type_netfilter, "mode", netfilter_parse);

static int autostop_parse(const struct param *p, const char *text, enum param_src src,
			  void *field, struct err *e)
{
	static const char *const words[] = { "stop", "suspend", NULL };

	return one_of(words, p, text, src, field, e);
}
static STR_TYPE(type_autostop, "mode", autostop_parse);

static int meminfo_parse(const struct param *p, const char *text, enum param_src src, void *field,
			 struct err *e)
{
	const char *num = str_starts(text, "pages:") ? text + 6
			  : str_starts(text, "privvmpages:") ? text + 12 : NULL;
	uint64_t v;

	if (str_eq(text, "none") || (num && num_u64(num, &v) == 0 && v > 0))
		return param_str.parse(p, text, src, field, e);
	return err_say(e, EINVAL, "'%s' is not none, pages:NUM or privvmpages:NUM", text);
}
static STR_TYPE(type_meminfo, "meminfo", meminfo_parse);

static int float_parse(const struct param *p, const char *text, enum param_src src, void *field,
		       struct err *e)
{
	size_t whole = strspn(text, "0123456789");
	size_t part = text[whole] == '.' ? 1 + strspn(text + whole + 1, "0123456789") : 0;

	if (!whole || part == 1 || text[whole + part] || whole + part > 18)
		return err_say(e, EINVAL, "'%s' is not a number like 1.5", text);
	return param_str.parse(p, text, src, field, e);
}
static STR_TYPE(type_float, "factor", float_parse);

static int guarantee_parse(const struct param *p, const char *text, enum param_src src,
			   void *field, struct err *e)
{
	size_t n = strspn(text, "0123456789");
	char num[8];
	uint64_t v;

	if (str_eq(text, "auto"))
		return param_str.parse(p, text, src, field, e);
	if (n && n < sizeof(num) && (!text[n] || str_eq(text + n, "%"))) {
		str_fmt(num, sizeof(num), "%.*s", (int)n, text);
		if (num_u64(num, &v) == 0 && v <= 100)
			return param_str.parse(p, text, src, field, e);
	}
	return err_say(e, EINVAL, "'%s' is neither auto nor a percentage", text);
}
static STR_TYPE(type_guarantee, "guarantee", guarantee_parse);

/* --- rows --- */

#define C(field) .off = offsetof(struct ct_compat, field)
#define KEPT " Kept in the configuration for compatibility."
/* Written by other versions about themselves. */
#define NOTE(KEY_, FIELD_, MAN_) \
	{ .key = KEY_, .arg = "text", .type = &param_str, C(FIELD_), .flags = PARAM_NO_SET, \
	  .man = MAN_ KEPT }

const struct param ct_compat_params[] = {
	{ .key = "IPTABLES", .opt = "iptables", .arg = "name", .type = &type_iptables, C(iptables),
	  .flags = PARAM_RESTART | PARAM_LIST | PARAM_CREATE,
	  .man = "Packet filter modules for the container. A container has its own complete packet "
		 "filter here, so this limits nothing; ignored where NETFILTER is set." KEPT },
	{ .key = "PCI", .opt = "pci_add", .arg = "[domain:]bus:slot.function", .type = &type_pci,
	  C(pci), .flags = PARAM_ADMIN | PARAM_SHARED | PARAM_LIST | PARAM_KEPT,
	  .man = "PCI devices for the container. May be repeated." KEPT },
	{ .opt = "pci_del", .arg = "[domain:]bus:slot.function", .type = &type_pci, C(pci_del),
	  .flags = PARAM_ADMIN | PARAM_LIST | PARAM_KEPT, .man = "Takes a device out of the list of --pci_add." },
	{ .key = "VM_OVERCOMMIT", .opt = "vm_overcommit", .arg = "factor", .type = &type_float,
	  C(vm_overcommit), .flags = PARAM_KEPT | PARAM_CREATE | PARAM_HOST_DEFAULT,
	  .man = "How far allocations may exceed memory and swap. This kernel limits what is used, "
		 "not what is allocated." KEPT },
	{ .key = "MEMINFO", .opt = "meminfo", .arg = "none|pages:num|privvmpages:num",
	  .type = &type_meminfo, C(meminfo), .flags = PARAM_KEPT | PARAM_CREATE | PARAM_HOST_DEFAULT,
	  .man = "Memory size that programs inside are shown." KEPT },
	{ .key = "MEMGUARANTEE", .opt = "memguarantee", .arg = "percent|auto",
	  .type = &type_guarantee, C(memguarantee), .flags = PARAM_KEPT | PARAM_CREATE,
	  .man = "Share of the memory limit that is guaranteed." KEPT },
	{ .key = "CPUUWEIGHT", .opt = "cpuweight", .arg = "num", .type = &param_u64, C(cpuweight),
	  .max = NUM_UNLIMITED, .flags = PARAM_KEPT, .man = "Old form of --cpuunits, which is the one that counts." KEPT },
	{ .key = "BURST_CPU_AVG_USAGE", .opt = "burst_cpu_avg_usage", .arg = "percent",
	  .type = &param_u64, C(burst_avg), .max = NUM_UNLIMITED, .flags = PARAM_KEPT,
	  .man = "CPU use below which --burst_cpulimit counts." KEPT },
	{ .key = "BURST_CPULIMIT", .opt = "burst_cpulimit", .arg = "percent", .type = &param_u64,
	  C(burst_limit), .max = NUM_UNLIMITED, .flags = PARAM_KEPT, .man = "CPU limit for short times." KEPT },
	{ .key = "AUTOSTOP", .opt = "autostop", .arg = "stop|suspend", .type = &type_autostop,
	  C(autostop), .flags = PARAM_READ | PARAM_HOST_DEFAULT,
	  .man = "What happens to the container when the host is shut down. It is stopped." KEPT },
	{ .key = "HA_ENABLE", .opt = "ha_enable", .arg = "yes|no", .type = &param_yesno,
	  C(ha_enable), .flags = PARAM_KEPT, .man = "High availability of a cluster." KEPT },
	{ .key = "HA_PRIO", .opt = "ha_prio", .arg = "num", .type = &param_u64, C(ha_prio),
	  .max = NUM_UNLIMITED, .flags = PARAM_KEPT, .man = "Priority in a cluster." KEPT },
	NOTE("VEID", veid, "Id of the container."),
	NOTE("CTID", ctid, "Id of the container as a UUID."),
	NOTE("UUID", uuid, "Id of the container as a UUID."),
	{ .key = "DISTRIBUTION", .arg = "name", .type = &param_str, C(distribution), .flags = PARAM_NO_SET,
	  .man = "Distribution that is inside: names the scripts in /etc/vz/dists that are used, if there are any, "
		 "in place of OSTEMPLATE." },
	NOTE("TECHNOLOGIES", technologies, "Abilities of the host that the container needs."),
	NOTE("VERSION", version, "Version of the file."),
	NOTE("CONFIG_CUSTOMIZED", customized, "Whether the file differs from its sample."),
};
const size_t ct_compat_params_n = ARRAY_SIZE(ct_compat_params);

/* @l with what --pci_add and --pci_del say. */
int ct_compat_merge(struct ct_compat *c, const struct ct_compat *change, struct err *e)
{
	for (size_t i = 0; i < change->pci.n; i++)
		if (!str_list_has(&c->pci, change->pci.v[i]) &&
		    str_list_add(&c->pci, change->pci.v[i], e) < 0)
			return -e->code;
	for (size_t i = 0; i < change->pci_del.n; i++)
		str_list_del(&c->pci, change->pci_del.v[i]);
	c->pci.set |= change->pci.set || change->pci_del.set;
	return 0;
}
