/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_CT_H
#define LIBCT_CT_H
/*
 * A container as an object. The only header of libct that programs include. The work is done in
 * the calling process, under the container's lock; nothing here needs a daemon. Calls block
 * until done; they return 0 or -errno with *e filled, e->exit being the vzctl exit status
 * (libct/exit.h; 0 = the program takes VZ_SYSTEM_ERROR).
 * Messages that vzctl users and their scripts see ("Container is mounted") are part of the
 * interface: libct gives them to the ui sink as the work goes on. The text of a returned error
 * was not yet shown: the program prints e->text.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cgroups/cg.h"
#include "libct/exit.h"
#include "libct/snapshot.h"
#include "net/net.h"
#include "quota/quota.h"
#include "util/err.h"
#include "util/num.h"
#include "util/param.h"
#include "util/str.h"

#define CT_ID_MAX 2147483644u
/* Host ids of containers, each of which has a range of its own there. Above lie ids that systemd gives to others. */
#define CT_UID_FIRST 0x10000000u
#define CT_UID_END 0x70000000u

struct ct_host;
struct ct;

/* level >= 0: standard output, < 0: standard error; shown if level <= verbosity. One line, no
 * newline in @text. */
struct ct_ui {
	void (*say)(void *arg, int level, unsigned ctid, const char *text);
	void *arg;
};

/* Everything vz.conf says about the host itself (defaults for containers are in ct_conf). */
struct ct_host_conf {
	char *lockdir, *dumpdir, *template_dir, *def_ostemplate, *configfile, *logfile;
	char *cgroup_parent, *nft_table, *pool4, *pool6, *neighbours, *pool_image,
		*template_format; /* ours: CGROUP_PARENT NFT_TABLE NAT_POOL NAT_POOL6 POOL_IMAGE TEMPLATE_FORMAT */
	char *totalrate, *bandwidth, *ratempu;
	struct num_opt pool_size;		/* POOL_SIZE, bytes */
	struct num_opt logging, log_level, verbose, virtuozzo, ipv6, ve_parallel, error_on_arpfail,
		skip_arpdetect, shaping;
};

/* What other versions know and nothing here acts on: stored, shown, copied (compat_param.c). @distribution is read: action.c. */
struct ct_compat {
	struct str_list iptables, pci, pci_del;
	char *vm_overcommit, *meminfo, *memguarantee, *autostop;
	char *distribution, *technologies, *version, *uuid, *ctid, *veid, *customized;
	struct num_opt cpuweight, burst_avg, burst_limit, ha_enable, ha_prio;
};

/* Rates, caps and the monthly quota of the network (shape_param.c). */
struct ct_shape {
	char *rate, *limit, *action;
	struct num_opt bound, burst, packets, conns, smtp, quota, throttle;
};

/* What vzd does for a container; libct only keeps it (policy_param.c). */
enum ct_restart { CT_RESTART_NO, CT_RESTART_FAILURE, CT_RESTART_OOM, CT_RESTART_ALWAYS, CT_RESTART_N };
extern const char *const ct_restart_names[CT_RESTART_N];
struct ct_policy {
	char *owner;				/* tenant */
	struct num_opt restart;			/* enum ct_restart */
	struct num_opt restart_max, start_delay;
	struct str_list start_after;
};

/* One container's configuration: vz.conf's defaults under CTID.conf under the command line. */
struct ct_conf {
	char *name, *description, *ostemplate, *origin_sample, *root, *private_dir, *layout,
		*mount_opts, *hostname;
	struct num_opt onboot, bootorder, disabled, stop_timeout, local_uid, local_gid;
	struct str_list nameserver, searchdomain, features, capability, devices, devnodes;
	struct str_list userpasswd;		/* never stored */
	struct num_opt noatime, ksm;
	char *netfilter;			/* disabled|stateless|stateful|full */
	struct ct_compat compat;
	struct ct_policy policy;
	struct cg_conf cg;
	struct net_conf net;
	struct ct_shape shape;
	struct quota_conf quota;
};
extern const struct param_group ct_param_groups[];	/* every row there is, by section */
extern const size_t ct_param_groups_n;
extern const struct param_group ct_host_param_group;	/* rows of struct ct_host_conf */

/* How a row's value looks in JSON: a whole number, a boolean, a text, a list of texts, or barrier and limit as "A:B" (one
 * number when they are equal). */
