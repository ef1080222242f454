/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZCTL_TOOL_H
#define VZCTL_TOOL_H
/*
 * What the companion tools (vzpid, vzubc, vzmemcheck ...) share. A program is vzctl/tool_PROGRAM.c and holds little more
 * than its command line; what can be computed without looking at the system is here, for the tests to feed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "libct/ct.h"
#include "net/acct.h"
#include "util/opt.h"

struct buf;
struct kv;

/* --- tool.c: the host and its containers -------------------------------------------------------------------------- */
/* As ct_host_open(), but what is odd in somebody's file is no news. */
int tool_host(struct ct_host **ret, struct err *e);
void tool_log(const struct ct_host *h, const char *prog);	/* from here on what it says goes to the log file */
void tool_host_done(struct ct_host **h);
#define auto_host __attribute__((cleanup(tool_host_done)))
struct tool_ct { unsigned id; struct ct *ct; const struct ct_conf *conf; struct ct_info info; };
/* One container, with the figures of @want (enum ct_want) and always the configured limits. */
int tool_ct_open(struct ct_host *h, const char *id_or_name, unsigned want, struct tool_ct *ret, struct err *e);
void tool_ct_done(struct tool_ct *t);
/* All that have a file or run, ascending. A container that vanishes meanwhile is left out. A negative return of @cb ends it. */
int tool_each(struct ct_host *h, unsigned want, int (*cb)(const struct tool_ct *t, void *arg), void *arg, struct err *e);
/* Shows the error after the program's name; always 1. */
int tool_fail(const char *prog, const struct err *e);
/* Shows what getopt would, and the usage, on standard error; returns @status. */
int tool_usage(const char *usage, const struct err *e, int status);
/* Writes @b to standard output: 0, or 1 if that failed. */
int tool_put(const struct buf *b);
/* "1023", "4.20K", "63.9M", "512G": at most five characters. Unlimited is "-". */
void tool_human(uint64_t v, char dst[8]);
/* One value of a file like vz.conf; NULL if the file or the key is not there. The caller frees. */
char *tool_conf_value(const char *path, const char *key);
int tool_kv_write(const struct kv *kv, const char *path, struct err *e);	/* replaces the file, keeping its mode */
uint64_t tool_keyed(const char *text, const char *key);	/* number after "KEY" at a line's start; 0: not there */
void tool_printable(char *s);				/* control characters become '?': a guest may have chosen them */

/* --- tool_pid.c: whose process is this ----------------------------------------------------------------------------- */
/* @text: /proc/PID/cgroup. The container whose group below @parent holds it, 0: none, the host's. */
unsigned tool_cgroup_ctid(const char *text, const char *parent);
/* @text: /proc/PID/status. The pid one namespace further in, as the container sees it; @pid if there is none. */
pid_t tool_inner_pid(const char *text, pid_t pid);
struct tool_stat { pid_t pid, ppid; char comm[64], state; unsigned long long utime, stime, start, vsize; long long rss; int tty; };
int tool_stat_parse(const char *text, struct tool_stat *ret);	/* /proc/PID/stat; -EINVAL */
/* Small file of a process, always terminated; the length or -errno. */
ssize_t tool_proc_read(pid_t pid, const char *file, char *dst, size_t size);
int tool_proc_ctid(pid_t pid, const char *parent);		/* -ESRCH: no such process */

/* --- tool_mem.c: how much of the node is used and promised --------------------------------------------------------- */
struct tool_node { uint64_t ram, swap, procs; };	/* bytes, bytes, how many processes there can be */
void tool_node(const char *meminfo, const char *pid_max, struct tool_node *ret);
int tool_node_read(struct tool_node *ret, struct err *e);	/* the same from /proc */
#define TOOL_RULE "--------------------------------------------------------------------------"	/* as wide as vzmemcheck -v */
enum tool_col { TOOL_LOW, TOOL_LOW_COMMIT, TOOL_RAM, TOOL_MEMSWAP, TOOL_MEMSWAP_COMMIT, TOOL_ALLOC, TOOL_ALLOC_COMMIT,
		TOOL_ALLOC_LIMIT, TOOL_COL_N };
struct tool_util { double v[TOOL_COL_N]; double procs, procs_limit; };	/* bytes; processes */
/*
 * Use and promises of one container from its beancounters. Kernel memory is part of the memory use, not on top of it. A
 * limit that is absent or "unlimited" counts as what the memory limit allows; without one, as the whole node.
 */
