/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits of users and groups inside, on their way; see the header. */
#include "libct/ugids.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "libct/files.h"
#include "util/buf.h"
#include "util/fio.h"

struct name { char s[24]; };

static struct name file_of(unsigned id)
{
	struct name n;

	str_fmt(n.s, sizeof(n.s), "%u.ugid", id);
	return n;
}

static int read_kept(unsigned id, struct buf *ret, struct err *e)
{
	auto_close int dir = ct_store_dir(e);

	if (dir < 0)
		return -e->code;
	if (fio_read_at(dir, file_of(id).s, ret, e) == 0)
		return 0;
	if (e->code != ENOENT)
		return err_add(e, "limits of users and groups of container %u", id);
	err_clear(e);
	return 0;
}

/* Those that own something and have no limit are nobody's business here. */
static void only_limited(struct quota_ugids *u)
{
	size_t n = 0;

	for (size_t i = 0; i < u->n; i++) {
		const struct quota_limit *l = &u->v[i].now.limit;

		if (l->soft_kib | l->hard_kib | l->soft_inodes | l->hard_inodes)
			u->v[n++] = u->v[i];
	}
	u->n = n;
}

int ct_ugids_get(struct ct *ct, struct buf *ret, struct err *e)
{
	auto_call(quota_ugids_done) struct quota_ugids u = { 0 };
	auto_close int mnt = -1;

	if (ct_ugid_open(ct, &mnt, e) < 0) {
		if (e->code != ENOTSUP)
			return err_add(e, "limits of users and groups");
		err_clear(e);
		return read_kept(ct->id, ret, e);
	}
	if (quota_ugids_read(mnt, &u, e) < 0)
		return err_add(e, "limits of users and groups");
	only_limited(&u);
	if (u.n)
		quota_ugids_print(ret, &u, QUOTA_UGID_LIMITS | QUOTA_UGID_GRACE);
	return buf_failed(ret) ? err_set(e, EFBIG, "limits of users and groups") : 0;
}

static int keep(unsigned id, const char *text, struct err *e)
{
	auto_close int dir = ct_store_dir(e);

	if (dir < 0 || fio_replace(dir, file_of(id).s, text, strlen(text), 0600, e) < 0)
		return err_add(e, "keep limits of users and groups as " CT_CONF_DIR "/%u.ugid", id);
	return 0;
}

int ct_ugids_put(struct ct *ct, int mnt, const struct quota_conf *q, const char *text, struct err *e)
{
	auto_call(quota_ugids_done) struct quota_ugids u = { 0 };
	unsigned has;

	if (quota_ugids_parse(text, &u, &has, e) < 0)
		return err_add(e, "limits of users and groups");
	if (!u.active || !u.n)
		return 0;
	if (mnt >= 0 && q->ugidlimit.set && q->ugidlimit.v && quota_ugid_active(mnt))
		return quota_ugids_write(mnt, &u, has & QUOTA_UGID_LIMITS, ct->id, q->ugidlimit.v, e);
	ct_say(ct, 0, "Limits of %zu users and groups inside are not enforced in this layout: they are kept as " CT_CONF_DIR
	       "/%u.ugid and come back with layout image and QUOTAUGIDLIMIT", u.n, ct->id);
	return keep(ct->id, text, e) < 0 ? -e->code : 1;
}

int ct_ugids_copy(unsigned from, struct ct *to, struct err *e)
{
	auto_buf struct buf b = { .cap = CT_UGIDS_MAX };

	if (read_kept(from, &b, e) < 0)
		return -e->code;
	return b.len ? keep(to->id, buf_str(&b), e) : 0;
}

void ct_ugids_forget(unsigned id)
{
	struct err ignored = { 0 };
	auto_close int dir = ct_store_dir(&ignored);

	if (dir >= 0)
		unlinkat(dir, file_of(id).s, 0);
}
