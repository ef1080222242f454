/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libct/halt.h"

#include <signal.h>

#include "tests/lib/test.h"

/* As /proc/PID/status has it; signal N is bit N - 1. */
#define STATUS(blk, cgt) "Name:\tinit\nSigPnd:\t0000000000000000\nSigBlk:\t" blk "\nSigIgn:\t0000001000000000\nSigCgt:\t" cgt "\n"

TEST(halt_an_init_that_has_just_begun_does_not_listen)
{
	CHECK(!ct_halt_listens(STATUS("0000000000000000", "0000000000000000"), SIGRTMIN + 3));
	CHECK(!ct_halt_listens(STATUS("0000000000000000", "0000000000000000"), SIGTERM));
}

TEST(halt_a_signal_that_is_caught_or_blocked_is_heard)
{
	CHECK_EQ(SIGRTMIN + 3, 37);
	CHECK(ct_halt_listens(STATUS("7be3c0fe28014a03", "0000000000000000"), 37));	/* systemd reads it from a signalfd */
	CHECK(ct_halt_listens(STATUS("0000000000000000", "0000001000000000"), 37));
	CHECK(!ct_halt_listens(STATUS("0000002000000000", "0000000800000000"), 37));	/* its neighbours */
	CHECK(ct_halt_listens(STATUS("0000000000000000", "8000000000000001"), 1));
	CHECK(ct_halt_listens(STATUS("0000000000000000", "8000000000000001"), 64));
}

TEST(halt_what_is_no_status_tells_nothing)
{
	CHECK(!ct_halt_listens("", 15));
	CHECK(!ct_halt_listens("SigCgt", 15));
	CHECK(!ct_halt_listens("\nSigCgt:", 15));
}
