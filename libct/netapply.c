/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of the firewall on their way into the kernel and out: at start and stop, at a change of one container, at a change of a
 * group that many use. The record tells what the kernel has; while a change is under way it has both, before and after, and as
 * a transaction is whole or not at all, the kernel has one of them.
 */
#include "libct/netlines.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "libct/files.h"
#include "libct/fwfile.h"
#include "libct/record.h"
#include "libct/traffic.h"
#include "net/nat.h"
#include "net/net_part.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/path.h"

#define RECORD "net"
#define HOST_RECORD "firewall.host"	/* in CT_RUN_DIR: the lists of the host, one behind the other */
#define AND_THEN "--"
#define LOCK CT_RUN_DIR "/lock/firewall"

int ct_fw_lock(bool alone, struct err *e)
{
	auto_close int fd = -1;

	if (path_mkdir_host(CT_RUN_DIR, 0755, e) < 0 || path_mkdir_host(CT_LOCK_DIR, 0700, e) < 0)
		return -e->code;
	fd = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_set(e, errno, "open %s", LOCK);
	while (flock(fd, alone ? LOCK_EX : LOCK_SH) < 0) {
		if (errno != EINTR)
			return err_set(e, errno, "lock %s", LOCK);
	}
	return take_fd(&fd);
}

/* --- records --- */

/* The @nth part of @all; false: there is none. */
static bool section(const struct str_list *all, size_t nth, struct str_list *ret, struct err *e)
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

static size_t sections(const struct str_list *all)
{
	size_t n = 1;

	for (size_t i = 0; i < all->n; i++)
		n += str_eq(all->v[i], AND_THEN);
	return n;
}

static int append(struct str_list *to, const struct str_list *l, bool mark, struct err *e)
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

int ct_net_record(unsigned id, struct str_list *ret, struct err *e)
{
	auto_list struct str_list all = { 0 };
	char name[16];

	str_fmt(name, sizeof(name), "%u", id);
	if (load(name, RECORD, &all, e) < 0)
		return -e->code;
	section(&all, sections(&all) - 1, ret, e);
	return -e->code;
}

/* Ids with a record, in no order. */
static int each_record(int (*fn)(void *arg, unsigned id, const struct str_list *all, struct err *e), void *arg, struct err *e)
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
		if (load(de->d_name, RECORD, &all, e) < 0 || (all.n && fn(arg, (unsigned)id, &all, e) < 0))
			return -e->code;
	}
	return 0;
}

/* What the kernel has of the host's lists, once the transaction under way is done. */
static int host_save(struct err *e)
{
	auto_list struct str_list all = { 0 };

	for (enum ct_net_host i = 0; i < CT_NET_HOST_N; i++) {
		if ((i && str_list_add(&all, AND_THEN, e) < 0) || ct_net_host_lines(i, &all, e) < 0)
			return -e->code;
	}
	return save(".", HOST_RECORD, &all, e);
}

struct running { net_line_cb *cb; void *arg; };

static int running_one(void *arg, unsigned id, const struct str_list *all, struct err *e)
{
	const struct running *r = arg;
	auto_list struct str_list lines = { 0 };

	section(all, sections(all) - 1, &lines, e);
	return e->code ? -e->code : r->cb(r->arg, id, &lines);
}

int ct_net_running(void *arg, net_line_cb *cb, void *cb_arg, struct err *e)
{
	struct running r = { .cb = cb, .arg = cb_arg };

	(void)arg;
	for (enum ct_net_host i = 0; i < CT_NET_HOST_N; i++) {
		auto_list struct str_list lines = { 0 };

		if (ct_net_host_lines(i, &lines, e) < 0)
			return -e->code;
		if (lines.n && cb(cb_arg, 0, &lines) < 0)
			return e->code ? -e->code : err_say(e, EINVAL, "lists of the host");
	}
	return host_save(e) < 0 ? -e->code : each_record(running_one, &r, e);
}

/* --- whose port it is --- */

