/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device rules as a BPF_CGROUP_DEVICE program on a v2 group, by bpf(2) itself. The rules come from cg_dev.c.
 *
 * Loading costs 90 us (verifier, JIT; at times 1 to 4 ms), attaching 3. So the program of the standard nodes alone, which
 * nearly every group has, is pinned in bpffs under a name made of its text, and taken from there. Without a bpffs, or for
 * other rules, a program is loaded for each group.
 */
#include "cgroups/cg_priv.h"

#include <inttypes.h>
#include <string.h>

#include "util/auto.h"
#include "util/bpf.h"
#include "util/err.h"
#include "util/str.h"

#define PROG_NAME "vz_dev"
#define PIN "/sys/fs/bpf/" PROG_NAME "-"
#define ATTACHED_MAX 64

/* --- program ----------------------------------------------------------------------------------------------------- */
enum { R0, R1, R2, R3, R4, R5, R6 };

static struct bpf_insn load(int dst, int src, int off)
{
	return (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = dst & 15, .src_reg = src & 15,
				  .off = (short)off };
}

static struct bpf_insn alu(int op, int dst, int imm)
{
	return (struct bpf_insn){ .code = (__u8)(BPF_ALU | op | BPF_K), .dst_reg = dst & 15, .imm = imm };
}

static struct bpf_insn mov(int dst, int src)
{
	return (struct bpf_insn){ .code = BPF_ALU | BPF_MOV | BPF_X, .dst_reg = dst & 15, .src_reg = src & 15 };
}

static struct bpf_insn jne(int dst, int imm)		/* the distance is filled in when it is known */
{
	return (struct bpf_insn){ .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = dst & 15, .imm = imm };
}

