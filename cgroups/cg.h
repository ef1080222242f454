/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CGROUPS_CG_H
#define CGROUPS_CG_H
/*
 * Limits, devices, freezer and usage of one group of processes, on cgroup v2, v1 and the hybrid of both. Knows no
 * container: a group is named by a string ("101") below a parent ("vz").
 *
 * Layout: v2 /sys/fs/cgroup/PARENT/ID (on a hybrid host: the unified mount), v1 CONTROLLER/PARENT/ID in each mounted
 * hierarchy that holds one of cpu cpuacct cpuset memory devices freezer blkio pids or name=systemd. Limit files stay
 * root's; cg_delegate() gives the payload only the v2 directory and the files of /sys/kernel/cgroup/delegate that no
 * limit lives in (cgroup.procs, cgroup.threads, cgroup.subtree_control).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/num.h"
#include "util/param.h"

struct err;
struct cg_host;		/* which hierarchies this machine has */
struct cg;		/* one group in all of them */

/* The 22 beancounters with a name in OpenVZ's order; also indices into cg_conf.ubc and cg_ubc_report(). */
enum cg_ubc {
	CG_KMEMSIZE, CG_LOCKEDPAGES, CG_PRIVVMPAGES, CG_SHMPAGES, CG_NUMPROC, CG_PHYSPAGES, CG_VMGUARPAGES,
	CG_OOMGUARPAGES, CG_NUMTCPSOCK, CG_NUMFLOCK, CG_NUMPTY, CG_NUMSIGINFO, CG_TCPSNDBUF, CG_TCPRCVBUF,
	CG_OTHERSOCKBUF, CG_DGRAMRCVBUF, CG_NUMOTHERSOCK, CG_DCACHESIZE, CG_NUMFILE, CG_NUMIPTENT, CG_SWAPPAGES,
	CG_AVNUMPROC, CG_UBC_N
};
extern const char *const cg_ubc_names[CG_UBC_N];	/* "kmemsize" ... */

struct cg_conf {		/* what the rows of cg_params[] fill; zeroed = nothing set */
	struct num_pair ubc[CG_UBC_N];			/* native units: pages, bytes, items */
	struct num_opt cpuunits;			/* 8..500000 */
	struct num_opt cpulimit;			/* percent of one CPU, 0 = none */
	struct num_opt cpus;				/* count */
	char *cpumask, *nodemask;			/* "0-2,7" or "all"; NULL = not set */
	struct num_opt ioprio, iolimit, iopslimit;	/* 0..7; bytes/s; operations/s; 0 = unlimited */
};
extern const struct param cg_params[];
extern const size_t cg_params_n;

/* --- host ------------------------------------------------------------------------------------------------------- */
/* Finds the hierarchies (mountinfo). @parent: one path component. Cheap: no group is made. ENOTSUP: no usable cgroups. */
int cg_host_open(const char *parent, struct cg_host **ret, struct err *e);
void cg_host_close(struct cg_host *h);		/* NULL is fine; removes nothing */
/* Makes PARENT in every hierarchy with controllers handed down and cpuset copied, and PARENT/monitor in v2. Idempotent. */
int cg_host_setup(struct cg_host *h, struct err *e);
bool cg_host_has(const struct cg_host *h, const char *controller);	/* "memory", "pids", "cpu", "cpuset", "io", "devices" */
bool cg_host_has_swap_limit(const struct cg_host *h);
bool cg_host_is_v2(const struct cg_host *h, const char *controller);	/* it is in the unified hierarchy */
/* Ids of the groups that exist below PARENT, whoever made them ("monitor" left out). Stops when @cb returns non-zero. */
int cg_host_each(struct cg_host *h, int (*cb)(const char *id, void *arg), void *arg, struct err *e);

