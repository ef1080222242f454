/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A number is always an id, anything else a name. */
#include <unistd.h>

#include "tests/unit/t_ct_box.h"

TEST_ROOT(id_parse)
{
	static const struct { const char *text; long id; } t[] = {
		{ "101", 101 }, { "0", 0 }, { "1", 1 }, { "2147483644", 2147483644 }, { "+7", 7 }, { "007", 7 }, { "web", 102 },
		{ "2147483645", -1 }, { "99999999999999999999", -1 }, { "-5", -1 }, { "nobody", -1 }, { "../conf/1", -1 },
		{ "1 x", -1 }, { "0x10", -1 }, { "stray", -1 }, { "a/b", -1 }, { ".", -1 }, { "..", -1 },
	};
	struct box b;
	char want[64];

	box_init(&b, NULL);
	CHECK(mkdir(CT_NAMES_DIR, 0755) == 0);
	CHECK(symlink("/etc/vz/conf/102.conf", CT_NAMES_DIR "/web") == 0);
	CHECK(symlink("/etc/vz/conf/x.conf", CT_NAMES_DIR "/stray") == 0);
	CHECK(symlink("/etc/vz/conf/102.conf", CT_NAMES_DIR "/55") == 0);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		unsigned id = 999999;
		int r = ct_id_parse(t[i].text, &id, &b.e);

		if (t[i].id >= 0) {
			CHECK_OK(r, &b.e);
			CHECK_EQ(id, t[i].id);
			continue;
		}
		str_fmt(want, sizeof(want), "Bad CT ID %s", t[i].text);
		box_failed(&b, r, VZ_INVALID_PARAMETER_VALUE, want);
	}
	box_done(&b);
}