static struct bpf_insn leave(void)
{
	return (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
}

/*
 * r2 = type, r3 = wanted access, r4 = major, r5 = minor; for each rule: all of its conditions hold -> return 1, else on
 * to the next; return 0. An access that needs more than one rule's letters is refused.
 */
size_t cg_bpf_gen(const struct cg_rule *v, size_t n, struct bpf_insn out[CG_BPF_MAX])
{
	size_t k = 0;

	out[k++] = load(R2, R1, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	out[k++] = mov(R3, R2);
	out[k++] = alu(BPF_AND, R2, 0xffff);
	out[k++] = alu(BPF_RSH, R3, 16);
	out[k++] = load(R4, R1, offsetof(struct bpf_cgroup_dev_ctx, major));
	out[k++] = load(R5, R1, offsetof(struct bpf_cgroup_dev_ctx, minor));
	for (size_t i = 0; i < n; i++) {
		size_t jump[4], nj = 0;
		unsigned missing = ~v[i].acc & (CG_DEV_M | CG_DEV_R | CG_DEV_W);

		jump[nj++] = k;
		out[k++] = jne(R2, v[i].type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
		if (missing) {
			out[k++] = mov(R6, R3);
			out[k++] = alu(BPF_AND, R6, (int)missing);
			jump[nj++] = k;
			out[k++] = jne(R6, 0);
		}
		if (v[i].major >= 0) {
			jump[nj++] = k;
			out[k++] = jne(R4, v[i].major);
		}
		if (v[i].minor >= 0) {
			jump[nj++] = k;
			out[k++] = jne(R5, v[i].minor);
		}
		out[k++] = alu(BPF_MOV, R0, 1);
		out[k++] = leave();
		while (nj--)
			out[jump[nj]].off = (short)(k - jump[nj] - 1);
	}
	out[k++] = alu(BPF_MOV, R0, 0);
	out[k++] = leave();
	return k;
}

int cg_bpf_load(const struct bpf_insn *insn, size_t n, struct err *e)
{
	int fd = bpf_load(BPF_PROG_TYPE_CGROUP_DEVICE, PROG_NAME, insn, n);

	return fd < 0 ? err_set(e, errno, "load the device rules into the kernel (bpf)") : fd;
}

/* --- attach ------------------------------------------------------------------------------------------------------ */
static bool prog_is_ours(int fd)
{
	struct bpf_prog_info info;
	union bpf_attr at;

	memset(&info, 0, sizeof(info));
	memset(&at, 0, sizeof(at));
	at.info.bpf_fd = (__u32)fd;
	at.info.info_len = sizeof(info);
	at.info.info = (uintptr_t)&info;
	return bpf_sys(BPF_OBJ_GET_INFO_BY_FD, &at) == 0 && info.type == BPF_PROG_TYPE_CGROUP_DEVICE &&
	       strcmp(info.name, PROG_NAME) == 0;
}

/* fd of the program that an earlier call attached to this very group, -1: none. */
static int attached(int dir)
{
	__u32 ids[ATTACHED_MAX] = { 0 };
	union bpf_attr at;

	memset(&at, 0, sizeof(at));
	at.query.target_fd = (__u32)dir;
	at.query.attach_type = BPF_CGROUP_DEVICE;
	at.query.prog_ids = (uintptr_t)ids;
	at.query.prog_cnt = ATTACHED_MAX;
	if (bpf_sys(BPF_PROG_QUERY, &at) < 0)
		return -1;
	for (__u32 i = 0, n = at.query.prog_cnt; i < n; i++) {
		auto_close int fd = -1;

		memset(&at, 0, sizeof(at));
		at.prog_id = ids[i];
		fd = bpf_sys(BPF_PROG_GET_FD_BY_ID, &at);
		if (fd >= 0 && prog_is_ours(fd))
			return take_fd(&fd);
	}
	return -1;
}

/* The pinned program with this text, or a new one that is pinned for the next group. */
static int shared(const struct bpf_insn *insn, size_t n, struct err *e)
{
	const unsigned char *p = (const unsigned char *)insn;
	uint64_t hash = 14695981039346656037u;		/* FNV-1a: tells versions apart, no more */
	union bpf_attr at;
	char path[64];
	int fd;

	for (size_t i = 0; i < n * sizeof(*insn); i++)
		hash = (hash ^ p[i]) * 1099511628211u;
	str_fmt(path, sizeof(path), PIN "%016" PRIx64, hash);
	memset(&at, 0, sizeof(at));
	at.pathname = (uintptr_t)path;
	fd = bpf_sys(BPF_OBJ_GET, &at);
	if (fd >= 0 && prog_is_ours(fd))
		return fd;
	if (fd >= 0)
		close(fd);
	fd = cg_bpf_load(insn, n, e);
	if (fd < 0)
		return fd;
	at.bpf_fd = (__u32)fd;
	bpf_sys(BPF_OBJ_PIN, &at);	/* no bpffs, or somebody was first: the program serves all the same */
	return fd;
}

int cg_bpf_apply(struct cg *cg, const struct cg_rule *v, size_t n, bool share, struct err *e)
{
	struct bpf_insn insn[CG_BPF_MAX];
	size_t len = cg_bpf_gen(v, n, insn);
	auto_close int prog = share ? shared(insn, len, e) : cg_bpf_load(insn, len, e);
	auto_close int old = prog < 0 || cg->made_dev ? -1 : attached(cg->v2);
	union bpf_attr at;

	if (prog < 0)
		return prog;
	memset(&at, 0, sizeof(at));
	at.target_fd = (__u32)cg->v2;
	at.attach_bpf_fd = (__u32)prog;
	at.attach_type = BPF_CGROUP_DEVICE;
	at.attach_flags = BPF_F_ALLOW_MULTI | (old >= 0 ? BPF_F_REPLACE : 0);
	at.replace_bpf_fd = old >= 0 ? (__u32)old : 0;
	if (bpf_sys(BPF_PROG_ATTACH, &at) < 0)
		return err_set(e, errno, "attach the device rules to group %s", cg->id);
	cg->made_dev = false;
	return 0;
}
