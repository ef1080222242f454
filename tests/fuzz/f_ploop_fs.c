/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * templates/ploop_fs.c, ploop_tree.c, ploop_file.c and libext2fs behind them: the input is a disk. Whatever is on it, the
 * copy ends, with an error or with no more data than the disk holds. Each input runs in the box, on an empty tmpfs.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "templates/unpack_proto.h"
#include "templates/unploop_proto.h"
#include "tests/fuzz/fuzz.h"
#include "util/auto.h"
#include "util/str.h"

#define MAX_ENTRIES 2000

static int write_map(const char *file, const char *text)
{
	auto_close int fd = open(file, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
}

static int own_namespaces(void)
{
	char uid[64], gid[64];

	str_fmt(uid, sizeof(uid), "0 %u 1\n", getuid());
	str_fmt(gid, sizeof(gid), "0 %u 1\n", getgid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 || write_map("/proc/self/setgroups", "deny") < 0)
		return -1;
	return write_map("/proc/self/uid_map", uid) < 0 || write_map("/proc/self/gid_map", gid) < 0 ? -1 : 0;
}

static void __attribute__((noreturn)) child(int fd)
{
	const struct unploop_go go = { .max_entries = MAX_ENTRIES };
	struct tmpl_count c = { 0 };
	struct ploop_chain chain;
	struct err e = { 0 };
	struct ploop_fs f;

	if (own_namespaces() < 0 || box_enter(-1, INT64_MAX, &e) < 0)
		_exit(77);	/* this machine gives a user no namespaces */
	if (ploop_chain_open(&fd, 1, PLOOP_IS_RAW, &chain, &e) < 0)
		_exit(0);
	if (ploop_fs_open(&chain, &f, &e) == 0) {
		int rc = ploop_tree_extract(&f, &go, &c, &e);

		FUZZ_CHECK(rc <= 0 && e.code == -rc);
		FUZZ_CHECK(rc < 0 || c.entries <= MAX_ENTRIES);
		ploop_fs_close(&f);
	}
	FUZZ_CHECK((e.code == 0) == !e.text[0] && !str_has_ctrl(e.text));
	ploop_chain_done(&chain);
	_exit(0);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_close int fd = memfd_create("disk", MFD_CLOEXEC);
	int status;
	pid_t pid;

	FUZZ_CHECK(fd >= 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
	pid = fork();
	if (pid == 0)
		child(fd);
	FUZZ_CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	FUZZ_CHECK(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77));
}
