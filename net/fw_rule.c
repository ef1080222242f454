/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A firewall rule as text: words in, a struct out, and back in one spelling. What it means is fw.h's. */
#include "net/fw.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/num.h"

#define TEXT_MAX 1024
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."
#define NAME_MAX_LEN 32
#define TCP IPPROTO_TCP
#define UDP IPPROTO_UDP

static const struct { const char *name, *ports; } services[] = {
	{ "bgp", "tcp 179" }, { "dhcp", "udp 67-68" }, { "dns", "tcp 53,udp 53" }, { "ftp", "tcp 21" }, { "git", "tcp 9418" },
	{ "http", "tcp 80" }, { "http3", "udp 443" }, { "https", "tcp 443" }, { "imap", "tcp 143" }, { "imaps", "tcp 993" },
	{ "ldap", "tcp 389" }, { "ldaps", "tcp 636" }, { "memcached", "tcp 11211" }, { "mongodb", "tcp 27017" },
	{ "mysql", "tcp 3306" }, { "nfs", "tcp 2049" }, { "ntp", "udp 123" }, { "openvpn", "udp 1194" }, { "ping", "icmp" },
	{ "pop3", "tcp 110" }, { "pop3s", "tcp 995" }, { "postgresql", "tcp 5432" }, { "rdp", "tcp 3389" },
	{ "redis", "tcp 6379" }, { "rsync", "tcp 873" }, { "sip", "tcp 5060,udp 5060" }, { "smb", "tcp 445" },
	{ "smtp", "tcp 25" }, { "smtps", "tcp 465" }, { "snmp", "udp 161" }, { "ssh", "tcp 22" }, { "submission", "tcp 587" },
	{ "syslog", "udp 514" }, { "telnet", "tcp 23" }, { "vnc", "tcp 5900-5999" }, { "wireguard", "udp 51820" },
};

static const struct { const char *name; uint8_t proto[2]; } protocols[] = {
	{ "tcp", { TCP } }, { "udp", { UDP } }, { "icmp", { IPPROTO_ICMP, IPPROTO_ICMPV6 } }, { "gre", { IPPROTO_GRE } },
	{ "esp", { IPPROTO_ESP } }, { "ah", { IPPROTO_AH } }, { "sctp", { IPPROTO_SCTP } }, { "ipip", { IPPROTO_IPIP } },
	{ "ipv6", { IPPROTO_IPV6 } }, { "udplite", { IPPROTO_UDPLITE } },
};

const char *fw_service_name(size_t i, const char **ports)
{
	if (i >= ARRAY_SIZE(services))
		return NULL;
	*ports = services[i].ports;
	return services[i].name;
}

bool fw_name_ok(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= NAME_MAX_LEN && name[0] != '.' && name[0] != '-' && strspn(name, NAME_CHARS) == len;
}

static bool has_ports(uint8_t proto)
{
	return proto == TCP || proto == UDP || proto == IPPROTO_SCTP || proto == IPPROTO_UDPLITE;
}

static int add_match(struct fw_rule *r, uint8_t proto, bool ports, uint16_t lo, uint16_t hi, struct err *e)
{
	if (r->n_match == FW_MATCH_MAX)
		return err_say(e, E2BIG, "more than %d protocols and ports in one rule: make two of it", FW_MATCH_MAX);
	r->match[r->n_match++] = (struct fw_match){ .proto = proto, .ports = ports, .lo = lo, .hi = hi };
	return 0;
}

/* "22", "8000-8100", "ssh" */
static int parse_port(const char *word, uint16_t *lo, uint16_t *hi, struct err *e)
{
	char copy[32], *dash;
	uint64_t a, b;

	if (str_copy(copy, sizeof(copy), word) < 0)
		return err_say(e, EINVAL, "'%.40s...' is no port", word);
	dash = strchr(copy, '-');
	if (dash)
		*dash++ = '\0';
	if (num_u64(copy, &a) < 0 || a > 65535 || (!dash && !a) || (dash && (num_u64(dash, &b) < 0 || b > 65535 || b < a)))
		return err_say(e, EINVAL, "'%.40s' is no port: want 80, 80,443 or 8000-8100", word);
	*lo = (uint16_t)a;
	*hi = (uint16_t)(dash ? b : a);
	return 0;
}

static int parse_ports(struct fw_rule *r, const uint8_t proto[2], char *list, struct err *e)
{
	uint16_t lo = 0, hi = 0;
	char *word;

	while ((word = strsep(&list, ","))) {
		if (parse_port(word, &lo, &hi, e) < 0 || add_match(r, proto[0], true, lo, hi, e) < 0)
			return -e->code;
	}
	return 0;
}

