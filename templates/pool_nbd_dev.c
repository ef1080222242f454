/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's half: devices made, found and given a new connection by generic netlink. */
#include "templates/pool_nbd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/nbd-netlink.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "templates/pool.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/num.h"
#include "util/spawn.h"

#define SECTOR 512
#define BLOCK 4096
#define DEAD_S 5	/* a read waits so long for a new connection before it is an I/O error */
#define REPLY_S 10	/* a server has to answer a read in */
#define READY_MS 5000	/* for the device node and its size */
#define BACKEND "vz-pool %s "
#define FLAG_READ_ONLY 2	/* NBD_FLAG_READ_ONLY */
#define FLAG_HAS 1

struct genl { struct mnl_socket *sk; uint16_t family; char buf[4096]; };

static void genl_done(struct genl *g)
{
	if (g->sk)
		mnl_socket_close(g->sk);
}

static int answer(struct genl *g, mnl_cb_t cb, void *arg)
{
	ssize_t n;
	int rc = MNL_CB_OK;

	while (rc > MNL_CB_STOP) {
		n = mnl_socket_recvfrom(g->sk, g->buf, sizeof(g->buf));
		if (n < 0)
			return -errno;
		rc = mnl_cb_run(g->buf, (size_t)n, 0, 0, cb, arg);
	}
	return rc < 0 ? -errno : 0;
}

static struct nlmsghdr *begin(struct genl *g, uint16_t type, uint8_t cmd, uint8_t version)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(g->buf);
	struct genlmsghdr *gh = mnl_nlmsg_put_extra_header(h, sizeof(*gh));

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	gh->cmd = cmd;
	gh->version = version;
	return h;
}

static int family_attr(const struct nlattr *a, void *arg)
{
	if (mnl_attr_get_type(a) == CTRL_ATTR_FAMILY_ID && mnl_attr_validate(a, MNL_TYPE_U16) >= 0)
		*(uint16_t *)arg = mnl_attr_get_u16(a);
	return MNL_CB_OK;
}

static int family_cb(const struct nlmsghdr *h, void *arg)
{
	return mnl_attr_parse(h, sizeof(struct genlmsghdr), family_attr, arg);
}

static int find_family(struct genl *g)
{
	struct nlmsghdr *h = begin(g, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);

	mnl_attr_put_strz(h, CTRL_ATTR_FAMILY_NAME, NBD_GENL_FAMILY_NAME);
	if (mnl_socket_sendto(g->sk, h, h->nlmsg_len) < 0)
		return -errno;
	return answer(g, family_cb, &g->family);
}

static int genl_open(struct genl *g, struct err *e)
{
	static const char *const argv[] = { "/sbin/modprobe", "nbd", NULL };
	const struct spawn modprobe = { .argv = argv, .out = -1, .err = -1, .timeout_ms = 20000 };
	struct err none = { 0 };
	int status, rc;

	g->sk = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!g->sk || mnl_socket_bind(g->sk, 0, MNL_SOCKET_AUTOPID) < 0)
		return err_set(e, errno, "generic netlink");
	rc = find_family(g);
	if (rc == -ENOENT && spawn_wait(&modprobe, &status, &none) == 0)
		rc = find_family(g);
	if (rc == 0 && g->family)
		return 0;
	return err_say(e, ENOTSUP, "the kernel has no NBD here: no module nbd ('modprobe nbd'), or this is not the machine's first "
		       "network namespace, which alone may use it");
}

/* --- devices --- */

static int backend_of(const char *dev, const char *want)
{
	auto_buf struct buf b = BUF_INIT;
	struct err none = { 0 };
	char path[300];

	str_fmt(path, sizeof(path), "/sys/block/%.200s/backend", dev);
	return fio_read_at(AT_FDCWD, path, &b, &none) == 0 && str_starts(buf_str(&b), want);
}

int pool_nbd_find(const char *name)
{
	auto_closedir DIR *d = opendir("/sys/block");
	struct dirent *de;
	char want[100];
	uint64_t n;

	str_fmt(want, sizeof(want), BACKEND, name);
	while (d && (de = readdir(d)))
		if (str_starts(de->d_name, "nbd") && num_u64(de->d_name + 3, &n) == 0 && n < 4096 && backend_of(de->d_name, want))
			return (int)n;
	return -ENOENT;
}

static uint64_t size_of(int index)
{
	auto_buf struct buf b = BUF_INIT;
	struct err none = { 0 };
	char path[64];
	uint64_t v;

	str_fmt(path, sizeof(path), "/sys/block/nbd%d/size", index);
	if (fio_read_at(AT_FDCWD, path, &b, &none) < 0)
		return 0;
	if (b.len && b.s[b.len - 1] == '\n')
		b.s[b.len - 1] = '\0';
	return num_u64(buf_str(&b), &v) < 0 ? 0 : v * SECTOR;
}

