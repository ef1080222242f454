/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lock of a container, twice: flock() on /run/vz/lock/CTID, which the kernel drops when its holder dies and which
 * settles everything between programs of ours; and LOCKDIR/CTID.lck, by whose existence older programs know a lock
 * (line 1 the pid, line 2 a word). While we hold the former, a .lck with our word is a dead command's.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/fio.h"
#include "util/lock.h"
#include "util/path.h"
#include "util/sys.h"

#include "libct/files.h"
#include "libct/pause.h"
#include "libct/snap.h"

#define OUR_WORD "vz"
#define HANDOVER_MS 5000


static int lck_path(const struct ct *ct, char *dst, size_t size, struct err *e)
{
	return ct_path_fmt(dst, size, e, "%s/%u.lck", ct->host->conf.lockdir, ct->id);
}

void ct_lck_parse(const char *text, struct ct_lck *ret)
{
	char *end;
	long pid = strtol(text, &end, 10);

	ret->pid = pid > 0 && pid <= 0x400000 && (*end == '\n' || !*end) ? (pid_t)pid : 0;
	ret->ours = str_starts(end, "\n" OUR_WORD "\n");
}

/* -ENOENT: no file. Unreadable text is nobody's pid. */
static int lck_read(const char *path, struct ct_lck *ret)
{
	auto_buf struct buf b = { .cap = 4096 };
	struct err e = { 0 };

	*ret = (struct ct_lck){ 0 };
	if (fio_read_at(AT_FDCWD, path, &b, &e) < 0)
		return -e.code;
	ct_lck_parse(buf_str(&b), ret);
	return 0;
}

