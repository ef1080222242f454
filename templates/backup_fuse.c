/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vz-bkmount: serves the files in an archive to the kernel, read-only, through a descriptor of /dev/fuse that somebody else
 * has mounted. In the same box as vz-backup: what it reads may be a stranger's. It ends when the mount does.
 */
#define FUSE_USE_VERSION 35
#include <errno.h>
#include <fcntl.h>
#include <fuse3/fuse_lowlevel.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "templates/backup_tree.h"
#include "templates/unpack_proto.h"
#include "util/auto.h"
#include "util/fdmsg.h"
#include "util/str.h"

#define FDS_MAX BK_CHAIN_MAX
#define KEEP_S 3600.0		/* nothing ever changes */
#define READ_MAX (1u << 20)

struct file { struct bk_seg *seg; size_t n; uint64_t data; };

static struct bk_tree tree;
static uint8_t read_buf[READ_MAX];

static mode_t type_of(char type)
{
	return type == 'd' ? S_IFDIR : type == 'l' ? S_IFLNK : type == 'p' ? S_IFIFO : S_IFREG;
}

static bool is_node(fuse_ino_t ino)
{
	return ino >= 1 && ino <= tree.n;
}

static void stat_of(uint32_t i, struct stat *st)
{
	const struct bk_node *x = &tree.v[tree.v[i].link];

	memset(st, 0, sizeof(*st));
	st->st_ino = tree.v[i].link;
	st->st_mode = type_of(x->row.type) | x->row.mode;
	st->st_nlink = x->row.nlink;
	st->st_uid = x->row.uid;
	st->st_gid = x->row.gid;
	st->st_size = x->row.type == 'l' ? (off_t)strlen(x->row.target) : x->row.type == 'f' ? (off_t)x->row.size : 0;
	st->st_blocks = (blkcnt_t)((x->row.data_len + 511) / 512);
	st->st_blksize = 4096;
	st->st_mtim = (struct timespec){ x->row.mtime, x->row.mtime_ns };
	st->st_ctim = (struct timespec){ x->row.ctime, x->row.ctime_ns };
	st->st_atim = st->st_mtim;
}

static void op_init(void *arg, struct fuse_conn_info *c)
{
	(void)arg;
	c->want &= ~(unsigned)(FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE);
}

static void op_lookup(fuse_req_t rq, fuse_ino_t dir, const char *name)
{
	struct fuse_entry_param p = { .attr_timeout = KEEP_S, .entry_timeout = KEEP_S };
	uint32_t i = is_node(dir) ? bk_tree_find(&tree, (uint32_t)dir, name) : 0;

	if (!i) {
		fuse_reply_err(rq, ENOENT);
		return;
	}
	p.ino = tree.v[i].link;
	stat_of(i, &p.attr);
	fuse_reply_entry(rq, &p);
}

static void op_getattr(fuse_req_t rq, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st;

	(void)fi;
	if (!is_node(ino)) {
		fuse_reply_err(rq, ENOENT);
		return;
	}
	stat_of((uint32_t)ino, &st);
	fuse_reply_attr(rq, &st, KEEP_S);
}

static void op_readlink(fuse_req_t rq, fuse_ino_t ino)
{
	if (!is_node(ino) || tree.v[ino].row.type != 'l')
		fuse_reply_err(rq, EINVAL);
	else
		fuse_reply_readlink(rq, tree.v[ino].row.target);
}

static void op_open(fuse_req_t rq, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct err e = { 0 };
	struct file *f;

	if (!is_node(ino) || tree.v[ino].row.type != 'f') {
		fuse_reply_err(rq, EINVAL);
		return;
	}
	f = calloc(1, sizeof(*f));
	if (!f || bk_tree_map(&tree, (uint32_t)ino, &f->seg, &f->n, &f->data, &e) < 0) {
		free(f);
		fuse_reply_err(rq, e.code == ENOMEM || !e.code ? ENOMEM : EIO);
		return;
	}
	fi->fh = (uintptr_t)f;
	fi->keep_cache = 1;
	fuse_reply_open(rq, fi);
}

static void op_release(fuse_req_t rq, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct file *f = (struct file *)(uintptr_t)fi->fh;

	(void)ino;
	free(f->seg);
	free(f);
	fuse_reply_err(rq, 0);
}

