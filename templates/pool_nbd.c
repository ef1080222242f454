/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's half of NBD's beginning (fixed newstyle, NBD_OPT_GO) and one read; the rest is the kernel's. */
#include "templates/pool_nbd.h"

#include <endian.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/num.h"
#include "util/sha256.h"
#include "util/str.h"

#define SCHEME "nbd://"
#define PORT "10809"
#define ANSWER_S 10		/* what a server that lives answers in */
#define MAGIC 0x4e42444d41474943ull	/* "NBDMAGIC" */
#define OPT_MAGIC 0x49484156454f5054ull	/* "IHAVEOPT" */
#define REP_MAGIC 0x3e889045565a9ull
#define ASK_MAGIC 0x25609513u
#define TELL_MAGIC 0x67446698u
#define FIXED_NEWSTYLE 1
#define NO_ZEROES 2
#define OPT_GO 7
#define REP_ACK 1u
#define REP_INFO 3u
#define REP_ERROR (1u << 31)
#define ERR_UNSUP (REP_ERROR | 1)
#define ERR_UNKNOWN (REP_ERROR | 6)
#define INFO_EXPORT 0
#define REPLY_MAX 4096		/* bytes of an answer that we read on for */
#define REPLIES_MAX 32
#define HEAD 4096

static int uri_host(const char *s, size_t n, struct nbd_uri *ret)
{
	const char *colon = memchr(s, ':', n);
	uint64_t port;

	if (*s == '[') {		/* [::1]:10809 */
		const char *end = memchr(s, ']', n);

		if (!end || (size_t)(end - s) + 1 > n)
			return -EINVAL;
		colon = (size_t)(end - s) + 1 < n ? end + 1 : NULL;
		if ((colon && *colon != ':') || str_fmt(ret->host, sizeof(ret->host), "%.*s", (int)(end - s - 1), s + 1) < 0)
			return -EINVAL;
	} else if (str_fmt(ret->host, sizeof(ret->host), "%.*s", (int)(colon ? (size_t)(colon - s) : n), s) < 0) {
		return -EINVAL;
	}
	if (!colon)
		return str_copy(ret->port, sizeof(ret->port), PORT);
	if (str_fmt(ret->port, sizeof(ret->port), "%.*s", (int)(n - (size_t)(colon - s) - 1), colon + 1) < 0)
		return -EINVAL;
	return num_u64(ret->port, &port) < 0 || !port || port > 65535 ? -EINVAL : 0;
}

