/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One direction of a relay: nothing lost, bounded, over when it is over. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "libct/relay.h"
#include "tests/lib/test.h"

static void pipes(int a[2], int b[2])
{
	CHECK(pipe2(a, O_CLOEXEC | O_NONBLOCK) == 0 && pipe2(b, O_CLOEXEC | O_NONBLOCK) == 0);
}

TEST(relay_passes_all_and_ends)
{
	char got[16] = "";
	int a[2], b[2];

	pipes(a, b);
	struct flow f = { .from = a[0], .to = b[1] };

	CHECK(flow_read(&f) && !f.len && !f.eof);	/* nothing yet */
	CHECK(write(a[1], "hello", 5) == 5);
	CHECK(flow_read(&f) && f.len == 5);
	CHECK(flow_write(&f) && !f.len);
	CHECK(read(b[0], got, sizeof(got)) == 5);
	CHECK_STR(got, "hello");
	close(a[1]);
	CHECK(!flow_read(&f) && f.eof);
	CHECK(!flow_write(&f));
}

TEST(relay_keeps_what_does_not_fit)
{
	char fill[65536] = "", got[9000];
	int a[2], b[2];
	ssize_t n;

	pipes(a, b);
	struct flow f = { .from = a[0], .to = b[1] };

	while (write(b[1], fill, sizeof(fill)) > 0)
		;
	CHECK(write(a[1], "abc", 3) == 3);
	CHECK(flow_read(&f) && flow_write(&f) && f.len == 3);	/* the reader is slow: kept */
	CHECK(write(a[1], "def", 3) == 3);
	CHECK(flow_read(&f) && f.len == 3);			/* and no more is taken meanwhile */
	while ((n = read(b[0], got, sizeof(got))) > 0)
		;
	CHECK(flow_write(&f) && !f.len);
	CHECK(read(b[0], got, sizeof(got)) == 3 && memcmp(got, "abc", 3) == 0);
}

TEST(relay_ends_when_the_reader_is_gone)
{
	int a[2], b[2];

	signal(SIGPIPE, SIG_IGN);
	pipes(a, b);
	struct flow f = { .from = a[0], .to = b[1] };

	close(b[0]);
	CHECK(write(a[1], "x", 1) == 1);
	CHECK(flow_read(&f));
	CHECK(!flow_write(&f));
}
