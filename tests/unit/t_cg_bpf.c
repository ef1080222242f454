/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroups/cg_bpf.c: the program's answers by a small interpreter, then by the kernel. */
#include "tests/unit/cg_env.h"

/* Runs what cg_bpf_gen() makes; any other instruction is a failure. */
static long run(const struct bpf_insn *p, size_t n, const uint32_t ctx[3])
{
	uint64_t r[7] = { 0 };

	for (size_t pc = 0; pc < n; pc++) {
		const struct bpf_insn *i = &p[pc];

		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W: r[i->dst_reg] = ctx[i->off / 4]; break;
		case BPF_ALU | BPF_MOV | BPF_X: r[i->dst_reg] = (uint32_t)r[i->src_reg]; break;
		case BPF_ALU | BPF_MOV | BPF_K: r[i->dst_reg] = (uint32_t)i->imm; break;
		case BPF_ALU | BPF_AND | BPF_K: r[i->dst_reg] &= (uint32_t)i->imm; break;
		case BPF_ALU | BPF_RSH | BPF_K: r[i->dst_reg] >>= i->imm; break;
		case BPF_JMP | BPF_JNE | BPF_K: pc += r[i->dst_reg] != (uint64_t)i->imm ? (size_t)i->off : 0; break;
		case BPF_JMP | BPF_EXIT: return (long)r[0];
		default: return -1;
		}
	}
	return -2;		/* ran off the end */
}

static long ask(const struct bpf_insn *p, size_t n, int type, int acc, uint32_t major, uint32_t minor)
{
	const uint32_t ctx[3] = { (uint32_t)acc << 16 | (uint32_t)type, major, minor };

	return run(p, n, ctx);
}

TEST(answers)
{
	static const struct cg_dev dev[] = {
		{ 'b', 8, -1, "r" }, { 'c', 10, 200, "rwm" }, { 'c', 1, 3, "m" }, { 'b', -1, 5, "w" },
	};
	static const struct { int type, acc; uint32_t major, minor; long want; } t[] = {
		{ BPF_DEVCG_DEV_CHAR, CG_DEV_R | CG_DEV_W, 1, 3, 1 }, { BPF_DEVCG_DEV_CHAR, CG_DEV_M, 1, 3, 1 },
		{ BPF_DEVCG_DEV_CHAR, CG_DEV_M, 1, 5, 0 }, { BPF_DEVCG_DEV_BLOCK, CG_DEV_R, 1, 3, 0 },
		{ BPF_DEVCG_DEV_CHAR, CG_DEV_R, 1, 11, 0 }, { BPF_DEVCG_DEV_CHAR, CG_DEV_R, 136, 77777, 1 },
		{ BPF_DEVCG_DEV_BLOCK, CG_DEV_R, 8, 17, 1 }, { BPF_DEVCG_DEV_BLOCK, CG_DEV_R | CG_DEV_W, 8, 17, 0 },
		{ BPF_DEVCG_DEV_BLOCK, CG_DEV_W, 9, 5, 1 }, { BPF_DEVCG_DEV_BLOCK, CG_DEV_W, 9, 6, 0 },
		{ BPF_DEVCG_DEV_CHAR, CG_DEV_R | CG_DEV_W | CG_DEV_M, 10, 200, 1 },
		{ BPF_DEVCG_DEV_CHAR, CG_DEV_R, 10, 201, 0 }, { BPF_DEVCG_DEV_CHAR, CG_DEV_R, 11, 200, 0 },
	};
	struct cg_rule rules[CG_DEV_MAX];
	struct bpf_insn p[CG_BPF_MAX];
	struct err e = { 0 };
	int n = cg_dev_rules(dev, ARRAY_SIZE(dev), rules, &e);
	size_t len;

	CHECK(n > 0);
	len = cg_bpf_gen(rules, (size_t)n, p);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		if (ask(p, len, t[i].type, t[i].acc, t[i].major, t[i].minor) != t[i].want)
			test_fail(__FILE__, __LINE__, "case %zu", i);
	len = cg_bpf_gen(NULL, 0, p);
	CHECK_EQ(ask(p, len, BPF_DEVCG_DEV_CHAR, CG_DEV_R, 1, 3), 0);
}

static int full(struct cg_rule *rules)
{
	for (int i = 0; i < CG_DEV_MAX; i++)
		rules[i] = (struct cg_rule){ .type = 'c', .major = i, .minor = i, .acc = CG_DEV_R };
	return CG_DEV_MAX;
}

TEST(fits)
{
	struct cg_rule rules[CG_DEV_MAX];
	struct bpf_insn p[CG_BPF_MAX];
	size_t len = cg_bpf_gen(rules, (size_t)full(rules), p);

	CHECK(len <= CG_BPF_MAX);
	CHECK_EQ(ask(p, len, BPF_DEVCG_DEV_CHAR, CG_DEV_R, 127, 127), 1);
}

TEST_ROOT(kernel_takes_it)
{
	struct cg_rule rules[CG_DEV_MAX];
	struct bpf_insn p[CG_BPF_MAX];
	struct err e = { 0 };
	auto_close int fd = cg_bpf_load(p, cg_bpf_gen(rules, (size_t)full(rules), p), &e);
	auto_close int none = cg_bpf_load(p, cg_bpf_gen(NULL, 0, p), &e);

	CHECK_OK(fd, &e);
	CHECK_OK(none, &e);
	p[0].code = 0xff;
	CHECK(cg_bpf_load(p, 1, &e) < 0);
}

static int open_kmsg(void *arg)
{
	auto_close int fd = open("/dev/kmsg", O_RDONLY | O_CLOEXEC), null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)arg;
	if (null < 0)
		return 3;
	return fd >= 0 ? 1 : errno == EPERM ? 2 : 4;
}

TEST_ROOT(enforced_and_replaced)
{
	struct cg_host *h = env_open();
	struct cg *cg = env_group(h, "101");
	struct cg_rule rules[CG_DEV_MAX];
	struct cg_dev kmsg = { 'c', 1, 11, "r" };
	struct err e = { 0 };
	int n;

	if (cg_fd(cg) < 0 || open_kmsg(NULL) != 1) {
		cg_close(cg);
		env_close(h);
		SKIP("no v2 tree, or no /dev/kmsg to try");
	}
	n = cg_dev_rules(NULL, 0, rules, &e);
	CHECK_OK(cg_bpf_apply(cg, rules, (size_t)n, true, &e), &e);
	CHECK_EQ(env_run(cg, open_kmsg, NULL), 2);
	n = cg_dev_rules(&kmsg, 1, rules, &e);
	CHECK_OK(cg_bpf_apply(cg, rules, (size_t)n, false, &e), &e);
	CHECK_EQ(env_run(cg, open_kmsg, NULL), 1);	/* were the first one still there, it would deny */
	n = cg_dev_rules(NULL, 0, rules, &e);
	CHECK_OK(cg_bpf_apply(cg, rules, (size_t)n, false, &e), &e);
	CHECK_EQ(env_run(cg, open_kmsg, NULL), 2);
	cg_close(cg);
	env_close(h);
}