static void op_read(fuse_req_t rq, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi)
{
	const struct file *f = (const struct file *)(uintptr_t)fi->fh;
	struct err e = { 0 };
	size_t got;

	if (bk_tree_read(&tree, (uint32_t)ino, f->seg, f->n, f->data, (uint64_t)off, read_buf, MIN(size, (size_t)READ_MAX), &got,
			 &e) < 0)
		fuse_reply_err(rq, EIO);
	else
		fuse_reply_buf(rq, (const char *)read_buf, got);
}

/* An entry's offset is its node; 1 and 2 stand for "." and "..". */
static void op_readdir(fuse_req_t rq, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi)
{
	uint32_t i = off > 2 && is_node((fuse_ino_t)off - 2) ? tree.v[off - 2].next : is_node(ino) ? tree.v[ino].child : 0;
	size_t used = 0, room = MIN(size, (size_t)READ_MAX);
	char *b = (char *)read_buf;

	(void)fi;
	for (off_t dots = MIN(off, 2) + 1; dots <= 2 && off < 2; dots++) {
		struct stat st = { .st_ino = ino, .st_mode = S_IFDIR };

		used += fuse_add_direntry(rq, b + used, room - used, dots == 1 ? "." : "..", &st, dots);
	}
	for (; i; i = tree.v[i].next) {
		struct stat st;
		size_t n;

		stat_of(i, &st);
		n = fuse_add_direntry(rq, b + used, room - used, tree.v[i].name, &st, (off_t)i + 2);
		if (n > room - used)
			break;
		used += n;
	}
	fuse_reply_buf(rq, b, used);
}

static void op_statfs(fuse_req_t rq, fuse_ino_t ino)
{
	const struct bk_end *end = &tree.in[tree.n_in - 1].end;
	struct statvfs s = { .f_bsize = 4096, .f_frsize = 4096, .f_blocks = end->bytes / 4096 + 1, .f_files = end->entries,
			     .f_namemax = 255 };

	(void)ino;
	fuse_reply_statfs(rq, &s);
}

/* They are in the archive, but not shown: vzrestore brings them. */
static void op_listxattr(fuse_req_t rq, fuse_ino_t ino, size_t size)
{
	(void)ino;
	if (size)
		fuse_reply_buf(rq, NULL, 0);
	else
		fuse_reply_xattr(rq, 0);
}

static const struct fuse_lowlevel_ops ops = {
	.init = op_init, .lookup = op_lookup, .getattr = op_getattr, .readlink = op_readlink, .open = op_open,
	.release = op_release, .read = op_read, .readdir = op_readdir, .statfs = op_statfs,
	.listxattr = op_listxattr,
};

static int recv_go(struct bk_go *go, int fds[FDS_MAX], struct err *e)
{
	size_t n = FDS_MAX;

	if (fdmsg_recv(BK_CTL, go, sizeof(*go), fds, &n, 0) != (ssize_t)sizeof(*go) || go->magic != BK_MAGIC ||
	    go->n_chain == 0 || go->n_chain > n)
		return err_say(e, EPROTO, "vz-bkmount: no start message; it is run by vzdump --mount, not by hand");
	return 0;
}

/* Whoever reads what vzdump says must not wait for this process. */
static void let_go(void)
{
	int root = open("/", O_PATH | O_CLOEXEC);

	for (int fd = 0; root >= 0 && fd <= 2; fd++)
		dup2(root, fd);
}

int main(void)
{
	static struct bk_answer a = { .magic = BK_MAGIC, .stage = BK_DONE };
	static struct bk_go go;
	char name[] = "vz-bkmount", *argv[] = { name, NULL };
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	struct fuse_session *se = NULL;
	int fds[FDS_MAX], rc = -1;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	if (recv_go(&go, fds, &a.err) == 0 && box_enter(-1, INT64_MAX, &a.err) == 0)
		rc = bk_tree_open(&tree, fds, go.n_chain, &a.err);
	a.bad = tree.bad;
	if (rc == 0) {
		se = fuse_session_new(&args, &ops, sizeof(ops), NULL);
		if (!se || fuse_session_mount(se, "/dev/fd/4") != 0)
			rc = err_say(&a.err, EIO, "the archive cannot be served");
	}
	if (rc == 0)
		prctl(PR_SET_PDEATHSIG, 0);	/* from here on the mount is what keeps it */
	if (rc == 0)
		rc = box_seal(&a.err);
	if (send(BK_CTL, &a, sizeof(a), MSG_NOSIGNAL) != (ssize_t)sizeof(a) || rc < 0)
		_exit(2);
	close(BK_CTL);
	let_go();
	rc = fuse_session_loop(se);
	_exit(rc < 0);
}
