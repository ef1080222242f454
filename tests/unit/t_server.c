/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/server.c and vzd/listen.c: on a /run of this test's own. */
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "tests/unit/t_conn_box.h"

static void own_run(void)
{
	test_own_mounts();
	CHECK(mount("run", "/run", "tmpfs", 0, "mode=755") == 0);
	box_open();
}

static int dial(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(str_copy(sa.sun_path, sizeof(sa.sun_path), path) == 0);
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	close(fd);
	return -errno;
}

static void stop(struct server *s)
{
	server_close(s);
	box_close();
	CHECK(umount2("/run", MNT_DETACH) == 0);
}

TEST_ROOT(both_sockets_serve_and_are_removed)
{
	struct server *s = NULL;
	struct server_stat st;
	int a, b;

	own_run();
	CHECK_OK(server_open(&d, &s, &e), &e);
	a = dial(VZD_SOCK);
	b = dial(VZD_WEB_SOCK);
	CHECK(a >= 0 && b >= 0);
	box_ask(a, "GET", "/t/now", false);
	box_want(a, "\"status\":200");
	box_ask(b, "GET", "/t/now", false);
	box_want(b, "\"status\":200");
	server_stat(s, &st);
	CHECK_EQ(st.conns, 2);
	CHECK_EQ(st.accepted, 2);
	CHECK_EQ(st.calls, 2);
	close(a);
	close(b);
	box_turn(3);
	server_stat(s, &st);
	CHECK_EQ(st.conns, 0);
	server_reload(s);
	server_close(s);
	CHECK(access(VZD_SOCK, F_OK) < 0 && access(VZD_WEB_SOCK, F_OK) < 0);
	CHECK_OK(server_open(&d, &s, &e), &e);
	stop(s);
}

/* A socket's file of one that was killed is in nobody's way. */
TEST_ROOT(old_files_are_replaced_and_modes_are_right)
{
	struct server *s = NULL;
	struct stat st;
	int fd;

	own_run();
	umask(0);
	CHECK(mkdir("/run/vz", 0755) == 0);
	fd = open(VZD_SOCK, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	CHECK(fd >= 0);
	close(fd);
	CHECK_OK(server_open(&d, &s, &e), &e);
	CHECK(stat(VZD_SOCK, &st) == 0 && S_ISSOCK(st.st_mode));
	CHECK_EQ(st.st_mode & 07777, 0660);
	CHECK_EQ(st.st_uid, 0);
	CHECK_EQ(st.st_gid, 0);		/* the group is not there */
	stop(s);
}

static pid_t child_as(uid_t uid, const char *path, int *ret_fd)
{
	int p[2];
	pid_t pid;

	CHECK(pipe2(p, O_CLOEXEC) == 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		char text[512];
		ssize_t n;
		int fd;

		if (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
			_exit(1);
		fd = dial(path);
		n = fd < 0 ? str_fmt(text, sizeof(text), "errno %d", -fd), (ssize_t)strlen(text) : read(fd, text, sizeof(text));
		_exit(n > 0 && write(p[1], text, (size_t)n) == n ? 0 : 1);
	}
	close(p[1]);
	*ret_fd = p[0];
	return pid;
}

static void want_as(uid_t uid, const char *path, const char *part)
{
	char text[512] = "";
	int fd, status = -1;
	pid_t pid = child_as(uid, path, &fd);

	for (int i = 0; i < 4000 && waitpid(pid, &status, WNOHANG) == 0; i++)
		CHECK_OK(ev_turn(d.ev, 10, &e), &e);
	CHECK_EQ(status, 0);
	CHECK(read(fd, text, sizeof(text) - 1) > 0);
	if (!strstr(text, part))
		test_fail(__FILE__, __LINE__, "uid %u: '%s' instead of '%s'", uid, text, part);
	close(fd);
}

TEST_ROOT(strangers_are_refused)
{
	struct server *s = NULL;
	struct server_stat st;

	own_run();
	CHECK_OK(server_open(&d, &s, &e), &e);
	want_as(65534, VZD_SOCK, "errno 13");
	want_as(65534, VZD_WEB_SOCK, "errno 13");
	CHECK(chmod(VZD_SOCK, 0666) == 0 && chmod(VZD_WEB_SOCK, 0666) == 0);	/* the file's mode is not the only guard */
	want_as(65534, VZD_SOCK, "{\"error\":\"org.vz.Api.Refused\",\"parameters\":{\"detail\":\"uid 65534 is neither root nor");
	want_as(65534, VZD_WEB_SOCK, "this socket is for vzweb alone");
	server_stat(s, &st);
	CHECK_EQ(st.refused, 2);
	CHECK_EQ(st.conns, 0);
	stop(s);
}

/* Opens connections until one is refused, and exits with their number. */
static pid_t greedy_child(void)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0) {
		char text[512];
		ssize_t n;

		if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
			_exit(1);
		for (int i = 0; i <= SERVER_CONNS_UID; i++) {
			int fd = dial(VZD_SOCK);

			if (fd < 0)
				_exit(2);
			if (i < SERVER_CONNS_UID)
				continue;
			n = read(fd, text, sizeof(text) - 1);
			text[MAX(n, (ssize_t)0)] = '\0';
			_exit(strstr(text, "too many connections of this user") ? 0 : 3);
		}
	}
	return pid;
}

