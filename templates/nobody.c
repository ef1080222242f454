/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a helper gives up before it listens to strangers. */
#include "templates/nobody.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "util/err.h"

#define USER "nobody"

int nobody_become(struct err *e)
{
	const struct passwd *pw = geteuid() == 0 ? getpwnam(USER) : NULL;
	const struct rlimit none = { 0, 0 };

	if (geteuid() == 0 && (!pw || pw->pw_uid == 0))
		return err_say(e, EPERM, "there is no user " USER);
	if (pw && (setgroups(0, NULL) < 0 || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
		   setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0))
		return err_set(e, errno, "become user " USER);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    setrlimit(RLIMIT_CORE, &none) < 0)
		return err_set(e, errno, "drop privileges");
	return 0;
}
