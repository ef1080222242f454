/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runtime state: /run/vz/CTID/state. Written without fsync: nothing of a running container
 * survives a reboot, so a state of another boot counts as none. A pid in it is believed only
 * together with its start time.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "libct/ct_priv.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/num.h"
#include "util/path.h"
#include "util/sys.h"
#include "util/table.h"

static const char *const stage_names[] = {
	[CT_STAGE_NONE] = "none", [CT_STAGE_MOUNTED] = "mounted", [CT_STAGE_STARTING] = "starting",
	[CT_STAGE_RUNNING] = "running", [CT_STAGE_STOPPING] = "stopping",
};
_Static_assert(ARRAY_SIZE(stage_names) == CT_STAGE_N, "name every stage");

const char *ct_boot_id(void)
{
	static char id[64];
	auto_buf struct buf b = BUF_INIT;
	struct err e = { 0 };

	if (!id[0] && fio_read_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", &b, &e) == 0) {
		str_copy(id, sizeof(id), buf_str(&b));
		id[strcspn(id, "\n")] = '\0';
	}
	return id;
}

int ct_state_rundir(const struct ct *ct, bool make, struct err *e)
{
	auto_free char *path = NULL;
	int fd;

	if (asprintf(&path, CT_RUN_DIR "/%u", ct->id) < 0) {
		path = NULL;
		return err_set(e, ENOMEM, "state of CT %u", ct->id);
	}
	if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_set(e, errno, "make %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open %s", path) : fd;
}

static uint64_t get_u64(const struct kv *kv, const char *key)
{
	const char *s = kv_get(kv, key);
	uint64_t v = 0;

	return s && num_u64(s, &v) == 0 ? v : 0;
}

int ct_state_parse(const struct kv *kv, struct ct_state *ret, struct err *e)
{
	const char *word = kv_get(kv, "STAGE");
	int stage = word ? table_find(stage_names, CT_STAGE_N, word) : -1;

	*ret = (struct ct_state){ .stage = CT_STAGE_NONE };
	if (stage < 0)
		return err_say(e, EBADMSG, "no known STAGE");
	*ret = (struct ct_state){
		.stage = (enum ct_stage)stage, .gen = get_u64(kv, "GEN"), .init_pid = (pid_t)get_u64(kv, "INIT_PID"),
		.init_start = get_u64(kv, "INIT_START"), .monitor_pid = (pid_t)get_u64(kv, "MONITOR_PID"),
		.started_ms = get_u64(kv, "STARTED_MS"), .uid_base = (uint32_t)get_u64(kv, "UID_BASE"),
	};
	return 0;
}

int ct_state_load(const struct ct *ct, struct ct_state *ret, struct err *e)
{
	auto_kv struct kv kv = { 0 };
	auto_close int dir = ct_state_rundir(ct, false, e);

	*ret = (struct ct_state){ .stage = CT_STAGE_NONE };
	if (dir < 0 || kv_load(&kv, dir, "state", e) < 0) {
		if (e->code != ENOENT)
			return -e->code;
		err_clear(e);
		return 0;
	}
	if (!str_eq(kv_get(&kv, "BOOT"), ct_boot_id()))
		return 0;
	return ct_state_parse(&kv, ret, e) < 0 ? err_add(e, "%s/%u/state is damaged", CT_RUN_DIR, ct->id) : 0;
}

static int print(const struct ct_state *s, char *text, size_t size)
{
	return snprintf(text, size,
		     "STAGE=\"%s\"\nBOOT=\"%s\"\nGEN=\"%" PRIu64
		     "\"\nINIT_PID=\"%d\"\nINIT_START=\"%" PRIu64 "\"\n"
		     "MONITOR_PID=\"%d\"\nSTARTED_MS=\"%" PRIu64 "\"\nUID_BASE=\"%u\"\n",
		     stage_names[s->stage], ct_boot_id(), s->gen, s->init_pid, s->init_start,
		     s->monitor_pid, s->started_ms, s->uid_base);
}

void ct_state_print(const struct ct_state *s, struct buf *b)
{
	char text[512];

	buf_add(b, text, (size_t)print(s, text, sizeof(text)));
}

static int save_as(const struct ct *ct, const struct ct_state *s, const char *name, struct err *e)
{
	auto_close int dir = ct_state_rundir(ct, true, e);
	char text[512];
	int n;

	if (dir < 0)
		return dir;
	n = print(s, text, sizeof(text));
	return fio_replace_run(dir, name, text, (size_t)n, 0644, e);
}