/* --- one group --------------------------------------------------------------------------------------------------- */
/* EEXIST is not an error. Where PARENT is missing or half made (a boot, a killed setup) it calls cg_host_setup() first. */
int cg_create(struct cg_host *h, const char *id, struct cg **ret, struct err *e);
int cg_open(struct cg_host *h, const char *id, struct cg **ret, struct err *e);	/* ENOENT if it is in no hierarchy */
void cg_close(struct cg *cg);							/* NULL is fine; removes nothing */
/* Removes the group and all groups below it in every hierarchy; waits up to @ms for killed tasks to leave. Gone is success. */
int cg_remove(struct cg_host *h, const char *id, int ms, struct err *e);
/* fd of the v2 directory for CLONE_INTO_CGROUP, -1 if there is no v2 tree. Owned by @cg. */
int cg_fd(const struct cg *cg);
/* fd of PARENT/monitor in v2 for the monitors, -1 if none. Owned by @h. */
int cg_host_monitor_fd(const struct cg_host *h);
/*
 * v1 join without the price of moving another process (8 ms of RCU grace periods): the parent opens every `tasks` file
 * before clone(), the single-threaded child writes "0" to each. cg_join_self() is async-signal-safe, needs no
 * permission of its own, and returns 0 or -errno. cg_join_close() closes the fds on the parent's side.
 * v2 is not among them: there a child is born in place, CLONE_INTO_CGROUP with cg_fd(). A v2-only host: n is 0.
 */
struct cg_join { int fd[12]; unsigned n; };
int cg_join_open(const struct cg *cg, struct cg_join *j, struct err *e);
int cg_join_self(const struct cg_join *j);
void cg_join_close(struct cg_join *j);
/* A directory in v2 that a process entering from outside may be put in: the group itself, or, when the guest has turned
 * it into an inner node (EBUSY for processes), a leaf ".vz" below it that this call makes. @leaf: the leaf in any case,
 * for a caller whose clone3() came back with EBUSY. New fd, caller closes; -ENOENT no v2. */
int cg_enter_fd(const struct cg *cg, bool leaf, struct err *e);
/* Also bounds what the guest makes below it: 32 levels, 4096 groups. No v2 tree: nothing to do, 0. */
int cg_delegate(const struct cg *cg, uid_t uid, gid_t gid, struct err *e);

/* --- limits ------------------------------------------------------------------------------------------------------ */
/* All limits at once before the first process is in; a limit that is set but that no hierarchy can hold: ENOTSUP with
 * which option, why, and what to do. */
int cg_apply(struct cg *cg, const struct cg_conf *c, struct err *e);
/* Parts of it, live; each writes only its files. What is unset goes back to the kernel's default. */
/* Memory and swap. Below what is in use: up to 5 s of reclaim without killing anybody, then EBUSY and the old limit.
 * The guarantee (vmguarpages) is memory.low on v2 and, where there is one, the soft limit on v1: what the kernel takes from
 * first when the host runs short lies above it. oomguarpages is kept in the configuration only. */
int cg_apply_memory(struct cg *cg, const struct cg_conf *c, struct err *e);
/* Weight, quota = min(cpulimit, cpus * 100), masks. */
int cg_apply_cpu(struct cg *cg, const struct cg_conf *c, struct err *e);
int cg_apply_pids(struct cg *cg, const struct cg_conf *c, struct err *e);	/* processes and threads: NUMPROC */
int cg_apply_io(struct cg *cg, const struct cg_conf *c, struct err *e);	/* for every disk of the host */
/* Range checks against this host and between fields before anything is touched ("limits above the host"). */
int cg_check(struct cg_host *h, const struct cg_conf *c, struct err *e);
bool cg_conf_is_vswap(const struct cg_conf *c);		/* PHYSPAGES limit set and not unlimited (LONG_MAX, INT_MAX) */
/* Memory limit in bytes that @c means (physpages, or privvmpages in a non-VSwap configuration); NUM_UNLIMITED if none. */
uint64_t cg_conf_memory(const struct cg_conf *c);
uint64_t cg_conf_guarantee(const struct cg_conf *c);	/* bytes, never above the limit; 0 if none */
/* v2: PARENT protects the sum of what its groups are guaranteed, no more. Also done by cg_apply_memory(); here for those who know
 * that a group is gone. Costs a read per group; v1: nothing to do. */
int cg_host_guarantee(struct cg_host *h, struct err *e);
/*
 * Takes up to @bytes of memory from the group, least used first, nobody is killed. v2 only: memory.reclaim. Blocks for as long
 * as the kernel writes out what it takes, so it is for a process of its own. ENOTSUP: this kernel cannot; EAGAIN: less was there.
 * Allocates nothing: may be called after fork().
 */
