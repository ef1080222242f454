/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads the filter that seccomp_gen.c compiled at build time. */
#include "libct/seccomp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "seccomp_bpf.h"
#include "util/auto.h"
#include "util/err.h"

int ct_seccomp_load(bool nesting, struct err *e)
{
	struct sock_fprog p = {
		.len = nesting ? ARRAY_SIZE(seccomp_nesting) : ARRAY_SIZE(seccomp_default),
		.filter = (struct sock_filter *)(nesting ? seccomp_nesting : seccomp_default),
	};

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p) < 0)
		return err_set(e, errno, "load the seccomp filter");
	return 0;
}
