/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Forwards of ports as text, and as lines for nat_part.c. */
#include "net/nat.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "net/net_part.h"
#include "net/net_priv.h"
#include "net/netif.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/num.h"

#define TEXT_MAX 256
#define FWD "nat fwd "

static int bad(const char *text, const char *why, struct err *e)
{
	return err_say(e, EINVAL, "forward '%.80s': %s; want tcp|udp [ADDRESS:]PORT[-PORT] [to [ADDRESS:]PORT]", text, why);
}

/* "80", "80-90", "192.0.2.1:80", "[2001:db8::1]:80". *port is what follows the address. */
static int split_address(char *word, struct net_ip *ip, char **port)
{
	char *colon = strrchr(word, ':');

	*ip = (struct net_ip){ 0 };
	*port = word;
	if (!colon)
		return 0;
	*colon = '\0';
	*port = colon + 1;
	if (word[0] == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		word++;
		ip->family = AF_INET6;
		ip->prefix = 128;
	} else {
		ip->family = AF_INET;
		ip->prefix = 32;
	}
	return inet_pton(ip->family, word, &ip->v6) == 1 && !net_ip_is_any(ip) ? 0 : -EINVAL;
}

static int parse_range(char *s, uint16_t *lo, uint16_t *hi)
{
	char *dash = strchr(s, '-');
	uint64_t a, b;

	if (dash)
		*dash++ = '\0';
	if (num_u64(s, &a) < 0 || a == 0 || a > 65535)
		return -EINVAL;
	b = a;
	if (dash && (num_u64(dash, &b) < 0 || b < a || b > 65535))
		return -EINVAL;
	*lo = (uint16_t)a;
	*hi = (uint16_t)b;
	return 0;
}

static int parse_words(const char *text, char **w, size_t n, struct nat_fwd *f, struct err *e)
{
	uint16_t hi;
	char *port;

	if ((n != 2 && n != 4) || (n == 4 && !str_eq(w[2], "to")))
		return bad(text, "it has too few or too many words", e);
	if (!str_eq(w[0], "tcp") && !str_eq(w[0], "udp"))
		return bad(text, "it begins with neither tcp nor udp", e);
	f->proto = str_eq(w[0], "tcp") ? IPPROTO_TCP : IPPROTO_UDP;
	if (split_address(w[1], &f->host, &port) < 0 || parse_range(port, &f->lo, &f->hi) < 0)
		return bad(text, "the port of the host is wrong", e);
	if (f->hi - f->lo >= NAT_PORTS_MAX)
		return bad(text, "that is more than 1024 ports", e);
	f->to_port = f->lo;
	if (n == 2)
		return 0;
	if (split_address(w[3], &f->to, &port) < 0 || parse_range(port, &f->to_port, &hi) < 0)
		return bad(text, "the port in the container is wrong", e);
	if (hi != f->to_port && hi - f->to_port != f->hi - f->lo)
		return bad(text, "the two ranges are not of one size", e);
	if (f->to_port + (f->hi - f->lo) > 65535)
		return bad(text, "there are not that many ports", e);
	if (f->host.family && f->to.family && f->host.family != f->to.family)
		return bad(text, "one address is IPv4 and the other IPv6", e);
	return 0;
}

int nat_fwd_parse(const char *text, struct nat_fwd *ret, struct err *e)
{
	struct str_list words = { 0 };
	struct nat_fwd f = { 0 };
	int rc;

	if (strlen(text) > TEXT_MAX || str_has_ctrl(text) || strchr(text, ';'))
		return bad(text, "it is too long, or has characters that no forward has", e);
	rc = str_list_split(&words, text, " ", e);
	if (rc == 0)
		rc = parse_words(text, words.v, words.n, &f, e);
	str_list_clear(&words);
	if (rc < 0)
		return rc;
	*ret = f;
	return 0;
}

static void print_address(const struct net_ip *ip, struct buf *b)
{
	char text[INET6_ADDRSTRLEN];

	if (ip->family && inet_ntop(ip->family, &ip->v6, text, sizeof(text)))
		buf_addf(b, ip->family == AF_INET6 ? "[%s]:" : "%s:", text);
}

void nat_fwd_print(const struct nat_fwd *f, struct buf *b)
{
	buf_addf(b, "%s ", f->proto == IPPROTO_TCP ? "tcp" : "udp");
	print_address(&f->host, b);
	buf_addf(b, f->lo == f->hi ? "%u" : "%u-%u", f->lo, f->hi);
	if (f->to_port == f->lo && !f->to.family)
		return;
	buf_addf(b, " to ");
	print_address(&f->to, b);
	buf_addf(b, "%u", f->to_port);
}

/* --- lines --- */

static int line_add(struct str_list *l, struct buf *b, struct err *e)
{
	int rc = buf_failed(b) ? err_set(e, ENOMEM, "forward") : str_list_has(l, buf_str(b)) ? 0 : str_list_add(l, buf_str(b), e);

	buf_done(b);
	return rc;
}

static bool first_of(const struct net_conf *c, int family, struct net_ip *ret)
{
	struct err e = { 0 };

	for (size_t i = 0; i < c->ip.n; i++) {
		if (net_ip_parse(c->ip.v[i], ret, &e) == 0 && ret->family == family && !net_ip_is_any(ret))
			return true;
		err_clear(&e);
	}
	return false;
}

