/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ruleset's changes are heard of, once each time they were listened to. */
#include "tests/unit/t_net_lab.h"

#include <poll.h>

static bool heard(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

TEST_ROOT(watch_hears_changes)
{
	struct lab l;
	auto_buf struct buf b = BUF_INIT;
	int fd;

	lab_init(&l, NULL, NULL);
	lab_up(&l, 101, "10.9.0.1");
	fd = net_watch_open(&l.e);
	CHECK(fd >= 0);
	CHECK(!heard(fd, 0));
	net_watch_drain(fd);
	lab_nft(&b, "list", "ruleset", NULL, NULL);
	CHECK(!heard(fd, 0));
	lab_nft(&b, "flush", "ruleset", NULL, NULL);
	CHECK(heard(fd, 5000));
	net_watch_drain(fd);
	CHECK(!heard(fd, 0));
	for (unsigned i = 0; i < 60; i++)	/* more than its buffer holds */
		CHECK_OK(net_table_renew(l.net, &l.e), &l.e);
	CHECK(heard(fd, 0));
	net_watch_drain(fd);
	CHECK(!heard(fd, 0));
	close(fd);
	lab_done(&l);
}