struct taken { unsigned id, owner; const struct str_list *lines; char text[128]; };

static bool overlap(const struct nat_fwd *a, const struct nat_fwd *b)
{
	if (a->proto != b->proto || a->to.family != b->to.family || a->lo > b->hi || b->lo > a->hi)
		return false;
	return a->host.family == b->host.family && (!a->host.family || net_ip_equal(&a->host, &b->host));
}

static const char *forward_of(const char *line)
{
	const char *s = net_line_of(line, "nat");

	return s ? net_line_of(s, "fwd") : NULL;
}

static int taken_one(void *arg, unsigned id, const struct str_list *all, struct err *e)
{
	struct taken *t = arg;
	struct nat_fwd a, b;

	if (id == t->id)
		return 0;
	for (size_t i = 0; i < t->lines->n; i++) {
		const char *mine = forward_of(t->lines->v[i]);

		for (size_t k = 0; mine && k < all->n; k++) {
			const char *other = forward_of(all->v[k]);

			if (other && nat_fwd_parse(mine, &a, e) == 0 && nat_fwd_parse(other, &b, e) == 0 && overlap(&a, &b)) {
				t->owner = id;
				str_copy(t->text, sizeof(t->text), mine);
			}
			err_clear(e);
		}
	}
	return 0;
}

/* The kernel knows that an element is there already, not whose it is. */
static int explain(unsigned id, const struct str_list *lines, struct err *e)
{
	struct taken t = { .id = id, .lines = lines };
	struct err ignored = { 0 };

	if (e->code != EEXIST && e->code != EBUSY)
		return -e->code;
	each_record(taken_one, &t, &ignored);
	if (t.owner)
		err_say(e, EADDRINUSE, "forward '%s': that port of the host leads into container %u already", t.text, t.owner);
	return -e->code;
}

/* --- one container --- */

/* What works from everywhere but from inside would be looked for at the wrong end. */
static void tell_hindered(const struct ct *ct, const struct str_list *lines)
{
	const char *sysctl = nat_hindered(lines);

	if (sysctl)
		ct_say(ct, -1, "Warning: everybody reaches the forwarded ports of CT %u but the container itself, if they lead to "
		       "its bridged interface: %s is 1, and a bridge sends nothing back where it came from. Inside, use the "
		       "container's own address and port, or set that to 0", ct->id, sysctl);
}

int ct_net_up_begin(struct ct *ct, struct net *n, struct ct_net_up *u, struct err *e)
{
	*u = (struct ct_net_up){ .lock = -1, .n = n };
	if (ct_fw_follow(n, e) < 0)
		return -e->code;
	u->lock = ct_fw_lock(false, e);
	if (u->lock < 0)
		return u->lock;
	if (ct_net_lines(ct, &ct->conf, &u->lines, e) < 0 || (u->lines.n && ct_record_save(ct, RECORD, &u->lines, e) < 0)) {
		ct_net_up_end(ct, u, e);
		return -e->code;
	}
	tell_hindered(ct, &u->lines);
	net_with(n, &u->lines);
	net_venet_of(n, &u->lines);
	return 0;
}

int ct_net_up_end(const struct ct *ct, struct ct_net_up *u, struct err *e)
{
	auto_list struct str_list none = { 0 };

	net_with(u->n, NULL);
	if (e->code) {
		explain(ct->id, &u->lines, e);
		/* nothing of it is in the kernel; an element of that key may be another's */
		ct_record_save(ct, RECORD, &none, &(struct err){ 0 });
	}
	auto_close_(&u->lock);
	str_list_clear(&u->lines);
	return -e->code;
}

/*
 * A record of two parts: somebody was killed, and the kernel has one of them, nobody knows which. The tables are made anew with
 * the latter.
 */
