/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vz-unploop: reads ploop images and the file system in them where it can do no harm, in the same box as vz-unpack: user,
 * mount, pid, network, ipc, uts and cgroup namespaces of its own, the target (or nothing) as its root, no capability
 * beyond writing files, few system calls. It gets descriptors, never names. One answer, then it exits.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "templates/unpack_proto.h"
#include "templates/unploop_proto.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fdmsg.h"
#include "util/fio.h"
#include "util/str.h"

#define DESC_MAX (256u << 10)
#define FDS_MAX (TMPL_PLOOP_MAX + 1)
#define FILE_MAX (INT64_MAX)		/* sizes are the file system's: files may be sparse */

struct job {
	struct unploop_go go;
	int fd[FDS_MAX];
	size_t n_fds;
	struct ploop_chain chain;
};

static int recv_go(struct job *j, struct err *e)
{
	j->n_fds = FDS_MAX;
	if (fdmsg_recv(UNPACK_CTL, &j->go, sizeof(j->go), j->fd, &j->n_fds, 0) != (ssize_t)sizeof(j->go) ||
	    j->go.magic != UNPLOOP_MAGIC || j->go.stage != UNPLOOP_GO)
		return err_say(e, EPROTO, "vz-unploop: no start message; it is run by vzctl, not by hand");
	return j->go.n_images > j->n_fds ? err_say(e, EPROTO, "vz-unploop: images are missing") : 0;
}

static int lock_in(int tree, struct err *e)
{
	return box_enter(tree, FILE_MAX, e) < 0 ? -e->code : box_seal(e);
}

static int describe(struct tmpl_ploop *p, struct err *e)
{
	auto_buf struct buf b = { .cap = DESC_MAX };

	if (lock_in(-1, e) < 0 || fio_read_fd(UNPACK_IN, &b, "the descriptor", e) < 0)
		return -e->code;
	return ploop_desc_parse(buf_str(&b), b.len, p, e);
}

static int open_chain(struct job *j, struct err *e)
{
	enum ploop_probe base = j->go.probe ? PLOOP_IS_ANY : j->go.raw_base ? PLOOP_IS_RAW : PLOOP_IS_IMAGE;

	return ploop_chain_open(j->fd, j->go.n_images, base, &j->chain, e);
}

static int check_closed(const struct job *j, struct err *e)
{
	for (size_t i = 0; !j->go.force && i < j->chain.n; i++)
		if (j->chain.v[i].in_use)
			return err_say(e, EBUSY, "image %zu of %zu is marked as in use", i + 1, j->chain.n);
	return 0;
}

static void describe_image(const struct ploop_image *i, struct tmpl_ploop_image *r)
{
	r->kind = i->kind;
	r->cluster = i->cluster;
	r->blocks = i->n_bat;
	r->allocated = i->allocated;
	r->in_use = i->in_use;
	r->file_bytes = i->size;
	r->disk_bytes = i->sectors * 512;
}

static int info(struct job *j, struct tmpl_ploop *p, struct err *e)
{
	struct err why = { 0 };
	struct ploop_fs f;

	if (lock_in(-1, e) < 0 || open_chain(j, e) < 0)
		return -e->code;
	p->n = (uint32_t)j->chain.n;
	p->disk_bytes = j->chain.bytes;
	p->raw_base = j->chain.v[j->chain.n - 1].kind == TMPL_PLOOP_RAW;
	for (size_t i = 0; i < j->chain.n; i++)
		describe_image(&j->chain.v[i], &p->image[i]);
	if (ploop_fs_open(&j->chain, &f, &why) < 0) {
		str_copy(p->fs_text, sizeof(p->fs_text), why.text);
		return 0;
	}
	str_copy(p->fs, sizeof(p->fs), f.type);
	p->fs_off = f.vol.off;
	p->fs_bytes = f.vol.bytes;
	p->journal = f.replayed;
	ploop_fs_close(&f);
	return 0;
}

static int raw(struct job *j, struct err *e)
{
	if (lock_in(-1, e) < 0 || open_chain(j, e) < 0 || check_closed(j, e) < 0)
		return -e->code;
	return ploop_chain_copy(&j->chain, UNPACK_OUT, e);
}

static int extract(struct job *j, struct tmpl_ploop *p, struct tmpl_count *c, struct err *e)
{
	struct ploop_fs f;
	int rc;

	if (j->n_fds != j->go.n_images + 1u)
		return err_say(e, EPROTO, "vz-unploop: no target");
	if (lock_in(j->fd[j->n_fds - 1], e) < 0 || open_chain(j, e) < 0 || check_closed(j, e) < 0 ||
	    ploop_fs_open(&j->chain, &f, e) < 0)
		return -e->code;
	p->journal = f.replayed;
	rc = ploop_tree_extract(&f, &j->go, c, e);
	ploop_fs_close(&f);
	return rc;
}

static void run(const char *mode, struct job *j, struct unploop_done *d)
{
	if (recv_go(j, &d->err) < 0)
		return;
	if (strcmp(mode, "describe") == 0)
		describe(&d->ploop, &d->err);
	else if (strcmp(mode, "info") == 0)
		info(j, &d->ploop, &d->err);
	else if (strcmp(mode, "raw") == 0)
		raw(j, &d->err);
	else if (strcmp(mode, "extract") == 0)
		extract(j, &d->ploop, &d->count, &d->err);
	else
		err_say(&d->err, EINVAL, "vz-unploop: unknown mode");
}

int main(int argc, char **argv)
{
	static struct unploop_done done = { .magic = UNPLOOP_MAGIC, .stage = UNPLOOP_DONE };
	static struct job job;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (argc == 2)
		run(argv[1], &job, &done);
	else
		err_say(&done.err, EINVAL, "vz-unploop: one mode: describe, info, raw or extract");
	if (send(UNPACK_CTL, &done, sizeof(done), MSG_NOSIGNAL) != (ssize_t)sizeof(done))
		_exit(2);
	_exit(done.err.code != 0);
}
