/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets, lock and process of one vzweb. */
#include "vzd/webrun.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/str.h"
#include "util/sys.h"
#include "vzd/server_priv.h"

#define BACKLOG 1024
#define PEM_MAX (1u << 20)

/* --- the lock --- */

unsigned long long webrun_start_time(pid_t pid)
{
	struct buf auto_buf b = BUF_INIT;
	struct err ignored = { 0 };
	unsigned long long t = 0;
	char name[32];
	const char *at;

	str_fmt(name, sizeof(name), "/proc/%d/stat", (int)pid);
	if (fio_read_at(AT_FDCWD, name, &b, &ignored) < 0)
		return 0;
	at = strrchr(buf_str(&b), ')');		/* field 2 ends here; 22 is wanted */
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at && sscanf(at, "%llu", &t) == 1 ? t : 0;
}

/* Who holds it has written his name before he became vzweb. */
static int read_holder(int fd, pid_t *ret, struct buf *line, struct err *e)
{
	unsigned long long start = 0;
	char text[1024];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	const char *nl;
	int pid = 0;

	if (n < 0)
		return err_set(e, errno, VZD_WEB_LOCK);
	text[n] = '\0';
	nl = strchr(text, '\n');
	if (sscanf(text, "%d %llu", &pid, &start) != 2 || pid <= 0 || !nl || webrun_start_time(pid) != start)
		return err_say(e, EBUSY, VZD_WEB_LOCK " is locked by a process that is none of its lines; end it");
	buf_adds(line, nl + 1);
	*ret = pid;
	return 1;
}

int webrun_lock(const char *path, int *ret_fd, pid_t *ret_pid, struct buf *line, struct err *e)
{
	auto_close int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_set(e, errno, "%s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? read_holder(fd, ret_pid, line, e) : err_set(e, errno, "lock %s", path);
	*ret_fd = take_fd(&fd);
	return 0;
}

/* --- certificate --- */

static int copy_file(const char *from, const char *dir, const char *name, struct err *e)
{
	struct buf auto_buf b = { .cap = PEM_MAX };
	auto_close int in = open(from, O_RDONLY | O_CLOEXEC | O_NOCTTY), dfd = -1, out = -1;
	int rc = 0;

	if (in < 0)
		return err_set(e, errno, "%s", from);
	if (fio_read_fd(in, &b, from, e) < 0)
		return -e->code;
	dfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	out = dfd < 0 ? -1 : openat(dfd, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (out < 0 || ftruncate(out, 0) < 0 || fio_write_all(out, buf_str(&b), b.len) < 0)
		rc = err_set(e, errno ? errno : EIO, "write %s/%s", dir, name);
	if (b.s)
		explicit_bzero(b.s, b.len);
	return rc;
}

int webrun_copy_tls(const struct vzd_conf *c, const char *dir, struct err *e)
{
	if (path_mkdir_host(dir, 0700, e) < 0)
		return -e->code;
	if (copy_file(c->tls_cert, dir, "web-cert.pem", e) < 0)
		return -e->code;
	return copy_file(c->tls_key, dir, "web-key.pem", e);
}

/* --- sockets --- */

/* The address may come up later than vzd, hence IP_FREEBIND. */
static int listen_tcp(const char *text, int *ret, struct err *e)
{
	struct sockaddr_storage sa;
	auto_close int fd = -1;
	socklen_t len = 0;
	int on = 1;

	if (vzd_addr_parse(text, &sa, &len, e) < 0)
		return -e->code;
	fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)) < 0)
		return err_set(e, errno, "socket for %s", text);
	if (bind(fd, (struct sockaddr *)&sa, len) < 0 || listen(fd, BACKLOG) < 0)
		return err_set(e, errno, "listen on %s", text);
	*ret = take_fd(&fd);
	return 0;
}