enum ct_form { CT_FORM_INT, CT_FORM_BOOL, CT_FORM_STR, CT_FORM_LIST, CT_FORM_SIZES, CT_FORM_COUNTS };
int ct_form(const struct param *p);	/* enum ct_form, or -EINVAL: its type has none yet */
char ct_form_sep(const struct param *p);	/* of a list: what stands between two values, stored and given */
struct buf;
/* JSON Schema (draft 2020-12) of struct ct_conf as rows have it: what is installed, and what vzd checks against. */
int ct_schema_print(struct buf *b, struct err *e);

void ct_conf_done(struct ct_conf *c);		/* frees what it points to; empty afterwards */
/* @dst, which is empty, gets copies of all that @src has set. ENOMEM. */
int ct_conf_copy(struct ct_conf *dst, const struct ct_conf *src, struct err *e);
/* @c with what @change gives on top: addresses added and deleted, NAME:VALUE lists merged by name, the rest replaced. */
int ct_conf_merge(struct ct_conf *c, const struct ct_conf *change, struct err *e);

/* --- host ------------------------------------------------------------------------------------- */
/* Reads /etc/vz/vz.conf (VZ_NOCONFIG if it cannot). */
int ct_host_open(const struct ct_ui *ui, struct ct_host **ret, struct err *e);
void ct_host_close(struct ct_host *h);		/* NULL is fine; close its containers first */
const struct ct_conf *ct_host_defaults(const struct ct_host *h);	/* what vz.conf says for all containers */
const struct ct_host_conf *ct_host_conf(const struct ct_host *h);
/* Cgroup parents, nft table, sysctls, /run/vz: what every boot needs once. Idempotent; verbs
 * call it when it is missing. */
int ct_host_setup(struct ct_host *h, struct err *e);

/* --- one container ---------------------------------------------------------------------------- */
/* "101" or a name -> id. VZ_INVALID_PARAMETER_VALUE with the spec's text. */
int ct_id_parse(const char *text, unsigned *ret, struct err *e);
enum ct_open_flag { CT_NO_CONFIG_OK = 1 }; /* a missing CTID.conf is fine (create, status, set) */
/* Loads the configuration; VZ_NOVECONFIG when there is none. Takes no lock, changes nothing. */
int ct_open(struct ct_host *h, const char *id_or_name, unsigned flags, struct ct **ret,
	    struct err *e);
void ct_close(struct ct *ct);			/* releases the lock too */
unsigned ct_id(const struct ct *ct);
const struct ct_conf *ct_conf(const struct ct *ct);	/* CTID.conf over the host's defaults; valid until it is loaded again */
bool ct_has_conf(const struct ct *ct);		/* there is a CTID.conf */
/* The per-container lock and LOCKDIR/CTID.lck; then repairs what an interrupted command left.
 * VZ_LOCKED at once when held. Reloads the configuration. */
int ct_lock(struct ct *ct, struct err *e);
bool ct_lock_held(const struct ct *ct);		/* taken by ct_lock(); may be asked in a signal handler */
void ct_skip_lock(struct ct *ct);		/* --skiplock: the caller holds it elsewhere */

enum ct_run { CT_STOPPED, CT_MOUNTED, CT_RUNNING, CT_RUN_N };
enum ct_want {
	CT_WANT_CG = 1, CT_WANT_DISK = 2, CT_WANT_TIME = 4, CT_WANT_NET = 8, CT_WANT_FROZEN = 16, CT_WANT_NET6 = 32
};
struct ct_info {
	unsigned id;
	bool exists;			/* configuration and private area are both there */
	enum ct_run run;
	bool suspended;			/* default dump exists and not running */
	pid_t init_pid;			/* host's pid namespace, 0 unless running */
	double uptime;			/* seconds, CT_WANT_TIME */
	struct cg_stat cg;		/* CT_WANT_CG, zero unless running */
	struct cg_ubc_row ubc[CG_UBC_N];	/* CT_WANT_CG; barrier and limit always */
	struct quota_usage disk;	/* CT_WANT_DISK */
	struct net_stat net;		/* CT_WANT_NET: venet0 */
	struct net_stat net6;		/* CT_WANT_NET6: of that, IPv6 */
	bool monitor_lost;		/* running, but its monitor is dead */
	bool frozen, starting, stopping;	/* frozen: CT_WANT_FROZEN */
	bool dying;			/* init is dead, what it had is still being taken down */
	pid_t monitor_pid;		/* 0: none known */
	uint64_t gen;			/* of this start; 0 when down */
	uint64_t started_ms;		/* CLOCK_BOOTTIME, 0 when down */
};
/* Lock-free. A running container whose monitor died gets a new one first (adoption). */
int ct_info(struct ct *ct, unsigned want, struct ct_info *ret, struct err *e);
/* Ids with a CTID.conf, ascending. The caller frees *ret. */
int ct_list(struct ct_host *h, unsigned **ret, size_t *n, struct err *e);
/* Tells this container from an earlier or later one of its id: when its range of user ids was recorded. 0: not yet. */
uint64_t ct_birth(const struct ct *ct);
char *ct_path_private(const struct ct *ct);	/* $VEID expanded; caller frees */
char *ct_path_root(const struct ct *ct);	/* the same of VE_ROOT; NULL: not set, or no memory */
char *ct_path_conf(const struct ct *ct);	/* of CTID.conf; caller frees */
/* Adds the digests of the templates that its root stands on; none in layouts that copy. Lock-free. */
int ct_templates(const struct ct *ct, struct str_list *ret, struct err *e);

