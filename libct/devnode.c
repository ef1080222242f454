/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device nodes given to a container, at a start and while it runs. */
#include "libct/devnode.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "libct/ct_priv.h"
#include "libct/dev.h"
#include "libct/inside.h"
#include "libct/sync.h"
#include "util/path.h"
#include "util/sys.h"

static const struct {
	int major, minor;
	const char *name;
} known[] = { { 10, 200, "net/tun" }, { 108, 0, "ppp" }, { 10, 229, "fuse" } };

static const char *known_name(const struct cg_dev *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (d->type == 'c' && d->major == known[i].major && d->minor == known[i].minor)
			return known[i].name;
	return NULL;
}

static int add(struct ct_devnodes *ns, const char *name, int len, const struct cg_dev *d,
	       struct err *e)
{
	struct ct_devnode *n = &ns->v[ns->n];

	if (ns->n == CT_DEVNODES_MAX)
		return err_say(e, E2BIG, "more than %d device nodes", CT_DEVNODES_MAX);
	*n = (struct ct_devnode){ .tree = -1,
				  .dev = makedev((unsigned)d->major, (unsigned)d->minor),
				  .mode = d->type == 'b' ? S_IFBLK | 0660 : S_IFCHR | 0666 };
	if (str_fmt(n->name, sizeof(n->name), "%.*s", len, name) < 0)
		return err_say(e, ENAMETOOLONG, "device node %s", name);
	ns->n++;
	return 0;
}

/* ct_devices() gives the rules of DEVICES first, then those of DEVNODES. */
static int collect(const struct ct_conf *c, struct ct_devnodes *ns, struct err *e)
{
	struct cg_dev dev[64];
	size_t n = 0;

	if (ct_devices(c, dev, ARRAY_SIZE(dev), &n, e) < 0)
		return -e->code;
	for (size_t i = 0; i < n; i++) {
		bool named = i >= c->devices.n;
		const char *item = named ? c->devnodes.v[i - c->devices.n] : known_name(&dev[i]);
		const char *colon = item && named ? strrchr(item, ':') : NULL;

		if (!item || !dev[i].perm[0])
			continue;
		if (add(ns, item, colon ? (int)(colon - item) : (int)strlen(item), &dev[i], e) < 0)
			return -e->code;
	}
	return 0;
}

/* Each under a name of its own: a bind of a file that was unlinked since cannot be attached. */
static int make_one(const struct ct_devnode *n, size_t i, uid_t uid, struct err *e)
{
	char file[32];
	int fd;

	snprintf(file, sizeof(file), "node%zu", i);
	if (mknod(file, n->mode, n->dev) < 0 || chmod(file, n->mode & 07777) < 0 ||
	    chown(file, uid, uid) < 0)
		return err_set(e, errno, "make a device node for /dev/%s", n->name);
	fd = sys_open_tree(AT_FDCWD, file, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "bind the device node of /dev/%s", n->name) : fd;
}

/* The helper: what it mounts dies with it, but for the binds it has sent. */
static void maker(const struct ct_devnodes *ns, uid_t uid, int sk)
{
	struct err e = { 0 };

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", CT_RUN_DIR, "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=700,size=64k") < 0 ||
	    chdir(CT_RUN_DIR) < 0)
		err_set(&e, errno, "prepare device nodes");
	for (size_t i = 0; i < ns->n && !e.code; i++) {
		auto_close int fd = make_one(&ns->v[i], i, uid, &e);

		if (fd >= 0)
			ct_sync_send(sk, CT_SYNC_READY, i, &fd, 1, &e);
	}
	if (e.code)
		ct_sync_fail(sk, &e);
	_exit(0);
}

static int receive(struct ct_devnodes *ns, int sk, struct err *e)
{
	struct ct_sync_msg m;

	for (size_t i = 0; i < ns->n; i++) {
		if (ct_sync_wait(sk, CT_SYNC_READY, &m, e) < 0)
			return -e->code;
		ns->v[i].tree = m.fd[0];
	}
	return 0;
}

int ct_devnode_make(const struct ct_conf *c, uid_t uid, struct ct_devnodes *ret, struct err *e)
{
	int sk[2], rc;
	pid_t pid;

	ret->n = 0;
	if (collect(c, ret, e) < 0)
		return -e->code;
	if (!ret->n)
		return 0;
	if (ct_sync_pair(sk, e) < 0)
		return -e->code;
	pid = fork();
	if (pid == 0)
		maker(ret, uid, sk[1]);
	close(sk[1]);
	rc = pid < 0 ? err_set(e, errno, "fork") : receive(ret, sk[0], e);
	close(sk[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (rc < 0)
		ct_devnode_release(ret);
	return rc;
}

void ct_devnode_release(struct ct_devnodes *ns)
{
	for (size_t i = 0; i < ns->n; i++)
		auto_close_(&ns->v[i].tree);
	ns->n = 0;
}

static int place(int dev, const struct ct_devnode *n, struct err *e)
{
	auto_close int parent = -1, at = -1;
	const char *slash = strrchr(n->name, '/');
	char dir[128];

	if (slash) {
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - n->name), n->name);
		parent = path_mkdirs(dev, dir, 0755, e);
		if (parent < 0)
			return parent;
	}
	at = openat(slash ? parent : dev, slash ? slash + 1 : n->name,
		    O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
	if (at < 0)
		return errno == EEXIST ? 0 : err_set(e, errno, "make /dev/%s", n->name);
	if (sys_move_mount(n->tree, "", at, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_set(e, errno, "give device /dev/%s", n->name);
	return 0;
}

int ct_devnode_place(const char *dev, const struct ct_devnodes *ns, struct err *e)
{
	auto_close int dir = -1;

	if (!ns->n)
		return 0;
	dir = open(dev, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_set(e, errno, "open %s", dev);
	for (size_t i = 0; i < ns->n; i++)
		if (place(dir, &ns->v[i], e) < 0)
			return -e->code;
	return 0;
}

static int place_inside(void *arg, struct err *e)
{
	return ct_devnode_place("/dev", arg, e);
}

int ct_devnode_inject(struct ct *ct, const struct ct_conf *c, struct err *e)
{
	auto_call(ct_devnode_release) struct ct_devnodes ns = { 0 };
	int keep[CT_DEVNODES_MAX];
	struct ct_state s;

	if (!ct_is_running(ct, &s))
		return 0;
	if (ct_devnode_make(c, s.uid_base, &ns, e) < 0)
		return -e->code;
	for (size_t i = 0; i < ns.n; i++)
		keep[i] = ns.v[i].tree;
	return ns.n ? ct_inside_call_keep(ct, keep, ns.n, place_inside, &ns, e) : 0;
}
