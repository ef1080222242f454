/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/conn.c */
#include <dirent.h>

#include "tests/unit/t_conn_box.h"

static struct server *s;

static int join(bool web)
{
	struct principal *peer = web ? NULL : auth_peer(d.auth, 0, 0, getpid(), &e);
	int sk[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sk) == 0);
	CHECK_OK(conn_new(s, sk[1], web, 0, peer, &e), &e);
	return sk[0];
}

static int start(void)
{
	box_open();
	s = calloc(1, sizeof(*s));
	CHECK(s);
	s->d = &d;
	buf_init(&s->out, FRAME_REPLY_MAX);
	return join(false);
}

static void stop(int fd)
{
	close(fd);
	for (int i = 0; i < 4000 && s->conns; i++)
		CHECK_OK(ev_turn(d.ev, 10, &e), &e);
	CHECK_EQ(s->stat.conns, 0);
	CHECK(!held);
	buf_done(&s->out);
	free(s);
	box_close();
}

TEST(one_call_after_the_other)
{
	int fd = start();

	for (int i = 0; i < 3; i++) {
		box_ask(fd, "GET", "/t/now", false);
		box_want(fd, "\"body\":{\"path\":\"/t/now\"}}}");
	}
	box_ask(fd, "GET", "/t/none", false);
	box_want(fd, "{\"parameters\":{\"status\":404,");
	CHECK_EQ(s->stat.calls, 4);
	stop(fd);
}

TEST(bytes_may_come_one_by_one)
{
	static const char text[] = "{\"method\":\"org.vz.Api.Call\",\"parameters\":{\"verb\":\"GET\",\"path\":\"/t/now\"}}";
	int fd = start();

	for (size_t i = 0; i < sizeof(text); i++) {
		box_put(fd, text + i, 1);
		box_turn(1);
		CHECK((s->conns->since == 0) == (i == sizeof(text) - 1));
	}
	box_want(fd, "\"status\":200");
	CHECK(!s->conns->in.s);		/* an idle connection holds no buffer */
	stop(fd);
}

TEST(pipelined_calls_are_answered_in_order)
{
	int fd = start();

	box_ask(fd, "GET", "/t/now", false);
	box_ask(fd, "GET", "/t/later", false);
	box_ask(fd, "GET", "/t/none", false);
	box_ask(fd, "GET", "/t/now", false);
	box_want(fd, "\"status\":200");
	box_turn(5);
	CHECK(held);
	CHECK_EQ(s->stat.calls, 2);
	api_json(held, 203, json_object());
	box_want(fd, "\"status\":203");
	box_want(fd, "\"status\":404");
	box_want(fd, "\"status\":200");
	CHECK_EQ(closes, 1);
	stop(fd);
}

TEST(streams)
{
	int fd = start();

	box_ask(fd, "GET", "/t/stream", true);
	box_want(fd, "{\"parameters\":{\"status\":200,\"type\":\"text/event-stream\"");
	api_chunk(held, "id: 1\n\n", 7, false);
	box_want(fd, "{\"parameters\":{\"chunk\":\"id: 1\\n\\n\"},\"continues\":true}");
	box_ask(fd, "GET", "/t/now", false);
	box_turn(3);
	CHECK_EQ(s->stat.calls, 1);
	api_chunk(held, "", 0, true);
	box_want(fd, "{\"parameters\":{\"chunk\":\"\"}}");
	box_want(fd, "\"path\":\"/t/now\"");
	stop(fd);
}

TEST(a_stream_wants_more)
{
	int fd = start();

	box_ask(fd, "GET", "/t/stream", false);
	box_want(fd, "{\"error\":\"org.varlink.service.ExpectedMore\"");
	box_end(fd);
	CHECK_EQ(closes, 1);
	stop(fd);
}

TEST(the_client_leaves)
{
	int fd = start(), other = join(false), third = join(false);

	box_ask(fd, "GET", "/t/later", false);
	box_turn(3);
	CHECK(held);
	close(fd);
	box_turn(3);
	CHECK_EQ(closes, 1);
	CHECK(!held);
	box_ask(other, "GET", "/t/stream", true);
	box_want(other, "\"continues\":true");
	close(other);
	box_turn(3);
	CHECK_EQ(closes, 2);
	CHECK_EQ(s->stat.conns, 1);
	stop(third);
}

