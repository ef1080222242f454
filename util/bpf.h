/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_BPF_H
#define UTIL_BPF_H
/* Programs for the kernel's BPF by bpf(2) itself: ours are a few dozen instructions, made where they are needed. */
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int bpf_sys(int cmd, union bpf_attr *attr);	/* bpf(2): its result, errno */
/* @name: at most BPF_OBJ_NAME_LEN - 1 letters, digits and underscores. Does not block. Descriptor, or -1 and errno. */
int bpf_load(enum bpf_prog_type type, const char *name, const struct bpf_insn *v, size_t n);
/* Maps. Descriptor, or 0; -1 and errno. */
int bpf_map(enum bpf_map_type type, const char *name, size_t key_size, size_t value_size, unsigned n);
int bpf_map_get(int map, const void *key, void *value);
int bpf_map_put(int map, const void *key, const void *value);
int bpf_map_del(int map, const void *key);
int bpf_map_next(int map, const void *key, void *next);	/* @key NULL: the first; ENOENT: there is no other */
/* Up to @n more of what a hash has, at once. How many, 0 at the end. @n: more than share a bucket; else ENOSPC */
struct bpf_part { int map; uint32_t at; bool begun, done; };
int bpf_map_read(struct bpf_part *p, void *keys, void *values, unsigned n);
/* Descriptors of the maps that program @id uses, in the order in which it names them; exactly @n, else ENOENT. */
int bpf_maps_of(uint32_t id, int *maps, unsigned n);

#endif
