/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stand-in for vzd behind vzweb: it answers a few fixed paths as vzd would, and some as vzd never should. One thread a
 * connection. mock-vzd SOCKET
 *   /v1/cts/101 an object with an ETag   /v1/cts 1,000 of them   /v1/echo the request itself   /v1/slow?ms=N   /v1/text
 *   /v1/events[?ms=N] a stream, one event at once and then one each N ms   /v1/flood a stream that never waits
 *   /v1/console?kind=console|tty|exec   /v1/garbage /v1/half /v1/split /v1/unasked: what breaks the protocol
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/buf.h"

#define OBJECT "{\"ctid\":%u,\"name\":\"www%u\",\"owner\":\"acme\",\"state\":\"running\",\"hostname\":\"www%u.example.org\"," \
	"\"template\":{\"alias\":\"debian-12-x86_64\"},\"onboot\":true,\"cpus\":2,\"cpu_weight\":1000,\"memory\":{\"limit\":" \
	"1073741824,\"swap\":0,\"used\":123456789},\"disk\":{\"limit\":10737418240,\"used\":1234567890,\"inodes_limit\":655360," \
	"\"inodes_used\":34567},\"net\":[{\"name\":\"venet0\",\"kind\":\"venet\",\"addresses\":[\"10.77.0.%u\"]}],\"uptime_s\":86400," \
	"\"created_at\":\"2026-01-01T00:00:00Z\",\"tags\":{\"plan\":\"small\"},\"features\":[\"nesting\"]}"

struct client { int fd; struct buf out; };

static void flush(struct client *c)
{
	size_t at = 0;

	while (at < c->out.len) {
		ssize_t n = send(c->fd, c->out.s + at, c->out.len - at, MSG_NOSIGNAL);

		if (n <= 0)
			break;
		at += (size_t)n;
	}
	buf_reset(&c->out);
}

static void object(struct buf *b, unsigned id)
{
	buf_addf(b, OBJECT, id, id, id, id % 250);
}

static void reply(struct client *c, int status, const char *headers, const char *body, size_t n)
{
	buf_addf(&c->out, "{\"parameters\":{\"status\":%d,\"type\":\"application/json\",\"headers\":{%s},\"body_length\":%zu,\"body\":",
		 status, headers, n);
	buf_add(&c->out, body, n);
	buf_add(&c->out, "}}", 3);
}

static void raw(struct client *c, const char *s)
{
	buf_add(&c->out, s, strlen(s) + 1);
}

static unsigned param(const char *msg, const char *name, unsigned def)
{
	const char *at = strstr(msg, name);

	return at ? (unsigned)strtoul(at + strlen(name), NULL, 10) : def;
}

static bool hung_up(int fd)
{
	char c;

	return recv(fd, &c, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

static void events(struct client *c, const char *msg)
{
	unsigned ms = param(msg, "ms=", 0), seq = param(msg, "\"last_event_id\":\"", 0);

	raw(c, "{\"parameters\":{\"status\":200,\"type\":\"text/event-stream\"},\"continues\":true}");
	do {
		buf_addf(&c->out, "{\"parameters\":{\"chunk\":\"id: %u\\nevent: ct.started\\ndata: {\\\"seq\\\":%u}\\n\\n\"},"
			 "\"continues\":true}%c", seq + 1, seq + 1, 0);
		seq++;
		flush(c);
		usleep(ms ? ms * 1000 : 0);
	} while (ms && !hung_up(c->fd));
	while (!hung_up(c->fd))
		usleep(20000);
}

static void flood(struct client *c)
{
	char text[8192];

	memset(text, 'x', sizeof(text));
	raw(c, "{\"parameters\":{\"status\":200,\"type\":\"text/event-stream\"},\"continues\":true}");
	for (unsigned i = 0; i < 2000 && !hung_up(c->fd); i++) {
		buf_addf(&c->out, "{\"parameters\":{\"chunk\":\"data: ");
		buf_add(&c->out, text, sizeof(text));
		buf_addf(&c->out, "\\n\\n\"},\"continues\":true}%c", 0);
		flush(c);
	}
}

/* --- terminals --- */

static void send_fds(struct client *c, const char *kind, const int *fds, size_t n)
{
	union { char space[CMSG_SPACE(3 * sizeof(int))]; struct cmsghdr align; } control = { 0 };
	char text[200];
	struct iovec iov = { text, 0 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);

	iov.iov_len = (size_t)snprintf(text, sizeof(text), "{\"parameters\":{\"status\":101,\"ws\":\"%s\",\"fds\":%zu},\"continues\":true}",
				       kind, n) + 1;
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(h), fds, n * sizeof(int));
	sendmsg(c->fd, &m, MSG_NOSIGNAL);
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}

static void run_shell(const char *script)
{
	execl("/bin/sh", "sh", "-c", script, NULL);
	_exit(127);
}

static void tell_exit(struct client *c, pid_t pid)
{
	int st = 0;

	waitpid(pid, &st, 0);
	buf_addf(&c->out, "{\"parameters\":{\"exit\":%d}}%c", WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st), 0);
	flush(c);
}

