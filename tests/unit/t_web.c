/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/web.c */
#include "tests/unit/t_web_box.h"

static struct web *w;

static void turn_until(bool (*cond)(void), const char *what)
{
	for (int i = 0; i < 2000; i++) {
		if (cond())
			return;
		CHECK_OK(ev_turn(d.ev, 20, &e), &e);
	}
	test_fail(__FILE__, __LINE__, "never: %s; it said '%s'", what, said());
}

static pid_t old;
static const char *part;
static bool runs(void) { return web_pid(w) > 0 && web_pid(w) != old; }
static bool has_said(void) { return strstr(said(), part) != NULL; }

static pid_t up(void)
{
	turn_until(runs, "runs");
	part = "--unix-fd";
	turn_until(has_said, part);
	return old = web_pid(w);
}

TEST_ROOT(one_that_dies_is_followed_by_another)
{
	pid_t first, second;

	box_open("");
	CHECK_OK(web_open_program(&d, program, &w, &e), &e);
	CHECK_EQ(web_pid(w), 0);
	first = up();
	kill(first, SIGKILL);
	second = up();
	CHECK(second != first && kill(second, 0) == 0);
	web_close(w);
	CHECK(kill(second, 0) == 0);
	end_process(second);
	box_close();
}

TEST_ROOT(the_next_vzd_adopts_it)
{
	pid_t pid;

	box_open("");
	CHECK_OK(web_open_program(&d, program, &w, &e), &e);
	pid = up();
	web_close(w);
	ev_close(d.ev);
	CHECK_OK(ev_open(&d.ev, &e), &e);
	CHECK_OK(web_open_program(&d, program, &w, &e), &e);
	old = 0;
	turn_until(runs, "adopted");
	CHECK_EQ(web_pid(w), pid);
	old = pid;
	kill(pid, SIGKILL);		/* it is still our child, and a zombie until the end: its pidfd tells all the same */
	turn_until(runs, "another one");
	CHECK(waitpid(pid, NULL, 0) == pid);
	pid = web_pid(w);
	web_close(w);
	end_process(pid);
	box_close();
}

TEST_ROOT(another_configuration_is_another_process)
{
	pid_t pid;

	box_open("");
	CHECK_OK(web_open_program(&d, program, &w, &e), &e);
	up();
	web_reload(w);			/* nothing has changed, no certificate: nothing happens */
	CHECK_OK(ev_turn(d.ev, 100, &e), &e);
	CHECK_EQ(web_pid(w), old);
	CHECK(!strstr(said(), "term") && !strstr(said(), "hup"));
	put("cert.pem", "C1", 0644);
	put("key.pem", "K1", 0600);
	box_conf("127.0.0.1:18446");
	web_reload(w);
	turn_until(runs, "another one");
	CHECK(strstr(said(), "term\n"));
	part = "--listen-fd 4 --cert-fd 6 --key-fd 7";
	turn_until(has_said, part);
	/* renewed by rename, as certbot does: the same process gets it */
	pid = web_pid(w);
	put("cert.pem", "C2", 0644);
	web_reload(w);
	part = "hup\n";
	turn_until(has_said, part);
	CHECK_EQ(web_pid(w), pid);
	end_process(pid);
	web_close(w);
	box_close();
}

TEST_ROOT(no_user_no_vzweb)
{
	box_open("");
	free(d.conf.web_user);
	d.conf.web_user = strdup("no-such-user");
	CHECK_OK(web_open_program(&d, program, &w, &e), &e);
	for (int i = 0; i < 5; i++)
		CHECK_OK(ev_turn(d.ev, 20, &e), &e);
	CHECK_EQ(web_pid(w), 0);
	CHECK_STR(said(), "");
	free(d.conf.web_user);
	d.conf.web_user = strdup("nobody");
	web_reload(w);
	up();
	end_process(web_pid(w));
	web_close(w);
	box_close();
}

/* A program that ends at once is not started in a tight loop. */
TEST_ROOT(one_that_keeps_dying_is_started_less_and_less)
{
	struct buf auto_buf b = BUF_INIT;
	uint64_t t0 = ev_now_ms();
	int n = 0, most = 3;

	box_open("");
	buf_addf(&b, "#!/bin/sh\necho x >>%s\nexit 1\n", words);
	put("vzweb", buf_str(&b), 0755);
	CHECK_OK(web_open_program(&d, program, &w, &e), &e);
	part = "x\nx\nx\n";
	turn_until(has_said, "started again");
	TURN_FOR(d.ev, 1000);
	for (uint64_t t = 0, step = 200, end = ev_now_ms() - t0; t + step <= end; t += step, step *= 2)
		most++;			/* at once, at once, after 200 ms, 400, 800... */
	for (const char *p = said(); *p; p++)
		n += *p == 'x';
	CHECK(n >= 3 && n <= most);
	web_close(w);
	box_close();
}
