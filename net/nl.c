/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink requests and their answers. Knows sockets, sequence numbers and errors; what a request says is the business
 * of link.c, addr.c, route.c and nft.c.
 */
#include "net/nl.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netlink.h>

#include "util/auto.h"
#include "util/err.h"

#ifndef NETLINK_GET_STRICT_CHK
#define NETLINK_GET_STRICT_CHK 12
#endif
#define NL_DUMP_TRIES 8

int nl_open(struct nl *nl, int protocol, struct err *e)
{
	int on = 1;

	if (nl->sk)
		return 0;
	nl->sk = mnl_socket_open2(protocol, SOCK_CLOEXEC);
	if (!nl->sk)
		return err_set(e, errno, "netlink socket");
	if (mnl_socket_bind(nl->sk, 0, MNL_SOCKET_AUTOPID) < 0) {
		int code = errno;

		nl_close(nl);
		return err_set(e, code, "bind netlink socket");
	}
	/* Both only make errors shorter and clearer; filters of dumps are honoured or refused, never ignored. */
	mnl_socket_setsockopt(nl->sk, NETLINK_CAP_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl->sk, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl->sk, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	nl->fd = mnl_socket_get_fd(nl->sk);
	return 0;
}

void nl_close(struct nl *nl)
{
	if (nl->sk)
		mnl_socket_close(nl->sk);
	nl->sk = NULL;
	nl->fd = -1;
}

/* The text the kernel put behind an error, or "". */
static const char *nl_ext(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *er = mnl_nlmsg_get_payload(nlh);
	size_t off = sizeof(*er);
	const struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return "";
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		off += MNL_ALIGN(er->msg.nlmsg_len - sizeof(struct nlmsghdr));
	if (off >= mnl_nlmsg_get_payload_len(nlh))
		return "";
	mnl_attr_for_each(attr, nlh, off) {
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			return mnl_attr_get_str(attr);
	}
	return "";
}

static bool nl_is_error(const struct nlmsghdr *nlh)
{
	return nlh->nlmsg_type == NLMSG_ERROR && mnl_nlmsg_get_payload_len(nlh) >= sizeof(struct nlmsgerr);
}

static int nl_error_code(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *er = mnl_nlmsg_get_payload(nlh);

	return er->error < 0 ? -er->error : er->error;
}

static ssize_t nl_recv(struct nl *nl, char *buf, size_t size, int flags)
{
	ssize_t n;

	do {
		n = recv(nl->fd, buf, size, flags | MSG_TRUNC);
	} while (n < 0 && errno == EINTR);
	if (n > (ssize_t)size) {
		errno = EMSGSIZE;
		return -1;
	}
	return n;
}

int nl_answers(struct nl *nl, uint32_t last, void (*cb)(const struct nl_answer *a, void *arg), void *arg, struct err *e)
{
	_Alignas(8) char buf[8192];

	for (;;) {
		ssize_t got = nl_recv(nl, buf, sizeof(buf), MSG_DONTWAIT);
		int len = (int)got;

		if (got < 0)
			return err_set(e, errno == EAGAIN ? EPROTO : errno, "read the answer of netlink");
		for (struct nlmsghdr *h = (void *)buf; mnl_nlmsg_ok(h, len); h = mnl_nlmsg_next(h, &len)) {
			struct nl_answer a = { .seq = h->nlmsg_seq };

			if (!nl_is_error(h))
				continue;
			a.code = nl_error_code(h);
			a.ext = nl_ext(h);
			cb(&a, arg);
			if (a.seq == last)
				return 0;
		}
	}
}

void nl_batch_begin(struct nl_batch *b, struct nl *nl, struct err *e)
{
	b->nl = nl;
	b->e = e;
	b->cur = NULL;
	b->len = 0;
	b->n = 0;
	b->broken = false;
	b->code = 0;
	b->arg = NULL;
}

static void nl_batch_close_msg(struct nl_batch *b)
{
	if (b->cur)
		b->len += MNL_ALIGN(b->cur->nlmsg_len);
	b->cur = NULL;
}

static void nl_batch_fail(struct nl_batch *b, int code, const struct nl_rec *r, const char *ext)
{
	const char *open = ext[0] ? " (kernel: " : "", *close = ext[0] ? ")" : "";

	if (b->code)
		return;
	b->code = code;
	b->arg = r->arg;
	err_set(b->e, code, "%s%s%s%s%s%s", r->what, r->arg ? " " : "", r->arg ? r->arg : "", open, ext, close);
}

static void nl_batch_answer(const struct nl_answer *a, void *arg)
{
	struct nl_batch *b = arg;
	uint32_t i = a->seq - b->first;
	const struct nl_rec *r;

	if (i >= b->n || !a->code)
		return;
	r = &b->rec[i];
	if (a->code != r->ok && a->code != r->ok2)
		nl_batch_fail(b, a->code, r, a->ext);
}

static void nl_batch_flush(struct nl_batch *b)
{
	struct err e = { 0 };
	struct nl_rec all = { .what = "netlink request" };

	if (!b->n)
		return;
	if (b->cur)
		b->cur->nlmsg_flags |= NLM_F_ACK;
	nl_batch_close_msg(b);
	if (b->broken)
		nl_batch_fail(b, EMSGSIZE, &all, "");
	else if (mnl_socket_sendto(b->nl->sk, b->buf, b->len) < 0)
		nl_batch_fail(b, errno, &all, "");
	else if (nl_answers(b->nl, b->first + b->n - 1, nl_batch_answer, b, &e) < 0)
		nl_batch_fail(b, e.code, &all, "");
	b->n = 0;
	b->len = 0;
}

void *nl_msg(struct nl_batch *b, uint16_t type, uint16_t flags, size_t head_size, const char *what, const char *arg)
{
	size_t used = b->len + (b->cur ? MNL_ALIGN(b->cur->nlmsg_len) : 0);

	if (b->n == NL_BATCH_MSGS || used + NL_MSG_MAX > sizeof(b->buf))
		nl_batch_flush(b);
	nl_batch_close_msg(b);
	if (!b->n)
		b->first = b->nl->seq + 1;
	b->cur = mnl_nlmsg_put_header(b->buf + b->len);
	b->cur->nlmsg_type = type;
	b->cur->nlmsg_flags = NLM_F_REQUEST | flags;
	b->cur->nlmsg_seq = ++b->nl->seq;
	b->rec[b->n++] = (struct nl_rec){ .what = what, .arg = arg };
	return mnl_nlmsg_put_extra_header(b->cur, head_size);
}

void nl_ok(struct nl_batch *b, int ok, int ok2)
{
	b->rec[b->n - 1].ok = ok;
	b->rec[b->n - 1].ok2 = ok2;
}

void nl_put(struct nl_batch *b, uint16_t type, const void *data, size_t len)
{
	if (!mnl_attr_put_check(b->cur, NL_MSG_MAX, type, len, data))
		b->broken = true;
}

void nl_put_raw(struct nl_batch *b, const void *data, size_t len)
{
	size_t room = MNL_ALIGN(len);
	char *tail = mnl_nlmsg_get_payload_tail(b->cur);

	if (b->cur->nlmsg_len + room > NL_MSG_MAX) {
		b->broken = true;
		return;
	}
	memset(tail, 0, room);
	memcpy(tail, data, len);
	b->cur->nlmsg_len += (uint32_t)room;
}

void nl_put_u8(struct nl_batch *b, uint16_t type, uint8_t v)
{
	nl_put(b, type, &v, sizeof(v));
}

void nl_put_u32(struct nl_batch *b, uint16_t type, uint32_t v)
{
	nl_put(b, type, &v, sizeof(v));
}

void nl_put_str(struct nl_batch *b, uint16_t type, const char *s)
{
	nl_put(b, type, s, strlen(s) + 1);
}

struct nlattr *nl_nest(struct nl_batch *b, uint16_t type)
{
	struct nlattr *nest = mnl_attr_nest_start_check(b->cur, NL_MSG_MAX, type);

	if (!nest)
		b->broken = true;
	return nest;
}

void nl_nest_end(struct nl_batch *b, struct nlattr *nest)
{
	if (nest)
		mnl_attr_nest_end(b->cur, nest);
}

int nl_batch_end(struct nl_batch *b)
{
	nl_batch_flush(b);
	return -b->code;
}

static int nl_dump_once(struct nl *nl, struct nlmsghdr *nlh, mnl_cb_t cb, void *arg, struct err *e)
{
	auto_free char *buf = malloc(NL_RECV_MAX);
	bool changed = false;
	int rc = MNL_CB_OK;

	if (!buf)
		return err_set(e, ENOMEM, "netlink dump");
	nlh->nlmsg_flags |= NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = ++nl->seq;
	if (mnl_socket_sendto(nl->sk, nlh, nlh->nlmsg_len) < 0)
		return err_set(e, errno, "netlink dump");
	for (;;) {
		ssize_t got = nl_recv(nl, buf, NL_RECV_MAX, 0);
		int len = (int)got;

		if (got < 0)
			return err_set(e, errno, "netlink dump");
		for (struct nlmsghdr *h = (void *)buf; mnl_nlmsg_ok(h, len); h = mnl_nlmsg_next(h, &len)) {
			if (h->nlmsg_seq != nlh->nlmsg_seq)
				continue;
			changed |= h->nlmsg_flags & NLM_F_DUMP_INTR;
			if (h->nlmsg_type == NLMSG_DONE)
				return rc < 0 ? rc : changed ? -EINTR : 0;
			if (nl_is_error(h))
				return nl_error_code(h) ? err_set(e, nl_error_code(h), "netlink dump") : 0;
			if (rc >= 0)
				rc = cb(h, arg);
		}
	}
}

/* Messages of a dump, until it is known that they belong together. */
struct nl_kept { char *s; size_t len, size; };

static int nl_keep(const struct nlmsghdr *nlh, void *arg)
{
	struct nl_kept *k = arg;
	size_t n = MNL_ALIGN(nlh->nlmsg_len);

	if (k->size - k->len < n) {
		size_t size = MAX(k->size * 2, k->len + n + NL_RECV_MAX);
		char *more = realloc(k->s, size);

		if (!more)
			return -ENOMEM;
		k->s = more;
		k->size = size;
	}
	memset(k->s + k->len, 0, n);
	memcpy(k->s + k->len, nlh, nlh->nlmsg_len);
	k->len += n;
	return 0;
}

static int nl_replay(const struct nl_kept *k, mnl_cb_t cb, void *arg)
{
	int rc = 0, len = (int)k->len;

	for (const struct nlmsghdr *h = (void *)k->s; rc >= 0 && mnl_nlmsg_ok(h, len); h = mnl_nlmsg_next(h, &len))
		rc = cb(h, arg);
	return rc < 0 ? rc : 0;
}

int nl_dump(struct nl *nl, struct nlmsghdr *nlh, mnl_cb_t cb, void (*restart)(void *arg), void *arg, struct err *e)
{
	struct nl_kept kept = { 0 };
	int rc = -EINTR;

	for (int i = 0; i < NL_DUMP_TRIES && rc == -EINTR; i++) {
		rc = nl_dump_once(nl, nlh, restart ? cb : nl_keep, restart ? arg : &kept, e);
		if (rc == -EINTR && restart)
			restart(arg);
		else if (rc == -EINTR)
			kept.len = 0;
	}
	if (rc == -EINTR)
		err_say(e, EBUSY, "the kernel's list changed during each of %d readings", NL_DUMP_TRIES);
	else if (rc == 0 && !restart)
		rc = nl_replay(&kept, cb, arg);
	free(kept.s);
	return rc == -EINTR ? -EBUSY : rc;
}

int nl_ask(struct nl *nl, struct nlmsghdr *nlh, mnl_cb_t cb, void *arg, const char *what, struct err *e)
{
	_Alignas(8) char buf[16384];
	int rc = 0;

	nlh->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = ++nl->seq;
	if (mnl_socket_sendto(nl->sk, nlh, nlh->nlmsg_len) < 0)
		return err_set(e, errno, "%s", what);
	for (;;) {
		ssize_t got = nl_recv(nl, buf, sizeof(buf), MSG_DONTWAIT);
		int len = (int)got;

		if (got < 0)
			return err_set(e, errno == EAGAIN ? EPROTO : errno, "%s", what);
		for (struct nlmsghdr *h = (void *)buf; mnl_nlmsg_ok(h, len); h = mnl_nlmsg_next(h, &len)) {
			if (h->nlmsg_seq != nlh->nlmsg_seq)
				continue;
			if (nl_is_error(h) && nl_error_code(h))
				return err_set(e, nl_error_code(h), "%s", what);
			if (nl_is_error(h))
				return rc < 0 ? rc : 0;
			if (cb && rc >= 0)
				rc = cb(h, arg);
		}
	}
}