static void tty(struct client *c)
{
	int master;
	pid_t pid = forkpty(&master, NULL, NULL, NULL);

	if (pid == 0)
		run_shell("stty -echo; echo hello; while read -r l; do case $l in size) stty size ;; bye) exit 7 ;; "
			  "big) head -c 300000 /dev/zero | tr '\\0' z; echo; echo end ;; *) echo \"got $l\" ;; esac; done");
	send_fds(c, "tty", &master, 1);
	tell_exit(c, pid);
}

static void command(struct client *c)
{
	int in[2], out[2], err[2];
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		return;
	pid = fork();
	if (pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(err[1], 2);
		run_shell("cat; echo done >&2; exit 3");
	}
	close(in[0]);
	close(out[1]);
	close(err[1]);
	send_fds(c, "exec", (int[]){ in[1], out[0], err[0] }, 3);
	tell_exit(c, pid);
}

static void console(struct client *c)
{
	char p[4097];
	uint16_t size[2];
	int sv[2];
	ssize_t n;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sv) < 0)
		return;
	send(sv[0], "history", 7, 0);
	send_fds(c, "console", &sv[1], 1);
	while ((n = recv(sv[0], p, sizeof(p), 0)) > 0) {
		if (p[0] == 'w' && n == 5) {
			memcpy(size, p + 1, 4);
			n = snprintf(p, sizeof(p), "size %u %u\n", size[0], size[1]);
			send(sv[0], p, (size_t)n, MSG_NOSIGNAL);
		} else if (p[0] == 'd' && n == 5 && !memcmp(p + 1, "bye\n", 4)) {
			break;
		} else if (p[0] == 'd') {
			send(sv[0], p + 1, (size_t)n - 1, MSG_NOSIGNAL);
		}
	}
	close(sv[0]);
	buf_addf(&c->out, "{\"parameters\":{\"exit\":0}}%c", 0);
	flush(c);
}

static void terminal(struct client *c, const char *msg)
{
	if (strstr(msg, "kind=tty"))
		tty(c);
	else if (strstr(msg, "kind=exec"))
		command(c);
	else
		console(c);
}

/* --- requests --- */

static void list(struct client *c)
{
	struct buf b = { .cap = (size_t)8 << 20 };

	buf_adds(&b, "{\"items\":[");
	for (unsigned i = 0; i < 1000; i++) {
		object(&b, i + 101);
		buf_adds(&b, i < 999 ? "," : "],\"next\":null}");
	}
	reply(c, 200, "", b.s, b.len);
	buf_done(&b);
}

static void one(struct client *c, const char *msg)
{
	struct buf b = { .cap = 4096 };

	object(&b, 101);
	if (strstr(msg, "\"if_none_match\":\"\\\"cafe\\\"\""))
		raw(c, "{\"parameters\":{\"status\":304,\"headers\":{\"ETag\":\"\\\"cafe\\\"\"}}}");
	else
		reply(c, 200, "\"ETag\":\"\\\"cafe\\\"\"", b.s, b.len);
	buf_done(&b);
}