static int settle(struct ct *ct, struct net *n, struct str_list *all, struct err *e)
{
	auto_list struct str_list last = { 0 };

	if (sections(all) == 1)
		return 0;
	section(all, sections(all) - 1, &last, e);
	if (e->code || ct_record_save(ct, RECORD, &last, e) < 0 || net_table_renew(n, e) < 0)
		return -e->code;
	SWAP(*all, last);
	return 0;
}

int ct_net_down(struct ct *ct, struct net *n, const struct str_list *ips, struct err *e)
{
	auto_close int lock = ct_fw_lock(false, e);
	auto_list struct str_list all = { 0 }, none = { 0 };
	int rc;

	if (lock < 0 || ct_record_load(ct, RECORD, &all, e) < 0 || settle(ct, n, &all, e) < 0)
		return -e->code;
	net_with(n, &all);
	rc = net_down(n, ct->id, ips, e);
	net_with(n, NULL);
	return rc == 0 && all.n ? ct_record_save(ct, RECORD, &none, e) : rc;
}

/* Are there lines that begin with @what in one that are not in the other? */
static bool differ(const struct str_list *a, const struct str_list *b, const char *what)
{
	for (int k = 0; k < 2; k++) {
		const struct str_list *from = k ? b : a, *to = k ? a : b;

		for (size_t i = 0; i < from->n; i++)
			if (str_starts(from->v[i], what) && !str_list_has(to, from->v[i]))
				return true;
	}
	return false;
}

int ct_net_apply(struct ct *ct, const struct ct_conf *c, struct err *e)
{
	auto_close int lock = ct_fw_lock(true, e);
	auto_list struct str_list all = { 0 }, want = { 0 }, both = { 0 };
	struct net *n;
	bool anew;

	if (lock < 0 || ct_record_load(ct, RECORD, &all, e) < 0 || ct_net_lines(ct, c, &want, e) < 0)
		return -e->code;
	all.set = want.set = true;
	if (str_list_equal(&all, &want))
		return 0;
	anew = differ(&all, &want, "traffic ");		/* its counters begin anew */
	if (anew && ct_traffic_collect(ct, false, NULL, e) < 0)
		return -e->code;
	if (ct_host_net(ct->host, &n, e) < 0 || settle(ct, n, &all, e) < 0 || append(&both, &all, false, e) < 0 ||
	    append(&both, &want, true, e) < 0 || ct_record_save(ct, RECORD, &both, e) < 0)
		return -e->code;
	if (net_lines_change(n, ct->id, &all, &want, e) < 0) {
		ct_record_save(ct, RECORD, &all, &(struct err){ 0 });
		return explain(ct->id, &want, e);
	}
	if (nat_hindered(&want) && !nat_hindered(&all))
		tell_hindered(ct, &want);
	if (ct_record_save(ct, RECORD, &want, e) < 0 || (differ(&all, &want, "venet small ") && ct_net_venet(ct, e) < 0))
		return -e->code;
	return anew ? ct_traffic_anew(ct, e) : 0;
}

int ct_net_venet(struct ct *ct, struct err *e)
{
	auto_list struct str_list lines = { 0 };
	auto_close int netns = -1;
	struct ct_state s;
	struct net *n;

	if (ct_net_record(ct->id, &lines, e) < 0 || ct_host_net(ct->host, &n, e) < 0 || ct_state_load(ct, &s, e) < 0)
		return -e->code;
	netns = ct_netns_open(&s, e);
	return netns < 0 ? netns : net_venet_set(n, ct->id, netns, &lines, e);
}

/* --- all --- */

struct batch {
	struct net_line_change *v;
	size_t n, size;
	bool unsure;		/* a record of two parts: see settle() */
};

static void batch_done(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		str_list_clear((struct str_list *)b->v[i].old);
		str_list_clear((struct str_list *)b->v[i].want);
		free((void *)b->v[i].old);
		free((void *)b->v[i].want);
	}
	free(b->v);
}

