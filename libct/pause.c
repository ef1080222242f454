/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stopped for a moment, with a mark that outlives us. */
#include "libct/pause.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "libct/backup.h"
#include "libct/files.h"
#include "util/fio.h"
#include "util/path.h"

struct mark { char s[64]; };

static struct mark mark_of(unsigned id)
{
	struct mark m;

	str_fmt(m.s, sizeof(m.s), CT_INTENT_DIR "/%u.restart", id);
	return m;
}

static bool is_marked(unsigned id)
{
	return access(mark_of(id).s, F_OK) == 0;
}

/* The name is on disk with the file: see intent.c. */
static int put_mark(unsigned id, struct err *e)
{
	struct mark m = mark_of(id);
	auto_close int fd = -1;

	if (path_mkdir_host(CT_LIB_DIR, 0755, e) < 0 || path_mkdir_host(CT_INTENT_DIR, 0700, e) < 0)
		return -e->code;
	fd = open(m.s, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 || fsync(fd) < 0 ? err_set(e, errno, "make %s", m.s) : 0;
}

void ct_pause_forget(unsigned id)
{
	unlink(mark_of(id).s);
}

int ct_pause_stop(struct ct *ct, struct err *e)
{
	if (put_mark(ct->id, e) < 0)
		return -e->code;
	if (ct_stop(ct, 0, e) == 0)
		return 0;
	if (ct_is_running(ct, NULL))
		ct_pause_forget(ct->id);
	return -e->code;
}

int ct_pause_start(struct ct *ct, struct err *e)
{
	if (!ct_is_running(ct, NULL) && ct_start(ct, 0, e) < 0)
		return -e->code;
	ct_pause_forget(ct->id);
	return 0;
}

/* Its stop may have begun: then it goes down whatever we find it doing now. */
static int stop_to_the_end(struct ct *ct, struct err *e)
{
	struct ct_state s;

	if (!ct_is_running(ct, &s) || s.stage != CT_STAGE_STOPPING)
		return 0;
	return ct_stop(ct, 0, e);
}

void ct_pause_recover(struct ct *ct)
{
	struct err e = { 0 };

	if (!is_marked(ct->id))
		return;
	if (!ct->has_conf) {
		ct_pause_forget(ct->id);
		return;
	}
	if (stop_to_the_end(ct, &e) < 0 || ct_pause_start(ct, &e) < 0) {
		ct_say(ct, -1, "Warning: container %u was stopped for a backup that was killed, and does not start again: %s; the "
		       "next command on it tries again ('vzctl stop %u' leaves it down)", ct->id, e.text, ct->id);
		return;
	}
	ct->resumed = true;
	ct_say(ct, 1, "The container was stopped for a backup that was killed: it was started again");
}

bool ct_restart_due(unsigned id)
{
	auto_close int lock = -1;
	struct err ignored = { 0 };

	return is_marked(id) && ct_lock_flock(id, 0, &lock, &ignored) == 0;
}
