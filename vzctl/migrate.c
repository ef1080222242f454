/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of an offline migration, each with its undo. The container never runs on both hosts: before it is started there,
 * its configuration here is renamed, durably, to CTID.conf.migrated, and until then nothing starts what the destination has.
 * Calling vzmigrate again takes up a migration that was cut off: one that had not come to the rename begins anew, for one that
 * had the destination is asked what it has.
 */
#include "vzctl/migrate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "libct/traffic.h"
#include "libct/ugids.h"
#include "util/auto.h"
#include "util/err.h"

enum migrate_undo { UNDO_DST = 1, UNDO_STOP = 2, UNDO_MOUNT = 4, UNDO_AWAY = 8, UNDO_UMOUNT = 16 };

static const char *const scripts[] = { "start", "stop", "mount", "umount", "premount", "postumount" };

static void say(struct migrate *m, const char *text)
{
	ui_say(&m->ui, 0, 0, text);
}

/* --- what is here ------------------------------------------------------------------------------------------------- */

/* The root is copied as it is shown: what is kept beside it would stay here. */
static int no_snapshots(struct migrate *m, struct err *e)
{
	auto_snaps struct ct_snaps tree = { 0 };
	struct err none = { 0 };

	if (ct_snaps_load(m->ct, &tree, &none) < 0 || !tree.n)
		return none.code && none.code != ENOTSUP && none.code != ENOENT ? (*e = none, -e->code) : 0;
	return err_say(e, ENOTSUP, "CT %u has %zu snapshots, which cannot be migrated: 'vzctl snapshot-delete' them first", m->id,
		       tree.n);
}

static int check_here(struct migrate *m, struct err *e)
{
	const char *layout = ct_conf(m->ct)->layout;
	auto_free char *priv = ct_path_private(m->ct);
	struct ct_info info;

	if (ct_info(m->ct, 0, &info, e) < 0 || !info.exists || !priv) {
		err_say(e, ENOENT, "CT %u does not exist here", m->id);
		return mig_fail(e, MIG_ABSENT);
	}
	if (no_snapshots(m, e) < 0)
		return mig_fail(e, MIG_PLOOP);
	if (layout && str_starts(layout, "ploop")) {
		err_say(e, ENOTSUP, "CT %u has the layout ploop, which cannot be migrated", m->id);
		return mig_fail(e, MIG_PLOOP);
	}
	/* elsewhere the files are seen only where the root is mounted */
	m->overlay = !str_eq(layout, "dir") && !str_eq(layout, "simfs");
	m->was_running = info.run == CT_RUNNING;
	m->was_mounted = info.run == CT_MOUNTED;
	m->src = m->overlay ? ct_path_root(m->ct) : take_ptr(priv);
	return m->src ? 0 : err_set(e, ENOMEM, "paths");
}

/* --- steps -------------------------------------------------------------------------------------------------------- */

static int send_conf(struct migrate *m, bool final, struct err *e)
{
	auto_free char *to = ct_path_conf(m->ct);
	char from[128];
	int rc = to ? migrate_conf_file(m, final, from, sizeof(from), e) : err_set(e, ENOMEM, "configuration");

	if (rc == 0)
		rc = remote_put(m, from, to, e);
	if (rc == 0)
		unlink(from);
	return rc < 0 ? err_add(e, "Failed to copy the configuration") : 0;
}

static int send_scripts(struct migrate *m, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		char path[64];

		str_fmt(path, sizeof(path), "/etc/vz/conf/%u.%s", m->id, scripts[i]);
		if (access(path, F_OK) == 0 && remote_put(m, path, path, e) < 0)
			return err_add(e, "Failed to copy %s", path);
	}
	return 0;
}