int ct_state_save(const struct ct *ct, const struct ct_state *s, struct err *e)
{
	return save_as(ct, s, "state", e);
}

int ct_state_prepare(const struct ct *ct, const struct ct_state *s, struct err *e)
{
	return save_as(ct, s, CT_STATE_NEXT, e);
}

int ct_state_switch(const struct ct *ct, struct err *e)
{
	auto_close int dir = ct_state_rundir(ct, false, e);

	if (dir < 0)
		return dir;
	if (renameat(dir, CT_STATE_NEXT, dir, "state") < 0 && errno != ENOENT)
		return err_set(e, errno, "switch the state of CT %u", ct->id);
	return 0;
}

int ct_state_drop(const struct ct *ct, struct err *e)
{
	auto_close int run = open(CT_RUN_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (run < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "open %s", CT_RUN_DIR);
	return path_rmtree(run, ct->ids, e);
}

/* Field @n (from 3 on) of /proc/PID/stat. The name, field 2, may hold anything: count from the last ')'. */
static const char *stat_field(const char *text, int n)
{
	const char *p = strrchr(text, ')');

	for (int field = 2; p && field < n; field++)
		p = strchr(p + 1, ' ');
	return p ? p + 1 : NULL;
}

int ct_pid_start(pid_t pid, uint64_t *ret, struct err *e)
{
	const char *state, *start;
	char path[32], text[1024];
	auto_close int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return err_set(e, ESRCH, "process %d", pid);
	text[n] = '\0';
	state = stat_field(text, 3);
	start = stat_field(text, 22);
	if (!state || !start || sscanf(start, "%" SCNu64, ret) != 1)
		return err_say(e, EBADMSG, "%s is not understood", path);
	if (*state == 'Z' || *state == 'X')	/* a zombie is as good as dead */
		return err_set(e, ESRCH, "process %d", pid);
	return 0;
}

int ct_pid_open(pid_t pid, uint64_t start, struct err *e)
{
	auto_close int fd = pid > 0 ? sys_pidfd_open(pid, 0) : -1;
	uint64_t got = 0;

	if (fd < 0)
		return err_set(e, ESRCH, "process %d", pid);
	if (ct_pid_start(pid, &got, e) < 0)
		return -e->code;
	return got == start ? take_fd(&fd) : err_set(e, ESRCH, "process %d", pid);
}

bool ct_is_running(const struct ct *ct, struct ct_state *ret)
{
	struct ct_state local, *s = ret ? ret : &local;
	struct err e = { 0 };
	uint64_t start = 0;

	if (ct_state_load(ct, s, &e) < 0 ||
	    (s->stage != CT_STAGE_RUNNING && s->stage != CT_STAGE_STOPPING))
		return false;
	return s->init_pid > 0 && ct_pid_start(s->init_pid, &start, &e) == 0 &&
	       start == s->init_start;
}

int ct_init_pidfd(const struct ct *ct, struct ct_state *ret, struct err *e)
{
	struct ct_state local, *s = ret ? ret : &local;
	int fd = -ESRCH;

	if (ct_is_running(ct, s))
		fd = ct_pid_open(s->init_pid, s->init_start, e);
	if (fd >= 0)
		return fd;
	err_say(e, ESRCH, "Container is not running");
	e->exit = VZ_VE_NOT_RUNNING;
	return -e->code;
}

bool ct_is_mounted(const struct ct *ct)
{
	auto_free char *root = ct_path_root(ct);
	struct statx sx;

	return root && statx(AT_FDCWD, root, AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &sx) == 0 &&
	       (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

int ct_need_down(const struct ct *ct, struct err *e)
{
	if (ct_is_running(ct, NULL)) {
		err_say(e, EBUSY, "Container is currently running. Stop it first.");
		return err_exit(e, VZ_VE_RUNNING);
	}
	if (ct_is_mounted(ct)) {
		err_say(e, EBUSY, "Container is currently mounted (umount first)");
		return err_exit(e, VZ_FS_MOUNTED);
	}
	return 0;
}

int ct_netns_open(const struct ct_state *s, struct err *e)
{
	char path[40];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", s->init_pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open the network namespace of process %d", s->init_pid)
		      : fd;
}
