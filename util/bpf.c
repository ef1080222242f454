/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loading programs for the kernel's BPF. */
#include "util/bpf.h"

#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

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
	str_copy(a.prog_name, sizeof(a.prog_name), name);
	return bpf_sys(BPF_PROG_LOAD, &a);
}
