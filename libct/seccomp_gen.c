/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Build-time program: compiles the seccomp policy with libseccomp and prints it as a C array, so
 * that a start loads a ready filter instead of building one (11 ms in a runtime that does).
 * Native x86_64 and 32-bit x86 share the policy.
 * Default is ALLOW up to the newest call that was looked at and ENOSYS above it, so what a newer
 * kernel adds cannot be reached unreviewed; libseccomp has no ranges, so those three
 * instructions go in front of its program by hand.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "quota/quota.h"

#define NEWEST_KNOWN 462	/* mseal; higher numbers are refused with ENOSYS */

/* Kernel-wide state, or a file handle that sees through mounts (shocker, CVE-2014-3519). */
static const char *const deny[] = {
	"kexec_load",
	"kexec_file_load",
	"init_module",
	"finit_module",
	"delete_module",
	"create_module",
	"query_module",
	"get_kernel_syms",
	"open_by_handle_at",
	"swapon",
	"swapoff",
	"acct",
	"quotactl",
	"quotactl_fd",
	"nfsservctl",
	"lookup_dcookie",
	"syslog",
	"iopl",
	"ioperm",
	"settimeofday",
	"clock_settime",
	"clock_settime64",
	"stime",
	"clock_adjtime",
	"clock_adjtime64",
	"adjtimex",
	"_sysctl",
	"uselib",
	"ustat",
	"vm86",
	"vm86old",
	/* large attack surface, useless or harmful in a guest */
	"bpf",
	"perf_event_open",
	"userfaultfd",
	"fanotify_init",
	"keyctl",
	"add_key",
	"request_key",
	"io_uring_setup",
	"io_uring_enter",
	"io_uring_register",
	/* placement of memory is the host's */
	"move_pages",
	"migrate_pages",
};
/* Probed by libraries that fall back when it is absent: clone3 hides CLONE_NEWUSER from the
 * filter. */
static const char *const nosys[] = { "clone3" };

/* btrfs lets anybody make a subvolume, and what is in one is outside the area's limit. */
static const unsigned long escape[] = QUOTA_ESCAPE_IOCTLS;

static void die(const char *what, int rc)
{
	fprintf(stderr, "seccomp_gen: %s: %d\n", what, rc);
	exit(1);
}

static void rule_names(scmp_filter_ctx c, uint32_t action, const char *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int nr = seccomp_syscall_resolve_name(v[i]), rc;

		if (nr == __NR_SCMP_ERROR)
			continue;
		rc = seccomp_rule_add(c, action, nr, 0);
		if (rc < 0 && rc != -EDOM && rc != -EINVAL)
			die(v[i], rc);
	}
}

static void rule_mask(scmp_filter_ctx c, const char *name, unsigned arg, uint64_t mask)
{
	int rc = seccomp_rule_add(c, SCMP_ACT_ERRNO(EPERM), seccomp_syscall_resolve_name(name), 1,
				  SCMP_CMP(arg, SCMP_CMP_MASKED_EQ, mask, mask));

	if (rc < 0)
		die(name, rc);
}

/* The ioctl command is compared as 32 bits: the kernel ignores the upper half (CVE-2019-10063 of
 * a runtime). */
static void rule_ioctl(scmp_filter_ctx c, unsigned long cmd)
{
	int rc = seccomp_rule_add(c, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
				  SCMP_CMP(1, SCMP_CMP_MASKED_EQ, 0xffffffffu, cmd));

	if (rc < 0)
		die("ioctl", rc);
}

/*
 * Socket families outside this list are refused: not all of them know network namespaces (AF_VSOCK
 * reaches the hypervisor and every other guest of the machine), others are attack surface that the
 * first socket() loads as a module. socketcall() of 32-bit x86 hides the family in memory, so it
 * makes no sockets; C libraries have called socket() since 2016.
 */
