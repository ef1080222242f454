/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_BPF_H
#define UTIL_BPF_H
/* Programs for the kernel's BPF by bpf(2) itself: ours are a few dozen instructions, made where they are needed. */
#include <linux/bpf.h>
#include <stddef.h>

int bpf_sys(int cmd, union bpf_attr *attr);	/* bpf(2): its result, errno */
/* @name: at most BPF_OBJ_NAME_LEN - 1 letters, digits and underscores. Does not block. Descriptor, or -1 and errno. */
int bpf_load(enum bpf_prog_type type, const char *name, const struct bpf_insn *v, size_t n);
/* An array of one element of @size bytes, which is a copy of @value. Likewise. */
int bpf_cell(const char *name, const void *value, size_t size);

#endif
