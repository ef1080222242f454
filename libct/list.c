/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which containers there are: those with a CTID.conf. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libct/files.h"
#include "util/grow.h"

/* "101.conf" -> 101; 0, the host's own entry, and everything else -> 0. */
static unsigned id_of(const char *file)
{
	char *end;
	unsigned long v;

	if (*file < '1' || *file > '9')
		return 0;
	errno = 0;
	v = strtoul(file, &end, 10);
	return errno || v > CT_ID_MAX || strcmp(end, ".conf") != 0 ? 0 : (unsigned)v;
}

static int by_number(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return x < y ? -1 : x > y;
}

int ct_list(struct ct_host *h, unsigned **ret, size_t *n, struct err *e)
{
	auto_closedir DIR *d = opendir(CT_CONF_DIR);
	auto_free unsigned *ids = NULL;
	size_t used = 0, size = 0;
	struct dirent *de;

	(void)h;
	if (!d && errno != ENOENT)
		return err_set(e, errno, "read " CT_CONF_DIR);
	while (d && (de = readdir(d))) {
		unsigned id = id_of(de->d_name);

		if (!id)
			continue;
		if (GROW(ids, used, size) < 0)
			return err_set(e, ENOMEM, "list containers");
		ids[used++] = id;
	}
	if (used)
		qsort(ids, used, sizeof(*ids), by_number);
	*ret = take_ptr(ids);
	*n = used;
	return 0;
}