void tool_util_of(const struct cg_ubc_row ubc[CG_UBC_N], const struct tool_node *n, struct tool_util *ret);
void tool_util_add(struct tool_util *sum, const struct tool_util *u);
/* What each column is measured against, in bytes. */
double tool_util_base(const struct tool_node *n, enum tool_col c);
void tool_memcheck_head(struct buf *b, bool verbose, bool absolute);
void tool_memcheck_row(struct buf *b, const struct tool_util *u, const struct tool_node *n, bool absolute, const char *sep);
void tool_memcheck_capacity(struct buf *b, const struct tool_node *n);
void tool_calc(struct buf *b, const struct tool_util *u, const struct tool_node *n, bool running, bool verbose);
/* Sum of the bogomips of /proc/cpuinfo, in hundredths; a machine that tells none: twice its MHz. */
uint64_t tool_bogomips(const char *cpuinfo);

/* --- tool_bc.c: beancounter reports -------------------------------------------------------------------------------- */
struct tool_bc { unsigned id; struct cg_ubc_row row[CG_UBC_N]; bool has[CG_UBC_N]; };
/* Text of /proc/user_beancounters or a piece of it without ids (@id then). The caller frees *ret. */
int tool_bc_parse(const char *text, unsigned id, struct tool_bc **ret, size_t *n, struct err *e);
/* tool_bcload.c: of what runs, or of @file ("-": standard input). */
int tool_bc_load(const char *file, unsigned id, struct tool_bc **ret, size_t *n, struct err *e);
struct tool_bc_form {
	bool verbose, quiet, color;
	double held_ratio, max_ratio;		/* quiet shows what is above one of these, or failed */
	const struct tool_bc *was;		/* to compare with, or NULL */
	bool relative, incremental;
};
/* The table of one container; nothing if there is nothing to show. */
void tool_bc_table(struct buf *b, const struct tool_bc *c, const struct tool_bc_form *f);
void tool_bc_print(struct buf *b, const struct tool_bc *c);	/* in the kernel's format, for tool_bc_parse() */
/* RAM and swap promised to containers against what the node has. */
void tool_oversell(struct buf *b, const struct tool_bc *v, size_t n, const struct tool_node *node);

/* --- tool_conf.c: whole configurations ----------------------------------------------------------------------------- */
struct tool_split { unsigned n; bool vswap; uint64_t ram_kib, swap_kib, disk_kib, inodes; bool swap_given; };
void tool_split(struct buf *b, const struct tool_split *s);
enum tool_fix { TOOL_FIX_NONE, TOOL_FIX_ALL, TOOL_FIX_ASK };
struct tool_valid {
	enum tool_fix fix;
	int vswap;				/* 0, 1, -1: as the file says */
	void (*say)(void *arg, const char *text);	/* one finding, no newline */
	bool (*ask)(void *arg, const char *text);	/* may this be done? */
	void *arg;
	unsigned errors, fixed;			/* out */
};
int tool_validate(struct kv *kv, struct tool_valid *v, struct err *e);
struct tool_scale { double cpu, disk, ubc, net; bool strip; };	/* 1.0 leaves a family as it is */
int tool_scale(struct kv *kv, const struct tool_scale *s, struct err *e);

/* --- tool_text.c: vzquota's words and times ------------------------------------------------------------------------ */
int tool_span(const char *s, uint64_t *ret);		/* "[[dd:]hh:]mm:ss", "7D", "1w", "3m", "90" (s); -EINVAL */
/* @grace: seconds that @soft may be exceeded; @expires: when that ends, seconds since 1970, 0: it is not exceeded */
struct tool_dq { uint64_t used, soft, hard, grace, expires; };
void tool_dq_text(struct buf *b, const struct tool_dq *blocks, const struct tool_dq *inodes);
void tool_dq_batch(struct buf *b, const struct tool_dq *blocks, const struct tool_dq *inodes);
/* What -t adds: @limit is QUOTAUGIDLIMIT, @on whether it is set, so that they count at the next start. */
void tool_ugids_text(struct buf *b, const struct quota_ugids *u, uint64_t limit);
void tool_ugids_batch(struct buf *b, const struct quota_ugids *u, uint64_t limit);

