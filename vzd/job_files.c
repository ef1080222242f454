/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A job's result as a file: KEY="value" lines, padded to the size that was reserved before the program began. */
#include "vzd/job_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/kv.h"
#include "util/num.h"
#include "util/str.h"

#define ROOM 1024		/* bytes; the longest last line, escaped, and all numbers fit */

char *job_file(const char *id, const char *ext, char out[48])
{
	if (str_fmt(out, 48, "%s.%s", id, ext) < 0)
		out[0] = '\0';			/* no such file: every open fails */
	return out;
}

int job_result_reserve(int dir, const char *id, struct err *e)
{
	char name[48], room[ROOM];
	auto_close int fd = openat(dir, job_file(id, "run", name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_set(e, errno, "%s", name);
	memset(room, '\n', sizeof(room));
	if (fio_write_all(fd, room, sizeof(room)) < 0) {
		int code = errno;

		unlinkat(dir, name, 0);
		return err_set(e, code, "%s", name);
	}
	return 0;
}

static void add(struct kv *kv, const char *key, int64_t v, int *failed)
{
	char text[24];
	struct err e = { 0 };

	if (*failed == 0 && v != 0 && str_fmt(text, sizeof(text), "%lld", (long long)v) == 0)
		*failed = kv_set(kv, key, text, false, &e);
}

int job_result_write(int dir, const char *id, const struct job_result *r, struct err *e)
{
	char name[48], done[48], text[ROOM];
	auto_kv struct kv kv = { 0 };
	auto_buf struct buf b = BUF_INIT;
	auto_close int fd = openat(dir, job_file(id, "run", name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	int failed = 0;

	if (fd < 0)
		return err_set(e, errno, "%s", name);
	add(&kv, "EXIT", r->exit + 1, &failed);
	add(&kv, "SIGNAL", r->signal, &failed);
	add(&kv, "STARTED", r->started_ms, &failed);
	add(&kv, "ENDED", r->ended_ms, &failed);
	add(&kv, "CANCELLED", r->cancelled, &failed);
	add(&kv, "TIMEOUT", r->timeout, &failed);
	add(&kv, "TRUNCATED", r->truncated, &failed);
	add(&kv, "INTERRUPTED", r->interrupted, &failed);
	if (failed < 0 || kv_set(&kv, "LAST", r->last, false, e) < 0 || kv_print(&kv, &b, e) < 0 || b.len > ROOM)
		return err_set(e, EOVERFLOW, "result of %s", id);
	memset(text, '\n', sizeof(text));
	memcpy(text, b.s, b.len);
	if (pwrite(fd, text, sizeof(text), 0) != (ssize_t)sizeof(text) ||
	    renameat(dir, name, dir, job_file(id, "result", done)) < 0)
		return err_set(e, errno, "result of %s", id);
	return 0;
}

static int64_t number(const struct kv *kv, const char *key)
{
	const char *v = kv_get(kv, key);
	int64_t n;

	return v && num_i64(v, &n) == 0 ? n : 0;
}

int job_result_read(int dir, const char *id, struct job_result *ret, struct err *e)
{
	auto_kv struct kv kv = { 0 };
	const char *last;
	char name[48];

	if (kv_load(&kv, dir, job_file(id, "result", name), e) < 0) {
		if (e->code != ENOENT)
			return -e->code;
		err_clear(e);
		return 0;
	}
	last = kv_get(&kv, "LAST");
	*ret = (struct job_result){
		.exit = (int)number(&kv, "EXIT") - 1,
		.signal = (int)number(&kv, "SIGNAL"),
		.started_ms = number(&kv, "STARTED"),
		.ended_ms = number(&kv, "ENDED"),
		.cancelled = number(&kv, "CANCELLED"),
		.timeout = number(&kv, "TIMEOUT"),
		.truncated = number(&kv, "TRUNCATED"),
		.interrupted = number(&kv, "INTERRUPTED"),
	};
	(void)str_copy(ret->last, sizeof(ret->last), last ? last : "");
	return 1;
}
