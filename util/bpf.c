/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs and what they keep, for the kernel's BPF. */
#include "util/bpf.h"

#include <stdint.h>
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

int bpf_cell(const char *name, const void *value, size_t size)
{
	static const uint32_t key;
	auto_close int fd = -1;
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.map_type = BPF_MAP_TYPE_ARRAY;
	a.key_size = sizeof(key);
	a.value_size = (__u32)size;
	a.max_entries = 1;
	str_copy(a.map_name, sizeof(a.map_name), name);
	fd = bpf_sys(BPF_MAP_CREATE, &a);
	if (fd < 0)
		return -1;
	memset(&a, 0, sizeof(a));
	a.map_fd = (__u32)fd;
	a.key = (uintptr_t)&key;
	a.value = (uintptr_t)value;
	return bpf_sys(BPF_MAP_UPDATE_ELEM, &a) < 0 ? -1 : take_fd(&fd);
}