/* False: the connection has done its work. */
static bool request(struct client *c, const char *msg, size_t n)
{
	static const char key[] = "\"path\":\"/v1";
	const char *path = strstr(msg, key);

	path = path ? path + sizeof(key) - 1 : "";
	if (!strncmp(path, "/cts/101\"", 9))
		return one(c, msg), true;
	if (!strncmp(path, "/cts\"", 5))
		return list(c), true;
	if (!strncmp(path, "/echo\"", 6))
		return reply(c, 200, "\"X-Request-Id\":\"00000000deadbeef\"", msg, n), true;
	if (!strncmp(path, "/slow\"", 6)) {
		usleep(param(msg, "ms=", 100) * 1000);
		return reply(c, 200, "", "{}", 2), true;
	}
	if (!strncmp(path, "/text\"", 6))
		return raw(c, "{\"parameters\":{\"status\":200,\"type\":\"text/plain\",\"text\":\"gr\\u00fcn \\ud83d\\ude00\\n\"}}"), true;
	if (!strncmp(path, "/none\"", 6))
		return raw(c, "{\"parameters\":{\"status\":204}}"), true;
	if (!strncmp(path, "/split\"", 7))
		return raw(c, "{\"parameters\":{\"status\":200,\"headers\":{\"X\":\"a\\r\\nSet-Cookie: b\"},\"body_length\":2,\"body\":{}}}"), true;
	if (!strncmp(path, "/garbage\"", 9))
		return raw(c, "{\"parameters\":[nothing}"), true;
	if (!strncmp(path, "/unasked\"", 9))
		return reply(c, 200, "", "{}", 2), reply(c, 200, "", "{}", 2), true;
	if (!strncmp(path, "/half\"", 6))
		return buf_adds(&c->out, "{\"parameters\":{\"status\":20"), false;
	if (!strncmp(path, "/events\"", 8))
		return events(c, msg), false;
	if (!strncmp(path, "/flood/events\"", 14))
		return flood(c), false;
	if (!strncmp(path, "/console\"", 9) && strstr(msg, "\"more\":true"))
		return terminal(c, msg), false;
	if (!strncmp(path, "/console\"", 9))
		return reply(c, 426, "", "{}", 2), true;
	return reply(c, 404, "", "{\"type\":\"/problems/not-found\"}", 30), true;
}

static void *serve(void *arg)
{
	struct client c = { .fd = (int)(intptr_t)arg, .out = { .cap = (size_t)16 << 20 } };
	struct buf in = { .cap = (size_t)2 << 20 };
	char chunk[65536];
	bool go = true;
	ssize_t n;

	while (go && (n = recv(c.fd, chunk, sizeof(chunk), 0)) > 0) {
		size_t at = 0;
		char *end;

		buf_add(&in, chunk, (size_t)n);
		while (go && (end = memchr(in.s + at, '\0', in.len - at))) {
			go = request(&c, in.s + at, (size_t)(end - in.s) - at);
			at = (size_t)(end + 1 - in.s);
		}
		memmove(in.s, in.s + at, in.len - at);
		in.len -= at;
		flush(&c);
	}
	close(c.fd);
	buf_done(&in);
	buf_done(&c.out);
	return NULL;
}

int main(int argc, char **argv)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;
	pthread_attr_t attr;
	pthread_t t;

	if (argc != 2 || strlen(argv[1]) >= sizeof(sa.sun_path))
		return 2;
	memcpy(sa.sun_path, argv[1], strlen(argv[1]) + 1);
	unlink(argv[1]);
	signal(SIGPIPE, SIG_IGN);
	if (bind(s, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(s, 512) < 0) {
		perror(argv[1]);
		return 1;
	}
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 262144);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	while ((fd = accept4(s, NULL, NULL, SOCK_CLOEXEC)) >= 0 || errno == ECONNABORTED || errno == EMFILE) {
		if (fd >= 0 && pthread_create(&t, &attr, serve, (void *)(intptr_t)fd) != 0)
			close(fd);
	}
	return 1;
}
