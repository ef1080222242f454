/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Samples: /etc/vz/conf/ve-NAME.conf-sample, the text a new configuration starts from. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "util/buf.h"
#include "util/path.h"

#include "libct/files.h"

int ct_sample_load(const char *name, struct kv *kv, char **path, struct err *e)
{
	auto_buf struct buf b = { .cap = CT_PATH_MAX };

	buf_addf(&b, CT_CONF_DIR "/ve-%s.conf-sample", name);
	*path = buf_take(&b);
	if (!*path)
		return err_set(e, ENOMEM, "sample %.100s", name);
	if (!path_is_component(*path + sizeof(CT_CONF_DIR)))
		return err_set(e, ENOENT, "a sample cannot be named '%.100s'", name);
	return kv_load(kv, AT_FDCWD, *path, e);
}