/* A forward with both ends of one family. Returns 1 if there is a line. */
static int family_line(const struct nat_fwd *f, const struct net_conf *c, int family, struct str_list *ret, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	struct nat_fwd one = *f;

	if ((f->host.family && f->host.family != family) || (f->to.family && f->to.family != family))
		return 0;
	if (!f->to.family && !first_of(c, family, &one.to))
		return 0;
	if (!f->to.family)
		one.to = net_ip_inside(&one.to);	/* of a prefix, the address that is on venet0 */
	buf_addf(&b, FWD);
	nat_fwd_print(&one, &b);
	return line_add(ret, &b, e) < 0 ? -e->code : 1;
}

static int hairpin_line(const char *ifname, struct str_list *ret, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;

	buf_addf(&b, "nat hairpin %s", ifname);
	return line_add(ret, &b, e);
}

/* Both of one container: the same port of the host, and two places it would lead to. */
static bool differ(const struct nat_fwd *a, const struct nat_fwd *b)
{
	if (a->proto != b->proto || a->lo > b->hi || b->lo > a->hi || a->to.family != b->to.family ||
	    a->host.family != b->host.family || (a->host.family && !net_ip_equal(&a->host, &b->host)))
		return false;
	return !net_ip_equal(&a->to, &b->to) || a->to_port - a->lo != b->to_port - b->lo;
}

static int check_ports(const struct str_list *lines, struct err *e)
{
	struct err ignored = { 0 };
	struct nat_fwd a, b;

	for (size_t i = 0; i < lines->n; i++) {
		if (!str_starts(lines->v[i], FWD) || nat_fwd_parse(lines->v[i] + strlen(FWD), &a, &ignored) < 0)
			continue;
		for (size_t k = 0; k < i; k++)
			if (str_starts(lines->v[k], FWD) && nat_fwd_parse(lines->v[k] + strlen(FWD), &b, &ignored) == 0 &&
			    differ(&a, &b))
				return err_say(e, EINVAL, "forwards '%s' and '%s' lead one port of the host to two places",
					       lines->v[k] + strlen(FWD), lines->v[i] + strlen(FWD));
	}
	return 0;
}

bool nat_fwd_overlap(const struct nat_fwd *a, const struct nat_fwd *b)
{
	if (a->proto != b->proto || a->lo > b->hi || b->lo > a->hi)
		return false;
	if (a->to.family && b->to.family && a->to.family != b->to.family)
		return false;
	return a->host.family == b->host.family && (!a->host.family || net_ip_equal(&a->host, &b->host));
}

const char *nat_forward_of(const char *line)
{
	const char *s = net_line_of(line, "nat");

	return s ? net_line_of(s, "fwd") : NULL;
}

int nat_lines(unsigned id, const struct net_conf *c, struct str_list *ret, struct err *e)
{
	char name[IFNAMSIZ];
	struct nat_fwd f;
	struct net_if nif;

	for (size_t i = 0; i < c->forward.n; i++) {
		int v4, v6;

		if (nat_fwd_parse(c->forward.v[i], &f, e) < 0)
			return -e->code;
		v4 = family_line(&f, c, AF_INET, ret, e);
		v6 = v4 < 0 ? v4 : family_line(&f, c, AF_INET6, ret, e);
		if (v6 < 0)
			return v6;
		if (!v4 && !v6)
			return err_say(e, EINVAL, "forward '%s' has nowhere to go: the container has no such address (give one: to "
				       "ADDRESS:PORT)", c->forward.v[i]);
	}
	if (!c->forward.n)
		return 0;
	if (check_ports(ret, e) < 0)
		return -e->code;
	net_ifname(id, name);
	if (hairpin_line(name, ret, e) < 0)
		return -e->code;
	for (size_t i = 0; i < c->netif.n; i++) {
		if (net_if_parse(c->netif.v[i], &nif, e) < 0)
			return -e->code;
		if (nif.bridge[0] && hairpin_line(nif.bridge, ret, e) < 0)
			return -e->code;
	}
	return 0;
}

static bool is_one(const char *sysctl)
{
	auto_buf struct buf path = BUF_INIT;
	struct err none = { 0 };
	auto_buf struct buf b = BUF_INIT;

	buf_adds(&path, "/proc/sys/");
	for (const char *p = sysctl; *p; p++)
		buf_addc(&path, *p == '.' ? '/' : *p);
	return !buf_failed(&path) && fio_read_at(AT_FDCWD, buf_str(&path), &b, &none) == 0 && buf_str(&b)[0] == '1';
}

const char *nat_hindered(const struct str_list *lines)
{
	static const char *const sysctl[] = { "net.bridge.bridge-nf-call-iptables", "net.bridge.bridge-nf-call-ip6tables" };
	bool bridged = false, has[2] = { false };
	struct err none = { 0 };
	struct nat_fwd f;
	unsigned id;

	for (size_t i = 0; i < lines->n; i++) {
		const char *s = net_line_of(lines->v[i], "nat"), *fwd = s ? net_line_of(s, "fwd") : NULL;
		const char *name = s ? net_line_of(s, "hairpin") : NULL;

		bridged |= name && !link_id(name, &id);
		if (fwd && nat_fwd_parse(fwd, &f, &none) == 0)
			has[f.to.family == AF_INET6] = true;
	}
	for (int six = 0; bridged && six < 2; six++)
		if (has[six] && is_one(sysctl[six]))
			return sysctl[six];
	return NULL;
}
