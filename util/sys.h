/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_SYS_H
#define UTIL_SYS_H
/* System calls that glibc 2.36 wraps badly or not at all. Thin: return what the kernel returns, -1 and errno on failure. */
#include <sched.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <stdint.h>
#include <sys/types.h>

#ifndef MOVE_MOUNT_BENEATH
#define MOVE_MOUNT_BENEATH 0x00000200
#endif

int sys_openat2(int dir, const char *path, struct open_how *how);
pid_t sys_clone3(struct clone_args *args);
int sys_pidfd_open(pid_t pid, unsigned flags);
int sys_pidfd_send_signal(int pidfd, int sig);
int sys_open_tree(int dir, const char *path, unsigned flags);
int sys_move_mount(int from, const char *fpath, int to, const char *tpath, unsigned flags);
int sys_mount_setattr(int dir, const char *path, unsigned flags, struct mount_attr *attr);
int sys_fsopen(const char *fs, unsigned flags);
int sys_fsconfig(int fd, unsigned cmd, const char *key, const void *value, int aux);
int sys_fsmount(int fd, unsigned flags, unsigned attrs);
int sys_pivot_root(const char *new_root, const char *put_old);
int sys_close_range(unsigned first, unsigned last, unsigned flags);
/* What a program expects at its exec: every handler default, nothing blocked. */
void sys_reset_signals(void);
/* Waits until @pidfd's process is dead or @ms have passed (-1: for ever). 1 dead, 0 timeout, -1 errno. CLOCK_MONOTONIC. */
int sys_pidfd_wait(int pidfd, int ms);
int64_t sys_now_ms(void);		/* CLOCK_MONOTONIC, milliseconds */

#endif
