/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/lib/test.h"
#include "util/str.h"
#include "vzd/web_priv.h"

/* One thread: the test plays vzd between the loop's turns. */
static struct ev *ev;
static struct up *up;
static int listener = -1;
static struct sockaddr_un addr = { .sun_family = AF_UNIX };

struct call { struct up_call c; const char *text; char got[256]; int n, failed, fds; };

static void put(struct up_call *c, struct buf *b)
{
	const char *text = ((struct call *)(void *)c)->text;

	buf_add(b, text, strlen(text) + 1);
}

static void on_reply(struct up_call *c, const struct web_reply *r, const char *why, const int *fds, size_t n_fds)
{
	struct call *k = (struct call *)(void *)c;

	k->n++;
	k->fds = (int)n_fds;
	for (size_t i = 0; i < n_fds; i++)
		close(fds[i]);
	k->failed += !r;
	str_fmt(k->got, sizeof(k->got), "%.*s", r ? (int)(r->body.s ? r->body.len : r->chunk.len) : 255,
		r ? r->body.s ? r->body.s : r->chunk.s ? r->chunk.s : "" : why);
}

static struct call make(const char *text, enum up_lane lane)
{
	return (struct call){ .c = { .put = put, .reply = on_reply, .lane = lane }, .text = text };
}

static void serve(int backlog)
{
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	unlink(addr.sun_path);
	CHECK(bind(listener, (struct sockaddr *)&addr, sizeof(addr)) == 0 && listen(listener, backlog) == 0);
}

static void begin(void)
{
	struct err e = { 0 };

	CHECK(str_fmt(addr.sun_path, sizeof(addr.sun_path), "%s/s", test_tmp()) == 0);
	CHECK_OK(ev_open(&ev, &e), &e);
	CHECK_OK(up_open(ev, addr.sun_path, &up, &e), &e);
}

static void end(void)
{
	up_close(up);
	ev_close(ev);
	close(listener);
}

static void turns(int n)
{
	struct err e = { 0 };

	while (n--)
		CHECK_OK(ev_turn(ev, 2, &e), &e);
}

static int take(void)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	CHECK(fd >= 0);
	return fd;
}

static void say(int fd, const char *s)
{
	CHECK_EQ(send(fd, s, strlen(s) + 1, MSG_NOSIGNAL), strlen(s) + 1);
	turns(3);
}

/* What has come, NULs shown as |. */
static const char *heard(int fd)
{
	static char s[1024];
	ssize_t n = recv(fd, s, sizeof(s) - 1, 0);

	s[n > 0 ? n : 0] = '\0';
	for (ssize_t i = 0; i < n; i++)
		s[i] = s[i] ? s[i] : '|';
	return n == 0 ? "closed" : n < 0 ? "nothing" : s;
}

#define BODY(text) "{\"parameters\":{\"status\":200,\"body_length\":3,\"body\":\"" text "\"}}"

TEST(up_pipelines_quick_calls)
{
	struct call a = make("A", UP_FAST), b = make("B", UP_FAST), c = make("C", UP_FAST);
	static const char two[] = BODY("a") "\0" BODY("b");
	int fd;

	begin();
	serve(8);
	up_send(up, &a.c);
	up_send(up, &b.c);
	up_send(up, &c.c);
	turns(3);
	fd = take();
	CHECK_ERR(accept4(listener, NULL, NULL, 0), 1);
	CHECK_STR(heard(fd), "A|B|C|");
	/* Two answers at once, the third byte by byte. */
	CHECK_EQ(send(fd, two, sizeof(two), 0), sizeof(two));
	turns(3);
	CHECK_STR(a.got, "\"a\"");
	CHECK_STR(b.got, "\"b\"");
	CHECK_EQ(c.n, 0);
	for (const char *s = BODY("c"); ; s++) {
		CHECK_EQ(send(fd, s, 1, 0), 1);
		turns(1);
		if (!*s)
			break;
	}
	turns(2);
	CHECK_STR(c.got, "\"c\"");
	CHECK(a.n == 1 && b.n == 1 && c.n == 1 && !a.failed);
	close(fd);
	end();
}

TEST(up_slow_calls_have_their_own)
{
	struct call a = make("A", UP_OWN), b = make("B", UP_OWN), c = make("C", UP_OWN);
	int one, two;

	begin();
	serve(8);
	up_send(up, &a.c);
	up_send(up, &b.c);
	turns(3);
	one = take();
	two = take();
	CHECK_STR(heard(one), "A|");
	CHECK_STR(heard(two), "B|");
	say(two, BODY("b"));
	CHECK_EQ(b.n, 1);
	CHECK_EQ(a.n, 0);
	/* The one that is free serves the next. */
	up_send(up, &c.c);
	turns(3);
	CHECK_STR(heard(two), "C|");
	up_cancel(up, &a.c);
	turns(2);
	CHECK_STR(heard(one), "closed");
	say(two, BODY("c"));
	CHECK_EQ(c.n, 1);
	CHECK_EQ(a.n, 0);
	close(one);
	close(two);
	end();
}

TEST(up_goes_around_a_call_that_takes_its_time)
{
	struct call a = make("A", UP_FAST), b = make("B", UP_FAST);
	int one, two;

	begin();
	serve(8);
	up_send(up, &a.c);
	turns(3);
	one = take();
	usleep(80000);
	up_send(up, &b.c);
	turns(3);
	two = take();
	CHECK_STR(heard(two), "B|");
	say(two, BODY("b"));
	CHECK_EQ(b.n, 1);
	say(one, BODY("a"));
	CHECK_EQ(a.n, 1);
	close(one);
	close(two);
	end();
}

