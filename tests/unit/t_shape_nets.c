/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tries say of every address what the file says, also when another file takes its place. */
#include <arpa/inet.h>

#include "net/shape_priv.h"
#include "tests/lib/test.h"
#include "util/auto.h"
#include "util/bpf.h"
#include "util/err.h"

struct key { uint32_t bits; uint8_t addr[16]; };

static int class_of(int map, size_t len, const uint8_t *addr)
{
	struct key k = { .bits = (uint32_t)len * 8 };
	uint32_t value;

	memcpy(k.addr, addr, len);
	return bpf_map_get(map, &k, &value) < 0 ? -1 : (int)(value & 15);
}

static void around(const int nets[2], const struct net_classes *c, bool six, const uint8_t *addr)
{
	size_t len = six ? 16 : 4;
	uint8_t a[16];

	for (int by = -1; by <= 1; by++) {
		memcpy(a, addr, len);
		a[len - 1] = (uint8_t)(a[len - 1] + by);
		CHECK_EQ(class_of(nets[six], len, a), net_classes_find(c, six ? AF_INET6 : AF_INET, a));
	}
}

static size_t count(int map)
{
	struct key now, next;
	size_t n = 0;

	for (int more = bpf_map_next(map, NULL, &now); more == 0; more = bpf_map_next(map, &now, &next), now = next)
		n++;
	return n;
}

static void same(const int nets[2], const char *text, const struct net_classes *before)
{
	auto_call(net_classes_done) struct net_classes c = { 0 };
	static const uint8_t some[][4] = { { 0 }, { 10, 1, 2, 3 }, { 127 }, { 255, 255, 255, 255 }, { 198, 51, 100, 7 } };
	uint8_t six[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 7 };
	struct err e = { 0 };

	CHECK_OK(net_classes_parse(text, &c, &e), &e);
	CHECK_OK(shape_nets_fill(nets, &c, &e), &e);
	CHECK_OK(shape_nets_fill(nets, &c, &e), &e);
	for (int k = 0; k < 2; k++) {
		const struct net_classes *of = k ? before : &c;

		for (size_t i = 0; of && i < of->n4; i++) {
			around(nets, &c, false, of->v4[i].from);
			around(nets, &c, false, of->v4[i].to);
		}
		for (size_t i = 0; of && i < of->n6; i++) {
			around(nets, &c, true, of->v6[i].from);
			around(nets, &c, true, of->v6[i].to);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(some); i++)
		around(nets, &c, false, some[i]);
	around(nets, &c, true, six);
}

TEST_ROOT(shape_nets)
{
	static const char *const texts[] = {
		"1 0.0.0.0/0\n1 ::/0\n", "1 0/0\n2 198.51.100.0/24\n3 198.51.100.7\n1 ::/0\n4 2001:db8::/33\n5 2001:db8::7\n",
		"2 10.0.0.0/8\n0 10.1.0.0/16\n7 10.1.2.0/25\n", "15 ::1\n", "", "1 128.0.0.0/1\n3 255.255.255.255\n2 8000::/1\n",
		"2 198.51.0.0/16\n1 2001:db8::/32\n",
	};
	struct err e = { 0 };
	int nets[2];

	CHECK_EQ(shape_nets_make(nets), 0);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		auto_call(net_classes_done) struct net_classes before = { 0 };

		CHECK_OK(net_classes_parse(i ? texts[i - 1] : "", &before, &e), &e);
		same(nets, texts[i], &before);
	}
	same(nets, "", NULL);
	CHECK_EQ(count(nets[0]) + count(nets[1]), 0);
	same(nets, texts[0], NULL);
	CHECK_EQ(count(nets[0]), 1);
	CHECK_EQ(count(nets[1]), 1);
	close(nets[0]);
	close(nets[1]);
}
