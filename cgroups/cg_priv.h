/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CGROUPS_CG_PRIV_H
#define CGROUPS_CG_PRIV_H
/*
 * What the files of this module share: the hierarchies of a host, a group as "ID" below the fd of PARENT in each of
 * them, and raw reads and writes of its files.
 *
 * A group has no descriptors of its own but the v2 directory: every file is opened as "ID/FILE" relative to PARENT's fd,
 * which saves an open and a close for each hierarchy of each start (20 system calls on a v1 host).
 */
#include <limits.h>
#include <linux/bpf.h>

#include "cgroups/cg.h"

enum cg_ctl {
	CG_CTL_CPU, CG_CTL_CPUACCT, CG_CTL_CPUSET, CG_CTL_MEMORY, CG_CTL_DEVICES, CG_CTL_FREEZER, CG_CTL_IO, CG_CTL_PIDS,
	CG_CTL_N
};
extern const char *const cg_ctl_v1[CG_CTL_N];	/* names in v1 mount options */
extern const char *const cg_ctl_v2[CG_CTL_N];	/* in cgroup.controllers; NULL: not a v2 controller */

#define CG_HIER_MAX 12
#define CG_MNT_MAX 256		/* mount point, '/', PARENT */
#define CG_MONITOR "monitor"
#define CG_LEAF ".vz"

struct cg_hier {
	char path[CG_MNT_MAX];	/* of PARENT */
	size_t mnt_len;		/* the mount point's part of it */
	unsigned ctls;		/* bits of enum cg_ctl; 0: name=systemd, or v2 */
	bool v2;
	int parent;		/* O_PATH of PARENT; -1: not made yet */
};
struct cg_host {
	char parent[NAME_MAX + 1];
	struct cg_hier hier[CG_HIER_MAX];
	unsigned n;
	int v2;			/* index of the v2 hierarchy, -1: none */
	int where[CG_CTL_N];	/* index into hier[], -1: nowhere */
	int monitor;		/* fd of PARENT/monitor, the last thing setup makes; -1: none */
};
struct cg {
	struct cg_host *h;
	int v2;			/* fd of the v2 directory, -1: none */
	bool made;		/* by this handle's cg_create(), no limit applied yet: the files hold the kernel's defaults */
	bool made_dev;		/* the same of the device rules */
	bool fresh;		/* only inside the cg_apply() that profits from it: what is unset need not be written */
	char id[NAME_MAX + 1];
};

/* --- detection (cg_detect.c) --- */
/* One line of mountinfo into h->hier[]; anything but a whole cgroup hierarchy of ours is passed over. @line is cut up. */
void cg_detect_line(struct cg_host *h, char *line);
/* How many hierarchies of interest /proc/self/cgroup (@text, cut up) lists: mountinfo need not be read further. */
unsigned cg_detect_count(char *text);
void cg_detect_v2_controllers(struct cg_host *h, const char *list);	/* "cpuset cpu io ..." */
int cg_host_open_parents(struct cg_host *h, struct err *e);

/* --- files of a group (cg.c): 0, a count or -errno, no text; -ENODEV: the controller is nowhere --- */
struct cg *cg_new(struct cg_host *h, const char *id, struct err *e);	/* a handle; opens and makes nothing. NULL: see *e */
int cg_open_v2(struct cg *cg);		/* its v2 directory: fd, -1 and errno, or -1 where there is no v2 tree */
void cg_closep(struct cg **cg);		/* for auto_call() */
int cg_file_at(const struct cg *cg, int hier, const char *file, int flags);
int cg_put(const struct cg *cg, enum cg_ctl ctl, const char *file, const char *val);
int cg_put_u64(const struct cg *cg, enum cg_ctl ctl, const char *file, uint64_t v);
int cg_put_at(const struct cg *cg, int hier, const char *file, const char *val);
ssize_t cg_get(const struct cg *cg, enum cg_ctl ctl, const char *file, char *buf, size_t size);
ssize_t cg_get_at(const struct cg *cg, int hier, const char *file, char *buf, size_t size);
int cg_get_u64(const struct cg *cg, enum cg_ctl ctl, const char *file, uint64_t *ret);	/* "max" = NUM_UNLIMITED */
ssize_t cg_read_fd(int fd, char *buf, size_t size);		/* terminated; -EFBIG if it does not fit */
/* Value of "@key N" at a line's start in @text; false: no such line. */
bool cg_line_u64(const char *text, const char *key, uint64_t *ret);
/* --- texts of cg_usage.c --- */
void cg_io_parse_v1(const char *text, uint64_t *read, uint64_t *written);	/* "254:0 Read 4096" ...: added up */
void cg_io_parse_v2(const char *text, struct cg_io_stat *ret);			/* "254:0 rbytes=4096 ..." */
void cg_psi_parse(const char *text, struct cg_psi *ret);

