/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is left to a vzweb that somebody has taken over: the sockets it has, new connections to vzd's, memory, the clock. No
 * file can be opened, no program started, no process looked at. Whatever is not in the table fails with ENOSYS, what only an
 * attacker would try ends the process.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <seccomp.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/err.h"
#include "vzd/vzd.h"
#include "vzd/web_priv.h"

struct allow { int nr; const char *why; };
#define CALL(name) SCMP_SYS(name)
static const struct allow allowed[] = {
	{ CALL(read), "signalfd, eventfd, timerfd, terminals" },
	{ CALL(write), "terminals, eventfd, the log" },
	{ CALL(writev), "libmicrohttpd, the log" },
	{ CALL(recvfrom), "every socket" },
	{ CALL(recvmsg), "terminals that vzd hands over" },
	{ CALL(sendto), "every socket" },
	{ CALL(sendmsg), "libmicrohttpd, a container's console" },
	{ CALL(accept4), "clients" },
	{ CALL(connect), "vzd" },
	{ CALL(shutdown), "connections that are cut" },
	{ CALL(setsockopt), "libmicrohttpd: corking" },
	{ CALL(getsockopt), "libmicrohttpd" },
	{ CALL(getsockname), "libmicrohttpd" },
	{ CALL(getpeername), "GnuTLS" },
	{ CALL(close), "all of these" },
	{ CALL(fcntl), "O_NONBLOCK of terminals" },
	{ CALL(epoll_wait), "the loop" },
	{ CALL(epoll_pwait), "the loop" },
	{ CALL(epoll_ctl), "the loop" },
	{ CALL(timerfd_settime), "the loop" },
	{ CALL(pread64), "the certificate on SIGHUP, the loop's look at its own delay" },
	{ CALL(fstat), "stdio" },
	{ CALL(newfstatat), "stdio: fstat() of newer C libraries" },
	{ CALL(lseek), "stdio" },
	{ CALL(brk), "memory" },
	{ CALL(munmap), "memory" },
	{ CALL(mremap), "memory" },
	{ CALL(madvise), "memory" },
	{ CALL(futex), "locks of the C library" },
	{ CALL(getrandom), "GnuTLS" },
	{ CALL(getrusage), "GnuTLS: its random numbers" },
	{ CALL(getpid), "GnuTLS, syslog" },
	{ CALL(gettid), "abort" },
	{ CALL(clock_gettime), "the clock, where the vDSO has none" },
	{ CALL(gettimeofday), "the clock" },
	{ CALL(time), "the clock" },
	{ CALL(rt_sigaction), "abort, the end" },
	{ CALL(rt_sigprocmask), "the end" },
	{ CALL(rt_sigreturn), "the end of a handler" },
	{ CALL(restart_syscall), "a call that was stopped" },
	{ CALL(exit), "the end" },
	{ CALL(exit_group), "the end" },
};
static const int deadly[] = {
	CALL(execve), CALL(execveat), CALL(fork), CALL(vfork), CALL(clone), CALL(ptrace), CALL(process_vm_readv),
	CALL(process_vm_writev), CALL(bpf), CALL(userfaultfd), CALL(keyctl), CALL(unshare), CALL(setns), CALL(mount),
	CALL(kexec_load),
};

/* With a condition on an argument. */
static int add_conditions(scmp_filter_ctx f)
{
	int r = seccomp_rule_add(f, SCMP_ACT_ALLOW, CALL(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX));

	if (r == 0)
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, CALL(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (r == 0)
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, CALL(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (r == 0)
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, CALL(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, TIOCSWINSZ));
	return r;
}

static int add_rules(scmp_filter_ctx f)
{
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
		int r = seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i].nr, 0);

		if (r < 0 && r != -EDOM)	/* EDOM: this architecture has no such call */
			return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(deadly); i++) {
		int r = seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS, deadly[i], 0);

		if (r < 0 && r != -EDOM)
			return r;
	}
	return add_conditions(f);
}

static int load_filter(struct err *e)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int r = f ? add_rules(f) : -ENOMEM;

	if (r == 0)
		r = seccomp_load(f);
	if (f)
		seccomp_release(f);
	return r < 0 ? err_set(e, -r, "seccomp filter") : 0;
}

static int drop_user(const char *name, struct err *e)
{
	const struct passwd *pw;

	if (geteuid() != 0)
		return 0;
	pw = name ? getpwnam(name) : NULL;
	if (!pw || pw->pw_uid == 0)
		return err_say(e, EPERM, "vzweb does not run as root: name another user with --user%s%s", name ? ", not " : "",
			       name ? name : "");
	if (setgroups(0, NULL) < 0 || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0)
		return err_set(e, errno, "become user %s", name);
	return 0;
}

static int drop_caps(struct err *e)
{
	cap_t none = cap_init();
	int r;

	if (!none)
		return err_set(e, ENOMEM, "capabilities");
	r = cap_set_proc(none);
	cap_free(none);
	if (r < 0)
		return err_set(e, errno, "drop capabilities");
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? err_set(e, errno, "no_new_privs") : 0;
}

static int set_limits(struct web_opts *o, struct err *e)
{
	struct rlimit none = { 0, 0 }, files;
	rlim_t want = 2 * (rlim_t)o->max_conns + 1024;	/* a stream has one to its client and one to vzd */

	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_set(e, errno, "forbid core dumps");
	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return err_set(e, errno, "limit of descriptors");
	if (files.rlim_max < want) {
		want = files.rlim_max;
		vzd_log(LOG_WARNING, "vzweb: %llu descriptors are too few for %u connections", (unsigned long long)want,
			o->max_conns);
		o->max_conns = (unsigned)MIN(o->max_conns, want > 1280 ? (want - 1024) / 2 : 128);
	}
	files.rlim_cur = files.rlim_max = want;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		return err_set(e, errno, "limit of descriptors");
	return setrlimit(RLIMIT_NPROC, &none) < 0 ? err_set(e, errno, "forbid processes") : 0;
}

int web_box_user(struct web_opts *o, struct err *e)
{
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);	/* who may not need not: no_new_privs does the same */
	if (set_limits(o, e) < 0 || drop_user(o->user, e) < 0)
		return -e->code;
	/* Becoming another user has made it dumpable or not as sysctl wants. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_set(e, errno, "forbid core dumps");
	return drop_caps(e);
}

int web_box_seal(struct err *e)
{
	return load_filter(e);
}
