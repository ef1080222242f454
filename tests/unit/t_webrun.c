/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/webrun.c */
#include <sys/socket.h>

#include "tests/unit/t_web_box.h"

static void wait_for(const char *part)
{
	SOON(strstr(said(), part));
}

TEST_ROOT(the_lock_lives_with_the_process)
{
	struct buf auto_buf line = BUF_INIT;
	int fds[WEBRUN_FD_N], lock = -1;
	pid_t pid, holder = 0;

	box_open("");
	CHECK_EQ(webrun_lock(VZD_WEB_LOCK, &lock, &holder, &line, &e), 0);
	CHECK_OK(webrun_sockets(&d.conf, false, VZD_RUN, fds, &e), &e);
	CHECK(fds[WEBRUN_LISTEN] < 0 && fds[WEBRUN_UNIX] >= 0);
	fds[WEBRUN_LOCK] = lock;
	pid = webrun_start(&d.conf, program, fds, "what it is for\n", &e);
	CHECK(pid > 0);
	webrun_close(fds);
	wait_for("--unix-fd 3 --lock-fd 8 --vzd /run/vz/vzd-web.sock --user nobody --max-conns 2000 --max-per-ip 64\n");
	lock = -1;
	CHECK_EQ(webrun_lock(VZD_WEB_LOCK, &lock, &holder, &line, &e), 1);
	CHECK_EQ(holder, pid);
	CHECK_EQ(lock, -1);
	CHECK_STR(buf_str(&line), "what it is for\n");
	end_process(pid);
	for (int i = 0; i < 2000 && webrun_lock(VZD_WEB_LOCK, &lock, &holder, &line, &e) == -EBUSY; i++)
		usleep(20000);		/* the script's sleep has it, too */
	CHECK(lock >= 0);
	/* whoever holds it and is not the one who wrote is not believed */
	CHECK(pwrite(lock, "1 1\nx\n", 6, 0) == 6);
	CHECK_ERR(webrun_lock(VZD_WEB_LOCK, &fds[0], &holder, &line, &e), EBUSY);
	CHECK(strstr(e.text, "none of its lines"));
	close(lock);
	box_close();
}

TEST_ROOT(everything_is_handed_over)
{
	struct buf auto_buf line = BUF_INIT;
	int fds[WEBRUN_FD_N], lock = -1;
	pid_t pid, holder = 0;
	char link[64], to[256];
	ssize_t n;

	box_open("127.0.0.1:18443");
	put("cert.pem", "C", 0644);
	put("key.pem", "K", 0600);
	free(d.conf.metrics_listen);
	d.conf.metrics_listen = strdup("[::1]:18444");
	CHECK_EQ(webrun_lock(VZD_WEB_LOCK, &lock, &holder, &line, &e), 0);
	CHECK_OK(webrun_copy_tls(&d.conf, VZD_RUN, &e), &e);
	CHECK_OK(webrun_sockets(&d.conf, true, VZD_RUN, fds, &e), &e);
	fds[WEBRUN_LOCK] = lock;
	pid = webrun_start(&d.conf, program, fds, "x\n", &e);
	CHECK(pid > 0);
	webrun_close(fds);
	wait_for("--unix-fd 3 --listen-fd 4 --metrics-fd 5 --cert-fd 6 --key-fd 7 --lock-fd 8 ");
	for (int i = 0; i < 10; i++) {
		static const char *const want[] = { "/dev/null", "/dev/null", "", "socket:", "socket:", "socket:",
						    VZD_RUN "/web-cert.pem", VZD_RUN "/web-key.pem", VZD_WEB_LOCK };

		str_fmt(link, sizeof(link), "/proc/%d/fd/%d", (int)pid, i);
		n = readlink(link, to, sizeof(to) - 1);
		to[MAX(n, (ssize_t)0)] = '\0';
		if (i == 9)
			CHECK(n < 0);		/* nothing else; the shell has its script higher up */
		else if (!str_starts(to, want[i]))
			test_fail(__FILE__, __LINE__, "%d: '%s'", i, to);
	}
	end_process(pid);
	box_close();
}

TEST_ROOT(what_cannot_be_had_is_told)
{
	int fds[WEBRUN_FD_N], busy, lock[WEBRUN_FD_N];

	box_open("127.0.0.1:18445");
	CHECK_ERR(webrun_copy_tls(&d.conf, VZD_RUN, &e), ENOENT);
	CHECK(strstr(e.text, "cert.pem"));
	put("cert.pem", "C", 0644);
	put("key.pem", "K", 0600);
	CHECK_OK(webrun_copy_tls(&d.conf, VZD_RUN, &e), &e);
	CHECK_OK(webrun_sockets(&d.conf, true, VZD_RUN, lock, &e), &e);
	busy = webrun_sockets(&d.conf, true, VZD_RUN, fds, &e);
	CHECK_EQ(busy, -EADDRINUSE);
	CHECK(strstr(e.text, "listen on 127.0.0.1:18445"));
	for (int i = 0; i < WEBRUN_FD_N; i++)
		CHECK_EQ(fds[i], -1);
	webrun_close(lock);
	CHECK_ERR(webrun_start(&d.conf, "/nowhere/vzweb", fds, "", &e), ENOENT);
	CHECK_EQ(webrun_start_time(999999999), 0);
	CHECK(webrun_start_time(getpid()) > 0);
	box_close();
}
