/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_INV_H
#define VZD_INV_H
/*
 * The inventory: every configured container as vzd last saw it, kept true by watching /etc/vz/conf and /run/vz (inotify),
 * libct's notices and each init's pidfd. Answers come from here without touching a file. What changes is told to the bus.
 */
#include "vzd/vzd.h"

struct inv;
enum inv_state { INV_STOPPED, INV_MOUNTED, INV_RUNNING, INV_FROZEN, INV_STARTING, INV_STOPPING, INV_BROKEN, INV_N };
extern const char *const inv_state_names[INV_N];	/* "stopped" ... as the API says them */

struct inv_ct {
	unsigned id;
	enum inv_state state;
	pid_t init_pid;
	uint64_t gen;			/* of the start, 0 when down */
	int64_t since_ms;		/* unix time of the last change of state */
	int64_t started_ms;		/* unix time, 0 when down */
	char etag[24];			/* "c" + hash of CTID.conf's bytes; without quotes */
	char *name, *hostname, *description, *owner, *ostemplate, *layout;	/* "" when unset, never NULL; owner: tenant */
	uint64_t mem_limit, swap_limit, mem_guarantee;	/* bytes, NUM_UNLIMITED: none (guarantee: 0 none) */
	uint64_t disk_limit, inode_limit;		/* bytes, count; NUM_UNLIMITED: none */
	uint32_t cpus, cpu_limit_pct, cpu_units;	/* 0: none set */
	uint64_t n_ip4, n_ip6;
	char *ips;			/* IP_ADDRESS, blank-separated, never NULL */
	char *forwards;			/* ports of the host, as nat_forward_of() has them, ';'-separated, never NULL */
	uint32_t n_snaps;		/* snapshots; one that is being taken for a backup does not count */
	bool onboot, disabled;
	char *json; /* struct Ct of the API without live figures, one JSON object; rebuilt on demand by inv_json() */
	char *broken;			/* why the configuration cannot be read, NULL: it can */
	uint64_t serial;		/* grows with every change of this record */
	enum ct_restart restart;	/* policy; RESTART_MAX and START_DELAY with their defaults */
	unsigned restart_max, start_delay_s, stop_timeout_s;
	uint64_t bootorder;		/* 0: none set, else its value + 1 */
	char *start_after;		/* blank-separated ids or names, never NULL */
	char exit_reason[12];		/* of the last time it went down, "" unknown */
	int64_t exit_ms;		/* unix time, 0 unknown */
	bool exit_fresh;		/* it went down so since its last start */
	void *sample, *watch, *sup;	/* of sampler.c, inv.c, supervise.c */
};

int inv_open(struct vzd *d, struct inv **ret, struct err *e);	/* reads everything; 1,000 containers in well under 2 s */
void inv_close(struct inv *v);
size_t inv_count(const struct inv *v);
struct inv_ct *inv_at(struct inv *v, size_t i);			/* ascending id */
struct inv_ct *inv_find(struct inv *v, unsigned id);		/* NULL: none */
struct inv_ct *inv_find_text(struct inv *v, const char *id_or_name);
/* Reads it again now (after a job of ours, so that the answer is not older than the job). */
void inv_refresh(struct inv *v, unsigned id);
const char *inv_json(struct inv *v, struct inv_ct *ct);		/* "{}" when out of memory */
/* The loaded configuration, for those who need more than the record: opened and closed by the caller (~100 us). */
int inv_ct_open(struct inv *v, unsigned id, struct ct **ret, struct err *e);

/* Called on every change, before the bus: supervise, sampler. @ct is NULL when it is gone. */
typedef void inv_hook(void *arg, unsigned id, struct inv_ct *ct, enum inv_state before);
int inv_on_change(struct inv *v, inv_hook *fn, void *arg, struct err *e);
/* Called with every record of an exit (libct/exitrec.h), before the change of state that follows it. */
struct ct_exit;
typedef void inv_exit_hook(void *arg, const struct ct_exit *x);
int inv_on_exit(struct inv *v, inv_exit_hook *fn, void *arg, struct err *e);
/* Sums over containers, for capacity, admission and tenants' quotas. @owner NULL: all. */
struct inv_sum { uint64_t cts, running, memory, guarantee, disk, cpus, ip4, ip6, snapshots; };
void inv_sum(struct inv *v, const char *owner,
	     struct inv_sum *ret); /* unlimited ones count as the host's RAM and processors; disk unlimited adds 0 */
/* Addresses count one by one, those of an IPv4 prefix too; of IPv6 a /64 is one, and what is larger as many as it holds. */
void inv_addresses(const struct ct_conf *c, uint64_t *ret_ip4, uint64_t *ret_ip6);
uint64_t inv_cpus(uint64_t set);	/* what a container's CPUS counts for: 0, none set, is every processor */

#endif