/* --- life ------------------------------------------------------------------------------------- */
/*
 * The verbs want the container's lock, say to the ui what they do, and block until it is done; e->exit is vzctl's status. One
 * that is killed, by kill -9 too, leaves a record, and the next ct_lock() rolls it forward or back.
 */
/* In place of a template and a sample: files and a configuration that come from somewhere else. */
struct ct_create_src {
	const struct kv *conf;			/* CTID.conf without what is this host's: paths, ids */
	int (*fill)(struct ct *ct, int dir, void *arg, struct err *e);	/* puts all files into the empty directory */
	void *arg;
	const char *ugids;			/* limits of users and groups inside, as in a dump (ugids.h); or NULL */
	const char *scripts;			/* suffixes of action scripts that @fill makes ("start mount"); or NULL */
};
struct ct_create {
	const char *sample;	/* --config; everything else comes as parsed rows in @opts */
	const struct ct_create_src *src;	/* or NULL */
	/* A clone: the container it is made of, locked too. Linked shares all it can, ENOTSUP where there is nothing to share;
	 * full copies. */
	struct ct *from;
	bool linked;
	bool no_shared;			/* a clone: without what gives its source a part of the host (PARAM_SHARED) */
};
bool ct_clone_shares(const struct ct *ct);	/* linked clones of it are possible */
/*
 * The private area and CTID.conf of @ct, which has neither: from a template, @c->src or @c->from; @opts over the sample. On
 * failure nothing stays. VZ_FS_PRVT_AREA_EXIST, VZ_VE_TMPL_NOTSET, VZ_CP_CONFIG, VZ_FS_NEW_VE_PRVT.
 */
int ct_create(struct ct *ct, const struct ct_create *c, const struct ct_conf *opts, struct err *e);
enum ct_start_flag {
	CT_START_FORCE = 1,
	CT_START_WAIT = 2,
	CT_START_SKIP_SETUP = 4,
	CT_START_SKIP_REMOUNT = 8,
	CT_START_REBOOT = 16,	/* the monitor's restart: quiet */
	CT_START_SKIP_ARPDETECT = 64,	/* as SKIP_ARPDETECT="yes" */
	CT_START_HOLD = 32	/* instead of the guest's init a process that only waits */
};
/*
 * Returns when init runs, with CT_START_WAIT when the guest says that it is up; mounts what is not mounted. On failure all is
 * taken down again. VZ_FS_CANTMOUNT, VZ_ENVCREATE_ERROR, VZ_CANT_ADDIP, VZ_IP_INUSE, VZ_SETUBC_ERROR, VZ_WAIT_FAILED.
 */
int ct_start(struct ct *ct, unsigned flags, struct err *e);
enum ct_stop_flag { CT_STOP_FAST = 1, CT_STOP_SKIP_UMOUNT = 2 };
/*
 * Asks the guest to shut down, and kills it when STOP_TIMEOUT (120 s) is over; CT_STOP_FAST kills at once. One that is not
 * running: says so, success. VZ_STOP_ERROR.
 */
int ct_stop(struct ct *ct, unsigned flags, struct err *e);
int ct_restart(struct ct *ct, unsigned start_flags, unsigned stop_flags, struct err *e);	/* a stopped one is started */
/* Its files, its configuration (kept as CTID.conf.destroyed) and its ids. VZ_VE_RUNNING, VZ_FS_MOUNTED, VZ_FS_DEL_PRVT. */
int ct_destroy(struct ct *ct, struct err *e);
int ct_mount(struct ct *ct, struct err *e);	/* VE_ROOT; there already: says so, success. VZ_FS_CANTMOUNT, VZ_FS_NOPRVT */
int ct_umount(struct ct *ct, struct err *e);	/* VZ_VE_RUNNING, VZ_FS_NOT_MOUNTED */
/* Stops all processes of a running one where they are, or lets them go on. Waits 10 s at most. VZ_VE_NOT_RUNNING; ETIMEDOUT. */
int ct_freeze(struct ct *ct, bool frozen, struct err *e);
int ct_kill(struct ct *ct, struct err *e);	/* stop --fast without a word */

