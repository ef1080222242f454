/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vz-backup: reads what is a stranger's where it can do no harm. Mode write reads a container's tree: its root is that tree,
 * read-only, its user is nobody's, and all it may do is read. The other modes read archives, in a user namespace with
 * nothing in it. Started by templates/backup.c; one answer, then it exits.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "templates/backup_box.h"
#include "templates/backup_walk.h"
#include "templates/unpack_proto.h"
#include "util/auto.h"
#include "util/fdmsg.h"
#include "util/sys.h"

#define FDS_MAX (BK_CHAIN_MAX + 1)
#define TELL_MS 100

static int recv_go(struct bk_go *go, int fds[FDS_MAX], size_t *n, struct err *e)
{
	*n = FDS_MAX;
	if (fdmsg_recv(BK_CTL, go, sizeof(*go), fds, n, 0) != (ssize_t)sizeof(*go) || go->magic != BK_MAGIC ||
	    go->stage != BK_GO || go->select_len > BK_SELECT_MAX || go->conf_len > BK_SELECT_MAX - go->select_len ||
	    go->n_chain > BK_CHAIN_MAX)
		return err_say(e, EPROTO, "vz-backup: no start message; it is run by vzdump and vzrestore, not by hand");
	return *n < go->n_chain ? err_say(e, EPROTO, "vz-backup: descriptors are missing") : 0;
}

void bk_tell(struct bk_run *r)
{
	struct bk_answer a = { .magic = BK_MAGIC, .stage = BK_PROGRESS };
	int64_t now = sys_now_ms();

	if (now < r->told_ms + TELL_MS)
		return;
	r->told_ms = now;
	a.count = *r->count;
	if (send(BK_CTL, &a, sizeof(a), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EAGAIN && errno != EINTR)
		_exit(6);		/* nobody waits for this any more */
}

int bk_seal_threads(struct err *e)
{
	return box_seal(e);
}

static int run(const char *mode, struct bk_run *r, const int *fds, size_t n, struct err *e)
{
	static const struct { const char *name; int (*fn)(struct bk_run *r, struct err *e); } modes[] = {
		{ "emit", bk_emit }, { "list", bk_list }, { "check", bk_check },
	};

	memcpy(r->chain, fds, r->go->n_chain * sizeof(*fds));
	if (strcmp(mode, "write") == 0) {
		if (n != r->go->n_chain + 1)
			return err_say(e, EPROTO, "vz-backup: no tree");
		return box_enter_reader(fds[n - 1], e) < 0 ? -e->code : bk_write(r, e);
	}
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (strcmp(mode, modes[i].name) == 0)
			return box_enter(-1, INT64_MAX, e) < 0 || box_seal(e) < 0 ? -e->code : modes[i].fn(r, e);
	return err_say(e, EINVAL, "vz-backup: unknown mode");
}

int main(int argc, char **argv)
{
	static struct bk_answer a = { .magic = BK_MAGIC, .stage = BK_DONE };
	static struct bk_go go;
	struct bk_run r = { .go = &go, .count = &a.count, .end = &a.end, .bad = &a.bad };
	int fds[FDS_MAX] = { -1 };
	size_t n;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (argc != 2)
		err_say(&a.err, EINVAL, "vz-backup: one mode: write, emit, list or check");
	else if (recv_go(&go, fds, &n, &a.err) == 0)
		run(argv[1], &r, fds, n, &a.err);
	if (send(BK_CTL, &a, sizeof(a), MSG_NOSIGNAL) != (ssize_t)sizeof(a))
		_exit(2);
	_exit(a.err.code != 0);
}
