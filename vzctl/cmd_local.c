/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vzctl for a user who is not root but in the group of vzd's socket: vzd judges the words and runs vzctl with this process's own
 * three streams, so nothing of what it says or reads passes through here.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "vzctl/client.h"
#include "vzctl/cmd.h"

static void local_body(int argc, char **argv, struct buf *b)
{
	buf_adds(b, "{\"argv\":[");
	for (int i = 1; i < argc; i++) {
		if (i > 1)
			buf_addc(b, ',');
		json_text_string(b, argv[i]);
	}
	buf_adds(b, "]}");
}

/* What the API refuses, in its words and with the status it carries. */
static int local_problem(const struct client_answer *a)
{
	struct buf auto_buf text = BUF_INIT;
	const char *v;
	uint64_t code;
	size_t n;

	if (json_text_member(buf_str(&a->body), a->body.len, "detail", &v, &n) && json_text_unquote(v, n, &text))
		buf_addc(&text, '\n');
	ui_write(STDERR_FILENO, text.len ? buf_str(&text) : "vzd refuses this, and does not say why\n");
	if (json_text_member(buf_str(&a->body), a->body.len, "code", &v, &n) && n < 4) {
		char digits[4];

		str_fmt(digits, sizeof(digits), "%.*s", (int)n, v);
		if (num_u64(digits, &code) == 0 && code)
			return (int)code;
	}
	return a->status == 401 || a->status == 403 ? VZ_NO_ACCES : VZ_SYSTEM_ERROR;
}

static int local_wait(struct client *c, struct err *e)
{
	struct buf auto_buf text = BUF_INIT;
	int rc, status = -1;

	while ((rc = client_next(c, &text, &status, e)) > 0)
		buf_reset(&text);
	if (rc == 0 && status >= 0)
		return status;
	ui_write(STDERR_FILENO,
		 "vzctl: vzd ended before the command did; what was begun goes on or is repaired by the next command\n");
	return VZ_SYSTEM_ERROR;
}

int cmd_local(int argc, char **argv)
{
	static const int fds[] = { 0, 1, 2 };
	struct buf auto_buf body = { .cap = 900000 };
	struct client_call call = { .verb = "POST", .path = "/v1/cli", .stream = true, .fds = fds, .n_fds = ARRAY_SIZE(fds) };
	struct client_answer a = { 0 };
	struct client *c = NULL;
	struct err e = { 0 };
	int rc;

	if (client_open(NULL, &c, &e) < 0)
		return -1;
	local_body(argc, argv, &body);
	call.body = buf_str(&body);
	if (buf_failed(&body) || client_call(c, &call, &a, &e) < 0) {
		ui_write(STDERR_FILENO, buf_failed(&body) ? "vzctl: too many words" : e.text);
		ui_write(STDERR_FILENO, "\n");
		rc = VZ_SYSTEM_ERROR;
	} else {
		rc = a.status == 101 ? local_wait(c, &e) : local_problem(&a);
	}
	client_answer_done(&a);
	client_close(c);
	return rc;
}
