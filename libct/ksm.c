/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Merging of equal pages (KSM) for one container: init asks for it before its exec and all that it starts inherits that. The
 * kernel merges only while the host has switched it on (/sys/kernel/mm/ksm/run). Off unless asked for: who shares pages can tell by
 * the time a write takes what others have in memory.
 */
#include "libct/ksm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "libct/files.h"
#include "libct/type.h"

#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#define PR_GET_MEMORY_MERGE 68
#endif

/* 6.4 has the call, but there the wish ends with an exec. */
bool ct_ksm_possible(void)
{
	unsigned major = 0, minor = 0;
	struct utsname u;

	if (prctl(PR_GET_MEMORY_MERGE, 0, 0, 0, 0) < 0 || uname(&u) < 0 || sscanf(u.release, "%u.%u", &major, &minor) != 2)
		return false;
	return major > 6 || (major == 6 && minor >= 7);
}

int ct_ksm_join(void)
{
	return prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0) < 0 ? -errno : 0;
}

static int ksm_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	if (src == PARAM_CLI && str_eq(text, "yes") && !ct_ksm_possible())
		return err_say(e, EINVAL, "this kernel cannot merge equal pages of a process (Linux 6.7 and CONFIG_KSM)");
	return param_yesno.parse(p, text, src, field, e);
}

static void ksm_print(const struct param *p, const void *field, struct buf *b)
{
	param_yesno.print(p, field, b);
}

const struct param_type ct_type_ksm = {
	"yesno", sizeof(struct num_opt), ksm_parse, ksm_print, num_is_set, num_equal, num_copy, num_done,
};
