/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/tool_ploop.c: what vzploop info prints. */
#include "templates/tmpl.h"
#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/str.h"
#include "vzctl/tool.h"

TEST(tool_ploop_prints)
{
	static struct tmpl_ploop p = {
		.n = 2, .raw_base = 1, .disk_bytes = 1073741824, .fs_off = 1048576, .fs_bytes = 1072693248, .fs = "ext4", .journal = 1,
		.image = { { .file = "root.hdd.1", .kind = TMPL_PLOOP_V2, .cluster = 2048, .blocks = 1024, .allocated = 3, .in_use = 1,
			     .file_bytes = 4194304 },
			   { .file = "root.hdd", .kind = TMPL_PLOOP_RAW, .file_bytes = 1073741824 } },
	};
	struct buf auto_buf b = BUF_INIT;

	tool_ploop(&b, &p);
	CHECK_STR(buf_str(&b), "Disk size: 1073741824 bytes\n"
		  "File system: ext4 at byte 1048576, 1072693248 bytes, not unmounted cleanly: its journal is read as well\n"
		  "IMAGE  FORMAT        SIZE  BLOCK     USED/BLOCKS       STATE  FILE\n"
		  "    1  expanded v2  4.00M  1.00M          3/1024       in use root.hdd.1\n"
		  "    2  raw          1.00G      -                     - -      root.hdd\n");
	p.fs[0] = '\0';
	p.n = 0;
	str_copy(p.fs_text, sizeof(p.fs_text), "the disk is too small for a file system");
	buf_reset(&b);
	tool_ploop(&b, &p);
	CHECK_STR(buf_str(&b), "Disk size: 1073741824 bytes\n"
		  "File system: none that can be read: the disk is too small for a file system\n"
		  "IMAGE  FORMAT        SIZE  BLOCK     USED/BLOCKS       STATE  FILE\n");
}
