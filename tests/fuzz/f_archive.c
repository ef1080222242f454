/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * templates/unpack_extract.c and unpack_vzdump.c: whatever the bytes, the loop ends with an answer, within its limits, and without having
 * touched anything outside its root. Each input runs in a process in a user and mount namespace, on an empty tmpfs.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "templates/backup_fmt.h"
#include "templates/unpack_proto.h"
#include "tests/fuzz/fuzz.h"
#include "util/auto.h"
#include "util/str.h"

#define MAX_BYTES (8u << 20)
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

static void __attribute__((noreturn)) child(int fd, size_t size)
{
	const struct unpack_go go = { UNPACK_MAGIC, UNPACK_GO, MAX_BYTES, MAX_ENTRIES, size, 0, 0 };
	struct unpack_count c = { 0 };
	struct err e = { 0 };
	auto_close int found = memfd_create("found", MFD_CLOEXEC);
	int rc;

	if (own_namespaces() < 0 || box_enter(-1, MAX_BYTES, &e) < 0)
		_exit(77);	/* this machine gives a user no namespaces */
	rc = extract_run(fd, &go, &c, &e);
	FUZZ_CHECK(rc <= 0 && e.code == -rc && (rc == 0) == !e.text[0]);
	FUZZ_CHECK(!str_has_ctrl(e.text));
	FUZZ_CHECK(rc < 0 || (c.bytes <= MAX_BYTES && c.entries > 0 && c.entries <= MAX_ENTRIES));
	e = (struct err){ 0 };
	if (lseek(fd, 0, SEEK_SET) < 0)
		_exit(77);
	rc = vzdump_run(fd, found, &(struct unpack_go){ .flags = UNPACK_WHOLE }, &(struct unpack_count){ 0 }, &e);
	FUZZ_CHECK(rc <= 0 && e.code == -rc && !str_has_ctrl(e.text));
	FUZZ_CHECK(lseek(found, 0, SEEK_END) <= (off_t)BK_META_MAX);
	_exit(0);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_close int fd = memfd_create("archive", MFD_CLOEXEC);
	int status;
	pid_t pid;

	FUZZ_CHECK(fd >= 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
	pid = fork();
	if (pid == 0)
		child(fd, size);
	FUZZ_CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	FUZZ_CHECK(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77));
}
