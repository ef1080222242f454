/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_EVIL_H
#define TESTS_EVIL_H
/*
 * The hostile guest: one static program, run as root of a container, each attack a subcommand. A
 * line of output is an attempt: NAME, a tab, and REFUSED with the errno, ALLOWED with a detail, or
 * TIMEOUT. What should be refused is said by the drivers, tests/integration/evil_*.sh.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* @rc < 0: refused with errno; the detail may be NULL. */
void say(const char *name, long rc, const char *detail);
#define TRY(name, expr)                                                                            \
	do {                                                                                       \
		errno = 0;                                                                         \
		say(name, (long)(expr), NULL);                                                     \
	} while (0)
/* Writes @text to a file that must exist; -1 and errno. */
int put_text(const char *path, const char *text);
/* Runs @fn in a child that is killed after @ms: its exit status, 128 + signal, -1 on timeout. */
int bounded(int (*fn)(void *arg), void *arg, int ms);
const char *errno_name(int e);

/* argv[0] is the subcommand's name. */
int evil_syscalls(int argc, char **argv);
int evil_ioctls(int argc, char **argv);
int evil_userns(int argc, char **argv);
int evil_families(int argc, char **argv);
int evil_tty(int argc, char **argv);
int evil_chroot(int argc, char **argv);
int evil_strip(int argc, char **argv);
int evil_writable(int argc, char **argv);
int evil_remount(int argc, char **argv);
int evil_mknod(int argc, char **argv);
int evil_cgroup(int argc, char **argv);
int evil_deep(int argc, char **argv);
int evil_xattrs(int argc, char **argv);
int evil_fuse(int argc, char **argv);
int evil_hold(int argc, char **argv);
int evil_race(int argc, char **argv);
int evil_signals(int argc, char **argv);
int evil_ipc(int argc, char **argv);
int evil_budget(int argc, char **argv);
int evil_bomb(int argc, char **argv);
int evil_hog(int argc, char **argv);
int evil_core(int argc, char **argv);
int evil_spoof(int argc, char **argv);
int evil_sniff(int argc, char **argv);
int evil_links(int argc, char **argv);
int evil_routes(int argc, char **argv);
int evil_neighbours(int argc, char **argv);
int evil_groups(int argc, char **argv);
int evil_halves(int argc, char **argv);
int evil_linger(int argc, char **argv);

#endif