static int prepare_there(struct migrate *m, struct err *e)
{
	say(m, "Preparing remote node");
	if (migrate_record_save(m, MIG_STAGE_COPY, e) < 0)
		return mig_fail(e, MIG_COPY);
	m->done |= UNDO_DST;
	if (send_conf(m, false, e) < 0)
		return mig_fail_remote(e, MIG_COPY);
	if (remote_runf(m, e, "vzctl --quiet set %u --private %s --root %s --save && "
			"vzctl --quiet set %u --applyconfig_map name --save", m->id, m->priv, m->root, m->id) < 0) {
		err_add(e, "Failed to apply the configuration on the destination");
		return mig_fail_remote(e, MIG_CONFIG);
	}
	if (send_scripts(m, e) < 0 || remote_runf(m, e, "mkdir -p %s %s && chmod 700 %s", m->priv, m->root, m->priv) < 0)
		return mig_fail_remote(e, MIG_COPY);
	say(m, "Initializing remote quota");
	if (ct_conf(m->ct)->quota.enabled.set && !ct_conf(m->ct)->quota.enabled.v)
		return 0;
	if (remote_runf(m, e, "vzctl --quiet quotainit %u && vzctl --quiet quotaon %u", m->id, m->id) < 0) {
		err_add(e, "Quota of CT %u cannot be initialized on the destination", m->id);
		return mig_fail_remote(e, MIG_QUOTA);
	}
	return 0;
}

/* Limits of users and groups inside: the copy is a plain tree, in which nobody counts, so they wait there as they do here. */
static int send_ugids(struct migrate *m, struct err *e)
{
	struct buf auto_buf text = { .cap = CT_UGIDS_MAX };
	char from[128], to[64];
	int rc;

	if (ct_ugids_get(m->ct, &text, e) < 0)
		return mig_fail(e, MIG_QUOTA);
	if (!text.len)
		return 0;
	str_fmt(to, sizeof(to), "/etc/vz/conf/%u.ugid", m->id);
	rc = migrate_ugid_file(m, &text, from, sizeof(from), e);
	if (rc == 0)
		rc = remote_put(m, from, to, e);
	if (rc < 0) {
		err_add(e, "Failed to copy the limits of users and groups");
		return mig_fail_remote(e, MIG_COPY);
	}
	unlink(from);
	ui_sayf(&m->ui, 0, "Limits of users and groups inside are kept there as %s, for a layout that enforces them", to);
	return 0;
}

static int sync_tree(struct migrate *m, const char *what, struct err *e)
{
	say(m, what);
	if (remote_sync(m, m->src, m->priv, e) == 0)
		return 0;
	err_add(e, "Failed to sync %s", m->src);
	return mig_fail_remote(e, MIG_COPY);
}

/* The tree is at rest from here on; a running overlay's files have shifted ids to the host, so it is copied mounted. */
static int stop_here(struct migrate *m, struct err *e)
{
	if (m->was_running) {
		say(m, "Stopping container");
		m->done |= UNDO_STOP;
		if (ct_stop(m->ct, 0, e) < 0)
			return mig_fail(e, MIG_STOP);
	}
	if (m->was_mounted && !m->overlay) {
		m->done |= UNDO_UMOUNT;
		if (ct_umount(m->ct, e) < 0)
			return mig_fail(e, MIG_STOP);
	}
	if (!m->overlay || m->was_mounted)
		return 0;
	m->done |= UNDO_MOUNT;
	return ct_mount(m->ct, e) < 0 ? mig_fail(e, MIG_STOP) : 0;
}

static int leave_here(struct migrate *m, struct err *e)
{
	if (m->overlay && ct_umount(m->ct, e) < 0)
		return mig_fail(e, MIG_STOP);
	m->done &= ~(unsigned)UNDO_MOUNT;
	m->done |= UNDO_AWAY | (m->overlay && m->was_mounted ? UNDO_UMOUNT : 0);
	if (migrate_record_save(m, MIG_STAGE_SWITCH, e) < 0 || ct_migrated(m->ct, true, e) < 0)
		return mig_fail(e, MIG_CONFIG);
	return 0;
}

