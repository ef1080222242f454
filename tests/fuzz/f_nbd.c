/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/pool_nbd.c: a server may say anything. Input: what it says, and as text the address it is at. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "templates/pool_nbd.h"
#include "tests/fuzz/fuzz.h"
#include "util/err.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	struct nbd_export x;
	struct nbd_uri u;
	struct err e = { 0 };
	char text[600] = "";
	int sk[2];

	memcpy(text, data, size < sizeof(text) ? size : sizeof(text) - 1);
	if (nbd_uri_parse(text, &u, &e) == 0)
		FUZZ_CHECK(u.host[0] && u.host[0] != '-' && u.port[0]);
	else
		FUZZ_CHECK(e.text[0]);
	if (size > 65536 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sk) < 0)
		return;
	FUZZ_CHECK(send(sk[1], data, size, MSG_DONTWAIT) == (ssize_t)size || size == 0);
	shutdown(sk[1], SHUT_WR);
	err_clear(&e);
	if (nbd_handshake(sk[0], "pool", &x, &e) == 0)
		FUZZ_CHECK(x.bytes >= 4096 && strlen(x.print) == 32);
	else
		FUZZ_CHECK(e.code > 0 && e.text[0]);
	close(sk[0]);
	close(sk[1]);
}
