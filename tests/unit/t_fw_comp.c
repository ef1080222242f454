/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The elements, asked as the kernel asks them, must say what a look at every rule says. */
#include "net/fw.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/lib/test.h"
#include "util/err.h"
#include "util/str.h"

#define RULES 12

static const struct fw_elem *find(const struct fw_elems *l, int family, uint8_t proto, uint32_t port, unsigned plen, bool out,
				  unsigned level, const uint8_t *addr)
{
	uint8_t want[16] = { 0 };

	for (unsigned i = 0; i < level; i++)
		want[i / 8] |= (uint8_t)(addr[i / 8] & (0x80 >> i % 8));
	port &= plen ? 0xffffu << (16 - plen) & 0xffff : 0;
	for (size_t i = 0; i < l->n; i++) {
		const struct fw_elem *e = &l->v[i];

		if (e->family == family && e->proto == proto && e->word[0] == port >> 8 && e->word[1] == (port & 255) &&
		    e->word[2] == plen && e->word[3] == (level / 8 | (out ? 0x80 : 0)) && memcmp(e->addr, want, 16) == 0)
			return e;
	}
	return NULL;
}

/* What the chains of the kernel do. */
static int ask(const struct fw_elems *l, int family, uint8_t proto, uint16_t port, bool out, const uint8_t *addr)
{
	static const unsigned l4[] = { 32, 24, 16, 8, 0 }, l6[] = { 128, 64, 48, 32, 0 };
	bool fine = family == AF_INET6 && l->fine;

	for (size_t i = 0; i < (fine ? 17 : 5); i++) {
		unsigned level = fine ? 128 - 8 * (unsigned)i : family == AF_INET ? l4[i] : l6[i];
		const struct fw_elem *e = NULL;

		for (int plen = 16; plen >= 0 && !e; plen -= 4)
			e = find(l, family, proto, port, (unsigned)plen, out, level, addr);
		if (!e)
			e = find(l, family, 0, 0, 0, out, level, addr);
		if (e)
			return (int)e->rule;
	}
	return -1;
}

static bool covers(const struct net_ip *p, int family, const uint8_t *addr)
{
	if (p->family != family)
		return false;
	for (unsigned i = 0; i < p->prefix; i++) {
		if ((p->v6.s6_addr[i / 8] ^ addr[i / 8]) & (0x80 >> i % 8))
			return false;
	}
	return true;
}

/* What fw.h says, rule by rule. */
static int model(const struct fw_rule *r, size_t n, int family, uint8_t proto, uint16_t port, bool out, const uint8_t *addr)
{
	int best = -1, best_len = -1;
	uint32_t best_width = 0;

	for (size_t i = 0; i < n; i++) {
		int len = r[i].n_peer ? -1 : 0;

		for (size_t k = 0; k < r[i].n_peer; k++) {
			if (covers(&r[i].peer[k], family, addr) && r[i].peer[k].prefix > len)
				len = r[i].peer[k].prefix;
		}
		for (size_t k = 0; k < r[i].n_match && len >= 0 && r[i].out == out; k++) {
			const struct fw_match *m = &r[i].match[k];
			uint32_t w = !m->proto ? 65537 : m->ports ? (uint32_t)(m->hi - m->lo) + 1 : 65536;

			if ((m->proto && m->proto != proto) || (m->ports && (port < m->lo || port > m->hi)))
				continue;
			if (len > best_len || (len == best_len && w < best_width)) {
				best = (int)i;
				best_len = len;
				best_width = w;
			}
		}
	}
	return best;
}

static unsigned rnd(unsigned n)
{
	static uint32_t s = 12345;

	s = s * 1664525u + 1013904223u;
	return (s >> 8) % n;
}