int nbd_uri_parse(const char *uri, struct nbd_uri *ret, struct err *e)
{
	const char *s = uri + strlen(SCHEME), *slash = str_starts(uri, SCHEME) ? strchr(s, '/') : NULL;

	memset(ret, 0, sizeof(*ret));
	if (!slash || slash == s || str_has_ctrl(uri) || uri_host(s, (size_t)(slash - s), ret) < 0 || !ret->host[0] ||
	    ret->host[0] == '-' || strspn(ret->host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-_%") !=
	    strlen(ret->host) || str_copy(ret->export, sizeof(ret->export), slash + 1) < 0)
		return err_say(e, EINVAL, "\"%.200s\" is no NBD export: nbd://HOST[:PORT]/EXPORT", str_has_ctrl(uri) ? "?" : uri);
	return 0;
}

/* --- words on the wire --- */

static int take(int fd, void *p, size_t n, struct err *e)
{
	char *at = p;

	while (n) {
		ssize_t got = recv(fd, at, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0 ? err_say(e, ECONNRESET, "the server closed the connection") :
			       errno == EAGAIN ? err_say(e, ETIMEDOUT, "the server does not answer") : err_set(e, errno, "receive");
		at += got;
		n -= (size_t)got;
	}
	return 0;
}

static int give(int fd, const void *p, size_t n, struct err *e)
{
	const char *at = p;

	while (n) {
		ssize_t done = send(fd, at, n, MSG_NOSIGNAL);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return errno == EAGAIN ? err_say(e, ETIMEDOUT, "the server does not listen") : err_set(e, errno, "send");
		at += done;
		n -= (size_t)done;
	}
	return 0;
}

static int strange(const char *what, struct err *e)
{
	return err_say(e, EPROTO, "that is no NBD server, or too old a one: %s", what);
}

static int greet(int fd, struct err *e)
{
	struct { uint64_t magic, opt; uint16_t flags; } __attribute__((packed)) hello;
	uint32_t mine;

	if (take(fd, &hello, sizeof(hello), e) < 0)
		return -e->code;
	if (be64toh(hello.magic) != MAGIC || be64toh(hello.opt) != OPT_MAGIC || !(be16toh(hello.flags) & FIXED_NEWSTYLE))
		return strange("its greeting is another", e);
	mine = htobe32(be16toh(hello.flags) & (FIXED_NEWSTYLE | NO_ZEROES));
	return give(fd, &mine, sizeof(mine), e);
}

static int go(int fd, const char *export, struct err *e)
{
	struct { uint64_t magic; uint32_t opt, len, name_len; char rest[258]; } __attribute__((packed)) ask;
	size_t n = strlen(export);

	ask.magic = htobe64(OPT_MAGIC);
	ask.opt = htobe32(OPT_GO);
	ask.len = htobe32((uint32_t)(4 + n + 2));
	ask.name_len = htobe32((uint32_t)n);
	memcpy(ask.rest, export, n);
	memset(ask.rest + n, 0, 2);		/* no informations asked for */
	return give(fd, &ask, offsetof(typeof(ask), rest) + n + 2, e);
}

struct reply { uint64_t magic; uint32_t opt, type, len; } __attribute__((packed));

static int refused(uint32_t type, const char *export, struct err *e)
{
	if (type == ERR_UNKNOWN)
		return err_say(e, ENOENT, "the server has no export \"%s\"", export);
	if (type == ERR_UNSUP)
		return strange("it does not know NBD_OPT_GO", e);
	return err_say(e, EACCES, "the server refuses export \"%s\" (error %u)", export, type & ~REP_ERROR);
}

/* Answers until the last one. */
static int answers(int fd, const char *export, struct nbd_export *ret, struct err *e)
{
	bool told = false;

	for (int i = 0; i < REPLIES_MAX; i++) {
		unsigned char body[REPLY_MAX];
		struct reply r;
		uint32_t len;

		if (take(fd, &r, sizeof(r), e) < 0)
			return -e->code;
		len = be32toh(r.len);
		if (be64toh(r.magic) != REP_MAGIC || be32toh(r.opt) != OPT_GO || len > sizeof(body))
			return strange("its answer is none", e);
		if (len && take(fd, body, len, e) < 0)
			return -e->code;
		if (be32toh(r.type) & REP_ERROR)
			return refused(be32toh(r.type), export, e);
		if (be32toh(r.type) == REP_ACK)
			return told && ret->bytes ? 0 : strange("it does not tell the size", e);
		if (be32toh(r.type) == REP_INFO && len == 12 && body[0] == 0 && body[1] == INFO_EXPORT) {
			uint64_t bytes;
			uint16_t flags;

			memcpy(&bytes, body + 2, sizeof(bytes));
			memcpy(&flags, body + 10, sizeof(flags));
			ret->bytes = be64toh(bytes);
			ret->flags = be16toh(flags);
			told = true;
		}
	}
	return strange("it goes on answering", e);
}

static int read_head(int fd, struct nbd_export *ret, struct err *e)
{
	struct { uint32_t magic; uint16_t flags, type; uint64_t handle, from; uint32_t len; } __attribute__((packed)) ask = {
		.magic = htobe32(ASK_MAGIC), .handle = 1, .len = htobe32(HEAD) };
	struct { uint32_t magic, error; uint64_t handle; } __attribute__((packed)) tell;
	unsigned char head[HEAD];
	struct sha256 s;
	char hex[65];

	if (ret->bytes < HEAD)
		return err_say(e, EINVAL, "the export has %llu bytes: no file system", (unsigned long long)ret->bytes);
	if (give(fd, &ask, sizeof(ask), e) < 0 || take(fd, &tell, sizeof(tell), e) < 0)
		return -e->code;
	if (be32toh(tell.magic) != TELL_MAGIC || tell.handle != ask.handle)
		return strange("its reply is none", e);
	if (tell.error)
		return err_say(e, EIO, "the server cannot read the export (error %u)", be32toh(tell.error));
	if (take(fd, head, sizeof(head), e) < 0)
		return -e->code;
	sha256_init(&s);
	sha256_add(&s, head, sizeof(head));
	sha256_hex(&s, hex);
	return str_fmt(ret->print, sizeof(ret->print), "%.32s", hex);
}

int nbd_handshake(int fd, const char *export, struct nbd_export *ret, struct err *e)
{
	memset(ret, 0, sizeof(*ret));
	if (greet(fd, e) < 0 || go(fd, export, e) < 0 || answers(fd, export, ret, e) < 0 || read_head(fd, ret, e) < 0)
		return -e->code;
	return 0;
}

/* --- the connection --- */

static int timeouts(int fd, int seconds)
{
	const struct timeval tv = { .tv_sec = seconds };

	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) < 0 ||
	       setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) < 0 ? -errno : 0;
}

/* A server that fell silent is noticed within half a minute, and a kernel's read waits as long as it takes. */
static void for_the_kernel(int fd)
{
	const struct { int level, name, v; } t[] = {
		{ SOL_SOCKET, SO_KEEPALIVE, 1 }, { IPPROTO_TCP, TCP_NODELAY, 1 }, { IPPROTO_TCP, TCP_KEEPIDLE, 10 },
		{ IPPROTO_TCP, TCP_KEEPINTVL, 5 }, { IPPROTO_TCP, TCP_KEEPCNT, 3 }, { IPPROTO_TCP, TCP_USER_TIMEOUT, 25000 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		setsockopt(fd, t[i].level, t[i].name, &t[i].v, sizeof(t[i].v));
	timeouts(fd, 0);
}

static int connect_one(const struct addrinfo *a, struct err *e)
{
	auto_close int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);

	if (fd < 0 || timeouts(fd, ANSWER_S) < 0 || connect(fd, a->ai_addr, a->ai_addrlen) < 0)
		return errno == EINPROGRESS ? err_say(e, ETIMEDOUT, "no answer") : err_set(e, errno, "connect");
	return take_fd(&fd);
}

int nbd_connect(const struct nbd_uri *u, int *ret_fd, struct nbd_export *ret, struct err *e)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *all = NULL;
	auto_close int fd = -1;
	int rc = getaddrinfo(u->host, u->port, &hints, &all);

	if (rc != 0)
		return err_say(e, EHOSTUNREACH, "NBD server %s: %s", u->host, gai_strerror(rc));
	for (const struct addrinfo *a = all; a && fd < 0; a = a->ai_next) {
		err_clear(e);
		fd = connect_one(a, e);
	}
	freeaddrinfo(all);
	if (fd < 0 || nbd_handshake(fd, u->export, ret, e) < 0)
		return err_add(e, "NBD server %s, port %s", u->host, u->port);
	for_the_kernel(fd);
	*ret_fd = take_fd(&fd);
	return 0;
}