static int add_protocol(struct fw_rule *r, const uint8_t proto[2], struct err *e)
{
	if (add_match(r, proto[0], false, 0, 0, e) < 0)
		return -e->code;
	return proto[1] ? add_match(r, proto[1], false, 0, 0, e) : 0;
}

/* true: @word is a protocol, *ret its numbers */
static bool find_protocol(const char *word, uint8_t ret[2])
{
	uint64_t num;

	ret[1] = 0;
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (str_eq(protocols[i].name, word)) {
			memcpy(ret, protocols[i].proto, 2);
			return true;
		}
	}
	if (num_u64(word, &num) < 0 || num == 0 || num > 255)
		return false;
	ret[0] = (uint8_t)num;
	return true;
}

static int add_service(struct fw_rule *r, const char *name, struct err *e)
{
	uint8_t proto[2];
	char copy[64], *rest = copy, *item, *port;

	for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
		if (!str_eq(services[i].name, name))
			continue;
		str_copy(copy, sizeof(copy), services[i].ports);
		while ((item = strsep(&rest, ","))) {
			port = strchr(item, ' ');
			if (port)
				*port++ = '\0';
			find_protocol(item, proto);
			if ((port ? parse_ports(r, proto, port, e) : add_protocol(r, proto, e)) < 0)
				return -e->code;
		}
		return 0;
	}
	return err_say(e, EINVAL, "'%.40s' is no service, protocol or word of a rule (vzfw services lists them; else want "
		       "tcp PORT or udp PORT)", name);
}

static int add_services(struct fw_rule *r, const char *list, struct err *e)
{
	char copy[sizeof(r->what)], *rest = copy, *name;

	if (str_copy(copy, sizeof(copy), list) < 0)
		return err_say(e, EINVAL, "'%.40s...' is too long", list);
	while ((name = strsep(&rest, ","))) {
		if (add_service(r, name, e) < 0)
			return -e->code;
	}
	return 0;
}

static void mask_peer(struct net_ip *ip)
{
	unsigned len = ip->family == AF_INET ? 4 : 16;

	for (unsigned i = 0; i < len; i++) {
		unsigned keep = ip->prefix <= i * 8 ? 0 : ip->prefix - i * 8;

		if (keep < 8)
			ip->v6.s6_addr[i] &= (uint8_t)(0xff00 >> keep);
	}
}

/* Any address: unlike a container's own, a peer's may be multicast or link-local. */
static int parse_peer(const char *word, struct net_ip *ret, struct err *e)
{
	struct net_ip ip = { .family = strchr(word, ':') ? AF_INET6 : AF_INET };
	uint64_t max = ip.family == AF_INET ? 32 : 128, len = max;
	char copy[INET6_ADDRSTRLEN + 4], *slash;

	if (str_copy(copy, sizeof(copy), word) < 0)
		return err_say(e, EINVAL, "'%.60s...' is no address", word);
	slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	if (inet_pton(ip.family, copy, &ip.v6) != 1)
		return err_say(e, EINVAL, "'%.60s' is no address: want 192.0.2.7, 192.0.2.0/24 or 2001:db8::/48", word);
	if (slash && (num_u64(slash, &len) < 0 || len > max))
		return err_say(e, EINVAL, "'%.60s': the prefix length must be 0 to %u", word, (unsigned)max);
	ip.prefix = (uint8_t)len;
	mask_peer(&ip);
	*ret = ip;
	return 0;
}

static int parse_peers(struct fw_rule *r, char *list, struct err *e)
{
	char *word;

	while ((word = strsep(&list, ","))) {
		if (r->n_peer == FW_PEER_MAX)
			return err_say(e, E2BIG, "more than %d addresses in one rule: make two of it", FW_PEER_MAX);
		if (parse_peer(word, &r->peer[r->n_peer], e) < 0)
			return -e->code;
		r->n_peer++;
	}
	return 0;
}

/* What follows the verdict; *next is moved behind what was used. */
static int parse_what(struct fw_rule *r, char **words, size_t n, size_t *i, struct err *e)
{
	uint8_t proto[2];
	char *word = words[*i];

	if (r->n_match)
		return err_say(e, EINVAL, "'%.40s' says a second time what the rule is about: separate services by commas", word);
	(*i)++;
	if (str_eq(word, "any") || str_eq(word, "all"))
		return str_copy(r->what, sizeof(r->what), "any") < 0 ? -EINVAL : add_match(r, 0, false, 0, 0, e);
	if (!find_protocol(word, proto)) {
		if (add_services(r, word, e) < 0)
			return -e->code;
		return str_copy(r->what, sizeof(r->what), word) < 0 ? err_say(e, EINVAL, "'%.40s' is too long", word) : 0;
	}
	if (*i < n && strchr("0123456789", words[*i][0]) && words[*i][0]) {
		if (!has_ports(proto[0]))
			return err_say(e, EINVAL, "protocol %s has no ports", word);
		if (str_fmt(r->what, sizeof(r->what), "%s %s", word, words[*i]) < 0)
			return err_say(e, EINVAL, "'%.40s...' is too long", words[*i]);
		return parse_ports(r, proto, words[(*i)++], e);
	}
	return str_copy(r->what, sizeof(r->what), word) < 0 ? -EINVAL : add_protocol(r, proto, e);
}

