/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_NODE_H
#define VZD_NODE_H
/* The host in figures, as /proc and the inventory have them: a few small reads, none of which waits. */
#include <stdint.h>

struct err;
struct vzd;

struct node_fig {
	uint64_t mem_total, mem_available, swap_total, swap_free;	/* bytes */
	uint64_t promised, guaranteed;	/* bytes, to running containers; an unlimited one counts as the host's memory */
	uint64_t running, stopped, total;
	double load[3];
	double uptime_s;
	unsigned cpus;
	uint64_t cpu_usec, cpu_idle_usec;	/* of all processors since boot */
	uint64_t psi_usec[3][2];	/* cpu memory io; some full */
	double psi_avg10[3][2];		/* percent */
	uint64_t disk_total, disk_free;	/* of the file system that holds /vz */
	uint64_t zram_data, zram_used;	/* bytes in, bytes it takes; 0: none */
	uint64_t ksm_shared_pages, ksm_saved_pages;
	int ksm_run;			/* -1: this kernel has none */
	int zswap;			/* 1 on, 0 off, -1 none */
	uint64_t zswap_pool;
};
void node_fig(struct vzd *d, struct node_fig *ret);	/* what cannot be read is 0 */
/* Of running containers; @except (0: none) left out. */
void node_promised(struct vzd *d, unsigned except, uint64_t *promised, uint64_t *guaranteed);
uint64_t node_ram(void);
/* Texts of the kernel, for tests. */
void node_parse_meminfo(const char *text, struct node_fig *ret);
void node_parse_psi(const char *text, uint64_t usec[2], double avg10[2]);
void node_parse_stat(const char *text, struct node_fig *ret);
const char *node_storage(struct vzd *d);	/* the directory whose file system counts */

#endif