enum ct_quota_op { CT_QUOTA_ON, CT_QUOTA_OFF, CT_QUOTA_INIT };
int ct_quota(struct ct *ct, enum ct_quota_op op, struct err *e);	/* VZ_DQ_ON, _OFF, _INIT */
/*
 * A mount of the container's own file system, for quota_ugid_*(). ENOTSUP: nobody counts users and groups in it, and the text
 * says why. Under the lock unless it runs or is mounted.
 */
int ct_ugid_open(struct ct *ct, int *ret_mnt, struct err *e);
/* The private area @path becomes container @ct, which has no CTID.conf yet. VZ_REGISTER. */
int ct_register(struct ct *ct, const char *path, struct err *e);
int ct_unregister(struct ct *ct, struct err *e);	/* its files stay; VZ_UNREGISTER */
/*
 * vzmigrate: CTID.conf becomes CTID.conf.migrated and its name is free, so that nothing here starts the container any more;
 * or the reverse. Both are on disk when they return, and gone or there already is success.
 */
int ct_migrated(struct ct *ct, bool away, struct err *e);
int ct_migrated_load(struct ct *ct, struct err *e);	/* its configuration from that file */
/* New files from template @ostemplate (NULL: the one it has); the old ones are removed. */
int ct_reinstall(struct ct *ct, const char *ostemplate, struct err *e);
/* The files that @src brings in place of those the stopped container has, at once; its configuration stays. */
int ct_refill(struct ct *ct, const struct ct_create_src *src, struct err *e);
/* Of work that takes long: called now and then with how much of @total is done, and once with all of it. */
typedef void ct_tell(void *arg, uint64_t done, uint64_t total);
/*
 * A stopped container gets the layout @layout, any spelling of VE_LAYOUT: its files are copied and compared, one by one; a
 * ploop image of OpenVZ is read. The old area is kept beside the new one. @force: also when a ploop image is marked as in
 * use. Takes as long as reading does, twice; @tell (may be NULL) hears how much is done of how much, but not while a ploop image
 * is read. VZ_CONVERT_IMAGE; VZ_VE_RUNNING, VZ_FS_MOUNTED.
 */
int ct_convert(struct ct *ct, const char *layout, bool force, ct_tell *tell, void *arg, struct err *e);

/* Layout image: what is free in it is free on the host, too. Others: says that there is nothing to do. VZ_COMPACT_IMAGE. */
int ct_compact(struct ct *ct, struct err *e);

enum ct_setmode { CT_SETMODE_NONE, CT_SETMODE_IGNORE, CT_SETMODE_RESTART };
struct ct_set {
	bool save, force, reset_ub;
	enum ct_setmode mode;
	const char *applyconfig;		/* sample name or NULL */
};
/*
 * What @change has set becomes true: at once in a running container, and with @s->save in CTID.conf. On failure all values are
 * as before. VZ_INVALID_PARAMETER_SYNTAX, VZ_VE_NOT_RUNNING, and the status of the parameter that failed.
 */
int ct_set(struct ct *ct, const struct ct_set *s, const struct ct_conf *change, struct err *e);

/* --- inside a running one
 * ----------------------------------------------------------------------------------------- */
struct ct_exec {
	const char *const *argv;	/* what to run; with @shell one string, argv[0] */
	bool shell;			/* bash -c (else sh -c) argv[0] */
	bool script_stdin;		/* shell reads its commands from standard input */
};
/* Standard streams are relayed through pipes until the command ends. *status: as wait(2) gives
 * it. */
int ct_exec(struct ct *ct, const struct ct_exec *x, int *status, struct err *e);
/* The same; a stopped container is started for it without its init and stopped again, silently. */
int ct_exec_held(struct ct *ct, const struct ct_exec *x, int *status, struct err *e);
/* Login shell on a new pty of the container, relayed to the caller's terminal. *status: the
 * shell's exit status. @type: words typed into the shell first, or NULL. */
int ct_enter(struct ct *ct, const char *type, int *status, struct err *e);
/* Attaches to the console kept by the monitor; "ESC ." leaves. Waits for a start when stopped. */
int ct_console(struct ct *ct, struct err *e);
/* A connection to the console for those who relay it themselves: SOCK_SEQPACKET, packets of output
 * (history first); to it 'd' and bytes typed, or 'w' and two uint16_t, rows and columns. Waits up
 * to @ms for the monitor's answer. ENXIO: the console was lost with its monitor. */
int ct_console_fd(struct ct *ct, int ms, struct err *e);

#endif
