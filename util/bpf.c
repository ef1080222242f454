/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs and what they keep, for the kernel's BPF. */
#include "util/bpf.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/str.h"

int bpf_sys(int cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

int bpf_load(enum bpf_prog_type type, const char *name, const struct bpf_insn *v, size_t n)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.prog_type = type;
	a.insns = (uintptr_t)v;
	a.insn_cnt = (__u32)n;
	a.license = (uintptr_t)"GPL";
	if (type == BPF_PROG_TYPE_SK_LOOKUP)
		a.expected_attach_type = BPF_SK_LOOKUP;		/* the one there is, and asked for */
	str_copy(a.prog_name, sizeof(a.prog_name), name);
	return bpf_sys(BPF_PROG_LOAD, &a);
}

int bpf_map(enum bpf_map_type type, const char *name, size_t key_size, size_t value_size, unsigned n)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.map_type = type;
	a.key_size = (__u32)key_size;
	a.value_size = (__u32)value_size;
	a.max_entries = n;
	a.map_flags = type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_LPM_TRIE ? BPF_F_NO_PREALLOC : 0;
	str_copy(a.map_name, sizeof(a.map_name), name);
	return bpf_sys(BPF_MAP_CREATE, &a);
}

static int element(int cmd, int map, const void *key, const void *value)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.map_fd = (__u32)map;
	a.key = (uintptr_t)key;
	a.value = (uintptr_t)value;
	return bpf_sys(cmd, &a);
}

int bpf_map_get(int map, const void *key, void *value)
{
	return element(BPF_MAP_LOOKUP_ELEM, map, key, value);
}

int bpf_map_put(int map, const void *key, const void *value)
{
	return element(BPF_MAP_UPDATE_ELEM, map, key, value);
}

int bpf_map_del(int map, const void *key)
{
	return element(BPF_MAP_DELETE_ELEM, map, key, NULL);
}

int bpf_map_next(int map, const void *key, void *next)
{
	return element(BPF_MAP_GET_NEXT_KEY, map, key, next);
}

int bpf_map_read(struct bpf_part *p, void *keys, void *values, unsigned n)
{
	uint32_t from = p->at;
	union bpf_attr a;

	if (p->done)
		return 0;
	memset(&a, 0, sizeof(a));
	a.batch.map_fd = (__u32)p->map;
	a.batch.in_batch = p->begun ? (uintptr_t)&from : 0;
	a.batch.out_batch = (uintptr_t)&p->at;
	a.batch.keys = (uintptr_t)keys;
	a.batch.values = (uintptr_t)values;
	a.batch.count = n;
	p->begun = true;
	if (bpf_sys(BPF_MAP_LOOKUP_BATCH, &a) < 0) {
		if (errno != ENOENT)
			return -1;
		p->done = true;
	}
	return (int)a.batch.count;
}

static int by_id(int cmd, uint32_t id)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.prog_id = id;
	return bpf_sys(cmd, &a);
}

int bpf_maps_of(uint32_t id, int *maps, unsigned n)
{
	auto_close int prog = by_id(BPF_PROG_GET_FD_BY_ID, id);
	struct bpf_prog_info info;
	uint32_t ids[8];
	union bpf_attr a;

	memset(&info, 0, sizeof(info));
	info.nr_map_ids = MIN(n, (unsigned)ARRAY_SIZE(ids));
	info.map_ids = (uintptr_t)ids;
	memset(&a, 0, sizeof(a));
	a.info.bpf_fd = (__u32)prog;
	a.info.info_len = sizeof(info);
	a.info.info = (uintptr_t)&info;
	if (prog < 0 || bpf_sys(BPF_OBJ_GET_INFO_BY_FD, &a) < 0)
		return -1;
	errno = ENOENT;
	if (info.nr_map_ids != n || n > ARRAY_SIZE(ids))
		return -1;
	for (unsigned i = 0; i < n; i++) {
		maps[i] = by_id(BPF_MAP_GET_FD_BY_ID, ids[i]);
		for (unsigned k = 0; maps[i] < 0 && k < i; k++)
			auto_close_(&maps[k]);
		if (maps[i] < 0)
			return -1;
	}
	return 0;
}
