/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is under way, on this host's disk: where to, and whether the switch has begun. And the configuration as the destination
 * gets it: first one that nothing starts by itself, at the switch the real one.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/kv.h"
#include "util/path.h"
#include "util/table.h"
#include "vzctl/migrate.h"

#define RECORD_DIR "/var/lib/vz/migrate"

static const char *const stage_names[] = { [MIG_STAGE_NONE] = "none", [MIG_STAGE_COPY] = "copy", [MIG_STAGE_SWITCH] = "switch" };
_Static_assert(ARRAY_SIZE(stage_names) == MIG_STAGE_N, "name every stage");

static int record_dir(bool make, struct err *e)
{
	int fd;

	if (make && path_mkdir_host(RECORD_DIR, 0700, e) < 0)
		return -e->code;
	fd = open(RECORD_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, RECORD_DIR) : fd;
}

static int take(const struct kv *kv, const char *key, char **ret, struct err *e)
{
	const char *v = kv_get(kv, key);

	*ret = v ? strdup(v) : NULL;
	return *ret ? 0 : err_say(e, v ? ENOMEM : EBADMSG, "the record lacks %s", key);
}

int migrate_record_load(struct migrate *m, enum migrate_stage *ret, struct err *e)
{
	auto_close int dir = record_dir(false, e);
	auto_kv struct kv kv = { 0 };
	char name[16];
	int stage;

	*ret = MIG_STAGE_NONE;
	str_fmt(name, sizeof(name), "%u", m->id);
	if (dir < 0 || kv_load(&kv, dir, name, e) < 0) {
		if (e->code != ENOENT)
			return -e->code;
		err_clear(e);
		return 0;
	}
	if (!str_eq(kv_get(&kv, "TARGET"), m->target))
		return err_say(e, EBUSY, "a migration of CT %u to %s was cut off; finish that one first, or remove " RECORD_DIR
			       "/%u", m->id, kv_get(&kv, "TARGET") ? kv_get(&kv, "TARGET") : "somewhere", m->id);
	stage = table_find(stage_names, MIG_STAGE_N, kv_get(&kv, "STAGE") ? kv_get(&kv, "STAGE") : "");
	if (stage <= MIG_STAGE_NONE)
		return err_say(e, EBADMSG, RECORD_DIR "/%u is damaged", m->id);
	if (take(&kv, "PRIVATE", &m->priv, e) < 0 || take(&kv, "ROOT", &m->root, e) < 0)
		return err_add(e, RECORD_DIR "/%u", m->id);
	m->was_running = str_eq(kv_get(&kv, "RUNNING"), "yes");
	m->was_mounted = str_eq(kv_get(&kv, "MOUNTED"), "yes");
	*ret = (enum migrate_stage)stage;
	return 0;
}

int migrate_record_save(struct migrate *m, enum migrate_stage stage, struct err *e)
{
	auto_close int dir = record_dir(true, e);
	auto_kv struct kv kv = { 0 };
	struct buf auto_buf b = BUF_INIT;
	char name[16];

	str_fmt(name, sizeof(name), "%u", m->id);
	if (dir < 0 || kv_set(&kv, "TARGET", m->target, false, e) < 0 ||
	    kv_set(&kv, "STAGE", stage_names[stage], false, e) < 0 ||
	    kv_set(&kv, "PRIVATE", m->priv, false, e) < 0 || kv_set(&kv, "ROOT", m->root, false, e) < 0 ||
	    kv_set(&kv, "RUNNING", m->was_running ? "yes" : "no", false, e) < 0 ||
	    kv_set(&kv, "MOUNTED", m->was_mounted ? "yes" : "no", false, e) < 0 || kv_print(&kv, &b, e) < 0)
		return -e->code;
	return fio_replace(dir, name, buf_str(&b), b.len, 0600, e);
}

int migrate_record_drop(struct migrate *m, struct err *e)
{
	auto_close int dir = record_dir(false, e);
	char name[16], conf[32], ugid[32];

	str_fmt(name, sizeof(name), "%u", m->id);
	str_fmt(conf, sizeof(conf), "%u.conf", m->id);
	str_fmt(ugid, sizeof(ugid), "%u.ugid", m->id);
	if (dir < 0 && e->code == ENOENT) {
		err_clear(e);
		return 0;
	}
	if (dir < 0)
		return dir;
	unlinkat(dir, conf, 0);
	unlinkat(dir, ugid, 0);
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove " RECORD_DIR "/%s", name);
	if (fio_fsync_dir(dir, e) < 0)
		return -e->code;
	rmdir(RECORD_DIR);		/* not empty: somebody else's */
	return 0;
}

int migrate_ugid_file(struct migrate *m, const struct buf *text, char *path, size_t size, struct err *e)
{
	auto_close int dir = record_dir(true, e);
	char name[32];

	str_fmt(name, sizeof(name), "%u.ugid", m->id);
	if (dir < 0 || fio_replace(dir, name, buf_str(text), text->len, 0600, e) < 0)
		return -e->code;
	return str_fmt(path, size, RECORD_DIR "/%s", name) < 0 ? err_set(e, ENAMETOOLONG, "%s", name) : 0;
}

/* A plain tree there, whatever it is here; ids of this host mean nothing there. */
static int for_destination(struct migrate *m, struct kv *kv, bool final, struct err *e)
{
	kv_unset(kv, "LOCAL_UID");
	kv_unset(kv, "LOCAL_GID");
	if (kv_set(kv, "VE_PRIVATE", m->priv, true, e) < 0 || kv_set(kv, "VE_ROOT", m->root, true, e) < 0 ||
	    kv_set(kv, "VE_LAYOUT", "simfs", false, e) < 0)
		return -e->code;
	return final ? 0 : kv_set(kv, "ONBOOT", "no", false, e);
}

/* @path: the container's own file, here or moved away; it becomes that of the copy to send. */
int migrate_conf_file(struct migrate *m, bool final, char *path, size_t size, struct err *e)
{
	auto_close int dir = record_dir(true, e);
	auto_kv struct kv kv = { 0 };
	struct buf auto_buf b = BUF_INIT, from = BUF_INIT;
	auto_free char *conf = ct_path_conf(m->ct);
	char name[32];

	if (dir < 0 || !conf)
		return conf ? dir : err_set(e, ENOMEM, "configuration");
	buf_addf(&from, "%s%s", conf, access(conf, F_OK) < 0 ? ".migrated" : "");
	if (kv_load(&kv, AT_FDCWD, buf_str(&from), e) < 0 || for_destination(m, &kv, final, e) < 0 || kv_print(&kv, &b, e) < 0)
		return -e->code;
	str_fmt(name, sizeof(name), "%u.conf", m->id);
	if (fio_replace(dir, name, buf_str(&b), b.len, 0644, e) < 0)
		return -e->code;
	return str_fmt(path, size, RECORD_DIR "/%s", name) < 0 ? err_set(e, ENAMETOOLONG, "%s", name) : 0;
}
