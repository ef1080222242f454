/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Action scripts in /etc/vz/conf: vps.X for every container, CTID.X for one. Host-side ones run
 * from argv with VEID and VE_CONFFILE in an otherwise fixed environment; the order is vps then
 * CTID on the way up, CTID then vps on the way down. And what vzeventd ran: one script per event of any
 * container, which can keep nothing from happening.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "libct/ct_priv.h"
#include "libct/hook.h"
#include "libct/inside.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/spawn.h"
#include "util/table.h"

static const char *const names[] = {
	[CT_HOOK_PREMOUNT] = "premount", [CT_HOOK_MOUNT] = "mount", [CT_HOOK_UMOUNT] = "umount",
	[CT_HOOK_POSTUMOUNT] = "postumount", [CT_HOOK_START] = "start", [CT_HOOK_STOP] = "stop",
};
_Static_assert(ARRAY_SIZE(names) == CT_HOOK_N, "name every hook");

static const char *const event_names[] = {
	[CT_EVENT_START] = "start", [CT_EVENT_STOP] = "stop", [CT_EVENT_MOUNT] = "mount",
	[CT_EVENT_UMOUNT] = "umount", [CT_EVENT_REBOOT] = "reboot", [CT_EVENT_TRAFFIC] = "traffic",
};
_Static_assert(ARRAY_SIZE(event_names) == CT_EVENT_N, "name every event");
#define EVENT_MS 60000

/* A script counts only if it is root's and nobody else may write it (and, run on the host, if it
 * can be executed). */
static int check(const char *path, bool exec, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "script %s", path);
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 || (st.st_mode & 022))
		return err_say(e, EPERM,
			       "script %s must be a regular file of root that nobody else can "
			       "write: chown root, chmod go-w",
			       path);
	if (exec && !(st.st_mode & 0100))
		return err_say(e, EACCES, "script %s is not executable", path);
	return 1;
}

/* 0: there is none, 1: it ran. */
static int run_path(const struct ct *ct, const char *path, int limit_ms, struct err *e)
{
	char veid[32], conf[64];
	const char *const env[] = { veid, conf, "HOME=/", "TERM=linux",
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	const char *const argv[] = { path, NULL };
	struct spawn s = { .argv = argv, .env = env, .timeout_ms = limit_ms };
	int status = 0, rc = check(path, true, e);

	if (rc <= 0)
		return rc;
	snprintf(veid, sizeof(veid), "VEID=%u", ct->id);
	snprintf(conf, sizeof(conf), "VE_CONFFILE=" CT_CONF_DIR "/%u.conf", ct->id);
	return spawn_wait(&s, &status, e) < 0 ? -e->code : 1;
}

static int run_host(const struct ct *ct, const char *who, const char *what, struct err *e)
{
	char path[128];

	snprintf(path, sizeof(path), CT_CONF_DIR "/%s.%s", who, what);
	if (run_path(ct, path, 0, e) >= 0)
		return 0;
	err_say(e, e->code ? e->code : ECHILD, "Error executing %s script %s", what, path);
	return err_exit(e, VZ_ACTIONSCRIPT_ERROR);
}

int ct_hook_run(struct ct *ct, enum ct_hook h, struct err *e)
{
	bool down = h == CT_HOOK_UMOUNT || h == CT_HOOK_POSTUMOUNT;

	if (run_host(ct, down ? ct->ids : "vps", names[h], e) < 0)
		return -e->code;
	return run_host(ct, down ? "vps" : ct->ids, names[h], e);
}

int ct_hook_create(struct ct *ct, struct err *e)
{
	if (run_host(ct, "vps", "create", e) == 0)
		return 0;
	err_say(e, ECHILD, "User create script " CT_CONF_DIR "/vps.create exited with error");
	return err_exit(e, VZ_ACTIONSCRIPT_ERROR);
}

static int read_script(const struct ct *ct, enum ct_hook h, struct buf *b, struct err *e)
{
	char path[128];
	int rc;

	snprintf(path, sizeof(path), CT_CONF_DIR "/%u.%s", ct->id, names[h]);
	rc = check(path, false, e);
	if (rc <= 0)
		return rc;
	return fio_read_at(AT_FDCWD, path, b, e) < 0 ? -e->code : 1;
}

int ct_hook_script_fd(struct ct *ct, enum ct_hook h, int *ret_fd, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	auto_close int fd = -1;
	int rc = read_script(ct, h, &b, e);

	*ret_fd = -1;
	if (rc < 0)
		return err_exit(e, VZ_ACTIONSCRIPT_ERROR);
	if (rc == 0)
		return 0;
	fd = memfd_create("vz-script", MFD_CLOEXEC);
	if (fd < 0 || fio_write_all(fd, buf_str(&b), b.len) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_set(e, errno, "copy the %s script", names[h]);
	*ret_fd = take_fd(&fd);
	return 0;
}

int ct_hook_inside(struct ct *ct, enum ct_hook h, int limit_ms, struct err *e)
{
	static const char *const argv[] = {
		"sh", "-c", "[ -x /bin/bash ] && exec /bin/bash -s; exec /bin/sh -s", NULL
	};
	auto_buf struct buf b = BUF_INIT;
	int status = 0, rc = read_script(ct, h, &b, e);

	if (rc == 0)
		return 0;
	if (rc > 0 && ct_inside_run(ct, "/bin/sh", argv, &b, limit_ms, &status, e) == 0 && status == 0)
		return 0;
	err_say(e, e->code ? e->code : ECHILD, CT_CONF_DIR "/%u.%s exited with status %d", ct->id,
		names[h], status);
	return err_exit(e, VZ_ACTIONSCRIPT_ERROR);
}

void ct_event(const struct ct *ct, enum ct_event ev)
{
	struct err e = { 0 };
	char path[128];

	snprintf(path, sizeof(path), CT_EVENT_DIR "/vzevent-%s", event_names[ev]);
	if (run_path(ct, path, EVENT_MS, &e) < 0)
		ct_say(ct, -1, "Warning: %s: %s", path, e.text);
}
