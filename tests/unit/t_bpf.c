/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/bpf.c: what is loaded has its type and name; what the verifier refuses is no descriptor. */
#include "tests/lib/test.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "util/auto.h"
#include "util/bpf.h"

TEST_ROOT(bpf_loads)
{
	static const struct bpf_insn zero[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT } };
	auto_close int fd = bpf_load(BPF_PROG_TYPE_SOCKET_FILTER, "vz_test", zero, 2);
	struct bpf_prog_info info;
	union bpf_attr a;

	CHECK(fd >= 0);
	memset(&info, 0, sizeof(info));
	memset(&a, 0, sizeof(a));
	a.info.bpf_fd = (__u32)fd;
	a.info.info_len = sizeof(info);
	a.info.info = (uintptr_t)&info;
	CHECK_EQ(bpf_sys(BPF_OBJ_GET_INFO_BY_FD, &a), 0);
	CHECK_EQ(info.type, BPF_PROG_TYPE_SOCKET_FILTER);
	CHECK_STR(info.name, "vz_test");
	errno = 0;
	CHECK_EQ(bpf_load(BPF_PROG_TYPE_SOCKET_FILTER, "vz_test", zero, 1), -1);	/* does not end */
	CHECK_EQ(errno, EINVAL);
}

TEST_ROOT(bpf_cells)
{
	uint64_t in[3] = { 1, 2, 3 }, out[3] = { 0 };
	const uint32_t key = 0;
	auto_close int fd = bpf_cell("vz_test", in, sizeof(in));
	union bpf_attr a;

	CHECK(fd >= 0);
	memset(&a, 0, sizeof(a));
	a.map_fd = (__u32)fd;
	a.key = (uintptr_t)&key;
	a.value = (uintptr_t)out;
	CHECK_EQ(bpf_sys(BPF_MAP_LOOKUP_ELEM, &a), 0);
	CHECK(memcmp(in, out, sizeof(in)) == 0);
	CHECK_EQ(bpf_cell("vz_test", in, 0), -1);
}