TEST_ROOT(one_user_cannot_take_all_connections)
{
	struct server *s = NULL;
	int status = -1, root;
	pid_t pid;

	own_run();
	free(d.conf.group);
	d.conf.group = strdup("nogroup");
	CHECK_OK(server_open(&d, &s, &e), &e);
	root = dial(VZD_SOCK);
	pid = greedy_child();
	for (int i = 0; i < 4000 && waitpid(pid, &status, WNOHANG) == 0; i++)
		CHECK_OK(ev_turn(d.ev, 10, &e), &e);
	CHECK_EQ(status, 0);
	CHECK_EQ(s->stat.refused, 1);
	CHECK_EQ(s->stat.accepted, SERVER_CONNS_UID + 2);
	box_ask(root, "GET", "/t/now", false);
	box_want(root, "\"status\":200");
	close(root);
	root = dial(VZD_SOCK);
	s->stat.conns += SERVER_CONNS;			/* as if there were so many */
	box_want(root, "too many connections");
	box_end(root);
	s->stat.conns -= SERVER_CONNS;
	close(root);
	stop(s);
}

static int count_accepted(const struct server *s)
{
	return (int)s->stat.accepted;
}

TEST_ROOT(out_of_descriptors_is_a_pause_and_no_spin)
{
	struct server *s = NULL;
	struct rlimit l, low;
	struct ev_stat before, after;
	int fd[6], max;

	own_run();
	CHECK_OK(server_open(&d, &s, &e), &e);
	box_turn(1);
	for (int i = 0; i < 6; i++)
		fd[i] = dial(VZD_SOCK);
	max = fd[5];
	CHECK(getrlimit(RLIMIT_NOFILE, &l) == 0);
	low = l;
	low.rlim_cur = (rlim_t)max + 3;
	CHECK(setrlimit(RLIMIT_NOFILE, &low) == 0);
	ev_stat(d.ev, &before);
	for (int i = 0; i < 10; i++)
		CHECK_OK(ev_turn(d.ev, 30, &e), &e);
	ev_stat(d.ev, &after);
	CHECK_EQ(count_accepted(s), 2);
	CHECK(s->paused);
	CHECK(after.turns - before.turns <= 10);
	box_ask(fd[0], "GET", "/t/now", false);		/* those that are there are served */
	box_want(fd[0], "\"status\":200");
	CHECK(setrlimit(RLIMIT_NOFILE, &l) == 0);
	for (int i = 0; i < 2000 && count_accepted(s) < 6; i++)
		CHECK_OK(ev_turn(d.ev, 20, &e), &e);
	CHECK_EQ(count_accepted(s), 6);
	box_ask(fd[5], "GET", "/t/now", false);
	box_want(fd[5], "\"status\":200");
	for (int i = 0; i < 6; i++)
		close(fd[i]);
	stop(s);
}

