/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_TREECOPY_H
#define UTIL_TREECOPY_H
/*
 * Copies a tree as it is: types, ids, modes, times to the nanosecond, all extended attributes (ACLs and capabilities are
 * such), hard links, holes, device nodes. Blocks are shared where the file system can (FICLONE), else copied. By
 * descriptors; follows no link, crosses no mount. Neither tree may change meanwhile.
 */
#include <stdbool.h>
#include <stdint.h>

struct err;

struct tree_copy {
	int stash;			/* an empty directory on @to's file system, while it is at work: for hard links */
	bool (*go_on)(void *arg, const struct tree_copy *c);	/* asked after each file; false: ECANCELED. NULL: yes */
	void *arg;
	uint64_t entries, bytes_copied, bytes_shared;	/* result, and progress; bytes of file contents */
	bool no_share;			/* the file system cannot share blocks: not tried again */
};
/* All in @from into @to, a directory that is empty, which gets the attributes of @from as well. A directory may end up with
 * what was copied before an error: the caller removes it. ENOSPC, EDQUOT. */
int tree_copy(int from, int to, struct tree_copy *c, struct err *e);
/* Mode, owner, attributes and times of the directory @from to @to. */
int tree_copy_attrs(int from, int to, struct err *e);

#endif
