/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/copy_tell.c: what there is to do is counted before, and what is told of it grows and ends there. */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "templates/copy_proto.h"
#include "tests/lib/test.h"
#include "util/auto.h"
#include "util/fio.h"
#include "util/sys.h"

static struct err e;
static int sk[2];

static bool heard(struct copy_done *d)
{
	return recv(sk[0], d, sizeof(*d), MSG_DONTWAIT) == (ssize_t)sizeof(*d);
}

TEST(copy_tell)
{
	auto_close int top = test_tmp_fd();
	struct copy_done d = { 0 }, next = { 0 };
	struct stat file, dir;
	int64_t at;

	CHECK(mkdirat(top, "d", 0700) == 0);
	{
		auto_close int fd = openat(top, "d/f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		char block[8192] = "x";

		CHECK(fio_write_all(fd, block, sizeof(block)) == 0 && fsync(fd) == 0);
	}
	CHECK(fstatat(top, "d/f", &file, 0) == 0 && fstatat(top, "d", &dir, 0) == 0);
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sk) == 0);
	copy_tell_part(1);
	CHECK(!heard(&d));		/* nobody is there yet */
	CHECK_OK(copy_tell_begin(sk[1], top, &e), &e);
	CHECK(!heard(&d));
	at = sys_now_ms();
	copy_tell_part(100);
	CHECK(heard(&d));
	CHECK_EQ(d.stage, COPY_PROGRESS);
	CHECK_EQ(d.total, 2 * (2 * 4096 + (uint64_t)file.st_blocks * 512));
	CHECK_EQ(d.done, 100);
	copy_tell_file(&file);
	CHECK(!heard(&next) || sys_now_ms() - at >= 200);	/* so soon nobody wants to hear it again */
	usleep(250 * 1000);
	copy_tell_file(&dir);
	CHECK(heard(&next));
	CHECK_EQ(next.done, d.total / 2);
	usleep(250 * 1000);
	copy_tell_part(UINT32_MAX);	/* a file has grown */
	CHECK(heard(&next));
	CHECK_EQ(next.done, d.total);
	close(sk[0]);			/* and if nobody listens any more, it goes on */
	usleep(250 * 1000);
	copy_tell_file(&file);
	copy_tell_begin(-1, top, &e);
	close(sk[1]);
}
