/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vz-monitor CTID GEN start|adopt: one per running container. Parent of its init; owner of the
 * console pty and the last 64 KiB it printed; hears the guest's readiness; when init is gone it
 * leaves the reason in /run/vz/CTID/exit and becomes vz-reap, which cleans up or starts again and is
 * left the descriptor of the network namespace, so that nothing inside can keep that alive.
 * Static, no heap, no network, no configuration: everything else may die.
 * Before the start is committed an end of file on the control socket means that the starter
 * died: init is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libct/mon_proto.h"
#include "libct/sync.h"
#include "util/auto.h"
#include "util/fio.h"
#include "util/num.h"
#include "util/sys.h"

#define RING 65536u
#define CLIENTS 8

enum { W_CTL, W_PIDFD, W_MASTER, W_LISTEN, W_NOTIFY, W_READY, W_CLIENT, W_N = W_CLIENT + CLIENTS };

struct client { int fd; enum mon_op op; };

static struct {
	const char *ctid, *gen_text;
	uint64_t gen, written;		/* bytes ever put into the ring */
	int ctl, pidfd, netns, master, slave, listen, notify, ready_fd;
	bool ready, committed;
	struct client client[CLIENTS];
	char ring[RING];
} m;

static void die(const char *what)
{
	fprintf(stderr, "vz-monitor: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* --- clients ----------------------------------------------------------------------------------
 * -------------------- */

static void drop(struct client *c)
{
	auto_close_(&c->fd);
	c->op = 0;
}

static int reply(struct client *c, int error, bool gone)
{
	struct mon_rep r = {
		.magic = MON_MAGIC, .error = error, .ready = m.ready, .gone = gone, .gen = m.gen
	};

	return send(c->fd, &r, sizeof(r), MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof(r) ? 0 : -1;
}

/* A client that does not read loses bytes; it never holds up the guest or the others. */
static void send_ring(struct client *c, uint64_t from)
{
	while (from < m.written) {
		size_t at = from % RING, n = MIN(m.written - from, (uint64_t)MON_PACKET);

		n = MIN(n, (size_t)RING - at);
		if (send(c->fd, m.ring + at, n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
		    errno != EAGAIN) {
			drop(c);
			return;
		}
		from += n;
	}
}

static void answer_waiters(bool gone)
{
	for (struct client *c = m.client; c < m.client + CLIENTS; c++)
		if (c->fd >= 0 && c->op == MON_WAIT) {
			reply(c, 0, gone);
			drop(c);
		}
}

static void request(struct client *c)
{
	struct mon_req q;
	ssize_t n = recv(c->fd, &q, sizeof(q), MSG_DONTWAIT);

	if (n != sizeof(q) || q.magic != MON_MAGIC) {
		drop(c);
	} else if (q.op == MON_WAIT && !m.ready) {
		c->op = MON_WAIT;
	} else if (q.op == MON_CONSOLE && m.master >= 0) {
		c->op = MON_CONSOLE;
		if (reply(c, 0, false) < 0)
			drop(c);
		else
			send_ring(c, m.written > RING ? m.written - RING : 0);
	} else {
		reply(c, q.op == MON_CONSOLE ? ENXIO : 0, false);
		drop(c);
	}
}

static void console_input(struct client *c)
{
	char p[MON_PACKET];
	ssize_t n = recv(c->fd, p, sizeof(p), MSG_DONTWAIT);
	uint16_t size[2];

	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			drop(c);
	} else if (p[0] == MON_DATA) {
		if (write(m.master, p + 1, (size_t)n - 1) < 0 && errno != EAGAIN)
			drop(c);
	} else if (p[0] == MON_WINSIZE && n == 1 + (ssize_t)sizeof(size)) {
		struct winsize w = { 0 };

		memcpy(size, p + 1, sizeof(size));
		w.ws_row = size[0];
		w.ws_col = size[1];
		ioctl(m.master, TIOCSWINSZ, &w);
	}
}

static void accept_client(void)
{
	int fd = accept4(m.listen, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	for (struct client *c = m.client; c < m.client + CLIENTS; c++)
		if (c->fd < 0) {
			c->fd = fd;
			c->op = 0;
			return;
		}
	close(fd);
}

/* --- the guest --------------------------------------------------------------------------------
 * -------------------- */

static void console_output(void)
{
	uint64_t from = m.written;
	size_t at = m.written % RING;
	ssize_t n = read(m.master, m.ring + at, MIN((size_t)RING - at, (size_t)MON_PACKET));

	if (n <= 0)
		return;
	m.written += (uint64_t)n;
	for (struct client *c = m.client; c < m.client + CLIENTS; c++)
		if (c->fd >= 0 && c->op == MON_CONSOLE)
			send_ring(c, from);
}

/* Both channels are written by the guest: bounded reads, the only word that matters is READY=1. */
static void heard(int fd)
{
	char text[1024];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return;
	text[n] = '\0';
	if (strncmp(text, "READY=1", 7) == 0 || strstr(text, "\nREADY=1")) {
		m.ready = true;
		answer_waiters(false);
	}
}

static void commit(void)
{
	struct ct_sync_msg msg;
	struct err e = { 0 };

	if (ct_sync_wait(m.ctl, CT_SYNC_COMMIT, &msg, &e) < 0) { /* the starter gave up or died */
		sys_pidfd_send_signal(m.pidfd, SIGKILL);
		waitid(P_PIDFD, (id_t)m.pidfd, &(siginfo_t){ 0 }, WEXITED);
		exit(1);
	}
	m.committed = true;
	renameat(MON_FD_RUNDIR, MON_STATE_NEXT, MON_FD_RUNDIR,
		 "state"); /* the starter may have done it */
	m.netns = msg.fd[0];
	m.master = msg.fd[1];
	m.notify = msg.fd[2];
	m.ready_fd = msg.fd[3];
	if (m.master >= 0) {
		fcntl(m.master, F_SETFL, O_RDWR | O_NONBLOCK);
		/* one slave stays open, so that the master never hangs up between two users of
		 * the console */
		m.slave = ioctl(m.master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	}
	auto_close_(&m.ctl);
}

struct pidfd_exit { /* struct pidfd_info, first published size with exit_code; ioctl of Linux 6.15 */
	uint64_t mask, cgroupid;
	uint32_t ids[11];
	int32_t exit_code;
};
#define PIDFD_EXIT_INFO _IOWR(0xFF, 11, struct pidfd_exit)
#define PIDFD_EXIT_MASK (1u << 3)

/* wait(2) status of init; -1 when it was not our child and the kernel does not tell. */
static int init_status(void)
{
	siginfo_t si = { 0 };
	struct pidfd_exit x = { .mask = PIDFD_EXIT_MASK };

	if (waitid(P_PIDFD, (id_t)m.pidfd, &si, WEXITED) == 0)
		return si.si_code == CLD_EXITED ? si.si_status << 8 : si.si_status & 0x7f;
	if (ioctl(m.pidfd, PIDFD_EXIT_INFO, &x) == 0 && (x.mask & PIDFD_EXIT_MASK))
		return x.exit_code;
	return -1;
}

/* reboot(2) in a pid namespace kills its init: SIGHUP means restart, SIGINT halt or power-off. */
static const char *reason_of(int status)
{
	if (status == -1)
		return "unknown";
	if (WIFEXITED(status))
		return WEXITSTATUS(status) ? "failed" : "exited";
	return WTERMSIG(status) == SIGHUP   ? "reboot"
	       : WTERMSIG(status) == SIGINT ? "halt"
					    : "killed";
}

/* To vz-reap, under its number; whatever else has that is closed. */
static void pass_netns(void)
{
	if (m.netns == MON_FD_NETNS)
		fcntl(m.netns, F_SETFD, 0);
	else if (m.netns < 0 || dup2(m.netns, MON_FD_NETNS) < 0)
		close(MON_FD_NETNS);
}

static void init_gone(void)
{
	char *argv[] = { "vz-reap", (char *)m.ctid, (char *)m.gen_text, NULL, NULL };
	char *env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", NULL };
	int status = init_status();
	struct err e = { 0 };
	char text[96];
	int n;

	if (!m.committed)
		exit(1);	/* the starter sees it too and cleans up */
	answer_waiters(true);
	n = snprintf(text, sizeof(text), "REASON=\"%s\"\nSTATUS=\"%d\"\nGEN=\"%s\"\n",
		     reason_of(status), status, m.gen_text);
	fio_replace_run(MON_FD_RUNDIR, "exit", text, (size_t)n, 0644, &e);
	argv[3] = (char *)reason_of(status);
	if (setns(MON_FD_HOST, CLONE_NEWNS) < 0 || chdir("/") < 0)
		die("return to the host's mounts");
	pass_netns();
	sys_close_range(3, MON_FD_NETNS - 1, 0);
	sys_close_range(MON_FD_NETNS + 1, ~0u, 0);
	execve(VZ_LIBEXEC "/vz-reap", argv, env);
	die("exec vz-reap");
}

/* --- start ------------------------------------------------------------------------------------
 * -------------------- */

static void write_pid(void)
{
	struct err e = { 0 };
	char text[16];
	int n = snprintf(text, sizeof(text), "%d\n", getpid());

	fio_replace_run(MON_FD_RUNDIR, "monitor.pid", text, (size_t)n, 0644, &e);
}

/* The kernel's memory killer takes everybody else first; refused without CAP_SYS_RESOURCE, which
 * is not fatal. */
static void protect(void)
{
	struct err e = { 0 };

	fio_control(AT_FDCWD, "/proc/self/oom_score_adj", "-999", &e);
	for (int s = 1; s < NSIG; s++)
		if (s != SIGCHLD)
			signal(s, SIG_IGN);
}

static void step(struct pollfd *p)
{
	if (p[W_CTL].revents)
		commit();
	if (p[W_MASTER].revents)
		console_output();
	if (p[W_NOTIFY].revents)
		heard(m.notify);
	if (p[W_READY].revents)
		heard(m.ready_fd);
	if (p[W_LISTEN].revents)
		accept_client();
	for (int i = 0; i < CLIENTS; i++) {
		struct client *c = &m.client[i];

		if (!p[W_CLIENT + i].revents || c->fd != p[W_CLIENT + i].fd)
			continue;
		if (c->op == 0)
			request(c);
		else if (c->op == MON_CONSOLE)
			console_input(c);
		else
			drop(c);
	}
	if (p[W_PIDFD].revents)
		init_gone();
}

int main(int argc, char **argv)
{
	if (argc != 4 || num_u64(argv[2], &m.gen) < 0) {
		fprintf(stderr, "usage: vz-monitor CTID GEN start|adopt (started by vzctl)\n");
		return 20;
	}
	m.ctid = argv[1];
	m.gen_text = argv[2];
	m.committed = strcmp(argv[3], "adopt") == 0;
	m.ctl = m.committed ? -1 : MON_FD_CTL;
	m.pidfd = MON_FD_PIDFD;
	m.netns = m.committed ? MON_FD_NETNS : -1;
	m.master = m.slave = m.notify = m.ready_fd = -1;
	for (int i = 0; i < CLIENTS; i++)
		m.client[i].fd = -1;
	protect();
	umask(077);
	m.listen = MON_FD_LISTEN;
	write_pid();
	for (;;) {
		struct pollfd p[W_N] = {
			[W_CTL] = { m.ctl, POLLIN, 0 }, [W_PIDFD] = { m.pidfd, POLLIN, 0 },
			[W_MASTER] = { m.master, POLLIN, 0 }, [W_LISTEN] = { m.listen, POLLIN, 0 },
			[W_NOTIFY] = { m.notify, POLLIN, 0 }, [W_READY] = { m.ready_fd, POLLIN, 0 },
		};

		for (int i = 0; i < CLIENTS; i++)
			p[W_CLIENT + i] = (struct pollfd){ m.client[i].fd, POLLIN, 0 };
		if (poll(p, W_N, -1) > 0)
			step(p);
	}
}
