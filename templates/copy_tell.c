/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far vz-copy is, told now and then: the work in a file is its blocks and a little for itself, and is done twice. */
#include <sys/socket.h>

#include "templates/copy_proto.h"
#include "util/sys.h"

#define TELL_MS 200
#define PER_FILE 4096u

static struct { int fd; uint64_t total, done, part; int64_t told_ms; } tell = { .fd = -1 };

static uint64_t work(const struct stat *st)
{
	return PER_FILE + (S_ISREG(st->st_mode) ? (uint64_t)st->st_blocks * 512 : 0);
}

static int add(void *arg, const struct copy_at *at, const struct stat *st, struct err *e)
{
	(void)at;
	(void)e;
	*(uint64_t *)arg += 2 * work(st);
	return 0;
}

int copy_tell_begin(int fd, int from, struct err *e)
{
	const struct copy_walk w = { .from = from, .to = from, .file = add, .dir = add, .arg = &tell.total };

	tell.done = tell.part = tell.total = 0;
	tell.told_ms = 0;
	tell.fd = fd;
	return copy_walk(&w, e);
}

/* Nobody waits for it to be heard. */
static void say(void)
{
	struct copy_done d = { .magic = COPY_MAGIC, .stage = COPY_PROGRESS, .total = tell.total };
	int64_t now;

	if (tell.fd < 0 || (now = sys_now_ms()) < tell.told_ms + TELL_MS)
		return;
	tell.told_ms = now;
	d.done = tell.done + tell.part < tell.total ? tell.done + tell.part : tell.total;
	(void)!send(tell.fd, &d, sizeof(d), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void copy_tell_part(uint64_t bytes)
{
	tell.part += bytes;
	say();
}

void copy_tell_file(const struct stat *st)
{
	tell.done += work(st);
	tell.part = 0;
	say();
}