TEST(a_slow_reader_of_a_stream_is_closed)
{
	char text[65536];
	int fd = start();

	memset(text, 'a', sizeof(text));
	box_ask(fd, "GET", "/t/stream", true);
	box_turn(3);
	for (int i = 0; i < 40 && held; i++)
		api_chunk(held, text, sizeof(text), false);
	CHECK_EQ(s->stat.slow_closed, 1);
	box_turn(3);
	CHECK_EQ(closes, 1);
	CHECK(!held);
	CHECK_EQ(s->stat.conns, 0);
	stop(fd);
}

TEST(a_stalled_stream_is_flushed_when_it_reads_again)
{
	char text[1000];
	int fd = start();

	memset(text, 'a', sizeof(text));
	box_ask(fd, "GET", "/t/stream", true);
	box_turn(3);
	for (int i = 0; i < 600; i++)
		api_chunk(held, text, sizeof(text), false);
	CHECK(s->conns->out.len > 0);
	box_turn(1);
	CHECK(s->conns->since);
	box_want(fd, "\"status\":200");
	for (int i = 0; i < 600; i++)
		box_want(fd, "aaa\"},\"continues\":true}");
	box_turn(2);
	CHECK(!s->conns->out.s && !s->conns->since);
	stop(fd);
}

TEST(large_answers_arrive_whole)
{
	int fd = start();
	const char *got;

	box_ask(fd, "GET", "/t/big", false);
	got = box_get(fd);
	CHECK(got && strlen(got) > 5u << 20);
	CHECK(str_ends(got, "bbb\"}}"));
	box_ask(fd, "GET", "/t/now", false);
	box_want(fd, "\"status\":200");
	stop(fd);
}

TEST(broken_messages_end_the_connection)
{
	static const char *const t[] = { "GET / HTTP/1.1\r\n\r\n", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "\xff\xfe", "" };
	int fd = start();

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		int bad = join(i % 2);

		box_put(bad, t[i], strlen(t[i]) + 1);
		box_ask(bad, "GET", "/t/now", false);		/* not looked at */
		box_want(bad, "{\"error\":\"org.varlink.service.InvalidParameter\"");
		box_end(bad);
		close(bad);
	}
	CHECK_EQ(s->stat.calls, 0);
	box_ask(fd, "GET", "/t/now", false);
	box_want(fd, "\"status\":200");
	stop(fd);
}

TEST(too_long_without_an_end)
{
	static char block[65536];
	int fd = start(), n = 0;

	memset(block, ' ', sizeof(block));
	while (n < 64 && send(fd, block, sizeof(block), MSG_NOSIGNAL) > 0) {
		box_turn(2);
		n++;
	}
	CHECK(n >= 16 && n <= 20);
	box_want(fd, "message: is longer than 1 MiB");
	box_end(fd);
	stop(fd);
}

TEST(other_methods_are_answered)
{
	static const char info[] = "{\"method\":\"org.varlink.service.GetInfo\"}", none[] = "{\"method\":\"a.b.C\"}",
			  about[] = "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
				    "\"parameters\":{\"interface\":\"org.vz.Api\"}}";
	int fd = start();

	box_put(fd, info, sizeof(info));
	box_put(fd, none, sizeof(none));
	box_put(fd, about, sizeof(about));
	box_want(fd, "\"product\":\"vzd\"");
	box_want(fd, "{\"error\":\"org.varlink.service.MethodNotFound\"");
	box_want(fd, "interface org.vz.Api\\n");
	stop(fd);
}

TEST(half_closed_clients_get_their_answers)
{
	int fd = start(), idle = join(false);

	box_ask(fd, "GET", "/t/now", false);
	box_ask(fd, "GET", "/t/later", false);
	CHECK(shutdown(fd, SHUT_WR) == 0);
	box_want(fd, "\"status\":200");
	box_turn(3);
	CHECK(held);
	api_empty(held);
	box_want(fd, "\"status\":204");
	box_end(fd);
	CHECK(shutdown(idle, SHUT_WR) == 0);
	box_end(idle);
	close(idle);
	stop(fd);
}

TEST(only_a_token_says_who_calls_on_vzwebs_socket)
{
	int fd = start(), web = join(true);
	static const char text[] = "{\"method\":\"org.vz.Api.Call\",\"parameters\":{\"verb\":\"GET\",\"path\":\"/t/now\","
				   "\"token\":\"vz1_AAAAAAAAAAAA_x\",\"remote\":\"192.0.2.1\"}}";

	box_ask(web, "GET", "/t/now", false);		/* SCOPE_NONE: without a token too */
	box_want(web, "\"status\":200");
	box_put(web, text, sizeof(text));
	box_want(web, "\"status\":401");
	close(web);
	stop(fd);
}