int cg_reclaim(const struct cg *cg, uint64_t bytes, struct err *e);
bool cg_host_can_reclaim(const struct cg_host *h);	/* cg_reclaim() works here */
/* v1, where no part can be asked for: all that can be had (memory.force_empty), the guarantee notwithstanding. Blocks likewise. */
int cg_reclaim_all(const struct cg *cg, struct err *e);
uint64_t cg_conf_swap(const struct cg_conf *c);		/* bytes of swap on top; NUM_UNLIMITED if none */

/* --- devices ------------------------------------------------------------------------------------------------------ */
struct cg_dev { char type; int major, minor; char perm[4]; };	/* 'b'/'c'; -1 = all; "rwm" subset */
/* Default deny, then the standard nodes (null zero full random urandom tty console ptmx pts, mknod of none), then @v.
 * v1: devices.*, v2: a BPF_CGROUP_DEVICE program that replaces the one before it atomically. */
int cg_apply_devices(struct cg *cg, const struct cg_dev *v, size_t n, struct err *e);

/* --- life --------------------------------------------------------------------------------------------------------- */
int cg_kill(struct cg *cg, struct err *e);			/* SIGKILL to every task in it; returns at once */
int cg_freeze(struct cg *cg, bool frozen, int ms, struct err *e);	/* waits up to @ms for the state; ETIMEDOUT undoes */
bool cg_is_frozen(struct cg *cg);		/* or on its way there: who joins now would not run */
int cg_populated(struct cg *cg, struct err *e);			/* 1, 0 or -errno */

/* --- usage -------------------------------------------------------------------------------------------------------- */
struct cg_stat {
	uint64_t mem_bytes, mem_peak_bytes, swap_bytes, kmem_bytes, shmem_bytes, sock_bytes, dcache_bytes;
	uint64_t mem_fail, swap_fail, oom_kills;	/* times the limit was hit; tasks killed for it */
	uint64_t locked_bytes, swap_peak_bytes;		/* cannot be swapped out; 0 where only the present is counted */
	uint64_t cache_bytes;				/* part of mem_bytes: pages of files, shared memory among them */
	uint64_t zswap_bytes;				/* compressed in memory; v2 only */
	uint64_t pids, pids_peak, pids_fail;
	uint64_t cpu_usec, throttled_usec;
};
int cg_stat(struct cg *cg, struct cg_stat *ret, struct err *e);	/* absent figures are 0 */
/* The one figure that stands still when the group does nothing; one read. -errno without text. */
int cg_cpu_usec(const struct cg *cg, uint64_t *ret);
/* Tells one group from a later one of the same name; no two of a boot are equal. 0: there is none now. */
uint64_t cg_life(const struct cg *cg);
struct cg_io_stat { uint64_t read_bytes, write_bytes, reads, writes; };	/* of all disks; 0 where nothing counts */
void cg_io_stat(const struct cg *cg, struct cg_io_stat *ret);
/* Time in which some, or all, of its processes waited for the resource. From the v2 tree, on a hybrid host too; else 0. */
enum cg_psi_of { CG_PSI_CPU, CG_PSI_MEMORY, CG_PSI_IO, CG_PSI_N };
extern const char *const cg_psi_names[CG_PSI_N];	/* "cpu" "memory" "io" */
struct cg_psi { uint64_t some_usec, full_usec; };
void cg_psi(const struct cg *cg, struct cg_psi ret[CG_PSI_N]);
/* A descriptor that says so when the group's memory limit kills (@ret_events of poll(2): POLLIN, read 8 bytes; POLLPRI, for any
 * event of its memory: look at oom_kills). The caller closes it. -ENOTSUP: no memory controller. */
int cg_oom_fd(const struct cg *cg, uint32_t *ret_events, struct err *e);
struct cg_ubc_row { uint64_t held, maxheld, barrier, limit, failcnt; };
/* OpenVZ's report from @s and the configured values (0 if unset; VSwap's implicit ones filled in). Pure. */
void cg_ubc_report(const struct cg_stat *s, const struct cg_conf *c, struct cg_ubc_row ret[CG_UBC_N]);

#endif
