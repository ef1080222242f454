/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting vz-outlet, and what it is told that it may reach. */
#include "templates/outlet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "templates/pull.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fdmsg.h"
#include "util/fio.h"
#include "util/sys.h"

#define RESOLV "/etc/resolv.conf"
#define RESOLV_MAX 65536

static int add(struct str_list *named, const char *host, const char *port, struct err *e)
{
	char text[80];

	if (named->n >= OUTLET_NAMED_MAX || str_fmt(text, sizeof(text), "%s/%s", host, port) < 0)
		return 0;
	for (size_t i = 0; i < named->n; i++)
		if (str_eq(named->v[i], text))
			return 0;
	return str_list_add(named, text, e);
}

int outlet_nameservers(struct str_list *named, const char *resolv, struct err *e)
{
	struct str_list lines __attribute__((cleanup(str_list_clear))) = { 0 };
	unsigned char a[16];
	bool found = false;

	if (str_list_split(&lines, resolv, "\n", e) < 0)
		return -e->code;
	for (size_t i = 0; i < lines.n; i++) {
		struct str_list w __attribute__((cleanup(str_list_clear))) = { 0 };

		if (str_list_split(&w, lines.v[i], " \t\r", e) < 0)
			return -e->code;
		if (w.n < 2 || !str_eq(w.v[0], "nameserver") ||
		    (inet_pton(AF_INET, w.v[1], a) != 1 && inet_pton(AF_INET6, w.v[1], a) != 1))
			continue;
		found = true;
		if (add(named, w.v[1], "53", e) < 0)
			return -e->code;
	}
	return found ? 0 : add(named, "127.0.0.1", "53", e);	/* as the resolver library has it */
}

int outlet_name(struct str_list *named, const char *url, struct err *e)
{
	const char *p = strstr(url, "://"), *port = str_starts(url, "https") ? "443" : "80";
	const struct addrinfo hint = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *list = NULL;
	char host[256], number[8];
	size_t n;

	if (!p || (!str_starts(url, "http://") && !str_starts(url, "https://")))
		return 0;
	p += 3;
	if (memchr(p, '@', strcspn(p, "/")))
		p = strchr(p, '@') + 1;
	n = p[0] == '[' ? strcspn(++p, "]/") : strcspn(p, ":/");
	if (n >= sizeof(host))
		return 0;
	memcpy(host, p, n);
	host[n] = '\0';
	p += n + (p[n] == ']');
	if (*p == ':' && str_fmt(number, sizeof(number), "%.*s", (int)strcspn(p + 1, "/"), p + 1) == 0)
		port = number;
	if (getaddrinfo(host, port, &hint, &list) != 0)
		return 0;		/* whoever wants it will be told so */
	for (struct addrinfo *a = list; a; a = a->ai_next) {
		char text[NI_MAXHOST];

		if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST) == 0 &&
		    !strchr(text, '%') && add(named, text, port, e) < 0)
			break;
	}
	freeaddrinfo(list);
	return e->code ? -e->code : 0;
}

static void __attribute__((noreturn)) child(const char *prog, const struct str_list *named, int ctl)
{
	const char *argv[OUTLET_NAMED_MAX + 2] = { prog };
	char *const env[] = { NULL };
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; i < named->n && i < OUTLET_NAMED_MAX; i++)
		argv[i + 1] = named->v[i];
	setpgid(0, 0);
	fd = fcntl(ctl, F_DUPFD_CLOEXEC, 10);
	if (fd < 0 || dup2(fd, OUTLET_CTL) < 0)
		_exit(3);
	sys_close_range(OUTLET_CTL + 1, ~0u, CLOSE_RANGE_CLOEXEC);
	sys_reset_signals();
	execve(prog, (char *const *)argv, env);
	_exit(5);
}

static int hear(struct outlet *o, struct err *e)
{
	struct outlet_answer a = { .code = 0 };
	size_t n_fds = 1;
	ssize_t n = fdmsg_recv(o->ctl, &a, sizeof(a), &o->netns, &n_fds, 0);

	if (n != (ssize_t)sizeof(a))
		return err_say(e, EPROTO, "vz-outlet ended before it had a network for the build");
	if (a.code)
		return err_say(e, a.code, "%.*s", (int)sizeof(a.text) - 1, a.text);
	return n_fds == 1 ? 0 : err_say(e, EPROTO, "vz-outlet sent no network");
}

static int begin(struct outlet *o, const struct str_list *named, struct err *e)
{
	char prog[4096];
	int sk[2];

	if (unpack_helper_path("vz-outlet", prog, e) < 0)
		return -e->code;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sk) < 0)
		return err_set(e, errno, "socketpair");
	o->ctl = sk[0];
	o->pid = fork();
	if (o->pid == 0)
		child(prog, named, sk[1]);
	close(sk[1]);
	return o->pid < 0 ? err_set(e, errno, "run %s", prog) : hear(o, e);
}

int outlet_open(struct outlet *o, const struct str_list *named, struct err *e)
{
	struct str_list all __attribute__((cleanup(str_list_clear))) = { 0 };
	auto_buf struct buf resolv = { .cap = RESOLV_MAX };
	auto_close int fd = open(RESOLV, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	*o = (struct outlet)OUTLET_NONE;
	for (size_t i = 0; named && i < named->n; i++)
		if (str_list_add(&all, named->v[i], e) < 0)
			return -e->code;
	if ((fd >= 0 && fio_read_fd(fd, &resolv, RESOLV, e) < 0) ||
	    outlet_nameservers(&all, buf_str(&resolv), e) < 0)
		return -e->code;
	if (begin(o, &all, e) < 0) {
		outlet_close(o);
		return err_add(e, "network for the build");
	}
	return 0;
}

void outlet_close(struct outlet *o)
{
	if (o->netns >= 0)
		close(o->netns);
	if (o->ctl >= 0)
		close(o->ctl);
	if (o->pid > 0) {
		kill(o->pid, SIGKILL);
		while (waitpid(o->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	*o = (struct outlet)OUTLET_NONE;
}
