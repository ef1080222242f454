/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of the parts of the firewall; what their elements do is tested with each part. */
#include "net/net_part.h"

#include "tests/lib/test.h"
#include "util/str.h"

TEST(net_part_lines)
{
	CHECK_STR(net_line_of("fw if vz101", "fw"), "if vz101");
	CHECK(!net_line_of("fwd tcp", "fw"));
	CHECK(!net_line_of("fw", "fw"));
	CHECK(!net_line_of("", "fw"));
}
