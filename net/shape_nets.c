/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * networks_classes as tries of prefixes, for the program that finds the class of what a container sends. A value has the class in
 * its last four bits and before them those of the file's hash: so another file's are put over the old ones, and then what is left
 * of these goes, while packets find the one or the other.
 */
#include "net/shape_priv.h"

#include <errno.h>
#include <string.h>

#include "util/auto.h"
#include "util/bpf.h"
#include "util/err.h"

#define NETS_MAX (1u << 20)

/* What the kernel compares: the first @bits of the address. */
struct prefix { uint32_t bits; uint8_t addr[16]; };

int shape_nets_make(int nets[2])
{
	nets[0] = bpf_map(BPF_MAP_TYPE_LPM_TRIE, "vz_net4", sizeof(uint32_t) + 4, sizeof(uint32_t), NETS_MAX);
	nets[1] = bpf_map(BPF_MAP_TYPE_LPM_TRIE, "vz_net6", sizeof(struct prefix), sizeof(uint32_t), NETS_MAX);
	return nets[0] < 0 || nets[1] < 0 ? -1 : 0;
}

static bool bit(const uint8_t *addr, unsigned i)
{
	return addr[i / 8] >> (7 - i % 8) & 1;
}

/* The last address of the network of @bits that begins at @from. */
static void last_of(const uint8_t *from, unsigned bits, size_t len, uint8_t to[16])
{
	for (unsigned i = 0; i < len; i++)
		to[i] = i * 8 >= bits ? 0xff : from[i] | (uint8_t)(bits - i * 8 < 8 ? 0xff >> (bits - i * 8) : 0);
}

/* The widest network that begins at @from and ends no later than @to. */
static unsigned widest(const uint8_t *from, const uint8_t *to, size_t len)
{
	unsigned bits = (unsigned)len * 8;
	uint8_t end[16];

	while (bits > 0 && !bit(from, bits - 1)) {
		last_of(from, bits - 1, len, end);
		if (memcmp(end, to, len) > 0)
			break;
		bits--;
	}
	return bits;
}

static int put_range(int map, const struct net_range *r, size_t len, uint32_t value)
{
	struct prefix p = { 0 };
	uint8_t end[16];

	memcpy(p.addr, r->from, len);
	for (;;) {
		size_t k = len;

		p.bits = widest(p.addr, r->to, len);
		if (bpf_map_put(map, &p, &value) < 0)
			return -errno;
		last_of(p.addr, p.bits, len, end);
		if (memcmp(end, r->to, len) >= 0)
			return 0;
		memcpy(p.addr, end, len);
		while (k > 0 && ++p.addr[k - 1] == 0)
			k--;
	}
}

static void sweep(int map, uint32_t mark)
{
	struct prefix now, next;
	uint32_t value;
	int more = bpf_map_next(map, NULL, &now);

	while (more == 0) {
		more = bpf_map_next(map, &now, &next);
		if (bpf_map_get(map, &now, &value) == 0 && (value & ~(NET_CLASS_N - 1u)) != mark)
			bpf_map_del(map, &now);
		now = next;
	}
}

int shape_nets_fill(const int nets[2], const struct net_classes *c, struct err *e)
{
	uint32_t mark = shape_nets_mark(c);

	for (int six = 0; six < 2; six++) {
		const struct net_range *v = six ? c->v6 : c->v4;

		for (size_t i = 0; i < (six ? c->n6 : c->n4); i++) {
			int rc = put_range(nets[six], &v[i], six ? 16 : 4, mark | v[i].cls);

			if (rc < 0)
				return err_set(e, -rc, "tell rates the classes of networks");
		}
		sweep(nets[six], mark);
	}
	return 0;
}