static void families(scmp_filter_ctx c)
{
	static const int known[] = { AF_UNSPEC, AF_UNIX, AF_INET, AF_INET6, AF_NETLINK,
				     AF_PACKET, AF_KEY,	 AF_PPPOX, AF_ALG,   AF_XDP };
	int rc;

	for (int f = 0; f < 64; f++) {
		size_t i = 0;

		while (i < sizeof(known) / sizeof(known[0]) && known[i] != f)
			i++;
		if (i < sizeof(known) / sizeof(known[0]))
			continue;
		rc = seccomp_rule_add(c, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
				      SCMP_CMP(0, SCMP_CMP_MASKED_EQ, 0xffffffffu, (unsigned)f));
		if (rc < 0)
			die("socket", rc);
	}
	rc = seccomp_rule_add(c, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socketcall), 1,
			      SCMP_CMP(0, SCMP_CMP_MASKED_EQ, 0xffffffffu, 1 /* SYS_SOCKET */));
	if (rc < 0)
		die("socketcall", rc);
}

static void policy(scmp_filter_ctx c, int nesting)
{
	rule_names(c, SCMP_ACT_ERRNO(EPERM), deny, sizeof(deny) / sizeof(deny[0]));
	rule_ioctl(c, TIOCSTI);			/* types into whoever shares the terminal */
	rule_ioctl(c, 0x541c /* TIOCLINUX */);
	for (size_t i = 0; i < sizeof(escape) / sizeof(escape[0]); i++)
		rule_ioctl(c, escape[i]);
	families(c);
	if (nesting)
		return;
	rule_names(c, SCMP_ACT_ERRNO(ENOSYS), nosys, sizeof(nosys) / sizeof(nosys[0]));
	rule_mask(c, "unshare", 0, CLONE_NEWUSER);
	rule_mask(c, "clone", 0, CLONE_NEWUSER);
}

static void print_filter(scmp_filter_ctx c, const char *name)
{
	int fd = memfd_create("bpf", MFD_CLOEXEC), rc = seccomp_export_bpf(c, fd);
	struct { uint16_t code; uint8_t jt, jf; uint32_t k; } ins;
	unsigned n = 0;

	if (rc < 0 || lseek(fd, 0, SEEK_SET) < 0)
		die("export", rc);
	printf("static const struct sock_filter %s[] = {\n", name);
	printf("\t/* number > NEWEST_KNOWN and not x32's: ENOSYS; both architectures share the "
	       "newer numbers */\n");
	printf("\t{ 0x20, 0, 0, 0 },\n\t{ 0x35, 0, 2, %d },\n\t{ 0x35, 1, 0, 0x40000000 },\n\t{ "
	       "0x06, 0, 0, 0x%08x },\n",
	       NEWEST_KNOWN + 1, 0x00050000u | ENOSYS);
	while (read(fd, &ins, sizeof(ins)) == (ssize_t)sizeof(ins)) {
		printf("\t{ 0x%02x, %u, %u, 0x%08x },\n", ins.code, ins.jt, ins.jf, ins.k);
		n++;
	}
	printf("};	/* %u instructions */\n\n", n);
	close(fd);
}

static void one(const char *name, int nesting)
{
	scmp_filter_ctx c = seccomp_init(SCMP_ACT_ALLOW);
	int rc;

	if (!c)
		die("init", 0);
	rc = seccomp_arch_add(c, SCMP_ARCH_X86);
	if (rc < 0 && rc != -EEXIST)
		die("arch", rc);
	seccomp_attr_set(c, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	seccomp_attr_set(c, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	policy(c, nesting);
	print_filter(c, name);
	seccomp_release(c);
}

int main(void)
{
	printf("/* Made by libct/seccomp_gen.c: do not edit. */\n#define SECCOMP_NEWEST_KNOWN "
	       "%d\n\n",
	       NEWEST_KNOWN);
	one("seccomp_default", 0);
	one("seccomp_nesting", 1);
	return 0;
}
