/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of the disk quota parameters. What they do on a running container is quota_set(), called by libct. */
#include "quota/quota.h"

#include <stddef.h>

#include "util/auto.h"

const struct param quota_params[] = {
	{ .key = "DISKSPACE", .opt = "diskspace", .alias_key = "DISK", .alias_opt = "size", .arg = "num[:num]",
	  .type = &param_dq_blocks,
	  .off = offsetof(struct quota_conf, space),
	  .flags = PARAM_COUNTED | PARAM_ZERO_LIFTS | PARAM_LIVE | PARAM_CREATE,
	  .man = "Disk space, soft and hard limit. A bare number is 1 KiB blocks; suffixes as in 2.2G are understood. One "
		 "number sets both. On btrfs only the hard limit is enforced. With layout image it is the size of the "
		 "image; snapshots count beside it, and one that would pass it is refused." },
	{ .key = "DISKINODES", .opt = "diskinodes", .arg = "num[:num]", .type = &param_dq_inodes,
	  .off = offsetof(struct quota_conf, inodes),
	  .flags = PARAM_CAPPED | PARAM_ZERO_LIFTS | PARAM_LIVE | PARAM_CREATE,
	  .man = "Number of files, directories and other inodes, soft and hard limit. Needs ext4 or xfs with project "
		 "quota; refused on btrfs, which cannot count them. With layout image it is how many are made with the "
		 "file system." },
	{ .key = "QUOTATIME", .opt = "quotatime", .arg = "seconds", .type = &param_u64,
	  .off = offsetof(struct quota_conf, quotatime), .max = NUM_UNLIMITED,
	  .def = "0", .flags = PARAM_LIVE | PARAM_CREATE | PARAM_KEPT,
	  .man = "How long the soft limits of disk space and inodes may be exceeded. Kept in the configuration; what counts "
		 "is the grace time of the file system, one for all containers on it (setquota -P -t): a value that "
		 "differs is told. btrfs and images have no soft limits." },
	{ .key = "QUOTAUGIDLIMIT", .opt = "quotaugidlimit", .arg = "num", .type = &param_u64,
	  .off = offsetof(struct quota_conf, ugidlimit), .max = UINT32_MAX, .def = "0",
	  .flags = PARAM_LIVE | PARAM_CREATE | PARAM_KEPT,
	  .man = "Number of user and group ids inside the container that have disk quotas of their own. Takes effect "
		 "with layout image at the next start: users and groups are counted, and limits that vzquota setlimit2, "
		 "vzdqload or setquota(8) set on the host hold." },
	{ .key = "DISK_QUOTA", .opt = "diskquota", .arg = "yes|no", .type = &param_yesno,
	  .off = offsetof(struct quota_conf, enabled), .def = "yes",
	  .flags = PARAM_CAPPED | PARAM_ZERO_LIFTS | PARAM_RESTART | PARAM_HOST_DEFAULT,
	  .man = "Whether the limits of disk space and inodes are enforced. With no they are kept, but not applied." },
};
const size_t quota_params_n = ARRAY_SIZE(quota_params);
