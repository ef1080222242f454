/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libct/netlines.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "libct/files.h"
#include "libct/record.h"
#include "libct/traffic.h"
#include "util/buf.h"
#include "util/fio.h"

/* A part that has something to say is a row. */
static ct_netlines_fn *const makers[] = {
	ct_traffic_lines,
};

int ct_netlines_make(struct ct *ct, const struct ct_conf *c, struct str_list *lines, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(makers); i++)
		if (makers[i](ct, c, lines, e) < 0)
			return -e->code;
	return 0;
}

int ct_netlines_up(struct ct *ct, struct net *n, struct str_list *lines, struct err *e)
{
	if (ct_netlines_make(ct, &ct->conf, lines, e) < 0 || ct_record_save(ct, CT_NETLINES, lines, e) < 0)
		return -e->code;
	net_with(n, lines);
	return 0;
}

int ct_netlines_down(struct ct *ct, struct net *n, struct str_list *lines, struct err *e)
{
	if (ct_record_load(ct, CT_NETLINES, lines, e) < 0)
		return -e->code;
	net_with(n, lines);
	return 0;
}

/* Counters of @a that are not in @b. */
static bool traffic_differs(const struct str_list *a, const struct str_list *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (str_starts(a->v[i], "traffic ") && !str_list_has(b, a->v[i]))
			return true;
	return false;
}

/* Recorded meanwhile: all of both, so that whoever cleans up after a kill takes away what may be there. */
int ct_netlines_apply(struct ct *ct, const struct ct_conf *c, struct err *e)
{
	auto_list struct str_list have = { 0 }, want = { 0 }, both = { 0 };
	struct net *n;
	bool anew;

	if (ct_record_load(ct, CT_NETLINES, &have, e) < 0 || ct_netlines_make(ct, c, &want, e) < 0)
		return -e->code;
	if (ct_host_net(ct->host, &n, e) < 0 || str_list_copy(&both, &have, e) < 0)
		return -e->code;
	for (size_t i = 0; i < want.n; i++)
		if (!str_list_has(&both, want.v[i]) && str_list_add(&both, want.v[i], e) < 0)
			return -e->code;
	anew = traffic_differs(&have, &want) || traffic_differs(&want, &have);
	if ((anew && ct_traffic_collect(ct, false, NULL, e) < 0) || ct_record_save(ct, CT_NETLINES, &both, e) < 0)
		return -e->code;
	if (net_lines_change(n, ct->id, &have, &want, e) < 0) {
		ct_record_save(ct, CT_NETLINES, &have, &(struct err){ 0 });
		return -e->code;
	}
	if (ct_record_save(ct, CT_NETLINES, &want, e) < 0)
		return -e->code;
	return anew ? ct_traffic_anew(ct, e) : 0;
}

static int running_one(int dir, unsigned id, const char *name, net_line_cb *cb, void *arg, struct err *e)
{
	auto_list struct str_list lines = { 0 };
	auto_buf struct buf b = BUF_INIT;

	if (fio_read_at(dir, name, &b, e) < 0) {
		if (e->code == ENOENT)
			err_clear(e);
		return -e->code;
	}
	return str_list_split(&lines, buf_str(&b), "\n", e) < 0 ? -e->code : cb(arg, id, &lines);
}

int ct_netlines_running(void *host, net_line_cb *cb, void *arg, struct err *e)
{
	auto_closedir DIR *d = opendir(CT_RUN_DIR);
	struct dirent *de;
	char name[64];
	uint64_t id;
	int rc = 0;

	(void)host;
	while (d && rc == 0 && (de = readdir(d)))
		if (num_u64(de->d_name, &id) == 0 && id <= CT_ID_MAX &&
		    str_fmt(name, sizeof(name), "%s/" CT_NETLINES, de->d_name) == 0)
			rc = running_one(dirfd(d), (unsigned)id, name, cb, arg, e);
	return rc;
}
