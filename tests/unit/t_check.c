/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/check.c */
#include "vzctl/check.h"

#include "tests/lib/test.h"
#include "util/buf.h"

TEST(check_prints)
{
	auto_buf struct buf text = BUF_INIT, json = BUF_INIT;
	struct check k = { 0 };

	check_add(&k, CHECK_GOOD, "kernel", "6.1.0", "not shown");
	check_add(&k, CHECK_BAD, "overlay inside", "No such device", "'modprobe overlay'");
	check_addf(&k, CHECK_NOTE, "containers", NULL, "%u of \"%s\"", 3u, "x");
	CHECK_EQ(k.failed, 1);
	check_text(&k, &text);
	CHECK_STR(buf_str(&text), "ok    kernel                 6.1.0\n"
				  "FAIL  overlay inside         No such device: 'modprobe overlay'\n"
				  "note  containers             3 of \"x\"\n"
				  "1 thing(s) missing\n");
	check_json(&k, &json);
	CHECK_STR(buf_str(&json), "{\n  \"ok\": false,\n  \"failed\": 1,\n  \"checks\": [\n"
				  "    { \"state\": \"ok\", \"what\": \"kernel\", \"found\": \"6.1.0\", \"cure\": null },\n"
				  "    { \"state\": \"fail\", \"what\": \"overlay inside\", \"found\": \"No such device\", "
				  "\"cure\": \"'modprobe overlay'\" },\n"
				  "    { \"state\": \"note\", \"what\": \"containers\", \"found\": \"3 of \\\"x\\\"\", \"cure\": null }\n"
				  "  ]\n}\n");
	check_done(&k);
	buf_reset(&text);
	check_text(&k, &text);
	CHECK_STR(buf_str(&text), "this host can run containers with every limit\n");
	buf_reset(&json);
	check_json(&k, &json);
	CHECK_STR(buf_str(&json), "{\n  \"ok\": true,\n  \"failed\": 0,\n  \"checks\": [\n  ]\n}\n");
}
