/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_NL_H
#define NET_NL_H
/*
 * rtnetlink over libmnl: several requests in one send, one read loop for the answers, dumps. The kernel answers before
 * send() returns, so nothing here waits for anybody but the kernel. Attributes are only ever put with a bounds check.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <libmnl/libmnl.h>

struct err;

#define NL_BATCH_MSGS 128	/* requests a send carries; every one of them may answer, and the receive queue is finite */
#define NL_MSG_MAX 512		/* bytes of one request */
#define NL_RECV_MAX 32768

struct nl {
	struct mnl_socket *sk;
	int fd;
	uint32_t seq;
};
int nl_open(struct nl *nl, int protocol, struct err *e);	/* NETLINK_ROUTE, NETLINK_NETFILTER */
void nl_close(struct nl *nl);

/* One answer: @code 0 or errno, @ext the kernel's own words or "". */
struct nl_answer {
	uint32_t seq;
	int code;
	const char *ext;
};
/* Reads the answers to what was sent until that to @last came. @cb sees each one, in order. */
int nl_answers(struct nl *nl, uint32_t last, void (*cb)(const struct nl_answer *a, void *arg), void *arg, struct err *e);

struct nl_rec {
	const char *what, *arg;		/* "add route to", "10.0.0.5": for the error text; not owned */
	int ok, ok2;			/* errno values that count as success, or 0 */
};
struct nl_batch {
	struct nl *nl;
	struct nlmsghdr *cur;
	size_t len;
	unsigned n;
	uint32_t first;			/* sequence number of rec[0] */
	bool broken;			/* an attribute did not fit */
	int code;			/* errno of the first request that failed; sticks */
	const char *arg;		/* its nl_rec.arg */
	struct err *e;			/* filled when code is set */
	struct nl_rec rec[NL_BATCH_MSGS];
	_Alignas(8) char buf[NL_BATCH_MSGS * 192 + NL_MSG_MAX];
};
/* Begins to collect. The requests go out in as few sends as they fit in, the last at nl_batch_end(). Until then the socket
 * is the batch's: no nl_ask(), no nl_dump() on it. */
void nl_batch_begin(struct nl_batch *b, struct nl *nl, struct err *e);
/* Adds a request with room for a @head_size header, which is returned zeroed. */
void *nl_msg(struct nl_batch *b, uint16_t type, uint16_t flags, size_t head_size, const char *what, const char *arg);
void nl_ok(struct nl_batch *b, int ok, int ok2);	/* errors of the request last added that are none */
void nl_put(struct nl_batch *b, uint16_t type, const void *data, size_t len);
void nl_put_raw(struct nl_batch *b, const void *data, size_t len);	/* no attribute: a header inside a nest */
void nl_put_u8(struct nl_batch *b, uint16_t type, uint8_t v);
void nl_put_u32(struct nl_batch *b, uint16_t type, uint32_t v);
void nl_put_str(struct nl_batch *b, uint16_t type, const char *s);
struct nlattr *nl_nest(struct nl_batch *b, uint16_t type);
void nl_nest_end(struct nl_batch *b, struct nlattr *nest);
/* 0 if every request was done; else the error of the first that was not. The others were tried all the same. */
int nl_batch_end(struct nl_batch *b);

/*
 * Sends @nlh (sequence number and NLM_F_REQUEST are set here) and gives every answer message to @cb; a negative return
 * of @cb ends the dump and is returned. When the kernel says that the list changed meanwhile it is asked again: without
 * @restart nothing is given to @cb before the list is known to be whole; with it, @cb sees messages as they come, and
 * @restart forgets them.
 */
int nl_dump(struct nl *nl, struct nlmsghdr *nlh, mnl_cb_t cb, void (*restart)(void *arg), void *arg, struct err *e);
/* One request, one answer message for @cb (which may be NULL). The kernel's error comes back as -errno with *e filled. */
int nl_ask(struct nl *nl, struct nlmsghdr *nlh, mnl_cb_t cb, void *arg, const char *what, struct err *e);

#endif
