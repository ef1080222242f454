/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IP_ADDRESS with its options, and what two lists of addresses make together. */
#include "net/net.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"

#define IP_TEXT 64
#define BLANKS " \t\n"

static void list_drop_ip(struct str_list *l, const struct net_ip *ip)
{
	struct err e = { 0 };
	struct net_ip have;

	for (size_t i = l->n; i-- > 0;) {
		if (net_ip_parse(l->v[i], &have, &e) < 0 || !net_ip_equal(&have, ip))
			continue;
		free(l->v[i]);
		memmove(&l->v[i], &l->v[i + 1], (l->n - i) * sizeof(*l->v));	/* the NULL at the end too */
		l->n--;
	}
}

/* Adds in canonical form; the same address with another mask is replaced where it stands. */
static int list_add_ip(struct str_list *l, const struct net_ip *ip, bool with_prefix, struct err *e)
{
	char text[IP_TEXT];
	struct net_ip have;

	if (net_ip_print(ip, with_prefix, text, sizeof(text)) < 0)
		return err_say(e, EINVAL, "address too long");
	for (size_t i = 0; i < l->n; i++) {
		char *copy;

		if (net_ip_parse(l->v[i], &have, e) < 0)
			err_clear(e);
		else if (net_ip_equal(&have, ip)) {
			copy = strdup(text);
			if (!copy)
				return err_set(e, ENOMEM, "list of addresses");
			free(l->v[i]);
			l->v[i] = copy;
			return 0;
		}
	}
	return str_list_add(l, text, e);
}

static int parse_ips(const char *text, struct str_list *l, bool del, struct err *e)
{
	struct str_list words = { 0 };
	struct net_ip ip;
	int rc = str_list_split(&words, text, BLANKS, e);

	for (size_t i = 0; i < words.n && rc == 0; i++) {
		if (del && str_eq(words.v[i], "all")) {
			rc = str_list_has(l, "all") ? 0 : str_list_add(l, "all", e);
			continue;
		}
		rc = net_ip_parse(words.v[i], &ip, e);
		if (rc == 0 && !net_ip_is_any(&ip))
			rc = list_add_ip(l, &ip, !del, e);
	}
	str_list_clear(&words);
	if (rc == 0)
		l->set = true;
	return rc;
}

static int ips_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	(void)p;
	(void)src;
	return parse_ips(text, field, false, e);
}

static int ipdel_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	(void)p;
	(void)src;
	return parse_ips(text, field, true, e);
}

static void ips_print(const struct param *p, const void *field, struct buf *b)
{
	const struct str_list *l = field;

	(void)p;
	for (size_t i = 0; i < l->n; i++)
		buf_addf(b, "%s%s", i ? " " : "", l->v[i]);
}

static bool ips_is_set(const void *field)
{
	return ((const struct str_list *)field)->set;
}

static bool ips_equal(const void *a, const void *b)
{
	return str_list_equal(a, b);
}

static int ips_copy(void *dst, const void *src, struct err *e)
{
	return str_list_copy(dst, src, e);
}

static void ips_done(void *field)
{
	str_list_clear(field);
}

static const struct param_type type_ips = {
	.name = "addresses", .size = sizeof(struct str_list), .parse = ips_parse, .print = ips_print,
	.is_set = ips_is_set, .equal = ips_equal, .copy = ips_copy, .done = ips_done,
};

static const struct param_type type_ipdel = {
	.name = "addresses or all", .size = sizeof(struct str_list), .parse = ipdel_parse, .print = ips_print,
	.is_set = ips_is_set, .equal = ips_equal, .copy = ips_copy, .done = ips_done,
};

const struct param net_params[] = {
	{
		.key = "IP_ADDRESS", .opt = "ipadd", .alias_opt = "ip", .arg = "addr", .type = &type_ips,
		.off = offsetof(struct net_conf, ip), .flags = PARAM_LIVE | PARAM_LIST | PARAM_CREATE,
		.man = "Addresses of the container, IPv4 or IPv6, each optionally with a prefix length or a network mask. "
		       "--ipadd may be repeated and adds to those that are there; 0.0.0.0 and :: are ignored.",
	},
	{
		.opt = "ipdel", .arg = "addr|all", .type = &type_ipdel, .off = offsetof(struct net_conf, ip_del),
		.flags = PARAM_LIVE | PARAM_LIST,
		.man = "Takes an address away, or all of them. It may be repeated; an address that is not there is ignored. "
		       "Given together with --ipadd it is done first.",
	},
};
const size_t net_params_n = ARRAY_SIZE(net_params);

static int merge_into(struct str_list *l, const struct net_conf *change, struct err *e)
{
	struct net_ip ip;

	if (str_list_has(&change->ip_del, "all")) {
		str_list_clear(l);
		l->set = true;
	}
	for (size_t i = 0; i < change->ip_del.n; i++) {
		if (str_eq(change->ip_del.v[i], "all"))
			continue;
		if (net_ip_parse(change->ip_del.v[i], &ip, e) < 0)
			return -e->code;
		list_drop_ip(l, &ip);
	}
	for (size_t i = 0; i < change->ip.n; i++) {
		if (net_ip_parse(change->ip.v[i], &ip, e) < 0 || list_add_ip(l, &ip, true, e) < 0)
			return -e->code;
	}
	l->set |= change->ip.set || change->ip_del.set;
	return 0;
}

int net_conf_merge(const struct net_conf *base, const struct net_conf *change, struct str_list *ret, struct err *e)
{
	struct str_list l = { 0 };

	str_list_clear(ret);
	if (str_list_copy(&l, &base->ip, e) < 0 || merge_into(&l, change, e) < 0) {
		str_list_clear(&l);
		return -e->code;
	}
	*ret = l;
	return 0;
}
