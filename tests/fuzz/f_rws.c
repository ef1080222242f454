/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/remote_ws.c: frames of a host that means ill, cut anywhere: what is found does not depend on where. */
#include <errno.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/err.h"
#include "vzctl/remote.h"

/* Takes frames apart; hash of what came, *ret the last status. */
static uint64_t take(struct rws *w, uint64_t h, int *ret)
{
	struct err e = { 0 };
	const uint8_t *p;
	size_t n;
	int op;

	while ((*ret = rws_next(w, &op, &p, &n, &e)) > 0) {
		FUZZ_CHECK(p >= (uint8_t *)w->in.s && p + n <= (uint8_t *)w->in.s + w->in.len);
		FUZZ_CHECK(w->at <= w->in.len && op > 0 && op < 16);
		h = h * 31 + (uint64_t)op;
		for (size_t i = 0; i < n; i++)
			h = h * 31 + p[i];
	}
	FUZZ_CHECK(*ret == 0 || *ret == -EPROTO);
	return h;
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct rws all = { .sock = -1 }, cut = { .sock = -1 };
	uint64_t one, two = 7;
	int rc_one, rc_two = 0;

	buf_init(&all.in, size + 1);
	buf_init(&cut.in, size + 1);
	buf_add(&all.in, data, size);
	one = take(&all, 7, &rc_one);
	for (size_t at = 0; at < size && rc_two == 0; at++) {
		buf_add(&cut.in, data + at, 1);
		two = take(&cut, two, &rc_two);
	}
	FUZZ_CHECK(one == two && rc_one == rc_two);
	buf_done(&all.in);
	buf_done(&cut.in);
}