/* --- descriptors --- */

static int open_fds(void)
{
	DIR *dp = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dp))
		n++;
	closedir(dp);
	return n;
}

static void send_fds(int sk, const char *path, int fd, size_t n)
{
	union { char buf[CMSG_SPACE(8 * sizeof(int))]; struct cmsghdr align; } u = { 0 };
	struct buf auto_buf b = BUF_INIT;
	struct iovec iov;
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = u.buf, .msg_controllen = CMSG_SPACE(n * sizeof(int)) };

	buf_addf(&b, "{\"method\":\"org.vz.Api.Call\",\"parameters\":{\"verb\":\"POST\",\"path\":\"%s\"}}", path);
	iov = (struct iovec){ .iov_base = b.s, .iov_len = b.len + 1 };
	u.align.cmsg_level = SOL_SOCKET;
	u.align.cmsg_type = SCM_RIGHTS;
	u.align.cmsg_len = CMSG_LEN(n * sizeof(int));
	for (size_t i = 0; i < n; i++)
		memcpy(CMSG_DATA(&u.align) + i * sizeof(int), &fd, sizeof(int));
	CHECK(sendmsg(sk, &m, MSG_NOSIGNAL) == (ssize_t)b.len + 1);
}

TEST(descriptors_reach_the_call_they_came_with)
{
	int fd = start(), p[2], before;
	char c[8];

	CHECK(pipe2(p, O_CLOEXEC | O_NONBLOCK) == 0);
	box_turn(1);		/* the loop opens what it needs */
	before = open_fds();
	box_ask(fd, "GET", "/t/later", false);		/* everything behind waits in one buffer */
	box_ask(fd, "GET", "/t/now", false);
	send_fds(fd, "/t/fds", p[1], 3);
	box_ask(fd, "GET", "/t/now", false);
	send_fds(fd, "/t/fds", p[1], 2);
	box_turn(3);
	api_empty(held);
	box_want(fd, "\"status\":204");
	box_want(fd, "\"status\":200");
	box_want(fd, "\"status\":204");
	CHECK_EQ(got_fds, 3);
	box_want(fd, "\"status\":200");
	box_want(fd, "\"status\":204");
	CHECK_EQ(got_fds, 2);
	CHECK(read(p[0], c, sizeof(c)) == 5);
	CHECK_EQ(open_fds(), before);
	stop(fd);
}

TEST(descriptors_that_nobody_takes_are_closed)
{
	int fd = start(), many = join(false), before, p[2];

	CHECK(pipe2(p, O_CLOEXEC) == 0);
	box_turn(1);		/* the loop opens what it needs */
	before = open_fds();
	send_fds(fd, "/t/now", p[1], 2);
	box_want(fd, "\"status\":405");
	send_fds(fd, "/t/none", p[1], 4);
	box_want(fd, "\"status\":404");
	CHECK_EQ(open_fds(), before);
	send_fds(many, "/t/fds", p[1], 5);
	box_want(many, "more than 4 descriptors");
	box_end(many);
	CHECK_EQ(open_fds(), before - 1);
	got_fds = 0;
	send_fds(fd, "/t/fds", p[1], 4);
	box_want(fd, "\"status\":204");
	CHECK_EQ(got_fds, 4);
	close(many);
	stop(fd);
}

TEST(descriptors_go_out_and_the_end_is_told)
{
	union { char buf[CMSG_SPACE(8 * sizeof(int))]; struct cmsghdr align; } u = { 0 };
	char text[1024] = "";
	struct iovec iov = { .iov_base = text, .iov_len = sizeof(text) - 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = u.buf, .msg_controllen = sizeof(u.buf) };
	int fd = start(), got[2] = { -1, -1 };
	char c;

	box_ask(fd, "GET", "/t/ws", true);
	box_turn(3);
	CHECK(recvmsg(fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) > 0);
	CHECK(strstr(text, "\"status\":101,") && strstr(text, ",\"fds\":2,\"ws\":\"tty\"},\"continues\":true}"));
	CHECK(CMSG_FIRSTHDR(&m) && CMSG_FIRSTHDR(&m)->cmsg_len == CMSG_LEN(2 * sizeof(int)));
	memcpy(got, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(got));
	CHECK(write(got[1], "y", 1) == 1 && read(got[0], &c, 1) == 1 && c == 'y');
	api_chunk(held, "{\"exit\":7}", 10, true);
	box_want(fd, "{\"parameters\":{\"exit\":7}}");
	stop(fd);
}
