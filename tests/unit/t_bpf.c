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

TEST_ROOT(bpf_maps)
{
	auto_close int map = bpf_map(BPF_MAP_TYPE_HASH, "vz_test", 4, 8, 10), array = bpf_map(BPF_MAP_TYPE_ARRAY, "vz_array", 4, 8, 2);
	uint64_t in = 77, out = 0;
	uint32_t key = 5, next = 0;

	CHECK(map >= 0 && array >= 0);
	CHECK_EQ(bpf_map_get(map, &key, &out), -1);
	CHECK_EQ(errno, ENOENT);
	CHECK_EQ(bpf_map_next(map, NULL, &next), -1);
	CHECK_EQ(errno, ENOENT);
	CHECK_EQ(bpf_map_put(map, &key, &in), 0);
	CHECK_EQ(bpf_map_get(map, &key, &out), 0);
	CHECK_EQ(out, 77);
	CHECK_EQ(bpf_map_next(map, NULL, &next), 0);
	CHECK_EQ(next, 5);
	CHECK_EQ(bpf_map_next(map, &key, &next), -1);
	CHECK_EQ(bpf_map_del(map, &key), 0);
	CHECK_EQ(bpf_map_del(map, &key), -1);
	CHECK_EQ(bpf_map_get(array, &(uint32_t){ 1 }, &out), 0);
	CHECK_EQ(out, 0);
	CHECK_EQ(bpf_map_put(array, &(uint32_t){ 2 }, &in), -1);
	CHECK_EQ(bpf_map(BPF_MAP_TYPE_HASH, "vz_test", 4, 0, 10), -1);
}

/* All of a hash, in parts of whatever size. */
TEST_ROOT(bpf_map_read)
{
	auto_close int map = bpf_map(BPF_MAP_TYPE_HASH, "vz_test", 4, 8, 1024);
	uint32_t keys[64], seen = 0, sum = 0;
	struct bpf_part part = { .map = map };
	uint64_t values[64];
	int got;

	CHECK(map >= 0);
	CHECK_EQ(bpf_map_read(&part, keys, values, 64), 0);
	CHECK_EQ(bpf_map_read(&part, keys, values, 64), 0);
	for (uint32_t i = 1; i <= 500; i++)
		CHECK_EQ(bpf_map_put(map, &i, &(uint64_t){ i * 3 }), 0);
	part = (struct bpf_part){ .map = map };
	while ((got = bpf_map_read(&part, keys, values, 64)) > 0) {
		for (int i = 0; i < got; i++) {
			CHECK_EQ(values[i], keys[i] * 3);
			CHECK_EQ(bpf_map_del(map, &keys[i]), 0);
			seen++;
			sum += keys[i];
		}
	}
	CHECK_EQ(got, 0);
	CHECK_EQ(seen, 500);
	CHECK_EQ(sum, 500 * 501 / 2);
	part = (struct bpf_part){ .map = -1 };
	CHECK_EQ(bpf_map_read(&part, keys, values, 64), -1);
}

static uint32_t program_id(int fd)
{
	struct bpf_prog_info info;
	union bpf_attr a;

	memset(&info, 0, sizeof(info));
	memset(&a, 0, sizeof(a));
	a.info.bpf_fd = (__u32)fd;
	a.info.info_len = sizeof(info);
	a.info.info = (uintptr_t)&info;
	CHECK_EQ(bpf_sys(BPF_OBJ_GET_INFO_BY_FD, &a), 0);
	return info.id;
}

/* In the order of the text, not of their making. */
TEST_ROOT(bpf_maps_of)
{
	auto_close int second = bpf_map(BPF_MAP_TYPE_ARRAY, "vz_b", 4, 8, 1), first = bpf_map(BPF_MAP_TYPE_ARRAY, "vz_a", 4, 8, 1);
	const struct bpf_insn text[] = {
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = first }, { 0 },
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = second }, { 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT },
	};
	auto_close int prog = bpf_load(BPF_PROG_TYPE_SCHED_CLS, "vz_test", text, ARRAY_SIZE(text));
	uint64_t in = 99, out = 0;
	int maps[2] = { -1, -1 };

	CHECK(prog >= 0);
	CHECK_EQ(bpf_maps_of(program_id(prog), maps, 3), -1);
	CHECK_EQ(errno, ENOENT);
	CHECK_EQ(bpf_maps_of(program_id(prog), maps, 2), 0);
	CHECK_EQ(bpf_map_put(maps[0], &(uint32_t){ 0 }, &in), 0);
	CHECK_EQ(bpf_map_get(first, &(uint32_t){ 0 }, &out), 0);
	CHECK_EQ(out, 99);
	close(maps[0]);
	close(maps[1]);
	CHECK_EQ(bpf_maps_of(UINT32_MAX, maps, 2), -1);
}
