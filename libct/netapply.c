/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of the firewall of one container on their way into the kernel and out: at start and stop, at a change while it runs.
 * The record tells what the kernel has (netrecord.h); changes of groups that many use are netbatch.c's.
 */
#include "libct/netlines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "libct/files.h"
#include "libct/fwfile.h"
#include "libct/netrecord.h"
#include "libct/record.h"
#include "libct/traffic.h"
#include "net/nat.h"
#include "net/net_part.h"
#include "util/path.h"

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

struct running { net_line_cb *cb; void *arg; };

static int running_one(void *arg, unsigned id, const struct str_list *all, struct err *e)
{
	const struct running *r = arg;
	auto_list struct str_list lines = { 0 };

	ct_netrec_last(all, &lines, e);
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
	return ct_netrec_host_save(e) < 0 ? -e->code : ct_netrec_each(running_one, &r, e);
}

/* --- whose port it is --- */

struct taken { unsigned id, owner; const struct str_list *lines; char text[128]; };

static int taken_one(void *arg, unsigned id, const struct str_list *all, struct err *e)
{
	struct taken *t = arg;
	struct nat_fwd a, b;

	if (id == t->id)
		return 0;
	for (size_t i = 0; i < t->lines->n; i++) {
		const char *mine = nat_forward_of(t->lines->v[i]);

		for (size_t k = 0; mine && k < all->n; k++) {
			const char *other = nat_forward_of(all->v[k]);

			if (other && nat_fwd_parse(mine, &a, e) == 0 && nat_fwd_parse(other, &b, e) == 0 &&
			    nat_fwd_overlap(&a, &b)) {
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
	ct_netrec_each(taken_one, &t, &ignored);
	if (!t.owner)
		return -e->code;
	err_say(e, EADDRINUSE, "forward '%s': that port of the host leads into container %u already", t.text, t.owner);
	return err_exit(e, VZ_IP_INUSE);
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
	if (ct_net_lines(ct, &ct->conf, &u->lines, e) < 0 || (u->lines.n && ct_record_save(ct, CT_NETREC, &u->lines, e) < 0)) {
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
		ct_record_save(ct, CT_NETREC, &none, &(struct err){ 0 });
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

	if (!ct_netrec_unsure(all))
		return 0;
	ct_netrec_last(all, &last, e);
	if (e->code || ct_record_save(ct, CT_NETREC, &last, e) < 0 || net_table_renew(n, e) < 0)
		return -e->code;
	SWAP(*all, last);
	return 0;
}

int ct_net_down(struct ct *ct, struct net *n, const struct str_list *ips, struct err *e)
{
	auto_close int lock = ct_fw_lock(false, e);
	auto_list struct str_list all = { 0 }, none = { 0 };
	int rc;

	if (lock < 0 || ct_record_load(ct, CT_NETREC, &all, e) < 0 || settle(ct, n, &all, e) < 0)
		return -e->code;
	net_with(n, &all);
	rc = net_down(n, ct->id, ips, e);
	net_with(n, NULL);
	return rc == 0 && all.n ? ct_record_save(ct, CT_NETREC, &none, e) : rc;
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

bool ct_net_unsaved(struct ct *ct, const struct ct_conf *file)
{
	auto_list struct str_list now = { 0 }, renewed = { 0 }, saved = { 0 };
	struct err ignored = { 0 };

	/* groups and zones as they are by now: whoever edits those files knows */
	if (ct_net_record(ct->id, &now, &ignored) < 0 || ct_net_regroup(&now, &renewed, &ignored) < 0 ||
	    ct_net_lines(ct, file, &saved, &ignored) < 0)
		return false;
	return differ(&renewed, &saved, "fw ") || differ(&renewed, &saved, "nat ") || differ(&renewed, &saved, "rate ") ||
	       differ(&renewed, &saved, "flood ");
}

int ct_net_apply(struct ct *ct, const struct ct_conf *c, struct err *e)
{
	auto_close int lock = ct_fw_lock(true, e);
	auto_list struct str_list all = { 0 }, want = { 0 }, both = { 0 };
	struct net *n;
	bool anew;

	if (lock < 0 || ct_record_load(ct, CT_NETREC, &all, e) < 0 || ct_net_lines(ct, c, &want, e) < 0)
		return -e->code;
	all.set = want.set = true;
	if (str_list_equal(&all, &want))
		return 0;
	anew = differ(&all, &want, "traffic ");		/* its counters begin anew */
	if (anew && ct_traffic_collect(ct, false, NULL, e) < 0)
		return -e->code;
	if (ct_host_net(ct->host, &n, e) < 0 || settle(ct, n, &all, e) < 0 || ct_netrec_add(&both, &all, false, e) < 0 ||
	    ct_netrec_add(&both, &want, true, e) < 0 || ct_record_save(ct, CT_NETREC, &both, e) < 0)
		return -e->code;
	if (net_lines_change(n, ct->id, &all, &want, e) < 0) {
		ct_record_save(ct, CT_NETREC, &all, &(struct err){ 0 });
		return explain(ct->id, &want, e);
	}
	if (nat_hindered(&want) && !nat_hindered(&all))
		tell_hindered(ct, &want);
	if (ct_record_save(ct, CT_NETREC, &want, e) < 0 || (differ(&all, &want, "venet small ") && ct_net_venet(ct, e) < 0))
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