/* tool_ugids_json.c: all of them, for programs; @why nobody counts them, @limit: QUOTAUGIDLIMIT */
void tool_ugids_json(struct buf *b, const struct quota_ugids *u, const char *why, uint64_t limit);

/* --- tool_dqugid.c: vzdqdump and vzdqload ------------------------------------------------------------------------ */
enum { TOOL_DQ_SYSTEM = 1, TOOL_DQ_USAGE = 2, TOOL_DQ_SYSCALL = 3, TOOL_DQ_FILE = 4, TOOL_DQ_LOCKED = 7, TOOL_DQ_NO_UGID = 9,
       TOOL_DQ_NO_FILE = 11, TOOL_DQ_CONFIG = 12 };	/* statuses */
struct tool_dqugid { const char *id, *file; unsigned what; bool quiet, help, json; };
int tool_dqugid_args(const char *prog, char **argv, struct tool_dqugid *ret, struct err *e);
/* Its container; *ret_mnt is -1 if it counts no users, and *why says why. Stopped, or for a @change, it is locked. e->exit
 * is the status. */
int tool_dqugid_open(const struct tool_dqugid *d, bool change, struct ct_host **ret_host, struct tool_ct *ret, int *ret_mnt,
		     struct err *why, struct err *e);
bool tool_dqugid_has_line(const char *text);	/* something that is neither blank nor a comment */
int tool_dqugid_fail(const char *prog, const struct tool_dqugid *d, const struct err *e);	/* the status, having said why */

/* --- tool_top.c: tables of vztop and vzps -------------------------------------------------------------------------- */
struct tool_top {
	unsigned id;
	char name[64];
	uint64_t procs, mem, mem_limit, swap, rx, tx;	/* bytes; rx and tx a second */
	double cpu, uptime;				/* percent of one CPU; seconds */
};
void tool_top_sort(struct tool_top *v, size_t n, char key);	/* 'c' CPU, 'm' memory, 'p' processes, 'i' id */
void tool_top_table(struct buf *b, const struct tool_top *v, size_t n, size_t max_rows);
struct tool_ps {
	struct tool_stat st;
	unsigned ctid, hz;		/* clock ticks a second */
	double age;			/* seconds since its start */
	uint64_t ram_kib;		/* of the node */
	const char *user, *cmd;		/* for the full form */
};
void tool_ps_head(struct buf *b, bool full);
void tool_ps_row(struct buf *b, const struct tool_ps *p, bool full);

/* --- tool_net.c: vznetstat's tables -------------------------------------------------------------------------------- */
extern const struct opt_flag vznetstat_flags[];
extern const size_t vznetstat_flags_n;
void tool_net_head(struct buf *b, bool months);
void tool_net_row(struct buf *b, unsigned ctid, unsigned cls, const struct net_traffic_cell v[NET_WAY_N]);
void tool_net_month(struct buf *b, unsigned ctid, int month, const struct net_traffic_cell v[NET_WAY_N]);

/* --- tool_repo.c: template repositories that are directories ------------------------------------------------------- */
const char *tool_repo_dir(const char *url);		/* "file:///DIR" or "/DIR": the directory; else NULL */
/* Adds the names of the templates in @dir. */
int tool_repo_list(const char *dir, const struct str_list *suffixes, struct str_list *ret, struct err *e);
/* Copies @name into @cache. 1: the very file is there already. ENOENT: not in this repository. */
int tool_repo_get(const char *dir, const char *name, const struct str_list *suffixes, int cache, struct err *e);

/* --- tool_ploop.c: what vzploop says --------------------------------------------------------------------------------- */
struct tmpl_ploop;
void tool_ploop(struct buf *b, const struct tmpl_ploop *p);

/* --- tool_raw.c: packet sockets and devices ---------------------------------------------------------------------- */
int tool_mac_parse(const char *s, uint8_t ret[6]);
struct tool_dev { int index; uint8_t mac[6]; bool arp, up; };
int tool_dev(const char *name, struct tool_dev *ret, struct err *e);
int tool_dev_up(const char *name, struct err *e);
/* A packet socket bound to @index that sees @ethertype. */
int tool_raw_open(int index, uint16_t ethertype, struct err *e);
/* "ifname=eth0,host_ifname=veth101.0,bridge=vmbr0;...": the bridge of @dev in @netif, "vmbr0" if it names none; -ENOENT. */
int tool_netif_bridge(const char *netif, const char *dev, char *dst, size_t size);

#endif
