/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vzd/supervise.h"

#include "tests/lib/test.h"

TEST(supervise_policy_by_reason)
{
	static const struct { const char *reason; bool no, failure, oom, always; } cells[] = {
		{ "stop", false, false, false, false },  { "reboot", false, false, false, false },
		{ "halt", false, false, false, true },	 { "exited", false, false, false, true },
		{ "failed", false, true, false, true },	 { "killed", false, true, false, true },
		{ "unknown", false, true, false, true }, { "oom", false, true, true, true },
		{ "", false, false, false, false },	 { "another word", false, false, false, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cells); i++) {
		CHECK_EQ(supervise_wants(CT_RESTART_NO, cells[i].reason), cells[i].no);
		CHECK_EQ(supervise_wants(CT_RESTART_FAILURE, cells[i].reason), cells[i].failure);
		CHECK_EQ(supervise_wants(CT_RESTART_OOM, cells[i].reason), cells[i].oom);
		CHECK_EQ(supervise_wants(CT_RESTART_ALWAYS, cells[i].reason), cells[i].always);
	}
}

TEST(supervise_pauses_double_up_to_a_minute)
{
	static const unsigned want[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };

	for (unsigned n = 1; n <= ARRAY_SIZE(want); n++)
		CHECK_EQ(supervise_pause(n), want[n - 1]);
	CHECK_EQ(supervise_pause(1000), 60000);
}
