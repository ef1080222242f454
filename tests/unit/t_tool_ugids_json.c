/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/tool_ugids_json.c: what a program reads of the limits of users and groups. */
#include "tests/lib/test.h"
#include "util/auto.h"
#include "util/buf.h"
#include "vzctl/tool.h"

TEST(tool_ugids_json)
{
	struct quota_ugid v[] = {
		{ .kind = QUOTA_USER, .id = 1000, .now = { .used_kib = 3, .used_inodes = 4, .limit = { 2, 8, 0, 10 },
							   .block_expires = 1000000000 } },
		{ .kind = QUOTA_GROUP, .id = 50, .now = { .limit = { 0, NUM_UNLIMITED, 0, 0 } } },
	};
	struct quota_ugids u = { .active = true, .has_grace = true, .grace = { { 60, 120 }, { 1, 2 } }, .v = v, .n = 2 };
	auto_buf struct buf b = { .cap = 4096 }, none = { .cap = 4096 }, kept = { .cap = 4096 };

	tool_ugids_json(&b, &u, "", 3);
	CHECK_STR(buf_str(&b), "{\"active\":true,\"reason\":null,\"max\":3,\"grace\":["
		  "{\"kind\":\"user\",\"bytes_seconds\":60,\"inodes_seconds\":120},"
		  "{\"kind\":\"group\",\"bytes_seconds\":1,\"inodes_seconds\":2}],\"items\":["
		  "{\"kind\":\"user\",\"id\":1000,\"used_bytes\":3072,\"soft_bytes\":2048,\"hard_bytes\":8192,"
		  "\"used_inodes\":4,\"soft_inodes\":null,\"hard_inodes\":10,"
		  "\"bytes_until\":\"2001-09-09T01:46:40Z\",\"inodes_until\":null},"
		  "{\"kind\":\"group\",\"id\":50,\"used_bytes\":0,\"soft_bytes\":null,\"hard_bytes\":null,"
		  "\"used_inodes\":0,\"soft_inodes\":null,\"hard_inodes\":null,"
		  "\"bytes_until\":null,\"inodes_until\":null}]}\n");
	u = (struct quota_ugids){ .active = false, .v = v, .n = 1 };
	tool_ugids_json(&kept, &u, "kept", 3);
	CHECK_STR(buf_str(&kept), "{\"active\":false,\"reason\":\"kept\",\"max\":3,\"grace\":[],\"items\":["
		  "{\"kind\":\"user\",\"id\":1000,\"used_bytes\":null,\"soft_bytes\":2048,\"hard_bytes\":8192,"
		  "\"used_inodes\":null,\"soft_inodes\":null,\"hard_inodes\":10,"
		  "\"bytes_until\":\"2001-09-09T01:46:40Z\",\"inodes_until\":null}]}\n");
	u = (struct quota_ugids){ .active = false };
	tool_ugids_json(&none, &u, "layout dir \"has\" none", 0);
	CHECK_STR(buf_str(&none), "{\"active\":false,\"reason\":\"layout dir \\\"has\\\" none\",\"max\":null,\"grace\":[],\"items\":[]}\n");
}