static bool parse_flag(struct fw_rule *r, const char *word)
{
	r->log |= str_eq(word, "log");
	r->count |= str_eq(word, "count");
	return str_eq(word, "log") || str_eq(word, "count");
}

static int parse_words(struct fw_rule *r, char **w, size_t n, struct err *e)
{
	size_t i = 0;

	if (i < n && (str_eq(w[i], "in") || str_eq(w[i], "out")))
		r->out = str_eq(w[i++], "out");
	if (i < n && (str_eq(w[i], "accept") || str_eq(w[i], "allow") || str_eq(w[i], "drop") || str_eq(w[i], "deny"))) {
		r->drop = w[i][0] == 'd';
		i++;
	}
	while (i < n) {
		if (parse_flag(r, w[i])) {
			i++;
			continue;
		}
		if (str_eq(w[i], "from") || str_eq(w[i], "to")) {
			if (str_eq(w[i], "to") != r->out)
				return err_say(e, EINVAL, "'%s' does not go with '%s': in ... from ADDRESS, out ... to ADDRESS",
					       w[i], r->out ? "out" : "in");
			if (++i == n)
				return err_say(e, EINVAL, "'%s' wants an address", w[i - 1]);
			if (!str_eq(w[i], "any") && parse_peers(r, w[i], e) < 0)
				return -e->code;
			i++;
		} else if (parse_what(r, w, n, &i, e) < 0) {
			return e->code ? -e->code : err_say(e, EINVAL, "rule too long");
		}
	}
	if (r->n_match)
		return 0;
	str_copy(r->what, sizeof(r->what), "any");
	return add_match(r, 0, false, 0, 0, e);
}

int fw_rule_parse(const char *text, struct fw_rule *ret, struct err *e)
{
	struct str_list words = { 0 };
	struct fw_rule r = { 0 };
	int rc = 0;

	if (strlen(text) > TEXT_MAX)
		rc = err_say(e, EINVAL, "rule '%.40s...' is too long", text);
	else if (str_has_ctrl(text) || strchr(text, ';') || strchr(text, '"'))
		rc = err_say(e, EINVAL, "rule '%.60s' has characters that no rule has", text);
	if (rc == 0)
		rc = str_list_split(&words, text, " \t", e);
	if (rc == 0 && !words.n)
		rc = err_say(e, EINVAL, "an empty rule (for everything write: in accept any)");
	if (rc == 0 && parse_words(&r, words.v, words.n, e) < 0)
		rc = err_add(e, "rule '%.80s'", text);
	str_list_clear(&words);
	if (rc == 0)
		*ret = r;
	return rc;
}

static void print_peer(const struct net_ip *ip, struct buf *b)
{
	char text[INET6_ADDRSTRLEN];
	unsigned max = ip->family == AF_INET ? 32 : 128;

	if (!inet_ntop(ip->family, &ip->v6, text, sizeof(text)))
		return;
	buf_addf(b, "%s", text);
	if (ip->prefix != max)
		buf_addf(b, "/%u", ip->prefix);
}

void fw_rule_print(const struct fw_rule *r, struct buf *b)
{
	buf_addf(b, "%s %s %s", r->out ? "out" : "in", r->drop ? "drop" : "accept", r->what);
	for (size_t i = 0; i < r->n_peer; i++) {
		buf_addf(b, "%s", i ? "," : r->out ? " to " : " from ");
		print_peer(&r->peer[i], b);
	}
	buf_addf(b, "%s%s", r->log ? " log" : "", r->count ? " count" : "");
}

int fw_policy_parse(const char *text, bool *drop, bool *log, struct err *e)
{
	static const struct { const char *text; bool drop, log; } t[] = {
		{ "accept", false, false }, { "drop", true, false }, { "accept log", false, true }, { "drop log", true, true },
		{ "accept,log", false, true }, { "drop,log", true, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		if (str_eq(t[i].text, text)) {
			*drop = t[i].drop;
			*log = t[i].log;
			return 0;
		}
	}
	return err_say(e, EINVAL, "'%.40s' is no policy: want accept, drop, accept,log or drop,log", text);
}
