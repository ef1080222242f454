/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/ask.c: what a program answers, what it complains of, and that an endless answer is none. */
#include <string.h>

#include "tests/lib/test.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/ev.h"
#include "util/str.h"
#include "vzd/ask.h"
#include "vzd/vzd.h"

struct got { bool done, failed; char text[200]; };

static void on_answer(void *arg, const struct buf *out, const struct err *err)
{
	struct got *g = arg;

	g->done = true;
	g->failed = err != NULL;
	str_fmt(g->text, sizeof(g->text), "%s", err ? err->text : out->s ? out->s : "");
}

static struct got asked(const char *script, size_t max)
{
	const char *const words[] = { "/bin/sh", "-c", script, NULL };
	uint64_t end = ev_now_ms() + TEST_PATIENCE_MS;
	struct got g = { .done = false };
	struct err e = { 0 };
	struct vzd d = { .ev = NULL };

	CHECK_OK(ev_open(&d.ev, &e), &e);
	CHECK_OK(ask_run(&d, words, max, on_answer, &g, &e), &e);
	while (!g.done && ev_now_ms() < end)
		CHECK_OK(ev_turn(d.ev, 50, &e), &e);
	ev_close(d.ev);
	CHECK(g.done);
	return g;
}

TEST(ask_answers)
{
	struct got g = asked("echo noise >&2; echo the answer", 100);

	CHECK(!g.failed);
	CHECK_STR(g.text, "the answer\n");
	g = asked("read x; echo \"<$x>\"", 100);
	CHECK_STR(g.text, "<>\n");		/* it has no input of ours */
}

TEST(ask_says_why_not)
{
	struct got g = asked("echo first >&2; echo 'Error: the disk is gone' >&2; exit 1", 100);

	CHECK(g.failed);
	CHECK_STR(g.text, "the disk is gone");
	g = asked("exit 3", 100);
	CHECK(g.failed && strstr(g.text, "status 3"));
	g = asked("kill -9 $$", 100);
	CHECK(g.failed);
	g = asked("head -c 500 /dev/zero", 100);
	CHECK(g.failed && strstr(g.text, "more than 100"));
}