/* Error of a write: "group 101: write '5' to pids.max: Device or resource busy". @rc = -errno. */
int cg_put_err(const struct cg *cg, int rc, const char *file, const char *val, struct err *e);
int cg_none(const char *option, const char *controller, struct err *e);	/* ENOTSUP: no such controller here */
static inline bool cg_on_v2(const struct cg_host *h, enum cg_ctl ctl)
{
	return h->where[ctl] >= 0 && h->hier[h->where[ctl]].v2;
}

/* --- checks shared by cg_check() and the apply functions --- */
bool cg_unlimited(uint64_t v);		/* LONG_MAX or INT_MAX: both mean "no limit" in OpenVZ's files */
int cg_check_memory(const struct cg_host *h, const struct cg_conf *c, struct err *e);
int cg_check_cpu(const struct cg_host *h, const struct cg_conf *c, struct err *e);
int cg_check_pids(const struct cg_host *h, const struct cg_conf *c, struct err *e);
int cg_check_io(const struct cg_host *h, const struct cg_conf *c, struct err *e);
uint64_t cg_conf_quota(const struct cg_conf *c);	/* percent of one CPU, 0 = none */
unsigned cg_conf_weight_v2(const struct cg_conf *c);
unsigned cg_conf_io_weight(const struct cg_conf *c);
uint64_t cg_conf_pids(const struct cg_conf *c);		/* NUM_UNLIMITED: none */

/* --- v1 and v2 --- */
int cg_v1_setup_cpuset(struct cg_host *h, struct err *e);
void cg_v1_count_io(struct cg_host *h);		/* wakes the counters of the host's disks */
int cg_v1_kill(struct cg *cg, struct err *e);
int cg_v1_freeze(struct cg *cg, bool frozen, int ms, struct err *e);
int cg_v1_populated(struct cg *cg, struct err *e);
int cg_v2_setup(struct cg_host *h, struct err *e);
/* Waits until the line "@key N" of cgroup.events has the value @want; 0, -ETIMEDOUT or -errno. */
int cg_v2_wait(const struct cg *cg, const char *key, uint64_t want, int ms);

/* --- device rules (cg_dev.c, cg_bpf.c) --- */
#define CG_DEV_MAX 128
enum { CG_DEV_M = 1, CG_DEV_R = 2, CG_DEV_W = 4 };	/* as BPF_DEVCG_ACC_* */
struct cg_rule { char type; int major, minor; unsigned acc; };
/* Standard nodes and @v in one list, the same device once. Returns how many, or -errno. */
int cg_dev_rules(const struct cg_dev *v, size_t n, struct cg_rule out[CG_DEV_MAX], struct err *e);
int cg_dev_parse_line(const char *line, struct cg_rule *ret);	/* a line of devices.list; -EINVAL */
#define CG_BPF_PER_RULE 8
#define CG_BPF_MAX (6 + CG_DEV_MAX * CG_BPF_PER_RULE + 2)
size_t cg_bpf_gen(const struct cg_rule *v, size_t n, struct bpf_insn out[CG_BPF_MAX]);
int cg_bpf_load(const struct bpf_insn *insn, size_t n, struct err *e);	/* fd of the program or -errno */
/* @share: many groups have these very rules */
int cg_bpf_apply(struct cg *cg, const struct cg_rule *v, size_t n, bool share, struct err *e);

#endif
