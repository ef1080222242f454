/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intent records: /var/lib/vz/intent/CTID says which verb is at work on a container and with what. Written whole and
 * synced before the first side effect, so a torn one means that nothing had begun; one line more is the commit point.
 * The next taker of the lock calls the verb's own recovery.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/fio.h"
#include "util/path.h"

#include "libct/files.h"
#include "libct/snap.h"
#include "libct/snapshot.h"

#define END_LINE "BEGUN=\"yes\"\n"
#define COMMIT_LINE "COMMIT=\"yes\"\n"
#define RESERVE CT_INTENT_DIR "/.reserve"
#define RESERVE_SIZE 4096

static const struct {
	const char *verb;
	int (*recover)(struct ct *ct, const struct kv *kv, struct err *e);
} verbs[] = {
	{ "create", ct_create_recover }, { "destroy", ct_destroy_recover }, { "set", ct_set_recover },
	{ "reinstall", ct_reinstall_recover }, { "convert", ct_convert_recover },
	{ "backup", ct_backup_recover },
	{ "snapshot", ct_snapshot_recover },
};

static int open_record(const struct ct *ct, int flags, struct err *e)
{
	char path[64];
	int fd;

	str_fmt(path, sizeof(path), CT_INTENT_DIR "/%u", ct->id);
	fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 && errno == ENOENT && (flags & O_CREAT)) {
		if (path_mkdir_host(CT_LIB_DIR, 0755, e) < 0 || path_mkdir_host(CT_INTENT_DIR, 0700, e) < 0)
			return -e->code;
		fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	}
	return fd < 0 ? err_set(e, errno, "intent record %s", path) : fd;
}

/*
 * One block that is written and waiting, for the day the disk is full: it becomes the record by a rename and is
 * overwritten in place, so that at least destroy can make room.
 */
static void keep_reserve(void)
{
	static const char filler[RESERVE_SIZE];
	auto_close int fd = open(RESERVE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0 && (fio_write_all(fd, filler, sizeof(filler)) < 0 || fsync(fd) < 0))
		unlink(RESERVE);
}

static int write_reserve(const struct ct *ct, const struct buf *b)
{
	auto_close int fd = -1;
	char path[64];

	str_fmt(path, sizeof(path), CT_INTENT_DIR "/%u", ct->id);
	if (b->len > RESERVE_SIZE || rename(RESERVE, path) < 0)
		return -ENOSPC;
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fio_write_all(fd, b->s, b->len) < 0 || ftruncate(fd, (off_t)b->len) < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

static int write_record(struct ct *ct, const struct buf *b, bool sync, bool reserve, struct err *e)
{
	auto_close int fd = open_record(ct, O_WRONLY | O_CREAT | O_TRUNC, e);
	int r = fd < 0 ? -e->code : fio_write_all(fd, b->s, b->len);

	if (r == 0 && sync && fsync(fd) < 0)
		r = -errno;
	if ((r == -ENOSPC || r == -EDQUOT) && reserve)
		return write_reserve(ct, b);
	if (r == 0 && sync)
		keep_reserve();
	return r;
}

/* A record made and synced is in its directory, too, on every file system we know: fsync of a new file commits both. */
static int begin(struct ct *ct, const char *verb, const char *const *pairs, bool sync, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	auto_kv struct kv kv = { 0 };
	int r;

	if (kv_set(&kv, "VERB", verb, false, e) < 0)
		return -e->code;
	for (; pairs && pairs[0]; pairs += 2) {
		if (pairs[1] && kv_set(&kv, pairs[0], pairs[1], false, e) < 0)
			return -e->code;
	}
	if (kv_print(&kv, &b, e) < 0)
		return -e->code;
	buf_adds(&b, END_LINE);
	r = buf_failed(&b) ? -ENOMEM : write_record(ct, &b, sync, strcmp(verb, "create") != 0, e);
	if (r < 0) {
		err_set(e, -r, "write the intent record of container %u", ct->id);
		ct_intent_end(ct, &(struct err){ 0 });
		return -e->code;
	}
	return 0;
}

int ct_intent_begin(struct ct *ct, const char *verb, const char *const *kv_pairs, struct err *e)
{
	return begin(ct, verb, kv_pairs, true, e);
}

int ct_intent_begin_run(struct ct *ct, const char *verb, const char *const *kv_pairs, struct err *e)
{
	return begin(ct, verb, kv_pairs, false, e);
}

int ct_intent_commit(struct ct *ct, struct err *e)
{
	auto_close int fd = open_record(ct, O_WRONLY | O_APPEND, e);
	int r = fd < 0 ? -e->code : fio_write_all(fd, COMMIT_LINE, strlen(COMMIT_LINE));

	if (fd >= 0 && r == 0 && fdatasync(fd) < 0)
		r = -errno;
	return r < 0 ? err_set(e, -r, "commit the intent of container %u", ct->id) : 0;
}

/* Not synced: a record that comes back with the power finds its work done and is dropped again. */
int ct_intent_end(struct ct *ct, struct err *e)
{
	char path[64];

	str_fmt(path, sizeof(path), CT_INTENT_DIR "/%u", ct->id);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove intent record %s", path);
	return 0;
}

bool ct_intent_parse(const char *text, size_t len, struct kv *kv)
{
	struct err ignored = { 0 };

	return strstr(text, END_LINE) && kv_parse(kv, text, len, &ignored) == 0;
}

bool ct_intent_load(const struct ct *ct, struct kv *kv)
{
	struct err ignored = { 0 };
	auto_close int fd = open_record(ct, O_RDONLY, &ignored);
	auto_buf struct buf b = BUF_INIT;

	if (fd < 0 || fio_read_fd(fd, &b, "intent record", &ignored) < 0)
		return false;
	return ct_intent_parse(buf_str(&b), b.len, kv);
}

int ct_recover_intent(struct ct *ct, struct err *e)
{
	auto_kv struct kv kv = { 0 };
	const char *verb;
	char path[64];
	size_t i;

	str_fmt(path, sizeof(path), CT_INTENT_DIR "/%u", ct->id);
	if (access(path, F_OK) < 0)
		return 0;
	if (!ct_intent_load(ct, &kv))
		return ct_intent_end(ct, e);
	verb = kv_get(&kv, "VERB");
	for (i = 0; i < ARRAY_SIZE(verbs) && !str_eq(verbs[i].verb, verb); i++)
		;
	if (i == ARRAY_SIZE(verbs))
		return err_say(e, ENOTSUP, "%s records the verb '%s', which this version does not know", path, verb ? verb : "");
	if (verbs[i].recover(ct, &kv, e) < 0)
		return err_add(e, "%s of container %u was interrupted", verb, ct->id);
	err_clear(e);
	ct_say(ct, 1, "Interrupted %s of the container was cleaned up", verb);
	if (ct_intent_end(ct, e) < 0)
		return -e->code;
	ct_garbage_collect(ct->host, NULL);
	return 0;
}
