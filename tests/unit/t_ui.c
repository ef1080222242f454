/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/ui.c: which stream a message goes to, whether it is shown, and which status an error becomes. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/fio.h"
#include "vzctl/ui.h"

/* Runs ui_say() with standard output and error in files; the texts come back in @out and @err. */
static void said(struct ui *ui, int level, struct buf *out, struct buf *err)
{
	auto_close int dir = test_tmp_fd();
	auto_close int o = openat(dir, "out", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	auto_close int x = openat(dir, "err", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	auto_close int keep_o = dup(STDOUT_FILENO);
	auto_close int keep_x = dup(STDERR_FILENO);
	struct err e = { 0 };

	CHECK(o >= 0 && x >= 0 && dup2(o, STDOUT_FILENO) >= 0 && dup2(x, STDERR_FILENO) >= 0);
	ui_say(ui, level, 101, "hello");
	dup2(keep_o, STDOUT_FILENO);
	dup2(keep_x, STDERR_FILENO);
	CHECK_OK(fio_read_at(dir, "out", out, &e), &e);
	CHECK_OK(fio_read_at(dir, "err", err, &e), &e);
}

TEST(ui_streams_and_levels)
{
	static const struct { int verbosity, level; bool quiet; const char *out, *err; } t[] = {
		{ 0, 0, false, "hello\n", "" }, { 0, -1, false, "", "hello\n" }, { 0, 1, false, "", "" },
		{ 1, 1, false, "hello\n", "" }, { -1, 0, false, "", "" }, { -1, -1, false, "", "hello\n" },
		{ 5, 0, true, "", "" }, { 5, -1, true, "", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct ui ui = { .verbosity = t[i].verbosity, .quiet = t[i].quiet };
		struct buf auto_buf out = BUF_INIT;
		struct buf auto_buf err = BUF_INIT;

		said(&ui, t[i].level, &out, &err);
		CHECK_STR(buf_str(&out), t[i].out);
		CHECK_STR(buf_str(&err), t[i].err);
	}
}

TEST(ui_fail_statuses)
{
	static const struct { struct err e; int exit; } t[] = {
		{ { .code = EIO }, VZ_SYSTEM_ERROR }, { { .code = ENOMEM }, VZ_RESOURCE_ERROR },
		{ { .code = EBUSY, .exit = VZ_LOCKED }, VZ_LOCKED }, { { .code = ENOMEM, .exit = VZ_LOCKED }, VZ_LOCKED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct ui ui = { .quiet = true };

		CHECK_EQ(ui_fail(&ui, &t[i].e), t[i].exit);
	}
}