static int batch_add(struct batch *b, unsigned id, struct str_list **old, struct str_list **want, struct err *e)
{
	if (b->n == b->size) {
		size_t size = b->size ? b->size * 2 : 16;
		struct net_line_change *v = reallocarray(b->v, size, sizeof(*v));

		if (!v)
			return err_set(e, ENOMEM, "change of the firewall");
		b->v = v;
		b->size = size;
	}
	*old = calloc(1, sizeof(**old));
	*want = calloc(1, sizeof(**want));
	b->v[b->n++] = (struct net_line_change){ .id = id, .old = *old, .want = *want };
	return *old && *want ? 0 : err_set(e, ENOMEM, "change of the firewall");
}

static int batch_one(void *arg, unsigned id, const struct str_list *all, struct err *e)
{
	struct batch *b = arg;
	struct str_list *old, *want;
	size_t n = b->n;

	if (batch_add(b, id, &old, &want, e) < 0)
		return -e->code;
	b->unsure |= sections(all) > 1;
	section(all, sections(all) - 1, old, e);
	if (e->code || ct_net_regroup(old, want, e) < 0)
		return -e->code;
	if (!str_list_equal(old, want))
		return 0;
	str_list_clear(old);
	str_list_clear(want);
	free(old);
	free(want);
	b->n = n;
	return 0;
}

static int batch_host(struct batch *b, struct err *e)
{
	auto_list struct str_list all = { 0 };
	struct str_list *old, *want;

	if (load(".", HOST_RECORD, &all, e) < 0)
		return -e->code;
	for (enum ct_net_host i = 0; i < CT_NET_HOST_N; i++) {
		if (batch_add(b, 0, &old, &want, e) < 0)
			return -e->code;
		section(&all, i, old, e);
		if (e->code || ct_net_host_lines(i, want, e) < 0)
			return -e->code;
		want->set = old->set = true;
	}
	return 0;
}

/* @both: as they are before and after; else as they are after. */
static int batch_save(const struct batch *b, bool both, struct err *e)
{
	for (size_t i = CT_NET_HOST_N; i < b->n; i++) {
		auto_list struct str_list l = { 0 };
		char id[16];

		str_fmt(id, sizeof(id), "%u", b->v[i].id);
		if ((both && append(&l, b->v[i].old, false, e) < 0) || append(&l, b->v[i].want, both, e) < 0)
			return -e->code;
		if (save(id, RECORD, &l, e) < 0 && e->code != ENOENT)
			return -e->code;
		err_clear(e);
	}
	return 0;
}

static int settle_one(void *arg, unsigned id, const struct str_list *all, struct err *e)
{
	auto_list struct str_list last = { 0 };
	char name[16];

	(void)arg;
	if (sections(all) == 1)
		return 0;
	str_fmt(name, sizeof(name), "%u", id);
	section(all, sections(all) - 1, &last, e);
	return e->code ? -e->code : save(name, RECORD, &last, e);
}

static int settle_all(struct err *e)
{
	return each_record(settle_one, NULL, e);
}

int ct_net_apply_all(struct net *n, unsigned *ret, struct err *e)
{
	auto_close int lock = ct_fw_lock(true, e);
	auto_call(batch_done) struct batch b = { 0 };
	int rc = -EAGAIN;

	if (lock < 0 || batch_host(&b, e) < 0 || each_record(batch_one, &b, e) < 0)
		return -e->code;
	if (!b.unsure) {
		if (batch_save(&b, true, e) < 0)
			return -e->code;
		rc = net_lines_change_all(n, b.v, b.n, e);
	}
	/* what we thought is there is not: flushed, or left by somebody who was killed */
	if (rc == -EAGAIN || rc == -ENOENT || rc == -EEXIST || rc == -EBUSY) {
		err_clear(e);
		if (batch_save(&b, false, e) < 0 || settle_all(e) < 0)
			return -e->code;
		rc = net_table_renew(n, e);
	}
	if (rc < 0)
		return rc;
	*ret = (unsigned)(b.n - CT_NET_HOST_N);
	return batch_save(&b, false, e) < 0 ? -e->code : host_save(e);
}
