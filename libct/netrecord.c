/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel has of the firewall's lines, written down in /run/vz. Of containers whose configuration is not loaded, too. */
#include "libct/netrecord.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "libct/netlines.h"
#include "libct/record.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/num.h"

#define HOST_RECORD "firewall.host"	/* in CT_RUN_DIR: the lists of the host, one behind the other */
#define AND_THEN "--"

bool ct_netrec_part(const struct str_list *all, size_t nth, struct str_list *ret, struct err *e)
{
	size_t at = 0;

	ret->set = true;
	for (size_t i = 0; i < all->n; i++) {
		if (str_eq(all->v[i], AND_THEN))
			at++;
		else if (at == nth && str_list_add(ret, all->v[i], e) < 0)
			return false;
	}
	return at >= nth;
}

static size_t parts(const struct str_list *all)
{
	size_t n = 1;

	for (size_t i = 0; i < all->n; i++)
		n += str_eq(all->v[i], AND_THEN);
	return n;
}

bool ct_netrec_unsure(const struct str_list *all)
{
	return parts(all) > 1;
}

void ct_netrec_last(const struct str_list *all, struct str_list *ret, struct err *e)
{
	ct_netrec_part(all, parts(all) - 1, ret, e);
}

int ct_netrec_add(struct str_list *to, const struct str_list *l, bool mark, struct err *e)
{
	if (mark && str_list_add(to, AND_THEN, e) < 0)
		return -e->code;
	for (size_t i = 0; i < l->n; i++) {
		if (str_list_add(to, l->v[i], e) < 0)
			return -e->code;
	}
	return 0;
}

static int rundir(const char *id, struct err *e)
{
	int run = open(CT_RUN_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;

	if (run < 0)
		return err_set(e, errno, "open " CT_RUN_DIR);
	fd = openat(run, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		err_set(e, errno, "open " CT_RUN_DIR "/%s", id);
	close(run);
	return fd < 0 ? -e->code : fd;
}

static int load(const char *dir_name, const char *name, struct str_list *ret, struct err *e)
{
	auto_close int dir = rundir(dir_name, e);
	auto_buf struct buf b = BUF_INIT;

	if (dir < 0 || fio_read_at(dir, name, &b, e) < 0) {
		if (e->code != ENOENT && e->code != ENOTDIR)
			return -e->code;
		err_clear(e);
		return 0;
	}
	return str_list_split(ret, buf_str(&b), "\n", e);
}

static int save(const char *dir_name, const char *name, const struct str_list *l, struct err *e)
{
	auto_close int dir = rundir(dir_name, e);
	auto_buf struct buf b = BUF_INIT;

	if (dir < 0)
		return dir;
	for (size_t i = 0; i < l->n; i++)
		buf_addf(&b, "%s\n", l->v[i]);
	if (buf_failed(&b))
		return err_set(e, ENOMEM, "%s", name);
	return fio_replace_run(dir, name, buf_str(&b), b.len, 0644, e);
}

int ct_netrec_save(unsigned id, const struct str_list *all, struct err *e)
{
	char name[16];

	str_fmt(name, sizeof(name), "%u", id);
	return save(name, CT_NETREC, all, e);
}

int ct_net_record(unsigned id, struct str_list *ret, struct err *e)
{
	auto_list struct str_list all = { 0 };
	char name[16];

	str_fmt(name, sizeof(name), "%u", id);
	if (load(name, CT_NETREC, &all, e) < 0)
		return -e->code;
	ct_netrec_last(&all, ret, e);
	return -e->code;
}

int ct_netrec_each(ct_netrec_cb *fn, void *arg, struct err *e)
{
	auto_closedir DIR *d = opendir(CT_RUN_DIR);
	struct dirent *de;
	uint64_t id;

	if (!d)
		return errno == ENOENT ? 0 : err_set(e, errno, "open " CT_RUN_DIR);
	while ((de = readdir(d))) {
		auto_list struct str_list all = { 0 };

		if (num_u64(de->d_name, &id) < 0 || id == 0 || id > UINT32_MAX)
			continue;
		if (load(de->d_name, CT_NETREC, &all, e) < 0 || (all.n && fn(arg, (unsigned)id, &all, e) < 0))
			return -e->code;
	}
	return 0;
}

int ct_netrec_host(struct str_list *ret, struct err *e)
{
	return load(".", HOST_RECORD, ret, e);
}

int ct_netrec_host_save(struct err *e)
{
	auto_list struct str_list all = { 0 };

	for (enum ct_net_host i = 0; i < CT_NET_HOST_N; i++) {
		if ((i && str_list_add(&all, AND_THEN, e) < 0) || ct_net_host_lines(i, &all, e) < 0)
			return -e->code;
	}
	return save(".", HOST_RECORD, &all, e);
}
