/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_T_BTRFS_LAB_H
#define TESTS_UNIT_T_BTRFS_LAB_H
/* A fresh btrfs on test_tmp()/mnt, in a mount namespace of the test's own; quotas are off. */
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/loop.h"
#include "util/spawn.h"
#include "util/str.h"

/* Its root, opened; @at: its path. */
static inline int btrfs_lab(char at[300])
{
	char image[300], name[LOOP_NAME];
	const char *const argv[] = { "/sbin/mkfs.btrfs", "-q", "-f", image, NULL };
	auto_close int null = open("/dev/null", O_WRONLY | O_CLOEXEC), fd = -1, loop = -1;
	struct spawn s = { .argv = argv, .out = null, .err = -1, .timeout_ms = 60000 };
	struct err e = { 0 };
	int status = 0, root;

	CHECK(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	str_fmt(image, sizeof(image), "%s/image", test_tmp());
	str_fmt(at, 300, "%s/mnt", test_tmp());
	if (access(argv[0], X_OK) < 0)
		SKIP("%s is not installed", argv[0]);
	fd = open(image, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && ftruncate(fd, 256 << 20) == 0);
	CHECK_OK(spawn_wait(&s, &status, &e), &e);
	CHECK_OK(loop_attach(fd, &loop, name, &e), &e);
	CHECK_EQ(mkdir(at, 0700), 0);
	if (mount(name, at, "btrfs", 0, NULL) < 0)
		SKIP("this kernel cannot mount btrfs: %d", errno);
	root = open(at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(root >= 0);
	return root;
}

#endif
