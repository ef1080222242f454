/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libct/overquota.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/fio.h"
#include "util/path.h"

int ct_overquota_dir(struct err *e)
{
	int fd;

	if (path_mkdir_host(CT_OVERQUOTA_DIR, 0755, e) < 0)
		return -e->code;
	fd = open(CT_OVERQUOTA_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open " CT_OVERQUOTA_DIR) : fd;
}

static void file_name(unsigned id, char dst[24])
{
	str_fmt(dst, 24, "%u" CT_OVERQUOTA_SUFFIX, id);
}

bool ct_overquota_parse(const char *text, struct ct_overquota *ret)
{
	struct ct_overquota o = { 0 };

	if (sscanf(text, "%6d %" SCNu64 " %" SCNu64 " %11[a-z]", &o.month, &o.used, &o.quota, o.action) != 4 || o.month < 197001)
		return false;
	*ret = o;
	return true;
}

int ct_overquota_load(unsigned id, struct ct_overquota *ret, struct err *e)
{
	auto_close int dir = ct_overquota_dir(e);
	auto_buf struct buf b = BUF_INIT;
	char name[24];

	*ret = (struct ct_overquota){ 0 };
	file_name(id, name);
	if (dir < 0)
		return dir;
	if (fio_read_at(dir, name, &b, e) < 0) {
		if (e->code != ENOENT)
			return -e->code;
		err_clear(e);
		return 0;
	}
	ct_overquota_parse(buf_str(&b), ret);
	return 0;
}

static int save(unsigned id, const struct ct_overquota *o, struct err *e)
{
	auto_close int dir = ct_overquota_dir(e);
	auto_buf struct buf b = BUF_INIT;
	char name[24];

	file_name(id, name);
	buf_addf(&b, "%d %" PRIu64 " %" PRIu64 " %s\n", o->month, o->used, o->quota, o->action);
	if (buf_failed(&b))
		return err_set(e, ENOMEM, "traffic of CT %u", id);
	return dir < 0 ? dir : fio_replace(dir, name, buf_str(&b), b.len, 0600, e);
}

/* Written first: whoever is killed here has told less, never the same thing every minute. */
int ct_overquota_tell(struct ct *ct, const struct ct_overquota *o, struct err *e)
{
	struct ct_overquota was;

	if (ct_overquota_load(ct->id, &was, e) < 0)
		return -e->code;
	if (was.month == o->month && was.quota == o->quota && str_eq(was.action, o->action))
		return 0;
	if (save(ct->id, o, e) < 0)
		return -e->code;
	ct_say(ct, 0, "Container %u has used %" PRIu64 " bytes of traffic this month, its quota is %" PRIu64 ": %s", ct->id,
	       o->used, o->quota, o->action);
	ct_event(ct, CT_EVENT_TRAFFIC);
	return 1;
}

void ct_overquota_forget(unsigned id)
{
	struct err ignored = { 0 };
	auto_close int dir = ct_overquota_dir(&ignored);
	char name[24];

	if (dir < 0)
		return;
	file_name(id, name);
	unlinkat(dir, name, 0);
	str_fmt(name, sizeof(name), "%u" CT_OVERQUOTA_TOLD, id);
	unlinkat(dir, name, 0);
}