static bool alive(pid_t pid)
{
	return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

static void say_holder(const struct ct *ct, pid_t pid)
{
	auto_buf struct buf b = { .cap = 65536 };
	struct err ignored = { 0 };
	char path[64];

	str_fmt(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fio_read_at(AT_FDCWD, path, &b, &ignored);
	for (size_t i = 0; i < b.len; i++) {
		if ((unsigned char)b.s[i] < 0x20)
			b.s[i] = ' ';
	}
	ct_say(ct, -1, "Locked by: pid %d, cmdline %s", (int)pid, b.s ? str_trim(b.s) : "");
}

static int locked(const struct ct *ct, pid_t pid, struct err *e)
{
	if (pid > 0)
		say_holder(ct, pid);
	err_say(e, EBUSY, "Container already locked");
	return err_exit(e, VZ_LOCKED);
}

static int cannot_create(const struct ct *ct, const char *path, struct err *e)
{
	ct_say(ct, -1, "Unable to create lock file %s, use --skiplock option: %s", path, e->text);
	err_say(e, e->code, "Unable to lock container");
	return err_exit(e, VZ_SYSTEM_ERROR);
}

static int write_temp(const char *tmp, struct err *e)
{
	auto_close int fd = -1;
	char text[64];
	int r;

	unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return err_set(e, errno, "%s", tmp);
	str_fmt(text, sizeof(text), "%d\n" OUR_WORD "\n", (int)getpid());
	r = fio_write_all(fd, text, strlen(text));
	if (r < 0)
		unlink(tmp);
	return r < 0 ? err_set(e, -r, "%s", tmp) : 0;
}

/* 0 made, 1 exists, < 0 error. */
static int lck_link(const struct ct *ct, const char *path, struct err *e)
{
	char tmp[CT_PATH_MAX];
	int r;

	if (ct_path_fmt(tmp, sizeof(tmp), e, "%s/.%u.lck.tmp", ct->host->conf.lockdir, ct->id) < 0)
		return -e->code;
	if (write_temp(tmp, e) < 0) {
		if (e->code != ENOENT || path_mkdir_host(ct->host->conf.lockdir, 0755, e) < 0)
			return -e->code;
		err_clear(e);
		if (write_temp(tmp, e) < 0)
			return -e->code;
	}
	r = link(tmp, path) == 0 ? 0 : errno == EEXIST ? 1 : err_set(e, errno, "%s", path);
	unlink(tmp);
	return r;
}

/* A file that is in the way: a living foreigner's lock, or a dead one's left-over. */
static int lck_clear(const struct ct *ct, const char *path, struct err *e)
{
	struct ct_lck l;

	if (lck_read(path, &l) == -ENOENT)
		return 0;
	if (!l.ours && alive(l.pid))
		return locked(ct, l.pid, e);
	if (!l.ours || l.pid != getpid())
		ct_say(ct, 0, "Removing stale lock file %s", path);
	if (unlink(path) < 0 && errno != ENOENT && errno != EROFS) {
		err_set(e, errno, "%s", path);
		return cannot_create(ct, path, e);
	}
	return 0;
}

/* A full disk must not keep anybody from stopping and destroying containers. */
static bool is_full(int code)
{
	return code == ENOSPC || code == EDQUOT || code == EROFS;
}

static int lck_take(struct ct *ct, struct err *e)
{
	char path[CT_PATH_MAX];

	if (lck_path(ct, path, sizeof(path), e) < 0)
		return -e->code;
	for (int tries = 0; tries < 8; tries++) {
		int r = lck_link(ct, path, e);

		if (r < 0 && is_full(e->code)) {
			err_clear(e);
			ct_say(ct, 1, "No room for lock file %s, going on with the kernel's lock alone", path);
			return lck_clear(ct, path, e);
		}
		if (r < 0)
			return cannot_create(ct, path, e);
		if (r == 0) {
			ct->lck_file = true;
			return 0;
		}
		if (lck_clear(ct, path, e) < 0)
			return -e->code;
	}
	err_set(e, EBUSY, "%s", path);
	return cannot_create(ct, path, e);
}

/* A signal that ends the program finds either no lock file or one that ct_lock_held() tells of. */
static int lck_hold(struct ct *ct, struct err *e)
{
	sigset_t wait, old;
	int r;

	sigemptyset(&wait);
	sigaddset(&wait, SIGINT);
	sigaddset(&wait, SIGTERM);
	sigprocmask(SIG_BLOCK, &wait, &old);
	r = lck_take(ct, e);
	ct->held = r == 0;
	sigprocmask(SIG_SETMASK, &old, NULL);
	return r;
}

int ct_lock_flock(unsigned id, int timeout_ms, int *ret_fd, struct err *e)
{
	char name[16];

	auto_close int dir = open(CT_LOCK_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		if (path_mkdir_host(CT_RUN_DIR, 0755, e) < 0 || path_mkdir_host(CT_LOCK_DIR, 0700, e) < 0)
			return -e->code;
		dir = open(CT_LOCK_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (dir < 0)
		return err_set(e, errno, "open " CT_LOCK_DIR);
	str_fmt(name, sizeof(name), "%u", id);
	return lock_take(dir, name, timeout_ms, ret_fd, e);
}

/* A living holder that left its pid is a command: no waiting. One without is just beginning or ending, or is the reaper
 * of an earlier start, and gone in a moment. */
static int flock_take(struct ct *ct, int timeout_ms, struct err *e)
{
	int64_t end = sys_now_ms() + MAX(timeout_ms, HANDOVER_MS);
	char path[CT_PATH_MAX];

	if (lck_path(ct, path, sizeof(path), e) < 0)
		return -e->code;
	for (;;) {
		int64_t left = end - sys_now_ms();
		struct ct_lck l = { 0 };

		if (ct_lock_flock(ct->id, timeout_ms < 0 ? -1 : 0, &ct->lock_fd, e) == 0)
			return 0;
		if (e->code != EBUSY)
			return cannot_create(ct, CT_LOCK_DIR, e);
		err_clear(e);
		lck_read(path, &l);
		if (left <= 0 || (timeout_ms == 0 && alive(l.pid)))
			return locked(ct, alive(l.pid) ? l.pid : 0, e);
		if (ct_lock_flock(ct->id, (int)MIN(left, 50), &ct->lock_fd, e) == 0)
			return 0;
		err_clear(e);
	}
}

/* What an interrupted command left is repaired before anybody looks. */
static int repair(struct ct *ct, struct err *e)
{
	struct err load = { 0 };
	bool had = ct->has_conf;

	if (ct_recover_run(ct, e) < 0 || ct_recover_intent(ct, e) < 0)
		return err_add(e, "repair what an interrupted command left");
	if (ct_store_load(ct, &load) < 0 && load.code != ENOENT) {
		*e = load;
		return -e->code;
	}
	if (had && !ct->has_conf && !(ct->open_flags & CT_NO_CONFIG_OK)) {
		err_say(e, ENOENT, "Container config file does not exist");
		return err_exit(e, VZ_NOVECONFIG);
	}
	if (ct->has_conf && ct_snap_sweep(ct, &load) < 0)
		ct_say(ct, -1, "Warning: a snapshot that an interrupted backup left cannot be removed: %s", load.text);
	ct_pause_recover(ct);
	return 0;
}

int ct_lock_wait(struct ct *ct, int timeout_ms, struct err *e)
{
	if (ct->locked)
		return 0;
	if (flock_take(ct, timeout_ms, e) < 0)
		return -e->code;
	ct->locked = true;
	if (lck_hold(ct, e) < 0 || repair(ct, e) < 0) {
		ct_unlock(ct);
		return -e->code;
	}
	return 0;
}

int ct_lock(struct ct *ct, struct err *e)
{
	return ct_lock_wait(ct, 0, e);
}

bool ct_lock_held(const struct ct *ct)
{
	return ct->held;
}

void ct_skip_lock(struct ct *ct)
{
	ct->locked = true;
}

void ct_unlock(struct ct *ct)
{
	char path[CT_PATH_MAX];
	struct err ignored = { 0 };

	if (ct->lck_file && lck_path(ct, path, sizeof(path), &ignored) == 0)
		unlink(path);
	ct->lck_file = false;
	ct->held = false;
	if (ct->lock_fd >= 0)
		close(ct->lock_fd);
	ct->lock_fd = -1;
	ct->locked = false;
}