/* What it has sent and received by now: the last word was written when it stopped. */
static int send_traffic(struct migrate *m, struct err *e)
{
	if (ct_traffic_leave(m->id, e) < 0)
		return -e->code;
	for (unsigned slot = 0; slot < 2; slot++) {
		char path[64];

		str_fmt(path, sizeof(path), "/var/lib/vz/traffic/%u.%u", m->id, slot);
		if (access(path, F_OK) < 0)
			continue;
		if (remote_runf(m, e, "mkdir -p /var/lib/vz/traffic") < 0 || remote_put(m, path, path, e) < 0)
			return err_add(e, "Failed to copy %s", path);
	}
	return 0;
}

static int start_there(struct migrate *m, struct err *e)
{
	const char *verb = m->was_running ? "start" : "mount";

	if (send_conf(m, true, e) < 0 || send_traffic(m, e) < 0)
		return mig_fail_remote(e, MIG_COPY);
	if (!m->was_running && !m->was_mounted)
		return 0;
	say(m, m->was_running ? "Starting container" : "Mounting container");
	if (remote_runf(m, e, "vzctl --quiet %s %u", verb, m->id) == 0)
		return 0;
	err_add(e, "Failed to %s CT %u on the destination", verb, m->id);
	return mig_fail(e, MIG_START);
}

static int clean_here(struct migrate *m, struct err *e)
{
	auto_free char *conf = ct_path_conf(m->ct);
	struct buf auto_buf away = BUF_INIT;

	say(m, "Cleaning up");
	if (!m->o.keep_src && conf) {
		if (ct_destroy(m->ct, e) < 0 && e->exit != VZ_FS_NOPRVT)
			return -e->code;
		err_clear(e);
		buf_addf(&away, "%s.migrated", conf);
		unlink(buf_str(&away));
	}
	return migrate_record_drop(m, e);
}

/* --- undo --------------------------------------------------------------------------------------------------------- */

static void undo(struct migrate *m)
{
	struct err e = { 0 };

	if ((m->done & UNDO_AWAY) && !there_is_down(m)) {
		ui_sayf(&m->ui, -1, "Warning: whether CT %u runs on %s cannot be told. It is not started here; its "
			"configuration is /etc/vz/conf/%u.conf.migrated. 'vzmigrate %s %u' finishes the migration.", m->id,
			m->target, m->id, m->o.host, m->id);
		return;
	}
	if ((m->done & UNDO_AWAY) && ct_migrated(m->ct, false, &e) < 0) {
		ui_sayf(&m->ui, -1, "Error: %s", e.text);
		return;
	}
	if (m->done & UNDO_DST)
		there_remove(m);
	if (m->done & UNDO_MOUNT)
		ct_umount(m->ct, &e);
	if (m->done & UNDO_UMOUNT)
		ct_mount(m->ct, &e);
	err_clear(&e);
	if ((m->done & UNDO_STOP) && ct_start(m->ct, 0, &e) < 0)
		ui_sayf(&m->ui, -1, "Error: CT %u cannot be started again here: %s", m->id, e.text);
	err_clear(&e);
	if (migrate_record_drop(m, &e) < 0)
		ui_sayf(&m->ui, -1, "Warning: %s", e.text);
}

/* --- order -------------------------------------------------------------------------------------------------------- */

static const struct migrate_step {
	const char *what;
	int (*run)(struct migrate *m, struct err *e);
} after_switch[] = { { "start", start_there } };

static int sync_first(struct migrate *m, struct err *e)
{
	return m->overlay && m->was_running ? 0 : sync_tree(m, "Syncing private", e);
}

static int sync_last(struct migrate *m, struct err *e)
{
	return m->overlay || m->was_running ? sync_tree(m, "Syncing private (2nd pass)", e) : 0;
}

static int mount_first(struct migrate *m, struct err *e)
{
	return m->overlay && !m->was_running ? stop_here(m, e) : 0;
}

static int stop_last(struct migrate *m, struct err *e)
{
	return m->overlay && !m->was_running ? 0 : stop_here(m, e);
}

static const struct migrate_step steps[] = {
	{ "prepare", prepare_there }, { "mount", mount_first }, { "copy", sync_first }, { "stop", stop_last },
	{ "copy again", sync_last }, { "user limits", send_ugids }, { "leave", leave_here },
};