static int open_copy(const char *dir, const char *name, int *ret, struct err *e)
{
	auto_close int dfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	*ret = dfd < 0 ? -1 : openat(dfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return *ret < 0 ? err_set(e, errno, "%s/%s", dir, name) : 0;
}

void webrun_close(int fds[WEBRUN_FD_N])
{
	for (int i = 0; i < WEBRUN_FD_N; i++)
		auto_close_(&fds[i]);
}

static int open_tls(const struct vzd_conf *c, const char *dir, int fds[WEBRUN_FD_N], struct err *e)
{
	if (listen_tcp(c->listen, &fds[WEBRUN_LISTEN], e) < 0 || open_copy(dir, "web-cert.pem", &fds[WEBRUN_CERT], e) < 0)
		return -e->code;
	return open_copy(dir, "web-key.pem", &fds[WEBRUN_KEY], e);
}

int webrun_sockets(const struct vzd_conf *c, bool tls, const char *dir, int fds[WEBRUN_FD_N], struct err *e)
{
	const struct group *gr = getgrnam(c->group);
	bool ours;

	for (int i = 0; i < WEBRUN_FD_N; i++)
		fds[i] = -1;
	if (listen_unix(VZD_API_SOCK, 0660, gr ? gr->gr_gid : 0, &fds[WEBRUN_UNIX], &ours, e) < 0 ||
	    (tls && open_tls(c, dir, fds, e) < 0) ||
	    (*c->metrics_listen && listen_tcp(c->metrics_listen, &fds[WEBRUN_METRICS], e) < 0)) {
		webrun_close(fds);
		return -e->code;
	}
	return 0;
}

/* --- the process --- */

static const char *const fd_options[WEBRUN_FD_N] = {
	[WEBRUN_UNIX] = "--unix-fd", [WEBRUN_LISTEN] = "--listen-fd", [WEBRUN_METRICS] = "--metrics-fd",
	[WEBRUN_CERT] = "--cert-fd", [WEBRUN_KEY] = "--key-fd", [WEBRUN_LOCK] = "--lock-fd",
};
#define FIRST_FD 3
#define ARGS_MAX (2 * WEBRUN_FD_N + 10)

struct args {
	const char *v[ARGS_MAX];
	char numbers[WEBRUN_FD_N + 2][24];
	size_t n, n_numbers;
};

static void add(struct args *a, const char *option, const char *value)
{
	a->v[a->n++] = option;
	a->v[a->n++] = value;
}

static void add_number(struct args *a, const char *option, unsigned long long v)
{
	char *text = a->numbers[a->n_numbers++];

	str_fmt(text, sizeof(a->numbers[0]), "%llu", v);
	add(a, option, text);
}

static void make_args(struct args *a, const struct vzd_conf *c, const char *program, const int fds[WEBRUN_FD_N])
{
	a->v[a->n++] = program;
	for (int i = 0; i < WEBRUN_FD_N; i++) {
		if (fds[i] >= 0)
			add_number(a, fd_options[i], (unsigned long long)(FIRST_FD + i));
	}
	add(a, "--vzd", VZD_WEB_SOCK);
	add(a, "--user", c->web_user);
	add_number(a, "--max-conns", c->web_max_conns.v);
	add_number(a, "--max-per-ip", c->web_max_per_ip.v);
	a->v[a->n] = NULL;
}

/* Above all targets first, so that none is overwritten before it is moved. */
static int place_fds(const int fds[WEBRUN_FD_N])
{
	int high[WEBRUN_FD_N];

	for (int i = 0; i < WEBRUN_FD_N; i++) {
		high[i] = fds[i] < 0 ? -1 : fcntl(fds[i], F_DUPFD_CLOEXEC, FIRST_FD + WEBRUN_FD_N);
		if (fds[i] >= 0 && high[i] < 0)
			return -1;
	}
	for (int i = 0; i < WEBRUN_FD_N; i++) {
		if (high[i] >= 0 && dup2(high[i], FIRST_FD + i) < 0)
			return -1;
		if (high[i] < 0)
			close(FIRST_FD + i);
	}
	return sys_close_range(FIRST_FD + WEBRUN_FD_N, ~0u, 0);
}

static int write_lock(int fd, const char *line)
{
	char text[1024];

	if (str_fmt(text, sizeof(text), "%d %llu\n%s", (int)getpid(), webrun_start_time(getpid()), line) < 0)
		return -1;
	return ftruncate(fd, 0) < 0 || pwrite(fd, text, strlen(text), 0) < 0 ? -1 : 0;
}

static void __attribute__((noreturn)) child(const char *program, struct args *a, const int fds[WEBRUN_FD_N], const char *line)
{
	const char *journal = getenv("JOURNAL_STREAM");
	struct buf auto_buf env = BUF_INIT;
	char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *envp[] = { path, NULL, NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (journal)
		buf_addf(&env, "JOURNAL_STREAM=%s", journal);
	envp[1] = journal ? env.s : NULL;
	setsid();
	if (write_lock(fds[WEBRUN_LOCK], line) < 0 || null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || place_fds(fds) < 0)
		_exit(127);
	sys_reset_signals();
	execve(program, (char *const *)(uintptr_t)a->v, envp);
	_exit(127);
}

pid_t webrun_start(const struct vzd_conf *c, const char *program, const int fds[WEBRUN_FD_N], const char *line, struct err *e)
{
	struct args a = { .n = 0 };
	pid_t pid;

	if (access(program, X_OK) < 0)
		return err_set(e, errno, "%s", program);
	make_args(&a, c, program, fds);
	pid = fork();
	if (pid == 0)
		child(program, &a, fds, line);
	return pid < 0 ? err_set(e, errno, "start %s", program) : pid;
}
