/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The privileged side of copying a root: has vz-copy started and gives it the two trees. */
#include <errno.h>
#include <sys/socket.h>

#include "templates/copy_proto.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"

/* All that it says before its answer. Whatever does not look like that is for unpack_answer() to judge. */
static void hear(struct unpack *u, struct copy_done *d, tmpl_copy_tell *tell, void *arg)
{
	for (;;) {
		ssize_t n = recv(u->ctl, d, sizeof(*d), MSG_PEEK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof(*d) || d->magic != COPY_MAGIC || d->stage != COPY_PROGRESS)
			return;
		if (recv(u->ctl, d, sizeof(*d), 0) == n && tell && d->done < d->total)
			tell(arg, d->done, d->total);
	}
}

int tmpl_copy(int from, int to, uint32_t id_base, tmpl_copy_tell *tell, void *arg, struct tmpl_count *ret, struct err *e)
{
	const struct copy_go go = { .magic = COPY_MAGIC };
	const struct unpack_msg msg = { .data = &go, .size = sizeof(go), .fds = &from, .n_fds = 1 };
	struct unpack u = { .ctl = -1, .in = -1, .id_base = id_base };
	struct copy_done done = { 0 };
	int rc = unpack_fork(&u, "vz-copy", "copy", (const int[2]){ -1, -1 }, e);

	if (rc == 0)
		rc = unpack_begin(&u, to, &msg, e);
	if (rc == 0)
		hear(&u, &done, tell, arg);
	if (rc == 0)
		rc = unpack_answer(&u, &done, sizeof(done), e);
	unpack_kill(&u);
	if (rc < 0)
		return rc;
	if (done.magic != COPY_MAGIC || done.stage != COPY_DONE)
		return err_say(e, EPROTO, "vz-copy gave no answer that can be read");
	if (done.err.code)
		return unpack_take_text(e, &done.err);
	*ret = done.count;
	return 0;
}