/* @odd_ones: with prefixes of IPv6 that are far from the usual lengths. */
static void random_rule(char *dst, size_t size, bool odd_ones)
{
	static const char *const what[] = { "any", "tcp", "udp", "tcp 22", "tcp 1-65534", "tcp 1-255", "tcp 16-31", "udp 53",
					    "tcp 20,22-25", "tcp 1000-2000", "icmp", "udp 1-65535" };
	static const char *const peer[] = { "", "10.0.0.0/8", "10.1.0.0/16", "10.1.0.0/20", "10.1.2.0/24", "10.1.2.128/25", "10.1.2.3",
					    "0.0.0.0/0", "10.0.0.0/12", "fd00::/48", "fd00::/60", "fd00:0:0:5::/64", "fd00:0:0:5::1",
					    "::/0", "10.1.2.3,fd00:0:0:5::1" };
	static const char *const odd[] = { "fc00::/7", "fd00::/13", "fd00::/21", "fd00::/71", "fd00:0:0:5::/111", "2000::/5", "::/5" };
	const char *p = odd_ones && rnd(3) == 0 ? odd[rnd(ARRAY_SIZE(odd))] : peer[rnd(ARRAY_SIZE(peer))];
	bool out = rnd(4) == 0;

	str_fmt(dst, size, "%s %s %s%s%s", out ? "out" : "in", rnd(2) ? "accept" : "drop", what[rnd(ARRAY_SIZE(what))],
		!p[0] ? "" : out ? " to " : " from ", p);
}

TEST(fw_compile_says_what_the_rules_say)
{
	static const char *const addrs[] = { "10.1.2.3", "10.1.2.130", "10.1.3.4", "10.15.0.1", "10.200.0.1", "8.8.8.8" };
	static const char *const addrs6[] = { "fd00:0:0:5::1", "fd00:0:0:5::2", "fd00:0:0:1f::1", "fd00:0:0:f::1", "2001:db8::1" };
	static const uint16_t ports[] = { 0, 1, 15, 16, 21, 22, 25, 31, 53, 255, 256, 999, 1000, 1500, 2000, 2001, 65534, 65535 };
	static const uint8_t protos[] = { 6, 17, 47 };

	for (unsigned round = 0; round < 200; round++) {
		struct fw_rule r[RULES];
		struct fw_elems l = { 0 };
		struct err e = { 0 };
		size_t n = 1 + rnd(RULES);
		char text[256];

		for (size_t i = 0; i < n; i++) {
			random_rule(text, sizeof(text), round % 2);
			CHECK_EQ(fw_rule_parse(text, &r[i], &e), 0);
		}
		CHECK_EQ(fw_compile(r, n, &l, &e), 0);
		for (unsigned i = 0; i < 60; i++) {
			bool six = rnd(2), out = rnd(3) == 0;
			uint8_t addr[16] = { 0 }, proto = protos[rnd(ARRAY_SIZE(protos))];
			uint16_t port = ports[rnd(ARRAY_SIZE(ports))];
			int family = six ? AF_INET6 : AF_INET;

			CHECK_EQ(inet_pton(family, six ? addrs6[rnd(ARRAY_SIZE(addrs6))] : addrs[rnd(ARRAY_SIZE(addrs))], addr), 1);
			CHECK_EQ(ask(&l, family, proto, port, out, addr), model(r, n, family, proto, port, out, addr));
		}
		fw_elems_done(&l);
	}
}

TEST(fw_compile_few_elements)
{
	struct fw_elems l = { 0 };
	struct err e = { 0 };
	struct fw_rule r;

	CHECK_EQ(fw_rule_parse("in accept tcp 80,443 from 10.0.0.0/8", &r, &e), 0);
	CHECK_EQ(fw_compile(&r, 1, &l, &e), 0);
	CHECK_EQ(l.n, 2u);
	fw_elems_done(&l);
	CHECK_EQ(fw_rule_parse("in accept tcp 1024-65535", &r, &e), 0);
	CHECK_EQ(fw_compile(&r, 1, &l, &e), 0);
	CHECK(l.n <= 60);
	fw_elems_done(&l);
	CHECK(!l.fine);
}

/* However long the prefix: few elements, and nobody else's chain grows. */
TEST(fw_compile_any_prefix)
{
	for (unsigned len = 0; len <= 128; len++) {
		struct fw_elems l = { 0 };
		struct err e = { 0 };
		struct fw_rule r;
		char text[64];

		str_fmt(text, sizeof(text), "in accept tcp 25 from ::/%u", len);
		CHECK_EQ(fw_rule_parse(text, &r, &e), 0);
		CHECK_EQ(fw_compile(&r, 1, &l, &e), 0);
		CHECK(l.n <= 256);
		CHECK_EQ(l.fine, (len > 0 && len < 24) || (len > 32 && len < 40) || (len > 48 && len < 56) ||
			 (len > 64 && len < 120));
		fw_elems_done(&l);
	}
}