TEST(up_streams_end_with_their_connection)
{
	struct call a = make("A", UP_STREAM), b = make("B", UP_STREAM);
	int one, two;

	begin();
	serve(8);
	up_send(up, &a.c);
	turns(3);
	one = take();
	say(one, "{\"parameters\":{\"status\":200,\"type\":\"text/event-stream\"},\"continues\":true}");
	say(one, "{\"parameters\":{\"chunk\":\"x\"},\"continues\":true}");
	CHECK_STR(a.got, "x");
	CHECK_EQ(a.n, 2);
	say(one, "{\"parameters\":{\"chunk\":\"y\"}}");
	CHECK_STR(a.got, "y");
	turns(2);
	CHECK_STR(heard(one), "A|");
	CHECK_STR(heard(one), "closed");
	up_send(up, &b.c);
	turns(3);
	two = take();
	say(two, "{\"parameters\":{\"status\":200},\"continues\":true}");
	up_cancel(up, &b.c);
	turns(2);
	CHECK_STR(heard(two), "B|");
	CHECK_STR(heard(two), "closed");
	CHECK_EQ(b.n, 1);
	close(one);
	close(two);
	end();
}

TEST(up_descriptors_come_with_their_message)
{
	union { char space[CMSG_SPACE(2 * sizeof(int))]; struct cmsghdr align; } control = { 0 };
	char text[] = "{\"parameters\":{\"status\":101,\"ws\":\"tty\",\"fds\":2},\"continues\":true}";
	struct iovec iov = { text, sizeof(text) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof(control.space) };
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	struct call a = make("A", UP_STREAM);
	int fd, pipes[2];

	begin();
	serve(8);
	up_send(up, &a.c);
	turns(3);
	fd = take();
	CHECK_EQ(pipe2(pipes, O_CLOEXEC), 0);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(pipes));
	memcpy(CMSG_DATA(h), pipes, sizeof(pipes));
	CHECK_EQ(sendmsg(fd, &m, 0), sizeof(text));
	turns(3);
	CHECK_EQ(a.fds, 2);
	close(pipes[0]);
	close(pipes[1]);
	close(fd);
	end();
}

TEST(up_without_vzd)
{
	struct call a = make("A", UP_FAST), b = make("B", UP_OWN);

	begin();
	up_send(up, &a.c);
	up_send(up, &b.c);
	CHECK_EQ(a.failed, 1);
	CHECK_EQ(b.failed, 1);
	CHECK(strstr(a.got, "No such file"));
	end();
}

TEST(up_sends_once_more_when_vzd_dies)
{
	struct call a = make("A", UP_FAST), b = make("B", UP_OWN);
	int one, two;

	begin();
	serve(8);
	a.c.again = true;
	up_send(up, &a.c);
	up_send(up, &b.c);
	turns(3);
	one = take();
	two = take();
	close(one);
	close(two);
	turns(3);
	CHECK_EQ(a.n, 0);
	CHECK_EQ(b.failed, 1);		/* a change: whether it was done is not known */
	one = take();
	CHECK_STR(heard(one), "A|");
	close(one);
	turns(3);
	CHECK_EQ(a.failed, 1);
	end();
}

TEST(up_does_not_believe_everything)
{
	static const char *const bad[] = { "nonsense", "{\"error\":\"org.varlink.service.InvalidParameter\"}", "{\"parameters\":[]",
					   "{\"parameters\":{\"status\":200},\"continues\":true}" };
	int fd;

	begin();
	serve(8);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct call a = make("A", UP_FAST), b = make("B", UP_FAST);

		up_send(up, &a.c);
		up_send(up, &b.c);
		turns(3);
		fd = take();
		say(fd, bad[i]);
		CHECK(a.failed == 1 && b.failed == 1);
		close(fd);
	}
	/* An answer to nothing. */
	struct call c = make("C", UP_FAST), d = make("D", UP_FAST);

	up_send(up, &c.c);
	turns(3);
	fd = take();
	say(fd, BODY("c"));
	CHECK_EQ(c.n, 1);
	say(fd, BODY("c"));
	CHECK_EQ(c.n, 1);
	close(fd);
	up_send(up, &d.c);
	turns(3);
	fd = take();
	CHECK_STR(heard(fd), "D|");
	close(fd);
	end();
}

/* connect() to a full backlog says EAGAIN. */
TEST(up_waits_for_room)
{
	struct call c[12];
	int fds[ARRAY_SIZE(c)], n = 0, answered = 0;

	begin();
	serve(1);
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		c[i] = make("A", UP_OWN);
		up_send(up, &c[i].c);
	}
	up_cancel(up, &c[ARRAY_SIZE(c) - 1].c);
	for (int i = 0; i < 200 && n < (int)ARRAY_SIZE(c) - 1; i++) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0)
			fds[n++] = fd;
		turns(2);
	}
	CHECK_EQ(n, ARRAY_SIZE(c) - 1);
	turns(3);
	for (int i = 0; i < n; i++) {
		CHECK_STR(heard(fds[i]), "A|");
		say(fds[i], BODY("a"));
		close(fds[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(c); i++)
		answered += c[i].n;
	CHECK_EQ(answered, n);
	end();
}