static int run_steps(struct migrate *m, const struct migrate_step *v, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct timespec a, b;

		clock_gettime(CLOCK_MONOTONIC, &a);
		if (v[i].run(m, e) < 0)
			return -e->code;
		clock_gettime(CLOCK_MONOTONIC, &b);
		if (m->o.times)
			ui_sayf(&m->ui, 0, "\t%s:\t%.2f s", v[i].what,
				(double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9);
	}
	return 0;
}

static int move(struct migrate *m, struct err *e)
{
	if (run_steps(m, steps, ARRAY_SIZE(steps), e) < 0 || run_steps(m, after_switch, ARRAY_SIZE(after_switch), e) < 0) {
		undo(m);
		return -e->code;
	}
	return clean_here(m, e);
}

/* Cut off after the switch: what the destination has decides. */
static int take_up(struct migrate *m, struct err *e)
{
	bool running = false;
	char word[32];

	say(m, "Taking up a migration that was cut off");
	if (ct_migrated_load(m->ct, e) < 0)
		return mig_fail(e, MIG_ABSENT);
	if (there_connect(m, e) < 0 || there_status(m, word, sizeof(word), &running, e) < 0)
		return -e->code;
	m->done |= UNDO_AWAY;
	if (str_eq(word, "deleted")) {
		if (ct_migrated(m->ct, false, e) < 0 || migrate_record_drop(m, e) < 0)
			return mig_fail(e, MIG_CONFIG);
		ui_sayf(&m->ui, 0, "CT %u is not on %s; it is this host's again", m->id, m->target);
		return 1;
	}
	if (!running && run_steps(m, after_switch, ARRAY_SIZE(after_switch), e) < 0)
		return -e->code;
	return clean_here(m, e);
}

/* Cut off before it: what was copied is as good as nothing, except that the destination already has it. */
static int begin_anew(struct migrate *m, struct err *e)
{
	bool running = true;
	char word[32];

	if (there_status(m, word, sizeof(word), &running, e) < 0)
		return -e->code;
	if (running) {
		err_say(e, EEXIST, "CT %u runs on the destination", m->id);
		return mig_fail(e, MIG_EXISTS);
	}
	if (!str_eq(word, "deleted"))
		there_remove(m);
	return migrate_record_drop(m, e);
}

int migrate_run(struct migrate *m, struct err *e)
{
	enum migrate_stage stage;
	bool ran, mounted;

	if (ct_lock(m->ct, e) < 0)
		return mig_fail(e, e->exit == VZ_LOCKED ? MIG_LOCKED : MIG_ABSENT);
	ui_sayf(&m->ui, 0, "Locked CT %u", m->id);
	if (migrate_record_load(m, &stage, e) < 0)
		return mig_fail(e, MIG_LOCKED);
	/* what is still here by its own name was never started there */
	if (stage == MIG_STAGE_SWITCH && !ct_has_conf(m->ct))
		return MIN(take_up(m, e), 0);
	ran = m->was_running;
	mounted = m->was_mounted;
	if (check_here(m, e) < 0)
		return -e->code;
	if (m->o.live && !m->was_running) {
		err_say(e, ESRCH, "CT %u is not running: it cannot be migrated live", m->id);
		return mig_fail(e, MIG_STOPPED);
	}
	if (m->o.live) {
		err_say(e, ENOTSUP, "Live migration needs checkpoints, which this version does not have; without --live CT %u is "
			"stopped, copied and started", m->id);
		return mig_fail(e, MIG_NO_LIVE);
	}
	ui_sayf(&m->ui, 0, "Starting migration of CT %u to %s", m->id, m->o.host);
	if (stage != MIG_STAGE_NONE && begin_anew(m, e) < 0)
		return -e->code;
	if (there_check(m, e) < 0)
		return -e->code;
	if (m->o.check_only)
		return 0;
	m->was_running |= stage != MIG_STAGE_NONE && ran;
	m->was_mounted |= stage != MIG_STAGE_NONE && mounted && !m->was_running;
	return move(m, e);
}
