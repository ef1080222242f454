/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stages between the parent and the child of a start. */
#include "libct/sync.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/fdmsg.h"
#include "util/table.h"

static const char *const names[] = {
	[CT_SYNC_BORN] = "born",       [CT_SYNC_MAPPED] = "mapped",
	[CT_SYNC_ROOT] = "root",       [CT_SYNC_ROOT_BACK] = "root back",
	[CT_SYNC_CONSOLE] = "console", [CT_SYNC_NET] = "network",
	[CT_SYNC_READY] = "ready",     [CT_SYNC_GO] = "go",
	[CT_SYNC_COMMIT] = "commit",   [CT_SYNC_FAILED] = "failed",
};
_Static_assert(ARRAY_SIZE(names) == CT_SYNC_N, "name every stage");

const char *ct_sync_name(enum ct_sync_stage s)
{
	return s == CT_SYNC_N ? "exec" : table_name(names, ARRAY_SIZE(names), (int)s);
}

int ct_sync_pair(int sk[2], struct err *e)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sk) < 0)
		return err_set(e, errno, "socketpair");
	return 0;
}

static int send_msg(int sk, struct ct_sync_msg *m, const int *fds)
{
	return fdmsg_send(sk, m, sizeof(*m), fds, m->n_fds, 0) < 0 ? -errno : 0;
}

int ct_sync_send(int sk, enum ct_sync_stage stage, uint64_t num, const int *fds, unsigned n_fds,
		 struct err *e)
{
	struct ct_sync_msg m = { .stage = stage, .num = num };
	int pass[CT_SYNC_FDS], rc;

	for (unsigned i = 0; i < n_fds && fds[i] >= 0; i++)
		pass[m.n_fds++] = fds[i];
	rc = send_msg(sk, &m, pass);
	return rc < 0 ? err_set(e, -rc, "send stage %s", ct_sync_name(stage)) : 0;
}

void ct_sync_fail(int sk, const struct err *why)
{
	struct ct_sync_msg m = { .stage = CT_SYNC_FAILED, .err = *why };

	send_msg(sk, &m, NULL);
}

void ct_sync_close_fds(struct ct_sync_msg *m)
{
	for (unsigned i = 0; i < CT_SYNC_FDS; i++)
		auto_close_(&m->fd[i]);
}

/* Returns 1 with a message, 0 at the end of file, -errno. */
static int recv_msg(int sk, struct ct_sync_msg *m)
{
	int fd[CT_SYNC_FDS];
	size_t n_fds = CT_SYNC_FDS;
	ssize_t n = fdmsg_recv(sk, m, sizeof(*m), fd, &n_fds, 0);

	if (n <= 0)
		return n == 0 || errno == ECONNRESET ? 0 : errno == EMSGSIZE ? -EBADMSG : -errno;
	for (size_t i = 0; i < CT_SYNC_FDS; i++)
		m->fd[i] = i < n_fds ? fd[i] : -1;
	if (n != sizeof(*m) || m->stage >= CT_SYNC_N) {
		ct_sync_close_fds(m);
		return -EBADMSG;
	}
	m->err.text[ERR_TEXT_MAX - 1] = '\0';
	return 1;
}

int ct_sync_wait(int sk, enum ct_sync_stage want, struct ct_sync_msg *ret, struct err *e)
{
	struct ct_sync_msg local, *m = ret ? ret : &local;
	int rc = recv_msg(sk, m);
	bool got;

	if (rc < 0)
		return err_set(e, -rc, "wait for stage %s", ct_sync_name(want));
	if (rc == 0)
		return want == CT_SYNC_N ? 0
					 : err_say(e, ECONNRESET, "died before stage '%s'",
						   ct_sync_name(want));
	got = m->stage == want;
	if (m->stage == CT_SYNC_FAILED)
		*e = m->err;
	else if (!got)
		err_say(e, EPROTO, "stage '%s' where '%s' was due", ct_sync_name(m->stage),
			ct_sync_name(want));
	if (!got || !ret)
		ct_sync_close_fds(m);
	return got ? 0 : -e->code;
}
