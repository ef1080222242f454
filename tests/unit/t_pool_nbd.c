/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/pool_nbd.c: addresses, and a server that says what servers say, or something else. */
#include "templates/pool_nbd.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "util/err.h"

TEST(addresses)
{
	struct err e = { 0 };
	struct nbd_uri u;

	CHECK_OK(nbd_uri_parse("nbd://server/pool", &u, &e), &e);
	CHECK_STR(u.host, "server");
	CHECK_STR(u.port, "10809");
	CHECK_STR(u.export, "pool");
	CHECK_OK(nbd_uri_parse("nbd://192.0.2.1:7/a/b", &u, &e), &e);
	CHECK_STR(u.port, "7");
	CHECK_STR(u.export, "a/b");
	CHECK_OK(nbd_uri_parse("nbd://[2001:db8::1]:10810/", &u, &e), &e);
	CHECK_STR(u.host, "2001:db8::1");
	CHECK_STR(u.port, "10810");
	CHECK_STR(u.export, "");
	CHECK_OK(nbd_uri_parse("nbd://[::1]/x", &u, &e), &e);
	CHECK_STR(u.host, "::1");
	static const char *const bad[] = { "nbd://", "nbd:///x", "nbd://server", "nbd://:7/x", "nbd://s:0/x", "nbd://s:99999/x",
					   "nbd://s:x/x", "nbd://-s/x", "nbd://[::1/x", "nbd://[::1]7/x", "nbd://a b/x", "http://s/x",
					   "nbd://s/\n" };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (nbd_uri_parse(bad[i], &u, &e) != -EINVAL)
			CHECK_STR(bad[i], "refused");
}

struct script { const void *v; size_t n; };

/* A server that says all of @s without listening. */
static int with(const struct script *s, size_t n, struct nbd_export *x, struct err *e)
{
	int sk[2], rc;

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sk), 0);
	for (size_t i = 0; i < n; i++)
		CHECK_EQ(send(sk[1], s[i].v, s[i].n, 0), (ssize_t)s[i].n);
	shutdown(sk[1], SHUT_WR);
	rc = nbd_handshake(sk[0], "pool", x, e);
	close(sk[0]);
	close(sk[1]);
	return rc;
}

#define BE64(v) (v) >> 56 & 255, (v) >> 48 & 255, (v) >> 40 & 255, (v) >> 32 & 255, (v) >> 24 & 255, (v) >> 16 & 255, \
	(v) >> 8 & 255, (v) & 255
#define BE32(v) (v) >> 24 & 255, (v) >> 16 & 255, (v) >> 8 & 255, (v) & 255
#define REPLY(type, len) BE64(0x3e889045565a9ull), BE32(7u), BE32(type), BE32(len)
static const unsigned char hello[] = { 'N', 'B', 'D', 'M', 'A', 'G', 'I', 'C', 'I', 'H', 'A', 'V', 'E', 'O', 'P', 'T', 0, 3 };
static const unsigned char old_hello[] = { 'N', 'B', 'D', 'M', 'A', 'G', 'I', 'C', 0, 0, 0x42, 2, 0x81, 0x86, 0x12, 0x53, 0, 0 };
static const unsigned char info[] = { REPLY(3u, 12u), 0, 0, BE64(1ull << 20), 0, 3 }, ack[] = { REPLY(1u, 0u) };
static const unsigned char other_info[] = { REPLY(3u, 3u), 0, 3, 9 };
static const unsigned char unknown[] = { REPLY(0x80000006u, 2u), 'n', 'o' }, unsup[] = { REPLY(0x80000001u, 0u) },
			   large[] = { REPLY(3u, 5000u) };
static const unsigned char data[] = { BE32(0x67446698u), BE32(0u), 1, 0, 0, 0, 0, 0, 0, 0 };
static const unsigned char broken[] = { BE32(0x67446698u), BE32(5u), 1, 0, 0, 0, 0, 0, 0, 0 };
static unsigned char block[4096];
#define S(x) { x, sizeof(x) }

TEST(served)
{
	const struct script s[] = { S(hello), S(other_info), S(info), S(ack), S(data), S(block) };
	struct nbd_export x, y;
	struct err e = { 0 };

	CHECK_OK(with(s, ARRAY_SIZE(s), &x, &e), &e);
	CHECK_EQ(x.bytes, 1 << 20);
	CHECK_EQ(x.flags, 3);
	CHECK_STR(x.print, "ad7facb2586fc6e966c004d7d1d16b02");		/* sha256 of 4096 zeroes */
	block[100] = 1;
	CHECK_OK(with(s, ARRAY_SIZE(s), &y, &e), &e);
	CHECK(strcmp(x.print, y.print) != 0);
}

TEST(refused)
{
	const struct script none[] = { S(hello), S(unknown) }, old[] = { S(old_hello) }, no_go[] = { S(hello), S(unsup) },
			    huge[] = { S(hello), S(large) }, sizeless[] = { S(hello), S(ack) }, torn[] = { S(hello), S(info) },
			    bad_disk[] = { S(hello), S(info), S(ack), S(broken) };
	struct nbd_export x;
	struct err e = { 0 };

	CHECK_ERR(with(none, 2, &x, &e), ENOENT);
	CHECK_STR(e.text, "the server has no export \"pool\"");
	CHECK_ERR(with(old, 1, &x, &e), EPROTO);
	CHECK_ERR(with(no_go, 2, &x, &e), EPROTO);
	CHECK_ERR(with(huge, 2, &x, &e), EPROTO);
	CHECK_ERR(with(sizeless, 2, &x, &e), EPROTO);
	CHECK_ERR(with(torn, 2, &x, &e), ECONNRESET);
	CHECK_ERR(with(bad_disk, 4, &x, &e), EIO);
	CHECK_ERR(with(NULL, 0, &x, &e), ECONNRESET);
}