static void put_common(struct nlmsghdr *h, const struct tmpl_pool *p, const struct nbd_export *x, int fd)
{
	struct nlattr *list, *item;
	char id[160];

	str_fmt(id, sizeof(id), BACKEND "%s", p->name, x->print);
	mnl_attr_put_strz(h, NBD_ATTR_BACKEND_IDENTIFIER, id);
	mnl_attr_put_u64(h, NBD_ATTR_TIMEOUT, REPLY_S);
	mnl_attr_put_u64(h, NBD_ATTR_DEAD_CONN_TIMEOUT, DEAD_S);
	list = mnl_attr_nest_start(h, NBD_ATTR_SOCKETS);
	item = mnl_attr_nest_start(h, NBD_SOCK_ITEM);
	mnl_attr_put_u32(h, NBD_SOCK_FD, (uint32_t)fd);
	mnl_attr_nest_end(h, item);
	mnl_attr_nest_end(h, list);
}

static int send_and_wait(struct genl *g, struct nlmsghdr *h)
{
	return mnl_socket_sendto(g->sk, h, h->nlmsg_len) < 0 ? -errno : answer(g, NULL, NULL);
}

static int make(const struct tmpl_pool *p, struct err *e)
{
	struct genl g __attribute__((cleanup(genl_done))) = { .sk = NULL };
	auto_close int fd = -1;
	struct nbd_export x;
	struct nbd_uri u;
	int rc;

	if (nbd_uri_parse(p->source, &u, e) < 0 || genl_open(&g, e) < 0 || nbd_connect(&u, &fd, &x, e) < 0)
		return -e->code;
	struct nlmsghdr *h = begin(&g, g.family, NBD_CMD_CONNECT, NBD_GENL_VERSION);
	mnl_attr_put_u64(h, NBD_ATTR_SIZE_BYTES, x.bytes);
	mnl_attr_put_u64(h, NBD_ATTR_BLOCK_SIZE_BYTES, x.bytes % BLOCK ? SECTOR : BLOCK);
	mnl_attr_put_u64(h, NBD_ATTR_SERVER_FLAGS, x.flags | FLAG_HAS | FLAG_READ_ONLY);
	put_common(h, p, &x, fd);
	rc = send_and_wait(&g, h);
	return rc < 0 ? err_set(e, -rc, "make a device of %s", p->source) : 0;
}

/* The kernel names the device before it has its size, udev makes its node in its own time. */
static int ready(const struct tmpl_pool *p, char path[32], struct err *e)
{
	const struct timespec step = { .tv_nsec = 20000000 };
	struct stat st;

	for (int ms = 0; ms < READY_MS; ms += 20) {
		int index = pool_nbd_find(p->name);

		str_fmt(path, 32, "/dev/nbd%d", index);
		if (index >= 0 && size_of(index) && stat(path, &st) == 0 && S_ISBLK(st.st_mode))
			return 0;
		nanosleep(&step, NULL);
	}
	return err_say(e, EIO, "%s: its device did not appear", p->source);
}

int pool_nbd_device(const struct tmpl_pool *p, char path[32], struct err *e)
{
	if (pool_nbd_find(p->name) < 0 && make(p, e) < 0)
		return -e->code;
	return ready(p, path, e);
}

int pool_nbd_heal(const struct tmpl_pool *p, struct err *e)
{
	struct genl g __attribute__((cleanup(genl_done))) = { .sk = NULL };
	int index = pool_nbd_find(p->name), rc;
	auto_close int fd = -1;
	struct nbd_export x;
	struct nbd_uri u;

	if (index < 0)
		return err_set(e, ENOENT, "no device is connected to %s", p->source);
	if (nbd_uri_parse(p->source, &u, e) < 0 || genl_open(&g, e) < 0 || nbd_connect(&u, &fd, &x, e) < 0)
		return -e->code;
	struct nlmsghdr *h = begin(&g, g.family, NBD_CMD_RECONFIGURE, NBD_GENL_VERSION);
	mnl_attr_put_u32(h, NBD_ATTR_INDEX, (uint32_t)index);
	put_common(h, p, &x, fd);
	rc = x.bytes / SECTOR * SECTOR == size_of(index) ? send_and_wait(&g, h) : -EINVAL;
	if (rc == -EINVAL)
		return err_say(e, ENXIO, "another disk is at %s now, which cannot take the place of what is mounted: stop its "
			       "containers, detach and attach the pool", p->source);
	return rc < 0 ? err_set(e, -rc, "connect /dev/nbd%d again", index) : 0;
}

int pool_nbd_drop(const char *name, struct err *e)
{
	struct genl g __attribute__((cleanup(genl_done))) = { .sk = NULL };
	int index = pool_nbd_find(name), rc;

	if (index < 0)
		return 0;
	if (genl_open(&g, e) < 0)
		return -e->code;
	struct nlmsghdr *h = begin(&g, g.family, NBD_CMD_DISCONNECT, NBD_GENL_VERSION);
	mnl_attr_put_u32(h, NBD_ATTR_INDEX, (uint32_t)index);
	rc = send_and_wait(&g, h);
	return rc < 0 && pool_nbd_find(name) >= 0 ? err_set(e, -rc, "disconnect /dev/nbd%d", index) : 0;
}