TEST_ROOT(stalled_ones_are_swept)
{
	struct server *s = NULL;
	int slow, idle;

	own_run();
	CHECK_OK(server_open(&d, &s, &e), &e);
	idle = dial(VZD_SOCK);
	box_turn(2);
	slow = dial(VZD_SOCK);
	box_turn(2);
	box_put(slow, "{\"me", 4);
	box_turn(2);
	CHECK(s->conns->since);
	ev_set_timer(s->sweep, 0);
	CHECK_OK(ev_turn(d.ev, 100, &e), &e);
	CHECK_EQ(s->stat.conns, 2);
	s->conns->since -= CONN_STALL_MS + 1000;
	ev_set_timer(s->sweep, 0);
	CHECK_OK(ev_turn(d.ev, 100, &e), &e);
	CHECK_EQ(s->stat.conns, 1);
	CHECK_EQ(s->stat.slow_closed, 1);
	box_end(slow);
	close(idle);
	close(slow);
	stop(s);
}

TEST_ROOT(drain_lets_calls_end_and_takes_no_new_ones)
{
	struct server *s = NULL;
	int busy, idle, stream, late;

	own_run();
	CHECK_OK(server_open(&d, &s, &e), &e);
	stream = dial(VZD_SOCK);
	idle = dial(VZD_SOCK);
	busy = dial(VZD_SOCK);
	box_ask(stream, "GET", "/t/stream", true);
	box_want(stream, "\"status\":200");
	box_ask(busy, "GET", "/t/later", false);
	box_turn(3);
	CHECK_EQ(server_busy(s), 1);
	server_drain(s);
	box_end(idle);
	box_end(stream);
	CHECK_EQ(server_busy(s), 1);
	late = dial(VZD_SOCK);
	box_turn(5);
	CHECK_EQ(count_accepted(s), 3);
	api_empty(held);
	box_want(busy, "\"status\":204");
	box_end(busy);
	CHECK_EQ(server_busy(s), 0);
	close(idle);
	close(stream);
	close(busy);
	close(late);
	stop(s);
}

/* systemd's socket, descriptor 3: used as it is, and still there after us. */
TEST_ROOT(sockets_that_were_passed_are_kept)
{
	struct server *s = NULL;
	struct sockaddr_un sa = { .sun_family = AF_UNIX, .sun_path = VZD_SOCK };
	int fd, c, runners = fcntl(3, F_DUPFD_CLOEXEC, 50);
	char pid[16];

	test_own_mounts();
	CHECK(mount("run", "/run", "tmpfs", 0, "mode=755") == 0);
	CHECK(mkdir("/run/vz", 0755) == 0);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 && listen(fd, 8) == 0);
	CHECK(dup2(fd, 3) == 3);
	box_open();
	c = dial(VZD_SOCK);		/* before anybody serves it */
	box_ask(c, "GET", "/t/now", false);
	CHECK(str_fmt(pid, sizeof(pid), "%d", (int)getpid()) == 0);
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	CHECK_OK(server_open(&d, &s, &e), &e);
	CHECK(!getenv("LISTEN_FDS") && !s->listen[LISTEN_LOCAL].ours && s->listen[LISTEN_WEB].ours);
	CHECK_EQ(s->listen[LISTEN_LOCAL].fd, 3);
	CHECK(fcntl(3, F_GETFD) & FD_CLOEXEC);
	box_want(c, "\"status\":200");
	close(c);
	server_close(s);
	CHECK(access(VZD_SOCK, F_OK) == 0 && access(VZD_WEB_SOCK, F_OK) < 0);
	close(fd);
	if (runners >= 0)
		CHECK(dup2(runners, 3) == 3);
	box_close();
	CHECK(umount2("/run", MNT_DETACH) == 0);
}
