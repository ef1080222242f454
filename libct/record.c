/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Run-time records, a line an entry. */
#include "libct/record.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/fio.h"

int ct_record_load(const struct ct *ct, const char *name, struct str_list *ret, struct err *e)
{
	auto_close int dir = ct_state_rundir(ct, false, e);
	auto_buf struct buf b = BUF_INIT;

	if (dir == -ENOENT || (dir >= 0 && fio_read_at(dir, name, &b, e) == -ENOENT))
		err_clear(e);
	return e->code ? -e->code : str_list_split(ret, buf_str(&b), "\n", e);
}

int ct_record_save(const struct ct *ct, const char *name, const struct str_list *l, struct err *e)
{
	auto_close int dir = ct_state_rundir(ct, true, e);
	auto_buf struct buf b = BUF_INIT;

	if (dir < 0)
		return dir;
	if (!l->n)
		return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? err_set(e, errno, "remove %s", name) : 0;
	for (size_t i = 0; i < l->n; i++)
		buf_addf(&b, "%s\n", l->v[i]);
	if (buf_failed(&b))
		return err_set(e, ENOMEM, "%s", name);
	return fio_replace_run(dir, name, b.s, b.len, 0644, e);
}
